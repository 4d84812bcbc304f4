"""What runs on Railway: deployments keep the variables that they were started with, and our platform starts them."""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import graphql
import pytest

from reconcile.model.errors import Missing, Unavailable
from reconcile.model.pretend import RunningUnit
from reconcile.model.resource import Resource
from reconcile.model.secret import SecretText
from reconcile.platforms.railway import Instance, documents
from reconcile.platforms.railway.pretend_graphql import schema
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
    postgres,
    shared,
    variable,
)

__all__ = ["bench"]
WEB = instance()
PUBLISHED = Path(__file__).resolve().parents[3] / "shared" / "specs" / "railway.graphql"


@pytest.fixture
def built(bench: Bench) -> Bench:
    """The api in two environments and Postgres, all up, with a shared value and one that refers to it."""
    more = (shared("REGION", "eu"), variable("A", "1"), variable("B", "${{shared.REGION}}-${{A}}"))
    bench.build(bench.railway(), *more)
    _settle(bench)
    return bench


def _settle(bench: Bench) -> None:
    bench.world.advance(dt.timedelta(minutes=2))


def _pretend(bench: Bench) -> Any:
    return bench.world.mount("railway").pretend


def _unit(bench: Bench, name: str = f"{PRODUCTION}/api") -> RunningUnit:
    place = bench.world.mount("railway").place
    (one,) = [unit for unit in _pretend(bench).running(place, "acme") if unit.name == name]
    return one  # type: ignore[no-any-return]


def _quietly(bench: Bench, *wanted: Resource) -> None:
    """Writes variables that are there already, starting nothing."""
    railway = bench.railway()
    live = look(railway)
    apply(railway, *(replace(change(one, found(live, one)), quiet=True) for one in wanted))


def test_a_deployment_keeps_the_values_that_it_was_started_with(built: Bench) -> None:
    assert dict(_unit(built).values) == {"A": "1", "B": "eu-1"}
    before = _unit(built)
    _quietly(built, variable("A", "2"))
    _settle(built)
    assert _unit(built) == before, "a quiet write starts nothing"
    built.railway().start([WEB])
    assert _unit(built).id == before.id and _unit(built).starting
    _settle(built)
    assert dict(_unit(built).values) == {"A": "2", "B": "eu-2"} and _unit(built).id != before.id


def test_a_deployment_knows_what_is_sealed_though_nobody_reads_it(built: Bench) -> None:
    secret = SecretText("hush-hush", "S")
    apply(built.railway(), change(variable("S", secret, sealed=True)))
    _settle(built)
    assert _unit(built).values["S"] == "hush-hush"
    assert "hush-hush" not in repr(_unit(built))


def test_what_was_started_is_the_newest_start_and_is_live_once_it_is_up(built: Bench) -> None:
    railway, key = built.railway(), WEB.keys()[0]
    before = railway.running([WEB])[key]
    assert (before.state, before.live) == ("live", "") and before.started_at
    railway.start([WEB])
    now = railway.running([WEB])[key]
    assert (now.state, now.live) == ("starting", before.id) and now.id != before.id
    _settle(built)
    after = railway.running([WEB])[key]
    assert (after.id, after.state, after.live) == (now.id, "live", "")


def test_several_environments_are_told_by_one_request_and_what_is_not_there_is_left_out(built: Bench) -> None:
    units = [WEB, instance(environment=STAGING), postgres(), instance("worker"), instance(environment="bilko/none")]
    railway = built.railway()
    built.calls()
    told = railway.running(units)
    assert set(told) == {one.keys()[0] for one in units[:3]}
    assert built.calls() == ["Projects", "Running"]
    railway.running(units)
    assert built.calls() == ["Running"]


@pytest.mark.parametrize("count", [1, 10])
def test_what_is_asked_of_what_runs_is_valid_in_the_sandbox_and_by_the_published_schema(count: int) -> None:
    text = graphql.parse(documents.running(count))
    assert graphql.validate(schema(), text) == []
    if not PUBLISHED.exists():
        pytest.skip("not run: railway.graphql is not at hand")
    assert graphql.validate(graphql.build_schema(PUBLISHED.read_text(), assume_valid=True), text) == []


def test_an_instance_that_was_never_started_runs_nothing(bench: Bench) -> None:
    bench.build(bench.railway())
    place = bench.world.mount("railway").place
    place.shelf("acme", "deployment").clear()
    told = bench.railway().running([WEB])[WEB.keys()[0]]
    assert (told.id, told.state) == ("", "none")


def test_one_batch_starts_each_instance_once(built: Bench) -> None:
    before = built.deployments()
    built.calls()
    built.railway().start([WEB, instance(environment=STAGING), postgres()])
    assert built.deployments() == before + 3
    assert built.calls().count("Deploy") == 3


def test_a_start_whose_answer_was_lost_is_looked_for_and_not_sent_again(built: Bench) -> None:
    before = built.deployments("api", "production")
    built.world.fault("railway", "500 after POST /graphql/v2?query=Deploy times=1")
    built.railway().start([WEB])
    assert built.deployments("api", "production") == before + 1


def test_a_start_that_nobody_can_see_is_unsure(built: Bench) -> None:
    later = {"message": "Problem processing request", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}
    built.answers["Deploy"] = [later] * 3
    with pytest.raises(Unavailable) as lost:
        built.railway().start([WEB])
    assert lost.value.unsure
    assert len(built.answers["Deploy"]) == 0


def test_what_is_not_there_cannot_be_started(built: Bench) -> None:
    before = built.deployments()
    with pytest.raises(Missing, match="worker"):
        built.railway().start([WEB, instance("worker")])
    assert built.deployments() == before


def test_an_instance_without_a_source_has_nothing_to_start(built: Bench) -> None:
    before = built.deployments()
    built.railway().start([postgres(environment=STAGING)])
    assert built.deployments() == before


@pytest.mark.parametrize(("fails", "state", "runs"), [("build", "failed", True), ("start", "failed", False)])
def test_a_start_that_fails_is_told_and_only_one_that_was_built_ends_what_ran(
    built: Bench, fails: str, state: str, runs: bool
) -> None:
    railway, before = built.railway(), _unit(built)
    built.edit("instance", "api", fails=fails)
    railway.start([WEB])
    _settle(built)
    told = railway.running([WEB])[WEB.keys()[0]]
    assert told.state == state and told.live == (before.id if runs else "")
    assert _unit(built).id == (before.id if runs else "") and not _unit(built).starting
    built.edit("instance", "api", fails="no")
    railway.start([WEB])
    _settle(built)
    assert railway.running([WEB])[WEB.keys()[0]].state == "live"


def test_with_a_health_check_what_ran_outlives_a_start_that_fails(built: Bench) -> None:
    railway, web = built.railway(), instance(healthcheck_path="/health")
    apply(railway, change(web, found(look(railway), WEB)))
    _settle(built)
    before = _unit(built)
    built.edit("instance", "api", fails="start")
    railway.start([web])
    _settle(built)
    assert railway.running([web])[web.keys()[0]].state == "failed"
    assert _unit(built).id == before.id


def test_a_rollback_by_hand_brings_back_the_variables_of_then(built: Bench) -> None:
    apply(built.railway(), change(variable("A", "2"), found(look(built.railway()), variable("A", "1"))))
    _settle(built)
    assert _unit(built).values["A"] == "2"
    now = _unit(built).id
    built.edit("instance", "api", deployment="previous")
    _settle(built)
    assert _unit(built).values["A"] == "1"
    (written,) = [one for one in built.shelf("variable") if one["name"] == "A"]
    assert written["value"] == "2", "what the environment says is not touched"
    assert built.railway().running([WEB])[WEB.keys()[0]].id not in ("", now)


def test_a_rollback_by_the_api_is_refused_where_the_deployment_is_not_kept_any_more(built: Bench) -> None:
    first = _unit(built).id
    for _ in range(2):
        built.railway().start([WEB])
        _settle(built)
    deployments = built.world.shelf("railway", "acme", "deployment")
    assert "values" in deployments[first]
    built.world.advance(dt.timedelta(days=7))
    built.railway().start([WEB])
    assert "values" not in deployments[first]
    with pytest.raises(ValueError, match="can be returned to"):
        built.edit("instance", "api", deployment=first)


def test_a_person_makes_it_ill_and_starts_it_by_a_push(built: Bench) -> None:
    built.edit("instance", "api", health="ill")
    assert not _unit(built).well
    built.edit("instance", "api", health="well")
    before = built.deployments()
    built.edit("instance", "api", deployment="push")
    assert built.deployments() == before + 1
    with pytest.raises(ValueError, match="fails is one of"):
        built.edit("instance", "api", fails="always")


def test_values_of_deployments_are_for_nobodys_eyes(built: Bench) -> None:
    told = built.world.things("railway", "deployment")["railway"]["acme"]["deployment"]
    assert told and not any("values" in one for one in told)


def test_a_quiet_write_of_a_sealed_variable_keeps_it_sealed_and_is_known_by_when_it_was_written(built: Bench) -> None:
    old, new = SecretText("old-value", "S"), SecretText("new-value", "S")
    apply(built.railway(), change(variable("S", old, sealed=True)))
    _settle(built)
    before = found(look(built.railway()), variable("S", None)).resource
    deployments = built.deployments()
    _quietly(built, variable("S", new))
    after = found(look(built.railway()), variable("S", None)).resource
    assert after.sealed and after.value is None  # type: ignore[attr-defined]
    assert after.touched_at() > before.touched_at()
    assert built.deployments() == deployments
    assert _unit(built).values["S"] == "old-value"
    built.railway().start([Instance.model_validate(WEB.model_dump())])
    _settle(built)
    assert _unit(built).values["S"] == "new-value"
