"""Every operation that our Railway sends, driven by others: PyPI's `railway-client`, else by the vendor's documents."""

import re
from collections.abc import Iterator
from typing import Any

import graphql
import pytest
from railway import RailwayClient

from reconcile.platforms.railway import documents
from reconcile.sandbox.serve import Served, serve
from tests.railway.documents import DOCUMENTS
from tests.railway.talk import set_variable, world_of
from tests.railway.test_platform_documents import TEXTS

pytestmark = pytest.mark.tier("vendor-client")


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    served = serve(world_of(record_bodies=True))
    yield served
    served.stop()


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[Any]:
    endpoint = f"{served.platform_urls['railway'].rstrip('/')}/graphql/v2?source=test"
    with RailwayClient(api_token="token-acme", endpoint=endpoint) as client:
        yield client


def roots(text: str) -> set[str]:
    """The fields of Query or Mutation that a document asks for."""
    operation = graphql.get_operation_ast(graphql.parse(text))
    assert operation is not None
    return {one.name.value for one in operation.selection_set.selections if isinstance(one, graphql.FieldNode)}


def driven(served: Served) -> set[str]:
    """What the sandbox answered without an error."""
    told = [call for call in served.world.calls() if "errors" not in call["response"]]
    return {root for call in told for root in roots(call["request"]["query"])}


def by_the_client(client: Any, served: Served) -> None:
    client.api_token()
    project = client.project_create(name="bilko")
    client.project_update(project.id, name="books")
    client.projects(workspace_id="workspace-acme")
    production = client.project(project.id).base_environment_id
    staging = client.environment_create("staging", project.id)
    client.environment_rename(staging.id, "test")
    client.environment(production)
    service = client.service_create(project.id, name="api")
    client.service_update(service.id, name="web")
    client.environment_patch_commit(production, patch={"services": {service.id: {"variables": {"A": {"value": "1"}}}}})
    client.variables(production, project.id, service_id=service.id, unrendered=True)
    by_the_client_quietly(client, served, production, service.id)
    custom = client.custom_domain_create("api.bilko.example", production, project.id, service.id)
    client.custom_domain_update(production, custom.id, target_port=4000)
    client.custom_domain_delete(custom.id)
    host = client.service_domain_create(production, service.id)
    client.service_domain_update("bilko-web.up.railway.app", production, host.id, service.id)
    client.service_domain_delete(host.id)
    proxy = client.tcp_proxy_create(5432, production, service.id)
    client.tcp_proxies(production, service.id)
    client.tcp_proxy_delete(proxy.id)
    volume = client.volume_create("/data", project.id, environment_id=production, service_id=service.id)
    client.volume_update(volume.id, name="data")
    mounted = next(iter(served.world.shelf("railway", "acme", "volume")))
    client.volume_instance_backup_schedule_update(["DAILY"], mounted)
    client.volume_instance_backup_schedule_list(mounted)
    given = client.project_token_create(production, "ci", project.id)
    client.project_tokens(project.id)
    with RailwayClient(project_token=given, endpoint=f"{served.platform_urls['railway']}/graphql/v2") as own:
        own.project_token()
    client.project_token_delete(next(iter(served.world.shelf("railway", "acme", "project-token"))))
    client.service_delete(service.id)
    client.environment_delete(staging.id)
    client.project_delete(project.id)
    body = "AAAAC3NzaC1lZDI1NTE5AAAAIKb3FPI08r1yyNN4a0qAJvYXwqLAyJUsoNYJKAcCFibf"
    key = client.ssh_public_key_create("deploy", f"ssh-ed25519 {body}")
    client.ssh_public_keys()
    client.ssh_public_key_delete(key.id)


def by_the_client_quietly(client: Any, served: Served, environment: str, service: str) -> None:
    deployments = served.world.shelf("railway", "acme", "deployment")
    patch = {"services": {service: {"source": {"image": "example/api:1"}}}}
    staged = client.environment_stage_changes(environment, patch, merge=False)
    assert client.environment_staged_changes(environment).id == staged.id
    client.environment_patch_commit_staged(environment, skip_deploys=True)
    assert not deployments
    assert [client.service_instance_deploy_v2(environment, service)] == list(deployments)


def by_the_vendors_documents(client: Any) -> None:
    """Sent as they are: of change sets the client knows nothing."""
    project = client.project_create(name="crm")
    environment = client.project(project.id).base_environment_id
    client.service_create(project.id, name="api")
    change = {**set_variable("A", "1"), "path": "resources.service.api.variables.A", "summary": "Set A"}
    asked = {"version": 1, "changes": [change], "diagnostics": []}
    told = client._execute(DOCUMENTS["Apply"], {"e": environment, "i": asked, "w": False})["environmentApplyChangeSet"]
    client._execute(DOCUMENTS["ApplyStatus"], {"e": environment, "id": told["id"]})


def test_each_operation_that_the_product_sends_is_driven_by_somebody_elses_client(client: Any, served: Served) -> None:
    sent = {root for text in TEXTS for root in roots(text)}
    assert len(documents.FIXED) < len(TEXTS) and len(sent) > 25
    by_the_client(client, served)
    left = sent - driven(served)
    known_to_it = [one for one in left if hasattr(RailwayClient, re.sub(r"(?=[A-Z])", "_", one).lower())]
    assert (left, known_to_it) == ({"environmentApplyChangeSet", "environmentChangeSetApply"}, [])
    by_the_vendors_documents(client)
    assert sent - driven(served) == set()


def test_every_text_of_the_product_is_among_those_that_are_checked() -> None:
    """A text that is added and left out of `FIXED` would be checked by nobody."""
    told = {value for value in vars(documents).values() if isinstance(value, str)}
    whole = {text for text in told if re.match(r"\s*(query|mutation)\s", text)}
    assert whole == set(documents.FIXED)
