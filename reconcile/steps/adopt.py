"""Taking over: which ownership and which history follow from what is declared and lives already.

declared, lives, not ours     owned; history = the live values of the declared fields
declared, lives, ours, new    the same, for what `recover` found: owned without a history
undeclared, our mark or ours  only where it is named: history = all live values, so that the next plan deletes it
absent, or not seen           nothing
only seen, and touched        taken as right where it is named; where nobody touched it, as it was found
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..model.change import Change, Plan
from ..model.memory import Applied, Memory, Owned, Sighting
from ..model.observation import Mark, Seen
from ..model.resource import Address, Resource
from ..model.secret import SecretText
from ..model.spec import Declared, Place, Tree
from ..store import Ledger, kept_fields


@dataclass(frozen=True)
class Taken:
    """What the ledger is to hold. `differing`: what the next plan will change; `undeclared`: what it will delete."""

    owned: tuple[Owned, ...] = ()
    applied: tuple[Applied, ...] = ()
    differing: tuple[Place, ...] = ()
    undeclared: tuple[Place, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    """Of what is only seen: as the ledger is to remember it."""
    accepted: tuple[Sighting, ...] = ()
    """The same, where a person says that what others wrote is right."""

    @property
    def identical(self) -> int:
        return len(self.applied) - len(self.differing) - len(self.undeclared)

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(one.place for one in self.applied)


@dataclass
class _Taking:
    revision: str
    at: str
    owned: list[Owned]
    applied: list[Applied]
    differing: list[Place]
    undeclared: list[Place]

    def history(self, stack: str, address: Address, values: Mapping[str, Any], references: Mapping[str, str]) -> None:
        self.applied.append(Applied(stack, address, self.revision, dict(values), dict(references), {}, self.at))


def take_over(
    plan: Plan, tree: Tree, memory: Memory, at: datetime, addresses: Collection[Address] = frozenset()
) -> Taken:
    """What adopting does, for a plan in mode "spec". `addresses`: only these; empty: everything declared.

    Pure: writes nothing. The same call on the plan that follows takes nothing more.
    """
    taking = _Taking(tree.revision, at.isoformat().replace("+00:00", "Z"), [], [], [], [])

    def wanted(address: Address) -> bool:
        return not addresses or address in addresses

    for change in (*plan.adopt, *(one for one in plan.changes if one.verb == "adopt")):
        if wanted(change.address):
            _take(change, taking)
    for one in plan.owning:
        if wanted(one.address) and one.declared is not None and one.reason not in ("moved", "agreed"):
            _claim(one.seen, one.declared, plan, memory, taking)
    _give_history(plan, tree, memory, wanted, taking)
    if addresses:
        _take_undeclared(plan, tree.project.name, addresses, memory, taking)
    accepted = tuple(one.now for one in plan.touched if one.place.address in addresses)
    places = {one.place for one in accepted}
    return Taken(
        tuple(taking.owned),
        tuple(taking.applied),
        tuple(taking.differing),
        tuple(taking.undeclared),
        tuple(one for one in plan.sightings if wanted(one.address) and one.place not in places),
        accepted,
    )


def keep(ledger: Ledger, taken: Taken, run: int | None = None) -> None:
    """Writes what was taken over."""
    ledger.own(taken.owned, taken.applied, "adopted", run)
    ledger.sight(taken.sightings, run=run)
    ledger.sight(taken.accepted, why="touch accepted", run=run)


def _take(change: Change, taking: _Taking) -> None:
    assert change.before is not None and change.after is not None
    live = change.before
    taking.owned.append(
        Owned(change.account, change.address.full_kind, live.keys()[0], change.id, change.address, change.stack)
    )
    taking.history(change.stack, change.address, baseline(change.after, live), change.references)
    if change.fields:
        taking.differing.append(change.place)


def _claim(seen: Seen, declared: Declared, plan: Plan, memory: Memory, taking: _Taking) -> None:
    """A thing that our mark or an announcement says is ours, before the ledger knows it."""
    here = declared.place
    taking.owned.append(Owned(declared.account, seen.kind, seen.key, seen.id, declared.address, declared.stack))
    if here not in memory.applied:
        taking.history(*here, baseline(declared.resource, seen.resource), declared.references)
        if any(one.place == here for one in plan.changes):
            taking.differing.append(here)


def _give_history(plan: Plan, tree: Tree, memory: Memory, wanted: Callable[[Address], bool], taking: _Taking) -> None:
    """What is owned, declared, lives, and has no history: after `recover`."""
    changes = {one.place: one for one in plan.changes}
    hidden = {(gap.account, gap.kind, gap.container) for gap in plan.gaps}
    accepted: dict[Place, dict[str, Any]] = {}
    for difference in plan.accepted:
        fields = accepted.setdefault(Place(difference.stack, difference.address), {})
        fields[difference.field.name] = difference.field.before
    for row in memory.owned:
        here = row.place
        spec = tree.stacks.get(row.stack)
        declared = spec.declared.get(row.address) if spec else None
        if here in memory.applied or row.stack not in plan.stacks or declared is None or not wanted(row.address):
            continue
        change = changes.get(here)
        if change is not None and change.before is not None:
            taking.history(*here, baseline(declared.resource, change.before), declared.references)
            taking.differing.append(here)
        elif change is None and not _is_hidden(declared, hidden):
            # No change and no gap: it was seen, and lives as it is declared.
            values = {**baseline(declared.resource, declared.resource), **accepted.get(here, {})}
            taking.history(*here, values, declared.references)


def _is_hidden(declared: Declared, hidden: Collection[tuple[str, str, str]]) -> bool:
    kind, container = declared.address.full_kind, declared.resource.container()
    places = ((kind, container), (kind, "*"), ("*", "*"))
    return any((declared.account, *place) in hidden for place in places)


def _take_undeclared(plan: Plan, project: str, addresses: Collection[Address], memory: Memory, taking: _Taking) -> None:
    """What no stack declares any more, and the ledger or our mark knows by one of the addresses."""
    rows = {(one.account, one.kind, one.id): one for one in memory.owned}
    places = [Place(stack, address) for stack in plan.stacks for address in addresses]
    by_mark = {Mark.of(project, *place): place for place in places}
    for left in plan.unmanaged:
        seen = left.seen
        row = rows.get((left.account, seen.kind, seen.id))
        marked = by_mark.get(seen.owner) if seen.owner is not None else None
        here = marked if row is None else row.place
        if here is None or here not in places or here[1].full_kind != seen.kind:
            continue
        stack, address = here
        taking.owned.append(Owned(left.account, seen.kind, seen.key, seen.id, address, stack))
        taking.history(stack, address, kept(seen.resource, type(seen.resource).comparable()), {})
        taking.undeclared.append(here)


def baseline(declared: Resource, live: Resource) -> dict[str, Any]:
    """The live values of the fields that are declared, in JSON form; never a secret's.

    A value that the platform shows to us only is kept where the stack file says it in plain, and it is the same.
    """
    values = kept(live, [name for name in declared.comparable() if getattr(declared, name) is not None])
    plain = {name: value for name, value in kept_fields(declared).items() if isinstance(value, str)}
    hidden = {name: getattr(live, name, None) for name in plain.keys() - values.keys()}
    same = {name for name, value in hidden.items() if isinstance(value, SecretText) and value.is_same(plain[name])}
    return values | {name: plain[name] for name in same}


def kept(resource: Resource, names: Iterable[str]) -> dict[str, Any]:
    """Some fields in JSON form, less secrets and what has no value."""
    wanted = frozenset(names)
    return {name: value for name, value in kept_fields(resource).items() if name in wanted}
