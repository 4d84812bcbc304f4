"""Who holds a stack of Pulumi's, where its state lies in a folder: there the lock says so and waits for nobody."""

import datetime as dt
import json
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ...model.errors import ReconcileError
from ...model.exits import APPROVAL
from .command import Engine, end_session, ended

_LOOK_SECONDS = 0.5
_CLOCKS_DIFFER_SECONDS = 5.0


class EngineLocked(ReconcileError):
    """Another `pulumi` is at work on the stack."""

    exit_code = APPROVAL
    advice = "wait for it (--lock-timeout SECONDS); `pulumi cancel` takes its lock away if it is surely dead"


@dataclass(frozen=True)
class Lock:
    """One lock file: who made it, and when."""

    pid: int
    user: str
    host: str
    at: dt.datetime

    @property
    def dead(self) -> bool:
        """Whether its owner surely ended: of another machine nothing is sure."""
        if self.host != socket.gethostname():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        if ended(self.pid):
            return True
        born = _born(self.pid)
        # A number is given out again: whoever began after the lock was made did not make it.
        return born is not None and (born - self.at).total_seconds() > _CLOCKS_DIFFER_SECONDS

    @property
    def passed_on(self) -> bool:
        """Whether somebody else lives under the owner's number: then nothing of the owner's session is left."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return not ended(self.pid)

    def told(self, now: dt.datetime) -> str:
        age = max(0, round((now - self.at).total_seconds()))
        return f"{self.user}@{self.host}, pid {self.pid}, for {age} s"


def folder_of(backend: str, working: Path) -> Path | None:
    """The folder that a backend's address names; None where it is no folder."""
    parts = urlsplit(backend)
    if parts.scheme != "file":
        return None
    path = unquote(parts.netloc + parts.path)
    return working / Path(path).expanduser()


def locks(engine: Engine, stack: str) -> list[Lock]:
    """The locks on a stack; none where its backend is no folder: there only the command line knows."""
    folder = folder_of(engine.project.backend, engine.project.folder)
    if folder is None:
        return []
    files = sorted((folder / ".pulumi" / "locks" / "organization" / engine.project.name / stack).glob("*.json"))
    return [lock for file in files if (lock := _read(file)) is not None]


def free(
    engine: Engine,
    stack: str,
    *,
    timeout_seconds: float = 0.0,
    say: Callable[[str], None] = lambda text: None,
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Sees to it that nobody holds the stack. True where a dead owner's lock was taken away: what it had begun is
    then to be forgotten, after the next `up` has found it (`forget_begun`). Raises EngineLocked, EngineFailed.
    """
    deadline = time.monotonic() + timeout_seconds
    while found := locks(engine, stack):
        living = [lock for lock in found if not lock.dead]
        if not living:
            for lock in found:
                say(f"{stack}: the run of {lock.told(now())} is dead; its lock is taken away")
                if not lock.passed_on:
                    # What is left of a session keeps its number from being given out again.
                    end_session(lock.pid)
            engine.must("cancel", "--yes", "--stack", stack)
            return True
        if time.monotonic() >= deadline:
            raise EngineLocked(f"{stack}: Pulumi is at work there: {'; '.join(one.told(now()) for one in living)}")
        sleep(_LOOK_SECONDS)
    return False


def forget_begun(engine: Engine, stack: str) -> None:
    """Strikes from the state what a dead run had begun, once an `up` has found or made all of it.

    A refresh of the stack itself and of nothing in it: no live value gets into the state. Raises EngineFailed.
    """
    engine.must(
        "refresh",
        "--yes",
        "--skip-preview",
        "--clear-pending-creates",
        "--target",
        engine.project.root_urn(stack),
        "--stack",
        stack,
    )


def _read(file: Path) -> Lock | None:
    """None where it is gone, or half written: then it is somebody's who is just beginning or ending."""
    try:
        told = json.loads(file.read_text())
        at = dt.datetime.fromisoformat(str(told["timestamp"]).replace("Z", "+00:00"))
        return Lock(int(told["pid"]), str(told["username"]), str(told["hostname"]), at)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _born(pid: int) -> dt.datetime | None:
    """When a process began; None where the system does not tell."""
    with suppress(OSError, ValueError, IndexError, StopIteration):
        ticks = int(Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[19])
        lines = Path("/proc/stat").read_text().splitlines()
        booted = next(int(line.split()[1]) for line in lines if line.startswith("btime "))
        return dt.datetime.fromtimestamp(booted + ticks / os.sysconf("SC_CLK_TCK"), dt.UTC)
    return None
