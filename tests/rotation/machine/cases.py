"""Which secrets are rotated in which world: strategies by what goes well or wrong with the services."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from reconcile.model.issuing import Issuer
from reconcile.model.resource import Address
from reconcile.model.rotated import (
    PROMISES,
    ByHand,
    Consumer,
    Generate,
    Issue,
    Level,
    Schedule,
    Secret,
    Source,
    Strategy,
)
from reconcile.model.spec import Location, Place

from .makers import Generated, Issued, Person
from .world import CURRENT, PREVIOUS, World

EVERY = dt.timedelta(days=90)
SOAK = dt.timedelta(minutes=10)
NAME = "api-secret"
STACK = "production"

SOURCES: Mapping[str, Source] = {
    "overlap": {"value": Generate("bytes")},
    "replace": {"value": Generate("bytes")},
    "migrate": {"value": Generate("bytes")},
    "two-key": Issue("acme", "mail.api-key"),
    "alternate": Issue("acme", "base.role"),
    "roll": Issue("acme", "host.token"),
    "manual": ByHand("the dashboard", ("make a key",), Issue("acme", "mail.api-key")),
}


@dataclass(frozen=True)
class Case:
    """One secret in one world. `mood` is how `worker` takes the new value: `healthy`, it `fails` to start with it, or
    runs `sick`; `first`: there is no value yet; `blind`: variables of `worker` cannot be read."""

    strategy: Strategy
    mood: str = "healthy"
    variant: str = ""
    """`two-step`: accept is skipped; `pair`: two parts; `single`: `worker` has no place for a second value; `shown`:
    services show a key id; `full`: the issuer has no room for a second credential; `compromised`: asked for because
    somebody has the value."""

    @property
    def name(self) -> str:
        return " ".join(filter(None, (self.strategy, self.variant, self.mood)))

    @property
    def promises(self) -> bool:
        """Whether no running service may ever hold a refused value (I2)."""
        return self.strategy in PROMISES and self.variant not in ("two-step", "single")

    @property
    def shared(self) -> bool:
        """Whether services check each other's value."""
        return self.strategy in ("overlap", "replace", "migrate")

    @property
    def unreadable(self) -> frozenset[str]:
        return frozenset({"worker"}) if self.mood == "blind" else frozenset()

    @property
    def secret(self) -> Secret:
        return _secret(self)

    def issuer(self, world: World) -> Issuer:
        if self.strategy == "two-key":
            return Issued(world, ceiling=1 if self.variant == "full" else None)
        if self.strategy == "alternate":
            return Issued(world, roles=2, ceiling=2)
        if self.strategy == "roll":
            return Issued(world, in_place=True, ceiling=1)
        if self.strategy == "manual":
            return Person(world)
        return Generated(world, self.secret.parts)


def consumer(unit: str, variable: str = CURRENT, *, part: str = "value", previous: str | None = PREVIOUS) -> Consumer:
    second = Address("pad", "variable", f"{unit}/{previous}") if previous else None
    place = Place(STACK, Address("pad", "instance", unit))
    return Consumer(STACK, "acme", Address("pad", "variable", f"{unit}/{variable}"), part, second, place)


def _consumers(case: Case) -> tuple[Consumer, ...]:
    both = case.strategy in ("overlap", "migrate")
    second = PREVIOUS if both else None
    if case.variant == "pair":
        return tuple(
            consumer(unit, name, part=part, previous=f"{name}_PREVIOUS" if both else None)
            for unit in ("api", "worker")
            for name, part in ((CURRENT, "access"), ("REFRESH_SECRET", "refresh"))
        )
    return (
        consumer("api", previous=second),
        consumer("worker", previous=None if case.variant == "single" else second),
    )


_made: dict[Case, Secret] = {}


def _secret(case: Case) -> Secret:
    found = _made.get(case)
    if found is not None:
        return found
    levels: set[Level] = {"P0", "P1", "P2"}
    if case.variant == "shown":
        levels |= {"P3"}
    if case.strategy in ("two-key", "alternate", "roll", "manual"):
        levels |= {"P4", "P5"}
    source = SOURCES[case.strategy]
    if case.variant == "pair":
        source = {"access": Generate("bytes"), "refresh": Generate("bytes")}
    made = _made[case] = Secret(
        name=NAME,
        stack=STACK,
        account="acme",
        strategy=case.strategy,
        source=source,
        consumers=_consumers(case),
        schedule=Schedule(every=EVERY),
        at=Location("stacks/production.yaml", 1),
        soak=SOAK,
        skip_accept=case.variant == "two-step",
        levels=frozenset(levels),
        irreplaceable=case.strategy == "migrate",
        hook="reencrypt" if case.strategy == "migrate" else "",
    )
    return made


STRATEGIES: tuple[Strategy, ...] = ("overlap", "two-key", "alternate", "migrate", "replace", "roll")
PLAIN = tuple(Case(strategy, mood) for strategy in STRATEGIES for mood in ("healthy", "fails"))
"""All strategies, each with services that take the new value and with one that does not start with it."""
MORE = (
    Case("overlap", "sick"),
    Case("two-key", "sick"),
    Case("overlap", "blind"),
    Case("two-key", "blind"),
    Case("overlap", "healthy", "two-step"),
    Case("overlap", "healthy", "single"),
    Case("overlap", "healthy", "pair"),
    Case("overlap", "healthy", "shown"),
    Case("two-key", "healthy", "full"),
    *(Case(strategy, "first") for strategy in STRATEGIES),
    Case("manual"),
    Case("manual", "fails"),
    Case("overlap", "healthy", "compromised"),
    Case("two-key", "healthy", "compromised"),
)
