"""A ledger kept as one object: nothing that another process saved is ever overwritten."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reconcile.model.errors import LedgerBroken, LedgerLocked
from reconcile.store import Ledger, SnapshotHome, SwapLost, begin_ledger, open_ledger

from .conftest import clock
from .places import Bucket, SnapshotPlace
from .things import change, outcome, owned, record


@pytest.fixture
def place(tmp_path: Path) -> SnapshotPlace:
    return SnapshotPlace(tmp_path)


@pytest.fixture
def bucket(place: SnapshotPlace) -> Bucket:
    return place.bucket


class Rival(Bucket):
    """Somebody who saves a little change just before each of our saves."""

    def __init__(self, bucket: Bucket, times: int) -> None:
        super().__init__()
        self.bucket = bucket
        self.times = times

    def load(self, known: Any = None) -> tuple[bytes | None, Any]:
        return self.bucket.load(known)

    def save(self, content: bytes, expected: Any) -> Any:
        if self.times:
            self.times -= 1
            other = SnapshotHome(self.bucket.load, self.bucket.save, location="bucket/ledger")
            with open_ledger(other, Path(), expected_id="l1", clock=clock) as rival:
                rival.begin_run("plan", [], "c0ffee", f"rival {self.times}")
        return self.bucket.save(content, expected)


def rivalled(bucket: Bucket, times: int) -> Ledger:
    store = Rival(bucket, times)
    home = SnapshotHome(store.load, store.save, location="bucket/ledger")
    return open_ledger(home, Path(), expected_id="l1", clock=clock)


def test_every_write_is_saved_and_no_read_is(ledger: Ledger, bucket: Bucket) -> None:
    saved = bucket.puts
    ledger.pin("acme", "toy", "w1")
    assert bucket.puts == saved + 1
    ledger.memory()
    ledger.verify()
    assert bucket.puts == saved + 1


def test_a_write_that_lost_its_swap_is_done_over_on_what_the_other_saved(ledger: Ledger, bucket: Bucket) -> None:
    with rivalled(bucket, times=2) as mine:
        mine.own([owned(1)], [], "adopt")
        assert [one.id for one in mine.memory().owned] == ["id1"]
    assert [one.who for one in ledger.runs()] == ["rival 0", "rival 1"]
    assert [one.id for one in ledger.memory().owned] == ["id1"]
    assert ledger.verify() == {"web": 1}


def test_a_writer_that_always_loses_gives_up_and_leaves_nothing(ledger: Ledger, bucket: Bucket) -> None:
    with rivalled(bucket, times=100) as mine:
        with pytest.raises(LedgerLocked, match="keep writing"):
            mine.own([owned(1)], [], "adopt")
        assert mine.memory().owned == ()
    assert ledger.memory().owned == ()


def test_a_swap_lost_to_whoever_took_the_lease_stops_the_run(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    run = ledger.begin_run("apply", ["web"], "c0ffee", "somebody")
    with ledger.lease(["web"], holder="first run"):
        other = reopen()
        other.unlock("web", "it hangs", "somebody")
        with other.lease(["web"], holder="second run"), pytest.raises(LedgerLocked, match="lost"):
            ledger.intend(run, 0, [change(record())])
    assert other.memory().intents == ()


def test_runs_on_other_stacks_go_on_beside_each_other(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    other = reopen()
    with ledger.lease(["web"], holder="first run"), other.lease(["mail"], holder="second run"):
        for mine, stack in ((ledger, "web"), (other, "mail")):
            run = mine.begin_run("apply", [stack], "c0ffee", "somebody")
            made = change(record(stack), stack=stack)
            (id,) = mine.intend(run, 0, [made])
            mine.conclude(run, [(id, outcome(made, id=f"r-{stack}"))], revision="c0ffee", project="runbooks")
    assert sorted(one.id for one in reopen().memory().owned) == ["r-mail", "r-web"]


def test_a_save_whose_answer_was_lost_is_recognised_as_our_own(ledger: Ledger, bucket: Bucket) -> None:
    def save(content: bytes, expected: Any) -> Any:
        bucket.save(content, expected)
        # The transport repeats what it got no answer for, and finds the version gone: replaced by itself.
        return bucket.save(content, expected)

    home = SnapshotHome(bucket.load, save, location="bucket/ledger")
    with open_ledger(home, Path(), expected_id="l1", clock=clock) as mine:
        mine.own([owned(1)], [], "adopt")
    assert ledger.verify() == {"web": 1}


def test_a_write_that_could_not_be_saved_did_not_happen(ledger: Ledger, bucket: Bucket) -> None:
    answers: Iterator[bool] = iter([False, True])

    def save(content: bytes, expected: Any) -> Any:
        if not next(answers):
            raise ConnectionError("the line is dead")
        return bucket.save(content, expected)

    home = SnapshotHome(bucket.load, save, location="bucket/ledger")
    with open_ledger(home, Path(), expected_id="l1", clock=clock) as mine:
        with pytest.raises(ConnectionError):
            mine.own([owned(1)], [], "adopt")
        mine.own([owned(2)], [], "adopt")
    assert [one.id for one in ledger.memory().owned] == ["id2"]


def test_of_two_that_begin_at_once_one_is_refused(bucket: Bucket) -> None:
    def save(content: bytes, expected: Any) -> Any:
        other = SnapshotHome(bucket.load, bucket.save, location="bucket/ledger")
        begin_ledger(other, Path(), ledger_id="l2", clock=clock).close()
        return bucket.save(content, expected)

    with pytest.raises(LedgerBroken, match="already"):
        begin_ledger(SnapshotHome(bucket.load, save, location="bucket/ledger"), Path(), ledger_id="l1", clock=clock)
    other = SnapshotHome(bucket.load, bucket.save, location="bucket/ledger")
    open_ledger(other, Path(), expected_id="l2", clock=clock).close()


def test_an_object_that_vanished_is_not_begun_anew(ledger: Ledger, bucket: Bucket) -> None:
    bucket.objects.clear()
    with pytest.raises(LedgerBroken, match="no ledger"):
        ledger.memory()
    with pytest.raises(LedgerBroken, match="no ledger"):
        ledger.own([owned(1)], [], "adopt")
    assert bucket.objects == {}


def test_the_pretend_store_refuses_an_unconditional_write(bucket: Bucket) -> None:
    version = bucket.save(b"one", None)
    with pytest.raises(SwapLost):
        bucket.save(b"two", None)
    with pytest.raises(SwapLost):
        bucket.save(b"two", version + 1)
    bucket.save(b"two", version)
