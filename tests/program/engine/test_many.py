"""A line that names hundreds of things names five."""

import json
from pathlib import Path

import pytest

from reconcile.program.engine.find import VARIABLE
from reconcile.sandbox.world import World
from tests.cli.conftest import Command, Repository

from .test_cli import NEVER

STEPS = [
    {
        "op": "create",
        "urn": f"urn:pulumi:app::trueup::trueup:platform:Railway$trueup:railway:Variable::api/V{number}",
        "newState": {
            "custom": True,
            "inputs": {"account": "acme", "instance": "shop/production/api", "name": f"V{number}", "value": "x"},
        },
    }
    for number in range(500)
]


def test_what_the_gate_has_against_500_is_told_in_one_short_line(
    world: World, shop: Repository, trueup: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a stand-in for the vendor's command line that previews them and does nothing."""
    path, told = tmp_path / "pulumi", tmp_path / "preview.json"
    told.write_text(json.dumps({"steps": STEPS, "changeSummary": {"create": len(STEPS)}}))
    path.write_text(f'#!/bin/sh\n[ "$1" = version ] && echo v3.200.1\n[ "$1" = preview ] && cat {told}\nexit 0\n')
    path.chmod(0o755)
    monkeypatch.setenv(VARIABLE, str(path))
    shop.write("policies/never.py", NEVER)
    answer = trueup("up", "-s", "app", "--yes", "--json")
    assert answer.code == 10
    (line,) = [line for line in answer.err.splitlines() if "nothing was changed" in line]
    assert line.count("no-railway: not here") == 5 and line.endswith("and 495 more")
    assert len(answer.json["stacks"][0]["pulumi"]["changes"]) == 500, "all of them are in the document"
