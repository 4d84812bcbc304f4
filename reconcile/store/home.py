"""Where a ledger lives: a file, a PostgreSQL database, or a snapshot kept elsewhere as one object."""

import os
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool

from ..model.errors import LedgerBroken, LedgerError
from .stamps import stamped, stamps

BUSY_SECONDS = 30
"""How long a transaction waits for another one before it gives up."""
_PURGE_SECONDS = 1
WRITES = "trueup_writes"
"""Execution option of a connection that is going to write."""

Version = Any
"""What tells one state of an object from another, an ETag for instance; None: there is no object."""

_NEVER_BEGUN_ANEW = "`trueup init` begins the ledger of a new project; `trueup ledger restore` brings a backup back"


class SwapLost(Exception):
    """The object is not in the version that the writer read: somebody wrote in between."""


class Home(Protocol):
    """A place for the tables. `location` is fit to be shown: it never holds a password."""

    location: str

    def begin(self) -> Engine:
        """Room for a new ledger, which may hold one already: whoever makes the tables looks."""

    def open(self, *, readonly: bool) -> Engine:
        """What is there. Raises LedgerBroken where nothing is."""

    def refresh(self) -> bool:
        """Takes over what other processes wrote; tells whether anything moved. Live databases need none."""

    def keep(self) -> None:
        """Saves what was just committed. Raises SwapLost; live databases saved it already."""

    def purge(self) -> None:
        """Leaves nothing behind of what was just destroyed, as far as this home can: where others read meanwhile, the
        next writing does it."""

    def close(self) -> None:
        """Lets go of connections and local copies."""


class FileHome:
    """One SQLite file, readable by its owner only, in WAL mode."""

    def __init__(self, path: Path, *, shown: str = "") -> None:
        self._path = path
        self.location = shown or str(path)
        self._engine: Engine | None = None

    def begin(self) -> Engine:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # SQLite gives its -wal and -shm files the mode of the file itself.
        with suppress(FileExistsError):
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        self._engine = sqlite_engine(self._path, journal="WAL")
        return self._engine

    def open(self, *, readonly: bool) -> Engine:
        if not self._path.is_file():
            raise absent(self.location)
        if not readonly and self._path.stat().st_mode & 0o077:
            with suppress(PermissionError):
                self._path.chmod(0o600)
        self._engine = sqlite_engine(self._path, journal="" if readonly else "WAL", readonly=readonly)
        return self._engine

    def refresh(self) -> bool:
        return False

    def keep(self) -> None:
        return None

    def purge(self) -> None:
        # The log beside the file still holds the pages as they were. A moment's patience: who reads may read on.
        with suppress(sqlite3.OperationalError), closing(sqlite3.connect(self._path, timeout=_PURGE_SECONDS)) as plain:
            plain.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()


class PostgresHome:
    """A PostgreSQL database; it must exist, its tables are ours."""

    def __init__(self, text: str) -> None:
        try:
            url = make_url(text)
        except (ArgumentError, ValueError) as error:
            # The text may hold a password, and the library's message repeats it.
            raise LedgerError("the ledger's home is no valid postgresql:// address") from error
        self._url = url.set(drivername="postgresql+psycopg")
        self.location = URL.create("postgresql", host=url.host, port=url.port, database=url.database).render_as_string()
        self._engine: Engine | None = None

    def begin(self) -> Engine:
        return self.open(readonly=False)

    def open(self, *, readonly: bool) -> Engine:
        try:
            self._engine = create_engine(self._url, pool_pre_ping=True, pool_size=2, hide_parameters=True)
        except ModuleNotFoundError as error:
            raise LedgerError(
                "the driver for PostgreSQL is not installed", advice="install trueup with the extra `postgresql`"
            ) from error
        event.listen(self._engine, "begin", _begin_postgres)
        return self._engine

    def refresh(self) -> bool:
        return False

    def keep(self) -> None:
        return None

    def purge(self) -> None:
        # The server's own vacuum and log are not ours to command.
        return None

    def close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()


class SnapshotHome:
    """A ledger kept as one object: work goes on in a local copy, which is put back under compare-and-swap.

    `load` takes the version that is known here already (None: none) and gives the bytes and their version: no bytes
    and that same version where nothing moved, (None, None) where there is no object. `save` takes the bytes and the
    version they replace (None: there must be none), gives the new version, and raises SwapLost on another one.
    """

    def __init__(
        self,
        load: Callable[[Version], tuple[bytes | None, Version]],
        save: Callable[[bytes, Version], Version],
        *,
        location: str,
    ) -> None:
        self.location = location
        self._load = load
        self._save = save
        self._version: Version = None
        self._held = b""
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._path = Path()
        self._engine: Engine | None = None

    def begin(self) -> Engine:
        content, _ = self._load(None)
        if content is not None:
            raise already_there(self.location)
        self._take(b"", None)
        return self._connect()

    def open(self, *, readonly: bool) -> Engine:
        content, version = self._load(None)
        if content is None:
            raise absent(self.location)
        self._take(content, version)
        return self._connect()

    def refresh(self) -> bool:
        # A write that was not saved is no part of the ledger: the copy is thrown away.
        ahead = self._path.read_bytes() != self._held
        content, version = self._load(None if ahead else self._version)
        if content is None and version is None:
            raise absent(self.location)
        if content is None or (version == self._version and not ahead):
            return False
        self._take(content, version)
        return True

    def keep(self) -> None:
        if self._version is not None and self._path.read_bytes() == self._held:
            return
        stamp = stamped(self._path)
        content = self._path.read_bytes()
        try:
            self._held, self._version = content, self._save(content, self._version)
        except SwapLost:
            # A transport that repeats a write whose answer was lost loses against itself, or against who came after.
            found, version = self._load(None)
            if found is None or stamp not in stamps(found):
                raise
            self._take(found, version)

    def purge(self) -> None:
        # What is saved is the whole object anew; the versions that a bucket keeps of it are the bucket's.
        return None

    def close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()
        if self._folder is not None:
            self._folder.cleanup()

    def _connect(self) -> Engine:
        # One file after each commit and no durability: the object is what lasts.
        self._engine = sqlite_engine(self._path, journal="MEMORY")
        return self._engine

    def _take(self, content: bytes, version: Version) -> None:
        """Makes this the local copy."""
        if self._engine is not None:
            self._engine.dispose()
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="trueup-ledger-")
            self._path = Path(self._folder.name) / "ledger.db"
        descriptor = os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        self._held, self._version = content, version


def sqlite_engine(path: Path, *, journal: str, readonly: bool = False) -> Engine:
    """An engine that never makes the file by itself. `journal` "" leaves the mode as it is."""
    address = f"{path.resolve().as_uri()}?mode={'ro' if readonly else 'rw'}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            address, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        # What is destroyed, or sealed anew, must not stay behind in a free page of the file.
        connection.execute("PRAGMA secure_delete=ON").fetchone()
        if journal:
            connection.execute(f"PRAGMA journal_mode={journal}").fetchone()
            connection.execute(f"PRAGMA synchronous={'FULL' if journal == 'WAL' else 'OFF'}")
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, hide_parameters=True)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def already_there(location: str) -> LedgerBroken:
    """A ledger is never begun over another one."""
    return LedgerBroken(
        f"there is a ledger at {location} already", advice="name its id in stacks/_project.yaml, or give another home"
    )


def absent(location: str) -> LedgerBroken:
    """A ledger that is not where it should be is never quietly begun anew."""
    return LedgerBroken(f"there is no ledger at {location}", advice=_NEVER_BEGUN_ANEW)


def empty(location: str) -> LedgerBroken:
    """Something is there and it is no ledger."""
    return LedgerBroken(f"what is at {location} holds no ledger", advice=_NEVER_BEGUN_ANEW)


def _begin_sqlite(connection: Connection) -> None:
    # The driver would begin at the first write, too late to read what the write depends on.
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_postgres(connection: Connection) -> None:
    if connection.get_execution_options().get(WRITES):
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'")
    else:
        # A reader of several tables must see one moment.
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
