"""Several writers at once, and many rows."""

import threading
import time
from collections.abc import Callable

from reconcile.store import Ledger

from .conftest import LIVE
from .things import applied, change, outcome, owned, record


def in_threads(work: Callable[[int], None], count: int) -> None:
    """Runs `work(0)` … in threads at once; the first failure is raised."""
    failures: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def a_wave(ledger: Ledger, number: int) -> None:
    run = ledger.begin_run("apply", ["web"], "c0ffee", "somebody")
    changes = [change(record(f"n{number}-{one}")) for one in range(5)]
    ids = ledger.intend(run, 0, changes)
    done = [(id, outcome(one, id=f"r{id}")) for id, one in zip(ids, changes, strict=True)]
    ledger.conclude(run, done, revision="c0ffee", project="runbooks")
    ledger.end_run(run, 0, {})


def test_threads_that_share_a_ledger_lose_nothing(ledger: Ledger) -> None:
    in_threads(lambda number: a_wave(ledger, number), 6)
    assert len(ledger.memory().owned) == 30
    assert ledger.verify() == {"web": 30}


@LIVE
def test_writers_of_their_own_lose_nothing(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    ledgers = [reopen() for _ in range(4)]
    in_threads(lambda number: a_wave(ledgers[number], number), 4)
    assert len(ledger.memory().owned) == 20
    assert ledger.verify() == {"web": 20}


def test_ten_thousand_things_are_remembered_and_recalled(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    count = 10_000
    ledger.own([owned(number) for number in range(count)], [applied(number) for number in range(count)], "adopt")
    other = reopen()
    began = time.perf_counter()
    memory = other.memory()
    print(f"memory() of {count} owned and applied: {(time.perf_counter() - began) * 1000:.0f} ms")
    assert (len(memory.owned), len(memory.applied)) == (count, count)
