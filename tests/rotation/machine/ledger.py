"""The same books in a real ledger file: states, sealed values and baselines go through `reconcile.store`."""

import datetime as dt
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from reconcile.model.books import Entry
from reconcile.model.issuing import Value
from reconcile.model.resource import Address
from reconcile.model.rotation import State
from reconcile.model.spec import Place
from reconcile.store import Ledger, begin_ledger, open_ledger
from reconcile.store.rotations import Rotations
from reconcile.store.vault import Key, begin_vault, open_vault

from .books import MemoryBooks, print_of
from .cases import NAME, STACK, Case
from .drive import Ending, run, stage_of
from .drive import ready as ready_in_memory
from .points import AFTER, Fault, Point, Points
from .world import EPOCH, World

HOME = "ledger.db"
ID = "0a1b2c3d"


class LedgerBooks(MemoryBooks):
    """`Books` over a ledger, with the points of those in memory. Fingerprints are the harness's, to compare by."""

    def __init__(self, points: Points, ledger: Ledger, key: Key) -> None:
        super().__init__(points)
        self.ledger = ledger
        self.kept = Rotations(ledger, {NAME: STACK}, key=key, vault=open_vault(ledger, key))

    def state(self, secret: str) -> State:
        return self.kept.state(secret)

    def claim(self, secret: str) -> State:
        self._begins("claim")
        after = self.kept.claim(secret)
        self.actor = after.fence
        self.points.point("claim done", AFTER)
        return after

    def save(
        self,
        before: State,
        after: State,
        entries: Sequence[Entry] = (),
        *,
        seal: Mapping[int, Value] | None = None,
        erase: Collection[int] = (),
    ) -> State:
        self._begins("save")
        found = self.kept.state(before.secret)
        kept = self.kept.save(before, after, entries, seal=seal, erase=erase)
        for version in seal or ():
            opened = self.kept.value(before.secret, version) or {}
            self.sealed[before.secret, version] = {part: text.reveal() for part, text in opened.items()}
        erased = [version for version in erase if self.sealed.pop((before.secret, version), None) is not None]
        self.history.extend((before.secret, entry) for entry in entries)
        if self.watch is not None:
            self.watch(found, kept, erased)
        self.points.point("save done", AFTER)
        return kept

    def check(self, state: State) -> None:
        self.kept.check(state)

    def value(self, secret: str, version: int) -> Value | None:
        return self.kept.value(secret, version)

    def fingerprint(self, value: str) -> str:
        return print_of(value)

    def mark(self, unit: str) -> None:
        self.ledger.unit_written([_place(unit)])
        super().mark(unit)

    def settle(self, unit: str, start: str, mark: int | None) -> None:
        self.ledger.unit_baseline(_place(unit), start or "never")
        super().settle(unit, start, mark)


def _place(unit: str) -> Place:
    return Place(STACK, Address("pad", "instance", unit))


class Shelf:
    """Ledgers of one case: each run has a copy of the file in which the secret is due."""

    def __init__(self, case: Case, folder: Path) -> None:
        self.case = case
        self.folder = folder
        self.number = 0
        self.key, _ = Key.fresh()
        first = folder / "first"
        first.mkdir()
        with begin_ledger(HOME, first, ledger_id=ID, clock=_clock) as ledger:
            assert begin_vault(ledger, self.key) is not None
            memory = ready_in_memory(case)
            state = memory.books.state(NAME)
            kept = LedgerBooks(World(), ledger, self.key)
            values = {number: one for _, number in memory.books.sealed if (one := memory.books.value(NAME, number))}
            for _ in range(state.fence):
                kept.kept.claim(NAME)
            now = kept.kept.state(NAME)
            kept.kept.save(
                now,
                replace(state, turn=now.turn, fence=now.fence),
                seal=values,
            )
            for unit, start in memory.books.baselines.items():
                ledger.unit_written([_place(unit)])
                if start is not None:
                    ledger.unit_baseline(_place(unit), start or "never")
        self.due = memory

    def run(self, faults: tuple[Fault, ...] = (), *, seen: list[Point] | None = None) -> Ending:
        self.number += 1
        root = self.folder / str(self.number)
        shutil.copytree(self.folder / "first", root)
        with open_ledger(HOME, root, expected_id=ID, clock=_clock) as ledger:
            world = self.due.world.copy()
            world.count = 0
            books = LedgerBooks(world, ledger, self.key)
            books.sealed, books.baselines = dict(self.due.books.sealed), dict(self.due.books.baselines)
            books.marks, books.written = dict(self.due.books.marks), dict(self.due.books.written)
            ending = run(self.case, faults, seen=seen, start=stage_of(self.case, world, books))
            assert ledger.verify()
        shutil.rmtree(root)
        return ending

    def points(self) -> list[Point]:
        seen: list[Point] = []
        self.run(seen=seen)
        return seen


def _clock() -> dt.datetime:
    return EPOCH
