"""Every schedule of one fault and of two, numbered so that one integer or two bring a run back.

A second fault is injected from a copy taken before the turn in which it comes, so that what two runs share is run once.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from .cases import Case
from .drive import Ending, Stage, run
from .points import ESSENTIAL, Fault, Point, singles


@dataclass
class Tally:
    """How many runs a suite made, and which of them broke a promise, by what brings them back."""

    runs: int = 0
    broken: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, ending: Ending) -> None:
        self.runs += 1
        if ending.violations:
            self.broken[name] = [str(one) for one in ending.violations]

    def __iadd__(self, other: "Tally") -> "Tally":
        self.runs += other.runs
        self.broken.update(other.broken)
        return self


@dataclass(frozen=True)
class Tape:
    """One run, with a copy of everything before each of its turns: what begins like it need not be run again."""

    faults: tuple[Fault, ...]
    seen: tuple[Point, ...]
    copies: tuple[Stage, ...]
    ending: Ending

    def before(self, number: int) -> Stage:
        """As it stood before the turn in which a point comes."""
        at = bisect_left(self.copies, number, key=lambda one: one.world.count) - 1
        return again(self.copies[max(at, 0)])


def again(copy: Stage) -> Stage:
    """What goes on from a copy leaves it as it is."""
    stage = copy.copy()
    stage.turns = copy.turns
    stage.guard.found = list(copy.guard.found)
    stage.was_held = list(copy.was_held)
    stage.guard.used_old, stage.guard.last_use = copy.guard.used_old, copy.guard.last_use
    return stage


def tape(case: Case, faults: tuple[Fault, ...] = ()) -> Tape:
    seen: list[Point] = []
    copies: list[Stage] = []
    ending = run(case, faults, seen=seen, keep=lambda stage: copies.append(again(stage)))
    return Tape(faults, tuple(seen), tuple(copies), ending)


@cache
def clean(case: Case) -> Tape:
    """A run of this case in which nothing goes wrong."""
    return tape(case)


def points_of(case: Case) -> tuple[Point, ...]:
    return clean(case).seen


def first_faults(case: Case, essential: bool = False) -> tuple[Fault, ...]:
    return tuple(singles(list(points_of(case)), ESSENTIAL if essential else None))


def go_on(begun: Tape, fault: Fault) -> Ending:
    """A run that is as the one of the tape until one more fault comes."""
    return run(begun.ending.stage.case, (*begun.faults, fault), start=begun.before(fault.number))


def one_fault(case: Case, *, essential: bool = False, every: int = 1) -> Tally:
    """The run without a fault, and one for each fault that can come."""
    tally = Tally()
    begun = clean(case)
    tally.add(f"{case.name} -", begun.ending)
    for number, fault in enumerate(first_faults(case, essential)):
        if number % every == 0:
            tally.add(f"{case.name} {fault}", go_on(begun, fault))
    return tally


def two_faults(case: Case, first: int, *, every: int = 1) -> Tally:
    """All second faults after one first fault, by its number among the essential ones; every so many of them."""
    tally = Tally()
    fault = first_faults(case, True)[first]
    begun = tape(case, (fault,))
    later = [one for one in singles(list(begun.seen), ESSENTIAL) if one.number > fault.number]
    for number, second in enumerate(later):
        if (number + first) % every == 0:
            tally.add(f"{case.name} {fault} {second}", go_on(begun, second))
    return tally


def all_pairs(case: Case, part: int, parts: int, *, every: int = 1) -> Tally:
    """One part of so many of all pairs."""
    tally = Tally()
    for first in range(part, len(first_faults(case, True)), parts):
        tally += two_faults(case, first, every=every)
    return tally


def numbered(case: Case, words: tuple[str, ...]) -> Iterator[Fault]:
    """Faults as they are printed: `113:crash`."""
    for word in words:
        number, _, kind = word.partition(":")
        yield Fault(int(number), kind)
