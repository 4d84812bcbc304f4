"""What a wrong DNS record costs most."""

from collections.abc import Iterator

from ..model.change import Change, Plan
from ..model.resource import Resource
from ..model.verdict import Decision, rule

TTL_FLOOR = 60
"""Seconds. Lower ones multiply queries and are refused by most plans."""


def _is_record(change: Change) -> bool:
    return change.address.kind == "record"


@rule
def apex_ns_and_mx_need_a_person(plan: Plan) -> Iterator[tuple[Decision, Change | None, str]]:
    """Losing the apex, the delegation or the mail is an outage. Making one, or putting back what was already approved
    and applied (drift), is not."""
    for change in plan.changes:
        if not _is_record(change) or change.verb == "create" or change.cause == "drift" or change.verb == "adopt":
            continue
        if change.only_marks:
            continue
        for resource in (change.before, change.after):
            what = _precious(resource)
            if what:
                yield "hold", change, f"{what} would be changed" if change.verb != "delete" else f"{what} would go"
                break


def _precious(resource: Resource | None) -> str:
    if resource is None:
        return ""
    if getattr(resource, "type", "") in ("NS", "MX"):
        return f"an {getattr(resource, 'type', '')} record"
    return "the apex" if getattr(resource, "name", None) == getattr(resource, "zone", "") else ""


@rule
def ttl_floor(plan: Plan) -> Iterator[tuple[Decision, Change | None, str]]:
    """1 is the platform's automatic and fine."""
    for change in plan.changes:
        ttl = getattr(change.after, "ttl", None)
        if _is_record(change) and isinstance(ttl, int) and 1 < ttl < TTL_FLOOR:
            yield "deny", change, f"a TTL of {ttl} s is under {TTL_FLOOR} s; use `auto` or {TTL_FLOOR}"
