"""How a repository begins and takes over what lives: the commands, and adopt, forget and recover themselves."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import beginning, doctor, importing
from . import options as opt
from .leaving import Leave
from .plain import plain
from .screen import console, waiting

if TYPE_CHECKING:
    from ..assemble import Workshop
    from ..loop import Reconciler
    from ..model.memory import Memory
    from ..model.resource import Address
    from ..model.spec import Location, Place
    from ..steps.adopt import Taken

Here = Path()
_SHOWN = 20


def add_to(app: typer.Typer) -> None:
    app.command()(beginning.init)
    app.command()(doctor.doctor)
    app.command("import")(importing.import_)
    app.command()(adopt)
    app.command()(forget)
    app.command()(recover)


def adopt(
    addresses: Annotated[
        list[str] | None, typer.Argument(help="Only these; everything declared where none is given.", metavar="ADDRESS")
    ] = None,
    stack: opt.Stacks = None,
    everything: opt.All = False,
    yes: opt.Yes = False,
    lock_timeout: opt.LockTimeout = 0.0,
    log_file: opt.LogFile = None,
    as_json: opt.Json = False,
    no_color: opt.NoColor = False,
    directory: opt.Directory = Here,
) -> None:
    """Take ownership of what is declared and lives already. Writes the ledger, never a platform."""
    from ..model import exits

    with opt.workshop(directory, log_file=log_file) as shop:
        wanted = opt.addresses(addresses)
        names = opt.chosen_stacks(shop, stack, everything=everything or bool(wanted and not stack), writes=True)
        names = _declaring(shop, names, wanted) if wanted else names
        with shop.ledger().lease(names, holder="adopt", timeout_seconds=lock_timeout):
            with waiting(quiet=as_json, no_color=no_color) as progress:
                reconciler = shop.reconciler(progress=progress)
                plan = reconciler.plan(names).plan
            taken = _taken(reconciler, plan, wanted)
            if not as_json:
                _show_taken(taken)
            asked = len(taken.places) + len(taken.accepted)
            agreed = not asked or yes or _agrees(f"Take over {asked} things?")
            if agreed and (asked or taken.sightings):
                _keep(reconciler, names, taken)
    accepted = {one.place for one in taken.accepted} if agreed else set()
    touched = [one for one in plan.touched if one.place not in accepted]
    gaps = [gap.exit_code for gap in plan.gaps] + [exits.PERSON for _ in touched]
    code = exits.strictest(gaps) if agreed else exits.strictest([exits.APPROVAL, *gaps])
    for gap in plan.gaps:
        print(f"not seen: {gap.kind} {gap.container} of account {gap.account}: {gap.reason}", file=sys.stderr)
    for one in touched:
        print(f"{one.place}: {one.verdict}; name it to take it as right", file=sys.stderr)
    if as_json:
        print(json.dumps(_adopt_document(taken, names, agreed, shop.calls.count(), code), indent=2))
    elif not agreed:
        print("nothing was taken: nobody agreed (give --yes where there is no terminal)", file=sys.stderr)
    raise Leave(code)


def _declaring(shop: "Workshop", names: Sequence[str], wanted: "frozenset[Address]") -> tuple[str, ...]:
    """The stacks that declare, own or left a mark at the addresses. Raises ReconcileError for one nobody knows."""
    from ..model.errors import ReconcileError

    memory = shop.ledger().memory()
    by_stack = {name: set(shop.tree.stacks[name].declared) for name in names}
    for row in memory.owned:
        if row.stack in by_stack:
            by_stack[row.stack].add(row.address)
    unknown = wanted - frozenset().union(*by_stack.values())
    if unknown and len(names) > 1:
        told = ", ".join(map(str, sorted(unknown)))
        raise ReconcileError(
            f"no stack declares or owns {told}",
            advice="declare it first; for an undeclared thing with our mark, name its stack with --stack",
        )
    return tuple(name for name in names if by_stack[name] & wanted) or tuple(names)


def _taken(reconciler: "Reconciler", plan: Any, wanted: "frozenset[Address]") -> "Taken":
    from ..model.errors import ReconcileError
    from ..steps.adopt import take_over

    memory = reconciler.ledger.memory()
    taken = take_over(plan, reconciler.tree, memory, reconciler.clock(), wanted)
    ours = {row.place for row in memory.owned} & memory.applied.keys()
    seen = {one.place for one in (*taken.sightings, *taken.accepted)} | memory.sightings.keys()
    missed = wanted - {address for _, address in (*taken.places, *ours, *seen)}
    hidden = {gap.kind for gap in plan.gaps}
    absent = [one for one in sorted(missed) if one.full_kind not in hidden]
    if absent:
        told = ", ".join(map(str, absent))
        if not any(one.address in absent for one in reconciler.tree.declared()):
            raise ReconcileError(f"nothing is declared, owned or marked at {told}", advice="declare it first")
        raise ReconcileError(f"nothing lives that {told} could be", advice="`trueup apply` creates what is declared")
    return taken


def _keep(reconciler: "Reconciler", names: Sequence[str], taken: "Taken") -> None:
    from ..steps.adopt import keep

    ledger = reconciler.ledger
    run = ledger.begin_run("adopt", names, reconciler.tree.revision, reconciler.who)
    keep(ledger, taken, run)
    for pair, id in reconciler.account_ids.items():
        ledger.pin(*pair, id)
    counts = {"adopted": len(taken.places), "differing": len(taken.differing), "accepted": len(taken.accepted)}
    ledger.end_run(run, 0, counts)


def _show_taken(taken: "Taken") -> None:
    for one in taken.accepted:
        when = f", written {one.touched}" if one.touched else ""
        print(f"taken as right, as somebody else left it: {one.address} (stack {one.stack}{when})")
    if not taken.places:
        if not taken.accepted:
            print("nothing to adopt: what is declared and lives is ours already")
        return
    print(f"adopt: {taken.identical} identical, {len(taken.differing)} different, {len(taken.undeclared)} undeclared")
    for title, places in (("the next apply changes", taken.differing), ("the next apply DELETES", taken.undeclared)):
        for stack, address in places[:_SHOWN]:
            print(f"  {title} {address} (stack {stack})")
        if len(places) > _SHOWN:
            print(f"  … {len(places) - _SHOWN} more")


def _adopt_document(taken: "Taken", names: Sequence[str], agreed: bool, calls: int, code: int) -> dict[str, Any]:
    def listed(places: Sequence[tuple[str, "Address"]]) -> list[dict[str, str]]:
        return [{"stack": stack, "address": str(address)} for stack, address in places]

    return {
        "schema": "trueup.adopt/1",
        "stacks": list(names),
        "adopted": listed(taken.places) if agreed else [],
        "differing": listed(taken.differing),
        "undeclared": listed(taken.undeclared),
        "accepted": listed([one.place for one in taken.accepted]) if agreed else [],
        "counts": {
            "identical": taken.identical,
            "different": len(taken.differing),
            "undeclared": len(taken.undeclared),
        },
        "calls": {"made": calls},
        "exit": code,
    }


def forget(
    addresses: Annotated[list[str], typer.Argument(help="What to stop managing.", metavar="ADDRESS")],
    stack: opt.Stacks = None,
    yes: opt.Yes = False,
    lock_timeout: opt.LockTimeout = 0.0,
    as_json: opt.Json = False,
    no_color: opt.NoColor = False,
    directory: opt.Directory = Here,
) -> None:
    """Stop managing things without deleting them. Writes the ledger, never a platform."""
    from ..assemble import whoami
    from ..model.exits import APPROVAL

    with opt.workshop(directory) as shop:
        ledger = shop.ledger()
        by_stack = _owning(ledger.memory(), opt.addresses(addresses), stack)
        names = tuple(sorted(by_stack))
        screen = console(no_color=no_color, stderr=as_json)
        with ledger.lease(names, holder="forget", timeout_seconds=lock_timeout):
            for name in names:
                for address in by_stack[name]:
                    screen.print(f"forget {plain(address)} (stack {plain(name)}); what lives stays as it is")
            count = sum(map(len, by_stack.values()))
            if not (yes or _agrees(f"Forget {count} things?")):
                print("nothing was forgotten: nobody agreed (give --yes where there is no terminal)", file=sys.stderr)
                if as_json:
                    print(json.dumps(_forget_document({}, {}, APPROVAL), indent=2))
                raise Leave(APPROVAL)
            for name in names:
                ledger.forget(name, by_stack[name], f"asked for by {whoami()}")
        declared = _still_declared(shop, by_stack)
    for at in declared.values():
        print(f"still declared at {at}: remove it there too", file=sys.stderr)
    if as_json:
        print(json.dumps(_forget_document(by_stack, declared, 0), indent=2))


def _forget_document(
    by_stack: "dict[str, list[Address]]", declared: "dict[Place, Location]", code: int
) -> dict[str, Any]:
    """`declared`: where a stack file still says what was forgotten."""
    from ..model.spec import Place

    places = [Place(stack, address) for stack, addresses in sorted(by_stack.items()) for address in addresses]
    told = [
        {
            "stack": one.stack,
            "address": str(one.address),
            "declared_at": str(declared[one]) if one in declared else None,
        }
        for one in places
    ]
    return {"schema": "trueup.forget/1", "forgotten": told, "exit": code}


def _owning(memory: "Memory", wanted: "frozenset[Address]", stacks: list[str] | None) -> "dict[str, list[Address]]":
    """The addresses by the stack that owns them. Raises ReconcileError where none does, or several do."""
    from ..model.errors import ReconcileError

    places = {row.place for row in memory.owned} | memory.applied.keys() | memory.sightings.keys()
    by_stack: dict[str, list[Address]] = {}
    for address in sorted(wanted):
        found = [stack for stack, one in sorted(places) if one == address and (not stacks or stack in stacks)]
        if not found:
            where = f" in stack {', '.join(stacks)}" if stacks else ""
            raise ReconcileError(
                f"nothing is owned at {address}{where}", advice="`trueup status` shows what is; nothing was forgotten"
            )
        if len(found) > 1:
            raise ReconcileError(f"{address} is owned in {', '.join(found)}", advice="say which with --stack")
        by_stack.setdefault(found[0], []).append(address)
    return by_stack


def _still_declared(shop: "Workshop", by_stack: "dict[str, list[Address]]") -> "dict[Place, Location]":
    """What is forgotten and still declared comes back as something to adopt."""
    from ..model.errors import SpecError
    from ..model.spec import Place

    try:
        stacks = shop.tree.stacks
    except SpecError:
        return {}
    found = {}
    for name, forgotten in by_stack.items():
        for address in forgotten:
            declared = stacks[name].declared.get(address) if name in stacks else None
            if declared is not None:
                found[Place(name, address)] = declared.at
    return found


def recover(
    from_pulumi: Annotated[
        list[str] | None,
        typer.Option("--from-pulumi", help="Also from Pulumi's state of this stack; may be given more often."),
    ] = None,
    yes: opt.Yes = False,
    directory: opt.Directory = Here,
) -> None:
    """After a lost ledger: begin a new one and read ownership back from the marks on the platforms."""
    from .recovering import recover_in

    with opt.workshop(directory) as shop:
        raise Leave(recover_in(shop, yes=yes, from_pulumi=from_pulumi or ()))


def _agrees(question: str) -> bool:
    if not sys.stdin.isatty():
        return False
    return input(f"{question} Only 'yes' is accepted: ").strip() == "yes"
