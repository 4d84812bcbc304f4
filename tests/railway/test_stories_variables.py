"""Variables that are edited by hand, or not ours to know: what is put back, with how many deploys, and what is said."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from reconcile.cli.documents import plan_document
from reconcile.loop import Consent
from reconcile.model.verdict import Judged
from tests.crash.death import Death, Died
from tests.sampled import one_in

from .estate import BILKO, BY_HAND, Runbooks, changed, proved, settled
from .estate import built as built
from .estate import runbooks as runbooks

PRODUCTION = "bilko-production"
HEAL_READS, HEAL_CALLS = 14, 20
"""Calls that a heal of one environment makes, and how many of them before its first write; a test holds it true."""


def names(count: int) -> list[str]:
    return [f"PLAIN_{number:02}" for number in range(count)]


def with_plain(estate: Runbooks, count: int, value: str = "declared") -> None:
    """Declares so many more variables of production's api."""

    def edit(held: dict[str, Any]) -> None:
        held["railway"]["instance"]["api"]["variables"].update(dict.fromkeys(names(count), value))

    estate.change(PRODUCTION, edit)


def values(estate: Runbooks, count: int) -> set[str]:
    return {estate.value("api", name) for name in names(count)}


@pytest.fixture
def twenty(runbooks: Runbooks) -> Iterator[Runbooks]:
    """Twenty plain variables applied, then edited by hand; the call log is empty."""
    with_plain(runbooks, 20)
    proved(runbooks.apply(PRODUCTION))
    for name in names(20):
        runbooks.edit_variable("api", name, value="by hand")
    runbooks.world.clear_calls()
    yield runbooks


@pytest.mark.parametrize("count", [1, 20])
def test_new_variables_are_one_deploy(runbooks: Runbooks, count: int) -> None:
    before = runbooks.deploys()
    with_plain(runbooks, count)
    proved(runbooks.apply(PRODUCTION))
    assert values(runbooks, count) == {"declared"}
    assert runbooks.deploys() == before + 1


@pytest.mark.parametrize("mode", ["spec", "drift"])
@pytest.mark.parametrize("count", [1, 20])
def test_variables_edited_by_hand_are_put_back_with_one_deploy(runbooks: Runbooks, count: int, mode: Any) -> None:
    with_plain(runbooks, count)
    proved(runbooks.apply(PRODUCTION))
    before = runbooks.deploys()
    for name in names(count):
        runbooks.edit_variable("api", name, value="by hand")
    assert runbooks.deploys() == before
    judged = runbooks.plan(PRODUCTION, mode=mode)
    assert changed(judged) == [(PRODUCTION, "update", "drift", f"railway.variable.api/{name}") for name in names(count)]
    proved(runbooks.apply(PRODUCTION, mode=mode))
    assert values(runbooks, count) == {"declared"}
    assert runbooks.deploys() == before + 1
    assert [one["service"] for one in runbooks.shelf("deployment")[before:]] == ["api"]
    settled(runbooks.plan(PRODUCTION))
    proved(runbooks.apply(PRODUCTION, mode=mode))
    assert runbooks.deploys() == before + 1


def test_variables_deleted_by_hand_come_back_with_one_deploy(runbooks: Runbooks) -> None:
    with_plain(runbooks, 20)
    proved(runbooks.apply(PRODUCTION))
    before = runbooks.deploys()
    for name in names(20):
        id = runbooks.one("variable", environment="production", service="api", name=name)["id"]
        runbooks.world.delete("railway", "variable", id, "bilko", {})
    proved(runbooks.apply(PRODUCTION))
    assert values(runbooks, 20) == {"declared"}
    assert runbooks.deploys() == before + 1
    settled(runbooks.plan(PRODUCTION))


def test_variables_of_two_services_are_one_deploy_each(runbooks: Runbooks) -> None:
    before = runbooks.deploys()
    for service, name in (("api", "NODE_ENV"), ("api", "R2_ENDPOINT"), ("Postgres", "POSTGRES_DB")):
        runbooks.edit_variable(service, name, value="by hand")
    proved(runbooks.apply(PRODUCTION))
    assert sorted(one["service"] for one in runbooks.shelf("deployment")[before:]) == ["Postgres", "api"]


def test_variables_of_two_environments_are_one_deploy_each(runbooks: Runbooks) -> None:
    before = runbooks.deploys()
    for environment in ("staging", "production"):
        for name in ("NODE_ENV", "PORT"):
            runbooks.edit_variable("api", name, environment, value="by hand")
    proved(runbooks.apply(*BILKO))
    assert sorted(one["environment"] for one in runbooks.shelf("deployment")[before:]) == ["production", "staging"]


def test_a_shared_variable_is_one_deploy_for_each_service_that_refers_to_it(runbooks: Runbooks) -> None:
    before = runbooks.deploys("capliquify")
    shared = runbooks.one("shared-variable", "capliquify", environment="testing", name="NODE_ENV")
    runbooks.world.edit("railway", "shared-variable", shared["id"], "capliquify", {"value": "by hand"})
    proved(runbooks.apply())
    where = [(one["environment"], one["service"]) for one in runbooks.shelf("deployment", "capliquify")[before:]]
    assert sorted(where) == [("testing", "mcp-server"), ("testing", "sentia-manufacturing-testing")]


def test_a_heal_makes_the_calls_that_the_deaths_are_numbered_by(twenty: Runbooks) -> None:
    proved(twenty.apply(PRODUCTION, mode="drift"))
    asked = [one["path"] for one in twenty.world.calls()]
    assert len(asked) == HEAL_CALLS
    assert asked[HEAL_READS].endswith("?query=Apply")


@pytest.mark.parametrize("call", one_in(2, [(call,) for call in range(HEAL_READS, HEAL_CALLS + 1)]))
def test_a_heal_that_dies_ends_with_one_deploy(twenty: Runbooks, call: int) -> None:
    before = twenty.deploys()
    death = Death(twenty, (call, "after"))
    twenty.world.on_call = death.on_call
    with twenty.workshop() as shop, pytest.raises(Died):
        shop.reconciler().apply((PRODUCTION,), command="apply", mode="drift", ask=lambda judged: Consent())
    twenty.world.on_call = None
    assert death.copy is not None
    twenty.ledger_file = death.copy
    with twenty.workshop() as shop:
        shop.ledger().unlock(PRODUCTION, "its process died", "the story")
    proved(twenty.apply(PRODUCTION, mode="drift"))
    assert values(twenty, 20) == {"declared"}
    assert twenty.deploys() == before + 1
    settled(twenty.plan(PRODUCTION))
    assert twenty.memory().intents == ()


def test_what_exists_must_be_there_and_is_never_made(runbooks: Runbooks) -> None:
    id = runbooks.one("variable", environment="production", service="Postgres", name="POSTGRES_PASSWORD")["id"]
    runbooks.world.delete("railway", "variable", id, "bilko", {})
    before = runbooks.everything()
    judged = runbooks.plan()
    assert changed(judged) == []
    (gap,) = judged.plan.gaps
    assert (gap.exit_code, gap.container) == (16, "bilko/production/Postgres POSTGRES_PASSWORD")
    run = runbooks.apply()
    assert (run.outcomes, run.exit_code()) == ((), 16)
    assert runbooks.everything() == before
    assert runbooks.by_hand() == 1
    settled(runbooks.plan())


def test_what_exists_keeps_the_value_that_a_person_gave_it(runbooks: Runbooks) -> None:
    runbooks.edit_variable("Postgres", "POSTGRES_PASSWORD", value="of a person")
    runbooks.edit_variable("api", "NODE_ENV", value="by hand")
    proved(runbooks.apply())
    assert runbooks.value("Postgres", "POSTGRES_PASSWORD") == "of a person"
    assert runbooks.value("Postgres", "POSTGRES_PASSWORD", "staging").startswith(BY_HAND)
    assert runbooks.value("api", "NODE_ENV") == "production"


def test_what_exists_and_is_no_longer_declared_is_not_deleted(runbooks: Runbooks) -> None:
    runbooks.change(
        PRODUCTION, lambda held: held["railway"]["instance"]["postgres"]["variables"].pop("POSTGRES_PASSWORD")
    )
    before = runbooks.everything()
    judged = runbooks.plan()
    assert changed(judged) == []
    assert [one.seen.key for one in judged.plan.unmanaged] == [("bilko/production/Postgres", "POSTGRES_PASSWORD")]
    assert runbooks.apply().outcomes == ()
    assert runbooks.everything() == before


PASSWORD = "railway.variable.postgres/POSTGRES_PASSWORD"


def touched(judged: Judged) -> list[tuple[str, str, str]]:
    return [(one.now.stack, str(one.now.address), one.verdict) for one in judged.plan.touched]


def seal_password(estate: Runbooks) -> None:
    """A person seals it in the console, and an apply has seen it so."""
    estate.edit_variable("Postgres", "POSTGRES_PASSWORD", isSealed="true")
    estate.apply(PRODUCTION)
    estate.adopt(PASSWORD)
    settled(estate.plan())
    assert estate.plan().plan.touched == ()


@pytest.mark.parametrize(("sealed", "verdict"), [(False, "value changed"), (True, "touched, value unknown")])
def test_whoever_writes_what_only_exists_is_noticed(runbooks: Runbooks, sealed: bool, verdict: str) -> None:
    proved(runbooks.apply())
    if sealed:
        seal_password(runbooks)
    before = runbooks.deploys()
    runbooks.edit_variable("Postgres", "POSTGRES_PASSWORD", value="of somebody else")
    for judged in (runbooks.plan(), runbooks.drift()):
        assert touched(judged) == [(PRODUCTION, PASSWORD, verdict)] and changed(judged) == []
    document = plan_document(runbooks.plan(), calls_made=0, seconds=0, exit_code=16)
    (told,) = document["touched"]
    assert (told["address"], told["verdict"]) == (PASSWORD, verdict) and told["before"] < told["after"]
    assert "of somebody else" not in json.dumps(document)
    proved(runbooks.apply(), 16)
    assert (runbooks.value("Postgres", "POSTGRES_PASSWORD"), runbooks.deploys()) == ("of somebody else", before)


def test_a_person_takes_what_somebody_wrote_as_right(runbooks: Runbooks) -> None:
    proved(runbooks.apply())
    runbooks.edit_variable("Postgres", "POSTGRES_PASSWORD", value="rotated")
    runbooks.adopt()
    assert touched(runbooks.plan()) == [(PRODUCTION, PASSWORD, "value changed")]
    runbooks.adopt(PASSWORD)
    assert touched(runbooks.plan()) == []
    proved(runbooks.apply())


def test_the_same_value_written_again_is_no_touch(runbooks: Runbooks) -> None:
    proved(runbooks.apply())
    runbooks.edit_variable("Postgres", "POSTGRES_PASSWORD", value=runbooks.value("Postgres", "POSTGRES_PASSWORD"))
    assert touched(runbooks.plan()) == []


def test_an_owner_that_is_no_longer_declared_deletes_nothing_that_exists(runbooks: Runbooks) -> None:
    proved(runbooks.apply())
    assert runbooks.memory().sightings
    runbooks.change(
        PRODUCTION, lambda held: held["railway"]["instance"]["postgres"]["variables"].pop("POSTGRES_PASSWORD")
    )
    before = runbooks.everything()
    proved(runbooks.apply())
    assert runbooks.everything() == before
    assert PASSWORD not in {str(place.address) for place in runbooks.memory().sightings if place.stack == PRODUCTION}


def test_a_value_from_the_environment_is_put_back_when_edited(
    runbooks: Runbooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILKO_SENTRY_DSN", "https://first@sentry.example/1")
    assert changed(runbooks.plan()) == [(PRODUCTION, "update", "git", "railway.variable.api/SENTRY_DSN")]
    proved(runbooks.apply())
    settled(runbooks.plan())
    before = runbooks.deploys()
    runbooks.edit_variable("api", "SENTRY_DSN", value="by hand")
    judged = runbooks.plan()
    assert changed(judged) == [(PRODUCTION, "update", "drift", "railway.variable.api/SENTRY_DSN")]
    (field,) = judged.plan.changes[0].fields
    assert (field.name, field.hidden, field.before, field.after) == ("value", True, None, None)
    proved(runbooks.apply(mode="drift"))
    assert runbooks.value("api", "SENTRY_DSN") == "https://first@sentry.example/1"
    assert runbooks.deploys() == before + 1
    settled(runbooks.plan())


def seal(held: dict[str, Any]) -> None:
    held["railway"]["instance"]["api"]["variables"]["SENTRY_DSN"]["sealed"] = True


def test_a_plan_document_says_that_nobody_knows_an_unreadable_value(runbooks: Runbooks) -> None:
    runbooks.change(PRODUCTION, seal)
    proved(runbooks.apply(PRODUCTION))
    runbooks.edit_variable("api", "SENTRY_DSN", value="by hand")
    document = plan_document(runbooks.plan(), calls_made=0, seconds=0, exit_code=0)
    assert document["changes"][0]["fields"] == {"value": {"hidden": True, "changed": None}}


def test_an_unreadable_value_that_somebody_touched_is_told_as_unknown(runbooks: Runbooks) -> None:
    runbooks.change(PRODUCTION, seal)
    declared = runbooks.value("api", "SENTRY_DSN")
    proved(runbooks.apply())
    settled(runbooks.plan())
    before = runbooks.deploys()
    runbooks.edit_variable("api", "SENTRY_DSN", value="by hand")
    for judged in (runbooks.plan(), runbooks.drift()):
        assert changed(judged) == [(PRODUCTION, "update", "drift", "railway.variable.api/SENTRY_DSN")]
        (field,) = judged.plan.changes[0].fields
        assert (field.name, field.unknown, field.hidden) == ("value", True, True)
    proved(runbooks.apply())
    assert runbooks.value("api", "SENTRY_DSN") == declared
    assert runbooks.deploys() == before + 1
    settled(runbooks.plan())
