"""What every test shares: the closing lines that say, per tier, what passed, what was not run, and how long it took."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from reconcile.sandbox import serve

TESTS = Path(__file__).parent
MUST_RUN = ("octodns", "postgresql", "program", "vendor-client")
"""Tiers whose tests are real components a user would use, and the engine of ours that stands for Pulumi's where there
is none: not running them is a failure."""
MAY_BE_MISSING = {
    "pulumi CLI": "the Pulumi CLI is not found ($TRUEUP_PULUMI, PATH, ~/.pulumi/bin); the tier program runs without it"
}
"""Tiers that need what no package manager of ours brings, and what to say where it is not there."""

serve._THREADS = 8
"""As many at once as a test asks: each world that is served starts them for every platform."""

TIER = "tier"
CLOSING = "closing line"
"""What a test records as a property of this name is told at the end: `record_property(CLOSING, "…")`."""

_lines: list[str] = []

_counts: dict[str, dict[str, float]] = defaultdict(
    lambda: {"passed": 0, "failed": 0, "not run": 0, "known gap": 0, "seconds": 0.0}
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        mark = item.get_closest_marker("tier")
        folder = item.path.relative_to(TESTS).parts[0] if item.path.is_relative_to(TESTS) else "other"
        name = mark.args[0] if mark else folder.removesuffix(".py").removeprefix("test_")
        # Travels with the report, also from one process to another.
        item.user_properties.append((TIER, name))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    counts = _counts[str(dict(report.user_properties).get(TIER, "other"))]
    counts["seconds"] += report.duration
    if hasattr(report, "wasxfail"):
        counts["known gap"] += 1
    elif report.skipped:
        counts["not run"] += 1
    elif report.failed:
        counts["failed"] += 1
    elif report.when == "call":
        counts["passed"] += 1
        _lines.extend(str(value) for name, value in report.user_properties if name == CLOSING)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if hasattr(session.config, "workerinput"):
        # One of several processes sees a part only.
        return
    whole = session.config.args == session.config.getini("testpaths") or session.config.args == [str(TESTS)]
    if whole and exitstatus == 0 and _missing():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    terminalreporter.section("tiers")
    for name in sorted(_counts):
        found = _counts[name]
        terminalreporter.write_line(
            f"{name:<16} {found['passed']:>5.0f} passed  {found['failed']:>3.0f} failed  "
            f"{found['not run']:>3.0f} not run  {found['known gap']:>3.0f} known gaps  {found['seconds']:>7.1f} s"
        )
    for line in sorted(_lines):
        terminalreporter.write_line(line)
    for name, why in MAY_BE_MISSING.items():
        if name in _counts and not _counts[name]["passed"] and not _counts[name]["failed"]:
            terminalreporter.write_line(f"{name:<16} *not run*: {why}")
    for name in _missing():
        terminalreporter.write_line(f"{name:<16} not run: counts as a failure of the whole run")


def _missing() -> list[str]:
    return [name for name in MUST_RUN if not _counts[name]["passed"] or _counts[name]["not run"]]
