"""The one way in to the tables: transactions, one writer at a time, and what to say when the database says no."""

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from ..model.errors import LedgerBroken, LedgerError, LedgerLocked
from .home import WRITES, Home, SwapLost, empty
from .tables import FORMAT, meta

SWAPS = 16
"""How often a write on a snapshot is done over on what others saved in between."""

T = TypeVar("T")


class Fence(Protocol):
    """A claim that must still stand when something is written: a lease."""

    stacks: tuple[str, ...]

    def assert_held(self, connection: Connection) -> None:
        """Raises LedgerLocked where the claim is lost."""


class Door:
    """Transactions on one opened ledger. Threads of a process take turns here, processes in the database."""

    def __init__(self, home: Home, engine: Engine, *, id: str, readonly: bool) -> None:
        self.id = id
        self.home = home
        self.fences: list[Fence] = []
        self._engine = engine
        self._readonly = readonly
        self._unsure = False
        self._turn = threading.RLock()

    def read(self, work: Callable[[Connection], T]) -> T:
        """Runs `work` on one moment of the ledger, as it is now."""
        with self._turn, told(self.home.location):
            self.refresh()
            with self._engine.connect() as connection, connection.begin():
                return work(connection)

    def write(self, work: Callable[[Connection], T], *, fenced: Collection[str] = (), destroys: bool = False) -> T:
        """Runs `work` in one transaction that excludes every other writer of this ledger.

        `work` may run more than once, each time on a fresh state, so it must have no effect but on the connection.
        Leases on the stacks in `fenced` must still be held. `destroys`: what it puts away must leave no trace. Raises
        LedgerLocked where a lease is lost, or where others keep saving this snapshot.
        """
        if self._readonly:
            raise LedgerError("this ledger was opened for reading only", advice="run a command that may write")
        with self._turn, told(self.home.location):
            self._settle()
            for _ in range(SWAPS):
                try:
                    answer = self._once(work, fenced)
                except SwapLost:
                    self._settle()
                else:
                    if destroys:
                        self.home.purge()
                    return answer
        raise LedgerLocked(f"others keep writing to the ledger at {self.home.location}")

    def refresh(self) -> None:
        """Takes over what other processes saved: before a decision that depends on them."""
        with self._turn, told(self.home.location):
            self.home.refresh()
            self._unsure = False

    def close(self) -> None:
        with self._turn:
            self.home.close()

    def _once(self, work: Callable[[Connection], T], fenced: Collection[str]) -> T:
        with self._engine.connect() as plain:
            connection = plain.execution_options(**{WRITES: True})
            with connection.begin():
                check_meta(connection, self.id, self.home.location)
                for fence in tuple(self.fences):
                    if not set(fenced).isdisjoint(fence.stacks):
                        fence.assert_held(connection)
                answer = work(connection)
        # Until the save is known, the local copy may run ahead of what others see.
        self._unsure = True
        self.home.keep()
        self._unsure = False
        return answer

    def _settle(self) -> None:
        if self._unsure:
            self.home.refresh()
            self._unsure = False


def check_meta(connection: Connection, id: str, location: str, *, lock: bool = True) -> int:
    """The format of the ledger; `lock` keeps out other writers, which on PostgreSQL nothing else does.

    Raises LedgerBroken on another ledger or a newer format.
    """
    wanted = select(meta.c.id, meta.c.format)
    row = connection.execute(wanted.with_for_update() if lock else wanted).one_or_none()
    if row is None:
        raise empty(location)
    if row.id != id:
        raise LedgerBroken(
            f"the ledger at {location} is {row.id}, and the project names {id}",
            advice="correct `ledger:` in stacks/_project.yaml: its id and its home must belong together",
        )
    if row.format > FORMAT:
        raise LedgerBroken(
            f"the ledger at {location} has format {row.format}, and this trueup knows {FORMAT}",
            advice="a newer trueup wrote it; install that one",
        )
    return int(row.format)


@contextmanager
def told(location: str) -> Iterator[None]:
    """Turns the database's errors into ours. The driver's message goes on, statements and values do not."""
    try:
        yield
    except DatabaseError as error:
        said = (str(error.orig).strip().splitlines() or [""])[0]
        if "locked" in said or getattr(error.orig, "sqlstate", None) == "55P03":
            raise LedgerLocked(f"the ledger at {location} is busy: {said}", advice="run the same again") from error
        if "not a database" in said or "malformed" in said:
            raise LedgerBroken(f"what is at {location} is no ledger: {said}") from error
        raise LedgerError(f"the ledger at {location} cannot be used: {said}") from error
    except SQLAlchemyError as error:
        raise LedgerError(f"the ledger at {location} cannot be used ({type(error).__name__})") from error
