"""What a vendor's provider calls by a zone's id and in the API's words is compared in the stack file's."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconcile.assemble import Workshop
from reconcile.declare import nodes_of
from reconcile.model.bridge import ZoneId, wire_names
from reconcile.model.errors import StalePlan
from reconcile.program.engine.preview import Preview, Step
from reconcile.program.engine.project import pretend_project
from reconcile.program.engine.repair import Repair, check, repair_of
from reconcile.sandbox.world import World
from reconcile.settings import Settings
from tests.cli.conftest import Command, Repository
from tests.cli.conftest import repository as repository
from tests.cli.conftest import trueup as trueup
from tests.cli.conftest import world as world

ZONE = "0f" * 16
NOTE, WWW = "cloudflare.record.main/note", "cloudflare.record.main/www"


@pytest.fixture
def drifted(world: World, repository: Repository, trueup: Command, tmp_path: Path) -> Repair:
    """Two records that somebody edited, as a person approved to have them put back."""
    (repository.root / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    assert trueup("apply", "--all", "--yes").code == 0
    for name, field in (("note.shop.example", "content=edited"), ("www.shop.example", "content=192.0.2.66")):
        assert trueup("sandbox", "edit", "cloudflare", "record", name, field).code == 0
    with Workshop(Settings.from_environment(root=repository.root)) as shop:
        changes = shop.reconciler().plan(["web"], mode="drift").plan.changes
        assert {str(one.address) for one in changes} == {NOTE, WWW}
        return repair_of("web", changes, nodes_of(shop, "web"), pretend_project(repository.root, tmp_path / "home", {}))


def step(repair: Repair, address: str, **edited: Any) -> Step:
    """What the engine says of putting one back, of which `edited` is what lives."""
    for urn, (change, node) in repair.approved.items():
        if str(change.address) == address:
            inputs: Mapping[str, Any] = {
                name: ZONE if isinstance(value, ZoneId) else value for name, value in node.inputs.items()
            }
            after = wire_names(inputs)
            return Step("update", urn, before={**after, **edited}, after=after, fields=dict.fromkeys(edited, "update"))
    raise LookupError(address)


def test_a_text_between_quotes_and_a_complete_name_are_what_was_approved(drifted: Repair) -> None:
    note, www = step(drifted, NOTE, content='"edited"'), step(drifted, WWW, content="192.0.2.66")
    assert (note.after["content"], note.after["name"]) == ('"[red]hello[/]"', "note.shop.example")
    check(drifted, Preview((note, www)))


@pytest.mark.parametrize(
    ("edited", "says"),
    [({"ttl": 60}, "ttl too"), ({"name": "b.shop.example"}, "name too")],
)
def test_anything_else_of_it_is_refused_by_our_name_of_the_field(
    edited: dict[str, Any], says: str, drifted: Repair
) -> None:
    one = step(drifted, WWW, content="192.0.2.66", **edited)
    with pytest.raises(StalePlan, match=says):
        check(drifted, Preview((one,)))


def test_another_value_than_the_approved_one_is_refused(drifted: Repair) -> None:
    one = step(drifted, NOTE, content='"edited"')
    with pytest.raises(StalePlan, match="another content"):
        check(drifted, Preview((replace(one, after={**one.after, "content": '"other"'}),)))


def test_the_name_that_was_approved_may_be_told_relative_to_its_zone(drifted: Repair) -> None:
    """Whatever the vendor registers: the model of the zone's own domain reads it."""
    one = step(drifted, WWW, content="192.0.2.66")
    check(drifted, Preview((replace(one, before={**one.before, "name": "www"}),)))
