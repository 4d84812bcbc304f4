"""What a person does in Railway's console, behind our back, and faults that know a query from a mutation."""

import json
from collections.abc import Mapping

import pytest

from reconcile.sandbox.world import World
from tests.railway.documents import DOCUMENTS
from tests.railway.talk import Talk, world_of

HUSH = "hush-hush-77"


@pytest.fixture
def world() -> World:
    return world_of(record_bodies=False)


@pytest.fixture
def talk(world: World) -> Talk:
    """One thing of each kind, made by hand."""
    talk = Talk(world).begin()
    talk.patch_service({"source": {"repo": "example/api", "branch": "main"}})
    for kind, name, fields in (
        ("variable", "A", {"value": HUSH, "service": "api"}),
        ("shared-variable", "X", {"value": HUSH}),
        ("domain", "api.bilko.example", {"service": "api"}),
        ("service-domain", "bilko-api.up.railway.app", {"service": "api"}),
        ("tcp-proxy", "5432", {"service": "api"}),
        ("volume", "data", {"service": "api", "mountPath": "/data"}),
    ):
        world.create("railway", kind, name, "acme", {"project": "bilko", **fields})
    return talk


EDITS: Mapping[str, Mapping[str, str]] = {
    "project bilko": {"name": "crm", "description": "books", "prDeploys": "true", "isPublic": "true"},
    "environment production": {"name": "live", "staged": '{"sharedVariables": {"LATER": {"value": "1"}}}'},
    "service api": {"name": "backend", "icon": "https://icons.example/a.svg"},
    "instance api": {
        "repo": "example/other",
        "branch": "next",
        "checkSuites": "true",
        "rootDirectory": "app",
        "region": "us-west2",
        "numReplicas": "3",
        "vCPUs": "2",
        "memoryGB": "1.5",
        "builder": "NIXPACKS",
        "buildCommand": "make",
        "startCommand": "go",
        "preDeployCommand": "migrate, then stop",
        "healthcheckPath": "/health",
        "healthcheckTimeout": "60",
        "restartPolicyType": "ALWAYS",
        "restartPolicyMaxRetries": "3",
        "cronSchedule": "0 * * * *",
        "sleepApplication": "true",
        "railwayConfigFile": "/railway.json",
    },
    "variable A": {"value": "2", "isSealed": "true"},
    "shared-variable X": {"value": "2", "isSealed": "true"},
    "domain api.bilko.example": {"targetPort": "8080"},
    "service-domain bilko-api.up.railway.app": {"name": "bilko-web.up.railway.app", "targetPort": "80"},
    "tcp-proxy 5432": {"applicationPort": "5433"},
    "volume data": {"name": "disk", "mountPath": "/d", "sizeMB": "9000", "backups": "DAILY,WEEKLY"},
}


@pytest.mark.parametrize(
    ("what", "field"), [(what, field) for what, fields in EDITS.items() for field in fields], ids=lambda one: one
)
def test_an_edit_is_seen_and_deploys_nothing(talk: Talk, world: World, what: str, field: str) -> None:
    kind, name = what.split()
    before, deployments = talk.snapshot(), talk.deployments()
    world.edit("railway", kind, name, None, {field: EDITS[what][field]})
    seen = talk.snapshot()
    assert seen != before
    assert talk.deployments() == deployments
    if kind not in ("project", "volume", "domain") and field != "icon":
        # What neither the config holds nor change sets name need not move it.
        assert kind == "environment" or seen["e0"]["configEtag"] != before["e0"]["configEtag"]


def test_the_target_of_a_domain_moves_and_the_etag_does_not_tell(talk: Talk, world: World) -> None:
    etag = talk.etag()
    world.edit("railway", "domain", "api.bilko.example", None, {"target": "zz9.up.railway.app"})
    [seen] = talk.instance()["domains"]["customDomains"]
    assert seen["status"]["dnsRecords"][0]["requiredValue"] == "zz9.up.railway.app"
    assert talk.etag() == etag


@pytest.mark.parametrize("what", EDITS)
def test_a_deletion_by_hand_takes_all_that_belongs_to_it(talk: Talk, world: World, what: str) -> None:
    kind, name = what.split()
    deployments = talk.deployments()
    world.delete("railway", kind, name, None, {})
    assert name not in [thing["name"] for thing in world.shelf("railway", "acme", kind).values()]
    assert talk.deployments() <= deployments
    if kind == "project":
        assert not world.shelf("railway", "acme", "variable")


def test_an_instance_can_be_taken_from_one_environment_and_given_back(talk: Talk, world: World) -> None:
    talk.environment("staging")
    where = {"project": "bilko", "environment": "staging"}
    world.create("railway", "instance", "api", "acme", where)
    with pytest.raises(ValueError, match="2 of kind instance"):
        world.delete("railway", "instance", "api", None, {})
    world.delete("railway", "instance", "api", None, where)
    assert talk.instance()["serviceName"] == "api"


def test_names_are_followed_by_all_that_belongs_to_them(talk: Talk, world: World) -> None:
    world.edit("railway", "environment", "production", None, {"name": "live"})
    world.edit("railway", "service", "api", None, {"name": "backend"})
    where = {"where.environment": "live", "where.service": "backend", "where.project": "bilko"}
    told = world.edit("railway", "variable", "A", None, {**where, "value": "2"})
    assert told["service"] == "backend"


@pytest.mark.parametrize(
    ("what", "fields"),
    [
        ("variable A", {"colour": "red"}),
        ("variable A", {"isSealed": "perhaps"}),
        ("instance api", {"restartPolicyType": "SOMETIMES"}),
        ("instance api", {"numReplicas": "three"}),
        ("service-domain bilko-api.up.railway.app", {"name": "elsewhere.example"}),
        ("volume data", {"sizeMB": "1"}),
        ("environment production", {"staged": '{"colour": "red"}'}),
    ],
)
def test_what_a_console_would_not_take_is_refused(talk: Talk, world: World, what: str, fields: dict[str, str]) -> None:
    kind, name = what.split()
    before = talk.snapshot()
    with pytest.raises(ValueError):
        world.edit("railway", kind, name, None, fields)
    assert talk.snapshot() == before


def test_values_of_variables_are_not_among_the_things(talk: Talk, world: World) -> None:
    talk.patch_service({"variables": {"B": {"value": HUSH}}})
    credentials = {"registryCredentials": {"username": "u", "password": HUSH}}
    talk.patch_service({"deploy": credentials})
    told = [world.things(), world.edit("railway", "variable", "A", None, {"description": "d"})]
    told.append(world.delete("railway", "variable", "A", None, {}))
    talk.environment("staging", sourceEnvironmentId=talk.ids["e"])
    with pytest.raises(ValueError, match="2 of kind variable") as ambiguous:
        world.edit("railway", "variable", "B", None, {"value": "2"})
    assert HUSH not in json.dumps(told) + str(ambiguous.value)
    assert world.shelf("railway", "acme", "shared-variable")


def test_a_fault_finds_an_operation_by_the_query_of_its_address(talk: Talk, world: World) -> None:
    world.fault("railway", "500 before POST /graphql/v2?query=ServiceCreate")
    assert talk.send(DOCUMENTS["WhoAmI"], "WhoAmI").status_code == 200
    asked = {"projectId": talk.ids["p"], "name": "web"}
    assert talk.send(DOCUMENTS["ServiceCreate"], "ServiceCreate", i=asked).status_code == 500
    assert talk.service("web")


def test_an_answer_lost_after_the_effect_leaves_the_effect(talk: Talk, world: World) -> None:
    world.fault("railway", "502 after POST /graphql/v2?query=PatchCommit")
    body = {"services": {talk.ids["s"]: {"variables": {"B": {"value": "1"}}}}}
    assert talk.send(DOCUMENTS["PatchCommit"], "PatchCommit", e=talk.ids["e"], p=body).status_code == 502
    assert "B" in talk.variables()


def test_a_fault_of_reads_does_not_meet_a_mutation(talk: Talk, world: World) -> None:
    world.fault("railway", "502 GET")
    asked = {"projectId": talk.ids["p"], "name": "web"}
    assert talk.send(DOCUMENTS["ServiceCreate"], i=asked).status_code == 200
    assert talk.send(DOCUMENTS["WhoAmI"]).status_code == 502


def test_a_stale_read_answers_as_before_the_last_mutation(talk: Talk, world: World) -> None:
    before = talk.etag()
    world.fault("railway", "stale=2")
    talk.patch_service({"variables": {"B": {"value": "1"}}})
    assert [talk.etag(), talk.etag()] == [before, before]
    assert talk.etag() != before


def test_a_shifted_page_misses_the_first_thing_of_the_next(talk: Talk, world: World) -> None:
    for name in ("b", "c", "d"):
        talk.service(name)
    document = (
        "query ($p: String!, $after: String) { project(id: $p) { services(first: 2, after: $after) "
        "{ edges { node { id name } } pageInfo { endCursor } } } }"
    )
    world.fault("railway", "shift")
    first = talk.send(document, p=talk.ids["p"]).json()["data"]["project"]["services"]
    rest = talk.send(document, p=talk.ids["p"], after=first["pageInfo"]["endCursor"]).json()["data"]["project"]
    assert [edge["node"]["name"] for edge in first["edges"]] == ["api", "b"]
    assert [edge["node"]["name"] for edge in rest["services"]["edges"]] == ["d"]


@pytest.mark.parametrize("status", [401, 403])
def test_a_fault_of_authorization_is_told_in_the_vendors_way(talk: Talk, world: World, status: int) -> None:
    world.fault("railway", f"{status}")
    assert talk.wrong("WhoAmI")["message"] == "Not Authorized"
