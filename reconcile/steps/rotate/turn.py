"""One turn of one secret: what it was given, and the few ways in which it touches anything outside."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from ...model.issuing import Hook, Issuer, Value
from ...model.rotated import Consumer, Issue, Secret
from ...model.rotation import Phase, Rotation, Standing, State, Step, Version
from .asking import unit_name
from .ports import Books, Entry, Estate, LostRace

LIMIT = 3
"""How often what failed is started again, or what did not stay is written again, before that counts as failure."""
UNWELL = 6
"""How often an unhealthy consumer is looked at again before that counts as failure."""
HOPELESS = 9
"""How many failures, where there is no way back, until only a person can go on."""
FIRST_WAIT = dt.timedelta(seconds=30)
LONGEST_WAIT = dt.timedelta(hours=1)


def back_off(attempts: int) -> dt.timedelta:
    """How long to wait after so many attempts in a row: half a minute, doubled each time, at most an hour."""
    return min(FIRST_WAIT * 2 ** min(attempts - 1, 8), LONGEST_WAIT) if attempts > 0 else dt.timedelta(0)


def _facts(state: State) -> tuple[object, ...]:
    """What must not have changed between reading and claiming."""
    told = (state.told_at, state.next_at, state.unstarted, state.paused)
    return (state.rotation, state.versions, state.recipients, state.cycle, told)


@dataclass
class Turn:
    """`state` is what the books hold as far as this turn knows. Until it is `claimed` nothing is changed, anywhere."""

    secret: Secret
    books: Books
    estate: Estate
    issuer: Issuer
    now: dt.datetime
    hook: Hook | None
    owner: str
    state: State
    claimed: bool = False
    opened: dict[int, Value] = field(default_factory=dict)
    proof: dict[str, str] = field(default_factory=dict)
    """How far each consumer was when it was looked at in this turn."""

    @property
    def rotation(self) -> Rotation:
        """The one under way; only phases ask for it."""
        assert self.state.rotation is not None
        return self.state.rotation

    @cached_property
    def holders(self) -> tuple[Consumer, ...]:
        """Consumers of the present spec that may have the value."""
        allowed = set(self.state.recipients)
        return tuple(one for one in self.secret.consumers if one.recipient in allowed)

    @cached_property
    def strangers(self) -> tuple[Consumer, ...]:
        """Consumers of the present spec that nobody approved yet."""
        allowed = set(self.state.recipients)
        return tuple(one for one in self.secret.consumers if one.recipient not in allowed)

    def look(self) -> Mapping[Consumer, Standing]:
        """All consumers that may have the value, read now."""
        return self.estate.look(self.holders)

    def taken(self, consumers: Iterable[Consumer]) -> Mapping[Consumer, str]:
        """Those whose unit another secret's rotation changes now, and what there is to say of it: what is half written
        there must not be published by a start for this one."""
        busy = {unit: of for unit, of in self.books.busy().items() if of != self.secret.name}
        names = {one: unit_name(one.unit) for one in consumers} if busy else {}
        return {
            one: f"{unit} is changed by the rotation of {busy[unit]} now" for one, unit in names.items() if unit in busy
        }

    def claim(self) -> None:
        """Takes the secret up. Whoever acted on it since it was read has won."""
        if self.claimed:
            return
        seen, self.state = self.state, self.books.claim(self.secret.name)
        if _facts(self.state) != _facts(seen):
            raise LostRace(self.secret.name)
        self.claimed = True

    def before_effect(self) -> None:
        """Right before each call that changes something outside: this run must still be the one that may."""
        self.claim()
        self.books.check(self.state)

    def save(
        self, after: State, *entries: Entry, seal: Mapping[int, Value] | None = None, erase: Collection[int] = ()
    ) -> None:
        """Keeps `after` with its history. Raises LostRace where another run was faster, UnitBusy as the books do."""
        self.claim()
        if after.turn != self.state.turn:
            # It was made from what was read before the claim.
            after = replace(after, turn=self.state.turn, fence=self.state.fence)
        self.state = self.books.save(self.state, after, entries, seal=seal, erase=erase)

    def with_rotation(self, **changes: Any) -> State:
        """The state with these fields of its rotation changed."""
        return replace(self.state, rotation=replace(self.rotation, **changes))

    def values(self, *versions: int | None) -> Mapping[int, Value]:
        """Those of these versions that are kept, opened."""
        for number in versions:
            version = self.state.version(number)
            if version is not None and version.kept and version.number not in self.opened:
                value = self.books.value(self.secret.name, version.number)
                if value is not None:
                    self.opened[version.number] = value
        return self.opened

    def is_its(self, version: Version) -> bool:
        """Whether this secret's present issuer made a version: a stack may name another one by now."""
        return version.issuer == issuer_of(self.secret)

    def takes(self, version: Version) -> bool | None:
        """Whether its own issuer takes a version that is kept; None: nobody can tell, or it is another's."""
        value = self.value(version.number) if self.is_its(version) else None
        return self.issuer.takes(value) if value is not None else None

    def value(self, number: int | None) -> Value | None:
        """The value of one version; None where it is not kept."""
        return self.values(number).get(number) if number is not None else None

    def acted(self, text: str, what: str, *, why: str = "", **changes: Any) -> Step:
        """Keeps what an effect came to."""
        detail = self.detail()
        if why:
            detail["why"] = why
        fields: dict[str, Any] = {"attempts": 0, "next_at": None, "why": why} | changes
        self.save(self.with_rotation(**fields), Entry(what, detail | {"text": text}))
        return self.step("acted", text)

    def moved(self, phase: Phase, *, versions: tuple[Version, ...] | None = None, **changes: Any) -> Step:
        """Begins the next phase."""
        after = self.entered(phase, **changes)
        if versions is not None:
            after = replace(after, versions=versions)
        self.save(after, Entry("phase", self.detail() | {"to": phase, "proof": self.proof}))
        return self.step("moved", phase)

    def entered(self, phase: Phase, **changes: Any) -> State:
        """The state at the beginning of a phase."""
        fresh: dict[str, Any] = {
            "phase": phase,
            "changed_at": self.now,
            "attempts": 0,
            "fails": 0,
            "next_at": None,
            "why": "",
            "proof": {},
        }
        return self.with_rotation(**(fresh | changes))

    def again(self, why: str, *, after: float | None = None, **changes: Any) -> Step:
        """It did not work, and will be tried again later."""
        rotation = self.rotation
        attempts = rotation.attempts + 1
        at = self.now + max(back_off(attempts), dt.timedelta(seconds=after or 0))
        entries = [Entry("failed", self.detail() | {"why": why, "attempt": attempts})]
        if attempts == LIMIT:
            entries.append(Entry("stuck", self.detail() | {"why": why, "pages": True}))
        fields: dict[str, Any] = {"attempts": attempts, "next_at": at, "why": why} | changes
        self.save(self.with_rotation(**fields), *entries)
        return self.step("waits", why, at, trouble=True)

    def waits(self, why: str, at: dt.datetime | None = None) -> Step:
        """For something outside, or for a time. Kept only where that is news."""
        proof = self.proof or self.rotation.proof
        if self.rotation.why != why or self.rotation.proof != proof:
            self.save(self.with_rotation(why=why, proof=proof))
        return self.step("waits", why, at)

    def held(self, why: str, *, foreign: tuple[str, ...] = ()) -> Step:
        """Only a person can go on. `foreign`: values that are to be overwritten if that is what the person says."""
        after = replace(self.with_rotation(held=why), foreign=foreign)
        self.save(after, Entry("held", self.detail() | {"why": why, "pages": True}))
        return self.step("held", why)

    def detail(self) -> dict[str, object]:
        """What every line of the history says of the rotation it belongs to."""
        rotation = self.rotation
        return {
            "rotation": rotation.number,
            "reason": rotation.reason,
            "phase": rotation.phase,
            "back": rotation.back,
            "old": rotation.old,
            "new": rotation.new,
        }

    def step(self, what: Any, text: str = "", at: dt.datetime | None = None, *, trouble: bool = False) -> Step:
        """What this turn came to."""
        return Step(self.secret.name, what, text, at, trouble)


def issuer_of(secret: Secret) -> str:
    """What a version keeps of who made it."""
    return f"{secret.source.account} {secret.source.kind}" if isinstance(secret.source, Issue) else ""
