"""Who writes a stack: live the file says it, in a pretend world its first apply."""

import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ...model.errors import LedgerError, LedgerLocked, ReconcileError
from ...model.secret import SecretText
from ...model.spec import Writer
from ...program.engine.command import Engine
from ...program.engine.find import find
from ...program.engine.project import Project, live_project, pretend_project
from ...wire import Redactor
from ..plain import harmless

if TYPE_CHECKING:
    from ...assemble import Workshop

_LOOK_SECONDS = 0.25
INSTALL = "`trueup doctor --install-pulumi` asks the vendor's installer for it; TRUEUP_PULUMI names one elsewhere"


def writers_of(
    shop: "Workshop", names: Iterable[str], asked: str | None = None, *, keep: bool = False
) -> dict[str, Writer]:
    """Who writes each stack. `asked`: what somebody wants; `keep`: this command writes, so that is how it stays.

    Raises ReconcileError where it is not theirs to say any more.
    """
    stacks = shop.tree.stacks
    wanted = _writer(asked)
    if shop.world is None:
        others = [name for name in names if wanted and stacks[name].writer != wanted]
        if others:
            raise ReconcileError(
                f"{', '.join(others)}: `writer: {stacks[others[0]].writer}` says the stack file",
                advice="--writer is for a sandbox world; live, a reviewed commit says who writes",
            )
        return _of_files(shop, list(names), keep=keep)
    kept = shop.ledger().writers()
    chosen: dict[str, Writer] = {}
    for name in names:
        before = _writer(kept.get(name))
        if before is not None and wanted not in (None, before):
            raise ReconcileError(
                f"{name}: {before} has begun to write it in this sandbox world",
                advice="two writers on one object fight over it; begin another world",
            )
        said = stacks[name].writer
        chosen[name] = before or wanted or (said if said == "trueup" or find() is not None else "trueup")
        if keep and before is None and (chosen[name] == "pulumi" or chosen[name] != said):
            shop.ledger().choose_writer(name, chosen[name])
    _tell_of_others(shop, chosen, asked)
    return chosen


def _of_files(shop: "Workshop", names: Sequence[str], *, keep: bool) -> dict[str, Writer]:
    """What the stack files say, which must be what the ledger remembers: from the first writing on it does.

    Raises NotHanded.
    """
    said = {name: shop.tree.stacks[name].writer for name in names}
    try:
        refuse_unhanded(shop, names)
    except LedgerError:
        # Nothing is written without one; whoever needs it says so.
        return said
    if keep:
        kept = shop.ledger().writers()
        for name, writer in said.items():
            if name not in kept:
                shop.ledger().choose_writer(name, writer)
    return said


def refuse_unhanded(shop: "Workshop", names: Iterable[str]) -> None:
    """For whoever is about to write: live, the stack file must say what the ledger remembers. Raises NotHanded."""
    from ...program.handing import NotHanded

    if shop.world is not None:
        return
    kept = shop.ledger().writers()
    for name in names:
        said, before = shop.tree.stacks[name].writer, kept.get(name)
        if before is not None and before != said:
            raise NotHanded(
                f"{name}: the stack file says `writer: {said}`, and {before} still writes it",
                advice=f"run `trueup hand-over {name} --to {said}`, or put `writer: {before}` back",
            )


def engine_of(shop: "Workshop") -> Engine:
    """The command line at work on this repository, or on its pretend world. Raises ReconcileError."""
    found = find()
    if found is None:
        raise ReconcileError("Pulumi's command line is not found", advice=INSTALL)
    return Engine(found.path, project_of(shop), redact=_redactor(shop).text)


def project_of(shop: "Workshop") -> Project:
    """Raises ReconcileError where there is no Pulumi.yaml."""
    root = shop.settings.root
    world = shop.world
    if world is None:
        return live_project(root)
    if world.ledger is None:
        raise ReconcileError("this sandbox names no ledger of its own", advice="start it with `trueup sandbox`")
    ledger = (root / world.ledger).resolve()
    told = dict(world.env)
    if shop.settings.sandbox is not None:
        # The program runs in another folder than this command.
        told["TRUEUP_SANDBOX"] = str(shop.settings.sandbox.resolve())
    return pretend_project(root, ledger.with_name(f"{ledger.name}.pulumi"), told)


def wait_for_ours(shop: "Workshop", stack: str, timeout_seconds: float) -> None:
    """For another run of ours to let go of a stack. Our provider takes it when it writes, so nobody else may now.

    Raises LedgerLocked, naming the holder.
    """
    deadline = time.monotonic() + timeout_seconds
    while holding := [one for one in shop.ledger().leases() if one.stack == stack and not one.over]:
        if time.monotonic() >= deadline:
            one = holding[0]
            raise LedgerLocked(f"stack {stack} is held by {one.holder} (host {one.host}, pid {one.pid})")
        time.sleep(_LOOK_SECONDS)


def up_line(names: Iterable[str]) -> str:
    """What to type."""
    return "trueup up " + " ".join(f"-s {name}" for name in names)


def _redactor(shop: "Workshop") -> Redactor:
    """Knows every credential that the engine's children may see."""
    return Redactor(_secrets(shop))


def _secrets(shop: "Workshop") -> Iterator[SecretText]:
    world = shop.world
    if world is not None:
        for account, keys in world.accounts.items():
            for platform, key in keys.items():
                yield SecretText(key.token, f"{account}.{platform}")
    for accesses in shop.project.accounts.values():
        for access in accesses.values():
            for variable in access.credentials.values():
                if os.environ.get(variable):
                    yield SecretText(os.environ[variable], variable)
    for one in shop.revealed()[0].declared():
        yield from one.resource.secrets().values()


def _writer(text: str | None) -> Writer | None:
    match text:
        case None:
            return None
        case "trueup" | "pulumi":
            return text
        case _:
            raise ReconcileError(f"--writer {text}: there is no such writer", advice="say `trueup` or `pulumi`")


def _tell_of_others(shop: "Workshop", chosen: Mapping[str, Writer], asked: str | None) -> None:
    """One line where it is another than the file says."""
    for writer in ("trueup", "pulumi"):
        names = [name for name, one in chosen.items() if one == writer != shop.tree.stacks[name].writer]
        if names:
            why = "as asked" if asked else "no Pulumi CLI is found" if find() is None else "as this world began"
            told = f"written by {writer} in this sandbox world ({why}), whatever the stack files say"
            print(harmless(f"{', '.join(names)}: {told}"), file=sys.stderr)
