"""The same on a real ledger file: its transactions, its seal, its history."""

from pathlib import Path

import pytest

from .cases import PLAIN, Case
from .ledger import Shelf
from .points import ESSENTIAL, singles
from .record import kept
from .schedules import first_faults

ALWAYS = tuple(case for case in PLAIN if case.strategy in ("overlap", "two-key"))
PARTS = 4
ONE_IN = 50


@pytest.mark.parametrize("case", ALWAYS[::2], ids=lambda case: case.name)
def test_a_few_faults_on_a_ledger(case: Case, tmp_path: Path) -> None:
    shelf = Shelf(case, tmp_path)
    with kept("one fault, on a ledger file", case.name, every=ONE_IN) as tally:
        tally.add(f"{case.name} -", shelf.run())
        for fault in first_faults(case, True)[ONE_IN :: ONE_IN * 3]:
            tally.add(f"{case.name} {fault}", shelf.run((fault,)))


@pytest.mark.proof
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("case", PLAIN, ids=lambda case: case.name)
def test_one_fault_on_a_ledger(case: Case, part: int, tmp_path: Path) -> None:
    shelf = Shelf(case, tmp_path)
    with kept("one fault, on a ledger file", case.name, f"{part}/{PARTS}") as tally:
        for fault in singles(shelf.points(), ESSENTIAL)[part::PARTS]:
            tally.add(f"{case.name} {fault}", shelf.run((fault,)))


@pytest.mark.proof
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("case", ALWAYS[::2], ids=lambda case: case.name)
def test_two_faults_on_a_ledger(case: Case, part: int, tmp_path: Path) -> None:
    """One pair in so many."""
    shelf = Shelf(case, tmp_path)
    number = part
    with kept("two faults, on a ledger file", case.name, f"{part}/{PARTS}") as tally:
        faults = singles(shelf.points(), ESSENTIAL)
        for place, first in enumerate(faults):
            for second in faults[place + 1 :]:
                number += 1
                if number % (ONE_IN * PARTS) == 0:
                    tally.add(f"{case.name} {first} {second}", shelf.run((first, second)))
