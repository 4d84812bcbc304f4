"""A backup brings everything back, or nothing."""

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from reconcile.model.errors import LedgerBroken
from reconcile.store import Ledger, begin_ledger, restore_ledger

from .conftest import clock
from .places import Place, SnapshotPlace
from .things import applied, change, outcome, owned, record


def filled(ledger: Ledger) -> Ledger:
    ledger.own([owned(1), owned(2)], [applied(1), applied(2)], "adopt")
    ledger.pin("acme", "toy", "w1")
    ledger.approve("d1", "somebody")
    a_create(ledger, "c")
    return ledger


def a_create(ledger: Ledger, name: str) -> None:
    """A create that is done, and one that stays open."""
    run = ledger.begin_run("apply", ["web"], "c0ffee", "somebody")
    changes = [change(record(name)), change(record(f"{name}-open"))]
    ids = ledger.intend(run, 0, changes)
    ledger.conclude(run, [(ids[0], outcome(changes[0], id=f"id-{name}"))], revision="c0ffee", project="runbooks")
    ledger.end_run(run, 0, {"made": 1})


def test_a_restored_ledger_is_the_one_that_was_backed_up(ledger: Ledger, place: Place, tmp_path: Path) -> None:
    with filled(ledger).lease(["web"], holder="first run"):
        ledger.backup(tmp_path / "backup.json")
    elsewhere = SnapshotPlace(tmp_path)
    with restore_ledger(tmp_path / "backup.json", elsewhere.home(), tmp_path, clock) as restored:
        assert restored.id == ledger.id
        assert restored.memory() == ledger.memory()
        assert restored.history() == ledger.history()
        assert restored.runs() == ledger.runs()
        assert restored.verify(ledger.heads()) == ledger.verify()
        # The run that held the lease is not here.
        with restored.lease(["web"], holder="second run"):
            pass


def test_a_ledger_goes_on_where_its_backup_ended(place: Place, tmp_path: Path) -> None:
    source = SnapshotPlace(tmp_path)
    with begin_ledger(source.home(), tmp_path, ledger_id="l1", clock=clock) as first:
        filled(first).backup(tmp_path / "backup.json")
        last = first.memory().intents[-1].id
    with restore_ledger(tmp_path / "backup.json", place.home(), place.root, clock) as restored:
        a_create(restored, "d")
        assert restored.memory().intents[-1].id > last
        assert len(restored.runs()) == 2
        assert restored.verify()["web"] == 4


def test_a_home_that_holds_a_ledger_is_not_overwritten(ledger: Ledger, place: Place, tmp_path: Path) -> None:
    filled(ledger).backup(tmp_path / "backup.json")
    a_create(ledger, "later")
    with pytest.raises(LedgerBroken, match="already"):
        restore_ledger(tmp_path / "backup.json", place.home(), place.root, clock)
    assert "id-later" in [one.id for one in ledger.memory().owned]


def test_a_backup_is_readable_by_its_owner_only_and_leaves_no_traces(ledger: Ledger, tmp_path: Path) -> None:
    target = tmp_path / "backups" / "backup.json"
    target.parent.mkdir()
    target.write_text("an older one")
    target.chmod(0o644)
    filled(ledger).backup(target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert json.loads(target.read_text())["id"] == "l1"
    assert list(target.parent.iterdir()) == [target]


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    with begin_ledger("first.db", tmp_path, ledger_id="l1", clock=clock) as first:
        filled(first).backup(tmp_path / "backup.json")
    return tmp_path / "backup.json"


def _forged(document: dict[str, list[dict[str, object]]]) -> None:
    document["entry"][0]["detail"] = "{}"


def _shortened(document: dict[str, list[dict[str, object]]]) -> None:
    del document["entry"][0]


def _without_a_table(document: dict[str, list[dict[str, object]]]) -> None:
    del document["owned"]


def _without_a_column(document: dict[str, list[dict[str, object]]]) -> None:
    del document["owned"][0]["key"]


def _of_another_ledger(document: dict[str, list[dict[str, object]]]) -> None:
    document["meta"][0]["id"] = "l2"


@pytest.mark.parametrize(
    "spoil",
    [_forged, _shortened, _without_a_table, _without_a_column, _of_another_ledger],
    ids=lambda one: one.__name__,
)
def test_a_spoilt_backup_is_refused_before_a_home_is_made(
    backup: Path, tmp_path: Path, spoil: Callable[[dict[str, list[dict[str, object]]]], None]
) -> None:
    content = json.loads(backup.read_text())
    spoil(content["tables"])
    backup.write_text(json.dumps(content))
    with pytest.raises(LedgerBroken):
        restore_ledger(backup, "second.db", tmp_path, clock)
    assert not (tmp_path / "second.db").exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "trueup.plan/1"}', "\x00\xff"])
def test_what_is_no_backup_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "backup.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(LedgerBroken):
        restore_ledger(tmp_path / "backup.json", "second.db", tmp_path, clock)
    with pytest.raises(LedgerBroken):
        restore_ledger(tmp_path / "absent.json", "second.db", tmp_path, clock)


def test_a_backup_of_a_newer_format_is_refused(backup: Path, tmp_path: Path) -> None:
    content = json.loads(backup.read_text())
    content["format"] = 99
    backup.write_text(json.dumps(content))
    with pytest.raises(LedgerBroken, match="format 99"):
        restore_ledger(backup, "second.db", tmp_path, clock)
