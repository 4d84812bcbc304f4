"""Death at every numbered point of an apply, with the ledger as that moment leaves it."""

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reconcile.loop import Consent
from reconcile.store import Ledger
from tests.stories.estate import Estate

from .scenario import converges, ready

CALLS = 13
"""Calls that a clean apply of the scenario makes; a test holds it true."""
STEPS = ("begin_run", "own", "forget", "pin", "close_intents", "intend", "conclude", "end_run")
LEDGER_POINTS = 16
"""Moments before and after a ledger's step in a clean apply; a test holds it true."""


class Died(BaseException):
    """The process is no more; nothing of ours may catch this."""


@dataclass
class Death:
    """Comes at one numbered point. From then on no call of the dead process has any effect."""

    estate: Estate
    at: tuple[int, str]
    copy: Path | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def on_call(self, number: int, moment: str) -> None:
        with self.lock:
            if self.copy is None and (number, moment) == self.at:
                self.copy = still(self.estate)
        if self.copy is not None:
            raise Died


def still(estate: Estate) -> Path:
    """A copy of the ledger's files while nobody writes: db and wal, as the disk holds them."""
    with sqlite3.connect(estate.ledger_file, timeout=10, isolation_level=None) as connection:
        connection.execute("BEGIN IMMEDIATE")
        copy = estate.keep_ledger(f"left-{len(list(estate.root.glob('left-*.db')))}")
        connection.execute("ROLLBACK")
    connection.close()
    return copy


def die(estate: Estate, death: Death, prepare: Callable[[Ledger], None] = lambda ledger: None) -> None:
    """Runs the apply until it dies, and puts the ledger that is left in place. The dead run's lease is taken away, as
    a person would; that a dead process loses it by itself is told by the runs that are really killed."""
    with estate.workshop() as shop:
        prepare(shop.ledger())
        with pytest.raises(Died):
            shop.reconciler().apply(("farm", "shop"), command="apply", ask=lambda judged: Consent())
    estate.world.on_call = None
    assert death.copy is not None
    estate.ledger_file = death.copy
    with estate.workshop() as shop:
        for stack in ("farm", "shop"):
            shop.ledger().unlock(stack, "its process died", "the story")


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("call", range(1, CALLS + 1))
def test_death_at_a_call(tmp_path: Path, call: int, moment: str) -> None:
    estate = ready(tmp_path)
    death = Death(estate, (call, moment))
    estate.world.on_call = death.on_call
    die(estate, death)
    converges(estate)


def wrap(ledger: Ledger, tell: Callable[[int, str], None]) -> Callable[[], int]:
    """Numbers the steps of one opened ledger; `tell` hears of each before and after it. Returns how many there were."""
    made = 0
    lock = threading.Lock()

    def stepping(step: Callable[..., Any]) -> Callable[..., Any]:
        def told(*args: Any, **options: Any) -> Any:
            nonlocal made
            with lock:
                made += 1
                number = made
            tell(number, "before")
            answer = step(*args, **options)
            tell(number, "after")
            return answer

        return told

    for name in STEPS:
        setattr(ledger, name, stepping(getattr(ledger, name)))
    return lambda: made


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", range(1, LEDGER_POINTS // 2 + 1))
def test_death_at_a_step_of_the_ledger(tmp_path: Path, step: int, moment: str) -> None:
    estate = ready(tmp_path)
    death = Death(estate, (step, moment))

    def after_death(number: int, when: str) -> None:
        if death.copy is not None:
            raise Died

    estate.world.on_call = after_death

    def prepare(ledger: Ledger) -> None:
        wrap(ledger, death.on_call)

    die(estate, death, prepare)
    converges(estate)


def test_the_numbered_points_are_all_there_are(tmp_path: Path) -> None:
    estate = ready(tmp_path)
    with estate.workshop() as shop:
        steps = wrap(shop.ledger(), lambda number, moment: None)
        run = shop.reconciler().apply(("farm", "shop"), command="apply", ask=lambda judged: Consent())
    assert run is not None and run.exit_code() == 0
    assert (len(estate.world.calls()), 2 * steps()) == (CALLS, LEDGER_POINTS)
    converges(estate)


def test_a_process_that_dies_again_and_again_gets_there(tmp_path: Path) -> None:
    estate = ready(tmp_path)
    for call in (6, 6, 7):
        estate.world.clear_calls()
        death = Death(estate, (call, "after"))
        estate.world.on_call = death.on_call
        die(estate, death)
    converges(estate)
