"""What is only seen: its value is not ours, yet whoever writes it is noticed (DESIGN D10).

the fingerprint     the time of writing    then
is another one      -                      touched, and the value changed
is the same         moved                  as it was: the same value was written again
nobody can make it  moved                  touched, value unknown
                    is the same            as it was
no history          -                      taken as right, by the next apply
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from ...model.change import Touched
from ...model.memory import TOUCHED, Applied, Memory, Sighting
from ...model.observation import Seen
from ...model.resource import Resource
from ...model.spec import Declared, Place

Fingerprint = Callable[[str], str]


@dataclass(frozen=True)
class Sightings:
    """What the ledger remembers of things that are only seen, by where they are declared and by what they are."""

    at_place: Mapping[Place, Sighting]
    fingerprint: Fingerprint | None = None
    """None: there is no key to make one with."""
    by_thing: Mapping[tuple[str, str, str], Sighting] = field(default_factory=dict)
    """By (account, kind, id)."""

    @classmethod
    def of(cls, memory: Memory, fingerprint: Fingerprint | None) -> "Sightings":
        things = {(one.account, one.address.full_kind, one.id): one for one in memory.sightings.values()}
        return cls(memory.sightings, fingerprint, things)

    def look(self, one: Declared, seen: Seen, at: str) -> tuple[Sighting | None, Touched | None]:
        """What the ledger is yet to remember (None: nothing new), and whether somebody wrote the thing.

        `at` is when it was seen, ISO 8601, UTC.
        """
        prints = _prints(seen.resource, self.fingerprint)
        now = Sighting(one.stack, one.account, one.address, seen.id, prints, at=at)
        before = self._before(now)
        if before is None:
            return now, None
        changed = _is_changed(before.prints, prints) if before.id == now.id else None
        if changed is None or changed:
            told = Touched(before, now, known=bool(changed), at=one.at)
            # Where a platform tells no time, the first look that found it counts.
            noticed = now.touched or before.noticed or at
            moved = replace(before, stack=one.stack, address=one.address, noticed=noticed)
            return (None if moved == before else moved), told
        # A pass without the key must not lose the fingerprint that an earlier one could make.
        kept = replace(now, prints={**before.prints, **prints})
        return (None if replace(kept, at=before.at) == before else kept), None

    def _before(self, now: Sighting) -> Sighting | None:
        """A thing is known by its id wherever it was declared, so that a new name does not hide who wrote it."""
        here = self.at_place.get(now.place)
        if here is not None and here.id == now.id:
            return here
        return self.by_thing.get((now.account, now.address.full_kind, now.id), here)


def is_watched(resource: Resource) -> bool:
    """Whether it is somebody's value that must be there: not a zone that is only looked up, nor what is rotated."""
    return resource.only_seen and not (resource.lookup or resource.rotated)


def unsighted(memory: Memory, declared: Mapping[Place, Declared], stacks: Collection[str]) -> tuple[Place, ...]:
    """Where some stacks no longer declare anything that is only seen."""
    watched = {place for place, one in declared.items() if is_watched(one.resource)}
    return tuple(place for place in memory.sightings if place.stack in stacks and place not in watched)


def let_go(memory: Memory, declared: Mapping[Place, Declared], stacks: Collection[str]) -> list[Place]:
    """Where some stacks say of what is ours that its value is not ours any more."""
    owned: Iterable[Place] = (row.place for row in memory.owned if row.place.stack in stacks)
    return [place for place in owned if place in declared and is_watched(declared[place].resource)]


def is_rewritten(one: Declared, live: Resource, applied: Applied, fingerprint: Fingerprint | None) -> bool:
    """Whether somebody wrote a secret of ours since, where nobody here knows the value that was applied."""
    if not applied.prints or one.resource.secrets():
        return False
    return _is_changed(applied.prints, _prints(live, fingerprint)) is not False


def _prints(live: Resource, fingerprint: Fingerprint | None) -> dict[str, str]:
    prints = {TOUCHED: live.touched_at()} if live.touched_at() else {}
    if fingerprint is not None:
        prints.update({name: fingerprint(value.reveal()) for name, value in live.secrets().items()})
    return prints


def _is_changed(before: Mapping[str, str], now: Mapping[str, str]) -> bool | None:
    """Whether the value is another one; None where it was touched and nobody can tell."""
    comparable = (before.keys() & now.keys()) - {TOUCHED}
    if comparable:
        return any(before[name] != now[name] for name in comparable)
    return None if TOUCHED in before and TOUCHED in now and before[TOUCHED] != now[TOUCHED] else False
