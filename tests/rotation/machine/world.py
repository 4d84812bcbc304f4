"""What a rotation works on, as plain Python: variables, starts, services, credentials, rows. The machine sees it only
through `estate.py` and `makers.py`; the truth that the invariants are checked against is here."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconcile.model.errors import Rejected

from .points import AFTER, READ, Points, fault_of

START_TAKES = dt.timedelta(minutes=2)
SLOW = dt.timedelta(minutes=7)
"""When a call that seemed lost has its effect after all."""
EPOCH = dt.datetime(2026, 1, 5, 3, tzinfo=dt.UTC)
CURRENT = "API_SECRET"
PREVIOUS = "API_SECRET_PREVIOUS"
ROWS = 3
MOST_ROWS = 12
BATCH = 4


@dataclass(slots=True)
class Start:
    """One start of a unit, with the variables as they stood when it began."""

    id: str
    holds: dict[str, str]
    ends_at: dt.datetime
    state: str = "starting"
    dooms: bool = False

    def copy(self) -> "Start":
        return Start(self.id, self.holds, self.ends_at, self.state, self.dooms)


@dataclass(slots=True)
class Unit:
    """A service: what is written for it, how it was started, and what runs."""

    name: str
    variables: dict[str, str] = field(default_factory=dict)
    stamps: dict[str, int] = field(default_factory=dict)
    """When each was last written, by the platform's own count."""
    lagging: tuple[dict[str, str], dict[str, int]] | None = None
    """What a listing still shows that lags behind the last write."""
    starts: list[Start] = field(default_factory=list)
    live: Start | None = None
    lagging_starts: tuple[str, str, str] | None = None

    def copy(self) -> "Unit":
        starts = {one.id: one.copy() for one in self.starts}
        live = starts[self.live.id] if self.live else None
        return Unit(
            self.name,
            dict(self.variables),
            dict(self.stamps),
            self.lagging,
            list(starts.values()),
            live,
            self.lagging_starts,
        )

    def standing(self) -> tuple[str, str, str]:
        """The newest start's id and state, and the id of what runs."""
        newest = self.starts[-1] if self.starts else None
        return (newest.id if newest else "", newest.state if newest else "none", self.live.id if self.live else "")


@dataclass(slots=True)
class Credential:
    """What an issuer made. `role` is the slot it stands in, where there are two."""

    id: str
    name: str
    value: str
    live: bool = True
    role: str = ""

    def copy(self) -> "Credential":
        return Credential(self.id, self.name, self.value, self.live, self.role)


class World(Points):
    """Everything outside of the ledger. Each call has a point before and one after; after each effect `watch` looks."""

    def __init__(self, units: tuple[str, ...] = ("api", "worker")) -> None:
        super().__init__()
        self.now = EPOCH
        self.units = {name: Unit(name) for name in units}
        self.credentials: dict[str, Credential] = {}
        self.rows: list[str] = []
        self.late: list[tuple[dt.datetime, str, str, tuple[Any, ...]]] = []
        self.serial = 0
        self.effects = 0
        self.acts = 0
        """Effects that were called for, not those of time and of other people."""
        self.refuses: dict[str, str] = {}
        """Unit to how it takes a value it does not like: `fails` to start, or runs `sick`."""
        self.likes: frozenset[str] = frozenset()
        self.needs: dict[str, str] = {}
        """Unit to the variable without which it does not start."""
        self.watch: Callable[[str], None] | None = None
        self.by_hand = 0
        """What people did behind our back."""

    def copy(self) -> "World":
        """As it stands; points count on, faults and watchers are not taken along."""
        other = World(())
        other.now, other.count = self.now, self.count
        other.units = {name: unit.copy() for name, unit in self.units.items()}
        other.credentials = {id: one.copy() for id, one in self.credentials.items()}
        other.rows, other.late = list(self.rows), list(self.late)
        other.serial, other.effects, other.acts, other.by_hand = self.serial, self.effects, self.acts, self.by_hand
        other.refuses, other.likes, other.needs = dict(self.refuses), self.likes, dict(self.needs)
        return other

    # How a call goes.

    def read(self, label: str, now: Callable[[], Any], lagging: Callable[[], Any] | None = None) -> Any:
        kind = self.point(label, READ)
        if kind == "stale":
            return lagging() if lagging else now()
        if kind:
            raise fault_of(kind, label, write=False)
        return now()

    def call(self, label: str, kinds: tuple[str, ...], effect: Callable[..., Any], *words: Any) -> Any:
        kind = self.point(label, kinds)
        if kind == "slow":
            self.late.append((self.now + SLOW, label, effect.__name__, words))
        if kind == "partial":
            words = (*words, 1)
        if kind == "fails":
            words = (*words, True)
        if kind and kind not in ("lost reply", "partial", "fails"):
            raise fault_of(kind, label, write=kind not in ("429", "403"))
        answer = effect(*words)
        self.acts += 1
        self.happened(label)
        if kind in ("lost reply", "partial"):
            raise fault_of(kind, label, write=True)
        self.point(f"{label} done", AFTER)
        return answer

    def happened(self, label: str) -> None:
        """After every effect, of whoever it is."""
        self.effects += 1
        if self.watch is not None:
            self.watch(label)

    # Time.

    def next_event(self) -> dt.datetime | None:
        moments = [one.ends_at for unit in self.units.values() for one in unit.starts if one.state == "starting"]
        return min([*moments, *(one[0] for one in self.late)], default=None)

    def pass_time(self, to: dt.datetime) -> None:
        """Lets happen what is under way, in order, up to a time."""
        while (event := self.next_event()) is not None and event <= to:
            self.now = max(self.now, event)
            for one in [one for one in self.late if one[0] <= event]:
                self.late.remove(one)
                _, label, name, words = one
                try:
                    getattr(self, name)(*words)
                except Rejected:
                    continue
                self.happened(f"late {label}")
            for unit in self.units.values():
                for start in unit.starts:
                    if start.state == "starting" and start.ends_at <= event:
                        self._came_up(unit, start)
        self.now = max(self.now, to)
        if self.rows and len(self.rows) < MOST_ROWS:
            # Somebody uses the service: it writes under the key it runs with.
            self.rows.extend(holds[CURRENT] for _, holds in self.running())

    def _came_up(self, unit: Unit, start: Start) -> None:
        unit.lagging_starts = unit.standing()
        needed = self.needs.get(unit.name, "")
        fails = start.dooms or (needed != "" and needed not in start.holds)
        if self.refuses.get(unit.name) == "fails" and start.holds.get(CURRENT) not in (None, *self.likes):
            fails = True
        start.state = "failed" if fails else "live"
        newer_runs = unit.live is not None and unit.live.id > start.id
        if not fails and not newer_runs:
            unit.live = start
        self.tell(f"       {unit.name} {start.id} {start.state}: {start.holds}")
        self.happened(f"{unit.name} {start.state}")

    # Effects on the platform.

    def put(self, unit: str, values: Mapping[str, str | None], most: int | None = None) -> None:
        """Writes variables; None takes one away. `most`: only so many of them before it breaks."""
        place = self.units[unit]
        place.lagging = (dict(place.variables), dict(place.stamps))
        for name, value in list(values.items())[:most]:
            self.serial += 1
            place.stamps[name] = self.serial
            if value is None:
                place.variables.pop(name, None)
            else:
                place.variables[name] = value
        self.tell(f"       {unit} {place.variables}")

    def begin(self, unit: str, dooms: bool = False) -> None:
        """Starts a unit with what is written now."""
        place = self.units[unit]
        place.lagging_starts = place.standing()
        self.serial += 1
        place.starts.append(
            Start(f"start-{self.serial:05}", dict(place.variables), self.now + START_TAKES, dooms=dooms)
        )
        del place.starts[:-6]
        if place.live is not None and place.live not in place.starts:
            place.starts.insert(0, place.live)

    # Effects at the issuer.

    def fresh_value(self) -> str:
        self.serial += 1
        return f"s3cr3t-{self.serial:05}"

    def make(self, name: str, roles: int = 0, in_place: bool = False) -> Credential:
        """Makes a credential. With `roles` it takes an idle one; in place the one before dies."""
        role = ""
        if roles:
            busy = {one.role for one in self.credentials.values() if one.live}
            idle = [f"role-{number}" for number in range(roles) if f"role-{number}" not in busy]
            if not idle:
                raise Rejected("no role is idle")
            role = idle[0]
        if in_place:
            for one in self.credentials.values():
                one.live = False
        value = self.fresh_value()
        made = Credential(f"id-{self.serial:05}", name, value, role=role)
        self.credentials[made.id] = made
        self.tell(f"       made {made}")
        return made

    def end(self, id: str) -> None:
        one = self.credentials.get(id)
        if one is not None:
            one.live = False
        self.tell(f"       ended {one}")

    def reencrypt(self, old: str, new: str) -> None:
        """One batch."""
        left = [number for number, key in enumerate(self.rows) if key != new]
        for number in left[:BATCH]:
            self.rows[number] = new

    def is_live(self, value: str) -> bool:
        return any(one.live and one.value == value for one in self.credentials.values())

    # The truth.

    def running(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        """Units that run, with what they run with."""
        for unit in self.units.values():
            if unit.live is not None:
                yield unit.name, unit.live.holds

    def is_sick(self, unit: str) -> bool:
        live = self.units[unit].live
        return live is None or (self.refuses.get(unit) == "sick" and live.holds.get(CURRENT) not in (None, *self.likes))
