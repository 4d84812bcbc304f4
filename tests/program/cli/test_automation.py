"""Pulumi's Automation API over our program, inline, and our provider: a service that builds stacks itself."""

import os
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from reconcile.declare import declare

from .shop import DSN, STACK, Shop

pytestmark = pytest.mark.tier("pulumi CLI")


def test_a_service_builds_a_stack_with_the_program_inline(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No language host beside it: an inline program needs none.
    (tmp_path / "pulumi" / "bin").mkdir(parents=True)
    (tmp_path / "pulumi" / "bin" / "pulumi").symlink_to(shop.found.path)
    monkeypatch.chdir(shop.root)
    for name in ("TRUEUP_SANDBOX", "APP_DSN"):
        monkeypatch.setenv(name, shop.environment[name])
    told = {name: value for name, value in shop.environment.items() if os.environ.get(name) != value}
    options = automation.LocalWorkspaceOptions(
        # The repository's own Pulumi.yaml says where our provider is: settings of a project cannot.
        work_dir=str(shop.root),
        env_vars=told,
        pulumi_command=automation.PulumiCommand(root=str(tmp_path / "pulumi")),
    )
    stack = automation.create_or_select_stack(STACK, project_name="trueup", program=_program, opts=options)
    events: list[Any] = []
    built = stack.up(on_event=events.append)
    assert built.summary.result == "succeeded"
    revision = built.outputs["trueup:revision"].value
    assert built.outputs["resources"].value["railway.domain.api"]["target"] in shop.value("TARGET") and revision
    shop.everything_is_there_once()
    assert DSN in shop.value("DSN") and DSN not in repr([event.__dict__ for event in events]) + built.stdout

    seen = stack.preview(refresh=True, expect_no_changes=True)
    assert set(seen.change_summary) == {automation.OpType.SAME}
    shop.edit("COLOUR", "red")
    assert stack.preview(refresh=True).change_summary[automation.OpType.UPDATE] == 2
    stack.up(refresh=True)
    assert shop.value("COLOUR") == "blue"
    # What it built is the same stack to who types.
    shop.agrees()


def _program() -> None:
    declare(STACK)
