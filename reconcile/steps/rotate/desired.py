"""What every consumer is to hold: by strategy, phase and direction.

    forward             X     X_PREVIOUS          back               X     X_PREVIOUS
    preflight, issue    old   -                   switch, migrate    old   new
    accept              old   new                 accept, issue      old   -
    switch … soak       new   old
    retire, revoke      new   -

The column X_PREVIOUS is for strategies with two values and consumers with a place for one; it is empty for all others.
Values are named by their version: what is compared are fingerprints, and nothing is opened for that.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ...model.issuing import Value
from ...model.rotated import TWO_VALUES, Consumer, Secret
from ...model.rotation import Rotation, Standing, State, Version
from ...model.secret import SecretText
from .ports import Wanted

KEEPS_OLD = frozenset({"switch", "migrate", "soak"})


@dataclass(frozen=True, slots=True)
class Holds:
    """The versions that a consumer is to hold. `current` None: whatever it holds stays. `previous` None: none."""

    current: int | None
    previous: int | None = None


def holds(secret: Secret, state: State) -> Holds:
    """What every consumer is to hold now."""
    rotation = state.rotation
    if rotation is None:
        return Holds(state.current.number if state.current else None)
    if rotation.back:
        second = rotation.new if rotation.phase in KEEPS_OLD and secret.strategy in TWO_VALUES else None
        return Holds(_kept(state.old), second)
    if rotation.phase in ("preflight", "issue"):
        return Holds(None)
    if rotation.phase == "accept":
        # An old value that nobody can read stays where it is: the new one comes beside it.
        return Holds(_kept(state.old), rotation.new)
    return Holds(rotation.new, _second(secret, state, rotation))


def _kept(version: Version | None) -> int | None:
    return version.number if version and version.kept else None


def _second(secret: Secret, state: State, rotation: Rotation) -> int | None:
    if rotation.phase not in KEEPS_OLD or not accepts_old(secret, state):
        return None
    return _kept(state.old)


def accepts_old(secret: Secret, state: State) -> bool:
    """Whether consumers go on accepting the old value. Not where a thief has it, unless data still needs it."""
    old = state.old
    if old is None or secret.strategy not in TWO_VALUES:
        return False
    return secret.strategy == "migrate" or not old.compromised


def matches(state: State, consumer: Consumer, standing: Standing, wanted: Holds, second: bool = True) -> bool:
    """Whether a consumer holds what it is to hold. `second` False: only the first value counts.

    A version without fingerprints was there before us: anything that stands there may be it.
    """
    if not first_matches(state, consumer, standing, wanted):
        return False
    if not second or consumer.previous is None:
        return True
    if wanted.previous is None:
        return standing.previous is None
    version = state.version(wanted.previous)
    return version is not None and standing.previous == version.prints.get(consumer.part)


def first_matches(state: State, consumer: Consumer, standing: Standing, wanted: Holds) -> bool:
    """Whether the first value is right, or stays as it is."""
    if wanted.current is None:
        return True
    version = state.version(wanted.current)
    known = version.prints.get(consumer.part) if version else None
    return standing.current is not None if known is None else standing.current == known


def wanted_of(
    state: State, consumer: Consumer, standing: Standing, wanted: Holds, values: Mapping[int, Value]
) -> Wanted | None:
    """The values to write, None where one of them is not kept. What stands there already is not written again."""
    current: SecretText | None = None
    if not first_matches(state, consumer, standing, wanted):
        assert wanted.current is not None
        current = values.get(wanted.current, {}).get(consumer.part)
        if current is None:
            return None
    previous: SecretText | None = None
    if wanted.previous is not None and consumer.previous is not None:
        previous = values.get(wanted.previous, {}).get(consumer.part)
        if previous is None:
            return None
    return Wanted(current, previous)
