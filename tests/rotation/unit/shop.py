"""A world, its books, and turns of one secret, for what happens outside of a rotation and around people."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from reconcile.model.books import Entry
from reconcile.model.issuing import Hook, Issuer
from reconcile.model.rotated import ByHand, Issue, Secret
from reconcile.model.rotation import State, Step
from reconcile.steps.rotate.advance import advance
from tests.rotation.machine.books import MemoryBooks, print_of
from tests.rotation.machine.cases import consumer
from tests.rotation.machine.estate import WorldEstate
from tests.rotation.machine.makers import Generated, Issued, Person, secret
from tests.rotation.machine.world import CURRENT, PREVIOUS, World

from .secrets_of_tests import a_secret

MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)


class Shop:
    """`unreadable` are units whose variables nobody can read."""

    def __init__(self, strategy: Any = "overlap", *, units: tuple[str, ...] = ("api", "worker"), **fields: Any) -> None:
        second = PREVIOUS if strategy in ("overlap", "migrate") else None
        consumers = tuple(consumer(unit, previous=second) for unit in units)
        given: dict[str, Any] = {"consumers": consumers, "soak": DAY}
        self.secret: Secret = a_secret(strategy, **(given | fields))
        self.world = World(units)
        self.books = MemoryBooks(self.world)
        self.unreadable: frozenset[str] = frozenset()
        self.hook: Hook | None = None
        source = self.secret.source
        self.issuer: Issuer = Generated(self.world, self.secret.parts)
        if isinstance(source, Issue):
            self.issuer = Issued(self.world)
        elif isinstance(source, ByHand):
            self.issuer = Person(self.world)

    @property
    def now(self) -> dt.datetime:
        return self.world.now

    @property
    def state(self) -> State:
        return self.books.state(self.secret.name)

    @property
    def how(self) -> str | None:
        """How the last rotation ended."""
        return self.state.ended

    def turn(self) -> Step:
        estate = WorldEstate(self.world, self.books, self.unreadable)
        return advance(self.secret, self.books, estate, self.issuer, self.now, hook=self.hook)

    def turns(self, until: Callable[[Step], bool], most: int = 90) -> Step:
        """Turns, a few minutes apart or as long as it waits, until one is as told."""
        for _ in range(most):
            step = self.turn()
            if until(step):
                return step
            wait = self.now + 3 * MINUTE
            self.world.pass_time(max(wait, step.at) if step.what == "waits" and step.at else wait)
        raise AssertionError(f"not in {most} turns: {step} {self.state.rotation}")

    def quiet(self) -> Step:
        """Until there is nothing to do now."""
        return self.turns(lambda step: step.what in ("nothing", "held") and self.state.rotation is None)

    def ended(self) -> Step:
        return self.turns(lambda step: step.what == "ended")

    def in_phase(self, phase: str) -> Step:
        return self.turns(lambda step: self.state.rotation is not None and self.state.rotation.phase == phase)

    def wait(self, time: dt.timedelta) -> None:
        self.world.pass_time(self.now + time)

    def put(self, unit: str, value: str | None, name: str = CURRENT, *, start: bool = True) -> None:
        """A person writes a variable, and starts the unit."""
        self.world.put(unit, {name: value})
        if start:
            self.world.begin(unit)
            self.wait(5 * MINUTE)

    def holds(self, name: str = CURRENT) -> dict[str, str | None]:
        return {unit: one.variables.get(name) for unit, one in self.world.units.items()}

    def runs(self, name: str = CURRENT) -> dict[str, str | None]:
        return {unit: holds.get(name) for unit, holds in self.world.running()}

    def says(self, ask: Callable[[Secret, State], State]) -> None:
        """A person asks something."""
        before = self.state
        self.books.save(before, ask(self.secret, before), [Entry("asked")])

    def gives(self, value: str) -> None:
        """A person gives a value."""
        from reconcile.steps.rotate.asking import accept

        before = self.state
        after, number = accept(self.secret, before, {"value": print_of(value)}, self.now)
        self.books.save(before, after, [Entry("given")], seal={number: {"value": secret(value)}})

    def beside(self, strategy: Any, name: str, variable: str, **fields: Any) -> "Shop":
        """Another secret, in another variable of the same units."""
        other = Shop(strategy, units=tuple(self.world.units), **fields)
        consumers = tuple(consumer(unit, variable, previous=None) for unit in self.world.units)
        other.secret = replace(other.secret, name=name, consumers=consumers)
        other.world, other.books = self.world, self.books
        other.issuer = type(other.issuer)(self.world)  # type: ignore[call-arg]
        return other

    def declares(self, *units: str) -> None:
        """The stacks name these consumers, and no others."""
        second = self.secret.consumers[0].previous
        consumers = tuple(consumer(unit, previous=second.leaf if second else None) for unit in units)
        self.secret = replace(self.secret, consumers=consumers)

    def history(self, what: str) -> list[dict[str, object]]:
        return [dict(entry.detail) for _, entry in self.books.history if entry.what == what]
