"""Books in memory that refuse what the ledger refuses, and keep values as a sealed store would."""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from reconcile.model.books import Entry, LostRace, UnitBusy
from reconcile.model.issuing import Value
from reconcile.model.rotation import State
from reconcile.model.secret import SecretText

from .points import AFTER, KEEP, Points, fault_of

_prints: dict[str, str] = {}


def print_of(value: str) -> str:
    """A fingerprint as the ledger's: keyed, so that nobody can try guesses."""
    found = _prints.get(value)
    if found is None:
        found = _prints[value] = hashlib.blake2s(value.encode(), key=b"pepper", digest_size=8).hexdigest()
    return found


class MemoryBooks:
    """`Books`, with a point before and after each transaction."""

    def __init__(self, points: Points) -> None:
        self.points = points
        self.states: dict[str, State] = {}
        self.sealed: dict[tuple[str, int], dict[str, str]] = {}
        self.history: list[tuple[str, Entry]] = []
        self.baselines: dict[str, str | None] = {}
        """By unit: the newest start when its last write was done; None: not known."""
        self.marks: dict[str, int] = {}
        self.written: dict[tuple[str, str], tuple[str, int]] = {}
        """By unit and variable: the fingerprint that we wrote last, and the platform's stamp read after it."""
        self.actor = 0
        """Fence of the run that acts now."""
        self.watch: Callable[[State, State, Collection[int]], None] | None = None

    def copy(self, points: Points) -> "MemoryBooks":
        other = MemoryBooks(points)
        other.states = dict(self.states)
        other.sealed = dict(self.sealed)
        other.history = list(self.history)
        other.baselines = dict(self.baselines)
        other.marks = dict(self.marks)
        other.written = dict(self.written)
        return other

    def state(self, secret: str) -> State:
        return self.states.get(secret) or State(secret)

    def claim(self, secret: str) -> State:
        self._begins("claim")
        before = self.state(secret)
        after = replace(before, fence=before.fence + 1, turn=before.turn + 1)
        self.states[secret] = after
        self.actor = after.fence
        self.points.point("claim done", AFTER)
        return after

    def save(
        self,
        before: State,
        after: State,
        entries: Sequence[Entry] = (),
        *,
        seal: Mapping[int, Value] | None = None,
        erase: Collection[int] = (),
    ) -> State:
        self._begins("save")
        secret = before.secret
        found = self.state(secret)
        if (found.turn, found.fence) != (before.turn, before.fence):
            raise LostRace(secret)
        self._refuse_busy(after)
        kept = replace(after, turn=before.turn + 1)
        self.states[secret] = kept
        for version, value in (seal or {}).items():
            self.sealed[secret, version] = {part: text.reveal() for part, text in value.items()}
        erased = [version for version in erase if self.sealed.pop((secret, version), None) is not None]
        self.history.extend((secret, entry) for entry in entries)
        if self.points.story is not None:
            self.points.tell(f"       kept {_short(kept)} {[one.what for one in entries]}")
        if self.watch is not None:
            self.watch(found, kept, erased)
        self.points.point("save done", AFTER)
        return kept

    def busy(self) -> Mapping[str, str]:
        return {unit: one.secret for one in self.states.values() for unit in one.changing}

    def check(self, state: State) -> None:
        found = self.state(state.secret)
        if (found.turn, found.fence) != (state.turn, state.fence):
            raise LostRace(state.secret)

    def value(self, secret: str, version: int) -> Value | None:
        kept = self.sealed.get((secret, version))
        if kept is None:
            return None
        return {part: SecretText(text, "kept", print_of(text)) for part, text in kept.items()}

    def fingerprint(self, value: str) -> str:
        return print_of(value)

    # What the ledger remembers of its own writes.

    def unknown(self, unit: str) -> int:
        """Before a write: no start is known to be newer. The mark tells this write from another runner's."""
        self._begins(f"mark {unit}")
        self.mark(unit)
        self.points.point(f"mark {unit} done", AFTER)
        return self.marks[unit]

    def mark(self, unit: str) -> None:
        self.baselines[unit] = None
        self.marks[unit] = self.marks.get(unit, 0) + 1

    def baseline(self, unit: str, start: str, mark: int | None, written: Mapping[str, tuple[str, int]]) -> None:
        """After a write: what had been started before it ended. Nothing where another runner wrote since; without a
        mark, as after a crash, it is taken."""
        self._begins(f"baseline {unit}")
        self.settle(unit, start, mark)
        for name, known in written.items():
            self.written[unit, name] = known
        self.points.point(f"baseline {unit} done", AFTER)

    def settle(self, unit: str, start: str, mark: int | None) -> None:
        if mark is None or self.marks.get(unit) == mark:
            self.baselines[unit] = start

    def _begins(self, label: str) -> None:
        kind = self.points.point(label, KEEP)
        if kind:
            raise fault_of(kind, label, write=False)

    def _refuse_busy(self, after: State) -> None:
        held = self.busy() if after.changing else {}
        for unit in after.changing:
            if held.get(unit, after.secret) != after.secret:
                raise UnitBusy(f"{unit} is changed by the rotation of {held[unit]} now")


def _short(state: State) -> str:
    versions = " ".join(f"{one.number}:{one.status}{'+' if one.kept else ''}" for one in state.versions)
    now = state.rotation
    if now is None:
        return f"[{versions}] none, {state.ended}"
    back = " back" if now.back else ""
    return f"[{versions}] {now.reason} {now.phase}{back} {now.old}->{now.new} {now.why} {now.held}"
