"""Drift of what Pulumi built, put back through it: looked at, done, looked at again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...assemble import Workshop
from ...declare import nodes_of
from ...loop import Choice
from ...model import exits
from ...model.change import Change, Outcome, Plan
from ...model.resource import Address
from ...model.spec import Place
from ...model.verdict import Judged
from ...program.engine.command import Engine
from ...program.engine.lock import free
from ...program.engine.repair import dependents, last_revision, repair, repair_of, stack_files
from ...program.engine.stack import ensure
from ...program.graph import Node
from ...steps.load.opener import DIRTY
from .coming import Coming, coming_with, refused
from .limits import limits_of
from .writers import engine_of, wait_for_ours

if TYPE_CHECKING:
    from ...loop import Reconciler
    from ..acting import Act


@dataclass(frozen=True)
class Foretold:
    """One stack's repair, before anybody agreed to it."""

    stack: str
    engine: Engine
    nodes: Sequence[Node]
    """The program as it was last applied."""
    files: Mapping[str, bytes] | None
    """Its stack files; None: those of the working tree."""
    revision: str
    """Where they are from; "" for the working tree."""
    coming: Coming


def foretold(one: "Act", judged: Judged, stack: str, changes: Sequence[Change]) -> Foretold:
    """Asks the engine what else it would do; writes nothing. Raises EngineFailed, StalePlan."""
    shop = one.shop
    engine = engine_of(shop)
    revision = last_revision(shop.ledger().memory(), stack, lambda address: _is_built(shop, address))
    rev = revision if revision and not revision.startswith(DIRTY) and revision != shop.tree.revision else None
    with Workshop(shop.settings, rev=rev, world=shop.world, clock=shop.clock) as then:
        nodes, source = nodes_of(then, stack), then.source
        files = source.files() if rev is not None else None
    told = Foretold(stack, engine, nodes, files, rev or "", Coming(Judged(Plan((stack,), "", "", ()))))
    wanted = repair_of(stack, changes, nodes, engine.project)
    if not wanted.moves_others:
        return told
    ensure(engine, stack)
    one.progress(f"pulumi previews what comes along in {stack}")
    with stack_files(files) as environment:
        found = dependents(engine, wanted, environment={**environment, **limits_of(one)})
    return replace(told, coming=coming_with(shop, source, wanted, found, judged))


def repaired(
    one: "Act", reconciler: "Reconciler", judged: Judged, told: Foretold, changes: Sequence[Change], approved: bool
) -> tuple[Outcome, ...]:
    """What became of a stack's changes of cause drift. Raises EngineLocked, EngineFailed, StalePlan, LedgerLocked."""
    wish = one.wish
    held = [out for change in changes if (out := _stopped(change, judged, approved, wish.confirm_destructive))]
    allowed = [change for change in changes if not any(change is out.change for out in held)]
    why, code = refused(told.coming.judged, wish, approved)
    if allowed and why:
        denied = code == exits.DENIED
        held.extend(Outcome(each, "denied" if denied else "held", error=why, exit_code=code) for each in allowed)
    elif allowed:
        _put_back(one, told, allowed)
        one.progress("verifying")
        held.extend(_proved(reconciler, told.stack, allowed))
        # Nothing of ours looks at it: what the engine did it says itself.
        held.extend(Outcome(change, "done", id=change.id) for change in told.coming.judged.plan.changes)
    for out in held:
        one.tell(out)
    return tuple(held)


def _put_back(one: "Act", told: Foretold, changes: Sequence[Change]) -> None:
    shop, wish, stack, engine = one.shop, one.wish, told.stack, told.engine
    wanted = replace(repair_of(stack, changes, told.nodes, engine.project), released=told.coming.ops)
    ensure(engine, stack)
    taken_over = free(engine, stack, timeout_seconds=wish.lock_timeout, say=one.progress)
    wait_for_ours(shop, stack, wish.lock_timeout)
    one.progress(f"pulumi puts back {len(changes)} of {stack}")
    with stack_files(told.files) as environment:
        repair(engine, wanted, environment={**environment, **limits_of(one)}, taken_over=taken_over)
    if told.revision:
        as_of(shop, {change.place: told.revision for change in changes})


def _is_built(shop: Workshop, address: Address) -> bool:
    kind = shop.kinds.get(address.full_kind)
    return kind is not None and kind.in_pulumi


def revisions_of(shop: Workshop, changes: Iterable[Change]) -> dict[Place, str]:
    """From which revision each was last applied, where it ever was."""
    memory = shop.ledger().memory()
    return {one.place: memory.applied[one.place].revision for one in changes if one.place in memory.applied}


def as_of(shop: Workshop, revisions: Mapping[Place, str]) -> None:
    """What was put back is as of the revision that it came from, wherever its files lay meanwhile."""
    memory = shop.ledger().memory()
    owned = {one.place: one for one in memory.owned}
    moved = [
        replace(row, revision=revision)
        for place, revision in revisions.items()
        if place in owned and (row := memory.applied.get(place)) is not None and row.revision != revision
    ]
    if moved:
        shop.ledger().own([owned[row.place] for row in moved], moved, "put back")


def _proved(reconciler: "Reconciler", stack: str, changes: Sequence[Change]) -> list[Outcome]:
    """Looked at again: what still differs, or cannot be seen, is not proved."""
    choice = Choice(frozenset(change.address for change in changes))
    again = reconciler.plan([stack], mode="drift", choice=choice)
    differing = {change.place for change in again.plan.changes}
    unseen = {(gap.account, gap.kind) for gap in again.plan.gaps}
    owned = {one.place: one.id for one in reconciler.ledger.memory().owned}
    return [
        Outcome(
            change,
            "done",
            id=owned.get(change.place, change.id),
            verified=change.place not in differing and (change.account, change.address.full_kind) not in unseen,
        )
        for change in changes
    ]


def _stopped(change: Change, judged: Judged, approved: bool, confirm_destructive: bool) -> Outcome | None:
    """The outcome of a change that no engine is told of; the rules count for it as for ours."""
    verdict = judged.of(change)
    decision = verdict.decision if verdict else "allow"
    reason = f"{verdict.rule}: {verdict.reason}" if verdict else ""
    if decision == "deny":
        return Outcome(change, "denied", error=reason, exit_code=exits.DENIED)
    if decision == "hold" and not approved:
        return Outcome(change, "held", error=reason, exit_code=exits.APPROVAL)
    if change.destructive and not (confirm_destructive or approved):
        return Outcome(change, "held", error="destructive: needs --confirm-destructive", exit_code=exits.APPROVAL)
    return None
