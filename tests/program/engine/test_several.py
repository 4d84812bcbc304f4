"""Several stacks in one `up`: what is used comes first, and a stack that fails is the last one."""

import pytest

from reconcile.program.engine.command import Engine
from reconcile.sandbox.world import World
from tests.cli.conftest import Command, Repository

from .conftest import APP

pytestmark = pytest.mark.tier("pulumi CLI")
BASE = """
account: acme
writer: pulumi
railway:
  project: {shop: {name: shop}}
  service: {api: {project: shop}, web: {project: shop}}
"""
ABOVE = APP.replace("  project: {shop: {name: shop}}\n  service: {api: {project: shop}}\n", "").replace(
    "writer: pulumi\n", "writer: pulumi\nuses: [zz-base]\n"
)
NEVER = '''
from reconcile.model.verdict import rule


@rule
def no_web(plan):
    """No such service."""
    for change in plan.changes:
        if str(change.address) == "railway.service.web":
            yield "deny", change, "not here"
'''


@pytest.fixture
def two(shop: Repository) -> Repository:
    """`app` uses `zz-base`, whose name comes last."""
    shop.write("stacks/zz-base.yaml", BASE)
    shop.write("stacks/app.yaml", ABOVE)
    return shop


def test_what_is_used_is_built_first_whatever_order_they_are_named_in(
    engine: Engine, two: Repository, world: World, trueup: Command
) -> None:
    told = trueup("up", "-s", "app", "-s", "zz-base", "--yes", "--json")
    assert told.code == 0, told.err
    assert [(one["stack"], one["built"]) for one in told.json["stacks"]] == [("zz-base", True), ("app", True)]
    assert world.shelf("railway", "acme", "instance")
    for stack in ("app", "zz-base"):
        assert engine.run("preview", "--refresh", "--expect-no-changes", "--stack", stack).code == 0


def test_a_stack_that_the_gate_denies_is_the_last_one(
    engine: Engine, two: Repository, world: World, trueup: Command
) -> None:
    two.write("policies/never.py", NEVER)
    told = trueup("up", "-s", "app", "-s", "zz-base", "--yes", "--json")
    assert told.code == 10, told.err
    assert [(one["stack"], one["built"], one["exit"]) for one in told.json["stacks"]] == [("zz-base", False, 10)]
    assert not world.shelf("railway", "acme", "project")


def test_a_stack_that_a_platform_refuses_is_the_last_one_and_the_same_command_goes_on(
    engine: Engine, two: Repository, world: World, trueup: Command
) -> None:
    world.fault("railway", "500 before POST /graphql/v2?query=ServiceCreate times=9")
    told = trueup("up", "-s", "app", "-s", "zz-base", "--yes")
    assert told.code not in (0, 11) and "zz-base" in told.err, told.err
    assert not world.shelf("railway", "acme", "environment") or not world.shelf("railway", "acme", "variable")
    world.clear_faults()
    told = trueup("up", "-s", "app", "-s", "zz-base", "--yes")
    assert told.code == 0, told.err
    names = [one["name"] for one in world.shelf("railway", "acme", "service").values()]
    assert sorted(names) == ["api", "web"]
