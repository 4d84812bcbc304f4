"""PyPI's `railway-client` at what rotation asks of Railway: project tokens, deployments, a rollback."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from railway import RailwayClient, RailwayError

from reconcile.platforms.railway import documents
from reconcile.sandbox.serve import Served, serve
from tests.railway.talk import world_of

pytestmark = pytest.mark.tier("vendor-client")


@pytest.fixture
def served() -> Iterator[Served]:
    served = serve(world_of())
    yield served
    served.stop()


@pytest.fixture
def client(served: Served) -> Iterator[Any]:
    endpoint = f"{served.platform_urls['railway'].rstrip('/')}/graphql/v2?source=test"
    with RailwayClient(api_token="token-acme", endpoint=endpoint) as client:
        yield client


@pytest.fixture
def place(client: Any) -> dict[str, str]:
    project = client.project_create(name="bilko", workspace_id="workspace-acme")
    service = client.service_create(project.id, name="api", source={"image": "example/api:1"}, variables={"A": "1"})
    return {"p": project.id, "e": client.project(project.id).base_environment_id, "s": service.id}


def test_project_tokens_are_made_listed_and_ended(client: Any, place: dict[str, str]) -> None:
    value = client.project_token_create(place["e"], "ci", place["p"])
    # It lists them and asks of each nothing but its place.
    assert len(client.project_tokens(place["p"]).edges) == 1
    (edge,) = client._execute(documents.PROJECT_TOKENS, {"p": place["p"], "after": None})["projectTokens"]["edges"]
    one = edge["node"]
    assert one["name"] == "ci" and value not in str(one)
    assert client.project_token_delete(one["id"])
    assert client.project_tokens(place["p"]).edges == []
    with pytest.raises(RailwayError, match="Project Token not found"):
        client.project_token_delete(one["id"])


def test_a_rollback_brings_back_the_variables_of_then(client: Any, place: dict[str, str], served: Served) -> None:
    world = served.world

    def runs() -> dict[str, str]:
        world.advance(dt.timedelta(minutes=1))
        (unit,) = world.running()["railway", "acme"]
        return dict(unit.values)

    assert runs() == {"A": "1"}
    client.variable_collection_upsert(place["e"], place["p"], {"A": "2"}, service_id=place["s"])
    assert runs() == {"A": "2"}
    first, second = list(world.shelf("railway", "acme", "deployment"))
    assert client.deployment_rollback(first)
    assert runs() == {"A": "1"}
    with pytest.raises(RailwayError, match="cannot be rolled back"):
        client.deployment_rollback(list(world.shelf("railway", "acme", "deployment"))[-1])
    assert second in world.shelf("railway", "acme", "deployment")


def test_what_we_ask_of_running_deployments_is_answered_to_any_client(client: Any, place: dict[str, str]) -> None:
    told = client._execute(documents.running(1), {"e0": place["e"]})
    (edge,) = told["e0"]["serviceInstances"]["edges"]
    assert edge["node"]["latestDeployment"]["status"] in ("QUEUED", "BUILDING")
    assert client._execute(documents.PROJECT_TOKENS, {"p": place["p"], "after": None})["projectTokens"]["edges"] == []
