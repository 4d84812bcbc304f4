"""A site on the vendor's command line: its world listens on loopback, its engines are processes."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reconcile.model import exits
from reconcile.program.engine.command import Engine
from reconcile.program.engine.find import VARIABLE, Found, find
from reconcile.program.engine.project import pretend_project
from reconcile.program.engine.stack import ensure
from reconcile.program.standin import beside
from reconcile.sandbox.serve import serve
from tests.program.mini import Adopted, Told
from tests.program.mini.told import CHANGED, DONE, FAILED
from tests.program.site import PROJECT, Site
from tests.railway.estate import Runbooks

from .events import told_by

ROOT = Path(__file__).parents[3]
_QUICK = {"PULUMI_SKIP_CHECKPOINTS": "true", "PULUMI_DEBUG_COMMANDS": "true"}
"""Its state is written once, at the end, not twice a resource; and it knows `--event-log`."""
_CODES = {exits.NOTHING: DONE, exits.CHANGES: CHANGED}


def needed() -> Found:
    """The command line; where there is none, the test is not run."""
    found = find()
    if found is None:
        pytest.skip(f"the Pulumi CLI is not found ({VARIABLE}, PATH, ~/.pulumi/bin)")
    return found


@dataclass(frozen=True)
class CommandLine:
    """The commands of one stack."""

    engine: Engine
    stack: str
    folder: Path
    """For what a command is given and leaves in files."""

    def up(self, *, refresh: bool = False, targets: Collection[str] = (), expect_no_changes: bool = False) -> Told:
        return self._run("up", "--yes", "--skip-preview", *_aimed(refresh, targets, expect_no_changes))

    def preview(self, *, refresh: bool = False, targets: Collection[str] = (), expect_no_changes: bool = False) -> Told:
        return self._run("preview", *_aimed(refresh, targets, expect_no_changes))

    def destroy(self) -> Told:
        # With its preview: without one it deletes all that is not protected before it refuses.
        return self._run("destroy", "--yes")

    def import_(self, wanted: Iterable[Adopted], *, protect: bool = True) -> Told:
        found = list(wanted)
        parents = {one.parent: f"parent-{number}" for number, one in enumerate(found) if one.parent}
        resources = [
            {"type": one.type, "name": one.name, "id": one.id} | ({"parent": parents[one.parent]} if one.parent else {})
            for one in found
        ]
        names = {name: urn for urn, name in parents.items()}
        file = self.folder / "import.json"
        file.write_text(json.dumps({"nameTable": names, "resources": resources}))
        words = (
            "--file",
            str(file),
            "--yes",
            "--skip-preview",
            "--generate-code=false",
            f"--protect={protect}".lower(),
        )
        return self._run("import", *words)

    @property
    def state_file(self) -> Path:
        """Where a backend in a folder keeps what it knows of the stack."""
        state = Path(self.engine.project.backend.removeprefix("file://"))
        return state / ".pulumi" / "stacks" / self.engine.project.name / f"{self.stack}.json"

    @property
    def deployment(self) -> dict[str, Any]:
        """What it knows, as it is written; nothing before the first `up`."""
        if not self.state_file.exists():
            return {}
        return dict(json.loads(self.state_file.read_text())["checkpoint"].get("latest") or {})

    def forget(self, urns: Collection[str]) -> None:
        """Strikes resources from the state, and from what others depend on."""
        document = json.loads(self.state_file.read_text())
        latest = document["checkpoint"]["latest"]
        latest["resources"] = [one for one in latest["resources"] if one["urn"] not in urns]
        for one in latest["resources"]:
            one["dependencies"] = [urn for urn in one.get("dependencies") or () if urn not in urns]
            needs = one.get("propertyDependencies") or {}
            one["propertyDependencies"] = {
                name: [urn for urn in found or () if urn not in urns] for name, found in needs.items()
            }
        self.state_file.write_text(json.dumps(document))

    def _run(self, command: str, *words: str) -> Told:
        ensure(self.engine, self.stack)
        log = self.folder / "events.json"
        log.unlink(missing_ok=True)
        words = (*words, "--stack", self.stack, "--event-log", str(log))
        done = self.engine.run(command, *words, environment=_QUICK)
        told = told_by(log.read_text() if log.exists() else "")
        error = "" if done.code in _CODES else told.error or done.said or "no word"
        return Told(told.ops, _CODES.get(done.code, FAILED), error, told.refreshed)


def _aimed(refresh: bool, targets: Collection[str], expect_no_changes: bool) -> list[str]:
    words = [*(["--refresh"] if refresh else []), *(["--expect-no-changes"] if expect_no_changes else [])]
    return [*words, *(word for urn in targets for word in ("--target", urn))]


@dataclass
class ServedSite:
    """A repository with a Pulumi project, its world on loopback, and a command line at work on it as the product has
    it work."""

    root: Path
    standing: set[str] = field(default_factory=set)
    lines: dict[str, CommandLine] = field(default_factory=dict)

    @contextlib.contextmanager
    def open(self) -> Iterator[Site]:
        found = needed()
        self.root.mkdir(exist_ok=True)
        shutil.copy(ROOT / "__main__.py", self.root)
        (self.root / "Pulumi.yaml").write_text(
            (ROOT / "Pulumi.yaml").read_text().replace("trueup\n", f"{PROJECT}\n", 1)
        )
        self.estate = Runbooks(self.root)
        self.ready_file = self.root / "ready.json"
        served = serve(self.estate.world, ready_file=self.ready_file, ledger=self.estate.ledger_file, beside=beside)
        home = self.estate.ledger_file.with_name(f"{self.estate.ledger_file.name}.pulumi")
        self.engine = Engine(found.path, pretend_project(self.root, home, served.ready.env))
        try:
            yield Site(self.estate, self.line, self._forget, self._remembered, self._ids, self.standing)
        finally:
            served.stop()

    def line(self, stack: str) -> CommandLine:
        if stack not in self.lines:
            folder = self.root / "told" / stack
            folder.mkdir(parents=True)
            self.lines[stack] = CommandLine(self.engine, stack, folder)
        return self.lines[stack]

    def apply(self, stack: str) -> None:
        """`trueup apply`, in the repository and its world."""
        done = subprocess.run(
            [sys.executable, "-m", "reconcile", "apply", "-s", stack, "--yes", "--confirm-destructive"],
            cwd=self.root,
            env={**os.environ, "TRUEUP_SANDBOX": str(self.ready_file)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def _forget(self, stack: str, urns: Collection[str]) -> None:
        self.line(stack).forget(urns)

    def _remembered(self, stack: str) -> str:
        state = Path(self.engine.project.backend.removeprefix("file://"))
        return "\n".join(path.read_text(errors="replace") for path in state.rglob("*") if path.is_file())

    def _ids(self, stack: str) -> dict[str, str]:
        resources = self.line(stack).deployment.get("resources") or ()
        return {
            one["urn"]: one["id"] for one in resources if one.get("custom") and "pulumi:providers:" not in one["urn"]
        }
