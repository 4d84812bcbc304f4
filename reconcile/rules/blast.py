"""A plan that is too big refuses itself."""

from collections import Counter
from collections.abc import Iterator

from ..model.change import Change, Plan
from ..model.verdict import Decision, rule

SHARE = 0.3
"""Deletes of more than this share of the owned objects of a platform in a stack are held…"""
FROM = 10
"""…once this many are owned."""


@rule
def blast_radius(plan: Plan) -> Iterator[tuple[Decision, Change | None, str]]:
    """A typo in a base file can empty a zone; a person looks before it does."""
    deletes = Counter((one.stack, one.address.platform) for one in plan.changes if one.verb in ("delete", "replace"))
    for (stack, platform), count in deletes.items():
        owned = plan.owned_counts.get((stack, platform), 0)
        if owned >= FROM and count > owned * SHARE:
            reason = f"{count} of {owned} owned objects of {platform} in {stack} would be deleted (over 30 %)"
            for change in plan.changes:
                if (
                    change.stack == stack
                    and change.address.platform == platform
                    and change.verb in ("delete", "replace")
                ):
                    yield "hold", change, reason


@rule
def empty_desired_state(plan: Plan) -> Iterator[tuple[Decision, Change | None, str]]:
    """A stack that had objects on a platform and now declares none is an accident until `destroy` says otherwise."""
    for (stack, platform), owned in plan.owned_counts.items():
        if stack in plan.stacks and owned and not plan.declared_counts.get((stack, platform), 0):
            for change in plan.changes:
                if change.stack == stack and change.address.platform == platform and change.verb == "delete":
                    yield "deny", change, f"{stack} declares nothing on {platform} any more; use `trueup destroy`"
