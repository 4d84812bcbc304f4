"""Numbered moments of a run, and the faults that come at them. A number and a kind reproduce a failure."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from reconcile.model.errors import Denied, LedgerError, RateLimited, Unavailable

READ = ("crash", "500", "429", "stale")
WRITE = ("crash", "lost request", "lost reply", "429", "403", "slow")
BULK = (*WRITE, "partial")
START = (*WRITE, "fails")
AFTER = ("crash",)
KEEP = ("crash", "disk full")

ESSENTIAL = frozenset({"lost request", "lost reply", "partial", "fails", "500", "stale"})
"""Kinds that pairs are made of, together with the crash after each effect. Left out because another leads to the same
state: a crash before an effect or at a read is the crash after the saving before it, whose process starts anew from
the same facts; 429 and 403 are a lost request with another text; a slow call is a lost reply whose effect comes later
(single faults and random runs have it)."""


class Crash(BaseException):
    """The process is no more; nothing of ours may catch this."""


class Point(NamedTuple):
    """One moment: `kinds` are the faults that can come there."""

    number: int
    label: str
    kinds: tuple[str, ...]


class Fault(NamedTuple):
    """What comes at one point."""

    number: int
    kind: str

    def __str__(self) -> str:
        return f"{self.number}:{self.kind}"


class Points:
    """Counts the moments of a run and lets the faults come that are told for it."""

    def __init__(self) -> None:
        self.count = 0
        self.faults: Mapping[int, str] = {}
        self.seen: list[Point] | None = None
        """Filled where it is a list."""
        self.on_point: Callable[[Point], None] | None = None
        self.story: list[str] | None = None
        """What happened, in order, where somebody wants to read it."""

    def tell(self, text: str) -> None:
        if self.story is not None:
            self.story.append(text)

    def point(self, label: str, kinds: tuple[str, ...]) -> str:
        """The fault that comes here; "" for none. A crash is raised."""
        self.count += 1
        if self.seen is not None or self.on_point is not None:
            here = Point(self.count, label, kinds)
            if self.seen is not None:
                self.seen.append(here)
            if self.on_point is not None:
                self.on_point(here)
        if self.story is not None:
            self.story.append(f"  {self.count:>4} {label}")
        kind = self.faults.get(self.count, "") if self.faults else ""
        if not kind or kind not in kinds:
            return ""
        self.tell(f"       *** {kind}")
        if kind == "crash":
            raise Crash(label)
        return kind


def fault_of(kind: str, label: str, *, write: bool) -> Exception:
    """What the caller sees."""
    if kind == "429":
        return RateLimited(f"{label}: too many calls", after=60.0, code="429")
    if kind == "403":
        return Denied(f"{label}: not with this credential", code="403")
    if kind == "disk full":
        return LedgerError(f"{label}: no space left")
    return Unavailable(f"{label}: {kind}", unsure=write, code="500")


def singles(seen: list[Point], kinds: frozenset[str] | None = None) -> list[Fault]:
    """Every fault that can come in a run whose points are these; with `kinds`, the essential ones."""
    if kinds is None:
        return [Fault(one.number, kind) for one in seen for kind in one.kinds]
    return [
        Fault(one.number, kind)
        for one in seen
        for kind in one.kinds
        if kind in kinds or (kind == "crash" and one.label.endswith(" done"))
    ]
