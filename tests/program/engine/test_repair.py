"""A repair does what was approved: what the engine would do beyond it is refused before anything is written."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from reconcile.assemble import Workshop
from reconcile.declare import nodes_of
from reconcile.model.change import Change, FieldChange
from reconcile.model.errors import StalePlan
from reconcile.model.memory import Applied, Memory
from reconcile.model.resource import Address, Reference
from reconcile.program.engine.preview import Preview, Step
from reconcile.program.engine.project import Project, pretend_project
from reconcile.program.engine.repair import Repair, check, last_revision, repair_of, stack_files
from reconcile.program.graph import Node, Referring
from reconcile.sandbox.world import World
from reconcile.settings import STACKS, Settings
from tests.cli.conftest import Repository

from .conftest import COLOUR

PREFIX = "urn:pulumi:app::trueup::trueup:platform:Railway$trueup:railway:"
VARIABLE_URN = f"{PREFIX}Variable::api/COLOUR"
RELEASE_URN = f"{PREFIX}Release::api"


@pytest.fixture
def nodes(world: World, shop: Repository) -> Sequence[Node]:
    with Workshop(Settings.from_environment(root=shop.root)) as opened:
        return nodes_of(opened, "app")


@pytest.fixture
def project(world: World, shop: Repository, tmp_path: Path) -> Project:
    return pretend_project(shop.root, tmp_path / "home", {})


@pytest.fixture
def change(world: World, shop: Repository) -> Change:
    with Workshop(Settings.from_environment(root=shop.root)) as opened:
        one = opened.tree.stacks["app"].declared[Address.parse(COLOUR)]
    fields = (FieldChange("value", hidden=True), FieldChange("sealed", True, False))
    return Change(
        "app",
        "acme",
        one.address,
        "update",
        "drift",
        one.resource.keys()[0],
        "",
        one.resource,
        one.resource,
        "x",
        fields,
    )


@pytest.fixture
def wanted(nodes: Sequence[Node], project: Project, change: Change) -> Repair:
    return repair_of("app", [change], nodes, project)


UPDATE = Step("update", VARIABLE_URN, before={"sealed": True}, after={"sealed": False}, fields={"value": "update"})


def test_the_thing_and_the_release_that_runs_it_are_the_targets(wanted: Repair) -> None:
    assert wanted.targets == (VARIABLE_URN, RELEASE_URN)


def test_what_was_approved_may_be_done_and_a_release_with_it(wanted: Repair) -> None:
    check(wanted, Preview((UPDATE, Step("update", RELEASE_URN), Step("same", f"{PREFIX}Project::shop"))))


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (Step("update", f"{PREFIX}Variable::api/MODE"), "update api/MODE"),
        (Step("delete", f"{PREFIX}Variable::api/MODE"), "delete api/MODE"),
        (replace(UPDATE, op="replace"), "replace api/COLOUR .* where update was approved"),
        (replace(UPDATE, op="create"), "where update was approved"),
        (replace(UPDATE, before={"sealed": True, "name": "A"}, after={"sealed": False, "name": "B"}), "name too"),
        (replace(UPDATE, after={"sealed": "other"}), "another sealed"),
        (Step("delete", RELEASE_URN), "delete api"),
    ],
)
def test_anything_more_is_refused(step: Step, says: str, wanted: Repair) -> None:
    with pytest.raises(StalePlan, match=says) as told:
        check(wanted, Preview((step,)))
    assert told.value.exit_code == 11


def test_what_the_last_program_does_not_have_is_refused(
    nodes: Sequence[Node], project: Project, change: Change
) -> None:
    there = [node for node in nodes if node.place != change.place]
    with pytest.raises(StalePlan, match="not in the program as it was last applied"):
        repair_of("app", [change], there, project)


def test_the_last_revision_is_that_of_what_pulumi_built_last() -> None:
    rows = [("railway.service.api", "a" * 40, "1"), ("railway.service.web", "b" * 40, "2"), ("x.y.z", "c" * 40, "3")]
    applied = {
        (row := Applied("app", Address.parse(address), revision, {}, at=at)).place: row
        for address, revision, at in rows
    }
    memory = Memory(applied=applied)
    assert last_revision(memory, "app", lambda address: address.platform == "railway") == "b" * 40
    assert last_revision(memory, "web", lambda address: True) == ""


def test_the_program_reads_the_stack_files_of_then() -> None:
    with stack_files({"stacks/app.yaml": b"account: acme\n"}) as environment:
        folder = Path(environment[STACKS])
        assert (folder / "app.yaml").read_bytes() == b"account: acme\n"
    assert not folder.exists()
    with stack_files(None) as environment:
        assert environment == {}


def test_where_a_value_that_moved_comes_from_is_read_again_and_not_changed(
    nodes: Sequence[Node], project: Project, change: Change
) -> None:
    (target,) = [node for node in nodes if str(node.place.address) == "railway.variable.api/MODE"]
    reference = Reference(target.place.address, "value")
    follows = [
        replace(node, inputs={**node.inputs, "value": Referring(f"${{{reference}}}", {reference: target.place})})
        if node.place == change.place
        else node
        for node in nodes
    ]
    mode = f"{PREFIX}Variable::api/MODE"
    assert mode not in repair_of("app", [change], follows, project).targets
    moved = repair_of("app", [replace(change, cause="reference")], follows, project)
    assert mode in moved.targets
    with pytest.raises(StalePlan, match="update api/MODE"):
        check(moved, Preview((UPDATE, Step("update", mode))))


def test_what_a_person_let_come_along_may_be_done_and_nothing_else_of_it(wanted: Repair) -> None:
    own = f"{PREFIX}Variable::own"
    released = replace(wanted, released={own: frozenset({"replace", "delete-replaced"})})
    assert own in released.targets
    check(released, Preview((UPDATE, Step("replace", own), Step("delete-replaced", own))))
    with pytest.raises(StalePlan, match="delete own"):
        check(released, Preview((UPDATE, Step("delete", own))))


def test_a_repair_that_would_do_hundreds_more_names_five_of_them(wanted: Repair) -> None:
    steps = tuple(Step("update", f"{PREFIX}Variable::api/V{number}") for number in range(500))
    with pytest.raises(StalePlan, match="and 495 more") as told:
        check(wanted, Preview(steps))
    assert len(str(told.value)) < 600
