"""The ledger: what was announced, what became of it, what is ours, and who is at work."""

import datetime as dt
import json
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, bindparam, insert, select, update

from ..model.change import Change, Outcome
from ..model.errors import LedgerError, WrongAccount
from ..model.memory import Applied, Memory, Owned, Sighting
from ..model.resource import Address
from ..model.spec import Place
from . import backup, chain, owning, recall, sealing, units
from .announced import came_rows, intent_row, outcome_draft
from .chain import Draft, Entry
from .door import Door
from .lease import Holder, Lease, Timing, holders, unlock
from .recall import RunRow
from .sealing import Kept
from .tables import WRITER, approval, entry, intent, pin
from .tables import run as runs_table
from .values import canonical, utc

T = TypeVar("T")

_RESULT = update(intent).where(intent.c.id == bindparam("an_id")).values(result=bindparam("a_result"))


class Ledger:
    """One opened ledger; a context manager. The threads of a process may share it.

    Every method is one transaction. Raises LedgerError where the database says no, LedgerLocked where others are in
    the way.
    """

    def __init__(self, door: Door, clock: Callable[[], dt.datetime], *, timing: Timing | None = None) -> None:
        self.id = door.id
        self.location = door.home.location
        self._door = door
        self._clock = clock
        self._timing = timing
        self._marks: dict[Place, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the home. Leases that are still held are over by themselves."""
        self._door.close()

    # What a plan reads.

    def memory(self) -> Memory:
        """Everything a plan may ask, as of one moment."""
        return self._door.read(recall.memory)

    def pin(self, account: str, platform: str, id: str) -> None:
        """Remembers which account of the platform is meant. Raises WrongAccount where another one was pinned."""
        self._door.write(lambda connection: self._pin(connection, account, platform, id))

    def approve(self, digest: str, who: str) -> None:
        """Remembers that a person approved the plan with this digest; the first approval counts."""

        def work(connection: Connection) -> None:
            if connection.execute(select(approval).where(approval.c.digest == digest)).first() is None:
                connection.execute(insert(approval), {"digest": digest, "who": who, "at": self._now()})
                self._append(connection, [Draft("", "approved", detail={"digest": digest, "who": who})])

        self._door.write(work)

    def choose_writer(self, stack: str, writer: str) -> None:
        """Remembers who writes a stack: in a pretend world its choice, live what the stack file said when it began."""
        drafts = [Draft(stack, WRITER, detail={"writer": writer})]
        self._door.write(lambda connection: self._append(connection, drafts))

    def writers(self) -> dict[str, str]:
        """Who writes which stack, as it was last chosen."""
        chosen = select(entry.c.stack, entry.c.detail).where(entry.c.what == WRITER).order_by(entry.c.id)
        return self._door.read(
            lambda connection: {row.stack: json.loads(row.detail)["writer"] for row in connection.execute(chosen)}
        )

    # What is sealed.

    def sealed(self) -> dict[str, str]:
        """Everything that the ledger itself keeps sealed, and to whom, by name."""
        return self._door.read(sealing.named)

    def sealed_values(self) -> dict[Kept, str]:
        """The ciphertext of every value that is kept of any secret."""
        return self._door.read(sealing.values)

    def seal(self, values: Mapping[str, str]) -> bool:
        """Keeps ciphertext and public keys, all of them or, where one of the names is taken, none and False."""
        told = {name: value for name, value in values.items() if name.startswith("recipient.")}

        def work(connection: Connection) -> bool:
            if not sealing.keep_named(connection, values):
                return False
            self._append(connection, [Draft("", "sealed", detail={"names": sorted(values), **told})])
            return True

        return self._door.write(work)

    def reseal(
        self,
        values: Mapping[str, str],
        *,
        instead_of: Mapping[str, str],
        of_secrets: Mapping[Kept, tuple[str, str]] | None = None,
        who: str,
        opened_by: str,
    ) -> bool:
        """Puts ciphertext and public keys in the place of others; False, and nothing done, where those changed.

        `of_secrets` holds what is kept of every secret, before and after: a value that is not in it stays with nobody.
        """
        detail: dict[str, Any] = {"names": sorted(values), "who": who, "opened by": opened_by}
        detail |= {name: value for name, value in values.items() if name.startswith("recipient.")}
        if of_secrets:
            detail["values"] = [f"{secret} {version}" for secret, version in sorted(of_secrets)]

        def work(connection: Connection) -> bool:
            if not sealing.replace(connection, values, instead_of, of_secrets or {}):
                return False
            self._append(connection, [Draft("", "resealed", detail=detail)])
            return True

        return self._door.write(work, destroys=True)

    # Units, and who starts them.

    def unit_written(self, places: Collection[Place]) -> None:
        """Right before something is written that these units read: no start of theirs is known to have it."""
        if not places:
            return
        mark = secrets.token_hex(8)
        self._door.write(lambda connection: units.written(connection, places, mark))
        self._marks.update(dict.fromkeys(places, mark))

    def unit_baseline(self, place: Place, id: str) -> bool:
        """Right after a write: the unit's newest start, which does not have it; only a newer one is fresh.

        False, and nothing kept, where another process marked the unit as written after this one did. Where this one
        never did, as after a crash, the id is taken: whoever calls holds the stack's lease.
        """
        mark = self._marks.get(place)
        return self._door.write(lambda connection: units.settle(connection, place, id, mark))

    def unit_baselines(self) -> dict[Place, str]:
        """The newest start at the last write, by unit; "" while unknown. A unit never written to is not in it."""
        return self._door.read(units.baselines)

    # For what else this package keeps.

    def reading(self, work: Callable[[Connection], T]) -> T:
        """One moment of the tables."""
        return self._door.read(work)

    def writing(self, work: Callable[[Connection], tuple[T, Sequence[Draft]]], *, destroys: bool = False) -> T:
        """One transaction on what is kept now, told in the history by the drafts; `work` may run more than once.

        It may refuse: a local copy from before would make it do so for a reason that is gone.
        """

        def told(connection: Connection) -> T:
            answer, drafts = work(connection)
            self._append(connection, drafts)
            return answer

        self._door.refresh()
        return self._door.write(told, destroys=destroys)

    # One run.

    def begin_run(self, command: str, stacks: Sequence[str], revision: str, who: str) -> int:
        """Announces a run; its number goes with everything it does."""
        row = {
            "command": command,
            "stacks": canonical(list(stacks)),
            "revision": revision,
            "who": who,
            "began": self._now(),
            "summary": "{}",
        }

        def work(connection: Connection) -> int:
            return int(connection.execute(insert(runs_table).returning(runs_table.c.id), row).scalar_one())

        return self._door.write(work)

    def end_run(self, run: int, exit_code: int, summary: Mapping[str, Any]) -> None:
        """A run that is not ended died; `summary` must be free of secrets."""
        ended = update(runs_table).where(runs_table.c.id == run)
        ended = ended.values(ended=self._now(), exit_code=exit_code, summary=canonical(summary))
        self._door.write(lambda connection: connection.execute(ended))

    def intend(self, run: int, wave: int, changes: Sequence[Change]) -> list[int]:
        """Announces a whole wave before the first call of it; one id a change, in order.

        No intent, no effect: whoever changes a platform has this behind them. Raises LedgerLocked where a lease of
        this ledger on one of the stacks is lost.
        """
        if not changes:
            return []
        at = self._now()
        rows = [intent_row(run, wave, change, at) for change in changes]

        def work(connection: Connection) -> list[int]:
            announced = insert(intent).returning(intent.c.id, sort_by_parameter_order=True)
            return list(connection.execute(announced, rows).scalars())

        return self._door.write(work, fenced={change.stack for change in changes})

    def conclude(self, run: int, outcomes: Sequence[tuple[int, Outcome]], *, revision: str, project: str) -> None:
        """Writes what became of announced changes: result, ownership, last applied state and history, all or nothing.

        An `unsure` outcome leaves its intent open: the next run looks for the object. Every other status closes it.
        """
        if not outcomes:
            return
        at = self._now()
        results = [{"an_id": id, "a_result": one.status} for id, one in outcomes if one.status != "unsure"]
        done = [one for _, one in outcomes if one.status == "done"]
        came = [row for one in done for row in came_rows(run, one, at)]
        drafts = [outcome_draft(id, one, run=run, revision=revision, project=project) for id, one in outcomes]

        def work(connection: Connection) -> None:
            if results:
                connection.execute(_RESULT, results)
            if came:
                connection.execute(insert(intent), came)
            owning.settle(connection, done, revision=revision, at=at)
            self._append(connection, drafts)

        self._door.write(work)

    def close_intents(self, ids: Sequence[int], result: str) -> None:
        """Closes intents whose effect was found, or was found to be absent; `result` says which."""
        rows = [{"an_id": id, "a_result": result} for id in ids]
        wanted = select(intent.c.id, intent.c.stack, intent.c.address).where(intent.c.result.is_(None))

        def work(connection: Connection) -> None:
            closing = [row for row in connection.execute(wanted) if row.id in set(ids)]
            connection.execute(_RESULT, rows)
            self._append(
                connection,
                [Draft(row.stack, "intent closed", row.address, {"id": row.id, "result": result}) for row in closing],
            )

        if rows:
            self._door.write(work)

    # Ownership without a change on a platform.

    def own(self, rows: Sequence[Owned], applied: Sequence[Applied], why: str, run: int | None = None) -> None:
        """Takes ownership: adopt, a claim by marker or intent, a new address.

        What was applied at a thing's former address comes along, unless `applied` says otherwise.
        """
        drafts = [
            Draft(
                one.stack,
                "owned",
                str(one.address),
                {"why": why, "run": run, "account": one.account, "kind": one.kind, "id": one.id, "key": one.key},
            )
            for one in rows
        ]

        def work(connection: Connection) -> None:
            owning.own(connection, rows, applied)
            self._append(connection, drafts)

        self._door.write(work)

    def sight(
        self, rows: Sequence[Sighting], *, gone: Sequence[Place] = (), why: str = "seen", run: int | None = None
    ) -> None:
        """Keeps how things that are only seen were found, and drops that at the places in `gone`.

        `why` says for the history what is told of a thing that nobody touched since.
        """
        drafts = [
            Draft(
                one.stack,
                "touched" if one.noticed else why,
                str(one.address),
                {"run": run, "account": one.account, "id": one.id, "touched": one.noticed or one.touched},
            )
            for one in rows
        ] + [Draft(stack, "no longer declared as seen", str(address), {"run": run}) for stack, address in gone]

        def work(connection: Connection) -> None:
            owning.sight(connection, rows, gone)
            self._append(connection, drafts)

        if drafts:
            self._door.write(work)

    def forget(self, stack: str, addresses: Sequence[Address], why: str) -> None:
        """Stops managing: what is owned and applied goes, the history stays."""
        drafts = [Draft(stack, "forgotten", str(address), {"why": why}) for address in addresses]

        def work(connection: Connection) -> None:
            owning.forget(connection, [Place(stack, address) for address in addresses])
            self._append(connection, drafts)

        self._door.write(work)

    # Who is at work.

    def lease(
        self, stacks: Sequence[str], *, holder: str, timeout_seconds: float = 0.0
    ) -> AbstractContextManager[Lease]:
        """A claim on all the stacks or on none, waited for at most so long. Raises LedgerLocked, naming the holder."""
        return Lease(
            self._door,
            stacks,
            holder=holder,
            now=self._now,
            append=self._append,
            timeout_seconds=timeout_seconds,
            timing=self._timing,
        )

    def leases(self) -> list[Holder]:
        """Who holds which stack, dead holders included."""
        return self._door.read(holders)

    def unlock(self, stack: str, reason: str, who: str) -> bool:
        """Takes the lease on a stack away from whoever holds it, with a line in the history; False: nobody did."""

        def work(connection: Connection) -> bool:
            holder = unlock(connection, stack)
            if holder is None:
                return False
            self._append(connection, [Draft(stack, "unlocked", detail={**holder, "reason": reason, "who": who})])
            return True

        self._door.refresh()
        return self._door.write(work)

    # History.

    def history(self, stack: str | None = None, limit: int = 50) -> list[Entry]:
        """Newest first. Stack "" holds what concerns the ledger itself: pins and approvals."""
        return self._door.read(lambda connection: chain.latest(connection, stack, limit))

    def heads(self) -> dict[str, str]:
        """The last hash of each stack's chain, for people to write down."""
        return self._door.read(chain.heads)

    def verify(self, known: Mapping[str, str] | None = None) -> dict[str, int]:
        """Recomputes all chains; returns entries a stack. `known`: heads written down earlier must still be there."""
        return self._door.read(lambda connection: chain.verify(chain.stored(connection), self.id, known or {}))

    def runs(self, limit: int = 20) -> list[RunRow]:
        """Newest first."""
        return self._door.read(lambda connection: recall.runs(connection, limit))

    def backup(self, path: Path) -> None:
        """Writes one JSON document with every table, readable by its owner only, whole or not at all."""
        document = self._door.read(lambda connection: backup.document(connection, self.id, at=self._now()))
        backup.write(document, path)

    def _now(self) -> str:
        return utc(self._clock())

    def _append(self, connection: Connection, drafts: Sequence[Draft]) -> None:
        chain.append(connection, self.id, self._now(), drafts)

    def _pin(self, connection: Connection, account: str, platform: str, id: str) -> None:
        wanted = select(pin.c.remote_id).where(pin.c.account == account, pin.c.platform == platform)
        pinned = connection.execute(wanted).scalar_one_or_none()
        if pinned is None:
            if not id:
                raise LedgerError(f"account {account} on {platform} has no id to pin")
            row = {"account": account, "platform": platform, "remote_id": id, "at": self._now()}
            connection.execute(insert(pin), row)
            self._append(connection, [Draft("", "pinned", f"{account}/{platform}", {"id": id})])
        elif pinned != id:
            raise WrongAccount(f"account {account} on {platform} is pinned to {pinned}; the credential opens {id}")
