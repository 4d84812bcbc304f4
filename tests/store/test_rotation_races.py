"""Several processes and one secret: one of them saves, and a death in the middle leaves all of it or nothing."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from reconcile.model.books import LostRace
from reconcile.model.rotation import State
from reconcile.store import Ledger
from reconcile.store.rotations import Rotations
from reconcile.store.vault import KEY_VARIABLE, begin_vault, make_runner_key, open_vault

from .conftest import LIVE
from .places import Place
from .rotating import NAME, TOLD, ended, shown, starting, value

REPOSITORY = Path(__file__).resolve().parents[2]

SAVE = """
import datetime as dt, sys, time
from dataclasses import replace
from pathlib import Path
from sqlalchemy import event
from reconcile.model.books import Entry, LostRace
from reconcile.model.secret import SecretText
from reconcile.store import open_ledger
from reconcile.store.rotations import Rotations
from reconcile.store.vault import open_vault, runner_key
home, root, stop = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
ledger = open_ledger(home, root, expected_id="l1", clock=lambda: dt.datetime.now(dt.UTC))
key = runner_key({}, root / "key")
books = Rotations(ledger, {"bilko-jwt": "bilko"}, key=key, vault=open_vault(ledger, key))
before = books.state("bilko-jwt")

def pause(*said):
    if stop == "COMMIT" or (len(said) > 2 and said[2].startswith(stop)):
        print("inside", flush=True)
        time.sleep(600)

if stop != "-":
    event.listen(ledger._door._engine, "commit" if stop == "COMMIT" else "after_cursor_execute", pause)
print("ready", flush=True)
sys.stdin.readline()
rotation = replace(before.rotation, units=("api", "worker"), phase="accept")
after = replace(before, rotation=rotation)
try:
    books.save(before, after, [Entry("sealed")], seal={2: {"value": SecretText("the-new-value")}}, erase=[1])
    print("saved", flush=True)
except LostRace:
    print("lost", flush=True)
sys.stdin.readline()
"""


@contextmanager
def another_process(place: Place, *, stop: str = "-") -> Iterator["subprocess.Popen[str]"]:
    """A real process that read the state, and saves when it is told to; it halts after a statement, to be killed."""
    home = place.home()
    assert isinstance(home, str)
    process = subprocess.Popen(
        [sys.executable, "-c", SAVE, home, str(place.root), stop],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )
    try:
        assert hear(process) == "ready"
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


@pytest.fixture
def kept(ledger: Ledger, place: Place, monkeypatch: pytest.MonkeyPatch) -> Rotations:
    """Books with a rotation under way that starts one unit, and a first value."""
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    key = make_runner_key(place.root / "key")
    assert key is not None and begin_vault(ledger, key) is not None
    books = Rotations(ledger, {NAME: "bilko"}, key=key, vault=open_vault(ledger, key))
    held = books.claim(NAME)
    books.save(held, starting(held, "api"), TOLD, seal={1: value(value="the-old-value")})
    return books


def everything(ledger: Ledger, kept: Rotations) -> tuple[object, ...]:
    """What one save changes."""
    versions = [shown(kept.value(NAME, number)) for number in (1, 2)]
    return kept.state(NAME), versions, kept.busy(), len(ledger.history("bilko")), ledger.verify()


def is_whole(found: tuple[object, ...], state: State) -> bool:
    """Whether it is all there."""
    assert state.rotation is not None
    after = replace(state, turn=3, rotation=replace(state.rotation, units=("api", "worker"), phase="accept"))
    busy = {"api": NAME, "worker": NAME}
    values = [None, {"value": "the-new-value"}]
    return found == (after, values, busy, 3, {"": 1, "bilko": 3})


@LIVE
def test_of_two_processes_that_save_at_once_one_does(ledger: Ledger, place: Place, kept: Rotations) -> None:
    before = kept.state(NAME)
    with another_process(place) as one, another_process(place) as two:
        tell(one)
        tell(two)
        assert sorted([hear(one), hear(two)]) == ["lost", "saved"]
    assert is_whole(everything(ledger, kept), before)


@LIVE
@pytest.mark.parametrize("stop", ["UPDATE secret_state", "INSERT INTO busy_unit", "DELETE FROM secret_value", "COMMIT"])
def test_a_save_that_is_killed_in_the_middle_did_not_happen(
    ledger: Ledger, place: Place, kept: Rotations, stop: str
) -> None:
    before = everything(ledger, kept)
    state = kept.state(NAME)
    with another_process(place, stop=stop) as process:
        tell(process)
        assert hear(process) == "inside"
        process.kill()
        process.wait()
        assert everything(ledger, kept) == before
    taken = kept.claim(NAME)
    assert kept.save(taken, ended(taken), erase=[1]) == replace(ended(state), turn=taken.turn + 1, fence=2)


@LIVE
def test_a_save_that_was_told_survives_a_kill(ledger: Ledger, place: Place, kept: Rotations) -> None:
    before = kept.state(NAME)
    with another_process(place) as process:
        tell(process)
        assert hear(process) == "saved"
        process.kill()
        process.wait()
    assert is_whole(everything(ledger, kept), before)


@LIVE
def test_a_process_whose_secret_was_taken_up_meanwhile_saves_nothing(
    ledger: Ledger, place: Place, kept: Rotations
) -> None:
    with another_process(place) as process:
        taken = kept.claim(NAME)
        before = everything(ledger, kept)
        tell(process)
        assert hear(process) == "lost"
    assert everything(ledger, kept) == before
    kept.check(taken)
    with pytest.raises(LostRace):
        kept.check(replace(taken, fence=1))
