"""Who holds an output of what, as it was last applied: nothing goes before everything that points to it let go.

A record that still holds the target of a domain that is gone can be taken over by whoever claims that target next.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from ...model.change import Change
from ...model.memory import Memory
from ...model.observation import Container, Gap
from ...model.resource import Address, references_in
from ...model.spec import Place, Tree
from .applied import Kinds, resource_of

Held = Mapping[Place, frozenset[Place]]
"""What is owned to what holds an output of it."""


def referred(tree: Tree, memory: Memory, moved: Mapping[Place, Address]) -> dict[Place, set[Place]]:
    """What is owned to whose outputs it holds, by what was last applied. An address means the own stack's thing, else
    that of a used one; where neither owns any, of every stack that does: nothing says any more which was meant."""
    referring = {
        row.place: {one.address for text in row.references.values() for one in references_in(text)}
        for row in memory.applied.values()
        if row.references
    }
    if not referring:
        return {}
    owned = {row.place for row in memory.owned}
    stacks: dict[Address, set[str]] = defaultdict(set)
    for place in owned:
        stacks[place.address].add(place.stack)
    return {
        place: {one for address in addresses for one in _meant(place.stack, address, tree, owned, stacks, moved)}
        for place, addresses in referring.items()
        if place in owned
    }


def holders(tree: Tree, memory: Memory, moved: Mapping[Place, Address]) -> Held:
    """The same, seen from what is held."""
    found: dict[Place, set[Place]] = defaultdict(set)
    for place, targets in referred(tree, memory, moved).items():
        for target in targets:
            found[target].add(place)
    return {target: frozenset(places) for target, places in found.items()}


def _meant(
    stack: str,
    address: Address,
    tree: Tree,
    owned: Collection[Place],
    stacks: Mapping[Address, Collection[str]],
    moved: Mapping[Place, Address],
) -> list[Place]:
    def now(name: str) -> Place:
        return Place(name, moved.get(Place(name, address), address))

    if now(stack) in owned:
        return [now(stack)]
    spec = tree.stacks.get(stack)
    used = [now(name) for name in spec.uses if now(name) in owned] if spec is not None else []
    return used or [Place(name, address) for name in stacks.get(address, ())]


def absent(
    held: Held,
    memory: Memory,
    kinds: Kinds,
    live: Collection[tuple[str, str]],
    read: Collection[tuple[str, Container]],
) -> set[Place]:
    """Those holders that their whole listing lacks. `live`: (kind, id) of what was seen, `read`: (account, listing)."""
    places = {place for several in held.values() for place in several}
    found = set[Place]()
    for row in memory.owned:
        if row.place in places and (row.kind, row.id) not in live:
            resource = resource_of(memory.applied[row.place], kinds)
            if resource is not None and (row.account, Container(row.kind, resource.container())) in read:
                found.add(row.place)
    return found


def without_dangling(changes: Sequence[Change], held: Held, loose: Collection[Place]) -> tuple[list[Change], list[Gap]]:
    """The changes, each delete with what must let go of it first, less those that would leave something pointing to
    nothing; and why each of these stays. What is `loose` holds nothing."""
    return _without_held(_with_holders(changes, held, loose))


def _with_holders(changes: Sequence[Change], held: Held, loose: Collection[Place]) -> list[Change]:
    """Each delete names what holds it, or what goes together with it."""
    deletes = [change for change in changes if change.verb == "delete"]
    # A holder that this plan changes lets go by that, and not before. One that it makes held nothing while away.
    changing = {change.place for change in changes if change.verb != "create"}
    free = {change.place for change in changes if change.verb == "create"} | (set(loose) - changing)
    found: dict[Place, tuple[Place, ...]] = {}
    for group in _together(deletes):
        places = {change.place for change in group}
        outside = {one for place in places for one in held.get(place, ())} - places - free
        found.update(dict.fromkeys(places, tuple(sorted(outside))))
    return [replace(one, held_by=found[one.place]) if found.get(one.place) else one for one in changes]


def _together(deletes: Sequence[Change]) -> Iterable[list[Change]]:
    """Deletes in groups: a thing with what it stands in and what stands in it. The platform deletes them with it."""
    at = {
        (change.account, change.kind.kind, change.before.referred_as()): index
        for index, change in enumerate(deletes)
        if change.before is not None
    }
    leads = list(range(len(deletes)))

    def lead(index: int) -> int:
        while leads[index] != index:
            index = leads[index]
        return index

    for index, change in enumerate(deletes):
        for name, kind in change.kind.refers().items():
            value = getattr(change.before, name)
            outer = at.get((change.account, kind, value)) if isinstance(value, str) else None
            if outer is not None:
                leads[lead(index)] = lead(outer)
    groups: dict[int, list[Change]] = defaultdict(list)
    for index, change in enumerate(deletes):
        groups[lead(index)].append(change)
    return groups.values()


def _without_held(changes: Sequence[Change]) -> tuple[list[Change], list[Gap]]:
    """The changes less the deletes of what this plan does not take from its holders, and why each was left out.

    As many rounds as a chain is long: a delete that was left out holds on, too.
    """
    kept, gaps = list(changes), list[Gap]()
    while True:
        changing = {change.place for change in kept}
        holding = {id(one): next((place for place in one.held_by if place not in changing), None) for one in kept}
        for change in kept:
            place = holding[id(change)]
            if place is not None:
                why = f"{change.address} stays: {place} of stack {place.stack} refers to it and is not changed here"
                gaps.append(Gap(change.account, change.address.full_kind, change.container, why))
        if not any(holding.values()):
            return kept, gaps
        kept = [change for change in kept if holding[id(change)] is None]
