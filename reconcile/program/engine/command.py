"""Runs the vendor's command line and sees it through: it must never be killed, nor lose who reads what it says."""

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO

from ...model import exits
from ...model.errors import ReconcileError
from ...model.few import few
from .project import Project

NO_CHANGES_EXPECTED = 7
_PATIENCE_SECONDS = 20.0
_ERROR = "error: "
_TOLD_CODE = re.compile(r"\[trueup (\d+)\]")
_ADVICE: Mapping[str, str] = {
    "incorrect passphrase": "PULUMI_CONFIG_PASSPHRASE must be the one that the stack was begun with",
    "passphrase must be set": "set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE",
    "PULUMI_ACCESS_TOKEN must be set": "say where Pulumi keeps its state: PULUMI_BACKEND_URL (file://…, s3://…)",
}
"""What to do about what the engine often says first."""
_AFTERWARDS = "an unhandled error occurred: program exited"
"""What it adds to each error that a program ended with."""


class EngineFailed(ReconcileError):
    """The command line ended badly. The message is what it said, redacted."""

    advice = "mend what Pulumi names, and run the same command again: what it did until then is in its state"


@dataclass(frozen=True)
class Done:
    """What a run left. `code` is ours: 0, 2 for changes, 1; `out` is as it came, for a document."""

    code: int
    out: str = field(repr=False)
    err: str = field(repr=False)
    redact: Callable[[str], str] = field(repr=False)

    @cached_property
    def said(self) -> str:
        """Everything that it said, redacted."""
        return "\n".join(self.redact(line) for text in (self.out, self.err) for line in text.splitlines())

    @property
    def errors(self) -> tuple[str, ...]:
        """The lines that say what went wrong."""
        lines = [line.strip() for line in self.said.splitlines()]
        return tuple(dict.fromkeys(line.removeprefix(_ERROR) for line in lines if line.startswith(_ERROR)))


class Engine:
    """The command line `path`, at work on a project."""

    def __init__(self, path: Path, project: Project, *, redact: Callable[[str], str] = str) -> None:
        self.path = path
        self.project = project
        self.redact = redact

    def run(
        self,
        *words: str,
        tell: Callable[[str], None] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Done:
        """Runs it to its end. `tell` hears every line, redacted; None: nobody does.

        A first Ctrl-C or TERM is passed on, once: a second one would make it leave its lock and its work behind.
        Raises KeyboardInterrupt when that has ended it, EngineFailed where it cannot be started.
        """
        with _interrupts() as caught:
            try:
                process = subprocess.Popen(
                    [str(self.path), *words, "--non-interactive", "--color=never"],
                    cwd=self.project.folder,
                    env=self._environment(environment or {}),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    errors="replace",
                    # A session of its own: the terminal's Ctrl-C comes by us, and who is left of it can be found.
                    start_new_session=True,
                )
            except OSError as error:
                raise EngineFailed(f"{self.path} cannot be started: {error.strerror}") from None
            caught.process = process
            out = _Reader(process.stdout, self.redact, tell)
            err = _Reader(process.stderr, self.redact, tell)
            process.wait()
            out.join()
            err.join()
            end_session(process.pid)
        if caught.signals:
            raise KeyboardInterrupt
        return Done(translated(process.returncode), out.text, err.text, self.redact)

    def must(
        self,
        *words: str,
        tell: Callable[[str], None] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Done:
        """The same, where only success will do. Raises EngineFailed with what it said."""
        done = self.run(*words, tell=tell, environment=environment)
        if done.code != exits.NOTHING:
            raise failure(done, words[0])
        return done

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        environment = {**self.project.environment, **more}
        # The language host lies beside the command line, which need not be on PATH.
        environment["PATH"] = os.pathsep.join(filter(None, (environment.get("PATH"), str(self.path.parent))))
        return environment


def translated(code: int) -> int:
    """The engine's exit code in our words: none of its own is passed on."""
    if code == NO_CHANGES_EXPECTED:
        return exits.CHANGES
    return exits.NOTHING if code == 0 else exits.FAILED


def failure(done: Done, command: str, errors: Sequence[str] = ()) -> EngineFailed:
    """What to raise for a run that ended badly. `errors`: those of its own that count; none: all of them."""
    told = errors or done.errors or tuple(line for line in done.said.splitlines() if line.strip())[-3:]
    said = few([line for line in told if not line.startswith(_AFTERWARDS)] or told, "; ") or "ended without a word"
    advice = next((advice for words, advice in _ADVICE.items() if words in said), None)
    return with_code(EngineFailed(f"pulumi {command}: {said}", advice=advice))


def with_code(error: EngineFailed) -> EngineFailed:
    """The same, with the strictest exit code that our own provider told in the message."""
    codes = map(int, _TOLD_CODE.findall(str(error)))
    # Of every other class it is the same for all.
    error.exit_code = exits.strictest([exits.FAILED, *codes])  # type: ignore[misc]
    return error


def end_session(leader: int, patience_seconds: float = _PATIENCE_SECONDS) -> None:
    """Waits for what is left of a command line that is dead: its language host and providers finish their calls and
    end by themselves; who does not is asked to. None is ever killed.
    """
    asked = False
    deadline = time.monotonic() + patience_seconds
    while left := list(_of_session(leader)):
        if time.monotonic() >= deadline:
            if asked:
                return
            asked = True
            deadline = time.monotonic() + patience_seconds
            for pid in left:
                with suppress(OSError):
                    os.kill(pid, signal.SIGTERM)
        time.sleep(0.05)


def _of_session(leader: int) -> Iterator[int]:
    """Other processes of the session that a process led."""
    for pid in _processes():
        with suppress(OSError):
            if pid != leader and os.getsid(pid) == leader and not ended(pid):
                yield pid


def _processes() -> list[int]:
    try:
        return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    except OSError:
        listed = subprocess.run(["ps", "-A", "-o", "pid="], capture_output=True, text=True, check=False)
        return [int(word) for word in listed.stdout.split() if word.isdigit()]


def ended(pid: int) -> bool:
    """Whether it is done, and only waits to be collected."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] in "ZX"
    except (OSError, IndexError):
        return False


class _Reader:
    """Reads a pipe to its end, whoever listens."""

    def __init__(self, pipe: IO[str] | None, redact: Callable[[str], str], tell: Callable[[str], None] | None) -> None:
        self._pipe, self._redact, self._tell = pipe, redact, tell
        self._lines: list[str] = []
        self._thread = threading.Thread(target=self._read, name="trueup-pulumi", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._pipe is not None
        for line in self._pipe:
            self._lines.append(line)
            if self._tell is not None:
                try:
                    self._tell(self._redact(line.rstrip("\n")))
                except OSError:
                    # Nobody reads what we print any more; the engine must not notice.
                    self._tell = None

    def join(self) -> None:
        # A provider that outlives the command line may hold the pipe open: nothing comes through it any more.
        self._thread.join(_PATIENCE_SECONDS)

    @property
    def text(self) -> str:
        return "".join(self._lines)


@dataclass
class _Caught:
    process: subprocess.Popen[str] | None = None
    signals: int = 0

    def __call__(self, number: int, frame: object) -> None:
        self.signals += 1
        if self.signals == 1 and self.process is not None:
            self.process.send_signal(signal.SIGTERM)


@contextmanager
def _interrupts() -> Iterator[_Caught]:
    """While a command line runs, Ctrl-C and TERM are its own."""
    caught = _Caught()
    if threading.current_thread() is not threading.main_thread():
        yield caught
        return
    before = {number: signal.signal(number, caught) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
