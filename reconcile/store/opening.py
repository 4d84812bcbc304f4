"""Beginning, opening and restoring a ledger. Only the first of them makes one, and only where none is."""

import datetime as dt
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, inspect, update

from ..model.errors import LedgerError
from . import backup
from .door import Door, check_meta, told
from .home import WRITES, FileHome, Home, PostgresHome, SwapLost, already_there, empty
from .ledger import Ledger
from .tables import FORMAT, baseline, busy_unit, meta, metadata, sealed, secret_state, secret_value, sighting

Clock = Callable[[], dt.datetime]
Step = Callable[[Connection], None]


def _remember_rotations(connection: Connection) -> None:
    for table in (secret_state, secret_value, busy_unit, baseline):
        table.create(connection)


STEPS: Mapping[int, Step] = {1: sealed.create, 2: sighting.create, 3: _remember_rotations}
"""What makes a ledger of the format named into one of the next."""


def begin_ledger(home: str | Home, root: Path, *, ledger_id: str | None = None, clock: Clock) -> Ledger:
    """Makes a new ledger. Raises LedgerBroken where one is there already.

    `home` is what stacks/_project.yaml says, a path being relative to `root`. `ledger_id` None: a fresh one.
    """
    id = ledger_id or secrets.token_hex(8)

    def fill(connection: Connection) -> None:
        connection.execute(insert(meta), {"id": id, "format": FORMAT})

    return Ledger(_make(_home(home, root), id, fill), clock)


def restore_ledger(path: Path, home: str | Home, root: Path, clock: Clock) -> Ledger:
    """Makes the ledger that a backup holds, in a home that has none. Raises LedgerBroken, also on a broken history."""
    content = backup.read(path)
    return Ledger(_make(_home(home, root), content["id"], lambda connection: backup.fill(connection, content)), clock)


def open_ledger(home: str | Home, root: Path, *, expected_id: str, clock: Clock, readonly: bool = False) -> Ledger:
    """The ledger that the project names, brought to this product's format.

    Raises LedgerBroken where it is absent, empty, another one, or of a newer format: never quietly begun anew.
    """
    place = _home(home, root)
    with told(place.location):
        engine = place.open(readonly=readonly)
        try:
            _admit(place, engine, expected_id, readonly=readonly)
        except BaseException:
            place.close()
            raise
    return Ledger(Door(place, engine, id=expected_id, readonly=readonly), clock)


def migrate(connection: Connection, format: int, *, to: int = FORMAT, steps: Mapping[int, Step] = STEPS) -> None:
    """Forward, step by step, in the caller's transaction: a ledger is never half migrated."""
    for number in range(format, to):
        if number not in steps:
            raise LedgerError(f"no way leads from format {number} of the ledger to {number + 1}")
        steps[number](connection)
    connection.execute(update(meta).values(format=to))


def home_of(text: str, root: Path) -> Home:
    """The home that `ledger: {home: …}` names; a file's path is relative to the repository's root."""
    if text.startswith(("postgresql://", "postgres://")):
        return PostgresHome(text)
    if text.startswith("s3://"):
        from .s3 import S3Home

        return S3Home(text)
    scheme, separator, _ = text.partition("://")
    if separator:
        raise LedgerError(
            f"a ledger cannot live at {scheme}://…",
            advice="give a file, postgresql://… or s3://bucket/key as `home` under `ledger:` in stacks/_project.yaml",
        )
    return FileHome(root / text, shown=text)


def _home(home: str | Home, root: Path) -> Home:
    return home_of(home, root) if isinstance(home, str) else home


def _admit(place: Home, engine: Engine, expected_id: str, *, readonly: bool) -> None:
    with engine.connect() as connection, connection.begin():
        if not inspect(connection).has_table(meta.name):
            raise empty(place.location)
        format = check_meta(connection, expected_id, place.location, lock=False)
    if format == FORMAT:
        return
    if readonly:
        raise LedgerError(
            f"the ledger at {place.location} has the older format {format}",
            advice="run `trueup status` or any command that may write once: it brings the ledger up to date",
        )
    with engine.connect() as plain:
        connection = plain.execution_options(**{WRITES: True})
        with connection.begin():
            # Another process may have migrated it while this one waited for its turn.
            migrate(connection, check_meta(connection, expected_id, place.location))
    place.keep()


def _make(place: Home, id: str, fill: Step) -> Door:
    with told(place.location):
        try:
            engine = place.begin()
            with engine.connect() as plain:
                connection = plain.execution_options(**{WRITES: True})
                with connection.begin():
                    _make_tables(connection, place.location)
                    fill(connection)
            place.keep()
        except SwapLost:
            place.close()
            raise already_there(place.location) from None
        except BaseException:
            place.close()
            raise
    return Door(place, engine, id=id, readonly=False)


def _make_tables(connection: Connection, location: str) -> None:
    if connection.dialect.name == "postgresql":
        # Two that begin at once would both see no tables.
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('trueup.ledger'))")
    if metadata.tables.keys() & set(inspect(connection).get_table_names()):
        raise already_there(location)
    metadata.create_all(connection, checkfirst=False)
