"""What a rule says about a change, and the mark that makes a function a rule."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from .change import Change, Plan

Decision = Literal["allow", "warn", "hold", "deny"]
SEVERITY: dict[Decision, int] = {"allow": 0, "warn": 1, "hold": 2, "deny": 3}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`hold` needs a person's approval of the plan's digest, `deny` another spec. `change` None: the whole plan."""

    decision: Decision
    change: Change | None
    rule: str
    reason: str


Rule = Callable[[Plan], Iterable[tuple[Decision, Change | None, str]]]

_MARK = "__trueup_rule__"


def rule(function: Rule) -> Rule:
    """Marks a pure function from a plan to (decision, change, reason) triples; found by the folder it stands in."""
    setattr(function, _MARK, True)
    return function


def is_rule(value: object) -> bool:
    return callable(value) and getattr(value, _MARK, False) is True


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
