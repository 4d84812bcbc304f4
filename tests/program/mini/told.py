"""What a command of an engine answers, whichever engine it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Verb = Literal["same", "create", "update", "replace", "delete", "import"]

DONE = 0
FAILED = 1
CHANGED = 7
"""Changes where none were expected."""


class Op(NamedTuple):
    """One step. A replacement is one `replace`, in whatever order its halves are made."""

    op: Verb
    urn: str


class Adopted(NamedTuple):
    """One line of what `pulumi import` takes. `parent` is a URN; "" for none."""

    type: str
    name: str
    id: str
    parent: str = ""


@dataclass(frozen=True)
class Told:
    """The steps of a command in the order they were taken, and how it ended.

    `refreshed` is what reading the live world showed, as a refresh tells it: `update` for a resource that lives
    otherwise, `delete` for one that is gone.
    """

    ops: tuple[Op, ...] = ()
    code: int = DONE
    error: str = ""
    refreshed: tuple[Op, ...] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """What the stack exports, decoded."""

    @property
    def changes(self) -> tuple[Op, ...]:
        """All that is not `same`."""
        return tuple(one for one in self.ops if one.op != "same")

    def of(self, *verbs: Verb) -> list[str]:
        """The URNs of some verbs, in order."""
        return [one.urn for one in self.ops if one.op in verbs]
