"""The command is killed by the system at a numbered call, with no chance to say a word. At least one point in eight
always, all of them with `make proof`."""

import signal
from pathlib import Path

import pytest

from .death import kill_at
from .scenario import converges, ready
from .test_in_process import CALLS

POINTS = [(call, moment) for call in range(1, CALLS + 1) for moment in ("before", "after")]
ONE_IN = 7
"""Odd, so that deaths before and after an effect take turns."""
CHOSEN = [
    pytest.param(*point, marks=() if number % ONE_IN == ONE_IN // 2 else pytest.mark.proof)
    for number, point in enumerate(POINTS)
]


@pytest.mark.parametrize(("call", "moment"), CHOSEN)
def test_killed_at_a_call(tmp_path: Path, call: int, moment: str) -> None:
    estate = ready(tmp_path)
    assert kill_at(estate, call, moment) == -signal.SIGKILL
    converges(estate)


def test_a_dead_process_loses_its_lease_at_once_and_the_history_says_so(tmp_path: Path) -> None:
    estate = ready(tmp_path)
    assert kill_at(estate, 5, "before") == -signal.SIGKILL
    assert estate.apply(lock_timeout_seconds=0).exit_code() == 0
    with estate.workshop() as shop:
        assert "lease taken over" in [one.what for one in shop.ledger().history(limit=500)]


def test_a_run_that_nobody_kills_ends_well(tmp_path: Path) -> None:
    estate = ready(tmp_path)
    assert kill_at(estate, CALLS + 1, "before") == 0
    converges(estate)
