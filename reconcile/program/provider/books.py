"""The ledger as a provider uses it: opened late, one lease and one run a stack from the first write to the end."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from ...model import exits
from ...model.change import Outcome
from ...model.errors import LedgerError, ReconcileError
from ...model.memory import Applied, Memory, Owned
from ...model.resource import Address
from ...model.spec import Place
from ...steps.observe import Pair
from ...store import Lease, Ledger
from .parts import HOLDER, Parts


@dataclass(frozen=True)
class Given:
    """What a Create of this command gave for a place. `stood`: it was there before, and was taken."""

    id: str
    stood: bool


@dataclass
class Run:
    """One stack's run: who may write, under which number, and what came of it."""

    stack: str
    ledger: Ledger
    lease: Lease
    number: int
    revision: str
    closing: AbstractContextManager[Lease]
    counts: Counter[str] = field(default_factory=Counter)

    def end(self) -> None:
        """Ends the run and lets go of the stack."""
        failed = sum(self.counts[word] for word in ("failed", "unsure"))
        self.ledger.end_run(self.number, exits.PARTIAL if failed else 0, dict(self.counts))
        self.closing.__exit__(None, None, None)


class Books:
    """What the ledger remembers, and the runs of this process. The threads of a process share it."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._lock = threading.RLock()
        self._runs: dict[str, Run] = {}
        self._memory: Memory | None = None
        self._given: dict[Place, Given] = {}
        self._sealed = False

    def memory(self) -> Memory:
        """Raises LedgerError where there is no ledger."""
        with self._lock:
            if self._memory is None:
                self._memory = self._parts.ledger().memory()
            return self._memory

    def history(self) -> Memory:
        """The same for who only reads: nothing where there is no ledger."""
        try:
            return self.memory()
        except LedgerError:
            return Memory()

    def run(self, stack: str) -> Run:
        """The run of a stack, begun at its first write. Raises LedgerError, LedgerLocked, and ReconcileError once it is
        sealed."""
        with self._lock:
            if self._sealed:
                raise ReconcileError("the engine is gone, so nothing new is begun")
            if stack not in self._runs:
                self._runs[stack] = self._begin(stack)
                self._memory = None
            return self._runs[stack]

    def refuse_other_writer(self, run: Run) -> None:
        """Before anything is sent: two writers on one object fight over it. From the first writing on the ledger knows
        whose it is, so that another word in the stack file waits for a hand-over. Raises ReconcileError."""
        kept = run.ledger.writers().get(run.stack)
        if kept is None:
            run.ledger.choose_writer(run.stack, "pulumi")
        if kept == "trueup":
            raise ReconcileError(
                f"stack {run.stack} is written by trueup, the ledger says",
                advice=f"run `trueup hand-over {run.stack} --to pulumi`, then `pulumi up`",
            )

    def give(self, place: Place, given: Given) -> None:
        """Until the end of the command: the engine may yet ask to delete what it takes for the former thing."""
        with self._lock:
            self._given[place] = given

    def given(self) -> Mapping[Place, Given]:
        with self._lock:
            return dict(self._given)

    def note(self, run: Run, outcomes: Sequence[Outcome]) -> None:
        """What was written, and that the memory is of before."""
        with self._lock:
            run.counts.update(one.status for one in outcomes)
            self._memory = None

    def own(self, run: Run, rows: Sequence[Owned], applied: Sequence[Applied], why: str) -> None:
        """Ownership that the facts show, and what was last applied; nothing on a platform is touched."""
        if rows:
            run.ledger.own(rows, applied, why, run.number)
            here = {one.address for one in rows}
            found = [one.id for one in self.memory().intents if one.stack == run.stack and one.address in here]
            run.ledger.close_intents(found, "found")
            self.forgotten()

    def pin(self, run: Run, pair: Pair, account_id: str) -> None:
        """Which account of the platform is meant, where it told. Raises WrongAccount where another one was pinned."""
        if account_id and self.memory().pins.get(pair) != account_id:
            account, platform = pair
            run.ledger.pin(account, platform, account_id)
            self.forgotten()

    def forget(self, run: Run, addresses: Sequence[Address], why: str) -> None:
        if addresses:
            run.ledger.forget(run.stack, addresses, why)
            self.forgotten()

    def forgotten(self) -> None:
        """The memory is of before."""
        with self._lock:
            self._memory = None

    def seal(self) -> None:
        """From now on nothing is begun; what is under way goes on."""
        with self._lock:
            self._sealed = True

    def close(self) -> None:
        """Ends every run and releases its stack. A later write begins anew."""
        with self._lock:
            runs, self._runs, self._memory, self._given = self._runs, {}, None, {}
        for run in runs.values():
            run.end()

    @property
    def runs(self) -> Mapping[str, Run]:
        return self._runs

    def _begin(self, stack: str) -> Run:
        try:
            ledger = self._parts.ledger()
        except LedgerError as error:
            advice = f"{error.advice}; `trueup init` begins one: without it nothing is made, since nobody would own it"
            raise type(error)(str(error), advice=advice) from error
        closing = ledger.lease([stack], holder=HOLDER, timeout_seconds=self._parts.lock_timeout_seconds)
        lease = closing.__enter__()
        try:
            revision = self._parts.tree().revision
            number = ledger.begin_run(HOLDER, [stack], revision, self._parts.who())
        except BaseException:
            closing.__exit__(None, None, None)
            raise
        return Run(stack, ledger, lease, number, revision, closing)
