"""What runs in a pretend world, and which of it runs on a value that whoever made it refuses.

Looked at after everything that changed the world: a call, a person's hand, the clock. Values never leave this module:
what is told of one is a digest under a salt of the world's own, by which two can be compared and none be found.
"""

import datetime as dt
import hashlib
import hmac
import secrets
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..model.pretend import RunningUnit
from .mount import Mount

SHORTEST = 8
"""No vendor's credential is shorter: what is, is not asked about."""
_KEPT = 100_000
Place = tuple[str, str]
"""A platform and an account on it."""
Spot = tuple[str, str, str, str]
"""A platform, an account, a unit and a variable."""


@dataclass
class Refused:
    """A unit that runs on a refused value. `by` is what had happened when it was first seen; `until` "" while it
    lasts."""

    at: str
    platform: str
    account: str
    unit: str
    variable: str
    by: str
    until: str = ""


@dataclass(frozen=True)
class Ran:
    """What a unit runs from a moment on: the start's id ("": nothing), digests by variable, whether it is well."""

    at: str
    platform: str
    account: str
    kind: str
    unit: str
    start: str
    values: Mapping[str, str]
    well: bool
    by: str


@dataclass
class Watch:
    """Looks at every unit of a world. Whoever calls holds the world's lock."""

    mounts: Mapping[str, Mount]
    now: Callable[[], dt.datetime]
    salt: bytes = field(default_factory=lambda: secrets.token_bytes(16), repr=False)
    refused: deque[Refused] = field(default_factory=lambda: deque(maxlen=_KEPT))
    timeline: deque[Ran] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _units: dict[Place, dict[str, RunningUnit]] = field(default_factory=dict, repr=False)
    _said: dict[Place, dict[str, bool]] = field(default_factory=dict, repr=False)
    """By whom a value was told to be a credential of theirs, and whether it works."""
    _held: dict[Spot, tuple[str, Refused]] = field(default_factory=dict, repr=False)
    """What runs on a refused value now, and which."""

    def look(self, by: str, where: Place | None = None) -> None:
        """After something happened on one account of one platform; None: anywhere."""
        if where is None:
            moved = self._see(self._runs, by)
            asked: Iterable[Place] = self._takes
        else:
            restless = [place for place, units in self._units.items() if any(one.starting for one in units.values())]
            moved = self._see([one for one in dict.fromkeys((where, *restless)) if one in self._runs], by)
            asked = [where] if where in self._takes else []
        if moved:
            self._ask(self._takes, moved)
        self._ask(asked, None)
        if moved or asked:
            self._judge(by)

    def _judge(self, by: str) -> None:
        """Notes what is refused now. Before anything is, all units are looked at: one may have been replaced since."""
        found = self._refused()
        if any(spot not in self._held or self._held[spot][0] != value for spot, value in found.items()):
            self._ask(self._takes, self._see(self._runs, by))
            found = self._refused()
        at = _stamp(self.now())
        for spot, (value, refused) in list(self._held.items()):
            if found.get(spot) != value:
                refused.until = at
                del self._held[spot]
        for spot, value in found.items():
            if spot not in self._held:
                refused = Refused(at, *spot, by)
                self._held[spot] = (value, refused)
                self.refused.append(refused)

    def told(self) -> dict[str, Any]:
        """All that was seen so far, and what runs now, as JSON; values as digests."""
        self.look("the clock")
        runs = [
            {"platform": platform, "account": account, "kind": one.kind, "unit": one.name, "start": one.id,
             "well": one.well, "values": self._digests(one)}
            for (platform, account), units in self._units.items() for one in units.values()
        ]  # fmt: skip
        return {
            "refused": [vars(one).copy() for one in self.refused],
            "running": runs,
            "timeline": [{name: getattr(one, name) for name in one.__dataclass_fields__} for one in self.timeline],
        }

    def units(self) -> dict[Place, list[RunningUnit]]:
        """What runs at this moment."""
        self.look("the clock")
        return {place: list(units.values()) for place, units in self._units.items()}

    @cached_property
    def _runs(self) -> list[Place]:
        return self._having("running")

    @cached_property
    def _takes(self) -> list[Place]:
        return self._having("takes")

    def _having(self, verb: str) -> list[Place]:
        return [
            (name, account)
            for name, mount in self.mounts.items()
            if hasattr(mount.pretend, verb)
            for account in mount.accounts()
        ]

    def _see(self, places: Iterable[Place], by: str) -> set[str]:
        """Looks at what runs there; returns the values that were not run before."""
        fresh: set[str] = set()
        for place in places:
            platform, account = place
            mount = self.mounts[platform]
            run: Callable[..., Iterable[RunningUnit]] = mount.pretend.running  # type: ignore[attr-defined]
            before = self._units.get(place, {})
            now = {one.name: one for one in run(mount.place, account)}
            gone = [RunningUnit(one.kind, name) for name, one in before.items() if name not in now and one.id]
            for one in (*now.values(), *gone):
                was = before.get(one.name)
                if was is None or (was.id, was.well) != (one.id, one.well):
                    fresh |= {value for value in one.values.values() if len(value) >= SHORTEST}
                    if was is not None or one.id:
                        told = (_stamp(self.now()), platform, account, one.kind, one.name, one.id)
                        self.timeline.append(Ran(*told, self._digests(one), one.well, by))
            self._units[place] = now
        return fresh

    def _ask(self, places: Iterable[Place], values: set[str] | None) -> None:
        """Whether they take values; None: all that run, anew."""
        for place in places:
            platform, account = place
            mount = self.mounts[platform]
            takes: Callable[..., bool | None] = mount.pretend.takes  # type: ignore[attr-defined]
            said = self._said.setdefault(place, {})
            if values is None:
                said.clear()
            for value in self._values() if values is None else values:
                verdict = takes(mount.place, account, value)
                if verdict is not None:
                    said[value] = verdict

    def _values(self) -> set[str]:
        return {
            value
            for units in self._units.values()
            for one in units.values()
            for value in one.values.values()
            if len(value) >= SHORTEST
        }

    def _refused(self) -> dict[Spot, str]:
        """What runs on a value that somebody refuses and nobody takes."""
        dead = {value for said in self._said.values() for value, works in said.items() if not works}
        dead -= {value for said in self._said.values() for value, works in said.items() if works}
        if not dead:
            return {}
        return {
            (platform, account, one.name, variable): value
            for (platform, account), units in self._units.items()
            for one in units.values()
            if one.id
            for variable, value in one.values.items()
            if value in dead
        }

    def _digests(self, unit: RunningUnit) -> dict[str, str]:
        return {name: self.digest(value) for name, value in unit.values.items()}

    def digest(self, value: str) -> str:
        return hmac.new(self.salt, value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:16]


def _stamp(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
