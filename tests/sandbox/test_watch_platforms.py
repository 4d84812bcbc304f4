"""The watch over the real pretends: what Railway runs on a token of Cloudflare's, and where it answers."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from reconcile.cli import app
from reconcile.model.secret import SecretText
from reconcile.platforms import pretends
from reconcile.sandbox.serve import Served, serve
from reconcile.sandbox.services import key_id
from reconcile.sandbox.world import AccountSeed, World

NAMES = ("cloudflare", "railway", "vercel")


@pytest.fixture
def world() -> World:
    """An api on Railway that a person made, at a domain of its own."""
    seeds = [AccountSeed("acme", name, "a" * 32, SecretText(f"token-of-{name}")) for name in NAMES]
    world = World({name: pretends()[name] for name in NAMES}, seeds)
    world.create("railway", "project", "bilko", "acme", {})
    world.create("railway", "service", "api", "acme", {"project": "bilko"})
    world.create("railway", "domain", "api.bilko.example", "acme", {"service": "api"})
    world.edit("railway", "instance", "api", "acme", {"image": "example/api:1"})
    return world


@pytest.fixture
def served(world: World, tmp_path: Path) -> Iterator[Served]:
    served = serve(world, ready_file=tmp_path / "ready.json")
    yield served
    served.stop()


def _token(world: World, name: str) -> tuple[str, str]:
    """Id and value of a token that the account's own makes."""
    with _http(world) as http:
        (group,) = http.get("/user/tokens/permission_groups?name=DNS Read").json()["result"]
        policy = {"effect": "allow", "permission_groups": [{"id": group["id"]}], "resources": {"a": "*"}}
        made = http.post("/user/tokens", json={"name": name, "policies": [policy]}).json()["result"]
    return made["id"], made["value"]


def _http(world: World) -> httpx.Client:
    headers = {"Authorization": "Bearer token-of-cloudflare"}
    transport = httpx.WSGITransport(world.wsgi("cloudflare"))
    return httpx.Client(transport=transport, headers=headers, base_url="http://cloudflare/client/v4")


def _set(world: World, value: str) -> None:
    shelf = world.shelf("railway", "acme", "variable")
    verb = world.edit if any(one["name"] == "TOKEN" for one in shelf.values()) else world.create
    fields = {"value": value} if verb == world.edit else {"value": value, "service": "api"}
    verb("railway", "variable", "TOKEN", "acme", fields)


def _deploy(world: World, **fields: str) -> None:
    world.edit("railway", "instance", "api", "acme", {"deployment": "push", **fields})
    world.advance(dt.timedelta(minutes=1))


def test_a_token_that_is_ended_under_a_running_service_is_seen_until_another_runs(world: World) -> None:
    old, value = _token(world, "old")
    _set(world, value)
    _deploy(world)
    _, new = _token(world, "new")
    _set(world, new)
    assert world.watched()["refused"] == []
    with _http(world) as http:
        assert http.delete(f"/user/tokens/{old}").status_code == 200
    (seen,) = world.watched()["refused"]
    assert (seen["platform"], seen["unit"], seen["variable"]) == ("railway", "bilko/production/api", "TOKEN")
    assert seen["by"] == f"cloudflare DELETE /client/v4/user/tokens/{old}" and not seen["until"]
    _deploy(world)
    (seen,) = world.watched()["refused"]
    assert seen["until"]
    assert value not in json.dumps(world.watched()) and new not in json.dumps(world.watched())


def test_a_rollback_by_hand_to_an_ended_token_is_seen(world: World) -> None:
    old, value = _token(world, "old")
    _set(world, value)
    _deploy(world)
    _set(world, _token(world, "new")[1])
    _deploy(world)
    with _http(world) as http:
        http.delete(f"/user/tokens/{old}")
    assert world.watched()["refused"] == []
    _deploy(world, deployment="previous")
    (seen,) = world.watched()["refused"]
    assert seen["variable"] == "TOKEN" and seen["by"] == "the clock"


def test_a_service_answers_of_what_runs_and_not_of_what_is_written(world: World, served: Served) -> None:
    with httpx.Client(base_url=served.ready.services, trust_env=False) as http:

        def health() -> httpx.Response:
            return http.get("api.bilko.example/health")

        assert health().status_code == 404, "nothing was ever started"
        _set(world, "first-value")
        _deploy(world)
        assert health().json()["ok"] is True
        assert health().json()["kid"] == {"TOKEN": key_id("first-value")}
        _set(world, "second-value")
        assert health().json()["kid"]["TOKEN"] == key_id("first-value")
        _deploy(world)
        assert health().json()["kid"]["TOKEN"] == key_id("second-value")
        world.edit("railway", "instance", "api", "acme", {"health": "ill"})
        assert health().status_code == 503
        world.edit("railway", "instance", "api", "acme", {"health": "well", "fails": "start"})
        assert health().status_code == 200
        _deploy(world)
        assert health().status_code == 503, "without a health check a start that fails ends what ran"


def test_a_person_looks_at_the_watch(
    world: World, served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUEUP_SANDBOX", str(tmp_path / "ready.json"))
    old, value = _token(world, "old")
    _set(world, value)
    _deploy(world)
    with _http(world) as http:
        http.delete(f"/user/tokens/{old}")

    def say(*words: str) -> str:
        told: Any = CliRunner().invoke(app, ["sandbox", "watch", *words])
        assert told.exit_code == 0, told.output
        assert value not in told.output
        return str(told.output)

    lines = say().splitlines()
    assert lines[0].startswith("acme  railway.instance bilko/production/api  runs  ")
    assert lines[1].startswith("refused  ") and "railway bilko/production/api/TOKEN" in lines[1]
    assert lines[-1] == "1 units, 1 changes, 1 refused values"
    told = json.loads(say("--json"))
    assert [one["variable"] for one in told["refused"]] == ["TOKEN"] and len(told["timeline"]) == 1
