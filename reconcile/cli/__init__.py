"""The command line. Every command imports what it needs when it runs, so that `--help` answers at once."""

import sys
from typing import NoReturn

import typer

from .. import __version__
from ..model.exits import INTERRUPTED
from .asking import add_to as asking
from .changing import add_to as changing
from .demo import add_to as demo
from .eject import add_to as eject
from .gate import add_to as gate
from .handing import add_to as handing
from .leaving import Leave, leave_with
from .ledger import add_to as ledger
from .proposal import add_to as proposal
from .rotate import add_to as rotate
from .sandbox import add_to as sandbox
from .secret import add_to as secret
from .takeover import add_to as takeover
from .vault import add_to as vault

app = typer.Typer(
    name="trueup",
    help="The runbook as a program: declare it, review it, keep it true.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"trueup {__version__}")
        raise typer.Exit


@app.callback()
def trueup(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    """Compare the repository's desired state with the live platforms, and apply the fixes."""


_WRITING = (takeover, changing, handing, rotate)
for add_commands in (*_WRITING, gate, eject, asking, proposal, secret, ledger, vault, sandbox, demo):
    add_commands(app)


def main() -> NoReturn:
    """The console script. Leaves with the codes of `model.exits`; a misspelt command or option leaves with 1."""
    try:
        code = app(standalone_mode=False)
        # Typer answers Ctrl-C with a return value: nothing reaches the `except` below.
        if code == INTERRUPTED:
            raise KeyboardInterrupt
    except Leave as leaving:
        sys.exit(leaving.code)
    except BaseException as error:
        sys.exit(leave_with(error, as_json="--json" in sys.argv))
    sys.exit(code or 0)
