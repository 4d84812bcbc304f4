"""PyPI's `railway-client`, written by others from Railway's schema, drives the sandbox over a socket."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from railway import RailwayClient, RailwayError

from reconcile.sandbox.serve import Served, serve
from tests.railway.documents import DOCUMENTS
from tests.railway.talk import world_of

pytestmark = pytest.mark.tier("vendor-client")


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    served = serve(world_of())
    yield served
    served.stop()


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[RailwayClient]:
    endpoint = f"{served.platform_urls['railway'].rstrip('/')}/graphql/v2?source=test"
    with RailwayClient(api_token="token-acme", endpoint=endpoint) as client:
        yield client


@pytest.fixture(scope="module")
def place(client: Any) -> dict[str, str]:
    project = client.project_create(name="bilko", workspace_id="workspace-acme")
    service = client.service_create(project.id, name="api", variables={"A": "1"})
    return {"p": project.id, "e": client.project(project.id).base_environment_id, "s": service.id}


def test_who_am_i(client: Any) -> None:
    assert client.api_token().workspaces[0].id == "workspace-acme"
    with pytest.raises(RailwayError, match="Project Token not found"):
        client.project_token()


def test_projects_and_environments(client: Any, place: dict[str, str]) -> None:
    made = client.project_create(name="crm", default_environment_name="development")
    assert client.project_update(made.id, name="books").name == "books"
    environment = client.environment_create("staging", made.id, skip_initial_deploys=True)
    assert client.environment_rename(environment.id, "testing").name == "testing"
    assert client.environment(environment.id).name == "testing"
    for page in (client.projects(workspace_id="workspace-acme"), client.environments(made.id)):
        assert len(page.edges) == 2
    assert client.environment_delete(environment.id)
    assert client.project_delete(made.id)


def test_services_and_instances(client: Any, place: dict[str, str]) -> None:
    made = client.service_create(place["p"], name="web")
    assert client.service_update(made.id, name="shop").name == "shop"
    assert client.service(made.id).name == "shop"
    assert client.service_instance_update(
        made.id, environment_id=place["e"], start_command="go", num_replicas=2, healthcheck_path="/health"
    )
    seen = client.service_instance(place["e"], made.id)
    assert (seen.start_command, seen.num_replicas, seen.healthcheck_path) == ("go", 2, "/health")
    client.service_connect(made.id, image="example/shop:1")
    assert client.service_instance_deploy_v2(place["e"], made.id)
    with pytest.raises(httpx.HTTPStatusError, match="400"):
        # It writes memoryGb where the schema has memoryGB.
        client.service_instance_limits_update(place["e"], made.id, memory_gb=2.0)
    limits = {"environmentId": place["e"], "serviceId": made.id, "memoryGB": 2.0}
    document = "mutation ($i: ServiceInstanceLimitsUpdateInput!) { serviceInstanceLimitsUpdate(input: $i) }"
    client._execute(document, {"i": limits})
    assert client.service_instance_limit_override(place["e"], made.id) == {"containers": {"memoryBytes": 2_000_000_000}}
    assert client.service_delete(made.id)


def test_variables(client: Any, place: dict[str, str]) -> None:
    p, e, s = place["p"], place["e"], place["s"]
    assert client.variable_collection_upsert(e, p, {"B": "2", "C": "3"}, service_id=s, skip_deploys=True)
    assert client.variable_upsert(e, "X", p, "shared")
    assert client.variable_delete(e, "C", p, service_id=s)
    told = client.variables(e, p, service_id=s, unrendered=True)
    assert {name: value for name, value in told.items() if not name.startswith("RAILWAY_")} == {"A": "1", "B": "2"}
    assert client.variables(e, p, unrendered=True) == {"X": "shared"}


def test_domains_and_proxies(client: Any, place: dict[str, str]) -> None:
    p, e, s = place["p"], place["e"], place["s"]
    assert client.custom_domain_available("api.bilko.example").available
    custom = client.custom_domain_create("api.bilko.example", e, p, s, target_port=3000)
    assert client.custom_domain_update(e, custom.id, target_port=4000)
    assert client.custom_domain(custom.id, p).target_port == 4000
    host = client.service_domain_create(e, s)
    assert client.service_domain_update("bilko-api.up.railway.app", e, host.id, s)
    seen = client.domains(e, p, s)
    assert [one.domain for one in seen.custom_domains] == ["api.bilko.example"]
    assert [one.domain for one in seen.service_domains] == ["bilko-api.up.railway.app"]
    proxy = client.tcp_proxy_create(5432, e, s)
    assert [one.application_port for one in client.tcp_proxies(e, s)] == [5432]
    assert client.tcp_proxy_delete(proxy.id)
    assert client.service_domain_delete(host.id)
    assert client.custom_domain_delete(custom.id)


def test_volumes(client: Any, place: dict[str, str], served: Served) -> None:
    made = client.volume_create("/data", place["p"], environment_id=place["e"], service_id=place["s"])
    assert client.volume_update(made.id, name="data").name == "data"
    instance = next(iter(served.world.shelf("railway", "acme", "volume")))
    assert client.volume_instance_backup_schedule_update(["DAILY", "WEEKLY"], instance)
    assert len(client.volume_instance_backup_schedule_list(instance)) == 2
    assert client.volume_instance_update(made.id, environment_id=place["e"], mount_path="/d", service_id=place["s"])
    assert client.volume_instance(instance).mount_path == "/d"
    assert client.volume_delete(made.id)


def test_patches_and_deployments(client: Any, place: dict[str, str], served: Served) -> None:
    e, s = place["e"], place["s"]
    shelf = served.world.shelf("railway", "acme", "deployment")
    source = {"repo": "example/api", "branch": "main"}
    workflow = client.environment_patch_commit(e, patch={"services": {s: {"source": source}}}, commit_message="begin")
    assert client.workflow_status(workflow).error is None
    [deployment] = [one for one in shelf.values() if one["serviceId"] == s]
    assert client.deployment(deployment["id"]).service_id == s
    again = client.deployment_redeploy(deployment["id"])
    assert client.deployment_restart(again.id)
    made = client.deployment_trigger_update(_trigger(client, place), branch="next")
    assert made.branch == "next"
    staged = client.environment_stage_changes(e, {"services": {s: {"variables": {"Z": {"value": "1"}}}}})
    assert client.environment_staged_changes(e).id == staged.id
    before = len(shelf)
    assert client.environment_patch_commit_staged(e, skip_deploys=True)
    assert len(shelf) == before
    assert client.environment_patches(e).edges
    assert client.deployments(project_id=place["p"], environment_id=e, service_id=s).edges


def _trigger(client: Any, place: dict[str, str]) -> str:
    made = client.deployment_trigger_create("main", place["e"], place["p"], "github", "example/api", place["s"])
    return str(made.id)


def test_our_own_documents_through_its_transport(client: Any, place: dict[str, str]) -> None:
    """What it has no method for: nulls in patches, and change sets."""
    body = {"services": {place["s"]: {"variables": {"A": None}}}}
    client._execute(DOCUMENTS["PatchCommit"], {"e": place["e"], "p": body})
    after = {"type": "literal", "value": "1"}
    change = {"kind": "variable.set", "address": "service.api", "variable": "Q", "after": after}
    asked = {"version": 1, "changes": [{**change, "path": "p", "summary": "s"}]}
    told = client._execute(DOCUMENTS["Apply"], {"e": place["e"], "i": asked, "w": True})
    assert told["environmentApplyChangeSet"]["status"] == "applied"
    held = client.variables(place["e"], place["p"], service_id=place["s"], unrendered=True)
    assert ("A" in held, held["Q"]) == (False, "1")


def test_its_errors(client: Any, served: Served, place: dict[str, str]) -> None:
    endpoint = f"{served.platform_urls['railway'].rstrip('/')}/graphql/v2"
    for token in ("token-other", "no-token"):
        with RailwayClient(api_token=token, endpoint=endpoint) as other, pytest.raises(RailwayError, match="Not Auth"):
            other.project(place["p"])
    with pytest.raises(httpx.HTTPStatusError, match="400"):
        client._execute("{ nope }")
