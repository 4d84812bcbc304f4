"""railway.json and railway.toml: a service's config as code, read into the fields of an instance.

Facts: config-as-code docs of 2026-11. Keys are those of a service's `build` and `deploy`; `environments.NAME` overrides
both. Railway stops reading the files on 2026-12-01: what they say has to be said elsewhere by then.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..model.errors import Problem, SpecError

LAST_DAY = "2026-12-01"
Path = tuple[str, ...]
_FIELDS: Mapping[Path, str] = {
    ("build", "builder"): "builder",
    ("build", "buildCommand"): "build_command",
    ("deploy", "startCommand"): "start_command",
    ("deploy", "preDeployCommand"): "pre_deploy_command",
    ("deploy", "healthcheckPath"): "healthcheck_path",
    ("deploy", "healthcheckTimeout"): "healthcheck_timeout",
    ("deploy", "restartPolicyType"): "restart_policy",
    ("deploy", "restartPolicyMaxRetries"): "restart_retries",
    ("deploy", "cronSchedule"): "cron",
    ("deploy", "sleepApplication"): "sleep",
    ("deploy", "numReplicas"): "replicas",
    ("deploy", "region"): "region",
}
_VARIABLES: Mapping[Path, str] = {
    ("build", "dockerfilePath"): "RAILWAY_DOCKERFILE_PATH",
    ("deploy", "overlapSeconds"): "RAILWAY_DEPLOYMENT_OVERLAP_SECONDS",
    ("deploy", "drainingSeconds"): "RAILWAY_DEPLOYMENT_DRAINING_SECONDS",
}
"""Variables of the instance that do the same."""
_REGIONS: Path = ("deploy", "multiRegionConfig")
_LIMITS: Path = ("deploy", "limitOverride")
_GB = 1_000_000_000
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|\n|[^\s{}\[\],:"]+')
_HEADER = re.compile(r"\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?\Z")
_KEY = re.compile(r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")


@dataclass(frozen=True)
class Config:
    """What a file says of a service in one environment: fields of an instance, and the line of each.

    `lacking`: keys without a counterpart, each with its line and what to do about it.
    """

    file: str
    values: Mapping[str, Any]
    lines: Mapping[str, int]
    lacking: tuple[str, ...]


def read_config(file: str, data: bytes, environment: str) -> Config:
    """The file's word on one environment. Raises SpecError where it cannot be read."""
    text, held = _parsed(file, data)
    lines = _toml_lines(text) if file.endswith(".toml") else _json_lines(text)
    reading = _Reading(file, lines)
    overriding = held.get("environments")
    overrides = overriding if isinstance(overriding, dict) else {}
    for key in held:
        if key not in ("$schema", "build", "deploy", "environments"):
            reading.lacks((key,))
    reading.take(held, ())
    own = overrides.get(environment)
    if isinstance(own, dict):
        reading.take(own, ("environments", environment))
    for name in overrides:
        if name != environment:
            what = "pull request environments are Railway's" if name == "pr" else f"for --environment {name}"
            reading.lacking.append(
                f"{file}:{reading.line(('environments', name))}: environments.{name} not read: {what}"
            )
    return Config(file, reading.values, reading.lines, tuple(reading.lacking))


class _Reading:
    """Values so far; what comes later overrides."""

    def __init__(self, file: str, lines: Mapping[Path, int]) -> None:
        self._file = file
        self._lines = lines
        self.values: dict[str, Any] = {}
        self.lines: dict[str, int] = {}
        self.lacking: list[str] = []

    def line(self, path: Path) -> int:
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def lacks(self, path: Path, why: str = "no counterpart here: set it in Railway") -> None:
        self.lacking.append(f"{self._file}:{self.line(path)}: {'.'.join(path)}: {why}")

    def take(self, held: Mapping[str, Any], under: Path) -> None:
        for section in ("build", "deploy"):
            inner = held.get(section)
            if isinstance(inner, dict):
                for key, value in inner.items():
                    if value is not None:
                        self._take((section, key), value, (*under, section, key))
            elif inner is not None:
                self.lacks((*under, section), "not a map")

    def _take(self, known: Path, value: Any, path: Path) -> None:
        if known in _FIELDS:
            joined = " && ".join(map(str, value)) if isinstance(value, list) else value
            if joined not in ("", None):
                self._put(_FIELDS[known], joined, path)
        elif known == _REGIONS and isinstance(value, dict):
            self._regions({name: one for name, one in value.items() if one is not None}, path)
        elif known == _LIMITS and isinstance(value, dict):
            self._limits(value, path)
        elif known in _VARIABLES:
            self.lacks(path, f"no field here: the variable {_VARIABLES[known]} does the same")
        else:
            self.lacks(path)

    def _regions(self, regions: Mapping[str, Any], path: Path) -> None:
        if len(regions) != 1:
            self.lacks(path, f"{len(regions)} regions, and an instance here has one: set it in Railway")
            return
        ((region, one),) = regions.items()
        self._put("region", region, path)
        count = one.get("numReplicas") if isinstance(one, dict) else None
        if count is not None:
            self._put("replicas", count, path)

    def _limits(self, value: Mapping[str, Any], path: Path) -> None:
        held = value.get("containers")
        held = held if isinstance(held, dict) else {}
        limits = {}
        if held.get("cpu"):
            limits["cpu"] = held["cpu"]
        if isinstance(held.get("memoryBytes"), int | float):
            limits["memory_gb"] = held["memoryBytes"] / _GB
        if limits:
            self._put("limits", limits, path)
        else:
            self.lacks(path)

    def _put(self, field: str, value: Any, path: Path) -> None:
        self.values[field] = value
        self.lines[field] = self.line(path)


def _parsed(file: str, data: bytes) -> tuple[str, dict[str, Any]]:
    try:
        text = data.decode("utf-8-sig")
        held = tomllib.loads(text) if file.endswith(".toml") else json.loads(text)
    except json.JSONDecodeError as error:
        raise SpecError([Problem(file, error.lineno, "", f"no JSON: {error.msg}")]) from None
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise SpecError([Problem(file, int(found[1]) if found else 0, "", "no TOML")]) from None
    except (UnicodeDecodeError, RecursionError):
        raise SpecError([Problem(file, 0, "", "no text in UTF-8, or deeper than can be read")]) from None
    if not isinstance(held, dict):
        raise SpecError([Problem(file, 1, "", "must be a map")])
    return text, held


def _json_lines(text: str) -> dict[Path, int]:
    """The line of every key of valid JSON, by path."""
    found: dict[Path, int] = {}
    path: list[str] = []
    last, line = "", 1
    for token in _tokens(text):
        if token == "\n":
            line += 1
        elif token == ":":
            path[-1:] = [json.loads(last)]
            found.setdefault(tuple(one for one in path if one), line)
        elif token in "{[":
            path.append("")
        elif token in "}]":
            path.pop()
        else:
            last = token
    return found


def _tokens(text: str) -> Iterator[str]:
    return (found[0] for found in _TOKEN.finditer(text))


def _toml_lines(text: str) -> dict[Path, int]:
    """The line of every table and key that has one of its own, by path."""
    found: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header:
            table = _dotted(header[1])
            found.setdefault(table, number)
        elif key:
            found.setdefault((*table, *_dotted(key[1])), number)
    return found


def _dotted(text: str) -> Path:
    parts = re.findall(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""", text)
    return tuple(part.strip("\"'") for part in parts)
