"""What cannot be made again, and what a platform's own product holds."""

from collections.abc import Iterator

from ..model.change import Change, Plan
from ..model.verdict import Decision, rule


@rule
def protected_kinds_are_deleted_by_hand(plan: Plan) -> Iterator[tuple[Decision, Change | None, str]]:
    """The next pass can make a database again, but not what was in it."""
    for change in plan.changes:
        if change.verb in ("delete", "replace") and change.kind.protected:
            yield "deny", change, "delete it in the console, then `trueup forget` its address"


@rule
def what_holds_a_protected_thing_stays(plan: Plan) -> Iterator[tuple[Decision, Change | None, str]]:
    """A volume is deleted by hand only; deleting the instance it is mounted at would leave it to nobody."""
    deleted = [change for change in plan.changes if change.verb in ("delete", "replace") and change.before is not None]
    for inner in deleted:
        if not inner.kind.protected:
            continue
        holders = {(kind, getattr(inner.before, name)) for name, kind in inner.kind.refers().items()}
        for change in deleted:
            if change.before is not None and (change.kind.kind, change.before.referred_as()) in holders:
                yield "deny", change, f"it holds {inner.address}, which is deleted by hand only"


@rule
def ending_what_runs_needs_a_person(plan: Plan) -> Iterator[tuple[Decision, Change | None, str]]:
    """What stands in it and what points to it wait with it: a service must lose neither its variables nor its name
    while a person is still asked."""
    deleted = [(change, change.before) for change in plan.changes if change.verb == "delete"]
    ended = [(change, before) for change, before in deleted if change.kind.runs and before is not None]
    inside = {(change.account, before.kind, before.referred_as()): change.address for change, before in ended}
    pointing = {place: change.address for change, _ in ended for place in change.held_by}
    for change, before in deleted:
        if before is None or change.kind.runs:
            continue
        named = ((change.account, kind, getattr(before, name)) for name, kind in change.kind.refers().items())
        holder = next((inside[one] for one in named if one in inside), pointing.get(change.place))
        if holder is not None:
            yield "hold", change, f"it belongs to {holder}, whose deletion needs a person"
    for change, _ in ended:
        yield "hold", change, "it runs: deleting it ends the service there"


@rule
def loosening_a_lock_needs_a_person(plan: Plan) -> Iterator[tuple[Decision, Change | None, str]]:
    """What a lock kept can be lost before anybody puts the lock back."""
    for change in plan.changes:
        if change.before is not None and change.verb in ("update", "replace", "delete"):
            why = change.before.loosened(change.after)
            if why:
                yield "hold", change, why


@rule
def adopting_what_differs_needs_a_person(plan: Plan) -> Iterator[tuple[Decision, Change | None, str]]:
    """It exists, it is not ours, and it is not what the stack says: somebody decides which of the two is right."""
    for change in plan.changes:
        if change.verb == "adopt":
            yield "hold", change, "it exists and differs: adopt it with `trueup adopt`, or approve this plan"


@rule
def managed_by_the_platform(plan: Plan) -> Iterator[tuple[Decision, Change | None, str]]:
    """The platform refuses edits of what its own products made."""
    for change in plan.changes:
        if change.managed:
            yield "deny", change, f"{change.managed} manages it; take it out of the stack file"
