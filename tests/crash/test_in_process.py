"""Death at every numbered point of an apply, with the ledger as that moment leaves it."""

from pathlib import Path

import pytest

from reconcile.loop import Consent
from reconcile.store import Ledger

from .death import Death, die, wrap
from .scenario import converges, ready

CALLS = 13
"""Calls that a clean apply of the scenario makes; a test holds it true."""
LEDGER_POINTS = 16
"""Moments before and after a ledger's step in a clean apply; a test holds it true."""
STACKS = ("farm", "shop")


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("call", range(1, CALLS + 1))
def test_death_at_a_call(tmp_path: Path, call: int, moment: str) -> None:
    estate = ready(tmp_path)
    death = Death(estate, (call, moment))
    estate.world.on_call = death.on_call
    die(estate, death, STACKS)
    converges(estate)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", range(1, LEDGER_POINTS // 2 + 1))
def test_death_at_a_step_of_the_ledger(tmp_path: Path, step: int, moment: str) -> None:
    estate = ready(tmp_path)
    death = Death(estate, (step, moment))
    estate.world.on_call = death.after_it

    def prepare(ledger: Ledger) -> None:
        wrap(ledger, death.on_call)

    die(estate, death, STACKS, prepare)
    converges(estate)


def test_the_numbered_points_are_all_there_are(tmp_path: Path) -> None:
    estate = ready(tmp_path)
    with estate.workshop() as shop:
        steps = wrap(shop.ledger(), lambda number, moment: None)
        run = shop.reconciler().apply(STACKS, command="apply", ask=lambda judged: Consent())
    assert run is not None and run.exit_code() == 0
    assert (len(estate.world.calls()), 2 * steps()) == (CALLS, LEDGER_POINTS)
    converges(estate)


def test_a_process_that_dies_again_and_again_gets_there(tmp_path: Path) -> None:
    estate = ready(tmp_path)
    for call in (6, 6, 7):
        estate.world.clear_calls()
        death = Death(estate, (call, "after"))
        estate.world.on_call = death.on_call
        die(estate, death, STACKS)
    converges(estate)
