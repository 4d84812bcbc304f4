"""A variable that Pulumi built and its stack now rotates leaves the state and lives on: what runs needs it."""

import pytest

from .engine import STACK, VARIABLE, Home, built, variable

HEAD = """\
account: acme
writer: pulumi
railway:
  project: {shop: {name: shop}}
  environment: {live: {project: shop}}
  service: {api: {project: shop}}
  instance: {api: {service: api, environment: live, variables: {%s}}}
"""
ROTATED = HEAD % "KEY: {secret: shop-key}" + "secrets:\n  shop-key: {strategy: overlap, generate: {bytes: 32}}\n"


@pytest.mark.parametrize("stack", [ROTATED, HEAD % "KEY: {exists: true}"], ids=["rotated", "somebody's"])
def test_its_delete_leaves_it_as_it_lives(home: Home, stack: str) -> None:
    with home.engine() as engine:
        built(engine)
        state = engine.create(VARIABLE, "api/KEY", variable("KEY", "x"))
    home.write(STACK, stack)
    with home.engine() as engine:
        engine.delete(state)
    assert set(home.variables()) == {"KEY"}


def test_it_is_deleted_once_no_stack_says_it(home: Home) -> None:
    with home.engine() as engine:
        built(engine)
        state = engine.create(VARIABLE, "api/KEY", variable("KEY", "x"))
    home.write(STACK, HEAD % "")
    with home.engine() as engine:
        engine.delete(state)
    assert not home.variables()
