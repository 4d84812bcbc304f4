"""What doctor says of Pulumi."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from reconcile.program.engine.find import VARIABLE
from reconcile.sandbox.world import World
from tests.cli.conftest import Command, Repository

from .test_writers import pretend_cli


def of_pulumi(document: Any) -> dict[str, tuple[int, str]]:
    return {
        one["subject"].removeprefix("pulumi "): (one["exit"], one["message"])
        for one in document["checks"]
        if one["subject"].startswith("pulumi")
    }


def test_in_a_sandbox_no_command_line_is_no_fault_and_our_provider_is_tried(world: World, trueup: Command) -> None:
    told = trueup("doctor", "--json")
    found = of_pulumi(told.json)
    assert told.code == 0, told.out
    assert found["CLI"] == (0, "not found: in this sandbox trueup writes what Pulumi would")
    assert found["provider"] == (0, "ours starts and answers a port")


def test_live_everything_that_pulumi_needs_is_asked_for(
    shop: Repository, trueup: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE_FILE", raising=False)
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{shop.root}/nowhere")
    found = of_pulumi(trueup("doctor", "--json").json)
    assert {name: code for name, (code, _) in found.items()} == {
        "project": 0,
        "CLI": 17,
        "program": 17,
        "provider": 17,
        "settings": 0,
        "backend": 17,
        "passphrase": 14,
    }
    assert "Pulumi writes app" in found["CLI"][1]


def test_where_no_stack_is_pulumis_only_the_command_line_is_told_of(
    shop: Repository, trueup: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = shop.root / "stacks/app.yaml"
    app.write_text(app.read_text().replace("writer: pulumi", "writer: trueup"))
    (shop.root / "Pulumi.yaml").unlink()
    assert of_pulumi(trueup("doctor", "--json").json) == {"CLI": (0, "not found; no stack needs it")}
    monkeypatch.setenv(VARIABLE, str(pretend_cli(tmp_path)))
    assert of_pulumi(trueup("doctor", "--json").json)["CLI"][1].startswith("3.200.1 at ")


def test_a_provider_that_says_something_else_is_told(shop: Repository, trueup: Command, tmp_path: Path) -> None:
    folder = shop.root / ".venv/bin"
    folder.mkdir(parents=True)
    path = pretend_cli(folder, "echo hello")
    shutil.move(path, folder / "pulumi-resource-trueup")
    assert of_pulumi(trueup("doctor", "--json").json)["provider"][1].endswith("answers no port")
