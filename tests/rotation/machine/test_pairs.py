"""Two faults in one rotation: a sample always, every pair with `make proof`."""

import pytest

from .cases import PLAIN, Case
from .record import kept
from .schedules import all_pairs

STRIDE = (31, 37)
"""A sample takes each so-manieth first fault and, after it, each so-manieth second one: primes, so that all kinds and
phases are met."""
PARTS = 8


@pytest.mark.parametrize("case", PLAIN, ids=lambda case: case.name)
def test_a_sample_of_two_faults(case: Case) -> None:
    with kept("two faults, all pairs", case.name, every=STRIDE[0]) as tally:
        tally += all_pairs(case, 0, STRIDE[0], every=STRIDE[1])


@pytest.mark.proof
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("case", PLAIN, ids=lambda case: case.name)
def test_two_faults(case: Case, part: int) -> None:
    with kept("two faults, all pairs", case.name, f"{part}/{PARTS}") as tally:
        tally += all_pairs(case, part, PARTS)
