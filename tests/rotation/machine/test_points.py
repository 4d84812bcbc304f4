"""One fault at each point of a rotation: every strategy, with services that take the new value and with one that does
not. The truth is looked at after each effect, and the end must be a good one."""

import pytest

from .cases import MORE, PLAIN, Case
from .drive import run, turn
from .record import EVERY, kept
from .schedules import again, clean, one_fault


@pytest.mark.parametrize("case", PLAIN, ids=lambda case: case.name)
def test_one_fault(case: Case) -> None:
    """Kinds that lead to a state of their own (`points.ESSENTIAL`)."""
    with kept("one fault at each point", case.name) as tally:
        tally += one_fault(case, essential=True)


@EVERY
@pytest.mark.parametrize("case", (*PLAIN, *MORE), ids=lambda case: case.name)
def test_one_fault_of_every_kind(case: Case, every: int) -> None:
    with kept("one fault of every kind", case.name, every=every) as tally:
        tally += one_fault(case, every=every * 4 if every > 1 else 1)


@pytest.mark.parametrize("case", (*PLAIN, *MORE), ids=lambda case: case.name)
def test_no_value_stands_in_the_books(case: Case) -> None:
    ending = run(case, leaks=True)
    assert not ending.violations


@pytest.mark.parametrize("case", PLAIN, ids=lambda case: case.name)
def test_without_a_fault_it_ends_as_it_should(case: Case) -> None:
    ending = run(case)
    assert not ending.violations
    assert ending.ended == ("done" if case.mood == "healthy" or case.strategy == "roll" else "rolled back")


@pytest.mark.parametrize("case", PLAIN, ids=lambda case: case.name)
def test_to_ask_again_while_it_waits_has_no_effect(case: Case) -> None:
    """I7."""
    for copy in clean(case).copies:
        stage = again(copy)
        step = turn(stage)
        acts = stage.world.acts
        if step is not None and step.what in ("waits", "nothing", "held"):
            turn(stage)
            assert stage.world.acts == acts, step
