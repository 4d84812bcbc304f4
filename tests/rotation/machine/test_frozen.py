"""A runner that is frozen at a point, another that takes over, and the first one that wakes and goes on as if nothing
had been. The fence keeps it from the books; what it still does outside, retention and sweep make good."""

import pytest

from .cases import PLAIN, Case
from .drive import BETWEEN, Ending, Stage, between, drive, judge, turn
from .points import Point
from .record import EVERY, kept
from .schedules import clean, points_of

TAKEN_OVER = (3, 12, 150)
"""Turns of the other runner before the first one wakes; the last is to the end."""


def frozen(case: Case, number: int, turns: int, story: list[str] | None = None) -> Ending:
    """A run that stops at one point for so many turns of another runner."""
    stage = clean(case).before(number)
    stage.world.story = story
    # A credential made by the one that sleeps, and one by the other.
    stage.guard.orphans = 2

    def on_point(point: Point) -> None:
        if point.number == number:
            stage.world.on_point = None
            other_runner(stage, turns)

    stage.world.on_point = on_point
    ended = drive(stage)
    return judge(stage, ended)


def other_runner(stage: Stage, turns: int) -> None:
    actor = stage.books.actor
    cycle = stage.books.state(stage.secret.name).cycle
    stage.world.tell("=== frozen")
    stage.world.pass_time(stage.world.now + BETWEEN)
    for _ in range(turns):
        step = turn(stage)
        if stage.books.state(stage.secret.name).cycle > cycle:
            break
        between(stage, step)
    stage.books.actor = actor
    stage.turns = 0
    stage.world.tell("=== awake")


@EVERY
@pytest.mark.parametrize("turns", TAKEN_OVER, ids=("3", "12", "all"))
@pytest.mark.parametrize("case", PLAIN, ids=lambda case: case.name)
def test_a_frozen_runner_wakes(case: Case, turns: int, every: int) -> None:
    with kept("a runner frozen at each point", case.name, f"for {turns}", every=every) as tally:
        for point in points_of(case)[turns % every :: every]:
            tally.add(f"{case.name}, frozen at {point.number} for {turns}", frozen(case, point.number, turns))
