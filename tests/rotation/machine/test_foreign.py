"""What people and other programs do while a rotation is under way."""

from collections.abc import Callable

import pytest

from reconcile.model.rotated import Strategy

from .cases import STRATEGIES, Case
from .record import EVERY, kept
from .schedules import Tally, points_of
from .strangers import (
    Deed,
    at_point,
    at_tick,
    deploy,
    deploy_at_once,
    edit,
    leak,
    one_less,
    one_more,
    restore,
    restore_and_turn_back,
    roll_back,
    ticks,
    turn_back,
)

HEALTHY = [Case(strategy) for strategy in STRATEGIES]
UNITS = ("api", "worker")
WORDS: dict[Deed, str] = {
    leak: "the value leaks",
    turn_back: "it is turned back",
    restore_and_turn_back: "it is restored by hand and turned back",
    one_more: "a consumer more",
    one_less: "a consumer less",
}
EDITS = {
    "old value restored": [restore(unit, start=start) for unit in UNITS for start in (False, True)],
    "another value written": [edit(unit, start=start) for unit in UNITS for start in (False, True)],
    "deploy rolled back": [roll_back(unit) for unit in UNITS],
}


@EVERY
@pytest.mark.parametrize("case", HEALTHY, ids=lambda case: case.name)
def test_a_deploy_of_somebody_else_at_any_moment(case: Case, every: int) -> None:
    with kept("a foreign deploy at each point", case.name, every=every) as tally:
        for unit in UNITS:
            for make in (deploy, deploy_at_once):
                for point in points_of(case)[::every]:
                    ending = at_point(case, point.number, make(unit))
                    tally.add(f"{case.name}, {make.__name__} {unit} at {point.number}", ending)


@pytest.mark.proof
@pytest.mark.parametrize("strategy", ["overlap", "two-key"])
def test_a_deploy_of_each_service_at_any_two_moments(strategy: str) -> None:
    case = Case(strategy)  # type: ignore[arg-type]
    numbers = [one.number for one in points_of(case)]
    with kept("foreign deploys at all pairs of points", case.name) as tally:
        for first in numbers:
            for second in numbers[::2]:
                ending = at_point(case, first, deploy_at_once("api"), (second, deploy_at_once("worker")))
                tally.add(f"{case.name}, api at {first}, worker at {second}", ending)


def _by_hand(
    case: Case, deeds: list[Deed], tally: Tally, name: str, every: int, forgiven: Callable[[str], bool]
) -> None:
    # There are few turns: a sample takes more of them.
    every = min(every, 4)
    for number, deed in enumerate(deeds):
        for tick in ticks(case)[number % every :: every]:
            ending = at_tick(case, tick, deed)
            ending.violations[:] = [one for one in ending.violations if not forgiven(one.invariant)]
            tally.add(f"{case.name}, {name} {number} before turn {tick}", ending)


@EVERY
@pytest.mark.parametrize("what", EDITS)
@pytest.mark.parametrize("case", HEALTHY, ids=lambda case: case.name)
def test_what_people_edit_by_hand_is_put_right(case: Case, what: str, every: int) -> None:
    """What they start with a wrong value is their doing (I2); that nothing is revoked too early and all ends well is
    ours."""
    with kept(f"{what}, before each turn", case.name, every=every) as tally:
        _by_hand(case, EDITS[what], tally, what, every, lambda invariant: invariant == "I2")


@EVERY
@pytest.mark.parametrize("deed", [leak, turn_back, restore_and_turn_back], ids=lambda deed: deed.__name__)
@pytest.mark.parametrize("case", HEALTHY, ids=lambda case: case.name)
def test_a_person_wants_something_else_meanwhile(case: Case, deed: Deed, every: int) -> None:
    with kept(f"{WORDS[deed]}, before each turn", case.name, every=every) as tally:
        _by_hand(case, [deed], tally, deed.__name__, every, lambda invariant: False)


@EVERY
@pytest.mark.parametrize("strategy", ["two-key", "alternate", "replace"])
def test_a_deploy_that_was_rolled_back_unseen_is_found_by_the_key_id(strategy: Strategy, every: int) -> None:
    """Where it looks like any newer start, only a service that shows which value it has (P3) tells."""
    case = Case(strategy, "healthy", "shown")
    deeds = [roll_back(unit, as_new=True) for unit in UNITS]
    with kept("deploy rolled back unseen, before each turn", case.name, every=every) as tally:
        _by_hand(case, deeds, tally, "rolled back unseen", every, lambda invariant: invariant == "I2")


@EVERY
@pytest.mark.parametrize("deed", [one_more, one_less], ids=lambda deed: deed.__name__)
@pytest.mark.parametrize("case", HEALTHY, ids=lambda case: case.name)
def test_a_consumer_comes_or_goes_meanwhile(case: Case, deed: Deed, every: int) -> None:
    with kept(f"{WORDS[deed]}, before each turn", case.name, every=every) as tally:
        _by_hand(case, [deed], tally, deed.__name__, every, lambda invariant: False)
