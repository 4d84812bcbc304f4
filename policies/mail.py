"""Mail: what must stand at a domain that sends or receives it."""

from collections.abc import Iterator

from reconcile.model.change import Change, Plan
from reconcile.model.verdict import Decision, rule


@rule
def spf_and_dmarc_are_not_loosened(plan: Plan) -> Iterator[tuple[Decision, Change | None, str]]:
    """`+all` lets the whole internet send in our name; `p=none` only watches. Both are one typo away."""
    for change in plan.changes:
        content = str(getattr(change.after, "content", "") or "")
        if content.startswith("v=spf1") and content.split()[-1] in ("+all", "all"):
            yield "deny", change, "an SPF record that ends in +all allows every sender"
        before = str(getattr(change.before, "content", "") or "")
        if "p=none" in content.replace(" ", "") and before.startswith("v=DMARC1") and "p=none" not in before:
            yield "hold", change, "DMARC would be loosened to p=none"
