"""With the vendor's command line: what leaves a stack file, also where a delete comes late or does nothing."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from reconcile.assemble import begin_world
from reconcile.program.engine.command import Engine
from reconcile.program.engine.find import Found
from reconcile.program.engine.project import pretend_project
from reconcile.program.standin import beside
from reconcile.sandbox.serve import serve
from reconcile.sandbox.world import World
from tests.cli.conftest import Command, Repository

from .conftest import APP
from .test_blind import ACCESS, LIFECYCLE, MEDIA, PROJECT
from .test_cli import values

pytestmark = pytest.mark.tier("pulumi CLI")


def test_variables_that_left_are_gone_from_what_runs_with_few_deploys(
    engine: Engine, world: World, shop: Repository, trueup: Command
) -> None:
    """Pulumi deletes after the release, so what ran with them is started again: once, for all of them."""
    many = {f"V{number}": "x" for number in range(6)}
    held = yaml.safe_load(APP)
    held["railway"]["instance"]["api"]["variables"] |= many
    shop.write("stacks/app.yaml", yaml.safe_dump(held))
    told = trueup("up", "-s", "app", "--yes")
    assert told.code == 0, told.err
    before = len(world.shelf("railway", "acme", "deployment"))
    shop.write("stacks/app.yaml", APP)
    # Most of what its instance holds goes, which the rules hold.
    told = trueup("up", "-s", "app", "--yes", "--approve")
    assert told.code == 0, told.err
    assert values(world).keys() == {"COLOUR", "MODE"}
    assert len(world.shelf("railway", "acme", "deployment")) - before <= 3
    assert engine.run("preview", "--refresh", "--expect-no-changes", "--stack", "app").code == 0


@pytest.fixture
def media(shop: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A bucket with what the vendor's provider neither reads nor deletes, and a stand-in for that provider."""
    shop.write("stacks/_project.yaml", PROJECT)
    (shop.root / "stacks/app.yaml").unlink()
    shop.write("stacks/media.yaml", yaml.safe_dump(MEDIA))
    world = begin_world(shop.root)
    ready = tmp_path / "ready.json"
    served = serve(world, ready_file=ready, ledger=tmp_path / "world.db", beside=beside)
    monkeypatch.setenv("TRUEUP_SANDBOX", str(ready))
    yield world
    served.stop()


def test_up_deletes_itself_what_the_vendors_delete_leaves(
    cli: Found, media: World, shop: Repository, trueup: Command, tmp_path: Path
) -> None:
    told = trueup("up", "-s", "media", "--yes")
    assert told.code == 0, told.err
    shop.write("stacks/media.yaml", yaml.safe_dump({**MEDIA, "r2": {**MEDIA["r2"], "lifecycle": {}}}))
    assert trueup("sandbox", "edit", "r2", "public-access", "media", "enabled=true").code == 0
    told = trueup("up", "-s", "media", "--yes", "--json")
    assert told.code == 0, told.err
    (stack,) = told.json["stacks"]
    assert [(one["address"], one["verb"]) for one in stack["pulumi"]["changes"]] == [(LIFECYCLE, "delete")]
    assert [(one["address"], one["outcome"]["status"]) for one in stack["trueup"]["changes"]] == [(LIFECYCLE, "done")]
    assert any("deletes nothing there" in line for line in stack["trueup"]["warnings"])
    assert stack["drifted"] == [ACCESS]
    (rules,) = [one["rules"] for one in media.shelf("r2", "acme", "lifecycle").values()] or [[]]
    assert "old" not in {rule["id"] for rule in rules}
    assert trueup("apply", "-s", "media", "--yes").code == 0
    (access,) = media.shelf("r2", "acme", "public-access").values()
    assert not access["enabled"]
    ready = json.loads((tmp_path / "ready.json").read_text())
    told_by_world = {**ready["env"], "TRUEUP_SANDBOX": str(tmp_path / "ready.json")}
    engine = Engine(cli.path, pretend_project(shop.root, tmp_path / "world.db.pulumi", told_by_world))
    assert engine.run("preview", "--refresh", "--expect-no-changes", "--stack", "media").code == 0
    assert trueup("plan", "-s", "media", "--detailed-exitcode").code == 0
