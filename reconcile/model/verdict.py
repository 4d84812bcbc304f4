"""What a rule says about a change or a declared thing, and the marks that make a function a rule."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeGuard

from .change import Change, Plan
from .resource import Resource

Decision = Literal["allow", "warn", "hold", "deny"]
SEVERITY: dict[Decision, int] = {"allow": 0, "warn": 1, "hold": 2, "deny": 3}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`hold` needs a person's approval of the plan's digest, `deny` another spec. `change` None: the whole plan."""

    decision: Decision
    change: Change | None
    rule: str
    reason: str


PlanRule = Callable[[Plan], Iterable[tuple[Decision, Change | None, str]]]
ResourceRule = Callable[[Resource], Iterable[tuple[Decision, str]]]
Rule = PlanRule | ResourceRule

_MARK = "__trueup_rule__"
_OF_PLANS, _OF_RESOURCES = "plan", "resource"


def rule(function: PlanRule) -> PlanRule:
    """Marks a pure function from a plan to (decision, change, reason) triples; found by the folder it stands in."""
    setattr(function, _MARK, _OF_PLANS)
    return function


def resource_rule(function: ResourceRule) -> ResourceRule:
    """Marks a pure function from one declared resource to (decision, reason) pairs; found like the other.

    It also judges what no plan of ours holds: Pulumi asks it of everything that a program registers. A value that is
    not known yet is the text of a reference there (`is_pending`), and a field may be missing.
    """
    setattr(function, _MARK, _OF_RESOURCES)
    return function


def is_plan_rule(value: object) -> TypeGuard[PlanRule]:
    return callable(value) and getattr(value, _MARK, None) == _OF_PLANS


def is_resource_rule(value: object) -> TypeGuard[ResourceRule]:
    return callable(value) and getattr(value, _MARK, None) == _OF_RESOURCES


def name_of(one: Rule) -> str:
    """How a rule is called wherever it speaks: its function's name, with dashes."""
    return getattr(one, "__name__", "rule").replace("_", "-")


@dataclass(frozen=True)
class Judged:
    """A plan with the strictest verdict on each change; a missing entry means allow."""

    plan: Plan
    verdicts: tuple[Verdict, ...] = ()

    def of(self, change: Change) -> Verdict | None:
        """The strictest verdict that concerns a change, its own before the whole plan's."""
        found = (self._strictest.get(id(change)), self._strictest.get(None))
        return max(filter(None, found), key=lambda verdict: SEVERITY[verdict.decision], default=None)

    @cached_property
    def _strictest(self) -> dict[int | None, Verdict]:
        """The strictest verdict on each change, by its identity, and under None on the whole plan."""
        found: dict[int | None, Verdict] = {}
        for verdict in self.verdicts:
            key = None if verdict.change is None else id(verdict.change)
            if key not in found or SEVERITY[verdict.decision] > SEVERITY[found[key].decision]:
                found[key] = verdict
        return found

    def decision(self, change: Change) -> Decision:
        found = self.of(change)
        return found.decision if found else "allow"
