"""A workflow file, read as GitHub reads it, and its steps run here: commands by bash, everything else left out."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = ROOT / ".github" / "workflows"
_EXPRESSION = re.compile(r"\$\{\{\s*([\w.]+)\s*\}\}")


def read(name: str) -> dict[str, Any]:
    """A workflow of this repository. `on` is a key that YAML 1.1 takes for true."""
    held: dict[Any, Any] = yaml.safe_load((WORKFLOWS / f"{name}.yml").read_text())
    return {"on" if key is True else str(key): value for key, value in held.items()}


def used(workflow: Mapping[str, Any]) -> set[str]:
    """The actions that its steps use."""
    return {step["uses"] for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step}


@dataclass
class Runner:
    """What GitHub gives to a job: a checkout, files to write into, an event. Secrets and variables are empty."""

    checkout: Path
    temp: Path
    event: Mapping[str, str] = field(default_factory=dict)
    """Expressions to values: `github.event.pull_request.base.sha`."""
    environment: dict[str, str] = field(default_factory=dict)
    """What the machine has set already."""

    @property
    def summary(self) -> str:
        file = self.temp / "summary.md"
        return file.read_text() if file.exists() else ""

    def run(self, name: str, job: str) -> tuple[int, str, str]:
        """Every command of a job in order until one fails: exit code, name of the last step, all output."""
        held = read(name)["jobs"][job]
        said, last = [], ""
        for step in held["steps"]:
            if "run" not in step:
                continue
            last = step["name"]
            done = self._step(step, held.get("env", {}))
            said.append(done.stdout + done.stderr)
            if done.returncode:
                return done.returncode, last, "".join(said)
        return 0, last, "".join(said)

    def _step(self, step: Mapping[str, Any], job: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
        self.temp.mkdir(exist_ok=True)
        told = {key: self._told(value) for key, value in {**job, **step.get("env", {})}.items()}
        environment = {
            **{key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ},
            **self.environment,
            **{key: value for key, value in told.items() if value},
            **dict(self._set_before()),
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary.md"),
            "GITHUB_ENV": str(self.temp / "env"),
            "RUNNER_TEMP": str(self.temp),
        }
        return subprocess.run(
            ["bash", "-e", "-c", step["run"]], cwd=self.checkout, env=environment, capture_output=True, text=True
        )

    def _set_before(self) -> Iterator[tuple[str, str]]:
        file = self.temp / "env"
        for line in file.read_text().splitlines() if file.exists() else ():
            name, _, value = line.partition("=")
            yield name, value

    def _told(self, value: str) -> str:
        def one(found: re.Match[str]) -> str:
            words = found[1]
            if words.split(".")[0] in ("secrets", "vars"):
                return ""
            return self.event[words]

        return _EXPRESSION.sub(one, str(value))
