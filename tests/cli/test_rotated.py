"""What `validate`, `show`, `plan` and `doctor` say of a variable that changes on schedule."""

import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import Command, Repository, World

PROJECT = """
project: shop
ledger: {id: l1, home: .trueup/ledger.db}
accounts: {acme: {railway: {credentials: {token: ACME_RAILWAY_TOKEN}}}}
"""
BARE = """
account: acme
railway:
  project: {shop: {name: shop}}
  environment: {production: {project: shop, name: production}}
  service: {api: {project: shop, name: api}}
  instance:
    api:
      service: api
      environment: production
      source: {image: "example/app:1"}
      variables:
        PORT: "80"
"""
ROTATED = (
    BARE
    + """\
        JWT_SECRET: {secret: shop-jwt}
secrets:
  shop-jwt: {strategy: overlap, generate: {bytes: 32}, every: 30d}
"""
)
API = "railway.variable.api"
WHERE = {"project": "shop", "environment": "production", "service": "api"}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    for name in ("TRUEUP_SANDBOX", "TRUEUP_STACKS", "TRUEUP_KEY", "ACME_RAILWAY_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / "repository"
    root.mkdir()
    monkeypatch.chdir(root)
    repository = Repository(root)
    repository.write("stacks/_project.yaml", PROJECT)
    repository.write("stacks/web.yaml", BARE)
    return repository


@pytest.fixture
def begun(repository: Repository, world: World, trueup: Command) -> World:
    """The service lives; its stack says since that a variable of it is rotated."""
    assert trueup("apply", "--all", "--yes").code == 0
    repository.write("stacks/web.yaml", ROTATED)
    return world


def make(world: World, name: str) -> None:
    world.create("railway", "variable", name, "acme", {**WHERE, "value": "of somebody"})


def rows(trueup: Command) -> dict[str, dict[str, Any]]:
    (place,) = trueup("show", API, "--json").json["places"]
    return {one["name"]: one for one in place["things"]}


def test_validate_names_each_secret_and_who_holds_it(repository: Repository, trueup: Command) -> None:
    repository.write("stacks/web.yaml", ROTATED)
    told = trueup("validate")
    assert told.code == 0
    assert "1 secret: all valid" in told.out
    assert "secret shop-jwt  overlap, generated, held by web railway.variable.api/JWT_SECRET" in told.out
    found = trueup("validate", "--json").json
    assert found["secrets"] == {
        "shop-jwt": {
            "stack": "web",
            "strategy": "overlap",
            "source": "generated",
            "consumers": ["web railway.variable.api/JWT_SECRET"],
        }
    }
    assert found["stacks"] == {"web": 6}


def test_a_repository_without_secrets_says_nothing_of_them(repository: Repository, trueup: Command) -> None:
    assert "secret" not in trueup("validate").out
    assert trueup("validate", "--json").json["secrets"] == {}


def test_what_is_not_there_yet_is_told_as_what_a_rotation_makes(begun: World, trueup: Command) -> None:
    found = rows(trueup)
    assert found.keys() == {"PORT", "JWT_SECRET"}
    assert found["JWT_SECRET"]["state"] == "not there yet: rotated by shop-jwt"
    assert trueup("plan").code == 0
    document = trueup("plan", "--json").json
    assert (document["changes"], document["gaps"], document["unmanaged"]) == ([], [], [])
    assert [one for one in trueup("doctor", "--json").json["checks"] if "JWT" in json.dumps(one)] == []


def test_what_is_there_is_told_with_its_secret_and_without_its_value(begun: World, trueup: Command) -> None:
    make(begun, "JWT_SECRET")
    make(begun, "JWT_SECRET_PREVIOUS")
    found = rows(trueup)
    assert found["JWT_SECRET"]["state"] == "rotated by shop-jwt"
    second = found["JWT_SECRET_PREVIOUS"]
    assert (second["stack"], second["address"], second["state"]) == (None, None, "second value of JWT_SECRET")
    assert found["JWT_SECRET"]["fields"]["value"] == second["fields"]["value"] == {"hidden": True}
    document = trueup("plan", "--json").json
    assert (document["changes"], document["adopt"], document["unmanaged"]) == ([], [], [])
    assert "of somebody" not in trueup("show", API).out


def test_one_variable_is_shown_with_the_secret_that_it_holds(begun: World, trueup: Command) -> None:
    declared = trueup("show", f"{API}/JWT_SECRET", "--json").json["declared"]
    assert (declared["rotated_by"], "beside" in declared) == ("shop-jwt", False)
    second = trueup("show", f"{API}/JWT_SECRET_PREVIOUS", "--json").json["declared"]
    assert (second["rotated_by"], second["beside"]) == ("shop-jwt", f"{API}/JWT_SECRET")
    assert "its value is secret shop-jwt" in trueup("show", f"{API}/JWT_SECRET").out
    assert "rotated_by" not in trueup("show", f"{API}/PORT", "--json").json["declared"]


def test_what_lives_beside_is_not_offered_for_import(begun: World, trueup: Command) -> None:
    make(begun, "JWT_SECRET_PREVIOUS")
    make(begun, "TYPED")
    told = trueup("import", "railway", "--account", "acme")
    assert "api TYPED" in told.err and "JWT_SECRET_PREVIOUS" not in told.out + told.err
