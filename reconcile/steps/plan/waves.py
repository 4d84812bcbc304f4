"""The order of changes: all of one wave are independent of each other."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from ...model.change import Change
from ...model.memory import Applied
from ...model.resource import Address, references_in


def in_waves(changes: Sequence[Change], applied: Mapping[tuple[str, Address], Applied]) -> tuple[Change, ...]:
    """Numbers the waves. What is needed comes before what needs it; deletes the other way round.

    Expects the spec to be free of cycles: the loader lists and refuses them.
    """
    at = {(change.stack, change.address): index for index, change in enumerate(changes)}
    before: list[list[int]] = [[] for _ in changes]
    stacks = frozenset(change.stack for change in changes)
    for index, change in enumerate(changes):
        for needed in _needs(change, applied, stacks):
            other = at.get(needed)
            if other is None or other == index:
                continue
            if changes[other].verb == "delete":
                before[other].append(index)
            elif change.verb != "delete":
                before[index].append(other)
    # What stands inside a thing is written together with it: one service with twenty variables is one deploy.
    with_group = [[at[group] for group in _groups(change) if group in at] for change in changes]
    depth: dict[int, int] = {}

    def depth_of(index: int, under: frozenset[int]) -> int:
        if index not in depth:
            below = [depth_of(other, under | {index}) for other in before[index] if other not in under | {index}]
            beside = [depth_of(other, under | {index}) for other in with_group[index] if other not in under | {index}]
            depth[index] = max([1 + max(below, default=-1), *beside])
        return depth[index]

    numbered = [replace(change, wave=depth_of(index, frozenset())) for index, change in enumerate(changes)]
    return tuple(sorted(numbered, key=lambda change: (change.wave, change.stack, change.address)))


def _needs(
    change: Change, applied: Mapping[tuple[str, Address], Applied], stacks: Collection[str]
) -> set[tuple[str, Address]]:
    """Places. What the history referred to may stand in any stack: nothing says any more in which."""
    needs: set[tuple[str, Address]] = set(change.needs)
    needs -= _groups(change)
    history = applied.get((change.stack, change.address))
    for text in history.references.values() if history else ():
        needs.update((stack, reference.address) for reference in references_in(text) for stack in stacks)
    return needs


def _groups(change: Change) -> set[tuple[str, Address]]:
    """Where a nested thing stands inside; nothing for other kinds."""
    if not change.kind.nested:
        return set()
    group = change.kind.refers()[change.kind.group_by]
    return {(place.stack, place.address) for place in change.needs if place.address.full_kind == group}
