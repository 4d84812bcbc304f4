"""What a person is told besides: a repository's own config file, and changes that somebody staged."""

import datetime as dt
import json
from typing import Any

import pytest

from reconcile.model.secret import SecretText
from reconcile.platforms.railway import Instance
from reconcile.platforms.railway.changeset import sections
from reconcile.platforms.railway.files import FIELDS, File, taken
from reconcile.steps.plan.diff import differences
from tests.railway.documents import DOCUMENTS
from tests.railway.platform_bench import (
    PRODUCTION,
    STAGING,
    Bench,
    apply,
    bench,
    change,
    found,
    instance,
    look,
    shared,
    variable,
)
from tests.railway.talk import Talk

__all__ = ["bench"]
FILE = {
    "$schema": "https://railway.com/railway.schema.json",
    "build": {"builder": "DOCKERFILE"},
    "deploy": {"startCommand": "from-the-file", "healthcheckPath": None, "restartPolicyMaxRetries": 3},
}
NEVER = "9999-12-31"


@pytest.fixture
def filed(bench: Bench) -> Bench:
    """The api runs in production with a file of its own; Railway still reads such files."""
    pretend(bench).files_until = NEVER
    bench.build(bench.railway(), variable("A", "1"))
    bench.edit("instance", "api", repositoryFile=json.dumps(FILE))
    built(bench)
    return bench


def pretend(bench: Bench) -> Any:
    return bench.world.mount("railway").pretend


def built(bench: Bench) -> None:
    """Until every deployment has run through its stages."""
    bench.world.advance(dt.timedelta(minutes=2))


def live(bench: Bench) -> Instance:
    told = found(look(bench.railway(), ("instance", PRODUCTION)), instance()).resource
    assert isinstance(told, Instance)
    return told


def test_a_repositorys_file_is_told_with_what_it_decides_and_until_when(filed: Bench) -> None:
    (note,) = look(filed.railway(), ("instance", PRODUCTION)).notes
    assert note.startswith(f"{PRODUCTION}/api: /railway.json in its repository decides")
    assert "builder, healthcheck_path, restart_retries, start_command" in note
    assert "2026-12-01" in note and "trueup import" in note and "delete it" in note


def test_nothing_is_told_of_files_where_instances_are_not_asked_for(filed: Bench) -> None:
    assert look(filed.railway(), ("variable", PRODUCTION)).notes == ()
    assert look(filed.railway(), ("instance", STAGING)).notes == ()


def test_what_runs_is_seen_where_the_file_decides_and_the_settings_elsewhere(filed: Bench) -> None:
    told = live(filed)
    assert (told.start_command, told.builder, told.restart_retries) == ("from-the-file", "DOCKERFILE", 3)
    assert (told.healthcheck_timeout, told.region) == (300, "us-west2")
    assert told.config_sets == ("builder", "healthcheck_path", "restart_retries", "start_command")


def test_a_field_that_the_file_decides_is_no_difference_and_any_other_is(filed: Bench) -> None:
    told = live(filed)
    declared: dict[str, Any] = {"start_command": "ours", "healthcheck_path": "/ours", "restart_retries": 7}
    assert differences(instance(**declared), told, None) == ()
    (one,) = differences(instance(**declared, healthcheck_timeout=60), told, None)
    assert (one.name, one.before, one.after) == ("healthcheck_timeout", 300, 60)


def test_what_the_file_decides_is_not_sent_and_the_rest_is(filed: Bench) -> None:
    railway = filed.railway()
    seen = found(look(railway, ("instance", PRODUCTION)), instance())
    filed.calls()
    apply(railway, change(instance(start_command="ours", healthcheck_timeout=60), seen))
    (sent,) = [one["request"]["variables"]["i"] for one in filed.world.calls() if one["path"].endswith("=Apply")][-1:]
    assert [one["after"] for one in sent["changes"]] == [
        {"healthcheckTimeout": 60, "multiRegionConfig": {"us-west2": {"numReplicas": 1}}}
    ]


def test_the_settings_are_compared_again_once_a_deployment_took_no_file(filed: Bench) -> None:
    pretend(filed).files_until = "2026-01-01"
    filed.edit("instance", "api", repositoryFile=json.dumps(FILE))
    built(filed)
    told = live(filed)
    assert (told.config_file, told.config_sets, told.start_command) == (None, (), None)
    assert [one.name for one in differences(instance(start_command="ours"), told, None)] == ["start_command"]
    assert look(filed.railway(), ("instance", PRODUCTION)).notes == ()


def test_while_a_deployment_is_being_built_the_file_of_the_running_one_holds(filed: Bench) -> None:
    apply_and_look = filed.railway()
    look(apply_and_look)
    apply(apply_and_look, change(variable("B", "1")))
    assert live(filed).config_sets == ("builder", "healthcheck_path", "restart_retries", "start_command")


def test_a_file_that_changes_is_seen_though_no_setting_moves(filed: Bench) -> None:
    railway = filed.railway()
    where = ("instance", PRODUCTION)
    look(railway, where)
    filed.edit("instance", "api", repositoryFile=json.dumps({"deploy": {"cronSchedule": "0 3 * * *"}}))
    built(filed)
    told = found(look(railway, where), instance()).resource
    assert isinstance(told, Instance) and (told.config_sets, told.cron) == (("cron",), "0 3 * * *")


def test_a_path_that_no_deployment_took_a_file_from_is_told_and_decides_nothing(bench: Bench) -> None:
    bench.build(bench.railway())
    bench.edit("instance", "api", railwayConfigFile="/deploy/railway.toml")
    assert live(bench).config_sets == ()
    (note,) = look(bench.railway(), ("instance", PRODUCTION)).notes
    assert "/deploy/railway.toml in its repository may decide" in note


@pytest.mark.parametrize("key", FIELDS)
def test_each_key_of_a_file_decides_fields_that_an_instance_has(key: str) -> None:
    fields = File("railway.json", frozenset({key})).fields
    assert fields and set(fields) <= set(Instance.comparable())
    have = instance().model_copy(update={"config_sets": fields})
    other: dict[str, Any] = {
        "region": "us-east",
        "replicas": 5,
        "limits": {"cpu": 1},
        "restart_policy": "NEVER",
        "builder": "HEROKU",
    }
    words = {"healthcheck_timeout": 9, "restart_retries": 9, "sleep": True}
    wanted = instance(**{name: {**other, **words}.get(name, "x") for name in fields})
    assert sections(wanted, have, {}) == {}


def test_deeper_keys_count_as_the_setting_that_they_are_of() -> None:
    mapping = {"deploy.multiRegionConfig.us-west2.numReplicas": "$.x", "deploy.limitOverride.containers.cpu": "$.y"}
    meta = {"configFile": "/railway.toml", "propertyFileMapping": mapping, "fileServiceManifest": {}}
    file = taken({}, {"latestDeployment": {"status": "SUCCESS", "meta": meta}})
    assert file is not None and file.fields == ("limits", "region", "replicas")


def test_a_staged_change_of_a_person_is_told_and_left_as_it_is(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway, variable("A", "1"), shared("X", "1"))
    staged = stage(bench, {"MINE": {"value": "theirs"}})
    bench.calls()
    seen = look(railway)
    (note,) = seen.notes
    assert note.startswith(f"{PRODUCTION}: a staged change waits") and "left alone" in note and "theirs" not in note
    assert (seen.gaps, [one.key[-1] for one in seen.seen if one.kind == "railway.variable"]) == ((), ["A"])
    # A change set, a patch, and what has steps of its own.
    apply(railway, change(variable("A", "2"), found(seen, variable("A", ""))))
    apply(railway, change(shared("X", "2"), found(seen, shared("X", ""))))
    apply(railway, change(variable("S", SecretText("s", "s"), sealed=True)))
    (still,) = [one for one in bench.shelf("patch") if one["status"] == "STAGED"]
    assert (still["id"], still["patch"]) == (staged["id"], staged["patch"])
    assert [one["name"] for one in bench.shelf("variable") if one["environment"] == "production"] == ["A", "S"]
    assert look(bench.railway(), ("variable", PRODUCTION)).notes == (note,)
    assert not {"Stage", "CommitStaged"} & set(bench.calls())


def test_a_change_staged_since_the_last_look_is_told_by_the_next(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway)
    where = ("instance", PRODUCTION)
    assert look(railway, where).notes == ()
    stage(bench, {"MINE": {"value": "theirs"}})
    assert len(look(railway, where).notes) == 1


def test_what_is_committed_from_the_staged_patch_was_set_there_by_the_same_request() -> None:
    from reconcile.platforms.railway import documents

    (committing,) = [one for one in documents.FIXED if "environmentPatchCommitStaged" in one]
    before, _, _ = committing.partition("environmentPatchCommitStaged")
    assert "environmentStageChanges" in before and "skipDeploys: true" in committing
    assert not [one for one in documents.FIXED if "environmentStageChanges" in one and "merge: false" not in one]


def stage(bench: Bench, variables: dict[str, Any]) -> dict[str, Any]:
    """What a person does in the dashboard before the button."""
    talk = Talk(bench.world)
    (environment,) = [one["id"] for one in bench.shelf("environment") if one["name"] == "production"]
    (service,) = [one["id"] for one in bench.shelf("service") if one["name"] == "api"]
    talk.send(DOCUMENTS["Stage"], "Stage", e=environment, p={"services": {service: {"variables": variables}}})
    (staged,) = bench.shelf("patch")[-1:]
    assert staged["status"] == "STAGED"
    return dict(staged)
