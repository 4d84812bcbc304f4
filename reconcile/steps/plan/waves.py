"""The order of changes: all of one wave are independent of each other."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...model.change import Change
from ...model.memory import Applied
from ...model.resource import Address, references_in


def in_waves(changes: Sequence[Change], applied: Mapping[tuple[str, Address], Applied]) -> tuple[Change, ...]:
    """Numbers the waves. What is needed comes before what needs it; deletes the other way round.

    Expects the spec to be free of cycles: the loader lists and refuses them.
    """
    by_address: dict[Address, list[int]] = {}
    for index, change in enumerate(changes):
        by_address.setdefault(change.address, []).append(index)
    before: list[list[int]] = [[] for _ in changes]
    for index, change in enumerate(changes):
        for needed in _needs(change, applied):
            for other in by_address.get(needed, ()):
                if other == index:
                    continue
                if changes[other].verb == "delete":
                    before[other].append(index)
                elif change.verb != "delete":
                    before[index].append(other)
    depth: dict[int, int] = {}

    def depth_of(index: int, under: frozenset[int]) -> int:
        if index not in depth:
            below = [depth_of(other, under | {index}) for other in before[index] if other not in under | {index}]
            depth[index] = 1 + max(below, default=-1)
        return depth[index]

    numbered = [replace(change, wave=depth_of(index, frozenset())) for index, change in enumerate(changes)]
    return tuple(sorted(numbered, key=lambda change: (change.wave, change.stack, change.address)))


def _needs(change: Change, applied: Mapping[tuple[str, Address], Applied]) -> set[Address]:
    needs = set(change.needs)
    if change.kind.nested:
        # What stands inside a thing is written together with it: one service with twenty variables is one deploy.
        needs = {one for one in needs if one.full_kind != change.kind.refers()[change.kind.group_by]}
    history = applied.get((change.stack, change.address))
    for text in history.references.values() if history else ():
        needs.update(reference.address for reference in references_in(text))
    return needs
