"""What follows from a repair is shown before anybody is asked, and comes along only where it is let."""

from typing import Any

import pytest

from reconcile.program.engine.command import Engine
from reconcile.sandbox.world import World
from tests.cli.conftest import Answer, Command, Repository

from .conftest import APP
from .test_cli import agrees, values

pytestmark = pytest.mark.tier("pulumi CLI")
HOST = "railway.domain.api"
LINKED = APP.replace("        MODE: production\n", "        LINK: 'https://${railway.domain.api.target}'\n").replace(
    "betterstack:", "  domain: {api: {instance: api, host: api.shop.example, port: 3000}}\nbetterstack:"
)
OWN = """

from reconcile.sdk.railway import Domain  # noqa: E402

target = estate["railway.domain.api"].target
Domain("own", account="acme", instance="shop/production/api", host=target.apply(lambda text: "own." + text), port=3000)
"""
"""Beside what is declared a resource of the user's own, which is made anew when that target is another one."""


@pytest.fixture
def linked(shop: Repository) -> Repository:
    shop.write("stacks/app.yaml", LINKED)
    return shop


def targets(world: World) -> dict[str, str]:
    """Of the domains, by host."""
    return {one["domain"]: one["target"] for one in world.shelf("railway", "acme", "domain").values()}


def lose(world: World) -> str:
    """Somebody deletes the domain; returns its target."""
    (one,) = [one for one in world.shelf("railway", "acme", "domain").values() if one["domain"] == "api.shop.example"]
    world.delete("railway", "domain", one["id"], "acme", {})
    return str(one["target"])


def became(told: Answer) -> dict[str, Any]:
    found = {one["address"]: one["outcome"] for one in (*told.json["changes"], *told.json["along"])}
    return {address: outcome["status"] for address, outcome in found.items() if outcome}


def test_a_value_that_an_output_gives_follows_what_was_made_again(
    engine: Engine, linked: Repository, world: World, trueup: Command
) -> None:
    told = trueup("up", "-s", "app", "--yes")
    assert told.code == 0, told.err
    old = lose(world)
    drift = trueup("drift", "-s", "app", "--json").json
    assert {(one["address"], one["verb"], one["cause"]) for one in drift["changes"]} == {
        (HOST, "create", "drift"),
        ("railway.variable.api/LINK", "update", "reference"),
    }
    told = trueup("apply", "-s", "app", "--yes", "--json")
    assert told.code == 0, told.err
    (new,) = targets(world).values()
    assert new != old
    assert values(world)["LINK"] == f"https://{new}"
    assert became(told) == {HOST: "done", "railway.variable.api/LINK": "done"}
    assert agrees(engine)
    assert trueup("drift", "-s", "app", "--detailed-exitcode").code == 0


def test_what_only_pulumi_knows_to_follow_is_shown_and_held_until_it_is_released(
    engine: Engine, linked: Repository, world: World, trueup: Command
) -> None:
    file = linked.root / "__main__.py"
    file.write_text(file.read_text() + OWN)
    told = trueup("up", "-s", "app", "--yes")
    assert told.code == 0, told.err
    before = lose(world)
    own = {f"own.{before}"}
    told = trueup("apply", "-s", "app", "--drift-only", "--yes", "--json")
    assert told.code == 11, told.err
    (along,) = told.json["along"]
    assert (along["address"], along["verb"], along["destructive"]) == ("railway.domain.own", "replace", True)
    assert became(told)[HOST] == "held"
    assert "replace railway.domain.own" in told.json["changes"][0]["outcome"]["error"]
    assert targets(world).keys() == own, "nothing was changed"
    table = trueup("apply", "-s", "app", "--drift-only", "--yes")
    assert table.code == 11
    assert "Comes along" in table.out and "railway.domain.own" in table.out
    told = trueup("apply", "-s", "app", "--drift-only", "--yes", "--json", "--confirm-destructive")
    assert told.code == 0, told.err
    assert became(told) == {HOST: "done", "railway.variable.api/LINK": "done", "railway.domain.own": "done"}
    new = targets(world)["api.shop.example"]
    assert targets(world).keys() == {"api.shop.example", f"own.{new}"} and new != before
    assert agrees(engine)
