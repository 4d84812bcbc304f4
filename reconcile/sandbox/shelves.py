"""What one pretend platform holds, by account, kind and id."""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import cast

from ..model.pretend import Neighbour, PretendPlatform, Thing, World

Shelf = dict[str, Thing]
Shelves = dict[str, dict[str, Shelf]]
"""Account name → kind → id → thing. Things are JSON, so that a world can be kept in a file."""


@dataclass
class Clock:
    """The world's time: this machine's, moved by an offset that only grows by command."""

    offset: dt.timedelta = dt.timedelta()

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + self.offset

    def advance(self, by: dt.timedelta) -> dt.datetime:
        """Raises ValueError on a step back (what was made would lie in the future) or out of the calendar."""
        if by < dt.timedelta():
            raise ValueError("the clock only goes forward")
        try:
            moment = self.now() + by
        except OverflowError:
            raise ValueError("the calendar ends in the year 9999") from None
        self.offset += by
        return moment


@dataclass
class Ids:
    """Hex ids: the n-th of a seed is always the same."""

    seed: int
    made: int = 0

    def new(self, digits: int = 32) -> str:
        self.made += 1
        return hashlib.shake_256(f"{self.seed}:{self.made}".encode()).hexdigest((digits + 1) // 2)[:digits]


@dataclass
class Place:
    """One platform's part of the world; what its Pretend is given as `World`.

    `account_ids` is by the account's name in the stacks. `past` is the place as it was before the last write, None
    while nobody needs to know.
    """

    clock: Clock
    ids: Ids
    held: Shelves = field(default_factory=dict)
    account_ids: Mapping[str, str] = field(default_factory=dict)
    past: Shelves | None = None
    neighbours: Callable[[str], Neighbour | None] = lambda platform: None
    """The world's other platforms, by name."""

    def shelf(self, account: str, kind: str) -> MutableMapping[str, Thing]:
        return self.held.setdefault(account, {}).setdefault(kind, {})

    def shelves(self, kind: str) -> Mapping[str, MutableMapping[str, Thing]]:
        return {account: kinds[kind] for account, kinds in self.held.items() if kind in kinds}

    def account_id(self, account: str) -> str:
        return self.account_ids[account]

    def now(self) -> dt.datetime:
        return self.clock.now()

    def new_id(self, digits: int = 32) -> str:
        return self.ids.new(digits)

    def beside(self, platform: str) -> Neighbour | None:
        return self.neighbours(platform)

    def remember(self) -> None:
        """Keep the place as it is now, for listings that lag. A whole copy: things may be changed in place."""
        self.past = cast(Shelves, json.loads(json.dumps(self.held)))

    def yesterday(self) -> World:
        """The place before the last write. Writing to it changes nothing that lasts."""
        return Place(self.clock, self.ids, self.past or {}, self.account_ids, neighbours=self.neighbours)


@dataclass
class Shifted:
    """The place as a later page sees it when something moved the page boundary after the first page was read.

    `first` is the id that the first page began with. It was deleted in between (everything moves up, one thing is
    never shown), or, with `repeat`, another was made before it (one thing is shown twice).
    """

    place: Place
    first: str
    repeat: bool

    def shelf(self, account: str, kind: str) -> MutableMapping[str, Thing]:
        shelf = self.place.shelf(account, kind)
        if self.first not in shelf:
            return shelf
        if not self.repeat:
            return {id: thing for id, thing in shelf.items() if id != self.first}
        intruder = "0" * len(self.first)
        seen: Shelf = {}
        for id, thing in shelf.items():
            if id == self.first:
                seen[intruder] = {**thing, "id": intruder}
            seen[id] = thing
        return seen

    def shelves(self, kind: str) -> Mapping[str, MutableMapping[str, Thing]]:
        return {account: self.shelf(account, kind) for account in self.place.shelves(kind)}

    def account_id(self, account: str) -> str:
        return self.place.account_id(account)

    def now(self) -> dt.datetime:
        return self.place.now()

    def new_id(self, digits: int = 32) -> str:
        return self.place.new_id(digits)

    def beside(self, platform: str) -> Neighbour | None:
        return self.place.beside(platform)


@dataclass(frozen=True)
class Reach:
    """What one platform of a world can see and do on another, as a person with a console could."""

    place: Place
    pretend: PretendPlatform

    def shelf(self, account: str, kind: str) -> Mapping[str, Thing]:
        return self.place.shelf(account, kind)

    def create(self, account: str, kind: str, fields: Mapping[str, str]) -> Thing:
        return self.pretend.create(self.place, account, kind, fields)

    def delete(self, account: str, kind: str, id: str) -> None:
        self.pretend.delete(self.place, account, kind, id)
