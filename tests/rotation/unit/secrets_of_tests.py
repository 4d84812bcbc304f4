"""Secrets and states that the unit tests of rotation begin with."""

import datetime as dt
from typing import Any

from reconcile.model.resource import Address
from reconcile.model.rotated import Consumer, Generate, Schedule, Secret, Strategy
from reconcile.model.rotation import Phase, Rotation, State, Version
from reconcile.model.spec import Location, Place

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def consumer(unit: str, *, part: str = "value", second: bool = True) -> Consumer:
    previous = Address("pad", "variable", f"{unit}/KEY_PREVIOUS") if second else None
    place = Place("production", Address("pad", "instance", unit))
    return Consumer("production", "acme", Address("pad", "variable", f"{unit}/KEY"), part, previous, place)


API, WORKER = consumer("api"), consumer("worker", second=False)


def a_secret(strategy: Strategy = "overlap", schedule: Schedule | None = None, **fields: Any) -> Secret:
    given: dict[str, Any] = {
        "name": "key",
        "source": {"value": Generate("bytes")},
        "consumers": (API, WORKER),
        "schedule": schedule or Schedule(every=dt.timedelta(days=90)),
    }
    at = Location("stacks/production.yaml", 1)
    return Secret(stack="production", account="acme", strategy=strategy, at=at, **(given | fields))


def a_version(number: int, status: Any = "current", **fields: Any) -> Version:
    given: dict[str, Any] = {"prints": {"value": f"print-{number}"}, "current_at": NOW, "kept": True}
    return Version(number, status, **(given | fields))


def settled(**fields: Any) -> State:
    """A secret whose first value came a while ago."""
    given: dict[str, Any] = {
        "versions": (a_version(1),),
        "recipients": (str(API), str(WORKER)),
        "cycle": 1,
        "done_at": NOW,
    }
    return State("key", **(given | fields))


def under_way(
    phase: Phase, *, back: bool = False, new: bool = True, old: Version | None = None, **fields: Any
) -> State:
    """A rotation from version 1 to version 2."""
    first = old or a_version(1)
    versions = (first, a_version(2, "pending", current_at=None)) if new else (first,)
    rotation = Rotation(
        2, "schedule", phase, NOW, NOW, old=1, new=2 if new else None, back=back, consumers=(str(API), str(WORKER))
    )
    return settled(versions=versions, rotation=rotation, **fields)
