"""ledger backup, restore, verify, show; unlock."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import options as opt
from .screen import console

if TYPE_CHECKING:
    from ..assemble import Workshop

Here = Path()


def add_to(app: typer.Typer) -> None:
    group = typer.Typer(help="Keep, check and bring back the ledger.", no_args_is_help=True)
    for command in (backup, restore, verify, show):
        group.command()(command)
    app.add_typer(group, name="ledger")
    app.command()(unlock)


def backup(
    file: Annotated[Path, typer.Argument(help="Where to write; replaced in one step, mode 0600.", metavar="FILE")],
    directory: opt.Directory = Here,
) -> None:
    """Write the whole ledger as one JSON file."""
    from ..model.errors import ReconcileError

    with opt.workshop(directory) as shop:
        ledger = shop.ledger(readonly=True)
        try:
            ledger.backup(file)
        except OSError as error:
            raise ReconcileError(f"{file}: {error.strerror}", advice="choose a folder that is there") from error
        counts = ledger.verify()
    typer.echo(f"ledger {ledger.id} with {sum(counts.values())} entries written to {file}")


def restore(
    file: Annotated[Path, typer.Argument(help="A file of `trueup ledger backup`.", metavar="FILE")],
    directory: opt.Directory = Here,
) -> None:
    """Bring a backup back, where the project's ledger should be and is not. Never overwrites one."""
    from ..store import restore_ledger
    from ..store.backup import read

    with opt.workshop(directory) as shop:
        home, id = _named(shop)
        _refuse_another(str(read(file)["id"]), id, file)
        with restore_ledger(file, home, shop.settings.root, shop.clock) as ledger:
            counts = ledger.verify()
            owned = len(ledger.memory().owned)
    typer.echo(f"ledger {ledger.id} is back at {ledger.location}: {sum(counts.values())} entries, {owned} owned things")
    typer.echo("what was done after the backup is not in it: run `trueup plan --all` and read it before you apply")


def _named(shop: "Workshop") -> tuple[str, str]:
    """Home and id of the ledger that is meant: the project's, or the sandbox world's own."""
    from ..assemble import SANDBOX_LEDGER_ID

    world = shop.world
    if world is not None and world.ledger is not None:
        return world.ledger, SANDBOX_LEDGER_ID
    return shop.project.ledger_home, shop.project.ledger_id


def _refuse_another(found: str, named: str, file: Path) -> None:
    from ..model.errors import LedgerBroken

    if found != named:
        raise LedgerBroken(
            f"{file} is a backup of ledger {found}, and the project names {named}",
            advice="restore the backup of this project's ledger, or correct `ledger: {id: …}` in stacks/_project.yaml",
        )


def verify(
    head: Annotated[
        list[str] | None,
        typer.Option("--head", help="A head that was written down: it must still stand there.", metavar="STACK=HASH"),
    ] = None,
    as_json: opt.Json = False,
    directory: opt.Directory = Here,
) -> None:
    """Recompute every chain of the history. Leaves with 1 where one does not hold."""
    known = _heads(head or [])
    with opt.workshop(directory) as shop:
        ledger = shop.ledger(readonly=True)
        counts, heads = ledger.verify(known), ledger.heads()
    if as_json:
        chains = {name: {"entries": count, "head": heads[name]} for name, count in counts.items()}
        document = {"schema": "trueup.ledger-verify/1", "id": ledger.id, "location": ledger.location, "chains": chains}
        print(json.dumps(document, indent=2, ensure_ascii=False))
        return
    for name, count in counts.items():
        typer.echo(f"{name or 'ledger'}  {count} entries  head {heads[name]}")
    typer.echo(f"ledger {ledger.id} at {ledger.location}: {len(counts)} chains hold")


def _heads(texts: list[str]) -> dict[str, str]:
    """`ledger` is the chain of the ledger itself. Raises ReconcileError."""
    from ..model.errors import ReconcileError

    found = {}
    for text in texts:
        stack, equals, value = text.partition("=")
        if not equals or not stack or not value:
            raise ReconcileError(f"--head {text}: not STACK=HASH", advice="`trueup history` prints every head")
        found["" if stack == "ledger" else stack] = value
    return found


def show(as_json: opt.Json = False, no_color: opt.NoColor = False, directory: opt.Directory = Here) -> None:
    """Where the ledger is, and how much it holds."""
    from .plain import plain
    from .standing import RUNS

    with opt.workshop(directory) as shop:
        ledger = shop.ledger(readonly=True)
        memory, heads, runs = ledger.memory(), ledger.heads(), ledger.runs(RUNS)
    holds = {
        "owned": len(memory.owned),
        "applied": len(memory.applied),
        "only_seen": len(memory.sightings),
        "open_intents": len(memory.intents),
        "approvals": len(memory.approvals),
        "runs": runs[0].id if runs else 0,
    }
    pins = [
        {"account": account, "platform": platform, "id": id} for (account, platform), id in sorted(memory.pins.items())
    ]
    if as_json:
        document = {
            "schema": "trueup.ledger-show/1",
            "id": ledger.id,
            "location": ledger.location,
            "holds": holds,
            "pins": pins,
            "heads": heads,
        }
        print(json.dumps(document, indent=2, ensure_ascii=False))
        return
    screen = console(no_color=no_color)
    screen.print(f"ledger {plain(ledger.id)} at {plain(ledger.location)}")
    screen.print("  " + ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in holds.items()))
    for pin in pins:
        screen.print(f"  pinned  {plain(pin['account'])} on {plain(pin['platform'])}: {plain(pin['id'])}")
    for stack, head in heads.items():
        screen.print(f"  head    {plain(stack) or 'ledger'}  {head}")


def unlock(
    stack: Annotated[str, typer.Argument(help="Whose lease to take away.", metavar="STACK")],
    reason: Annotated[str, typer.Option("--reason", help="Why: it goes into the history.")],
    directory: opt.Directory = Here,
) -> None:
    """Take a stack's lease away from a run that is dead."""
    from ..assemble import whoami
    from ..model.errors import ReconcileError

    if not reason.strip():
        raise ReconcileError("--reason says nothing", advice="say why that run is dead; it goes into the history")
    with opt.workshop(directory) as shop:
        taken = shop.ledger().unlock(stack, reason, whoami())
    typer.echo(f"stack {stack} is free; the history says why" if taken else f"nobody holds a stack {stack}")
