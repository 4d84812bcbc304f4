"""What a wrong DNS record costs most."""

from collections.abc import Iterator

from ..model.change import Change, Plan
from ..model.resource import Resource
from ..model.verdict import Decision, resource_rule, rule

TTL_FLOOR = 60
"""Seconds. Lower ones multiply queries and are refused by most plans."""


@rule
def apex_ns_and_mx_need_a_person(plan: Plan) -> Iterator[tuple[Decision, Change | None, str]]:
    """Losing the apex, the delegation or the mail is an outage. Making one, or putting back what was already approved
    and applied (drift), is not."""
    for change in plan.changes:
        if not change.kind.in_dns or change.verb == "create" or change.cause == "drift" or change.verb == "adopt":
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


@resource_rule
def ttl_floor(resource: Resource) -> Iterator[tuple[Decision, str]]:
    """1 is the platform's automatic and fine."""
    ttl = getattr(resource, "ttl", None)
    if resource.in_dns and isinstance(ttl, int) and 1 < ttl < TTL_FLOOR:
        yield "deny", f"a TTL of {ttl} s is under {TTL_FLOOR} s; use `auto` or {TTL_FLOOR}"
