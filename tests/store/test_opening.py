"""Beginning and opening: the right ledger or none."""

import sqlite3
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, select

from reconcile.model.errors import LedgerBroken, LedgerError
from reconcile.store import Ledger, begin_ledger, home_of, migrate, open_ledger, tables

from .conftest import clock
from .places import Place, S3Place
from .things import applied, owned


def test_what_was_written_is_there_when_opened_again(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    ledger.own([owned(1)], [applied(1)], "adopt")
    found = reopen().memory()
    assert found.owned == (owned(1),)
    assert list(found.applied.values()) == [applied(1)]


def test_an_absent_ledger_is_not_begun_anew(place: Place) -> None:
    with pytest.raises(LedgerBroken, match="no ledger"):
        open_ledger(place.home(), place.root, expected_id="l1", clock=clock)
    with pytest.raises(LedgerBroken, match="no ledger"):
        open_ledger(place.home(), place.root, expected_id="l1", clock=clock, readonly=True)
    begin_ledger(place.home(), place.root, ledger_id="l1", clock=clock).close()


def test_an_emptied_ledger_is_refused(ledger: Ledger, place: Place, reopen: Callable[[], Ledger]) -> None:
    ledger.close()
    place.tamper("DELETE FROM meta")
    with pytest.raises(LedgerBroken, match="holds no ledger"):
        reopen()
    place.tamper("DROP TABLE meta")
    with pytest.raises(LedgerBroken, match="holds no ledger"):
        reopen()


def test_another_ledger_is_refused_by_its_id(ledger: Ledger, place: Place) -> None:
    with pytest.raises(LedgerBroken, match="is l1, and the project names l2"):
        open_ledger(place.home(), place.root, expected_id="l2", clock=clock)


def test_a_newer_ledger_is_refused(ledger: Ledger, place: Place, reopen: Callable[[], Ledger]) -> None:
    place.tamper("UPDATE meta SET format = 99")
    with pytest.raises(LedgerBroken, match="format 99"):
        reopen()


def test_a_ledger_that_is_migrated_while_it_is_open_takes_no_more_writes(ledger: Ledger, place: Place) -> None:
    place.tamper("UPDATE meta SET format = 99")
    with pytest.raises(LedgerBroken, match="format 99"):
        ledger.pin("acme", "toy", "w1")


def test_an_older_ledger_without_a_way_forward_is_refused(
    ledger: Ledger, place: Place, reopen: Callable[[], Ledger]
) -> None:
    place.tamper("UPDATE meta SET format = 0")
    with pytest.raises(LedgerError, match="from format 0"):
        reopen()
    assert "('l1', 0)" in place.rows()


def test_migration_goes_step_by_step_and_all_or_nothing() -> None:
    engine = create_engine("sqlite://")
    done: list[int] = []
    with engine.begin() as connection:
        tables.metadata.create_all(connection)
        connection.execute(tables.meta.insert(), {"id": "l1", "format": 1})
        migrate(connection, 1, to=3, steps={1: lambda _: done.append(1), 2: lambda _: done.append(2)})
    assert done == [1, 2]

    def fails(connection: Connection) -> None:
        raise LedgerError("step 3 is impossible")

    with pytest.raises(LedgerError), engine.begin() as connection:
        migrate(connection, 3, to=5, steps={3: fails, 4: fails})
    with engine.connect() as connection:
        assert connection.execute(select(tables.meta.c.format)).scalar() == 3


def test_a_ledger_is_never_begun_over_another(ledger: Ledger, place: Place, reopen: Callable[[], Ledger]) -> None:
    ledger.own([owned(1)], [], "adopt")
    with pytest.raises(LedgerBroken, match="already"):
        begin_ledger(place.home(), place.root, ledger_id="l2", clock=clock)
    assert reopen().memory().owned == (owned(1),)


def begun_by_many(home: str, root: Path) -> list[str]:
    """What became of four attempts to begin one ledger at once."""
    told: list[str] = []

    def work(number: int) -> None:
        try:
            begin_ledger(home, root, ledger_id=f"l{number}", clock=clock).close()
            told.append(f"l{number}")
        except LedgerBroken as error:
            told.append("refused" if "already" in str(error) else str(error))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(told)


def test_of_many_that_begin_a_file_at_once_one_succeeds(tmp_path: Path) -> None:
    first, *others = begun_by_many("ledger.db", tmp_path)
    assert others == ["refused"] * 3
    open_ledger("ledger.db", tmp_path, expected_id=first, clock=clock).close()


@pytest.mark.tier("postgresql")
def test_of_many_that_begin_in_a_database_at_once_one_succeeds(postgresql_database: str, tmp_path: Path) -> None:
    first, *others = begun_by_many(postgresql_database, tmp_path)
    assert others == ["refused"] * 3
    open_ledger(postgresql_database, tmp_path, expected_id=first, clock=clock).close()


def test_of_many_that_begin_in_a_bucket_at_once_one_succeeds(s3_place: S3Place, tmp_path: Path) -> None:
    first, *others = begun_by_many(s3_place.home(), tmp_path)
    assert others == ["refused"] * 3
    open_ledger(s3_place.home(), tmp_path, expected_id=first, clock=clock).close()


def test_every_ledger_begins_with_an_id_of_its_own(tmp_path: Path) -> None:
    ids = set()
    for name in "abc":
        with begin_ledger(f"{name}.db", tmp_path, clock=clock) as begun:
            ids.add(begun.id)
    assert len(ids) == 3


def test_opened_for_reading_it_reads_and_refuses_to_write(ledger: Ledger, place: Place) -> None:
    ledger.own([owned(1)], [], "adopt")
    with open_ledger(place.home(), place.root, expected_id="l1", clock=clock, readonly=True) as reader:
        assert reader.memory().owned == (owned(1),)
        with pytest.raises(LedgerError, match="reading only"):
            reader.pin("acme", "toy", "w1")


def test_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    with begin_ledger(".trueup/ledger.db", tmp_path, clock=clock) as begun:
        begun.pin("acme", "toy", "w1")
        folder = tmp_path / ".trueup"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    assert modes == {"ledger.db": 0o600, "ledger.db-wal": 0o600, "ledger.db-shm": 0o600}
    (folder / "ledger.db").chmod(0o644)
    open_ledger(".trueup/ledger.db", tmp_path, expected_id=begun.id, clock=clock).close()
    assert stat.S_IMODE((folder / "ledger.db").stat().st_mode) == 0o600


def test_the_file_survives_a_crash_of_its_writer(tmp_path: Path) -> None:
    with begin_ledger("ledger.db", tmp_path, clock=clock):
        with sqlite3.connect(tmp_path / "ledger.db") as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        connection.close()


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a ledger\n" * 100)
    with pytest.raises(LedgerBroken):
        open_ledger("notes.txt", tmp_path, expected_id="l1", clock=clock)
    with pytest.raises(LedgerBroken):
        begin_ledger("notes.txt", tmp_path, clock=clock)
    assert (tmp_path / "notes.txt").read_text() == "not a ledger\n" * 100


def test_the_location_of_a_database_never_shows_a_password(tmp_path: Path) -> None:
    home = home_of("postgresql://keeper:s3same@db.example:5433/books?password=s3same", tmp_path)
    assert home.location == "postgresql://db.example:5433/books"


def test_a_database_that_does_not_answer_is_told_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(LedgerError) as caught:
        open_ledger("postgresql://keeper:s3same@127.0.0.1:1/books", tmp_path, expected_id="l1", clock=clock)
    assert "127.0.0.1" in str(caught.value)
    assert "s3same" not in str(caught.value)


def test_a_home_nobody_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="cannot live at gopher://"):
        home_of("gopher://x:secret@y", tmp_path)
