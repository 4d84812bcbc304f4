"""What holds for the command line as a whole."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from reconcile.cli import app
from reconcile.model import exits

from .conftest import Command, Repository

ROOT = Path(__file__).parents[2]
HEAVY = ("httpx", "pydantic", "sqlalchemy", "flask", "git", "yaml")


def _paths(command: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, inner in getattr(command, "commands", {}).items():
        yield from _paths(inner, (*path, name))


COMMANDS = [path for path in _paths(typer.main.get_command(app)) if path]


def test_the_commands_that_are_documented_are_there() -> None:
    names = {" ".join(path) for path in COMMANDS}
    wanted = """init doctor validate import plan apply drift status show output adopt forget destroy history ledger
    recover unlock schema coverage sandbox demo"""
    assert set(wanted.split()) <= names
    assert {"ledger backup", "ledger restore", "ledger verify", "ledger show"} <= names


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_of_every_command_answers(path: tuple[str, ...], trueup: Command) -> None:
    told = trueup(*path, "--help")
    assert told.code == 0
    assert "Usage:" in told.out


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_a_misspelt_option_leaves_with_1(path: tuple[str, ...], trueup: Command, repository: Repository) -> None:
    told = trueup(*path, "--no-such-option")
    assert told.code == exits.FAILED
    assert "No such option" in told.err
    assert not told.out


def test_a_misspelt_command_leaves_with_1(trueup: Command) -> None:
    assert trueup("aply").code == exits.FAILED


def test_importing_the_command_line_loads_nothing_heavy() -> None:
    code = f"import reconcile.cli, sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert told.stdout.strip() == "[]"


def test_the_module_is_the_same_command() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "reconcile", "--version"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert told.stdout.startswith("trueup ")


def test_every_exit_code_stands_in_the_operations_page() -> None:
    page = ROOT / "docs" / "operations.md"
    if not page.exists():
        pytest.skip("not run: docs/operations.md is not written yet")
    first_cells = {line.split("|")[1].strip(" `") for line in page.read_text().splitlines() if line.startswith("|")}
    assert {str(code) for code in exits.MEANING} <= first_cells
