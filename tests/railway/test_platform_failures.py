"""What our Railway does when a call fails, arrives twice, or meets a world that moved."""

import pytest

from reconcile.model.resource import Resource
from reconcile.model.secret import SecretText
from reconcile.platforms.railway import Environment, Project, Service
from tests.railway.platform_bench import (
    FIRST,
    SECOND,
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
from tests.sampled import one_in

__all__ = ["bench"]
CANARY = "canary-6f1d-never-told"
WAVES: tuple[tuple[Resource, ...], ...] = (
    FIRST,
    SECOND,
    (instance(), postgres(), variable("A", "1"), variable("S", SecretText(CANARY, "s"), sealed=True), shared("X", "y")),
    (
        domain("api.bilko.example", 3000),
        service_domain("bilko-api"),
        proxy(5432),
        volume("data", "/data", "DAILY"),
    ),
)
OPERATIONS = (
    *("ProjectCreate", "EnvironmentCreate", "ServiceCreate", "PatchCommit", "Apply", "CustomDomainCreate"),
    *("ServiceDomainCreate", "ServiceDomainUpdate", "ApplyStatus", "Snapshot", "Etags", "Projects"),
)


FAULTS = ("502 after", "reset after", "502 before", "reset before", "truncate")
LOST = [(operation, fault) for operation in OPERATIONS for fault in FAULTS]


@pytest.mark.parametrize(("operation", "fault"), one_in(3, LOST), ids=[f"{name}-{fault}" for name, fault in LOST])
def test_one_lost_answer_makes_nothing_twice(bench: Bench, operation: str, fault: str) -> None:
    """Wherever it is lost, everything is there once, and nothing was deployed more often than it must be."""
    railway = bench.railway()
    bench.world.fault("railway", f"{fault} POST /graphql/v2?query={operation}")
    for wave in WAVES:
        for _ in range(2):
            live = look(railway)
            todo = [change(one) for one in wave if not there(live, one)]
            outcomes = list(railway.apply(todo))
            assert all(one.status in ("done", "unsure", "failed") for one in outcomes)
            assert CANARY not in "".join(f"{one.error}{one!r}" for one in outcomes)
            if all(one.status == "done" for one in outcomes):
                break
    assert bench.world.faults()["railway"] == []
    wanted = [one for wave in WAVES for one in wave if getattr(one, "sealed", None) is None]
    settled(look(bench.railway()), wanted)
    assert [len(bench.shelf(kind)) for kind in ("project", "environment", "service", "domain", "service-domain")] == [
        *(1, 2, 2, 1, 1)
    ]
    assert (bench.deployments("api", "production"), bench.deployments("Postgres", "production")) == (1, 2)


@pytest.mark.parametrize("count", [1, 20])
def test_a_commit_whose_answer_is_lost_is_found_and_deploys_once(bench: Bench, count: int) -> None:
    railway = bench.railway()
    bench.build(railway)
    look(railway)
    before = bench.deployments()
    bench.world.fault("railway", "reset after POST /graphql/v2?query=Apply")
    apply(railway, *(change(variable(f"V{number}", "1")) for number in range(count)))
    assert bench.deployments() - before == 1


def test_what_is_of_unknown_effect_is_looked_for_twice_before_it_is_sent_again(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway)
    look(railway)
    for operation, wanted in (("ServiceDomainCreate", service_domain("bilko")), ("Apply", variable("A", "1"))):
        bench.calls()
        bench.world.fault("railway", f"reset before POST /graphql/v2?query={operation}")
        apply(railway, change(wanted))
        assert bench.calls()[:4] == [operation, "Snapshot", "Snapshot", operation]
    bench.calls()
    bench.world.fault("railway", "reset before POST /graphql/v2?query=ServiceCreate")
    apply(railway, change(Service(project="bilko", name="web")))
    assert bench.calls() == ["ServiceCreate", "Projects", "Projects", "ServiceCreate", "Projects"]


def test_a_base_that_moved_elsewhere_is_read_anew_and_the_change_made(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway, variable("A", "1"), variable("B", "1"))
    live = look(railway)
    bench.edit("variable", "B", value="theirs")
    bench.calls()
    apply(railway, change(variable("A", "2"), found(live, variable("A", "1"))))
    assert bench.calls().count("Apply") == 2
    settled(look(bench.railway()), [variable("A", "2"), variable("B", "theirs")])


@pytest.mark.parametrize("sealed", [False, True])
def test_what_moved_itself_is_not_written_over_but_needs_a_new_plan(bench: Bench, sealed: bool) -> None:
    railway = bench.railway()
    bench.build(railway, variable("A", SecretText("1", "a"), sealed=sealed))
    live = look(railway)
    bench.edit("variable", "A", value="theirs")
    (outcome,) = railway.apply(
        [change(variable("A", SecretText("2", "a"), sealed=sealed), found(live, variable("A", "")))]
    )
    assert (outcome.status, outcome.exit_code) == ("failed", 11)
    assert "new plan" in outcome.error
    assert [one["value"] for one in bench.shelf("variable")] == ["theirs"]


def test_a_patch_is_not_sent_over_a_base_that_moved(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway, shared("X", "1"))
    live = look(railway)
    bench.edit("shared-variable", "X", value="theirs")
    bench.calls()
    (outcome,) = railway.apply([change(shared("X", "2"), found(live, shared("X", "")))])
    assert (outcome.status, outcome.exit_code) == ("failed", 11)
    assert "PatchCommit" not in bench.calls()


def test_a_plan_of_another_process_that_is_out_of_date_is_refused(bench: Bench) -> None:
    bench.build(bench.railway(), variable("A", "1"))
    live = look(bench.railway())
    bench.edit("variable", "A", value="theirs")
    (outcome,) = bench.railway().apply([change(variable("A", "2"), found(live, variable("A", "")))])
    assert (outcome.status, outcome.exit_code) == ("failed", 11)


def test_a_create_of_what_somebody_made_meanwhile_is_refused(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway)
    look(railway)
    place = {"project": "bilko", "environment": "production", "service": "api", "value": "theirs"}
    bench.world.create("railway", "variable", "A", "acme", place)
    (outcome,) = railway.apply([change(variable("A", "ours"))])
    assert (outcome.status, outcome.exit_code) == ("failed", 11)
    assert [one["value"] for one in bench.shelf("variable")] == ["theirs"]


def test_deleting_what_is_gone_is_done(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway, variable("A", "1"))
    apply(railway, *(change(one) for one in WAVES[3]))
    live = look(railway)
    gone = [*WAVES[3], variable("A", "1"), instance(), SECOND[1]]
    (id,) = [one["id"] for one in bench.shelf("project")]
    bench.world.delete("railway", "project", id, "acme", {})
    apply(railway, *(change(None, found(live, one)) for one in gone))
    apply(bench.railway(), *(change(None, found(live, one)) for one in gone))


def test_a_refused_token_fails_everything_and_says_so(bench: Bench) -> None:
    bench.build(bench.railway())
    outcomes = list(bench.railway(token="revoked").apply([change(variable("A", "1")), change(shared("X", "y"))]))
    assert {(one.status, one.exit_code) for one in outcomes} == {("failed", 14)}


def test_nothing_is_written_into_another_workspace_than_the_pinned_one(bench: Bench) -> None:
    outcomes = list(bench.railway("acme", token="token-other").apply([change(Project(name="bilko"))]))
    assert [(one.status, one.exit_code) for one in outcomes] == [("failed", 14)]
    assert not bench.world.shelf("railway", "other", "project")


def test_a_spent_budget_stops_the_wave_with_its_own_code(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway)
    look(railway)
    bench.world.fault("railway", "429 before POST /graphql/v2?query=Apply times=always retry-after=3000")
    (outcome,) = railway.apply([change(variable("A", "1"))])
    assert (outcome.status, outcome.exit_code) == ("failed", 15)


def test_a_domain_that_is_taken_elsewhere_fails_alone(bench: Bench) -> None:
    other = bench.railway("other")
    for declared in (FIRST, SECOND, (instance(),), (domain("api.bilko.example"),)):
        assert [one.status for one in other.apply([change(one) for one in declared])] == ["done"] * len(declared)
    railway = bench.railway()
    bench.build(railway)
    wave = [
        change(domain("api.bilko.example")),
        change(domain("b.bilko.example")),
    ]
    assert [(one.status, one.change.key) for one in railway.apply(wave)] == [
        ("failed", ("api.bilko.example",)),
        ("done", ("b.bilko.example",)),
    ]


def test_a_name_that_two_projects_have_is_not_written_to(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway)
    bench.world.create("railway", "project", "bilko", "acme", {})
    wave = [change(variable("A", "1")), change(Service(project="bilko", name="web"))]
    assert {one.status for one in bench.railway().apply(wave)} == {"failed"}
    assert not [one for one in bench.shelf("service") if one["name"] == "web"]


def test_no_value_is_told_by_whatever_refuses_it(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway)
    look(railway)
    secret = SecretText(CANARY, "s")
    bad = [
        change(variable("A", secret, at="bilko/production/nowhere")),
        change(variable("B", secret)),
        change(shared("X", secret)),
    ]
    bench.world.fault("railway", "500 before POST /graphql/v2?query=PatchCommit times=always")
    outcomes = list(railway.apply(bad))
    assert {one.status for one in outcomes} <= {"failed", "unsure"}
    assert CANARY not in "".join(f"{one.error}{one!r}{one.change!r}" for one in outcomes)
    assert CANARY not in repr(railway) + repr(bench.log.records())


def test_environments_are_made_with_the_pause_that_railway_asks_for(bench: Bench) -> None:
    railway = bench.railway()
    apply(railway, change(FIRST[0]))
    bench.answers["EnvironmentCreate"] = [{"message": "You are creating environments too quickly"}]
    apply(railway, change(Environment(project="bilko", name="staging")))
    assert 30.0 in bench.waits


def test_a_stale_base_is_told_by_its_code_and_tried_three_times(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway)
    look(railway)
    bench.calls()
    stale = {"message": "whatever it says", "extensions": {"code": "STALE_ENVIRONMENT_BASE"}}
    bench.answers["Apply"] = [stale] * 9
    (outcome,) = railway.apply([change(variable("A", "1"))])
    assert (outcome.status, outcome.exit_code) == ("failed", 11)
    assert len(bench.answers["Apply"]) == 6


def test_an_error_that_quotes_the_value_is_redacted(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway)
    look(railway)
    bench.answers["PatchCommit"] = [{"message": f"Variable S cannot hold {CANARY}"}]
    bench.answers["Apply"] = [{"message": f"Variable A cannot hold {CANARY}"}]
    wave = [change(variable("S", SecretText(CANARY, "s"), sealed=True))]
    (sealed,) = railway.apply(wave)
    (plain,) = railway.apply([change(variable("A", CANARY))])
    for outcome in (sealed, plain):
        assert outcome.status == "failed" and "cannot hold ***" in outcome.error
        assert CANARY not in outcome.error


def test_not_authorized_for_one_environment_is_a_gap_there_alone(bench: Bench) -> None:
    bench.build(bench.railway(), variable("A", "1"), variable("A", "1", at="bilko/staging/api"))
    bench.lacks["Snapshot"] = "e0"
    seen = look(bench.railway(), ("variable", "bilko/production"), ("variable", "bilko/staging"))
    (gap,) = seen.gaps
    assert (gap.container, gap.exit_code) == ("bilko/production", 17) and "bilko/production" in gap.right
    assert [one.key[0] for one in seen.seen] == ["bilko/staging/api"]


def test_not_authorized_to_delete_is_no_deletion(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway)
    live = look(railway)
    bench.answers["EnvironmentDelete"] = [{"message": "Not Authorized"}]
    (outcome,) = railway.apply([change(None, found(live, SECOND[1]))])
    assert (outcome.status, outcome.exit_code) == ("failed", 14)


def test_a_failure_that_railway_does_not_explain_is_asked_for_again(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway)
    trouble = {"message": "Problem processing request", "traceId": "12589155908218604820"}
    bench.answers["Snapshot"] = [trouble]
    assert look(railway, ("instance", "bilko/production")).gaps == ()
    bench.answers["Snapshot"] = [trouble] * 9
    (gap,) = look(railway, ("instance", "bilko/staging")).gaps
    assert "request 12589155908218604820" in gap.reason
