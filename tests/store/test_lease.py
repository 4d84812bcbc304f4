"""One run at a time on a stack."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from reconcile.model.errors import LedgerLocked
from reconcile.store import Lease, Ledger, Timing, tables

from .conftest import LIVE
from .places import Place
from .things import change, record

REPOSITORY = Path(__file__).resolve().parents[2]

HOLD = """
import datetime as dt, sys, time
from pathlib import Path
from reconcile.model.errors import LedgerLocked
from reconcile.store import open_ledger
home, root, stacks, seconds = sys.argv[1], Path(sys.argv[2]), sys.argv[3].split(","), float(sys.argv[4])
ledger = open_ledger(home, root, expected_id="l1", clock=lambda: dt.datetime.now(dt.UTC))
print("ready", flush=True)
sys.stdin.readline()
try:
    with ledger.lease(stacks, holder="another run"):
        print("held", flush=True)
        time.sleep(seconds)
except LedgerLocked as error:
    print("locked", flush=True)
"""


def quick(ledger: Ledger, stacks: Sequence[str], timing: Timing) -> Lease:
    """A lease with seconds fit for a test."""
    return Lease(ledger._door, stacks, holder="quick", now=ledger._now, append=ledger._append, timing=timing)


@contextmanager
def another_process(place: Place, stacks: str, seconds: float = 60) -> Iterator["subprocess.Popen[str]"]:
    """A real process that opened the ledger, and takes the lease when it is told to."""
    home = place.home()
    assert isinstance(home, str)
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, home, str(place.root), stacks, str(seconds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def tell(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def hear(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_who_holds_a_stack_is_named_to_who_else_wants_it(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    other = reopen()
    with ledger.lease(["web"], holder="first run"):
        with pytest.raises(LedgerLocked) as caught, other.lease(["web"], holder="second run"):
            pass
        for part in ("web", "first run", f"pid {os.getpid()}", "since 2026-01-01T12:00:00Z", os.uname().nodename):
            assert part in str(caught.value)
        with other.lease(["mail"], holder="second run"):
            pass
    with other.lease(["web"], holder="second run") as held:
        held.check()


def test_all_stacks_are_taken_or_none(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    other = reopen()
    with ledger.lease(["mail"], holder="first run"):
        with pytest.raises(LedgerLocked), other.lease(["api", "mail", "web"], holder="second run"):
            pass
        with ledger.lease(["api", "web"], holder="third run"):
            pass


def test_a_lease_is_let_go_when_its_run_fails(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    with pytest.raises(RuntimeError), ledger.lease(["web"], holder="first run"):
        raise RuntimeError
    with reopen().lease(["web"], holder="second run"):
        pass
    assert ledger.history() == []


def test_a_run_waits_for_a_lease_as_long_as_it_was_told(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    other = reopen()
    began = time.monotonic()
    with ExitStack() as first:
        first.enter_context(ledger.lease(["web"], holder="first run"))
        with pytest.raises(LedgerLocked), other.lease(["web"], holder="second run", timeout_seconds=0.3):
            pass
        assert time.monotonic() - began >= 0.3
        ending = threading.Timer(0.3, first.close)
        ending.start()
        with other.lease(["web"], holder="second run", timeout_seconds=10):
            ending.join()


def test_a_lease_that_nobody_renewed_is_taken_over_with_a_line_in_the_history(
    ledger: Ledger, place: Place, reopen: Callable[[], Ledger]
) -> None:
    with ledger.lease(["web"], holder="first run"):
        place.tamper("UPDATE lease SET until = until - 61, place = 'elsewhere'")
        other = reopen()
        with other.lease(["web"], holder="second run"):
            (entry,) = other.history("web")
    assert entry.what == "lease taken over"
    assert entry.detail["holder"] == "first run"
    assert (entry.detail["by"], entry.detail["reason"]) == ("second run", "not renewed in time")


def test_a_process_of_another_host_is_never_taken_for_dead(
    ledger: Ledger, place: Place, reopen: Callable[[], Ledger]
) -> None:
    with ledger.lease(["web"], holder="first run"):
        # No process has this number: the kernel's limit is 2^22.
        place.tamper("UPDATE lease SET place = 'elsewhere', pid = 99999999")
        with pytest.raises(LedgerLocked), reopen().lease(["web"], holder="second run"):
            pass


def test_who_holds_what_can_be_asked(ledger: Ledger, place: Place, reopen: Callable[[], Ledger]) -> None:
    with ledger.lease(["web", "mail"], holder="first run"):
        place.tamper("UPDATE lease SET born = '1' WHERE stack = 'mail'")
        dead, alive = reopen().leases()
    assert (alive.stack, alive.holder, alive.pid, alive.over) == ("web", "first run", os.getpid(), "")
    assert (dead.stack, dead.over) == ("mail", "its process is dead")
    assert reopen().leases() == []


def test_a_number_that_another_process_got_since_is_a_dead_holder(
    ledger: Ledger, place: Place, reopen: Callable[[], Ledger]
) -> None:
    with ledger.lease(["web"], holder="first run"):
        place.tamper("UPDATE lease SET born = '1'")
        other = reopen()
        with other.lease(["web"], holder="second run"):
            assert other.history("web")[0].detail["reason"] == "its process is dead"


def test_a_lost_lease_is_noticed_before_the_next_wave(
    ledger: Ledger, reopen: Callable[[], Ledger], place: Place
) -> None:
    run = ledger.begin_run("apply", ["web"], "c0ffee", "somebody")
    with ledger.lease(["web"], holder="first run") as held:
        held.check()
        other = reopen()
        assert other.unlock("web", "it hangs", "somebody")
        with other.lease(["web"], holder="second run"):
            with pytest.raises(LedgerLocked, match="lost"):
                ledger.intend(run, 0, [change(record())])
            with pytest.raises(LedgerLocked, match="lost"):
                held.check()
        # Its own stacks only: what was not taken away goes on.
        ledger.pin("acme", "toy", "w1")
    assert other.memory().intents == ()


def test_the_end_of_a_lost_lease_leaves_the_new_holders_alone(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    other = reopen()
    with ExitStack() as second:
        with ledger.lease(["web"], holder="first run"):
            other.unlock("web", "it hangs", "somebody")
            held = second.enter_context(other.lease(["web"], holder="second run"))
        held.check()


def test_a_forced_unlock_is_told_in_the_history(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    other = reopen()
    with ledger.lease(["web"], holder="first run"):
        assert other.unlock("web", "it hangs", "somebody")
        (entry,) = other.history("web")
    assert entry.what == "unlocked"
    assert (entry.detail["holder"], entry.detail["pid"]) == ("first run", os.getpid())
    assert (entry.detail["reason"], entry.detail["who"]) == ("it hangs", "somebody")
    assert not other.unlock("web", "once more", "somebody")
    assert len(other.history("web")) == 1


def test_a_lease_is_renewed_while_its_run_goes_on(ledger: Ledger) -> None:
    def until() -> float:
        return float(ledger._door.read(lambda open: open.execute(select(tables.lease.c.until)).scalar_one()))

    with quick(ledger, ["web"], Timing(renew=0.05, over=60)) as held:
        for _ in range(2):
            before, patience = until(), time.monotonic() + 10
            while until() == before:
                assert time.monotonic() < patience
                time.sleep(0.02)
        held.check()


def test_a_lease_that_was_not_renewed_in_time_counts_as_lost(ledger: Ledger) -> None:
    with quick(ledger, ["web"], Timing(renew=60, over=0.05)) as held:
        time.sleep(0.1)
        with pytest.raises(LedgerLocked):
            held.check()


@LIVE
def test_of_two_processes_that_race_one_gets_the_lease(ledger: Ledger, place: Place) -> None:
    with another_process(place, "web,api") as one, another_process(place, "api,web") as two:
        tell(one)
        tell(two)
        assert sorted([hear(one), hear(two)]) == ["held", "locked"]


@LIVE
def test_the_lease_of_a_killed_process_is_taken_over_at_once(ledger: Ledger, place: Place) -> None:
    with another_process(place, "web") as other:
        tell(other)
        assert hear(other) == "held"
        with pytest.raises(LedgerLocked, match=f"another run .*pid {other.pid}"), ledger.lease(["web"], holder="x"):
            pass
        os.kill(other.pid, signal.SIGKILL)
        # Not collected yet: a zombie still answers to its number.
        with ledger.lease(["web"], holder="second run", timeout_seconds=5):
            (entry,) = ledger.history("web")
    assert entry.what == "lease taken over"
    assert (entry.detail["pid"], entry.detail["reason"]) == (other.pid, "its process is dead")


def test_of_many_threads_one_at_a_time_holds_the_lease(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work(mine: Ledger) -> None:
        with mine.lease(["web"], holder="a thread", timeout_seconds=30):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.02)
            inside.pop()

    threads = [threading.Thread(target=work, args=(reopen(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1, 1]
