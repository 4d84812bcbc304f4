"""trueup secret seal: a value that a person got, sealed to the runner so that it may travel or lie in git."""

import getpass
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import options as opt

if TYPE_CHECKING:
    from ..assemble import Workshop
    from ..model.rotated import Secret
    from ..model.secret import SecretText

Here = Path()


def add_to(app: typer.Typer) -> None:
    group = typer.Typer(help="Values that people hand over.", no_args_is_help=True)
    group.callback()(_secret)
    group.command()(seal)
    app.add_typer(group, name="secret")


def _secret() -> None:
    """Values that people hand over."""


def seal(
    secret: Annotated[str, typer.Argument(help="The secret, as `secrets:` calls it.", metavar="SECRET")],
    out: Annotated[Path, typer.Option("--out", help="The file to write.")],
    stdin: Annotated[bool, typer.Option("--stdin", help="Read the value from stdin: one line a part.")] = False,
    directory: opt.Directory = Here,
) -> None:
    """Seal a value to the runner and the recovery key, by public keys alone; `rotate accept --sealed` takes it."""
    from ..model.errors import KeyRefused, ReconcileError
    from ..store.handed import handed_over
    from ..store.vault import RECOVERY, RUNNER

    with opt.workshop(directory) as shop:
        declared = shop.tree.secrets.get(secret)
        if declared is None:
            raise ReconcileError(
                f"no stack declares a secret {secret}", advice="`trueup rotate status` lists them; nothing was written"
            )
        kept = shop.ledger(readonly=True).sealed()
        if RUNNER not in kept:
            raise KeyRefused("the ledger names no runner to seal to", advice="`trueup init` makes its key")
        value = {part: text.reveal() for part, text in given(declared, stdin=stdin).items()}
        out.write_text(handed_over(secret, value, (kept[RUNNER], kept[RECOVERY])) + "\n", encoding="ascii")
    typer.echo(f"sealed to the runner {kept[RUNNER]}; `trueup rotate accept {secret} --sealed {out}` takes it")


def given(secret: "Secret", *, stdin: bool) -> "Mapping[str, SecretText]":
    """The value that a person gives, by part: from stdin, else asked for on the terminal and not shown there.

    Raises ReconcileError where there is no terminal, or a part is missing.
    """
    from ..model.errors import ReconcileError
    from ..model.secret import SecretText

    if not stdin and not sys.stdin.isatty():
        raise ReconcileError("there is no terminal to ask for the value", advice="give it by --stdin, or a file of it")
    parts = secret.parts
    try:
        lines = (
            sys.stdin.read().splitlines() if stdin else [getpass.getpass(f"{secret.name}, {one}: ") for one in parts]
        )
    except EOFError:
        lines = []
    if len(lines) != len(parts) or not all(line.strip() for line in lines):
        raise ReconcileError(
            f"{secret.name} has {len(parts)} part(s), one line each: {', '.join(parts)}; {len(lines)} came",
            advice="give exactly these, in this order; nothing was changed",
        )
    return {part: SecretText(line.strip(), f"{secret.name} {part}") for part, line in zip(parts, lines, strict=True)}


def opened(shop: "Workshop", secret: "Secret", file: Path) -> "Mapping[str, SecretText]":
    """What `seal` wrote. Raises ReconcileError where it is of another secret or of other parts, KeyRefused where no key
    here opens it."""
    from ..model.errors import KeyRefused, ReconcileError
    from ..store.handed import taken

    key = shop.runner_key()
    if key is None:
        raise KeyRefused("there is no key here to open it", advice="give the runner key in TRUEUP_KEY")
    try:
        text = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ReconcileError(
            f"{file} cannot be read", advice="give the file that `trueup secret seal` wrote"
        ) from error
    value = taken(key, secret.name, text)
    if set(value) != set(secret.parts):
        told = f"the file holds {', '.join(sorted(value))}; {secret.name} has {', '.join(secret.parts)}"
        raise ReconcileError(told, advice="seal it anew; nothing was changed")
    return value
