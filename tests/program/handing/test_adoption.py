"""Ids to import by, the bulk file, and what a program of imports holds: without any engine."""

import json
from collections.abc import Iterator

import pytest

from reconcile.cli.handing import adopted_by_pulumi
from reconcile.cli.options import workshop
from reconcile.declare import imports_of, nodes_of
from reconcile.model.errors import ReconcileError
from reconcile.model.resource import Address
from reconcile.model.spec import Place
from reconcile.program.adoption import Adoption, Imports, bulk_file, only_imported
from tests.cli.conftest import Command

from .conftest import ID, Estate


def at(address: str) -> Place:
    return Place("app", Address.parse(address))


@pytest.fixture
def wanted(estate: Estate, trueup: Command) -> Iterator[Adoption]:
    """Of a stack that trueup built, all but one record of it."""
    assert trueup("apply", "-s", "app", "--yes", "--writer", "trueup").code == 0
    assert trueup("sandbox", "delete", "cloudflare", "record", "note.shop.example").code == 0
    with workshop(estate.repository.root) as shop:
        yield adopted_by_pulumi(shop, "app")[0]


def test_everything_that_lives_has_an_id_or_is_told(wanted: Adoption, estate: Estate) -> None:
    (project,) = estate.world.shelf("railway", "acme", "project")
    (zone,) = estate.world.shelf("cloudflare", "acme", "zone")
    record = next(id for id, one in estate.world.shelf("cloudflare", "acme", "record").items() if one["type"] == "A")
    assert wanted.imports[at("railway.project.shop")] == f"acme/{project}"
    assert wanted.imports[at("cloudflare.record.main/www")] == f"{zone}/{record}"
    assert wanted.imports[at("r2.bucket.receipts")] == f"{ID}/shop-receipts/default"
    assert wanted.told == {at("r2.lifecycle.receipts"), at("r2.public-access.receipts"), at("r2.domain.files")}
    assert wanted.starts == {at("railway.release.api")}
    assert wanted.absent == {at("cloudflare.record.main/note")}
    built = {node.place for node in wanted.nodes if node not in wanted.books}
    assert built == {*wanted.imports, *wanted.written, *wanted.absent}


def test_the_bulk_file_has_every_parent_before_what_is_in_it(wanted: Adoption) -> None:
    told = bulk_file(wanted)["resources"]
    names = [one["name"] for one in told]
    assert len(set(names)) == len(names)
    components = {one["name"]: one["type"] for one in told if one.get("component")}
    assert components["railway"] == "trueup:platform:Railway"
    things = [one for one in told if not one.get("component")]
    assert {one["id"] for one in things} == set(wanted.imports.values())
    assert all(names.index(one["parent"]) < names.index(one["name"]) for one in things)


def test_a_program_of_imports_holds_the_live_value_of_what_is_left_out(wanted: Adoption, estate: Estate) -> None:
    only = {node.place: node for node in only_imported(wanted.nodes, wanted.imports, wanted.known)}
    assert only.keys() == wanted.imports.keys()
    host = wanted.known[at("r2.public-access.receipts")]["host"]
    assert only[at("railway.variable.api/ASSETS")].inputs["value"] == f"https://{host}/"
    assert all(place in only for node in only.values() for place in node.depends_on)


def test_the_file_of_the_imports_is_one_stacks(
    wanted: Adoption, estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Imports(wanted.imports, wanted.known)
    file = estate.folder / "imports.json"
    file.write_text(told.text("app"))
    assert imports_of("app", {}) is None
    assert imports_of("app", {"TRUEUP_IMPORTS": str(file)}) == told
    with pytest.raises(ReconcileError, match="TRUEUP_IMPORTS"):
        imports_of("other", {"TRUEUP_IMPORTS": str(file)})


def test_the_command_prints_the_file_and_the_lines_to_run(wanted: Adoption, estate: Estate, trueup: Command) -> None:
    told = trueup("import", "--for-pulumi", "app")
    assert told.code == 0
    assert json.loads(told.out) == bulk_file(wanted)
    assert "pulumi import --file import.json --generate-code=false --protect=false --stack app" in told.err
    assert "r2.domain.files" in told.err and "cloudflare.record.main/note" in told.err
    file = estate.folder / "import.json"
    assert trueup("import", "--for-pulumi", "app", "--out", str(file)).code == 0
    assert json.loads(file.read_text()) == bulk_file(wanted)
    assert trueup("import", "--for-pulumi", "app", "--out", str(file)).code == 1


def test_nothing_is_imported_where_nothing_lives(estate: Estate, trueup: Command) -> None:
    with workshop(estate.repository.root) as shop:
        assert nodes_of(shop, "app")
    told = trueup("import", "--for-pulumi", "app")
    assert told.code == 1 and "trueup up" in told.err
