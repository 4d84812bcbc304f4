"""Who this process is among others, and whether another one still runs."""

import hashlib
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """A process as a lease remembers it.

    `host` is for people. `place` is equal only where a pid means the same process: the host, its boot, and the
    container. `born` is the start time in the kernel's ticks, "" where the system does not tell.
    """

    host: str
    place: str
    pid: int
    born: str

    @classmethod
    def current(cls) -> "Process":
        host = socket.gethostname()
        facts = [host]
        with suppress(OSError):
            facts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        with suppress(OSError):
            facts.append(str(Path("/proc/self/ns/pid").readlink()))
        place = hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]
        return cls(host, place, os.getpid(), _state_and_birth(os.getpid())[1])

    def surely_dead(self, here: "Process") -> bool:
        """Whether it ended, as far as `here` can know: of another place nothing is sure."""
        if self.place != here.place:
            return False
        state, born = _state_and_birth(self.pid)
        if state:
            # A number is given out again; Z and X have ended and wait to be collected.
            return state in "ZX" or bool(self.born and born != self.born)
        return _is_gone(self.pid)


def _is_gone(pid: int) -> bool:
    if os.name == "nt":
        # There, signal 0 is no question: it ends the process.
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _state_and_birth(pid: int) -> tuple[str, str]:
    """From proc_pid_stat(5): fields 3 and 22, counted after the parenthesised name; ("", "") where it is not there."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return "", ""
    fields = stat.rpartition(")")[2].split()
    return fields[0], fields[19]
