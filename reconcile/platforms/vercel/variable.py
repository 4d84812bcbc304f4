"""Which calls the variables of a project take: as few as there can be."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ...model.change import Change
from ...model.errors import Rejected, Unavailable
from ...model.resource import Resource
from .kinds import Variable


@dataclass
class Writes:
    """What is to be done to the variables of one project, each with the change that asked for it."""

    deletes: list[Change] = field(default_factory=list)
    patches: list[Change] = field(default_factory=list)
    posts: list[Change] = field(default_factory=list)

    def calls(self) -> int:
        return bool(self.deletes) + len(self.patches) + bool(self.posts)


def as_sent(change: Change) -> Change:
    """What is sensitive stays so: to be readable again it is deleted and made anew."""
    want, have = change.after, change.before
    if not (change.verb == "update" and isinstance(want, Variable) and isinstance(have, Variable)):
        return change
    opened = want.type not in (None, "sensitive") or (want.type is None and isinstance(want.value, str))
    return replace(change, verb="replace") if have.type == "sensitive" and opened else change


def is_value_alone(change: Change) -> bool:
    """Whether an update changes the value alone: that much an upsert does, whether more is not told."""
    want, have = change.after, change.before
    if not (isinstance(want, Variable) and isinstance(have, Variable)):
        return False
    same = want.keys()[0] == have.keys()[0] and want.type in (None, have.type)
    return same and want.comment in (None, have.comment) and want.value is not None


def by_project(changes: Sequence[Change]) -> Mapping[str, Writes]:
    """The writes of variables, by project."""
    places: dict[str, Writes] = defaultdict(Writes)
    for change in map(as_sent, changes):
        want, have = change.after, change.before
        if isinstance(have, Variable) and change.verb in ("delete", "replace"):
            places[have.project].deletes.append(change)
        if isinstance(want, Variable):
            writes = places[want.project]
            (writes.patches if change.verb == "update" and not is_value_alone(change) else writes.posts).append(change)
    return places


def item_of(want: Resource, answer: Any) -> Any:
    """A variable's own item of an answer, or the error that it is to it: an upsert tells both, in a 201."""
    assert isinstance(want, Variable)
    if not isinstance(answer, dict) or "failed" not in answer:
        return answer
    created = answer.get("created") or []
    for item in created if isinstance(created, list) else [created]:
        if Variable.answered({**item, "project": want.project}).keys()[0] == want.keys()[0]:
            return item
    for one in answer["failed"]:
        error = one["error"]
        told = error.get("target")
        targets = {told} if isinstance(told, str) else set(told or want.targets)
        branch = error.get("gitBranch") or ""
        named = (error.get("envVarKey") or error.get("key")) == want.name
        if named and targets & set(want.targets) and branch in ("", want.branch):
            return Rejected(str(error.get("message", "")), code=str(error.get("code", "")), platform="vercel")
    return Unavailable("the answer names neither its making nor its failure", unsure=True, platform="vercel")
