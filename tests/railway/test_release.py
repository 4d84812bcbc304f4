"""What is written quietly starts nothing; a release starts it once. A person's staged changes are theirs."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from reconcile.model.change import Change, Outcome
from reconcile.model.errors import Unavailable
from reconcile.model.resource import Resource
from reconcile.model.secret import SecretText
from reconcile.platforms.railway import Railway, Release, Service, documents
from reconcile.platforms.railway.kinds import KINDS
from tests.railway.platform_bench import (
    API,
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
    settled,
    shared,
    there,
    variable,
    volume,
)

__all__ = ["bench"]
CANARY = "canary-2b7e-never-told"
VARIABLES = [variable(f"V{number}", str(number)) for number in range(20)]
SEALED = variable("S", SecretText(CANARY, "s"), sealed=True)
EFFECTS = ["502 after", "reset after", "502 before", "reset before", "truncate"]


def quiet(after: Resource, live: Any = None) -> Change:
    return replace(change(after, live), quiet=True)


def release(at: str = API, digest: str = "1", before: Release | None = None) -> Change:
    want = Release.declared({"instance": at, "digest": digest})
    made = change(want)
    return made if before is None else replace(made, verb="update", before=before, id="any")


def built(bench: Bench) -> Railway:
    """Projects, environments and services; nothing runs."""
    railway = bench.railway()
    for declared in (FIRST, SECOND):
        apply(railway, *(change(one) for one in declared))
    bench.calls()
    return railway


def stage(bench: Bench, patch: dict[str, Any] | None) -> None:
    """What a person does at the dashboard before the button; None discards it."""
    bench.edit("environment", "production", staged=json.dumps(patch))


def staged(bench: Bench) -> list[dict[str, Any]]:
    """What waits for the button; nothing where that is empty."""
    return [one["patch"] for one in bench.shelf("patch") if one["status"] == "STAGED" and one["patch"]]


def commits(bench: Bench) -> list[dict[str, Any]]:
    return [one["patch"] for one in bench.shelf("patch") if one["status"] == "COMMITTED"]


@pytest.fixture
def running(bench: Bench) -> Iterator[tuple[Bench, Railway]]:
    railway = bench.railway()
    bench.build(railway)
    look(railway)
    bench.calls()
    yield bench, railway


def one_by_one(railway: Railway, wanted: Sequence[Resource]) -> None:
    for one in wanted:
        apply(railway, quiet(one))


def test_an_instance_and_its_variables_start_nothing_and_a_release_starts_it_once(bench: Bench) -> None:
    railway = built(bench)
    wanted = [instance(), *VARIABLES, SEALED, shared("REGION", "eu")]
    one_by_one(railway, wanted)
    assert bench.deployments() == 0
    (outcome,) = apply(railway, release())
    (made,) = bench.shelf("deployment")
    assert outcome.resource == Release(instance=API, digest="1", deployment=made["id"])
    (service,) = [one["id"] for one in bench.shelf("service") if one["name"] == "api"]
    (environment,) = [one["id"] for one in bench.shelf("environment") if one["name"] == "production"]
    assert outcome.id == f"{service}@{environment}"
    assert [one["environment"] for one in bench.shelf("deployment")] == ["production"]
    settled(look(bench.railway()), [one for one in wanted if one is not SEALED])
    (sealed,) = [one for one in bench.shelf("variable") if one["name"] == "S"]
    assert (sealed["value"], sealed["isSealed"]) == (CANARY, True)
    # It runs what is set: another start of the same differs in nothing.
    apply(railway, release(digest="2", before=outcome.resource))
    assert len({one["print"] for one in bench.shelf("deployment")}) == 1 and bench.deployments() == 2


def test_several_quiet_changes_are_one_commit_an_environment_which_takes_three_requests(
    running: tuple[Bench, Railway],
) -> None:
    bench, railway = running
    before = bench.deployments()
    wave = [quiet(one) for one in (*VARIABLES, shared("X", "1"), variable("A", "1", at=f"{STAGING}/api"))]
    apply(railway, *wave)
    assert sorted(bench.calls()) == ["QuietCommit"] * 2 + ["Snapshot"] * 2 + ["StagedBase"] * 2
    assert bench.deployments() == before
    assert [len(one["services"]) for one in commits(bench)[-2:]] == [1, 1]


def test_an_instance_is_changed_quietly(running: tuple[Bench, Railway]) -> None:
    bench, railway = running
    bench.edit("instance", "api", drainingSeconds="30")
    live, before = look(railway), bench.deployments()
    wanted = instance(replicas=3, region="europe-west", source={"image": "ghcr.io/example/api:2"}, sleep=True)
    apply(railway, quiet(wanted, found(live, instance())))
    settled(look(bench.railway()), [wanted])
    (held,) = [one for one in bench.shelf("instance") if (one["name"], one["environment"]) == ("api", "production")]
    assert (bench.deployments(), held["config"]["deploy"]["drainingSeconds"]) == (before, 30)


def test_values_of_sealed_variables_are_changed_quietly_and_told_nowhere(running: tuple[Bench, Railway]) -> None:
    bench, railway = running
    apply(railway, quiet(SEALED))
    live, before = look(railway), bench.deployments()
    new = variable("S", SecretText(f"{CANARY}-2", "s"), sealed=True)
    (outcome,) = apply(railway, quiet(new, found(live, SEALED)))
    (held,) = [one for one in bench.shelf("variable") if one["name"] == "S"]
    assert (held["value"], held["isSealed"], bench.deployments()) == (f"{CANARY}-2", True, before)
    assert CANARY not in f"{outcome!r}{railway!r}{bench.log.records()!r}"


def test_loud_and_quiet_changes_of_one_wave_are_both_made(running: tuple[Bench, Railway]) -> None:
    bench, railway = running
    before = (bench.deployments("api", "production"), bench.deployments("Postgres", "production"))
    wave = [quiet(variable("Q", "1")), quiet(shared("X", "1")), change(variable("L", "1", at=DATABASE))]
    wave += [change(shared("Y", "1")), quiet(domain("api.bilko.example")), quiet(proxy(5432))]
    apply(railway, *wave)
    settled(look(bench.railway()), [one.after for one in wave if one.after is not None])
    after = (bench.deployments("api", "production"), bench.deployments("Postgres", "production"))
    assert after == (before[0], before[1] + 1)


@pytest.mark.parametrize("loud", [True, False])
def test_what_stands_in_an_instance_of_the_same_wave_comes_with_it_or_after_it(bench: Bench, loud: bool) -> None:
    railway = built(bench)
    wave = [replace(change(instance()), quiet=not loud), replace(change(variable("A", "1")), quiet=loud)]
    apply(railway, *wave)
    settled(look(bench.railway()), [instance(), variable("A", "1")])
    assert bench.deployments("api", "production") == 1


def test_a_refusal_that_quotes_the_value_is_redacted(running: tuple[Bench, Railway]) -> None:
    bench, railway = running
    bench.answers["QuietCommit"] = [{"message": f"Variable cannot hold {CANARY}"}] * 2
    for one in (SEALED, variable("A", CANARY)):
        (outcome,) = railway.apply([quiet(one)])
        assert outcome.status == "failed" and "cannot hold ***" in outcome.error


def test_a_volume_and_a_delete_are_as_loud_as_ever(running: tuple[Bench, Railway]) -> None:
    bench, railway = running
    apply(railway, quiet(variable("A", "1")))
    live, before = look(railway), bench.deployments()
    apply(railway, replace(change(None, found(live, variable("A", "1"))), quiet=True))
    assert bench.deployments() == before + 1
    apply(railway, quiet(volume("data", "/data")))
    assert bench.deployments("Postgres", "production") == 2
    settled(look(bench.railway()), [volume("data", "/data")])


PATCHES: list[dict[str, Any]] = [
    {"sharedVariables": {"MINE": {"value": "theirs"}}},
    {"volumes": {"SERVICE": {"isDeleted": True}}},
    {"services": {"SERVICE": {"isDeleted": True}}},
]


@pytest.mark.parametrize("number", range(len(PATCHES)))
def test_a_persons_staged_patch_is_neither_committed_nor_lost(running: tuple[Bench, Railway], number: int) -> None:
    bench, railway = running
    (service,) = [one["id"] for one in bench.shelf("service") if one["name"] == "api"]
    patch = json.loads(json.dumps(PATCHES[number]).replace("SERVICE", service))
    stage(bench, patch)
    wave = [quiet(variable("A", "1")), quiet(shared("X", "1")), change(variable("L", "1"))]
    wave.append(quiet(variable("A", "1", at=f"{STAGING}/api")))
    outcomes = {(one.change.key, one.change.quiet): one for one in railway.apply(wave)}
    assert [outcomes[one.key, one.quiet].status for one in wave] == ["failed", "failed", "done", "done"]
    why = outcomes[wave[0].key, True].error
    assert PRODUCTION in why and "commit or discard the staged changes in Railway" in why and "theirs" not in why
    assert staged(bench) == [patch]
    assert not there(look(railway), variable("A", "1"))
    stage(bench, None)
    apply(railway, *wave[:2])
    settled(look(bench.railway()), [variable("A", "1"), shared("X", "1")])


def test_what_is_refused_is_halved_and_leaves_nothing_staged(running: tuple[Bench, Railway]) -> None:
    bench, railway = running
    bad = {"message": "Variable B is not allowed"}
    bench.answers["QuietCommit"] = [bad, bad, bad]
    wave = [quiet(variable(name, "1")) for name in "ABCD"]
    outcomes = [one.status for one in railway.apply(wave)]
    assert sorted(outcomes) == ["done"] * 3 + ["failed"]
    assert (staged(bench), bench.deployments("api", "production")) == ([], 1)


def test_a_commit_that_fails_after_staging_is_taken_back(running: tuple[Bench, Railway]) -> None:
    """The instance went between the look and the commit: what was staged for it must not wait for a person."""
    bench, railway = running
    real = railway._graph.ask

    def gone(text: str, **variables: Any) -> Any:
        if "QuietCommit" in text:
            for one in bench.shelf("service"):
                if one["name"] == "Postgres":
                    bench.world.delete("railway", "service", one["id"], "acme", {})
        return real(text, **variables)

    railway._graph.ask = gone  # type: ignore[method-assign]
    (outcome,) = railway.apply([quiet(variable("A", "1", at=DATABASE))])
    assert outcome.status == "failed"
    assert staged(bench) == []
    assert bench.calls()[:4] == ["StagedBase", "QuietCommit", "Staged", "Unstage"]


def test_what_was_staged_and_not_committed_is_told_from_a_persons_and_written(running: tuple[Bench, Railway]) -> None:
    """Railway went away between the two, and with it the first look at what is left there."""
    bench, railway = running
    real, lost, before = railway._graph.ask, ["QuietCommit", "Staged("], len(commits(bench))

    def failing(text: str, **variables: Any) -> Any:
        if not lost or lost[0] not in text:
            return real(text, **variables)
        if lost.pop(0) == "QuietCommit":
            real(documents.UNSTAGE, e=variables["e"], p=variables["p"])
        raise Unavailable("gone", unsure=True)

    railway._graph.ask = failing  # type: ignore[method-assign]
    apply(railway, quiet(variable("A", "1")))
    assert (lost, staged(bench), len(commits(bench))) == ([], [], before + 1)
    settled(look(bench.railway()), [variable("A", "1")])


def test_what_a_person_staged_upon_ours_is_not_thrown_away_with_it(running: tuple[Bench, Railway]) -> None:
    bench, railway = running
    (service,) = [one["id"] for one in bench.shelf("service") if one["name"] == "api"]
    theirs = {"services": {service: {"variables": {"MINE": {"value": "theirs"}}}}}
    real = railway._graph.ask

    def staging(text: str, **variables: Any) -> Any:
        if "QuietCommit" in text:
            stage(bench, theirs)
            bench.answers["QuietCommit"] = [{"message": "No"}]
        return real(text, **variables)

    railway._graph.ask = staging  # type: ignore[method-assign]
    (outcome,) = railway.apply([quiet(variable("A", "1"))])
    assert (outcome.status, staged(bench)) == ("failed", [theirs])


@pytest.mark.parametrize("fault", EFFECTS)
@pytest.mark.parametrize("operation", ["StagedBase", "QuietCommit", "Snapshot"])
def test_a_lost_answer_writes_nothing_twice_and_starts_nothing(
    running: tuple[Bench, Railway], operation: str, fault: str
) -> None:
    bench, railway = running
    before = bench.deployments()
    bench.world.fault("railway", f"{fault} POST /graphql/v2?query={operation}")
    for _ in range(2):
        live = look(railway)
        wave = [quiet(one) for one in (*VARIABLES[:3], SEALED, shared("X", "1")) if not there(live, one)]
        outcomes = list(railway.apply(wave))
        assert {one.status for one in outcomes} <= {"done", "unsure", "failed"}
        assert CANARY not in "".join(f"{one.error}{one!r}" for one in outcomes)
    assert bench.world.faults()["railway"] == []
    settled(look(bench.railway()), [*VARIABLES[:3], shared("X", "1")])
    assert (staged(bench), bench.deployments()) == ([], before)
    assert len([one for one in commits(bench) if "X" in one.get("sharedVariables", {})]) == 1


def test_a_quiet_change_of_unknown_effect_is_looked_for_twice_before_it_is_sent_again(
    running: tuple[Bench, Railway],
) -> None:
    bench, railway = running
    bench.world.fault("railway", "reset before POST /graphql/v2?query=QuietCommit")
    apply(railway, quiet(variable("A", "1")))
    assert bench.calls() == [
        *("StagedBase", "QuietCommit", "Staged", "Snapshot", "Snapshot"),
        *("StagedBase", "QuietCommit", "Snapshot"),
    ]


def test_a_base_that_moved_elsewhere_is_read_anew_and_the_change_made(running: tuple[Bench, Railway]) -> None:
    bench, railway = running
    apply(railway, quiet(variable("A", "1")), quiet(variable("B", "1")))
    live = look(railway)
    bench.edit("variable", "B", value="theirs")
    bench.calls()
    apply(railway, quiet(variable("A", "2"), found(live, variable("A", "1"))))
    assert bench.calls() == ["StagedBase", "Snapshot", "StagedBase", "QuietCommit", "Snapshot"]
    settled(look(bench.railway()), [variable("A", "2"), variable("B", "theirs")])


@pytest.mark.parametrize("sealed", [False, True])
def test_what_moved_itself_is_not_written_over(running: tuple[Bench, Railway], sealed: bool) -> None:
    bench, railway = running
    apply(railway, quiet(variable("A", SecretText("1", "a"), sealed=sealed)))
    live = look(railway)
    bench.edit("variable", "A", value="theirs")
    new = variable("A", SecretText("2", "a"), sealed=sealed)
    (outcome,) = railway.apply([quiet(new, found(live, variable("A", "")))])
    assert (outcome.status, outcome.exit_code) == ("failed", 11) and "new plan" in outcome.error
    assert [one["value"] for one in bench.shelf("variable")] == ["theirs"]


def test_a_refused_token_fails_a_quiet_change_and_a_release_alike(running: tuple[Bench, Railway]) -> None:
    bench, _ = running
    outcomes = list(bench.railway(token="revoked").apply([quiet(variable("A", "1")), release()]))
    assert {(one.status, one.exit_code) for one in outcomes} == {("failed", 14)}


def test_a_release_follows_the_quiet_changes_of_its_own_wave(running: tuple[Bench, Railway]) -> None:
    bench, railway = running
    wave = [release(), release(DATABASE), release(f"{STAGING}/api"), quiet(variable("A", "1"))]
    apply(railway, *wave)
    calls = bench.calls()
    assert calls.index("QuietCommit") < calls.index("Latest") < calls.index("Deploy")
    assert (calls.count("Latest"), calls.count("Deploy")) == (2, 3)
    counts = [bench.deployments(*place) for place in (("api", "production"), ("Postgres",), ("api", "staging"))]
    assert counts == [2, 2, 2]
    apply(railway, release(digest="2"))
    assert len({one["print"] for one in bench.shelf("deployment")[-2:]}) == 2


def test_an_instance_without_a_source_is_released_without_a_deployment(bench: Bench) -> None:
    railway = built(bench)
    apply(railway, quiet(instance(source=None, start_command="serve")))
    (outcome,) = apply(railway, release())
    assert isinstance(outcome.resource, Release) and outcome.resource.deployment is None and outcome.id
    assert (bench.deployments(), "Deploy" in bench.calls()) == (0, False)


def test_the_end_of_a_release_asks_nothing_and_ends_nothing(running: tuple[Bench, Railway]) -> None:
    bench, railway = running
    (made,) = apply(railway, release())
    bench.calls()
    before = bench.deployments()
    ending = replace(change(made.resource), verb="delete", before=made.resource, after=None, id=made.id)
    (outcome,) = bench.railway().apply([ending])
    assert (outcome.status, outcome.id, outcome.resource) == ("done", made.id, None)
    assert (bench.calls(), bench.deployments(), bench.railway().predict([ending])) == ([], before, 0)


@pytest.mark.parametrize("fault", EFFECTS)
@pytest.mark.parametrize("operation", ["Latest", "Deploy"])
def test_a_lost_answer_starts_an_instance_once(running: tuple[Bench, Railway], operation: str, fault: str) -> None:
    bench, railway = running
    bench.world.fault("railway", f"{fault} POST /graphql/v2?query={operation}")
    (outcome,) = railway.apply([release()])
    if outcome.status != "done":
        assert operation == "Latest" and bench.deployments("api", "production") == 1
        (outcome,) = apply(railway, release())
    assert bench.world.faults()["railway"] == []
    assert bench.deployments("api", "production") == 2
    latest = [one["id"] for one in bench.shelf("deployment") if one["environment"] == "production"][-1]
    assert isinstance(outcome.resource, Release) and outcome.resource.deployment == latest


def test_a_start_of_unknown_effect_is_looked_for_twice_before_another(running: tuple[Bench, Railway]) -> None:
    bench, railway = running
    bench.world.fault("railway", "reset before POST /graphql/v2?query=Deploy")
    apply(railway, release())
    assert bench.calls() == ["Latest", "Deploy", "Latest", "Latest", "Deploy"]
    bench.world.fault("railway", "reset after POST /graphql/v2?query=Deploy")
    apply(railway, release())
    assert bench.calls() == ["Latest", "Deploy", "Latest"]


def test_a_start_that_cannot_be_looked_for_is_unsure(running: tuple[Bench, Railway]) -> None:
    bench, railway = running
    bench.world.fault("railway", "reset after POST /graphql/v2?query=Deploy")
    real = railway._graph.together

    def deaf(asked: Any) -> Any:
        if "mutation Deploy" in str(asked):
            bench.world.fault("railway", "500 before POST /graphql/v2?query=Latest times=always")
        return real(asked)

    railway._graph.together = deaf  # type: ignore[method-assign]
    (outcome,) = railway.apply([release()])
    assert outcome.status == "unsure" and "looking for it" in outcome.error


def test_what_is_not_there_is_not_released(running: tuple[Bench, Railway]) -> None:
    bench, railway = running
    before = bench.deployments()
    wave = [release(f"{PRODUCTION}/none"), release("bilko/none/api"), release("none/production/api"), release()]
    apply(railway, change(Service(project="bilko", name="web")))
    outcomes: dict[Any, Outcome] = {one.change.key: one for one in railway.apply(wave)}
    assert [outcomes[one.key].status for one in wave] == ["failed"] * 3 + ["done"]
    assert bench.deployments() == before + 1
    bench.answers["Deploy"] = [{"message": "Not Authorized"}]
    (denied,) = railway.apply([release()])
    assert (denied.status, denied.exit_code) == ("failed", 14)


CASES = ["variable", "instance", "made", "sealed", "mixed", "release", "both", "volume"]
"""The last is foretold only where the environment was read: it is not known before whether there are volumes."""


@pytest.mark.parametrize(("case", "read"), [(case, read) for case in CASES for read in (True, False)][:-1])
def test_calls_of_quiet_changes_and_releases_are_foretold(
    running: tuple[Bench, Railway], case: str, read: bool
) -> None:
    bench, railway = running
    live = look(railway)
    railway = railway if read else bench.railway()
    made = quiet(postgres(environment=STAGING))
    wave = {
        "variable": [quiet(one) for one in VARIABLES],
        "instance": [quiet(instance(replicas=2), found(live, instance()))],
        "made": [made, quiet(variable("A", "1", at=f"{STAGING}/Postgres"))],
        "sealed": [quiet(SEALED)],
        "mixed": [quiet(variable("A", "1")), change(variable("B", "1")), change(shared("X", "1"))],
        "volume": [quiet(variable("A", "1")), quiet(volume("data", "/data")), change(shared("X", "1"))],
        "release": [release(), release(DATABASE), release(f"{STAGING}/api")],
        "both": [quiet(variable("A", "1")), release()],
    }[case]
    bench.calls()
    foretold = railway.predict(wave)
    apply(railway, *wave)
    assert len(bench.calls()) == foretold


def test_a_release_is_of_no_stack_file_and_of_no_listing(running: tuple[Bench, Railway]) -> None:
    _, railway = running
    apply(railway, release())
    assert Railway.releases == (Release,) and Release not in KINDS and Release not in Railway.kinds
    assert Release.refers() == {"instance": "railway.instance"}
    assert Release.declared({"instance": API, "digest": "1"}).container() == PRODUCTION
    assert Release.kind not in {one.kind for one in look(railway).seen}
