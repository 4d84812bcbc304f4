"""How a process of ours dies: at a numbered point inside this one, or killed by the system in one of its own."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from waitress.channel import ClientDisconnected  # type: ignore[import-untyped]

from reconcile.loop import Consent
from reconcile.sandbox.serve import serve
from reconcile.store import Ledger
from tests.stories.estate import Estate

STEPS = ("begin_run", "own", "forget", "pin", "close_intents", "intend", "conclude", "end_run")


class Died(BaseException):
    """The process is no more; nothing of ours may catch this."""


@dataclass
class Death:
    """Comes at one numbered point. From then on no call of the dead process has any effect."""

    estate: Estate
    at: tuple[int, str]
    copy: Path | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def on_call(self, number: int, moment: str) -> None:
        with self.lock:
            if self.copy is None and (number, moment) == self.at:
                self.copy = still(self.estate)
        if self.copy is not None:
            raise Died

    def after_it(self, number: int, moment: str) -> None:
        """For a death that comes at a step of the ledger: no call of the dead arrives."""
        if self.copy is not None:
            raise Died


def still(estate: Estate) -> Path:
    """A copy of the ledger's files while nobody writes: db and wal, as the disk holds them."""
    with sqlite3.connect(estate.ledger_file, timeout=10, isolation_level=None) as connection:
        connection.execute("BEGIN IMMEDIATE")
        copy = estate.keep_ledger(f"left-{len(list(estate.root.glob('left-*.db')))}")
        connection.execute("ROLLBACK")
    connection.close()
    return copy


def die(
    estate: Estate, death: Death, stacks: tuple[str, ...], prepare: Callable[[Ledger], None] = lambda ledger: None
) -> None:
    """Runs the apply until it dies, and puts the ledger that is left in place. The dead run's lease is taken away, as
    a person would; that a dead process loses it by itself is told by the runs that are really killed."""
    with estate.workshop() as shop:
        prepare(shop.ledger())
        with pytest.raises(Died):
            shop.reconciler().apply(stacks, command="apply", ask=lambda judged: Consent())
    estate.world.on_call = None
    assert death.copy is not None
    estate.ledger_file = death.copy
    with estate.workshop() as shop:
        for stack in stacks:
            shop.ledger().unlock(stack, "its process died", "the story")


def wrap(ledger: Ledger, tell: Callable[[int, str], None]) -> Callable[[], int]:
    """Numbers the steps of one opened ledger; `tell` hears of each before and after it. Returns how many there were."""
    made = 0
    lock = threading.Lock()

    def stepping(step: Callable[..., Any]) -> Callable[..., Any]:
        def told(*args: Any, **options: Any) -> Any:
            nonlocal made
            with lock:
                made += 1
                number = made
            tell(number, "before")
            answer = step(*args, **options)
            tell(number, "after")
            return answer

        return told

    for name in STEPS:
        setattr(ledger, name, stepping(getattr(ledger, name)))
    return lambda: made


def kill_at(estate: Estate, call: int, moment: str) -> int:
    """Applies by the command line, killed at that point; returns how it ended."""
    started: list[subprocess.Popen[bytes]] = []

    def on_call(number: int, when: str) -> None:
        if (number, when) == (call, moment):
            os.kill(started[0].pid, signal.SIGKILL)
            started[0].wait()
        if started and started[0].poll() is not None:
            # Whoever asked is dead: what had not arrived before has no effect.
            raise ClientDisconnected

    served = serve(estate.world, ready_file=estate.root / "ready.json", ledger=estate.ledger_file)
    try:
        estate.world.on_call = on_call
        environment = {**os.environ, "TRUEUP_SANDBOX": str(estate.root / "ready.json"), "PYTHONPATH": str(Path.cwd())}
        command = [sys.executable, "-m", "reconcile", "apply", "--all", "--yes", "--dir", str(estate.root)]
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        ) as process:
            started.append(process)
            code = process.wait(timeout=60)
        # What was on its way when it died may still arrive.
        time.sleep(0.1)
    finally:
        estate.world.on_call = None
        served.stop()
    return code
