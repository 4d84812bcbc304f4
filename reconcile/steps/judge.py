"""Rules to verdicts. Pure."""

from collections.abc import Iterable

from ..model.change import Plan
from ..model.verdict import Judged, Rule, Verdict


def judge(plan: Plan, rules: Iterable[Rule]) -> Judged:
    """Every rule's word on every change. A rule's name is its function's; nothing said means allow."""
    verdicts = [
        Verdict(decision, change, getattr(one, "__name__", "rule").replace("_", "-"), reason)
        for one in rules
        for decision, change, reason in one(plan)
    ]
    return Judged(plan, tuple(verdicts))
