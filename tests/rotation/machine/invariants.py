"""I1 to I11 as claims about the world and the books, looked at after every effect and every saving.

The truth is in the world; the machine cannot see it.
"""

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from reconcile.model.rotated import Secret
from reconcile.model.rotation import State, Version

from .books import MemoryBooks, print_of
from .cases import Case
from .world import CURRENT, World

CANARY = "s3cr3t-"
"""What every value begins with."""

RETENTION = dt.timedelta(days=7)
SOMEBODYS = "somebody's"
"""Name of a credential that is none of ours."""


@dataclass(frozen=True)
class Violation:
    """One broken promise: which, and what was seen."""

    invariant: str
    text: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.text}"


@dataclass
class Guard:
    """Looks after each effect. `secret` is the one declared now; a test may change it on the way."""

    case: Case
    world: World
    books: MemoryBooks
    secret: Secret
    leaks: bool = False
    """Whether texts are searched for values (I10): slow."""
    found: list[Violation] = field(default_factory=list)
    used_old: bool = False
    last_use: dt.datetime | None = None
    """When a service last ran on the old value of the rotation under way."""
    orphans: int = 1
    """How many credentials nobody knows of there may be at once."""

    def attach(self) -> None:
        self.world.watch = self.effect
        self.books.watch = self.saved

    def effect(self, label: str) -> None:
        self._note_use()
        self._claim("I1", only_copies(self))
        if self.case.promises:
            self._claim("I2", refused(self))
        word, _, rest = label.removeprefix("late ").partition(" ")
        if word == "end":
            self._claim("I3", ended_early(self, rest))
        elif word == "make":
            self._claim("I5", too_many(self))
            self._claim("I11", unannounced(self, rest))
        elif word == "put":
            self._claim("I1", unsealed(self, rest))
            self._claim("I9", put_back(self, rest))

    def saved(self, before: State, after: State, erased: Collection[int]) -> None:
        self._claim("I1", erased_early(self, before, after, erased))
        self._claim("I3", dropped_early(self, before, after))
        self._claim("I5", too_many_versions(after))
        self._claim("I8", went_back(before, after))
        if self.leaks:
            self._claim("I10", leaks(self, after))

    def _note_use(self) -> None:
        if self.used_old:
            self.last_use = self.world.now
        old = self.state.old
        prints = set(old.prints.values()) if old else set()
        self.used_old = any(print_of(value) in prints for _, holds in self.world.running() for value in holds.values())

    def soaked(self) -> bool:
        """Whether both values lived long enough since the last service left the old one."""
        soaks = self.case.strategy not in ("replace", "roll")
        leaked = any(one.compromised for one in self.state.versions)
        if not soaks or leaked or self.last_use is None:
            return True
        return not self.used_old and self.world.now - self.last_use >= self.secret.soak

    def _claim(self, invariant: str, broken: Iterator[str]) -> None:
        for text in broken:
            one = Violation(invariant, text)
            self.world.tell(f"       !!! {one}")
            if one not in self.found:
                self.found.append(one)

    @property
    def state(self) -> State:
        return self.books.state(self.secret.name)

    def version_of(self, value: str) -> Version | None:
        print = print_of(value)
        return next((one for one in self.state.versions if print in one.prints.values()), None)

    def names(self) -> Iterator[tuple[str, str, str]]:
        """Unit, variable, and variable of the second value ("" for none), of every consumer declared now."""
        for one in self.secret.consumers:
            yield one.unit.address.name, one.address.leaf, one.previous.leaf if one.previous else ""


def only_copies(guard: Guard) -> Iterator[str]:
    """A value that something needs is sealed, or the platform can show it."""
    world = guard.world
    there = {value for kept in guard.books.sealed.values() for value in kept.values()}
    for unit in world.units.values():
        if unit.name not in guard.case.unreadable:
            there.update(unit.variables.values())
    for row in world.rows:
        if row not in there:
            yield f"rows are under {row}, which nobody has"
    for name, holds in world.running():
        for variable, value in holds.items():
            if value not in there:
                version = guard.version_of(value)
                if version is not None and version.ended_at is None and not version.compromised:
                    yield f"{name} runs with {variable} of version {version.number}, which nobody has"


def refused(guard: Guard) -> Iterator[str]:
    """Running services whose value the issuer, a peer or the rows do not take."""
    world = guard.world
    running = dict(world.running())
    if not guard.case.shared:
        for unit, variable, _ in guard.names():
            value = running.get(unit, {}).get(variable)
            if value is not None and not world.is_live(value):
                yield f"{unit} runs with {value}, which its issuer refuses"
        return
    if world.by_hand or any(one.compromised for one in guard.state.versions):
        # Accepting what a thief may have signed would let him in: everybody is logged out instead.
        return
    accepts: list[tuple[str, str, set[str]]] = []
    for unit, variable, second in guard.names():
        holds = running.get(unit)
        if holds is not None and variable in holds:
            accepts.append((unit, variable, {holds[variable], holds.get(second, holds[variable])}))
    for unit, variable, taken in accepts:
        for other, its_variable, _ in accepts:
            value = running[other][its_variable]
            if its_variable == variable and value not in taken:
                yield f"{unit} refuses {other}: {value} is not among {sorted(taken)}"
        for row in world.rows:
            if row not in taken:
                yield f"{unit} cannot read a row under {row}"


def ended_early(guard: Guard, id: str) -> Iterator[str]:
    """A credential was ended that something holds, or before its time."""
    one = guard.world.credentials.get(id)
    state = guard.state
    rotation = state.rotation
    if one is None or (rotation is not None and rotation.revoke_first):
        return
    for unit in guard.world.units.values():
        if one.value in unit.variables.values():
            yield f"{id} was ended while {unit.name} has it written"
        if unit.live is not None and one.value in unit.live.holds.values():
            yield f"{id} was ended while {unit.name} runs with it"
    fence = one.name.rpartition("/")[2]
    if not fence.isdigit() or int(fence) > guard.books.actor:
        yield f"{one.name} was ended by a run of fence {guard.books.actor} (I8)"
    version = next((found for found in state.versions if found.id == id), None)
    if version is None or rotation is None or guard.books.actor != state.fence:
        return
    if version.number == rotation.old:
        if rotation.committed_at is None:
            yield f"{id} was ended before the point of no return was kept"
        if not guard.soaked():
            yield f"{id} was ended before its soak was over"


def dropped_early(guard: Guard, before: State, after: State) -> Iterator[str]:
    """A version counts as ended while a consumer runs with it, or has it written."""
    dead = {one.number for one in before.versions if one.ended_at is not None}
    if before.rotation is not None and before.rotation.revoke_first:
        return
    for version in after.versions:
        if version.ended_at is None or version.number in dead or guard.world.by_hand:
            continue
        prints = set(version.prints.values())
        for unit, holds in guard.world.running():
            if prints & {print_of(value) for value in holds.values()}:
                yield f"version {version.number} is {version.status} while {unit} runs with it"
        for place in guard.world.units.values():
            if prints & {print_of(value) for value in place.variables.values()}:
                yield f"version {version.number} is {version.status} while {place.name} has it written"
        rotation = before.rotation
        two = guard.case.strategy in ("overlap", "migrate")
        if rotation is not None and version.number == rotation.old and not two and not guard.soaked():
            yield f"version {version.number} is {version.status} before its soak was over"
        if any(print_of(row) in prints for row in guard.world.rows):
            yield f"version {version.number} is {version.status} while rows are under it"


def too_many(guard: Guard) -> Iterator[str]:
    alive = [one.name for one in guard.world.credentials.values() if one.live]
    if len(alive) > 2 + guard.orphans:
        yield f"{len(alive)} credentials live: {alive}"


def too_many_versions(after: State) -> Iterator[str]:
    live = [one.number for one in after.versions if one.ended_at is None]
    if len(live) > 2 and not any(one.compromised for one in after.versions):
        yield f"versions {live} live at once"
    current = [one.number for one in after.versions if one.status == "current"]
    if len(current) > 1:
        yield f"versions {current} are current at once"


def unannounced(guard: Guard, name: str) -> Iterator[str]:
    rotation = guard.state.rotation
    if guard.books.actor == guard.state.fence and (rotation is None or rotation.announced != name or not name):
        yield f"a credential was made as {name!r}, which was not announced"


def unsealed(guard: Guard, unit: str) -> Iterator[str]:
    """What the machine writes is sealed by then."""
    there = {value for kept in guard.books.sealed.values() for value in kept.values()}
    place = guard.world.units[unit]
    before = place.lagging[0] if place.lagging else {}
    for name, value in place.variables.items():
        if before.get(name) != value and value not in there:
            yield f"{unit} {name} was written before its value was sealed"


def put_back(guard: Guard, unit: str) -> Iterator[str]:
    """A compromised version was written where it was not."""
    place = guard.world.units[unit]
    before = place.lagging[0] if place.lagging else {}
    for name, value in place.variables.items():
        version = guard.version_of(value)
        if version is not None and (version.compromised or version.status == "compromised"):
            # Data under it must stay readable until it has moved.
            rotation = guard.state.rotation
            goes_on = rotation is not None and rotation.new == version.number
            still_needed = guard.case.strategy == "migrate" and (name != CURRENT or goes_on)
            if before.get(name) != value and not still_needed:
                yield f"{unit} {name} was given version {version.number}, which is compromised"


def erased_early(guard: Guard, before: State, after: State, erased: Collection[int]) -> Iterator[str]:
    for number in erased:
        version = after.version(number)
        if guard.secret.irreplaceable:
            yield f"version {number} was erased, and is irreplaceable"
        elif version is not None and version.ended_at and guard.world.now - version.ended_at < RETENTION:
            yield f"version {number} was erased before its retention was over"
        elif version is not None and version.ended_at is None and guard.case.unreadable:
            yield f"version {number} was erased while it is {version.status}"
    for version in after.versions:
        if version.kept and (after.secret, version.number) not in guard.books.sealed:
            yield f"version {version.number} is said to be kept, and is not"


def went_back(before: State, after: State) -> Iterator[str]:
    if after.fence < before.fence or after.turn <= before.turn:
        yield f"fence {before.fence} to {after.fence}, turn {before.turn} to {after.turn}"


def leaks(guard: Guard, after: State) -> Iterator[str]:
    if CANARY in repr(after) or CANARY in repr(guard.books.history[-4:]):
        yield "a value stands in the books in clear"


def unfinished(guard: Guard) -> Iterator[str]:
    """I6: what is not as it must be when a rotation has ended and the sweep has gone over it."""
    state, world = guard.state, guard.world
    if state.rotation is not None:
        yield f"still {state.rotation.phase}: {state.rotation.why or state.rotation.held}"
        return
    current = state.current
    if current is None:
        if state.ended != "aborted":
            yield "no version is current"
        return
    for unit, variable, second in guard.names():
        places: tuple[tuple[str, dict[str, str] | None], ...] = (
            ("has written", world.units[unit].variables),
            ("runs with", dict(live.holds) if (live := world.units[unit].live) else None),
        )
        for verb, holds in places:
            if holds is None:
                yield f"{unit} does not run"
            elif print_of(holds.get(variable, "")) not in current.prints.values():
                yield f"{unit} {verb} {holds.get(variable)} as {variable}, not version {current.number}"
            elif second in holds:
                yield f"{unit} {verb} {second} still"
    alive = [one for one in world.credentials.values() if one.live and one.name != SOMEBODYS]
    if not guard.case.shared and [print_of(one.value) for one in alive] != list(current.prints.values()):
        yield f"alive are {[one.name for one in alive]}, current is {current.name}"
    if any(print_of(row) not in current.prints.values() for row in world.rows):
        yield "rows are under another version than the current one"
    if not guard.secret.irreplaceable:
        kept = [number for _, number in guard.books.sealed if number != current.number]
        if kept:
            yield f"values of versions {kept} are kept after their retention"
