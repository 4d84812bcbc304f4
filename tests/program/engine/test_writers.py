"""Who writes a stack: live the file, in a sandbox world what its first apply chose. Without the vendor's CLI."""

from pathlib import Path

import pytest

from reconcile.program.engine.find import VARIABLE
from reconcile.sandbox.world import World
from tests.cli.conftest import Command, Repository

from .conftest import APP, COLOUR


def pretend_cli(folder: Path, script: str = "echo v3.200.1") -> Path:
    """A program that says it is Pulumi's and can do nothing else."""
    path = folder / "pulumi"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_without_the_command_line_a_sandbox_world_is_written_by_trueup_and_says_so(
    world: World, trueup: Command
) -> None:
    told = trueup("apply", "--all", "--yes")
    assert told.code == 0
    assert "app: written by trueup in this sandbox world (no Pulumi CLI is found)" in told.err
    assert trueup("up", "--all", "--yes").code == 0
    assert trueup("preview", "--all", "--detailed-exitcode").code == 0


def test_the_first_apply_decides_for_the_world(
    world: World, trueup: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert trueup("apply", "--all", "--yes", "--writer", "trueup").code == 0
    monkeypatch.setenv(VARIABLE, str(pretend_cli(tmp_path)))
    told = trueup("apply", "--all", "--yes")
    assert (told.code, "as this world began" in told.err) == (0, True)
    told = trueup("apply", "--all", "--yes", "--writer", "pulumi")
    assert told.code == 1 and "trueup has begun to write it" in told.err
    told = trueup("apply", "--all", "--yes", "--writer", "terraform")
    assert told.code == 1 and "there is no such writer" in told.err


def test_pulumi_chosen_and_not_found_is_said(world: World, shop: Repository, trueup: Command) -> None:
    told = trueup("up", "--all", "--yes", "--writer", "pulumi")
    assert told.code == 1
    assert "Pulumi's command line is not found" in told.err and "--install-pulumi" in told.err


@pytest.fixture
def found(shop: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A command line that would tell of its being run."""
    path = pretend_cli(tmp_path, f"touch {tmp_path}/ran")
    monkeypatch.setenv(VARIABLE, str(path))
    return tmp_path / "ran"


@pytest.mark.parametrize(
    ("words", "line"),
    [(("apply",), "trueup up -s app"), (("destroy", "--confirm-destructive"), "pulumi destroy -s app")],
    ids=["apply", "destroy"],
)
def test_what_is_pulumis_to_do_is_refused_with_the_line_to_type(
    words: tuple[str, ...], line: str, found: Path, world: World, trueup: Command
) -> None:
    assert trueup("plan", "--detailed-exitcode").code == 2
    told = trueup(*words, "--all", "--yes")
    assert told.code == 1 and line in told.err
    assert not found.exists() and not world.shelf("railway", "acme", "project")


def test_what_is_ours_is_applied_where_pulumi_writes_the_rest(found: Path, world: World, trueup: Command) -> None:
    told = trueup("apply", "--all", "--yes", "--target", "betterstack.heartbeat.job", "--json")
    assert told.code == 0, told.err
    assert [one["outcome"]["status"] for one in told.json["changes"]] == ["done"]
    assert len(world.shelf("betterstack", "acme", "heartbeat")) == 1
    assert not found.exists()


def test_live_the_file_says_who_writes(shop: Repository, trueup: Command, found: Path) -> None:
    shop.commit()
    told = trueup("up", "--all", "--yes", "--writer", "trueup")
    assert told.code == 1 and "`writer: pulumi` says the stack file" in told.err


@pytest.mark.parametrize("command", ["up", "apply"])
def test_a_dirty_tree_is_refused_on_a_live_stack_of_pulumis_whatever_is_allowed(
    command: str, shop: Repository, trueup: Command, found: Path
) -> None:
    shop.commit()
    shop.write("stacks/app.yaml", APP.replace("blue", "violet"))
    told = trueup(command, "--all", "--yes", "--allow-dirty")
    assert told.code == 1 and "must come from a commit" in told.err
    assert not found.exists()


def test_an_address_of_ours_is_not_pulumis(world: World, trueup: Command, found: Path) -> None:
    told = trueup("apply", "--all", "--yes", "--target", COLOUR)
    assert told.code == 1 and COLOUR in told.err
