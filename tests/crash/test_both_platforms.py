"""Death at every point of an apply over Railway and Cloudflare: nothing is made twice, nothing is deployed twice."""

import signal
from pathlib import Path

import pytest

from reconcile.loop import Consent
from reconcile.store import Ledger

from .both import STACKS, Shop, converges, ready
from .death import Death, die, kill_at, wrap

CALLS = 20
"""Calls that a clean apply makes, however many variables there are; a test holds it true."""
STEPS = 11
"""Steps of the ledger in a clean apply; a test holds it true."""
MOMENTS = ("before", "after")
ONE, TWENTY = 1, 20
"""How many variables are new at each service."""
POINTS = [(call, moment) for call in range(1, CALLS + 1) for moment in MOMENTS]
ONE_IN = 17
"""Odd, so that deaths before and after an effect take turns."""
DIED = [
    # Each point always, with one variable or with twenty.
    pytest.param(count, *point, marks=pytest.mark.proof if (count == ONE) == bool(number % 3) else ())
    for count in (ONE, TWENTY)
    for number, point in enumerate(POINTS)
]
KILLED = [
    pytest.param(TWENTY, *point, marks=() if number % ONE_IN == ONE_IN // 2 else pytest.mark.proof)
    for number, point in enumerate(POINTS)
]


@pytest.fixture
def count() -> int:
    return TWENTY


@pytest.fixture
def shop(count: int, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return ready(tmp_path, count, tmp_path_factory.getbasetemp())


@pytest.mark.parametrize(("count", "call", "moment"), DIED)
def test_death_at_a_call(shop: Shop, count: int, call: int, moment: str) -> None:
    death = Death(shop, (call, moment))
    shop.world.on_call = death.on_call
    die(shop, death, STACKS)
    converges(shop, count)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_death_at_a_step_of_the_ledger(shop: Shop, count: int, step: int, moment: str) -> None:
    death = Death(shop, (step, moment))
    shop.world.on_call = death.after_it

    def prepare(ledger: Ledger) -> None:
        wrap(ledger, death.on_call)

    die(shop, death, STACKS, prepare)
    converges(shop, count)


@pytest.mark.parametrize("count", [ONE, TWENTY])
def test_the_numbered_points_are_all_there_are(shop: Shop, count: int) -> None:
    with shop.workshop() as opened:
        steps = wrap(opened.ledger(), lambda number, moment: None)
        run = opened.reconciler().apply(STACKS, command="apply", ask=lambda judged: Consent())
    assert run is not None and run.exit_code() == 0
    assert (len(shop.world.calls()), steps()) == (CALLS, STEPS)
    converges(shop, count)


def test_a_process_that_dies_again_and_again_gets_there(shop: Shop, count: int) -> None:
    for call in (6, 7, 6, 6):
        shop.world.clear_calls()
        death = Death(shop, (call, "after"))
        shop.world.on_call = death.on_call
        die(shop, death, STACKS)
    converges(shop, count)


@pytest.mark.parametrize(("count", "call", "moment"), KILLED)
def test_killed_at_a_call(shop: Shop, count: int, call: int, moment: str) -> None:
    assert kill_at(shop, call, moment) == -signal.SIGKILL
    converges(shop, count)
