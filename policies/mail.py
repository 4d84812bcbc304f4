"""Mail: what must stand at a domain that sends or receives it."""

from collections.abc import Iterator

from reconcile.model.change import Change, Plan
from reconcile.model.resource import Resource
from reconcile.model.verdict import Decision, resource_rule, rule


@resource_rule
def spf_lets_nobody_else_send(resource: Resource) -> Iterator[tuple[Decision, str]]:
    """`+all` lets the whole internet send in our name, and is one typo away from `-all`."""
    content = str(getattr(resource, "content", None) or "")
    if content.startswith("v=spf1") and content.split()[-1] in ("+all", "all"):
        yield "deny", "an SPF record that ends in +all allows every sender"


@rule
def dmarc_is_not_loosened(plan: Plan) -> Iterator[tuple[Decision, Change | None, str]]:
    """`p=none` only watches."""
    for change in plan.changes:
        after = str(getattr(change.after, "content", None) or "")
        before = str(getattr(change.before, "content", None) or "")
        if "p=none" in after.replace(" ", "") and before.startswith("v=DMARC1") and "p=none" not in before:
            yield "hold", change, "DMARC would be loosened to p=none"
