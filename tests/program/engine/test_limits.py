"""What a command may do holds for the provider, too, that Pulumi starts for it."""

from pathlib import Path
from typing import Any

import pytest

from reconcile.program.engine.find import VARIABLE
from reconcile.sandbox.world import World
from reconcile.settings import Settings
from tests.cli.conftest import Command, Repository

OPTIONS = {"--parallelism": "7", "--lock-timeout": "2.5", "--max-calls": "500", "--log-file": "calls.jsonl"}
WORDS = [word for pair in OPTIONS.items() for word in pair]


def told_to(file: Path) -> dict[str, str]:
    """Our variables in an environment that was written down."""
    lines = (line.partition("=") for line in file.read_text().splitlines())
    return {name: value for name, _, value in lines if name.startswith("TRUEUP_")}


@pytest.mark.parametrize("command", ["preview", "up"])
def test_the_engine_is_started_with_the_limits_of_the_command(
    world: World, shop: Repository, trueup: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """By a stand-in for the vendor's command line that writes down what it is told and fails."""
    path, file = tmp_path / "pulumi", tmp_path / "environment"
    path.write_text(
        f'#!/bin/sh\n[ "$1" = version ] && echo v3.200.1\n[ "$1" = preview ] && env > {file} && exit 1\nexit 0\n'
    )
    path.chmod(0o755)
    monkeypatch.setenv(VARIABLE, str(path))
    words = [word for word in WORDS if command == "up" or word not in ("--lock-timeout", "2.5")]
    assert trueup(command, "-s", "app", *(["--yes"] if command == "up" else []), *words).code == 1
    found = Settings.from_environment(told_to(file))
    assert (found.parallelism, found.log_file) == (7, shop.root / "calls.jsonl")
    assert found.lock_timeout_seconds == (2.5 if command == "up" else 0.0)
    assert found.max_calls is not None and 0 < found.max_calls <= 500


@pytest.mark.parametrize(
    ("environment", "settings"),
    [
        ({}, {"parallelism": 32, "max_calls": None, "lock_timeout_seconds": 0.0, "log_file": None}),
        ({"TRUEUP_PARALLELISM": "", "TRUEUP_MAX_CALLS": ""}, {"parallelism": 32, "max_calls": None}),
        ({"TRUEUP_MAX_CALLS": "0", "TRUEUP_LOCK_TIMEOUT": "1.5"}, {"max_calls": 0, "lock_timeout_seconds": 1.5}),
        ({"TRUEUP_PARALLELISM": "4", "TRUEUP_LOG_FILE": "/tmp/l"}, {"parallelism": 4, "log_file": Path("/tmp/l")}),
    ],
)
def test_the_environment_says_what_no_option_does(environment: dict[str, str], settings: dict[str, Any]) -> None:
    found = Settings.from_environment(environment)
    assert {name: getattr(found, name) for name in settings} == settings
    assert Settings.from_environment(environment, parallelism=2).parallelism == 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("TRUEUP_PARALLELISM", "0"),
        ("TRUEUP_MAX_CALLS", "-1"),
        ("TRUEUP_MAX_CALLS", "1.5"),
        ("TRUEUP_LOCK_TIMEOUT", "soon"),
        ("TRUEUP_LOCK_TIMEOUT", "nan"),
    ],
)
def test_what_is_no_number_is_refused_by_its_name(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=name):
        Settings.from_environment({name: text})


def test_a_command_reads_them_too(shop: Repository, trueup: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUEUP_LOCK_TIMEOUT", "soon")
    told = trueup("validate")
    assert told.code != 0 and "TRUEUP_LOCK_TIMEOUT" in told.err


@pytest.mark.tier("pulumi CLI")
def test_a_provider_that_may_make_no_more_calls_ends_the_command_with_15(
    cli: object, world: World, shop: Repository, trueup: Command
) -> None:
    told = trueup("preview", "-s", "app", "--json")
    assert told.code == 0, told.err
    spent = told.json["calls"]["made"]
    told = trueup("up", "-s", "app", "--yes", "--max-calls", str(spent + 2))
    assert told.code == 15, told.err
    assert "--max-calls" in told.err
