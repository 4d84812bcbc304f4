"""What the sandbox's Railway holds, one kind after the other, and how it says no."""

import datetime as dt
from typing import Any

import pytest

from reconcile.sandbox.world import World
from tests.railway.documents import DOCUMENTS
from tests.railway.talk import Talk, world_of


@pytest.fixture
def world() -> World:
    return world_of(rate_limits=False)


@pytest.fixture
def talk(world: World) -> Talk:
    return Talk(world).begin()


def domain(talk: Talk, host: str, **more: Any) -> dict[str, Any]:
    asked = {"projectId": talk.ids["p"], "environmentId": talk.ids["e"], "serviceId": talk.ids["s"], "domain": host}
    return dict(talk.ask("CustomDomainCreate", i={**asked, **more})["customDomainCreate"])


def volume(talk: Talk) -> str:
    asked = {"projectId": talk.ids["p"], "environmentId": talk.ids["e"], "serviceId": talk.ids["s"]}
    return str(talk.ask("VolumeCreate", i={**asked, "mountPath": "/data"})["volumeCreate"]["id"])


def test_a_token_tells_its_workspace(talk: Talk) -> None:
    assert talk.ask("WhoAmI")["apiToken"]["workspaces"] == [{"id": "workspace-acme", "name": "acme"}]


def test_a_project_begins_with_an_environment_named_as_asked(talk: Talk) -> None:
    told = talk.ask("ProjectCreate", i={"name": "crm", "defaultEnvironmentName": "development"})["projectCreate"]
    [edge] = told["environments"]["edges"]
    assert edge["node"] == {"id": told["baseEnvironmentId"], "name": "development"}


def test_an_environment_begins_empty_or_as_a_copy_without_what_is_sealed(talk: Talk) -> None:
    variables = {"A": {"value": "1"}, "S": {"value": "x", "isSealed": True}}
    talk.patch_service({"source": {"image": "example/api:1"}, "variables": variables})
    empty, before = talk.environment("empty"), talk.deployments()
    copy = talk.environment("copy", sourceEnvironmentId=talk.ids["e"])
    seen = talk.ask("Snapshot", p=talk.ids["p"], e0=empty, e1=copy)
    assert seen["e0"]["config"] == {}
    assert seen["e1"]["config"]["services"][talk.ids["s"]]["variables"] == {"A": {"value": "1"}}
    assert talk.deployments() == before + 1


def test_a_service_lives_and_dies_in_all_environments_that_are_no_forks(talk: Talk) -> None:
    staging = talk.environment("staging")
    service = talk.ids["s"] = talk.service("web")
    assert talk.instance(staging)["serviceId"] == service
    talk.ask("ServiceDelete", id=service, e=staging)
    with pytest.raises(StopIteration):
        talk.instance()
    assert talk.wrong("ServiceUpdate", id=service, i={"name": "x"})["message"] == "Service not found"


def test_a_service_may_be_played_as_living_in_one_environment_only(talk: Talk, world: World) -> None:
    world.mount("railway").pretend.everywhere = False  # type: ignore[attr-defined]
    staging = talk.environment("staging")
    talk.ids["s"] = talk.service("web")
    with pytest.raises(StopIteration):
        talk.instance(staging)


def test_a_new_service_with_an_image_and_variables_deploys_once(talk: Talk) -> None:
    asked = {"projectId": talk.ids["p"], "name": "web", "source": {"image": "example/web:1"}, "variables": {"A": "1"}}
    talk.ids["s"] = talk.ask("ServiceCreate", i=asked)["serviceCreate"]["id"]
    assert talk.deployments() == 1
    assert talk.variables() == {"A": {"value": "1"}}


def test_an_instance_update_deploys_nothing(talk: Talk) -> None:
    talk.patch_service({"source": {"image": "example/api:1"}})
    before = talk.deployments()
    update = {"startCommand": "go", "numReplicas": 2, "region": "us-west2", "healthcheckPath": "/health"}
    talk.ask("ServiceInstanceUpdate", s=talk.ids["s"], e=talk.ids["e"], i=update)
    instance = talk.instance()
    assert {name: instance[name] for name in update} == update
    assert talk.deployments() == before
    talk.ask("Deploy", s=talk.ids["s"], e=talk.ids["e"])
    assert talk.deployments() == before + 1


def test_a_custom_domain_says_what_dns_it_needs_and_is_verified_later(talk: Talk, world: World) -> None:
    told = domain(talk, "api.bilko.example", targetPort=3000)
    [record] = told["status"]["dnsRecords"]
    assert record["requiredValue"].endswith(".up.railway.app")
    assert (record["fqdn"], record["recordType"]) == ("api.bilko.example", "DNS_RECORD_TYPE_CNAME")
    assert (record["status"], told["status"]["verified"]) == ("DNS_RECORD_STATUS_REQUIRES_UPDATE", False)
    assert told["status"]["verificationDnsHost"] and told["status"]["verificationToken"]
    world.advance(dt.timedelta(hours=1))
    [seen] = talk.instance()["domains"]["customDomains"]
    assert (seen["status"]["verified"], seen["status"]["certificateStatus"]) == (True, "CERTIFICATE_STATUS_TYPE_VALID")


def test_a_wildcard_needs_two_cnames(talk: Talk) -> None:
    records = domain(talk, "*.bilko.example")["status"]["dnsRecords"]
    assert [one["fqdn"] for one in records] == ["*.bilko.example", "_acme-challenge.bilko.example"]


def test_a_domain_belongs_to_one_service_of_all_accounts(talk: Talk, world: World) -> None:
    domain(talk, "api.bilko.example")
    other = Talk(world, "other").begin()
    asked = {"projectId": other.ids["p"], "environmentId": other.ids["e"], "serviceId": other.ids["s"]}
    error = other.wrong("CustomDomainCreate", i={**asked, "domain": "api.bilko.example"})
    assert "already in use" in error["message"]
    error = other.wrong("CustomDomainCreate", i={**asked, "domain": "not a host"})
    assert error["message"] == "not a host is not a valid domain"


def test_a_custom_domain_changes_its_port_and_goes(talk: Talk) -> None:
    id = domain(talk, "api.bilko.example", targetPort=3000)["id"]
    talk.ask("CustomDomainUpdate", id=id, e=talk.ids["e"], port=4000)
    assert talk.config()["services"][talk.ids["s"]]["networking"]["customDomains"] == {
        "api.bilko.example": {"port": 4000}
    }
    talk.ask("CustomDomainDelete", id=id)
    assert talk.instance()["domains"]["customDomains"] == []


def test_a_service_domain_is_generated_renamed_and_deleted(talk: Talk) -> None:
    where = {"serviceId": talk.ids["s"], "environmentId": talk.ids["e"]}
    made = talk.ask("ServiceDomainCreate", i={**where, "targetPort": 3000})["serviceDomainCreate"]
    assert made["domain"].endswith(".up.railway.app")
    host = "bilko-api.up.railway.app"
    talk.ask("ServiceDomainUpdate", i={**where, "serviceDomainId": made["id"], "domain": host, "targetPort": 80})
    [seen] = talk.instance()["domains"]["serviceDomains"]
    assert (seen["domain"], seen["targetPort"]) == (host, 80)
    talk.ask("ServiceDomainDelete", id=made["id"])
    assert talk.instance()["domains"]["serviceDomains"] == []


def test_a_tcp_proxy_comes_by_patch_or_alone_and_there_is_one(talk: Talk) -> None:
    talk.patch_service({"networking": {"tcpProxies": {"5432": {}}}})
    asked = {"environmentId": talk.ids["e"], "serviceId": talk.ids["s"], "applicationPort": 6379}
    assert "already exists" in talk.wrong("TcpProxyCreate", i=asked)["message"]
    talk.patch_service({"networking": {"tcpProxies": {"5432": None}}})
    made = talk.ask("TcpProxyCreate", i=asked)["tcpProxyCreate"]
    assert (made["applicationPort"], made["domain"].endswith(".proxy.rlwy.net")) == (6379, True)
    talk.ask("TcpProxyDelete", id=made["id"])
    assert "networking" not in talk.config()["services"][talk.ids["s"]]


def test_a_volume_is_mounted_named_scheduled_grown_and_deleted(talk: Talk) -> None:
    id = volume(talk)
    talk.ask("VolumeUpdate", v=id, i={"name": "data"})
    [edge] = talk.snapshot()["e0"]["volumeInstances"]["edges"]
    talk.ask("BackupSchedule", vi=edge["node"]["id"], k=["DAILY", "MONTHLY"])
    seen = talk.ask("PerService", p=talk.ids["p"], e=talk.ids["e"], s=talk.ids["s"], vi=edge["node"]["id"])
    assert [one["kind"] for one in seen["b0"]] == ["DAILY", "MONTHLY"]
    talk.patch({"volumes": {id: {"sizeMB": 20_000}}})
    shrink = {"volumes": {id: {"sizeMB": 1_000}}}
    assert "cannot be reduced" in talk.wrong("PatchCommit", e=talk.ids["e"], p=shrink)["message"]
    talk.ask("VolumeInstanceUpdate", v=id, e=talk.ids["e"], i={"mountPath": "/other"})
    [edge] = talk.snapshot()["e0"]["volumeInstances"]["edges"]
    assert (edge["node"]["volume"]["name"], edge["node"]["sizeMB"]) == ("data", 20_000)
    assert (edge["node"]["mountPath"], edge["node"]["serviceId"]) == ("/other", None)
    talk.ask("VolumeDelete", v=id)
    assert talk.snapshot()["project"]["volumes"]["edges"] == []


def test_a_volume_made_without_an_environment_is_in_none(talk: Talk) -> None:
    talk.ask("VolumeCreate", i={"projectId": talk.ids["p"], "serviceId": talk.ids["s"], "mountPath": "/data"})
    seen = talk.snapshot()
    assert (len(seen["project"]["volumes"]["edges"]), seen["e0"]["volumeInstances"]["edges"]) == (1, [])


def test_a_trigger_is_the_branch_of_a_repository(talk: Talk) -> None:
    where = {"projectId": talk.ids["p"], "environmentId": talk.ids["e"], "serviceId": talk.ids["s"]}
    told = {"provider": "github", "repository": "example/api", "branch": "main", "checkSuites": True}
    made = talk.ask("TriggerCreate", i={**where, **told})["deploymentTriggerCreate"]
    assert talk.config()["services"][talk.ids["s"]]["source"] == {
        "repo": "example/api",
        "branch": "main",
        "checkSuites": True,
    }
    talk.ask("TriggerUpdate", id=made["id"], i={"branch": "next"})
    [edge] = talk.snapshot()["e0"]["deploymentTriggers"]["edges"]
    assert edge["node"]["branch"] == "next"
    talk.ask("TriggerDelete", id=made["id"])
    assert talk.snapshot()["e0"]["deploymentTriggers"]["edges"] == []


def test_another_accounts_things_and_a_dead_token_are_told_alike(talk: Talk, world: World) -> None:
    foreign = Talk(world, "other").wrong("Poll", e0=talk.ids["e"], e1=talk.ids["e"])
    dead = Talk(world, "nobody").wrong("WhoAmI")
    assert foreign["message"] == dead["message"] == "Not Authorized"
    assert foreign["extensions"]["code"] == dead["extensions"]["code"]
    assert foreign["traceId"] and dead["traceId"]


@pytest.mark.parametrize("name", ["ProjectDelete", "EnvironmentDelete", "ServiceDelete"])
def test_another_accounts_things_are_not_deleted(talk: Talk, world: World, name: str) -> None:
    before = talk.snapshot()
    id = {"ProjectDelete": "p", "EnvironmentDelete": "e", "ServiceDelete": "s"}[name]
    assert Talk(world, "other").wrong(name, id=talk.ids[id])["message"] == "Not Authorized"
    assert talk.snapshot() == before


def test_names_that_are_taken_are_refused(talk: Talk) -> None:
    p = talk.ids["p"]
    told = 'A service named "api" already exists in this project'
    assert talk.wrong("ServiceCreate", i={"projectId": p, "name": "api"})["message"] == told
    assert "already exists" in talk.wrong("EnvironmentCreate", i={"projectId": p, "name": "production"})["message"]
    assert talk.wrong("ProjectCreate", i={"name": " "})["message"] == "Invalid project name"


def test_deleting_an_environment_leaves_the_others_alone(talk: Talk) -> None:
    talk.patch_service({"variables": {"A": {"value": "1"}}})
    staging = talk.environment("staging", sourceEnvironmentId=talk.ids["e"])
    before = talk.snapshot()["e0"]
    talk.ask("EnvironmentDelete", id=staging)
    assert talk.snapshot()["e0"] == before
    talk.ask("ProjectDelete", id=talk.ids["p"])
    shelves = talk.world.things("railway")["railway"]["acme"]
    assert {kind: things for kind, things in shelves.items() if things} == {}


@pytest.mark.parametrize(
    "document",
    ["{ apiToken { nope } }", "query ($e: String!) { environment(id: $e, deep: true) { id } }", "{ secrets }"],
)
def test_unknown_fields_and_arguments_are_refused(talk: Talk, document: str) -> None:
    answer = talk.send(document, e=talk.ids["e"])
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


def test_broken_documents_and_bodies_are_refused(talk: Talk) -> None:
    answer = talk.send("query {")
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "GRAPHQL_PARSE_FAILED")
    bodies: tuple[Any, ...] = ([], {"query": 1}, {"query": DOCUMENTS["WhoAmI"], "extra": 1})
    for body in bodies:
        assert talk.http.post("/graphql/v2", json=body).status_code == 400
    answer = talk.send(DOCUMENTS["ProjectCreate"], i={"name": 7})
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_USER_INPUT")
    assert talk.send("query A { apiToken { workspaces { id } } } query B { projectToken { id } }").status_code == 400


def test_pages_follow_cursors(talk: Talk) -> None:
    for name in ("b", "c", "d"):
        talk.service(name)
    document = (
        "query ($p: String!, $after: String) { project(id: $p) { services(first: 3, after: $after) "
        "{ edges { node { name } } pageInfo { hasNextPage endCursor } } } }"
    )
    first = talk.send(document, p=talk.ids["p"]).json()["data"]["project"]["services"]
    rest = talk.send(document, p=talk.ids["p"], after=first["pageInfo"]["endCursor"]).json()["data"]["project"]
    names = [edge["node"]["name"] for page in (first, rest["services"]) for edge in page["edges"]]
    assert names == ["api", "b", "c", "d"]
    assert (first["pageInfo"]["hasNextPage"], rest["services"]["pageInfo"]["hasNextPage"]) == (True, False)


def test_every_answer_tells_the_budget(talk: Talk) -> None:
    headers = talk.send(DOCUMENTS["WhoAmI"]).headers
    assert headers["X-RateLimit-Limit"] == "1000"
    assert int(headers["X-RateLimit-Remaining"]) < 1000
    assert talk.ask("RL", w="workspace-acme")["workspace"]["apiTokenRateLimit"]["remainingPoints"] == 1000


def test_a_spent_budget_is_refused_with_the_time_to_wait() -> None:
    talk = Talk(world_of(rate_limits=True))
    told = [talk.send(DOCUMENTS["WhoAmI"]) for _ in range(1001)]
    assert [one.status_code for one in told[-2:]] == [200, 429]
    assert told[-2].headers["X-RateLimit-Remaining"] == "0"
    assert 0 < int(told[-1].headers["Retry-After"]) <= 3600
