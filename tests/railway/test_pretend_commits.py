"""How the sandbox's Railway changes environments: patches, change sets, deployments counted."""

import datetime as dt
import json
from typing import Any

import pytest

from reconcile.sandbox.world import World
from tests.railway.talk import Talk, set_variable, world_of

REPO = {"source": {"repo": "example/bilko", "branch": "main"}}


@pytest.fixture
def world() -> World:
    return world_of()


@pytest.fixture
def talk(world: World) -> Talk:
    return Talk(world).begin()


@pytest.fixture
def running(talk: Talk) -> Talk:
    """With a source, deployed once."""
    talk.patch_service(REPO)
    assert talk.deployments() == 1
    return talk


def test_an_empty_service_deploys_nothing_until_it_has_a_source(talk: Talk) -> None:
    talk.patch_service({"variables": {"A": {"value": "1"}}})
    assert talk.deployments() == 0
    talk.patch_service(REPO)
    assert talk.deployments() == 1


@pytest.mark.parametrize("count", [1, 20])
def test_one_change_set_deploys_a_service_once_however_many_variables(running: Talk, count: int) -> None:
    running.apply(*(set_variable(f"V{n}", str(n)) for n in range(count)))
    assert len(running.variables()) == count
    assert running.deployments() == 2


def test_one_patch_deploys_each_affected_service_once(running: Talk) -> None:
    other = running.service("web")
    running.service("untouched")
    running.patch({"services": {other: {"source": {"image": "example/web:1"}}}})
    before = running.deployments()
    running.patch({"services": {id: {"variables": {"A": {"value": "1"}}} for id in (other, running.ids["s"])}})
    assert running.deployments() == before + 2


def test_a_null_in_a_patch_deletes_and_what_is_not_named_stays(running: Talk) -> None:
    running.patch_service({"variables": {"A": {"value": "1"}, "B": {"value": "2"}}, "deploy": {"startCommand": "go"}})
    running.patch_service({"variables": {"A": None}})
    assert running.variables() == {"B": {"value": "2"}}
    assert running.instance()["startCommand"] == "go"


def test_what_is_set_as_it_is_deploys_nothing(running: Talk) -> None:
    running.patch_service({"variables": {"A": {"value": "1"}}})
    before, etag = running.deployments(), running.etag()
    running.patch_service({"variables": {"A": {"value": "1"}}})
    told = running.apply(set_variable("A", "1"))
    assert [one["status"] for one in told["changes"]] == ["noop"]
    assert (running.deployments(), running.etag()) == (before, etag)


def test_defaults_that_are_set_read_back_as_absent_and_resolved(running: Talk) -> None:
    running.patch_service({"deploy": {"restartPolicyType": "ON_FAILURE", "restartPolicyMaxRetries": 10}})
    assert "deploy" not in running.config()["services"][running.ids["s"]]
    instance = running.instance()
    assert (instance["restartPolicyType"], instance["restartPolicyMaxRetries"]) == ("ON_FAILURE", 10)


def test_more_replicas_scale_without_a_deployment_and_another_region_deploys(running: Talk) -> None:
    def place(regions: dict[str, Any]) -> None:
        running.patch_service({"deploy": {"multiRegionConfig": regions}})

    place({"us-west2": {"numReplicas": 1}})
    before = running.deployments()
    place({"us-west2": {"numReplicas": 3}})
    assert running.deployments() == before
    place({"us-west2": None, "europe-west4-drams3a": {"numReplicas": 2}})
    assert running.deployments() == before + 1
    instance = running.instance()
    assert (instance["region"], instance["numReplicas"]) == ("europe-west4-drams3a", 2)


def test_a_shared_variable_deploys_the_services_that_refer_to_it(running: Talk) -> None:
    other = running.service("web")
    running.patch({"services": {other: {"source": {"image": "example/web:1"}}}})
    running.patch({"sharedVariables": {"X": {"value": "1"}}})
    running.patch_service({"variables": {"A": {"value": "${{shared.X}}"}}})
    before = running.deployments()
    running.patch({"sharedVariables": {"X": {"value": "2"}}})
    assert running.deployments() == before + 1


def test_a_stale_base_is_refused_before_any_effect(running: Talk) -> None:
    base = running.etag()
    running.patch_service({"variables": {"A": {"value": "1"}}})
    before = running.config()
    change = {"path": "resources", "summary": "a change", **set_variable("B", "2")}
    asked = {"version": 1, "changes": [change], "diagnostics": []}
    error = running.wrong("Apply", e=running.ids["e"], i=asked, b=base, w=False)
    assert error["extensions"]["code"] == "STALE_ENVIRONMENT_BASE"
    assert running.config() == before


def test_a_fresh_base_is_taken(running: Talk) -> None:
    running.apply(set_variable("B", "2"), base=running.etag())
    assert running.variables() == {"B": {"value": "2"}}


def test_an_apply_that_is_not_waited_for_is_applying_at_first(running: Talk) -> None:
    change = {"path": "resources", "summary": "a change", **set_variable("B", "2")}
    asked = {"version": 1, "changes": [change], "diagnostics": []}
    told = running.ask("Apply", e=running.ids["e"], i=asked, w=False)["environmentApplyChangeSet"]

    def poll() -> Any:
        return running.ask("ApplyStatus", e=running.ids["e"], id=told["id"])["environmentChangeSetApply"]

    assert (told["status"], told["changes"]) == ("applying", [])
    assert [poll()["status"], poll()["status"]] == ["applying", "applied"]
    assert [one["status"] for one in poll()["changes"]] == ["applied"]
    assert poll()["deploymentId"]


def test_a_preview_drops_what_changes_nothing_and_changes_nothing(running: Talk) -> None:
    running.patch_service({"variables": {"A": {"value": "1"}, "S": {"value": "x", "isSealed": True}}})
    etag = running.etag()
    changes = [
        {"path": "resources", "summary": "a change", **set_variable(name, value)}
        for name, value in (("A", "1"), ("S", "x"), ("B", "2"))
    ]
    asked = {"version": 1, "changes": changes, "diagnostics": []}
    told = running.ask("Preview", e=running.ids["e"], i=asked)["environmentPreviewChangeSet"]
    assert [one["variable"] for one in told["changeSet"]["changes"]] == ["B"]
    assert running.etag() == etag


def test_a_change_set_names_by_name_and_creates_updates_and_deletes(running: Talk) -> None:
    node = {
        "address": "service.job",
        "type": "service",
        "kind": "github",
        "name": "job",
        "source": {"type": "github", "repo": "example/job", "branch": "main"},
        "variables": {
            "U": {"type": "reference", "resource": "service.api", "output": "PORT"},
            "Z": {"type": "sharedReference", "name": "X"},
        },
    }
    before = running.deployments()
    running.apply({"kind": "resource.create", "address": "service.job", "resource": node})
    assert running.deployments() == before + 1
    job = next(one for one in running.world.shelf("railway", "acme", "service").values() if one["name"] == "job")
    held = running.config()["services"][job["id"]]
    assert held["variables"] == {"U": {"value": "${{api.PORT}}"}, "Z": {"value": "${{shared.X}}"}}

    deploy = {"startCommand": "go", "healthcheckPath": "/health"}
    update = {"kind": "resource.update", "address": "service.job", "field": "deploy", "after": deploy}
    running.apply(update)
    running.apply({**update, "after": {"healthcheckPath": "/ok"}})
    assert running.config()["services"][job["id"]]["deploy"] == {"healthcheckPath": "/ok"}

    running.apply({"kind": "resource.delete", "address": "service.job", "previous": node})
    assert job["id"] not in running.config()["services"]


def test_a_change_set_makes_a_volume_and_mounts_it_with_its_schedules(running: Talk) -> None:
    volume = {"address": "volume.data", "type": "volume", "name": "data", "config": {"sizeMB": 10_000}}
    attached = {"data": {"volume": "volume.data", "mountPath": "/data", "backupSchedules": ["DAILY", "WEEKLY"]}}
    running.apply(
        {"kind": "resource.create", "address": "volume.data", "resource": volume},
        {"kind": "resource.update", "address": "service.api", "field": "volumeAttachments", "after": attached},
    )
    [edge] = running.snapshot()["e0"]["volumeInstances"]["edges"]
    assert (edge["node"]["mountPath"], edge["node"]["sizeMB"]) == ("/data", 10_000)
    mounts = running.config()["services"][running.ids["s"]]["volumeMounts"]
    assert list(mounts.values()) == [{"mountPath": "/data", "backupSchedules": ["DAILY", "WEEKLY"]}]


def test_a_change_set_with_one_impossible_change_changes_nothing(running: Talk) -> None:
    etag = running.etag()
    missing = {**set_variable("B", "2"), "address": "service.nobody"}
    told = [{"path": "resources", "summary": "a change", **one} for one in (set_variable("A", "1"), missing)]
    asked = {"version": 1, "changes": told, "diagnostics": []}
    assert "not found" in running.wrong("Apply", e=running.ids["e"], i=asked, w=True)["message"]
    assert running.etag() == etag


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "resource.move", "address": "service.api"},
        {**set_variable("A", "1"), "colour": "red"},
        {**set_variable("A", "1"), "severity": "mild"},
        {"kind": "variable.set", "address": "service.api", "variable": "A"},
        {**set_variable("A", "1"), "after": {"type": "guess"}},
        {"kind": "resource.update", "address": "service.api", "field": "deploy", "after": {"speed": 1}},
    ],
)
def test_what_no_writer_of_change_sets_says_is_refused(running: Talk, change: dict[str, Any]) -> None:
    asked = {"version": 1, "changes": [{"path": "resources", "summary": "s", **change}], "diagnostics": []}
    error = running.wrong("Apply", e=running.ids["e"], i=asked, w=True)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


def test_a_domain_in_a_change_set_is_told_as_applied_and_not_made(running: Talk) -> None:
    told = running.apply({"kind": "domain.create", "address": "service.api", "domain": "api.bilko.example"})
    assert told["status"] == "applied"
    assert running.instance()["domains"]["customDomains"] == []


def test_sealed_values_are_never_told_and_never_unsealed(running: Talk) -> None:
    running.patch_service({"variables": {"S": {"value": "hush-hush", "isSealed": True}}})
    running.patch_service({"variables": {"S": {"value": "hush-now", "isSealed": False}}})
    assert running.variables() == {"S": {"isSealed": True}}
    seen = running.ask("PerService", p=running.ids["p"], e=running.ids["e"], s=running.ids["s"], vi=_volume(running))
    assert "S" not in seen["v0"]
    [edge] = running.snapshot()["e0"]["variables"]["edges"]
    assert edge["node"]["isSealed"] is True


def test_a_readable_variable_is_sealed_by_a_patch_alone(running: Talk) -> None:
    running.patch_service({"variables": {"S": {"value": "x"}}})
    running.patch_service({"variables": {"S": {"isSealed": True}}})
    assert running.variables() == {"S": {"isSealed": True}}


def _volume(talk: Talk) -> str:
    asked = {"projectId": talk.ids["p"], "environmentId": talk.ids["e"], "serviceId": talk.ids["s"]}
    talk.ask("VolumeCreate", i={**asked, "mountPath": "/data"})
    return str(next(iter(talk.world.shelf("railway", "acme", "volume"))))


def test_values_are_masked_unless_decryption_is_asked_for(running: Talk) -> None:
    running.patch_service({"variables": {"A": {"value": "plain-as-day"}}})
    document = "query ($e: String!, $d: Boolean) { environment(id: $e) { config(decryptVariables: $d) } }"
    masked = running.send(document, e=running.ids["e"]).text
    told = running.send(document, e=running.ids["e"], d=True).text
    assert ("plain-as-day" in masked, "plain-as-day" in told) == (False, True)


def test_unrendered_variables_keep_their_references(running: Talk) -> None:
    running.patch({"sharedVariables": {"X": {"value": "deep"}}})
    running.patch_service({"variables": {"A": {"value": "${{ shared.X }}"}, "B": {"value": "<${{api.A}}>"}}})
    document = (
        "query ($p: String!, $e: String!, $s: String, $u: Boolean) "
        "{ variables(projectId: $p, environmentId: $e, serviceId: $s, unrendered: $u) }"
    )
    raw = running.send(document, **running.ids, u=True).json()["data"]["variables"]
    rendered = running.send(document, **running.ids).json()["data"]["variables"]
    assert (raw["B"], rendered["B"]) == ("<${{api.A}}>", "<deep>")


def test_a_patch_is_refused_whole_for_an_unknown_key(running: Talk) -> None:
    answer = running.send(
        "mutation ($e: String!, $p: EnvironmentConfig) { environmentPatchCommit(environmentId: $e, patch: $p) }",
        e=running.ids["e"],
        p={"services": {running.ids["s"]: {"deploy": {"startCommand": "go", "colour": "red"}}}},
    )
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert running.instance()["startCommand"] is None


def test_a_patch_that_names_a_missing_service_changes_nothing(running: Talk) -> None:
    other = running.environment("staging")
    body = {"sharedVariables": {"X": {"value": "1"}}, "services": {"nobody": {"variables": {"A": {"value": "1"}}}}}
    assert running.wrong("PatchCommit", e=running.ids["e"], p=body)["message"] == "Service not found"
    absent = {"services": {running.ids["s"]: {"variables": {"A": {"value": "1"}}}}}
    assert running.wrong("PatchCommit", e=other, p=absent)["message"] == "ServiceInstance not found"
    assert "sharedVariables" not in running.config()


def test_a_patch_makes_and_deletes_an_instance_of_one_environment_alone(running: Talk) -> None:
    other = running.environment("staging")
    running.patch({"services": {running.ids["s"]: {"isCreated": True, **REPO}}}, other)
    assert running.instance(other)["source"]["repo"] == "example/bilko"
    running.patch({"services": {running.ids["s"]: {"isDeleted": True}}}, other)
    assert running.instance()["source"]["repo"] == "example/bilko"
    with pytest.raises(StopIteration):
        running.instance(other)


def test_a_staged_patch_waits_for_its_commit_and_may_skip_deployments(running: Talk) -> None:
    body = {"services": {running.ids["s"]: {"variables": {"A": {"value": "1"}}}}}
    before = running.deployments()
    running.ask("Stage", e=running.ids["e"], p=body)
    assert running.variables() == {}
    seen = running.snapshot()
    assert (seen["s0"]["status"], seen["e0"]["unmergedChangesCount"]) == ("STAGED", 1)
    workflow = running.ask("CommitStaged", e=running.ids["e"], skip=True)["environmentPatchCommitStaged"]
    assert running.ask("Workflow", w=workflow)["workflowStatus"]["status"] == "Complete"
    assert running.ask("Workflow", w="unknown")["workflowStatus"]["status"] == "NotFound"
    assert running.variables() == {"A": {"value": "1"}}
    assert running.deployments() == before


def test_a_staged_patch_that_is_committed_by_the_request_that_set_it_is_gone_from_there(running: Talk) -> None:
    body = {"services": {running.ids["s"]: {"variables": {"A": {"value": "1"}}}}}
    before = running.deployments()
    running.ask("StageAndCommit", e=running.ids["e"], p=body, skip=True)
    seen = running.ask("Staged", e=running.ids["e"])
    assert (seen["environment"]["unmergedChangesCount"], seen["environmentStagedChanges"]["patch"]) == (0, {})
    assert (running.variables(), running.deployments()) == ({"A": {"value": "1"}}, before)
    running.ask("StageAndCommit", e=running.ids["e"], p={"sharedVariables": {"X": {"value": "1"}}}, skip=False)
    assert running.deployments() == before


def test_a_patch_that_is_refused_stays_staged_until_another_takes_its_place(running: Talk) -> None:
    nowhere = {"services": {running.ids["s"]: {"volumeMounts": {"none": {"mountPath": "/data"}}}}}
    assert "not found" in running.wrong("StageAndCommit", e=running.ids["e"], p=nowhere)["message"]
    assert running.ask("Staged", e=running.ids["e"])["environmentStagedChanges"]["patch"] == nowhere
    running.ask("Stage", e=running.ids["e"], p={}, merge=False)
    assert running.ask("Staged", e=running.ids["e"])["environment"]["unmergedChangesCount"] == 0
    assert running.wrong("CommitStaged", e=running.ids["e"])["message"] == "No patch to apply"


def test_what_a_person_stages_waits_beside_what_is_committed_otherwise(running: Talk, world: World) -> None:
    for name in ("MINE", "TOO"):
        staged = json.dumps({"sharedVariables": {name: {"value": "1"}}})
        world.edit("railway", "environment", "production", None, {"staged": staged})
    running.patch({"sharedVariables": {"X": {"value": "1"}}})
    seen = running.ask("Staged", e=running.ids["e"])
    assert set(seen["environmentStagedChanges"]["patch"]["sharedVariables"]) == {"MINE", "TOO"}
    assert seen["environment"]["unmergedChangesCount"] == 2
    world.edit("railway", "environment", "production", None, {"staged": "null"})
    assert running.ask("Staged", e=running.ids["e"])["environment"]["unmergedChangesCount"] == 0


def test_a_deployment_runs_what_is_set_when_it_is_started(running: Talk) -> None:
    """Whatever was written without one is in the next, and two of the same are told by their print."""
    place = {"e": running.ids["e"], "s": running.ids["s"]}
    first = running.ask("Deploy", **place)["serviceInstanceDeployV2"]
    for name in ("A", "B"):
        body = {"services": {place["s"]: {"variables": {name: {"value": "1"}}}}}
        running.ask("StageAndCommit", e=place["e"], p=body, skip=True)
        assert running.ask("Instance", **place)["serviceInstance"]["latestDeployment"]["id"] == first
    second, third = (running.ask("Deploy", **place)["serviceInstanceDeployV2"] for _ in range(2))
    prints = [running.world.shelf("railway", "acme", "deployment")[id]["print"] for id in (first, second, third)]
    assert prints[0] != prints[1] == prints[2]
    assert running.ask("Instance", **place)["serviceInstance"]["latestDeployment"]["id"] == third


def test_each_variable_write_deploys_unless_it_says_not_to(running: Talk) -> None:
    before = running.deployments()
    where = {"projectId": running.ids["p"], "environmentId": running.ids["e"], "serviceId": running.ids["s"]}
    running.ask("VariablesUpsert", i={**where, "variables": {"A": "1", "B": "2"}, "skipDeploys": True})
    assert running.deployments() == before
    running.ask("VariablesUpsert", i={**where, "variables": {"C": "3"}, "replace": True})
    running.ask("VariableDelete", i={**where, "name": "C"})
    assert running.deployments() == before + 2
    assert running.variables() == {}


def test_a_deployment_passes_its_stages_by_the_clock_and_the_next_replaces_it(running: Talk, world: World) -> None:
    stages = []
    for _ in range(4):
        stages.append(running.instance()["latestDeployment"]["status"])
        world.advance(dt.timedelta(seconds=10))
    assert stages == ["QUEUED", "BUILDING", "DEPLOYING", "SUCCESS"]
    running.patch_service({"variables": {"A": {"value": "1"}}})
    world.advance(dt.timedelta(minutes=1))
    shelf = running.world.shelf("railway", "acme", "deployment")
    assert len(shelf) == 2
    assert [one["id"] for one in running.instance()["activeDeployments"]] == [list(shelf)[-1]]


def test_the_etag_moves_with_config_variables_and_names(running: Talk) -> None:
    etags = [running.etag()]
    running.patch_service({"deploy": {"startCommand": "go"}})
    etags.append(running.etag())
    running.patch_service({"variables": {"S": {"value": "x", "isSealed": True}}})
    etags.append(running.etag())
    running.patch_service({"variables": {"S": {"value": "y"}}})
    etags.append(running.etag())
    running.ask("ServiceUpdate", id=running.ids["s"], i={"name": "backend"})
    etags.append(running.etag())
    assert len(set(etags)) == 5
    assert running.etag() == etags[-1]
