"""A ledger in a bucket: what is sent, what every answer means, and that nothing anybody saved is overwritten."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from reconcile.model.errors import LedgerBroken, LedgerError, LedgerLocked
from reconcile.store import Ledger, SwapLost, begin_ledger, open_ledger
from reconcile.store import s3 as home
from reconcile.store.s3 import ObjectAddress, S3Object

from .conftest import clock
from .places import S3Place
from .s3_door import Answer, Environ, Onward, S3Door, answer_lost, only, refusal
from .things import owned

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def place(s3_place: S3Place) -> S3Place:
    return s3_place


@pytest.fixture
def door(s3_door: S3Door) -> S3Door:
    return s3_door


def begun(place: S3Place, id: str = "l1") -> Ledger:
    return begin_ledger(place.home(), place.root, ledger_id=id, clock=clock)


def opened(place: S3Place) -> Ledger:
    return open_ledger(place.home(), place.root, expected_id="l1", clock=clock)


def a_rival_writes(place: S3Place) -> None:
    with opened(place) as rival:
        rival.begin_run("plan", [], "c0ffee", "a rival")


def before_each_save(place: S3Place, times: int) -> Callable[[Environ, Onward], Answer]:
    """Somebody saves a change just before our saves."""
    left, inside = [times], [False]

    def hook(environ: Environ, onward: Onward) -> Answer:
        if environ["REQUEST_METHOD"] == "PUT" and left[0] and not inside[0]:
            left[0] -= 1
            inside[0] = True
            a_rival_writes(place)
            inside[0] = False
        return onward(environ)

    return hook


# What is sent.


def test_beginning_asks_four_times_and_every_write_is_conditional(place: S3Place, door: S3Door) -> None:
    with begun(place) as ledger:
        ledger.pin("acme", "toy", "w1")
    assert [(one.method, one.condition, one.status) for one in door.asked] == [
        ("GET", "", 404),
        ("PUT", "If-Match", 404),
        ("PUT", "If-None-Match", 200),
        ("PUT", "If-None-Match", 412),
        ("PUT", "If-Match", 200),
    ]


def test_no_request_asks_for_encryption_or_rights_or_carries_a_secret(place: S3Place, door: S3Door) -> None:
    with begun(place) as ledger:
        ledger.pin("acme", "toy", "w1")
    for one in door.asked:
        assert not [name for name in one.headers if "ENCRYPTION" in name or "ACL" in name]
        assert "s3same" not in str(one.headers)


def test_what_nobody_changed_is_read_without_its_content_and_written_not_at_all(place: S3Place, door: S3Door) -> None:
    with begun(place) as ledger:
        ledger.pin("acme", "toy", "w1")
        door.asked.clear()
        ledger.memory()
        ledger.pin("acme", "toy", "w1")
        ledger.approve("d1", "somebody")
        ledger.approve("d1", "somebody")
        assert [(one.method, one.status) for one in door.asked] == [("GET", 304), ("PUT", 200)]


def test_the_object_is_a_ledger_that_any_sqlite_opens(place: S3Place, tmp_path: Path) -> None:
    with begun(place) as ledger:
        ledger.own([owned(1)], [], "adopt")
    (tmp_path / "copy.db").write_bytes(place.content)
    connection = sqlite3.connect(tmp_path / "copy.db")
    assert connection.execute("SELECT remote_id FROM owned").fetchall() == [("id1",)]
    connection.close()


def test_no_copy_stays_on_the_disk(place: S3Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with begun(place) as ledger:
        (copy,) = tmp_path.glob("trueup-ledger-*/*")
        assert (copy.stat().st_mode & 0o777, copy.parent.stat().st_mode & 0o777) == (0o600, 0o700)
        ledger.memory()
    with pytest.raises(LedgerBroken), begun(place):
        pass
    assert list(tmp_path.glob("trueup-ledger-*")) == []


# Others write at the same time.


def test_a_save_that_was_too_late_is_done_over_on_what_the_other_saved(place: S3Place, door: S3Door) -> None:
    with begun(place) as ledger:
        door.hook = before_each_save(place, times=3)
        ledger.own([owned(1)], [], "adopt")
        assert [one.id for one in ledger.memory().owned] == ["id1"]
        assert [one.who for one in ledger.runs()] == ["a rival"] * 3
        assert ledger.verify() == {"web": 1}


@pytest.mark.parametrize("status, code", [("412 x", "PreconditionFailed"), ("409 x", "ConditionalRequestConflict")])
def test_a_conflict_in_the_middle_is_tried_again(place: S3Place, door: S3Door, status: str, code: str) -> None:
    with begun(place) as ledger:
        door.hook = only("PUT", refusal(status, code), times=2)
        ledger.own([owned(1)], [], "adopt")
    with opened(place) as other:
        assert [one.id for one in other.memory().owned] == ["id1"]
        assert other.verify() == {"web": 1}


def test_who_always_comes_too_late_stops_as_locked(
    place: S3Place, door: S3Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home, "_LONGEST_PAUSE", 0.0)
    with begun(place) as ledger:
        door.hook = only("PUT", refusal("412 x", "PreconditionFailed"))
        with pytest.raises(LedgerLocked, match="keep writing"):
            ledger.own([owned(1)], [], "adopt")
        assert ledger.memory().owned == ()


def test_the_pause_after_a_lost_save_grows_and_ends_with_a_save(place: S3Place, door: S3Door) -> None:
    pauses: list[float] = []
    object = S3Object(ObjectAddress.read(place.home(), {}), os.environ, pause=pauses.append)
    version = object.save(b"SQLite format 3\0", None)
    for _ in range(30):
        with suppress(SwapLost):
            object.save(b"SQLite format 3\0again", '"00000000000000000000000000000000"')
    assert len(pauses) == 30
    assert max(pauses[:2]) <= 0.08
    assert max(pauses) <= 1.0
    object.save(b"SQLite format 3\0again", version)
    with pytest.raises(SwapLost):
        object.save(b"SQLite format 3\0", version)
    assert pauses[-1] <= 0.04


WRITE = """
import datetime as dt, sys
from pathlib import Path
from reconcile.model.memory import Owned
from reconcile.model.resource import Address
from reconcile.store import open_ledger
home, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
with open_ledger(home, Path(), expected_id="l1", clock=lambda: dt.datetime(2026, 1, 1, tzinfo=dt.UTC)) as ledger:
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(count):
        run = ledger.begin_run("apply", ["web"], "c0ffee", "the same person")
        address = Address("toy", "record", f"{name}{number}")
        ledger.own([Owned("acme", "toy.record", (address.name,), address.name, address, "web")], [], "adopt", run)
print("done", flush=True)
"""


def test_processes_that_write_at_once_lose_nothing(place: S3Place, door: S3Door) -> None:
    begun(place).close()
    names, each = ("a", "b", "c"), 12
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WRITE, place.home(), name, str(each)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
        )
        for name in names
    ]
    try:
        for one in processes:
            assert one.stdout is not None and one.stdin is not None
            assert one.stdout.readline() == "ready\n"
        for one in processes:
            assert one.stdin is not None
            one.stdin.write("go\n")
            one.stdin.flush()
        assert [one.communicate(timeout=120)[0] for one in processes] == ["done\n"] * len(names)
    finally:
        for one in processes:
            one.kill()
    assert any(one.status == 412 for one in door.asked[4:]), "nobody was ever in another's way"
    with opened(place) as ledger:
        wanted = {f"{name}{number}" for name in names for number in range(each)}
        assert {one.id for one in ledger.memory().owned} == wanted
        told = [one for one in ledger.history("web", limit=1_000) if one.what == "owned"]
        assert sorted(str(one.detail["id"]) for one in told) == sorted(wanted)
        # Every process had a run of its own for every write: none took another's number for its own.
        assert len({one.detail["run"] for one in told}) == len(wanted) == len(ledger.runs(1_000))
        assert ledger.verify() == {"web": len(wanted)}


# A line that breaks.


def test_a_writer_that_dies_before_its_save_leaves_what_was(place: S3Place, door: S3Door) -> None:
    with begun(place) as ledger:
        ledger.own([owned(1)], [], "adopt")
    before = place.content
    dying = f"""
import datetime as dt, os, sys
sys.path.insert(0, {str(REPOSITORY)!r})
from pathlib import Path
from reconcile.store import open_ledger, s3
s3.S3Object.save = lambda *_: os._exit(9)
ledger = open_ledger({place.home()!r}, Path(), expected_id="l1", clock=lambda: dt.datetime.now(dt.UTC))
ledger.pin("acme", "toy", "w1")
"""
    assert subprocess.run([sys.executable, "-c", dying], cwd=REPOSITORY, check=False).returncode == 9
    assert place.content == before
    with opened(place) as again:
        assert again.verify() == {"web": 1}


@pytest.mark.parametrize("times, saved", [(2, True), (1_000, False)])
def test_a_save_that_met_a_failing_server_is_repeated_or_did_not_happen(
    place: S3Place, door: S3Door, times: int, saved: bool
) -> None:
    with begun(place) as ledger:
        door.hook = only("PUT", refusal("503 x", "SlowDown"), times=times)
        if saved:
            ledger.own([owned(1)], [], "adopt")
        else:
            with pytest.raises(LedgerError, match="503 SlowDown") as caught:
                ledger.own([owned(1)], [], "adopt")
            assert "s3same" not in str(caught.value)
        door.hook = None
        ledger.own([owned(2)], [], "adopt")
        assert [one.id for one in ledger.memory().owned] == (["id1", "id2"] if saved else ["id2"])


def test_a_save_whose_answer_was_lost_is_done_once(place: S3Place, door: S3Door) -> None:
    with begun(place) as ledger:
        door.hook = answer_lost("PUT", "500 InternalError")
        ledger.own([owned(1)], [], "adopt")
        assert ledger.verify() == {"web": 1}


def test_a_save_whose_answer_was_lost_is_done_once_also_where_others_saved_after_it(
    place: S3Place, door: S3Door
) -> None:
    with begun(place) as ledger:
        door.hook = answer_lost("PUT", "500 InternalError", then=lambda: a_rival_writes(place))
        ledger.own([owned(1)], [], "adopt")
        assert [one.who for one in ledger.runs()] == ["a rival"]
        ledger.own([owned(2)], [], "adopt")
        assert ledger.verify() == {"web": 2}


def test_equal_writes_of_two_runs_are_two(place: S3Place) -> None:
    with begun(place) as one, opened(place) as other:
        runs = {ledger.begin_run("apply", ["web"], "c0ffee", "the same person") for ledger in (one, other)}
        assert len(runs) == len(one.runs()) == 2
