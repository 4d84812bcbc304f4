"""From Railway's forms to ours and back: defaults left out, values of two sources, keys that a patch takes away."""

from typing import Any

import pytest

from reconcile.model.observation import Seen
from reconcile.model.resource import Resource
from reconcile.model.secret import SecretText
from reconcile.platforms.railway import Instance
from reconcile.platforms.railway.changeset import Part, Unspeakable, change_set, laid_over, needs_patch, patch, sections
from reconcile.platforms.railway.reading import Named, Place, Reading, domain_values, instance_values
from tests.railway.platform_bench import (
    API,
    DATABASE,
    PRODUCTION,
    change,
    instance,
    postgres,
    shared,
    variable,
    volume,
)

NODE: dict[str, Any] = {"restartPolicyType": "ON_FAILURE", "restartPolicyMaxRetries": 10, "builder": "RAILPACK"}


def seen(blob: dict[str, Any], node: dict[str, Any] | None = None, trigger: dict[str, Any] | None = None) -> Instance:
    values = instance_values(blob, {**NODE, **(node or {})}, trigger or {})
    return Instance.answered({"service": "bilko/api", "environment": PRODUCTION, **values})


def reading(blob: dict[str, Any], name: str = "api") -> Reading:
    """An environment with one running service, id S."""
    node = {"id": "i", "serviceId": "S", "latestDeployment": {"id": "d"}, **NODE}
    raw = {
        "id": "E",
        "name": "production",
        "configEtag": "T",
        "config": {"services": {"S": blob}},
        "serviceInstances": {"edges": [{"node": node}]},
    }
    return Reading(Place(Named("P", "bilko"), Named("E", "production")), {"S": name, "N": "new"}, raw)


def part(after: Resource | None, held: Reading, before: Resource | None = None, id: str = "x") -> Part:
    live = held.by_key.get((before.kind, before.keys()[0])) if before is not None else None
    if before is not None and live is None:
        live = Seen(before.kind, id, before.keys()[0], before)
    return Part(change(after, live), live)


def test_an_instance_of_which_nothing_is_set_has_railways_defaults() -> None:
    told = seen({})
    assert (told.builder, told.healthcheck_timeout, told.restart_policy, told.restart_retries) == (
        *("RAILPACK", 300, "ON_FAILURE", 10),
    )
    assert (told.replicas, told.sleep, told.source, told.limits, told.start_command) == (1, False, None, None, None)


@pytest.mark.parametrize(
    ("blob", "node"),
    [
        ({"deploy": {"restartPolicyType": "ON_FAILURE", "restartPolicyMaxRetries": 10, "healthcheckTimeout": 300}}, {}),
        ({"build": {"builder": "RAILPACK", "buildCommand": ""}}, {"buildCommand": ""}),
        ({"deploy": {"numReplicas": 1, "preDeployCommand": [], "sleepApplication": False}}, {"numReplicas": None}),
        ({"deploy": {"startCommand": ""}}, {"startCommand": None, "healthcheckPath": ""}),
    ],
)
def test_a_default_that_is_said_is_the_same_as_one_that_is_left_out(blob: Any, node: Any) -> None:
    assert seen(blob, node) == seen({})


@pytest.mark.parametrize(
    ("blob", "node", "field", "value"),
    [
        ({}, {"startCommand": "serve"}, "start_command", "serve"),
        ({"deploy": {"startCommand": "mine"}}, {"startCommand": "serve"}, "start_command", "mine"),
        ({"deploy": {"preDeployCommand": ["a", "b"]}}, {}, "pre_deploy_command", "a && b"),
        ({"build": {"builder": "DOCKERFILE"}}, {"builder": "RAILPACK"}, "builder", "DOCKERFILE"),
        ({"deploy": {"multiRegionConfig": {"us-west2": {"numReplicas": 3}, "x": None}}}, {}, "replicas", 3),
        ({"deploy": {"multiRegionConfig": {"us-west2": {}}}}, {"region": "other"}, "region", "us-west2"),
        ({"deploy": {"numReplicas": 0}}, {"numReplicas": 1}, "replicas", 0),
        ({"deploy": {"restartPolicyMaxRetries": 0}}, {}, "restart_retries", 0),
        ({"configFile": "railway.toml"}, {}, "config_file", "railway.toml"),
    ],
)
def test_what_is_set_is_read_where_railway_tells_it(blob: Any, node: Any, field: str, value: Any) -> None:
    assert getattr(seen(blob, node), field) == value


def test_a_branch_is_told_by_the_config_or_by_the_trigger_and_is_main_where_nobody_says() -> None:
    trigger = {"repository": "a/b", "branch": "next", "checkSuites": True}
    for blob, told, branch, checks in (
        ({"repo": "a/b", "branch": "dev"}, trigger, "dev", True),
        ({"repo": "a/b"}, trigger, "next", True),
        ({"repo": "a/b", "checkSuites": False}, trigger, "next", False),
        ({"repo": "a/b"}, {**trigger, "repository": "other/one"}, "main", False),
    ):
        source = seen({"source": blob}, None, told).source
        assert source is not None and (source.branch, source.check_suites) == (branch, checks)


def test_limits_are_told_in_gigabytes() -> None:
    held = {"deploy": {"limitOverride": {"containers": {"cpu": 2, "memoryBytes": 4_000_000_000}}}}
    limits = seen(held).limits
    assert limits is not None and (limits.cpu, limits.memory_gb) == (2, 4)


@pytest.mark.parametrize("host", ["_railway-verify.api", "_railway-verify.api.bilko.example"])
def test_the_ownership_record_is_told_by_its_whole_name(host: str) -> None:
    route = {
        "purpose": "DNS_RECORD_PURPOSE_TRAFFIC_ROUTE",
        "zone": "bilko.example",
        "requiredValue": "x.up.railway.app",
    }
    challenge = {"purpose": "DNS_RECORD_PURPOSE_ACME_DNS01_CHALLENGE", "zone": "bilko.example", "requiredValue": "y"}
    status = {"dnsRecords": [challenge, route], "verificationDnsHost": host, "verificationToken": "t", "verified": True}
    told = domain_values({"domain": "api.bilko.example", "status": status})
    assert (told["target"], told["verify_name"], told["verify_value"]) == (
        *("x.up.railway.app", "_railway-verify.api.bilko.example", "t"),
    )


def test_only_what_differs_is_sent_and_a_declared_default_is_sent_as_it_is() -> None:
    live = instance(healthcheck_timeout=60)
    assert sections(instance(), live, {}) == {"deploy": {"healthcheckTimeout": 300}}


def test_another_source_takes_the_keys_of_the_old_one_away() -> None:
    told = sections(instance(source={"image": "x:1"}), instance(), {"source": {"repo": "a/b", "branch": "main"}})
    assert told == {"source": {"repo": None, "branch": None, "image": "x:1"}}


def test_another_region_takes_the_old_one_away() -> None:
    blob = {"deploy": {"region": "us-west2", "multiRegionConfig": {"us-west2": {"numReplicas": 2}}}}
    told = sections(instance(region="europe-west", replicas=2), instance(replicas=2), blob)
    placed = {"us-west2": None, "europe-west4-drams3a": {"numReplicas": 2}}
    assert told == {"deploy": {"region": None, "multiRegionConfig": placed}}


def test_replicas_of_a_service_in_several_regions_are_not_guessed() -> None:
    blob = {"deploy": {"multiRegionConfig": {"a": {"numReplicas": 1}, "b": {"numReplicas": 1}}}}
    with pytest.raises(Unspeakable, match="several regions"):
        sections(instance(region=None, replicas=3), instance(region="a+b", replicas=2), blob)


def test_a_change_set_gives_a_section_whole_with_what_is_not_declared() -> None:
    blob = {
        "source": {"repo": "example/bilko", "branch": "main"},
        "deploy": {"drainingSeconds": 9, "startCommand": "a"},
    }
    held = reading(blob)
    before = next(one.resource for one in held.seen if isinstance(one.resource, Instance))
    after = before.model_copy(update={"start_command": "b"})
    (one,) = change_set([part(after, held, before)], held)["changes"]
    assert (one["field"], one["after"]) == ("deploy", {"drainingSeconds": 9, "startCommand": "b"})


def test_a_database_is_addressed_as_one() -> None:
    held = reading({"source": {"image": "ghcr.io/railwayapp-templates/postgres-ssl:16"}}, "Postgres")
    (one,) = change_set([part(variable("A", "1", at=DATABASE), held)], held)["changes"]
    assert one["address"] == "database.Postgres"


def test_values_go_as_secrets_in_either_form() -> None:
    held = reading({"variables": {"A": {"value": "0"}}})
    plain = change_set([part(variable("A", "plain-value"), held)], held)
    assert "plain-value" not in repr(plain) and isinstance(plain["changes"][0]["after"]["value"], SecretText)
    patched = patch([part(shared("X", "shared-value"), held)], held)
    assert "shared-value" not in repr(patched) and isinstance(patched["sharedVariables"]["X"]["value"], SecretText)


@pytest.mark.parametrize(
    ("after", "before", "patched"),
    [
        (variable("A", "1"), None, False),
        (variable("A", "1", sealed=True), None, True),
        (variable("A", SecretText("1")), variable("A", None, sealed=True), True),
        (None, variable("A", None, sealed=True), False),
        (shared("X", "1"), None, True),
        (instance(replicas=2), instance(), False),
        (None, instance(), True),
        (instance(), None, True),
        (volume("d", "/d", at=API), None, False),
        (None, volume("d", "/d", at=API), True),
    ],
)
def test_a_patch_is_for_what_a_change_set_cannot_say(after: Resource, before: Resource, patched: bool) -> None:
    held = reading({"source": {"repo": "example/bilko", "branch": "main"}})
    assert needs_patch(part(after, held, before), held) is patched


@pytest.mark.parametrize(
    "extra", [{"configFile": "railway.json"}, {"deploy": {"registryCredentials": {"username": "*****"}}}]
)
def test_a_section_that_may_be_told_masked_or_is_the_repositorys_is_never_given_whole(extra: dict[str, Any]) -> None:
    held = reading({"source": {"repo": "example/bilko", "branch": "main"}, **extra})
    assert needs_patch(part(instance(replicas=2), held, instance()), held)


def test_a_patch_says_everything_of_a_service_at_one_key() -> None:
    held = reading({})
    made = patch([part(instance("new"), held), part(variable("A", "1", at=f"{PRODUCTION}/new"), held)], held)
    assert set(made) == {"services"} and set(made["services"]) == {"N"}
    body = made["services"]["N"]
    assert body["isCreated"] is True and set(body["variables"]) == {"A"} and body["source"]["branch"] == "main"
    gone = patch([part(None, held, instance()), part(None, held, variable("A", "1"))], held)
    assert gone == {"services": {"S": {"isDeleted": True}}}
    assert patch([part(None, held, variable("A", "1"))], held) == {"services": {"S": {"variables": {"A": None}}}}


def test_a_volume_that_is_there_unmounted_is_mounted_and_not_made_again() -> None:
    held = reading({"source": {"image": "postgres:16"}}, "Postgres")
    wanted = volume("data", "/data", "DAILY")
    made = change_set([part(wanted, held)], held)["changes"]
    assert [one["kind"] for one in made] == ["resource.create", "resource.update"]
    unmounted = {"volumeInstances": {"edges": [{"node": {"id": "vi", "volumeId": "V", "volume": {"name": "data"}}}]}}
    there = Reading(held.place, held.services, {**held.raw, **unmounted})
    (one,) = change_set([part(wanted, there)], there)["changes"]
    assert one["after"] == {"data": {"volume": "volume.data", "mountPath": "/data", "backupSchedules": ["DAILY"]}}


def test_a_null_stays_where_a_merge_must_take_the_key_away() -> None:
    told = laid_over({"a": {"x": 1, "y": 2}, "b": 1}, {"a": {"x": None}, "c": 3})
    assert told == {"a": {"x": None, "y": 2}, "b": 1, "c": 3}


def test_an_instance_without_anything_of_its_own_is_none() -> None:
    """Making a service leaves one in every environment."""
    held = reading({})
    bare = dict(held.raw)
    bare["serviceInstances"] = {"edges": [{"node": {"id": "i", "serviceId": "S", "source": None, **NODE}}]}
    assert Reading(held.place, held.services, bare).seen == ()
    variables = {"edges": [{"node": {"id": "v", "name": "A", "serviceId": "S", "isSealed": True, "updatedAt": "t"}}]}
    kinds = [one.kind for one in Reading(held.place, held.services, {**bare, "variables": variables}).seen]
    assert kinds == ["railway.instance", "railway.variable"]


def test_a_thing_that_does_not_fit_its_kind_is_told_without_its_values() -> None:
    held = reading(
        {"source": {"repo": "example/bilko"}, "deploy": {"healthcheckTimeout": 99_999, "startCommand": "canary"}}
    )
    assert held.seen == ()
    (one,) = held.unread
    assert "healthcheck_timeout" in one.reason and "canary" not in one.reason


def test_database_and_service_parts_are_told_apart_by_image_alone() -> None:
    for image, address in (("postgres:16", "database.api"), ("ghcr.io/example/redis-like:1", "database.api"),
                           ("ghcr.io/example/api:1", "service.api")):  # fmt: skip
        assert reading({"source": {"image": image}}).address("S") == address
    assert postgres().source is not None
