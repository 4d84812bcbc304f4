"""A world's time, gone through from one due moment to the next, with a person who does what reminders ask for.

A scheduler that runs every few minutes would do the same in more passes: between two moments at which something is due
a pass finds nothing to do.
"""

import datetime as dt
import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from reconcile.model.books import UnitBusy
from reconcile.model.rotated import ByHand, Consumer, Secret
from reconcile.model.rotation import State, Step
from reconcile.steps.rotate import schedule
from tests.crash.death import Death, Died
from tests.railway.estate import Runbooks

from .hands import SOON, Passes, delete_old, value_for

LATER = dt.timedelta(minutes=10)
ANSWERS = dt.timedelta(hours=3)
"""How long the person takes."""
OF_ONE_PROCESS = 50
"""Turns."""
REMINDED = dt.timedelta(days=3)
"""The reminder that the person reacts to."""
Accident = Callable[["Year", Secret, State], bool]
"""Looks at a secret before its turn; True once it has happened, and then never again."""


@dataclass
class Year:
    """Some secrets of an estate. `steps` are those that waited because something did not work."""

    estate: Runbooks
    names: tuple[str, ...]
    accidents: list[Accident] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    overdue: list[str] = field(default_factory=list)
    turns: int = 0
    _queue: list[tuple[dt.datetime, int, str]] = field(default_factory=list)
    _values: dict[str, dict[str, str]] = field(default_factory=dict)
    """What the person has got at a vendor and could not give yet."""

    def __post_init__(self) -> None:
        self.passes = Passes(self.estate)

    def again(self) -> None:
        """Another process, with the ledger that the estate names now."""
        self.passes = Passes(self.estate)

    def begin(self) -> None:
        """First values, in place and run with."""
        for name in self.names:
            self.passes.first_value(name)
            self._queue_at(self.estate.world.now(), name)

    def go(self, days: float) -> None:
        """So much time."""
        world = self.estate.world
        end = world.now() + dt.timedelta(days=days)
        while self._queue[0][0] < end:
            at, _, name = heapq.heappop(self._queue)
            if at > world.now():
                world.advance(at - world.now())
            secret, state = self.passes.secrets[name], self.passes.state(name)
            self._see_age(secret, state)
            self.accidents = [one for one in self.accidents if not one(self, secret, state)]
            self._queue_at(self._after(secret, self.turn(name)), name)
        world.advance(max(end - world.now(), dt.timedelta(0)))
        for name in self.names:
            self._see_age(self.passes.secrets[name], self.passes.state(name))

    def _see_age(self, secret: Secret, state: State) -> None:
        now, late = self.estate.world.now(), schedule.overdue_at(secret, state)
        if late is not None and late <= now:
            self.overdue.append(f"{secret.name} at {now:%Y-%m-%d}")

    def turn(self, name: str) -> Step:
        self.turns += 1
        if self.turns % OF_ONE_PROCESS == 0:
            # A process counts its calls by the real clock, and of a year's it would make too many in an hour.
            self.passes.__exit__(None, None, None)
            self.again()
        step = self.passes.turn(name)
        assert step.what not in ("held", "lost"), f"{name}: {step.text}"
        if step.trouble:
            self.steps.append(step)
        return step

    def _after(self, secret: Secret, step: Step) -> dt.datetime:
        """When the next turn of a secret is worth while; before it the person does what was asked for."""
        world, by_hand = self.estate.world, isinstance(secret.source, ByHand)
        if by_hand and step.text.startswith(("reminded", "waits for a new value")) and secret.name not in self._values:
            world.advance(ANSWERS)
            self._values[secret.name] = value_for(self.estate, secret)
        if secret.name in self._values:
            try:
                step = self.passes.give(secret.name, self._values[secret.name])
            except UnitBusy:
                # "Give it again when that has ended."
                return world.now() + ANSWERS
            del self._values[secret.name]
        if by_hand and step.text.startswith("delete the old value"):
            world.advance(ANSWERS)
            delete_old(self.estate, secret)
            step = self.passes.say_deleted(secret.name)
        now = world.now()
        if step.what in ("acted", "moved", "ended"):
            return now + SOON
        if step.at is None:
            return now + (LATER if "under way" in step.text else SOON)
        if step.what == "nothing" and by_hand and step.at - REMINDED > now:
            return step.at - REMINDED
        return max(step.at, now + SOON)

    def _queue_at(self, at: dt.datetime, name: str) -> None:
        heapq.heappush(self._queue, (at, self.turns, name))


def variable(estate: Runbooks, consumer: Consumer) -> dict[str, Any]:
    """What stands at a consumer on Railway."""
    name, _, leaf = consumer.address.name.partition("/")
    shelf = estate.world.shelf("railway", consumer.account, "variable").values()
    (found,) = [one for one in shelf if (one["service"], one["name"]) == (name, leaf)]
    return found


def outage_of(platform: str, name: str, seen: list[str]) -> Accident:
    """A platform answers nothing while a secret is being switched."""

    def happens(year: Year, secret: Secret, state: State) -> bool:
        if secret.name != name or state.rotation is None or state.rotation.phase != "switch":
            return False
        year.estate.world.fault(platform, "503 before times=40")
        seen.append(f"outage of {platform}")
        return True

    return happens


def crash_of(name: str, seen: list[str]) -> Accident:
    """The process dies in the middle of what it does outside, and another one goes on with the ledger that is left."""

    def happens(year: Year, secret: Secret, state: State) -> bool:
        if secret.name != name or state.rotation is None or state.rotation.old is None:
            return False
        if state.rotation.phase != "switch":
            return False
        estate = year.estate
        estate.world.clear_calls()
        death = Death(estate, (4, "after"))
        estate.world.on_call = death.on_call
        try:
            with pytest.raises(Died):
                year.passes.turn(name)
        finally:
            estate.world.on_call = None
        assert death.copy is not None
        estate.ledger_file = death.copy
        with estate.workshop() as shop:
            shop.ledger().unlock(secret.stack, "its process died", "the story")
        year.again()
        seen.append("crash")
        return True

    return happens


def restored_by_hand(name: str, seen: list[str]) -> Accident:
    """While both values live, somebody puts the old one back where it stood."""
    old: dict[str, str] = {}

    def happens(year: Year, secret: Secret, state: State) -> bool:
        if secret.name != name or state.rotation is None or state.rotation.old is None:
            return False
        (consumer,) = secret.consumers
        thing = variable(year.estate, consumer)
        if state.rotation.phase == "preflight":
            old[name] = str(thing["value"])
        if state.rotation.phase != "soak" or name not in old:
            return False
        assert thing["value"] != old[name]
        year.estate.world.edit("railway", "variable", thing["id"], consumer.account, {"value": old[name]})
        seen.append("restored by hand")
        return True

    return happens
