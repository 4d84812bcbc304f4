"""Options that mean the same everywhere."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..assemble import Workshop
    from ..loop import Choice
    from ..model.resource import Address

Stacks = Annotated[
    list[str] | None,
    typer.Option("--stack", "-s", help="A stack to work on; may be given more than once.", metavar="STACK"),
]
All = Annotated[bool, typer.Option("--all", help="Every stack of the repository.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout; messages on stderr.")]
Rev = Annotated[str | None, typer.Option("--rev", help="Read the stack files from this commit, not the working tree.")]
Targets = Annotated[
    list[str] | None, typer.Option("--target", "-t", help="Only this address; may be given more than once.")
]
Excludes = Annotated[list[str] | None, typer.Option("--exclude", "-x", help="All but this address.")]
Detailed = Annotated[
    bool,
    typer.Option("--detailed-exitcode", "--detailed-exit-code", help="Leave with 2 when there are changes."),
]
Concise = Annotated[bool, typer.Option("--concise", help="One line a change, no fields.")]
Parallelism = Annotated[
    int,
    typer.Option(
        "--parallelism", "-p", min=1, max=256, envvar="TRUEUP_PARALLELISM", help="HTTP calls under way at once."
    ),
]
MaxCalls = Annotated[
    int | None,
    typer.Option(
        "--max-calls",
        min=0,
        envvar="TRUEUP_MAX_CALLS",
        help="Stop with 15 before more API calls than this are made.",
    ),
]
LockTimeout = Annotated[
    float,
    typer.Option(
        "--lock-timeout",
        min=0.0,
        envvar="TRUEUP_LOCK_TIMEOUT",
        help="Seconds to wait for another run to let go of a stack.",
    ),
]
LogFile = Annotated[
    Path | None,
    typer.Option(
        "--log-file", envvar="TRUEUP_LOG_FILE", help="Append one JSON line an API call; no bodies, no credentials."
    ),
]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colours; the variable NO_COLOR does the same.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", "--auto-approve", help="Do not ask.")]
ConfirmDestructive = Annotated[
    bool, typer.Option("--confirm-destructive", help="Agree to replaces and to deletes of what runs or is protected.")
]
Directory = Annotated[
    Path, typer.Option("--dir", "-C", help="The repository: the folder that holds stacks/.", file_okay=False)
]


def workshop(directory: Path = Path(), *, rev: str | None = None, **options: Any) -> "Workshop":
    """The working parts for one command. Raises ReconcileError where the log file cannot be written."""
    from ..assemble import Workshop
    from ..model.errors import ReconcileError
    from ..settings import Settings

    try:
        settings = Settings.from_environment(root=directory.resolve(), **options)
    except ValueError as error:
        raise ReconcileError(str(error), advice="correct it, or unset it") from None
    try:
        return Workshop(settings, rev=rev)
    except OSError as error:
        raise ReconcileError(f"{settings.log_file}: {error.strerror}", advice="give another --log-file") from error


def chosen_stacks(shop: "Workshop", stacks: list[str] | None, *, everything: bool, writes: bool) -> tuple[str, ...]:
    """The stacks a command works on. Reads take all by default; writes want names or `--all`. Raises SpecError."""
    from ..model.errors import Problem, ReconcileError, SpecError

    known = shop.tree.stacks
    if everything or (not stacks and not writes):
        return tuple(sorted(known))
    if not stacks:
        raise ReconcileError(
            "which stacks? this command writes", advice=f"give --stack NAME (of {', '.join(sorted(known))}) or --all"
        )
    unknown = [name for name in stacks if name not in known]
    if unknown:
        hint = f"known: {', '.join(sorted(known))}"
        raise SpecError([Problem(f"stacks/{name}.yaml", 0, "", "there is no such stack", hint) for name in unknown])
    return tuple(dict.fromkeys(stacks))


def check_choice(shop: "Workshop", choice: "Choice") -> None:
    """A misspelt --target would look like nothing to do. Raises ReconcileError on what no stack and no ledger knows."""
    import difflib

    from ..model.errors import ReconcileError

    chosen = choice.targets | choice.excluded
    if not chosen:
        return
    known = {one.address for one in shop.tree.declared()}
    if not chosen <= known:
        known |= {one.address for one in shop.ledger().memory().owned}
    for address in sorted(map(str, chosen - known)):
        near = ", ".join(difflib.get_close_matches(address, map(str, known), n=3))
        raise ReconcileError(
            f"{address} is declared in no stack, and the ledger does not know it",
            advice=f"nearest: {near}" if near else "`trueup status` names what the stacks declare",
        )


def addresses(texts: list[str] | None) -> "frozenset[Address]":
    """Raises ReconcileError on what is no address."""
    from ..model.errors import ReconcileError
    from ..model.resource import Address

    try:
        return frozenset(Address.parse(text) for text in texts or ())
    except ValueError as error:
        raise ReconcileError(str(error), advice="addresses look like cloudflare.record.bilko-io/mail") from error
