"""The commands of the demo, each in a process of its own, and what the sandbox counted meanwhile."""

import datetime as dt
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...settings import LOG_FILE, SANDBOX, STACKS
from ..leaving import Leave

if TYPE_CHECKING:
    from ...sandbox.world import World

Document = dict[str, Any]
_TICK_SECONDS = 0.1
_TICK = dt.timedelta(seconds=10)


@dataclass(frozen=True)
class Typed:
    """A command, and what a person gives it on stdin."""

    words: tuple[str, ...]
    stdin: str = field(default="", repr=False)


@dataclass
class Runs:
    """Runs commands against a served world, as a user would type them.

    `environment` is what they see besides our own; `acts` tells of each: exit code, calls, deployments, seconds.
    """

    root: Path
    ready: Path
    world: "World"
    environment: Mapping[str, str]
    acts: list[dict[str, Any]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    """All that the commands wrote, both streams."""

    def run(self, *words: str, more: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The document of one command; `more` is its environment too. Raises Leave where it has none, having passed on
        what it said."""
        with self._begun(words, more or {}) as process:
            out, error = process.communicate()
        return self._document(process, out, error)

    def run_beside(self, command: str, several: Sequence[Typed]) -> list[dict[str, Any]]:
        """The documents of commands of several people at once, told in `acts` as one command with the strictest code.
        Each says little: what it writes must fit into a pipe."""
        with self.watched(command) as act, ExitStack() as all_of_them:
            begun = [all_of_them.enter_context(self._process(one.words, {}, stdin=True)) for one in several]
            for one, process in zip(several, begun, strict=True):
                assert process.stdin is not None
                process.stdin.write(one.stdin)
                process.stdin.close()
                process.stdin = None
            said = [process.communicate() for process in begun]
            act["exit"] = max((process.returncode for process in begun), default=0)
        return [self._document(process, *one) for process, one in zip(begun, said, strict=True)]

    def _document(self, process: "subprocess.Popen[str]", out: str, error: str) -> dict[str, Any]:
        self.said += [out, error]
        try:
            found: dict[str, Any] = json.loads(out)
        except ValueError:
            found = {"schema": "trueup.error/1"}
        if found.get("schema") == "trueup.error/1":
            sys.stderr.write(error)
            raise Leave(process.returncode or 1)
        return found

    def run_killed(self, *words: str, once: Callable[[], bool]) -> bool:
        """Runs a command and kills its process (SIGKILL) once that is so, before the platform's answer to it arrives.

        Returns whether it came to that.
        """
        with self._begun(words, {}) as process:

            def kill(number: int, moment: str) -> None:
                if moment == "after" and process.poll() is None and once():
                    process.kill()
                    process.wait()

            self.world.on_call = kill
            try:
                self.said += process.communicate()
            finally:
                self.world.on_call = None
        killed = process.returncode < 0
        self.acts[-1]["killed"] = killed
        return killed

    def deployments(self) -> int:
        """How many deployments Railway has made so far, for everybody."""
        return sum(len(kinds.get("deployment", ())) for kinds in self.world.things("railway")["railway"].values())

    @contextmanager
    def hurried(self) -> Iterator[None]:
        """The world's clock runs fast meanwhile: what takes a while there, nobody is to wait for."""
        over = threading.Event()

        def hurry() -> None:
            while not over.wait(_TICK_SECONDS):
                self.world.advance(_TICK)

        clock = threading.Thread(target=hurry, name="demo-clock", daemon=True)
        clock.start()
        try:
            yield
        finally:
            over.set()
            clock.join()

    @contextmanager
    def watched(self, command: str) -> Iterator[dict[str, Any]]:
        """Tells in `acts` of what is done meanwhile; whoever does it adds the exit code."""
        act: dict[str, Any] = {"command": command}
        self.acts.append(act)
        calls, deployments, began = len(self.world.calls()), self.deployments(), time.monotonic()
        yield act
        act |= {
            "calls": len(self.world.calls()) - calls,
            "deploys": self.deployments() - deployments,
            "seconds": round(time.monotonic() - began, 2),
        }

    @contextmanager
    def _begun(self, words: tuple[str, ...], more: Mapping[str, str]) -> Iterator["subprocess.Popen[str]"]:
        with self.watched(" ".join(("trueup", *words))) as act:
            with self._process(words, more) as process:
                yield process
            act["exit"] = process.returncode

    @contextmanager
    def _process(
        self, words: tuple[str, ...], more: Mapping[str, str], *, stdin: bool = False
    ) -> Iterator["subprocess.Popen[str]"]:
        with subprocess.Popen(
            [sys.executable, "-m", "reconcile", *words, "--json", "--dir", str(self.root)],
            env={**self._environment(), **more},
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            except KeyboardInterrupt:
                # It lives in our folder, and sees its own children through.
                process.terminate()
                process.communicate()
                raise
            process.wait()

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name != STACKS}
        return {**inherited, **self.environment, SANDBOX: str(self.ready), LOG_FILE: str(self.log)}

    @property
    def log(self) -> Path:
        """Where the commands log their calls."""
        return self.ready.with_name("calls.log")

    def deploys(self) -> int:
        """How many deployments the last command made."""
        return int(self.acts[-1]["deploys"])


@dataclass(frozen=True)
class Claim:
    """What the demo says of the product, with the figure that shows it."""

    text: str
    figure: str
    held: bool

    def document(self) -> dict[str, Any]:
        return {"claim": self.text, "figure": self.figure, "held": self.held}


def by_stack(told: Iterable[dict[str, Any]]) -> Counter[str]:
    return Counter(one["stack"] for one in told)


def verified(applied: dict[str, Any]) -> list[dict[str, Any]]:
    """The changes that were made and then seen on the platform."""
    return [one for one in applied["changes"] if (one["outcome"] or {}).get("verified")]
