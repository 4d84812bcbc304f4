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
