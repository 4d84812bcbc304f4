"""Rules to verdicts. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ..model.change import Plan
from ..model.resource import Resource
from ..model.spec import Declared
from ..model.verdict import Decision, Judged, ResourceRule, Rule, Verdict, is_plan_rule, is_resource_rule, name_of


def judge(plan: Plan, rules: Iterable[Rule], declared: Iterable[Declared] = ()) -> Judged:
    """Every rule's word on every change. Nothing said means allow.

    A rule on a resource judges what the stack files say, where they changed: what drifted, and what does not change at
    all, was let pass before. Of that a denial is told as a warning of the plan, and is in nobody's way.
    """
    known = tuple(rules)
    verdicts = [
        Verdict(decision, change, name_of(one), reason)
        for one in known
        if is_plan_rule(one)
        for decision, change, reason in one(plan)
    ]
    said = {one.place: one for one in declared}
    edited = [change for change in plan.changes if change.cause != "drift"]
    for change in edited:
        wanted = said[change.place].resource if change.place in said else change.after
        if change.after is not None and wanted is not None:
            verdicts.extend(Verdict(decision, change, name, why) for name, decision, why in judge_one(wanted, known))
    moving = {change.place for change in edited}
    # Most of thousands stand as they are: whatever is asked of each of them counts.
    of_resources = [one for one in known if is_resource_rule(one)]
    warnings = [line for place, one in said.items() if place not in moving for line in _denied(one, of_resources)]
    return Judged(replace(plan, warnings=(*plan.warnings, *warnings)), tuple(verdicts))


def judge_one(resource: Resource, rules: Iterable[Rule]) -> Iterator[tuple[str, Decision, str]]:
    """What the rules on a resource say of one: the rule's name, its decision and why."""
    for one in rules:
        if is_resource_rule(one):
            for decision, reason in one(resource):
                yield name_of(one), decision, reason


def _denied(one: Declared, rules: Sequence[ResourceRule]) -> Iterator[str]:
    for rule in rules:
        for decision, why in rule(one.resource):
            if decision == "deny":
                at = one.at if one.at.line else one.at.file
                yield f"{one.address} ({at}): {name_of(rule)} would deny it if it changed: {why}"
