"""The pretend world: every platform, the accounts on them, one clock."""

import datetime as dt
import threading
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..model.pretend import Caller, PretendPlatform, Route, RunningUnit, Thing
from ..model.secret import SecretText
from ..model.spec import Declared, Project
from . import statefile
from .calls import CallLog
from .console import Console, shown
from .doors import in_process
from .faults import Fault, can_meet, parse_fault
from .limits import RateLimit
from .mount import Mount, OnCall, Terms
from .shelves import Clock, Ids, Place, Reach
from .watch import Watch

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


@dataclass(frozen=True)
class AccountSeed:
    """One account on one platform: its name in the stacks, its id there, the token that opens it."""

    account: str
    platform: str
    id: str
    token: SecretText
    tier: str = "free"


class World:
    """Every pretend platform and what it holds.

    `seed` makes its ids repeatable. `state` is a file to begin from and to save to (None: the world ends with the
    process). `record_bodies` keeps what was asked and answered in the call log, for checking it against schemas.
    `on_call` may be set at any time: see `OnCall`.
    """

    def __init__(
        self,
        pretends: Mapping[str, type[PretendPlatform]],
        seeds: Sequence[AccountSeed],
        *,
        seed: int = 0,
        state: Path | None = None,
        latency_seconds: float = 0,
        rate_limits: bool = False,
        record_bodies: bool = False,
    ) -> None:
        self.seeds = tuple(seeds)
        self.log = CallLog(bodies=record_bodies)
        self._lock = threading.RLock()
        self._saving = threading.Lock()
        self._file = state
        self._changes = 0
        self._saved = 0
        kept = statefile.load(state) if state else statefile.State()
        self._clock = Clock(dt.timedelta(seconds=kept.offset_seconds))
        self._ids = Ids(seed, kept.ids)
        self._seeded = set(kept.seeded)
        self._terms = Terms(self._lock, self.log, self._changed, latency_seconds)
        self._mounts = {
            name: self._mount(kind(), kept.platforms.get(name, {}), rate_limits)
            for name, kind in sorted(pretends.items())
        }
        self._watch = Watch(self._mounts, self.now)
        self._terms.looked = self._watch.look
        self._doors = {name: in_process(mount.app()) for name, mount in self._mounts.items()}

    def _mount(self, pretend: PretendPlatform, held: dict[str, dict[str, Any]], rate_limits: bool) -> Mount:
        callers = {
            seed.token.reveal(): Caller(seed.account, seed.id, seed.tier)
            for seed in self.seeds
            if seed.platform == pretend.name
        }
        tiers = getattr(pretend, "rates", {})
        limit = RateLimit(*pretend.rate, lambda: self.now().timestamp(), tiers) if rate_limits else None
        ids = {caller.account: caller.id for caller in callers.values()}
        place = Place(self._clock, self._ids, held, ids, neighbours=self._beside)
        return Mount(pretend, place, callers, self._terms, limit)

    def _beside(self, platform: str) -> Reach | None:
        mount = self._mounts.get(platform)
        return Reach(mount.place, mount.pretend) if mount is not None else None

    @property
    def platforms(self) -> tuple[str, ...]:
        return tuple(self._mounts)

    @property
    def on_call(self) -> OnCall | None:
        return self._terms.on_call

    @on_call.setter
    def on_call(self, told: OnCall | None) -> None:
        self._terms.on_call = told

    def mount(self, platform: str) -> Mount:
        """Raises ValueError, naming the platforms there are."""
        if platform not in self._mounts:
            raise ValueError(f"there is no platform {platform!r} here; there is {', '.join(self._mounts)}")
        return self._mounts[platform]

    def wsgi(self, platform: str) -> "WSGIApplication":
        """The platform for `httpx.WSGITransport`: no sockets, all faults. Its base URL ends in `Pretend.prefix`."""
        self.mount(platform)
        return self._doors[platform]

    def begin(self, declared: Iterable[Declared], project: Project) -> None:
        """Put there what stacks only look up or pin; nothing that the state file has been given before.

        Raises ValueError if a seed's id is not the one that the project pins.
        """
        wanted = list(declared)
        for seed in self.seeds:
            access = project.accounts.get(seed.account, {}).get(seed.platform)
            if access is not None and access.id not in (None, seed.id):
                raise ValueError(f"account {seed.account} is pinned to {access.id} on {seed.platform}, not {seed.id}")
            if seed.platform in self._mounts:
                self._begin(seed, [one for one in wanted if one.account == seed.account])

    def _begin(self, seed: AccountSeed, wanted: Sequence[Declared]) -> None:
        fresh = {
            f"{seed.account} {one.address}": one
            for one in wanted
            if str(one.address).startswith(f"{seed.platform}.") and f"{seed.account} {one.address}" not in self._seeded
        }
        mount = self._mounts[seed.platform]
        with self._writing():
            mount.pretend.seed(mount.place, Caller(seed.account, seed.id, seed.tier), list(fresh.values()))
            self._seeded.update(fresh)

    def now(self) -> dt.datetime:
        """The world's clock, UTC."""
        return self._clock.now()

    def advance(self, by: dt.timedelta) -> dt.datetime:
        """Move the clock on. Raises ValueError as `Clock.advance` does."""
        with self._writing():
            moment = self._clock.advance(by)
            self._watch.look("the clock")
            return moment

    def watched(self) -> dict[str, Any]:
        """What runs, what ran, and what of it ran on a refused value: see `watch`."""
        with self._lock:
            return self._watch.told()

    def running(self) -> dict[tuple[str, str], list[RunningUnit]]:
        """What runs now, by platform and account."""
        with self._lock:
            return self._watch.units()

    def shelf(self, platform: str, account: str, kind: str) -> MutableMapping[str, Thing]:
        """The live things of one kind in one account, by id."""
        return self.mount(platform).place.shelf(account, kind)

    def things(self, platform: str | None = None, kind: str | None = None) -> dict[str, dict[str, dict[str, Any]]]:
        """A copy of what the world holds: platform → account → kind → list of things."""
        with self._lock:
            return {
                name: {
                    account: {
                        word: [shown(mount.pretend, word, thing) for thing in shelf.values()]
                        for word, shelf in _of(kinds, kind)
                    }
                    for account, kinds in mount.place.held.items()
                }
                for name, mount in self._mounts.items()
                if platform in (None, name)
            }

    def calls(self, last: int | None = None) -> list[dict[str, Any]]:
        """What was asked, in order of arrival; the `last` so many, or all."""
        return self.log.told(last)

    def clear_calls(self) -> None:
        """Forget the calls; the next one is number 1."""
        self.log.clear()

    def fault(self, platform: str, text: str) -> None:
        """Arm a fault. Raises ValueError with the grammar, and where no call could ever meet it."""
        mount = self.mount(platform)
        fault = parse_fault(text, mount.pretend.prefix)
        routes = sorted({route.path for route in mount.pretend.routes() if _meets(fault, route)})
        if not can_meet(fault.path, routes):
            shown = "\n".join(f"  {path}" for path in routes)
            raise ValueError(f"no {fault.method} call to {platform} has a path like {fault.path}; there is\n{shown}")
        if fault.account not in (None, *self._accounts(platform)):
            raise ValueError(f"{platform} has no account {fault.account}: {', '.join(self._accounts(platform))}")
        mount.faults.add(fault)

    def clear_faults(self, platform: str | None = None) -> None:
        """Disarm the faults of one platform, or of all."""
        for name in self.platforms if platform is None else (platform,):
            self.mount(name).faults.clear()

    def faults(self) -> dict[str, list[tuple[str, int | None]]]:
        """The faults in force by platform: text, and how often each will still act (None: always)."""
        return {name: mount.faults.told() for name, mount in self._mounts.items()}

    def edit(self, platform: str, kind: str, name: str, account: str | None, fields: Mapping[str, str]) -> Thing:
        """Edit one thing as a person would. How pairs select is told in `Console.to_edit`. Raises ValueError."""
        with self._by_hand(platform, f"edit {platform} {kind} {name}") as (pretend, place, console):
            found, written = console.to_edit(kind, name, account, fields)
            return pretend.edit(place, found.account, kind, found.id, written)

    def delete(self, platform: str, kind: str, name: str, account: str | None, fields: Mapping[str, str]) -> Thing:
        """Delete one thing as a person would, and return what it was; all pairs select. Raises ValueError."""
        with self._by_hand(platform, f"delete {platform} {kind} {name}") as (pretend, place, console):
            found = console.to_delete(kind, name, account, fields)
            was = shown(pretend, kind, found.thing)
            pretend.delete(place, found.account, kind, found.id)
            return was

    def create(self, platform: str, kind: str, name: str, account: str | None, fields: Mapping[str, str]) -> Thing:
        """Make one thing as a person would; `name` is its field `name`. Raises ValueError."""
        with self._by_hand(platform, f"create {platform} {kind} {name}") as (pretend, place, console):
            console.check(kind)
            return pretend.create(place, console.owner(account), kind, {"name": name, **fields})

    def _accounts(self, platform: str) -> tuple[str, ...]:
        return tuple(seed.account for seed in self.seeds if seed.platform == platform)

    @contextmanager
    def _by_hand(self, platform: str, what: str) -> Iterator[tuple[PretendPlatform, Place, Console]]:
        mount = self.mount(platform)
        with self._writing():
            # Unlike calls, hand edits are few: the past is kept for a `stale` that is armed only afterwards.
            mount.place.remember()
            yield mount.pretend, mount.place, Console(mount.pretend, mount.place, self._accounts(platform))
            self._watch.look(what)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock:
            self._changes += 1
            yield

    def _changed(self) -> None:
        self._changes += 1

    def save(self) -> bool:
        """Write the state file, if there is one and something changed since; returns whether it was written."""
        with self._saving:
            if self._file is None or self._changes == self._saved:
                return False
            with self._lock:
                changes = self._changes
                held = {name: mount.place.held for name, mount in self._mounts.items()}
                state = statefile.State(self._clock.offset.total_seconds(), self._ids.made, sorted(self._seeded), held)
                document = statefile.document(state)
            statefile.write_private(self._file, document)
            self._saved = changes
            return True


def _meets(fault: Fault, route: Route) -> bool:
    return fault.method in ("*", route.method) or (fault.method == "GET" and route.reads is not None)


def _of(kinds: Mapping[str, dict[str, Thing]], kind: str | None) -> list[tuple[str, dict[str, Thing]]]:
    return [(word, shelf) for word, shelf in kinds.items() if kind in (None, word)]
