"""One program run once in a process of its own, what it took, and the file that keeps the results."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from worlds import Sandbox

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "RESULTS.md"


@dataclass(frozen=True)
class Took:
    """One run of one program."""

    wall: float
    cpu: float
    """Seconds of the child's own processor time."""
    peak_mib: float
    calls: int
    by_platform: Mapping[str, int]
    sandbox_cpu: float | None
    """Seconds of processor time that the sandbox took meanwhile; None where the system does not tell."""
    phases: Mapping[str, float] = field(default_factory=dict)
    said: Mapping[str, Any] = field(default_factory=dict)

    def of(self, *names: str) -> float:
        return sum(self.phases.get(name, 0.0) for name in names)


def run(box: Sandbox, words: list[str], *, phases: bool) -> Took:
    """A child from start to end: wall seconds, its own peak memory, the calls it made."""
    box.forget()
    before = box.cpu()
    environment = {**os.environ, "TRUEUP_SANDBOX": str(box.ready_file), "PYTHONWARNINGS": "ignore"}
    # -P: this file's own folder is no place to import from; octoDNS would take dns.py for its resolver library.
    command = [sys.executable, "-P", *words, *(["NOW"] if phases else [])]
    with tempfile.NamedTemporaryFile() as result:
        launcher = [sys.executable, "-I", "-S", str(HERE / "launch.py"), result.name]
        told = subprocess.run([*launcher, *command], stdout=subprocess.PIPE, env=environment, check=True).stdout
        took = json.load(result)
    said: dict[str, Any] = json.loads(told) if phases and told else {"exit": took["exit"]}
    after, by_platform = box.cpu(), box.calls("platform")
    return Took(
        wall=took["wall"],
        cpu=took["cpu"],
        peak_mib=took["peak_mib"],
        calls=sum(by_platform.values()),
        by_platform=by_platform,
        sandbox_cpu=None if before is None or after is None else after - before,
        phases=said.pop("phases", {}),
        said=said,
    )


def our_pass(box: Sandbox, root: Path, command: str) -> Took:
    """Our own pass, its phases timed inside."""
    return run(box, [str(HERE / "ours.py"), str(root), str(box.ready_file), command], phases=True)


def command_line(box: Sandbox, root: Path, command: str, *stacks: str) -> Took:
    """The command as a person runs it, on some stacks or on all."""
    chosen = [word for stack in stacks for word in ("--stack", stack)] or (["--all"] if command == "apply" else [])
    words = [command, *chosen, "--dir", str(root), *(["--yes"] if command == "apply" else [])]
    return run(box, ["-m", "reconcile", *words], phases=False)


def say(text: str) -> None:
    print(f"… {text}", file=sys.stderr, flush=True)


def record(section: str) -> None:
    """Keeps a section of results, which begins with its heading, in place of the one it had."""
    heading = section.partition("\n")[0]
    kept = re.split(r"^(?=# )", RESULTS.read_text() if RESULTS.exists() else "", flags=re.MULTILINE)
    others = [one.strip() for one in kept if one.strip() and one.partition("\n")[0] != heading]
    # Sorted: the file does not depend on which program ran last.
    RESULTS.write_text("\n\n".join(sorted([section.strip(), *others])) + "\n")
