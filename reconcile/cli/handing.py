"""hand-over: who writes a stack changes, with an empty plan before and after, and never two writers in between.

The order: whoever is to write learns everything, the other one is stopped by one entry of the ledger, and only then
does it forget. Where it breaks off, one of both still writes, and the same command goes on.
"""

import json
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options as opt
from .leaving import Leave
from .screen import waiting

if TYPE_CHECKING:
    from ..assemble import Workshop
    from ..loop import Reconciler
    from ..model.change import Plan
    from ..model.spec import Place
    from ..program.adoption import Adoption
    from ..program.engine.command import Engine
    from ..program.handing import State
    from ..steps.adopt import Taken
    from .looking import Look
    from .screen import Spinner

SCHEMA = "trueup.hand-over/1"
Here = Path()
_SHOWN = 10


def add_to(app: typer.Typer) -> None:
    app.command("hand-over")(hand_over)


def hand_over(
    stack: Annotated[str, typer.Argument(help="Whose writer is to change.", metavar="STACK")],
    to: Annotated[str, typer.Option("--to", help="Who is to write it: pulumi or trueup.")],
    yes: opt.Yes = False,
    lock_timeout: opt.LockTimeout = 0.0,
    as_json: opt.Json = False,
    log_file: opt.LogFile = None,
    no_color: opt.NoColor = False,
    directory: opt.Directory = Here,
) -> None:
    """Give a stack from trueup to Pulumi or back. Changes nothing that lives; the plan is empty before and after."""
    from ..model.errors import ReconcileError
    from ..model.exits import APPROVAL
    from ..program.engine.lock import free
    from ..program.engine.stack import ensure
    from .pulumi.writers import engine_of

    if to not in ("pulumi", "trueup"):
        raise ReconcileError(f"--to {to}: there is no such writer", advice="say `pulumi` or `trueup`")
    with opt.workshop(directory, log_file=log_file) as shop, waiting(quiet=as_json, no_color=no_color) as progress:
        opt.chosen_stacks(shop, [stack], everything=False, writes=True)
        refuse_other_file(shop, stack, to)
        engine = engine_of(shop)
        ensure(engine, stack)
        free(engine, stack, timeout_seconds=lock_timeout, say=progress)
        one = _Handing(shop, stack, engine, shop.reconciler(progress=progress), progress, lock_timeout, yes)
        done = one.to_pulumi() if to == "pulumi" else one.to_trueup()
        calls = shop.calls.count()
        note = _of_the_file(shop, stack, to)
    code = 0 if done.agreed else APPROVAL
    if as_json:
        print(json.dumps(_document(stack, to, done, calls, code), indent=2, ensure_ascii=False))
    elif done.agreed:
        _say(stack, to, done, note)
    if not done.agreed:
        print("nothing was handed over: nobody agreed (give --yes where there is no terminal)", file=sys.stderr)
    raise Leave(code)


def refuse_other_file(shop: "Workshop", stack: str, to: str) -> None:
    """Live, a reviewed commit says first who is to write: until the hand-over then neither may. Raises NotHanded."""
    from ..program.handing import NotHanded

    said = shop.tree.stacks[stack].writer
    if shop.world is not None:
        return
    if said != to:
        raise NotHanded(
            f"stacks/{stack}.yaml says `writer: {said}`",
            advice=f"a reviewed commit that says `writer: {to}` comes first; until the hand-over nobody writes then",
        )
    if shop.tree.dirty:
        raise NotHanded("the stack files are not committed, so nobody could review them", advice="commit them")


@dataclass(frozen=True)
class Handed:
    """What came of it."""

    agreed: bool = True
    imported: tuple[str, ...] = ()
    """URNs that Pulumi imported."""
    told: tuple[str, ...] = ()
    """URNs written into its state."""
    adopted: tuple["Place", ...] = ()
    """What the ledger took from the state's ids."""
    backup: Path | None = None
    emptied: int = 0
    """How much Pulumi's state held."""


@dataclass
class _Handing:
    shop: "Workshop"
    stack: str
    engine: "Engine"
    reconciler: "Reconciler"
    progress: "Spinner"
    lock_timeout: float
    yes: bool

    def to_pulumi(self) -> Handed:
        """Raises NotHanded, EngineFailed, LedgerLocked."""
        from ..program.engine.stack import up
        from ..program.handing import import_all, tell_all

        self._refuse(self._plan())
        wanted, looked = adopted_by_pulumi(self.shop, self.stack)
        if wanted.absent:
            raise self._not_handed([f"{place.address} does not live" for place in sorted(wanted.absent)])
        if not self._agrees(f"Pulumi imports {len(wanted.imports)} and is told {len(wanted.written)} of {self.stack}"):
            return Handed(agreed=False)
        self.progress(f"pulumi imports {self.stack}")
        imported = import_all(self.engine, self.stack, wanted)
        self.progress("telling the state what cannot be imported")
        told, left = tell_all(self.engine, self.stack, wanted, looked.matching.pairs)
        # From here on Pulumi knows everything and has written nothing.
        self._switch("pulumi")
        if left:
            self.progress("telling the ledger what vendors' providers keep")
            up(self.engine, self.stack)
        self._prove_quiet()
        return Handed(imported=imported, told=told)

    def to_trueup(self) -> Handed:
        """Raises NotHanded, EngineFailed, LedgerLocked."""
        from ..program.handing import NotHanded, empty, export

        state = export(self.engine, self.stack)
        plan = self._plan()
        taken = self._taken(plan, state)
        held = len(state.held)
        if not self._agrees(f"trueup takes over {held} of {self.stack}, and Pulumi forgets them"):
            return Handed(agreed=False)
        if export(self.engine, self.stack).resources != state.resources:
            raise NotHanded(f"{self.stack}: Pulumi's state moved since it was read")
        backup = self._backup(state) if state.resources else None
        self._switch("trueup", taken)
        if state.resources:
            self.progress("emptying the state")
            empty(self.engine, self.stack, state)
        self._refuse(self._plan())
        return Handed(adopted=taken.places if taken else (), backup=backup, emptied=held)

    def _plan(self) -> "Plan":
        return self.reconciler.plan([self.stack]).plan

    def _refuse(self, plan: "Plan", covered: "Collection[Place]" = ()) -> None:
        found = list(in_the_way(plan, covered))
        if found:
            raise self._not_handed(found)

    def _not_handed(self, found: list[str]) -> Exception:
        from ..program.handing import NotHanded

        more = f"; {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        return NotHanded(f"{self.stack} is not at rest: {'; '.join(found[:_SHOWN])}{more}")

    def _switch(self, to: str, taken: "Taken | None" = None) -> None:
        """The moment at which the writer changes: while no run of ours has the stack, and it is still at rest."""
        from ..steps.adopt import keep

        ledger = self.shop.ledger()
        with ledger.lease([self.stack], holder="hand-over", timeout_seconds=self.lock_timeout) as lease:
            self._refuse(self._plan(), taken.places if taken else ())
            lease.check()
            run = ledger.begin_run("hand-over", [self.stack], self.shop.tree.revision, self.reconciler.who)
            if taken is not None:
                keep(ledger, taken, run)
            if ledger.writers().get(self.stack) != to:
                ledger.choose_writer(self.stack, to)
            ledger.end_run(run, 0, {"adopted": len(taken.places) if taken else 0, "writer": to})

    def _taken(self, plan: "Plan", state: "State") -> "Taken | None":
        """What the state holds and the ledger does not, by the state's ids. Raises NotHanded."""
        from ..steps.adopt import take_over

        missing, wrong = unknown_to_ledger(self.shop, self.stack, plan, state)
        found = [*wrong, *in_the_way(plan, missing)]
        if found:
            raise self._not_handed(found)
        if not missing:
            return None
        memory = self.shop.ledger().memory()
        addresses = frozenset(place.address for place in missing)
        return take_over(plan, self.shop.tree, memory, self.reconciler.clock(), addresses)

    def _backup(self, state: "State") -> Path:
        from ..sandbox.statefile import write_private

        name = f"pulumi-{self.stack}-{self.reconciler.clock():%Y%m%dT%H%M%SZ}.json"
        world, root = self.shop.world, self.shop.settings.root
        folder = root / ".trueup" if world is None or world.ledger is None else (root / world.ledger).parent
        path = folder / name
        write_private(path, state.text.encode())
        return path

    def _prove_quiet(self) -> None:
        from ..program.handing import NotHanded

        self.progress("proving that Pulumi has nothing to do")
        words = ("preview", "--refresh", "--expect-no-changes", "--stack", self.stack)
        done = self.engine.run(*words)
        if done.code:
            raise NotHanded(
                f"Pulumi writes {self.stack} now, and still finds something to do",
                advice=f"read `pulumi preview --refresh --diff -s {self.stack}`",
            )
        self._refuse(self._plan())

    def _agrees(self, told: str) -> bool:
        with self.progress.paused():
            if self.yes:
                return True
            print(f"{told}; nothing that lives is changed")
            return sys.stdin.isatty() and input("Hand over? Only 'yes' is accepted: ").strip() == "yes"


def in_the_way(plan: "Plan", covered: "Collection[Place]" = ()) -> Iterator[str]:
    """What keeps a stack from being at rest. `covered`: what this hand-over itself takes over."""
    for change in (*plan.changes, *plan.adopt):
        if change.place not in covered:
            yield f"{change.verb} {change.address}"
    for owning in plan.owning:
        if owning.place not in covered and owning.reason != "agreed":
            yield f"{owning.address} is ours by its {owning.reason}, and the next apply keeps that"
    for gap in plan.gaps:
        yield f"{gap.kind} {gap.container} is not seen ({gap.reason})"


def adopted_by_pulumi(shop: "Workshop", stack: str) -> "tuple[Adoption, Look]":
    """The stack's nodes beside what lives. Raises SpecError, ReconcileError."""
    from ..declare import account_ids, nodes_of
    from ..model.errors import ReconcileError
    from ..program.adoption import adoption
    from .looking import listings_of, look

    nodes = nodes_of(shop, stack)
    spec = shop.tree.stacks[stack]
    listings = {each for one in spec.declared.values() for each in listings_of(shop.tree, one)}
    looked = look(shop, shop.ledger(readonly=shop.world is None).memory(), listings)
    ids = account_ids(shop, spec.account)
    live = [seen for one in looked.observations for seen in one.seen]
    zones = {seen.resource.referred_as(): seen.id for seen in live if seen.kind.endswith(".zone")}
    try:
        wanted = adoption(
            nodes,
            looked.matching.pairs,
            account_id_of=lambda node: ids[node.place.address.platform],
            zone_id_of=zones.__getitem__,
        )
    except LookupError as error:
        raise ReconcileError(str(error.args[0]), advice="`trueup plan` says what was not seen") from error
    return wanted, looked


def unknown_to_ledger(
    shop: "Workshop", stack: str, plan: "Plan", state: "State"
) -> "tuple[frozenset[Place], list[str]]":
    """What a state holds, lives by the same id and the ledger does not have; and what does not fit the ledger."""
    from ..program.handing import leftovers, names, of_ours
    from ..program.tokens import by_token

    kinds = by_token({name: kind for name, kind in shop.kinds.items() if kind.in_pulumi})
    account_of = shop.tree.stacks[stack].account
    owned = {row.place: (row.account, row.id) for row in shop.ledger().memory().owned}
    pending = {one.place: (one.account, one.id) for one in plan.adopt}
    pending |= {one.place: (one.account, one.seen.id) for one in plan.owning if one.declared is not None}
    missing, wrong = set(), []
    for held in state.held:
        place = held.place(kinds)
        if place is None:
            continue
        account, id = of_ours(kinds[held.token], held)
        told = (account or account_of, id)
        if owned.get(place) == told:
            continue
        if place not in owned and pending.get(place) == told:
            missing.add(place)
        elif place in owned:
            wrong.append(f"{place.address} is {id} in Pulumi's state, and {owned[place][1]} in the ledger")
        else:
            wrong.append(f"{place.address} is {id} in Pulumi's state, and no stack declares it or it does not live")
    others = leftovers(state, kinds.keys())
    if others:
        wrong.append(f"Pulumi's state also holds {names(others)}, which trueup does not write")
    return frozenset(missing), wrong


def _of_the_file(shop: "Workshop", stack: str, to: str) -> str:
    said = shop.tree.stacks[stack].writer
    if said == to:
        return f"stacks/{stack}.yaml says so already"
    return f"in this sandbox world; live, the line `writer: {said}` of stacks/{stack}.yaml is to say `writer: {to}`"


def _document(stack: str, to: str, done: Handed, calls: int, code: int) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "stack": stack,
        "to": to,
        "imported": list(done.imported),
        "told": list(done.told),
        "adopted": [str(place.address) for place in done.adopted],
        "emptied": done.emptied,
        "backup": str(done.backup) if done.backup else None,
        "calls": {"made": calls},
        "exit": code,
    }


def _say(stack: str, to: str, done: Handed, note: str) -> None:
    if to == "pulumi":
        print(f"imported {len(done.imported)}, told Pulumi's state of {len(done.told)}; nothing that lives was changed")
    else:
        took = f"; {len(done.adopted)} taken over by the state's ids" if done.adopted else ""
        print(f"Pulumi forgot {done.emptied}{took}; nothing that lives was changed")
        if done.backup:
            print(f"a copy of its state, secrets encrypted: {done.backup}")
    print(f"{to} writes {stack} now; {note}")
