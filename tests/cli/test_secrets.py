"""What the command line says of values that are not ours, and of those that it has not got."""

from pathlib import Path
from typing import Any

import pytest

from reconcile.sandbox.world import World

from .conftest import Command
from .conftest import Repository as Repository

PROJECT = """
project: shop
ledger: {id: 0f3c9a1e, home: .trueup/ledger.db}
from_env: [SHOP_DSN, SHOP_KEY]
accounts:
  acme: {railway: {credentials: {token: ACME_RAILWAY_TOKEN}, tier: pro}}
"""
WEB = """
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
        JWT_SECRET: {exists: true}
        SENTRY_DSN: {from_env: SHOP_DSN}
        OTHER_DSN: {from_env: SHOP_DSN}
        API_KEY: {from_env: SHOP_KEY}
"""
JWT = "railway.variable.api/JWT_SECRET"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    for name in ("TRUEUP_SANDBOX", "TRUEUP_STACKS", "TRUEUP_KEY", "ACME_RAILWAY_TOKEN", "SHOP_DSN", "SHOP_KEY"):
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / "repository"
    root.mkdir()
    monkeypatch.chdir(root)
    repository = Repository(root)
    repository.write("stacks/_project.yaml", PROJECT)
    repository.write("stacks/web.yaml", WEB)
    return repository


def edit(world: World, **fields: str) -> None:
    """What a person does in the console."""
    (id,) = [one["id"] for one in world.shelf("railway", "acme", "variable").values() if one["name"] == "JWT_SECRET"]
    world.edit("railway", "variable", id, "acme", fields)


@pytest.fixture
def seen(world: World, trueup: Command) -> World:
    """Applied; a person set what is theirs, and an apply saw it."""
    assert trueup("apply", "--all", "--yes").code == 16
    where = {"project": "shop", "environment": "production", "service": "api"}
    world.create("railway", "variable", "JWT_SECRET", "acme", {**where, "value": "of a person"})
    assert trueup("apply", "--all", "--yes").code == 0
    return world


@pytest.fixture
def touched(seen: World) -> World:
    """The same, and somebody else wrote it since."""
    edit(seen, value="of somebody else")
    return seen


def checks(trueup: Command) -> list[dict[str, Any]]:
    return [one for one in trueup("doctor", "--json").json["checks"] if one["exit"]]


@pytest.mark.parametrize("command", ["plan", "drift"])
def test_a_touch_is_told_with_what_to_do(command: str, touched: World, trueup: Command) -> None:
    told = trueup(command)
    assert told.code == 16
    assert f"value changed: {JWT}" in told.out and f"trueup adopt {JWT} --stack web" in told.out
    assert "1 touched by others" in told.out and "of somebody else" not in told.out + told.err
    (one,) = trueup(command, "--json").json["touched"]
    assert (one["stack"], one["address"], one["verdict"], one["at"]) == (
        "web",
        JWT,
        "value changed",
        "stacks/web.yaml:13",
    )


def test_a_sealed_one_is_touched_and_its_value_unknown(seen: World, trueup: Command) -> None:
    edit(seen, isSealed="true")
    assert trueup("adopt", JWT, "--yes").code == 0
    edit(seen, value="of somebody else")
    assert f"touched, value unknown: {JWT}" in trueup("plan").out


def test_status_knows_what_an_apply_noticed(touched: World, trueup: Command) -> None:
    (before,) = trueup("status", "--json").json["stacks"]
    assert (before["only_seen"], before["touched"]) == (1, [])
    assert trueup("apply", "--all", "--yes").code == 16
    (stack,) = trueup("status", "--json").json["stacks"]
    (one,) = stack["touched"]
    assert one["address"] == JWT and one["before"] < one["after"]
    assert f"{JWT}: somebody wrote it" in trueup("status").out


def test_a_person_takes_it_as_right_by_its_name_and_by_nothing_else(touched: World, trueup: Command) -> None:
    told = trueup("adopt", "--all", "--yes")
    assert told.code == 16 and f"{JWT}: value changed; name it" in told.err
    told = trueup("adopt", JWT)
    assert told.code == 11 and "nobody agreed" in told.err
    told = trueup("adopt", JWT, "--yes", "--json")
    assert told.code == 0 and told.json["accepted"] == [{"stack": "web", "address": JWT}]
    assert trueup("plan", "--detailed-exitcode").code == 0
    assert trueup("status", "--json").json["stacks"][0]["touched"] == []
    assert "touch accepted" in trueup("history").out


def test_what_is_only_seen_can_be_forgotten_and_is_seen_anew(touched: World, trueup: Command) -> None:
    told = trueup("forget", JWT, "--yes")
    assert told.code == 0 and "still declared" in told.err
    assert trueup("plan").code == 0


def test_adopting_what_nobody_touched_is_nothing_to_do(seen: World, trueup: Command) -> None:
    told = trueup("adopt", JWT)
    assert told.code == 0 and "nothing to adopt" in told.out


def test_doctor_names_what_only_a_person_can_set(world: World, trueup: Command) -> None:
    trueup("apply", "--all", "--yes")
    assert trueup("doctor").code == 16
    (one,) = checks(trueup)
    assert one["exit"] == 16 and one["subject"] == "by hand" and f"{JWT} is not there" in one["message"]
    assert one["advice"] == "declared by stack web (stacks/web.yaml:13)"


def test_doctor_is_content_once_it_is_there(seen: World, trueup: Command) -> None:
    assert checks(trueup) == []


def test_doctor_names_each_variable_that_is_not_set_and_all_who_need_it(
    repository: Repository, trueup: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert trueup("init").code == 0
    monkeypatch.setenv("SHOP_KEY", "hunter2")
    told = trueup("doctor")
    assert told.code == 14 and "hunter2" not in told.out
    found = [one for one in checks(trueup) if one["subject"].startswith("secret")]
    assert [(one["subject"], one["exit"]) for one in found] == [("secret SHOP_DSN", 14)]
    assert found[0]["message"].endswith(
        "needed by railway.variable.api/SENTRY_DSN of stack web (stacks/web.yaml:14); "
        "railway.variable.api/OTHER_DSN of stack web (stacks/web.yaml:15)"
    )
    monkeypatch.setenv("SHOP_DSN", "hunter2")
    assert "2 environment variables that the stacks name are set" in trueup("doctor").out
