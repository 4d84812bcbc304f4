"""What our Railway writes: one commit an environment, nothing twice, nothing elsewhere."""

from typing import Any

import pytest

from reconcile.model.resource import Resource
from reconcile.model.secret import SecretText
from reconcile.platforms.railway import Domain, Environment, Project, Service
from tests.railway.platform_bench import (
    DATABASE,
    FIRST,
    PRODUCTION,
    SECOND,
    STAGING,
    Bench,
    apply,
    bench,
    change,
    domain,
    found,
    instance,
    look,
    postgres,
    proxy,
    service_domain,
    settled,
    shared,
    there,
    variable,
    volume,
)

__all__ = ["bench"]

WHOLE: tuple[Resource, ...] = (
    instance(
        region="europe-west",
        replicas=2,
        limits={"cpu": 2, "memory_gb": 4},
        builder="DOCKERFILE",
        start_command="serve",
        build_command="make",
        pre_deploy_command="migrate",
        healthcheck_path="/health",
        healthcheck_timeout=60,
        restart_policy="ALWAYS",
        restart_retries=3,
        source={"repo": "example/bilko", "branch": "main", "check_suites": True, "root_directory": "api"},
    ),
    postgres(restart_policy="ON_FAILURE", restart_retries=10, healthcheck_timeout=300, builder="RAILPACK"),
    variable("PORT", 3000),
    variable("DATABASE_URL", "${{Postgres.DATABASE_URL}}"),
    variable("EMPTY", ""),
    shared("REGION", "eu"),
)
PARTS: tuple[Resource, ...] = (
    domain("api.bilko.example", 3000),
    service_domain("bilko-api", 3000),
    proxy(5432),
    volume("data", "/data", "DAILY", "WEEKLY"),
)


def test_what_was_applied_is_seen_as_declared_and_leaves_nothing_to_do(bench: Bench) -> None:
    railway = bench.railway()
    for wave in (FIRST, SECOND, WHOLE, PARTS):
        apply(railway, *(change(one) for one in wave))
    settled(look(bench.railway()), [*FIRST, *SECOND, *WHOLE, *PARTS])


def test_outcomes_carry_the_thing_as_railway_tells_it(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway)
    outcomes = apply(railway, *(change(one) for one in PARTS))
    live = look(bench.railway())
    for want in PARTS:
        (outcome,) = [one for one in outcomes if one.change.after is want]
        assert outcome.resource == found(live, want).resource and outcome.id == found(live, want).id
    told = found(live, PARTS[0]).resource
    assert isinstance(told, Domain) and told.target and told.verify_value
    assert told.verify_name == "_railway-verify.api.bilko.example"


@pytest.mark.parametrize("count", [1, 20])
def test_a_service_is_deployed_once_however_many_variables_change(bench: Bench, count: int) -> None:
    railway = bench.railway()
    first = [variable(f"V{number}", "old") for number in range(count)]
    bench.build(railway, *first)
    live, before = look(railway), bench.deployments()
    bench.calls()
    apply(railway, *(change(variable(one.name, "new"), found(live, one)) for one in first))
    assert bench.deployments() - before == 1
    assert bench.calls().count("Apply") == 1


def test_everything_of_one_environment_is_one_commit_also_with_what_is_shared_or_sealed(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway)
    live, before = look(railway), bench.deployments("api", "production")
    bench.calls()
    secret = SecretText("kept-from-all", "jwt")
    wave = [
        change(instance(healthcheck_path="/ready"), found(live, instance())),
        change(variable("A", "1")),
        change(variable("JWT", secret, sealed=True)),
        change(shared("X", "y")),
        change(variable("X", "${{shared.X}}")),
    ]
    apply(railway, *wave)
    assert bench.deployments("api", "production") - before == 1
    assert [call for call in bench.calls() if call in ("Apply", "PatchCommit")] == ["PatchCommit"]


def test_a_sealed_value_is_written_and_written_anew_though_nobody_can_read_it(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway)
    wanted = variable("JWT", SecretText("first", "jwt"), sealed=True)
    apply(railway, change(wanted))
    live = found(look(railway), wanted)
    assert (live.resource.value, live.resource.sealed) == (None, True)  # type: ignore[attr-defined]
    apply(railway, change(variable("JWT", SecretText("second", "jwt"), sealed=True), live))
    assert [one["value"] for one in bench.shelf("variable") if one["name"] == "JWT"] == ["second"]


def test_a_sealed_variable_is_not_unsealed(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway, variable("JWT", SecretText("first", "jwt"), sealed=True))
    live = found(look(railway), variable("JWT", "x"))
    (outcome,) = railway.apply([change(variable("JWT", "plain", sealed=False), live)])
    assert outcome.status == "failed" and "never unsealed" in outcome.error


@pytest.mark.parametrize("everywhere", [True, False])
def test_an_instance_deleted_in_one_environment_lives_on_in_the_other(bench: Bench, everywhere: bool) -> None:
    pretend: Any = bench.world.mount("railway").pretend
    pretend.everywhere = everywhere
    railway = bench.railway()
    bench.build(railway, variable("A", "1"), variable("A", "2", at=f"{STAGING}/api"))
    live = look(railway)
    apply(railway, change(None, found(live, instance())), change(None, found(live, variable("A", "1"))))
    now = look(bench.railway())
    assert not there(now, instance())
    settled(now, [instance(environment=STAGING), variable("A", "2", at=f"{STAGING}/api"), SECOND[2]])


def test_a_change_in_one_environment_touches_nothing_of_another(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway, variable("A", "1"), variable("A", "2", at=f"{STAGING}/api"))
    live = look(railway)
    staging = [one for one in live.seen if STAGING in (one.resource.container(), *one.key)]
    before = bench.deployments("", "staging")
    apply(railway, change(None, found(live, variable("A", "1"))), change(instance(replicas=3), found(live, instance())))
    now = {(one.kind, one.id): one.resource for one in look(bench.railway()).seen}
    assert staging and all(now[one.kind, one.id].touched_at() == one.resource.touched_at() for one in staging)
    assert bench.deployments("", "staging") == before


def test_a_foreign_variable_of_the_same_service_is_left_alone(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway)
    where = {"environment": "production", "service": "api", "project": "bilko", "value": "theirs"}
    bench.world.create("railway", "variable", "FOREIGN", "acme", where)
    live = look(railway)
    apply(railway, change(instance(start_command="x"), found(live, instance())), change(variable("OURS", "1")))
    settled(look(bench.railway()), [variable("FOREIGN", "theirs"), variable("OURS", "1")])


def test_a_region_moves_and_the_old_one_is_gone(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway)
    wanted = instance(region="europe-west", replicas=2)
    apply(railway, change(wanted, found(look(railway), instance())))
    (held,) = [one for one in bench.shelf("instance") if one["name"] == "api" and one["environment"] == "production"]
    assert held["config"]["deploy"]["multiRegionConfig"] == {"europe-west4-drams3a": {"numReplicas": 2}}
    settled(look(bench.railway()), [wanted])


def test_what_a_stack_does_not_say_of_an_instance_stays_as_it_lives(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway, variable("A", "1"))
    bench.edit("instance", "api", drainingSeconds="30")
    live = look(railway)
    apply(railway, change(instance(healthcheck_path="/ready"), found(live, instance())))
    (held,) = [one for one in bench.shelf("instance") if one["name"] == "api" and one["environment"] == "production"]
    assert held["config"]["deploy"]["drainingSeconds"] == 30


def test_a_repository_gives_way_to_an_image(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway)
    wanted = instance(source={"image": "ghcr.io/example/bilko:1"})
    apply(railway, change(wanted, found(look(railway), instance())))
    settled(look(bench.railway()), [wanted])


def test_parts_are_changed_and_taken_away(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway)
    apply(railway, *(change(one) for one in PARTS))
    live = look(railway)
    new: list[Resource] = [
        domain("api.bilko.example", 4000),
        service_domain("bilko-web", 4000),
        volume("store", "/store", "MONTHLY"),
    ]
    old = [PARTS[0], PARTS[1], PARTS[3]]
    apply(railway, *(change(one, found(live, was)) for one, was in zip(new, old, strict=True)))
    live = look(bench.railway())
    settled(live, new)
    apply(railway, *(change(None, found(live, one)) for one in (*new, PARTS[2])))
    assert {one.kind for one in look(bench.railway()).seen} == {
        *("railway.project", "railway.environment", "railway.service", "railway.instance")
    }


def test_backups_alone_change_without_a_deployment(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway)
    apply(railway, change(PARTS[3]))
    live, before = look(railway), bench.deployments()
    wanted = volume("data", "/data", "MONTHLY")
    apply(railway, change(wanted, found(live, PARTS[3])))
    settled(look(bench.railway()), [wanted])
    assert bench.deployments() == before


def test_what_environments_share_is_renamed_in_place(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway, variable("A", "1"))
    live = look(railway)
    apply(railway, change(Project(name="bilko2"), found(live, FIRST[0])))
    renamed = look(railway)
    assert {one.id for one in renamed.seen} == {one.id for one in live.seen}
    apply(railway, change(Service(project="bilko2", name="web"), found(renamed, Service(project="bilko2", name="api"))))
    again = look(bench.railway())
    assert {one.id for one in again.seen} == {one.id for one in live.seen}
    assert there(again, variable("A", "1", at="bilko2/production/web"))


def test_after_a_rename_what_a_plan_calls_a_replacement_replaces_nothing(bench: Bench) -> None:
    """An instance is named by its service's path, which cannot be edited on it and moves with the service."""
    railway = bench.railway()
    bench.build(railway, variable("A", "1"))
    live, before = look(railway), bench.deployments()
    apply(railway, change(Service(project="bilko", name="web"), found(live, SECOND[2])))
    moved = [instance("web"), variable("A", "1", at=f"{PRODUCTION}/web")]
    old = [instance(), variable("A", "1")]
    outcomes = apply(railway, *(change(one, found(live, was), "replace") for one, was in zip(moved, old, strict=True)))
    assert [one.id for one in outcomes] == [found(live, one).id for one in old]
    assert bench.deployments() == before


def test_an_environment_and_a_service_are_deleted_whole(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway)
    live = look(railway)
    apply(railway, change(None, found(live, SECOND[1])), change(None, found(live, SECOND[3])))
    now = look(bench.railway())
    assert [there(now, one) for one in (*SECOND, postgres())] == [True, False, True, False, False]


def test_the_environment_that_comes_with_a_project_is_taken_in_the_same_run_and_only_then(bench: Bench) -> None:
    railway = bench.railway()
    apply(railway, change(FIRST[0]))
    apply(railway, change(SECOND[0]))
    (outcome,) = bench.railway().apply([change(SECOND[0])])
    assert outcome.status == "failed" and "there already" in outcome.error


def test_a_service_that_another_environment_declares_leaves_no_trace_where_it_is_not_declared(bench: Bench) -> None:
    """Making a service makes an empty instance in every environment: that is not taken for a thing of its own."""
    railway = bench.railway()
    bench.build(railway)
    assert bench.world.shelf("railway", "acme", "instance")
    assert not there(look(railway), instance("Postgres", environment=STAGING))


def test_a_bad_change_fails_alone(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway)
    wave = [change(variable(f"V{number}", "1")) for number in range(4)]
    wave += [change(variable("B", "1", at=f"{PRODUCTION}/nowhere")), change(variable("C", "1", at="bilko/none/api"))]
    wave += [change(variable("D", "1", at=DATABASE)), change(variable("E", None))]
    outcomes = {one.change.key: one for one in railway.apply(wave)}
    assert [outcomes[one.key].status for one in wave] == ["done"] * 4 + ["failed", "failed", "done", "failed"]


@pytest.mark.parametrize("tier", ["parts", "values", "made"])
def test_calls_are_foretold(bench: Bench, tier: str) -> None:
    railway = bench.railway()
    bench.build(railway)
    live = look(railway)
    wave = {
        "parts": [change(one) for one in PARTS],
        "values": [change(variable("A", "1")), change(instance(replicas=2), found(live, instance()))],
        "made": [change(Environment(project="bilko", name="test")), change(Service(project="bilko", name="web"))],
    }[tier]
    foretold = railway.predict(wave)
    bench.calls()
    apply(railway, *wave)
    assert len(bench.calls()) == foretold
