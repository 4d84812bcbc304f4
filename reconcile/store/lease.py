"""The lease: one run at a time on a stack.

Taken on all its stacks or on none, renewed by a thread, over when it is not renewed. Leases count in the wall clock
of the machines, not in the ledger's: a sandbox's clock jumps by days.
"""

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Row, delete, insert, select, update

from ..model.errors import LedgerError, LedgerLocked
from .chain import Draft
from .door import Door
from .process import Process
from .tables import lease

Append = Callable[[Connection, Sequence[Draft]], None]


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds: between renewals, until a lease that is not renewed is over, between two looks while waiting."""

    renew: float = 15.0
    over: float = 60.0
    look: float = 0.25


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a stack. `since` by the ledger's clock; `over` tells why it counts no longer, "" while it does."""

    stack: str
    holder: str
    host: str
    pid: int
    since: str
    over: str


class Lease:
    """A claim on stacks; a context manager. `check()` before anything that must not happen twice."""

    def __init__(
        self,
        door: Door,
        stacks: Sequence[str],
        *,
        holder: str,
        now: Callable[[], str],
        append: Append,
        timeout_seconds: float = 0.0,
        timing: Timing | None = None,
    ) -> None:
        # One order for everybody: two runs that want the same stacks cannot each hold half.
        self.stacks = tuple(sorted(set(stacks)))
        self.holder = holder
        self._door = door
        self._now = now
        self._append = append
        self._timeout = timeout_seconds
        self._timing = timing or Timing()
        self._token = uuid.uuid4().hex
        self._until = 0.0
        self._lost = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep_renewing, name="trueup-lease", daemon=True)

    def __enter__(self) -> Self:
        deadline = time.monotonic() + self._timeout
        while True:
            # A decision of others may be newer than a local copy.
            self._door.refresh()
            try:
                self._until = self._door.write(self._take)
                break
            except LedgerLocked:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise
                time.sleep(min(self._timing.look, left))
        self._door.fences.append(self)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._door.fences.remove(self)
        try:
            self._door.write(lambda connection: connection.execute(delete(lease).where(lease.c.token == self._token)))
        except LedgerError:
            # What the run did is told already, and an unreleased lease is over by itself.
            return

    def check(self) -> None:
        """Raises LedgerLocked where the lease is lost: not renewed in time, unlocked by force, or taken over."""
        if self._lost or time.time() > self._until:
            raise self._gone()
        self._door.read(self.assert_held)

    def assert_held(self, connection: Connection) -> None:
        """The same, inside a transaction of the caller."""
        held = connection.execute(select(lease.c.stack).where(lease.c.token == self._token)).scalars().all()
        if self._lost or set(held) != set(self.stacks):
            self._lost = True
            raise self._gone()

    def _take(self, connection: Connection) -> float:
        me = Process.current()
        moment = time.time()
        until = moment + self._timing.over
        wanted = select(lease).where(lease.c.stack.in_(self.stacks)).order_by(lease.c.stack).with_for_update()
        drafts = []
        for row in connection.execute(wanted).all():
            reason = _why_over(row, me, moment)
            if not reason:
                raise _locked(row)
            detail = {**_who(row), "reason": reason, "by": self.holder}
            drafts.append(Draft(row.stack, "lease taken over", detail=detail))
        connection.execute(delete(lease).where(lease.c.stack.in_(self.stacks)))
        fixed = {"token": self._token, "holder": self.holder, "host": me.host, "place": me.place, "pid": me.pid}
        rows = [
            {**fixed, "stack": stack, "born": me.born, "since": self._now(), "until": until} for stack in self.stacks
        ]
        if rows:
            connection.execute(insert(lease), rows)
        self._append(connection, drafts)
        return until

    def _keep_renewing(self) -> None:
        while not self._ended.wait(self._timing.renew):
            try:
                until = self._door.write(self._renew)
            except LedgerLocked:
                if self._lost:
                    return
            except LedgerError:
                # The database may come back before the lease is over; `check` counts the time.
                continue
            else:
                self._until = until

    def _renew(self, connection: Connection) -> float:
        self.assert_held(connection)
        until = time.time() + self._timing.over
        connection.execute(update(lease).where(lease.c.token == self._token).values(until=until))
        return until

    def _gone(self) -> LedgerLocked:
        return LedgerLocked(
            f"the lease on {', '.join(self.stacks)} is lost: it was not renewed in time, or was taken away",
            advice="run the same command again; it picks up what is unfinished",
        )


def holders(connection: Connection) -> list[Holder]:
    """Every lease that was taken and not let go, by stack."""
    me, moment = Process.current(), time.time()
    rows = connection.execute(select(lease).order_by(lease.c.stack)).all()
    return [Holder(row.stack, row.holder, row.host, row.pid, row.since, _why_over(row, me, moment)) for row in rows]


def unlock(connection: Connection, stack: str) -> dict[str, Any] | None:
    """Takes a lease away; tells whose it was, None where nobody held one."""
    row = connection.execute(select(lease).where(lease.c.stack == stack)).one_or_none()
    if row is None:
        return None
    connection.execute(delete(lease).where(lease.c.stack == stack))
    return _who(row)


def _why_over(row: Row[Any], here: Process, moment: float) -> str:
    """Why a lease no longer counts; "" where it does."""
    if row.until < moment:
        return "not renewed in time"
    if Process(row.host, row.place, row.pid, row.born).surely_dead(here):
        return "its process is dead"
    return ""


def _who(row: Row[Any]) -> dict[str, Any]:
    return {"holder": row.holder, "host": row.host, "pid": row.pid, "since": row.since}


def _locked(row: Row[Any]) -> LedgerLocked:
    return LedgerLocked(
        f"stack {row.stack} is held by {row.holder} (host {row.host}, pid {row.pid}) since {row.since}",
        advice=f"wait with --lock-timeout, or `trueup unlock {row.stack} --reason …` if that run is dead",
    )
