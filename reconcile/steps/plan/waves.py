"""The order of changes: all of one wave are independent of each other."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from ...model.change import Change
from ...model.spec import Place
from .referrers import Held
from .renames import renamed_above


def in_waves(changes: Sequence[Change], held: Held) -> tuple[Change, ...]:
    """Numbers the waves. What is needed comes before what needs it; deletes the other way round.

    Expects the spec to be free of cycles: the loader lists and refuses them.
    """
    at = {change.place: index for index, change in enumerate(changes)}
    before = _before(changes, at, held)
    for index, change in enumerate(changes):
        if change.held_by:
            before[index] += [at[place] for place in change.held_by if place in at]
    graph = _Graph(before)
    for members in _by_group(changes, at):
        graph.unite(members)
    numbered = [replace(change, wave=graph.depth(index)) for index, change in enumerate(changes)]
    return tuple(sorted(numbered, key=lambda change: (change.wave, change.stack, change.address)))


class _Graph:
    """What comes before what, by index, where some are written as one."""

    def __init__(self, before: Sequence[Sequence[int]]) -> None:
        self._before = before
        self._unit = list(range(len(before)))
        self._members = [[index] for index in self._unit]
        self._depth: dict[int, int] = {}

    def unite(self, indexes: Sequence[int]) -> None:
        """Makes one unit of all that does not wait for another of them; the rest stays where it is."""
        units = dict.fromkeys(self._unit[index] for index in indexes)
        free = [unit for unit in units if not self._waits_for(unit, units.keys() - {unit})]
        for unit in free[1:]:
            self._members[free[0]] += self._members[unit]
            for index in self._members[unit]:
                self._unit[index] = free[0]

    def depth(self, index: int) -> int:
        """How long the longest chain before it is."""
        return self._deep(self._unit[index], frozenset())

    def _deep(self, unit: int, under: frozenset[int]) -> int:
        if unit not in self._depth:
            below = [self._deep(other, under | {unit}) for other in self._needed(unit) if other not in under]
            self._depth[unit] = 1 + max(below, default=-1)
        return self._depth[unit]

    def _needed(self, unit: int) -> set[int]:
        return {self._unit[other] for index in self._members[unit] for other in self._before[index]} - {unit}

    def _waits_for(self, unit: int, others: Collection[int]) -> bool:
        seen: set[int] = set()
        ahead = [unit]
        while ahead:
            for needed in self._needed(ahead.pop()) - seen:
                if needed in others:
                    return True
                seen.add(needed)
                ahead.append(needed)
        return False


def _by_group(changes: Sequence[Change], at: Mapping[Place, int]) -> list[list[int]]:
    """What stands inside a thing, and that thing: written together, one service with twenty variables is one deploy."""
    groups: dict[Place, list[int]] = defaultdict(list)
    for index, change in enumerate(changes):
        for group in _groups(change):
            groups[group].append(index)
    return [[at[group], *inside] if group in at else inside for group, inside in groups.items()]


def _before(changes: Sequence[Change], at: Mapping[Place, int], held: Held) -> list[list[int]]:
    """What comes before each change, by index."""
    targets: dict[Place, set[Place]] = defaultdict(set)
    for target, places in held.items():
        if target in at:
            for place in places:
                targets[place].add(target)
    before: list[list[int]] = [[] for _ in changes]
    for index, change in enumerate(changes):
        for needed in (set(change.needs) - _groups(change)) | targets.get(change.place, set()):
            other = at.get(needed)
            if other is None or other == index:
                continue
            if changes[other].verb == "delete":
                before[other].append(index)
            elif change.verb != "delete":
                before[index].append(other)
    for index, change in enumerate(changes):
        before[index] += renamed_above(change, changes) if change.verb == "delete" else []
    return before


def _groups(change: Change) -> set[Place]:
    """Where a nested thing stands inside; nothing for other kinds."""
    if not change.kind.nested:
        return set()
    group = change.kind.refers()[change.kind.group_by]
    return {place for place in change.needs if place.address.full_kind == group}
