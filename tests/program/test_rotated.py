"""Pulumi never hears of what rotates: neither the variable, nor the one beside it, nor any value."""

from pathlib import Path

import pytest

from reconcile.model.resource import Address
from reconcile.model.spec import Spec
from reconcile.platforms.railway import Railway
from reconcile.program.graph import Node, is_built, resources, revision_of
from tests.load.rotated import GENERATED, legacyvideo, loaded

API_SECRET = "API_SECRET: {secret: api-secret}"
SECRETS = f"api-secret: {GENERATED}"


def spec_of(root: Path, variables: str, secrets: str = "") -> Spec:
    text = legacyvideo(variables, variables, secrets).replace("account: acme", "account: acme\nwriter: pulumi")
    return loaded(root, a=text).stacks["a"]


def nodes_of(spec: Spec) -> tuple[Node, ...]:
    return resources(spec, project="samples", account_ids={}, today="2026-01-01", releases=Railway.releases)


@pytest.fixture
def rotated(tmp_path: Path) -> Spec:
    return spec_of(tmp_path, f"PORT: '80', {API_SECRET}", SECRETS)


def test_a_rotated_variable_and_what_stands_beside_it_are_not_registered(rotated: Spec) -> None:
    held = {str(address) for address, one in rotated.declared.items() if one.resource.rotated}
    assert held == {
        f"railway.variable.{instance}/{name}"
        for instance in ("api", "worker")
        for name in ("API_SECRET", "API_SECRET_PREVIOUS")
    }
    nodes = nodes_of(rotated)
    assert held.isdisjoint(str(node.place.address) for node in nodes)
    assert "railway.variable.api/PORT" in {str(node.place.address) for node in nodes}
    assert "API_SECRET" not in repr(nodes) and "api-secret" not in repr(nodes)
    assert not any(is_built(rotated.declared[Address.parse(one)]) for one in held)


def test_nothing_waits_for_a_rotated_variable(rotated: Spec) -> None:
    waited = {place.address for node in nodes_of(rotated) for place in node.depends_on}
    assert not any(rotated.declared[address].resource.rotated for address in waited if address in rotated.declared)


def test_a_secret_that_comes_or_goes_starts_nothing_by_pulumi(rotated: Spec, tmp_path: Path) -> None:
    without = spec_of(tmp_path / "without", "PORT: '80'")
    assert revision_of(nodes_of(without)) == revision_of(nodes_of(rotated))
