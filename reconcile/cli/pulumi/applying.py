"""apply where Pulumi writes: what drifted of its own it puts back, what is ours we do, the rest is for `up`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...loop import Choice, Consent, Run
from ...model.change import Change, Outcome
from ...model.errors import ReconcileError, StalePlan
from ...model.few import few
from ...model.spec import Writer
from ...model.verdict import Judged
from ...program.graph import is_built
from .coming import with_along, with_words
from .repairing import as_of, foretold, repaired, revisions_of
from .writers import up_line

if TYPE_CHECKING:
    from ...assemble import Workshop
    from ...loop import Reconciler
    from ...model.resource import Address
    from ..acting import Act


@dataclass(frozen=True)
class Split:
    """A plan's changes by who makes them."""

    engine: tuple[Change, ...]
    ours: tuple[Change, ...]

    @classmethod
    def of(cls, judged: Judged, writers: Mapping[str, Writer]) -> "Split":
        changes = judged.plan.changes
        theirs = {id(one) for one in changes if writers[one.stack] == "pulumi" and one.in_pulumi}
        theirs -= {id(one) for one in changes if is_ours_to_mend(one)}
        built = tuple(one for one in changes if id(one) in theirs)
        return cls(built, tuple(one for one in changes if id(one) not in theirs))


def is_ours_to_mend(change: Change) -> bool:
    """Whether a vendor's provider cannot do it, though it builds the thing: it never sees what drifted, or its delete
    does nothing."""
    bridge = change.kind.bridge
    if bridge is None:
        return False
    return bridge.stays if change.verb == "delete" else bridge.blind and change.cause == "drift"


def apply_beside_pulumi(one: "Act", names: Sequence[str], writers: Mapping[str, Writer]) -> Run | None:
    """The whole of `apply` where a stack is Pulumi's; None where nobody agreed. Raises ReconcileError."""
    shop, wish = one.shop, one.wish
    theirs = [name for name in names if writers[name] == "pulumi"]
    if wish.mode == "destroy":
        raise ReconcileError(
            f"{', '.join(theirs)}: Pulumi built it, so Pulumi takes it down",
            advice="; ".join(f"pulumi destroy -s {name}" for name in theirs),
        )
    if wish.mode == "spec":
        refuse_dirty_program(shop, theirs)
    reconciler = shop.reconciler(progress=one.progress)
    judged = reconciler.plan(names, mode=wish.mode, choice=wish.choice)
    split = Split.of(judged, writers)
    _refuse_what_git_moved(split)
    if wish.digest and wish.digest != judged.plan.digest:
        raise StalePlan("the platforms or the stack files moved since that plan was made")
    told = {
        name: foretold(one, judged, name, [change for change in split.engine if change.stack == name])
        for name in dict.fromkeys(change.stack for change in split.engine)
    }
    judged = with_along(judged, (each.coming.judged for each in told.values()))
    judged = with_words(judged, [change for change in split.ours if change.in_pulumi], writers)
    consent = one.ask(judged)
    if consent is None:
        return None
    if consent.approve:
        shop.ledger().approve(judged.plan.digest, reconciler.who)
    approved = consent.approve or judged.plan.digest in shop.ledger().memory().approvals
    outcomes: list[Outcome] = []
    unproven: list[Address] = []
    for name in shop.tree.in_order(frozenset(names)):
        mine = [change for change in split.engine if change.stack == name]
        rest = [change for change in split.ours if change.stack == name]
        outcomes.extend(repaired(one, reconciler, judged, told[name], mine, approved) if mine else ())
        if writers[name] == "trueup" or rest or not mine:
            run = _beside(one, reconciler, name, rest, built=_built(shop, name, writers), approved=approved)
            outcomes.extend(run.outcomes)
            unproven.extend(run.unproven)
    unproven.extend(each.change.address for each in outcomes if each.verified is False)
    return Run(judged, tuple(outcomes), tuple(dict.fromkeys(unproven)))


def _beside(
    one: "Act",
    reconciler: "Reconciler",
    stack: str,
    shown: Sequence[Change],
    *,
    built: "frozenset[Address]",
    approved: bool,
) -> Run:
    """Our pass over a stack, and over what we do there in the place of a vendor's provider."""
    before = revisions_of(one.shop, (change for change in shown if change.in_pulumi))
    left = built - {change.address for change in shown}
    run = ours(one, reconciler, stack, shown, built=left, approved=approved)
    as_of(one.shop, before)
    return run


def ours(
    one: "Act",
    reconciler: "Reconciler",
    stack: str,
    shown: Iterable[Change],
    *,
    built: "frozenset[Address]",
    approved: bool,
) -> Run:
    """A pass over what is ours in a stack, of which a person has seen and agreed to `shown`. Raises StalePlan."""
    wish = one.wish
    seen = {(change.place, change.verb) for change in shown}
    # What a bucket has once comes with it, and is only to be set then.
    seen |= {(change.place, "update") for change in shown if change.verb == "create" and change.kind.standing}

    def ask(again: Judged) -> Consent | None:
        more = [str(change.address) for change in again.plan.changes if (change.place, change.verb) not in seen]
        if more and not wish.yes:
            raise StalePlan(f"{stack}: {', '.join(more)} moved since that plan was made")
        return Consent("", wish.approve or approved, wish.confirm_destructive)

    run = reconciler.apply(
        [stack],
        command=wish.command,
        mode=wish.mode,
        choice=Choice(wish.choice.targets, wish.choice.excluded | built),
        ask=ask,
        tell=one.tell,
        lock_timeout_seconds=wish.lock_timeout,
    )
    assert run is not None
    return run


def refuse_dirty_program(shop: "Workshop", stacks: Sequence[str]) -> None:
    """Pulumi's state must come from a commit: repairs go back to it. Raises ReconcileError, whatever was allowed."""
    if stacks and shop.world is None and shop.tree.dirty:
        raise ReconcileError(
            f"{', '.join(stacks)}: the stack files are not committed, and Pulumi's state must come from a commit",
            advice="commit them; --allow-dirty does not help where the writer is Pulumi",
        )


def has_part(shop: "Workshop", stack: str) -> bool:
    """Whether Pulumi builds anything of a stack, or ever did."""
    kinds = shop.kinds
    owned = (kinds.get(one.kind) for one in shop.ledger().memory().owned if one.stack == stack)
    declared = shop.tree.stacks[stack].declared.values()
    return any(is_built(one) for one in declared) or any(kind is not None and kind.in_pulumi for kind in owned)


def built_by_pulumi(shop: "Workshop", stack: str) -> "frozenset[Address]":
    """Everything of a stack that Pulumi builds, or the ledger says it built."""
    kinds = shop.kinds
    declared = (one.address for one in shop.tree.stacks[stack].declared.values() if not one.resource.rotated)
    memory = shop.ledger().memory()
    rotated = {one.address for one in memory.applied.values() if one.stack == stack and one.rotated}
    owned = (one.address for one in memory.owned if one.stack == stack and one.address not in rotated)
    built = {
        address for address in (*declared, *owned) if address.full_kind in kinds and kinds[address.full_kind].in_pulumi
    }
    # What its delete leaves as it lives is ours to delete, once the stack file says it no more.
    left = {address for address in built if (bridge := kinds[address.full_kind].bridge) is not None and bridge.stays}
    return frozenset(built - (left - _said(shop, stack)))


def _said(shop: "Workshop", stack: str) -> "set[Address]":
    """Every address that a stack file says, under the names, too, from which it moved them."""
    spec = shop.tree.stacks[stack]
    return {one.address for one in spec.declared.values()} | {one.before for one in spec.moved}


def _built(shop: "Workshop", stack: str, writers: Mapping[str, Writer]) -> "frozenset[Address]":
    return built_by_pulumi(shop, stack) if writers[stack] == "pulumi" else frozenset()


def _refuse_what_git_moved(split: Split) -> None:
    # What an output gives follows what drifted: the stack file says what it said.
    moved = [change for change in split.engine if change.cause not in ("drift", "reference")]
    if not moved:
        return
    stacks = list(dict.fromkeys(change.stack for change in moved))
    told = few([str(change.address) for change in moved])
    raise ReconcileError(
        f"{', '.join(stacks)}: the stack files moved what Pulumi writes ({told})",
        advice=f"{up_line(stacks)} (or `pulumi up -s {stacks[0]}`); `trueup apply --drift-only` puts back what drifted",
    )
