"""What is refused, stale or somebody else's on Railway: nothing is taken for absent, and no effect goes astray."""

from collections.abc import Callable
from typing import Any

import pytest

from reconcile.model.errors import StalePlan, WrongAccount

from .estate import Runbooks, changed, proved
from .estate import built as built
from .estate import runbooks as runbooks

READS = {"WhoAmI", "Projects", "Snapshot", "Poll", "Etags", "More", "PerService", "ApplyStatus"}
"""Operations that change nothing."""


def add(value: str = "1", name: str = "ADDED") -> Callable[[dict[str, Any]], None]:
    def edit(held: dict[str, Any]) -> None:
        held["railway"]["instance"]["api"]["variables"][name] = value

    return edit


@pytest.mark.parametrize("path", ["", "/graphql/v2?query=Projects", "/graphql/v2?query=Snapshot"])
def test_what_is_not_authorized_is_never_taken_for_absent(runbooks: Runbooks, path: str) -> None:
    runbooks.change("bilko-production", add())
    runbooks.change("bilko-staging", lambda held: held["railway"]["instance"]["api"]["variables"].pop("NODE_ENV"))
    before, records = runbooks.everything(), runbooks.everything("cloudflare")
    owned = runbooks.memory().owned
    runbooks.fault(f"403 POST {path} times=always account=bilko", "railway")
    for mode in ("spec", "drift"):
        run = runbooks.apply(mode=mode)
        assert [one for one in run.outcomes if one.change.account == "bilko"] == []
        assert changed(run.judged) == []
        reasons = {gap.reason for gap in run.judged.plan.gaps if gap.kind.startswith("railway.")}
        assert reasons and all("Not Authorized" in one for one in reasons)
        assert run.exit_code() == (17 if path else 14)
    assert set(runbooks.operations()) <= READS
    assert (runbooks.everything(), runbooks.everything("cloudflare")) == (before, records)
    assert runbooks.memory().owned == owned
    runbooks.world.clear_faults()
    assert changed(runbooks.plan()) == [
        ("bilko-production", "create", "git", "railway.variable.api/ADDED"),
        ("bilko-staging", "delete", "git", "railway.variable.api/NODE_ENV"),
    ]


def test_a_workspace_that_is_refused_stops_no_other(runbooks: Runbooks) -> None:
    runbooks.change("bilko-production", add())
    runbooks.change("capliquify-testing", lambda held: held["railway"]["instance"]["app"].update(replicas=2))
    runbooks.fault("403 POST times=always account=bilko", "railway")
    run = runbooks.apply()
    assert [(one.change.stack, one.status, one.verified) for one in run.outcomes] == [
        ("capliquify-testing", "done", True)
    ]
    assert run.exit_code() == 14


def test_the_token_of_another_account_is_refused(runbooks: Runbooks) -> None:
    before = runbooks.everything()
    runbooks.change("bilko-production", add())
    runbooks.tokens["bilko", "railway"] = runbooks.tokens["capliquify", "railway"]
    with pytest.raises(WrongAccount, match="account bilko opens railway account"):
        runbooks.plan()
    with pytest.raises(WrongAccount):
        runbooks.apply()
    assert set(runbooks.operations()) <= READS
    assert runbooks.everything() == before


def test_a_dead_token_is_a_gap_of_its_account(runbooks: Runbooks) -> None:
    runbooks.tokens["bilko", "railway"] = "revoked"
    run = runbooks.apply()
    assert (run.outcomes, run.exit_code()) == ((), 14)
    assert {gap.account for gap in run.judged.plan.gaps} == {"bilko"}


def test_accounts_keep_their_own(runbooks: Runbooks) -> None:
    others = {account: held for account, held in runbooks.everything().items() if account != "bilko"}
    runbooks.edit_variable("api", "NODE_ENV", value="by hand")
    runbooks.change("bilko-production", add())
    proved(runbooks.apply())
    assert {account: held for account, held in runbooks.everything().items() if account != "bilko"} == others


def just_before_the_commit(runbooks: Runbooks, act: Callable[[], None]) -> list[int]:
    """A person acts once, when the first change set is on its way and not yet there. Returns the calls it was at."""
    at: list[int] = []

    def on_call(number: int, moment: str) -> None:
        if moment == "before" and not at and runbooks.operations()[-1:] == ["Apply"]:
            at.append(number)
            act()

    runbooks.world.on_call = on_call
    return at


def test_a_stale_base_is_read_again_and_keeps_what_a_person_did(runbooks: Runbooks) -> None:
    runbooks.change("bilko-production", add())
    before = runbooks.deploys()
    at = just_before_the_commit(runbooks, lambda: runbooks.edit_variable("api", "NODE_ENV", value="by hand"))
    proved(runbooks.apply())
    assert len(at) == 1
    assert runbooks.operations().count("Apply") == 2
    assert (runbooks.value("api", "ADDED"), runbooks.value("api", "NODE_ENV")) == ("1", "by hand")
    assert runbooks.deploys() == before + 1
    assert changed(runbooks.plan()) == [("bilko-production", "update", "drift", "railway.variable.api/NODE_ENV")]


def test_what_a_person_writes_meanwhile_is_not_overwritten(runbooks: Runbooks) -> None:
    runbooks.change("bilko-production", add("development", "NODE_ENV"))
    before = runbooks.deploys()
    at = just_before_the_commit(runbooks, lambda: runbooks.edit_variable("api", "NODE_ENV", value="by hand"))
    run = runbooks.apply()
    assert len(at) == 1
    assert [(one.status, one.error) for one in run.outcomes] == [
        ("failed", "it moved since it was read; make a new plan")
    ]
    assert run.exit_code() == 11
    assert runbooks.value("api", "NODE_ENV") == "by hand"
    assert runbooks.deploys() == before
    runbooks.world.on_call = None
    proved(runbooks.apply())
    assert runbooks.value("api", "NODE_ENV") == "development"


def test_an_approved_plan_is_refused_once_an_instance_moved(runbooks: Runbooks) -> None:
    runbooks.change("bilko-production", lambda held: held["railway"]["instance"]["api"].update(replicas=2))
    judged = runbooks.plan()
    id = runbooks.one("instance", environment="production", service="api")["id"]
    runbooks.world.edit("railway", "instance", id, "bilko", {"numReplicas": "3"})
    before = runbooks.everything()
    with pytest.raises(StalePlan):
        runbooks.approve(judged)
    assert runbooks.everything() == before
    assert set(runbooks.operations()) <= READS


def test_an_approved_plan_is_refused_once_a_variable_moved(runbooks: Runbooks) -> None:
    runbooks.change("bilko-production", add("development", "NODE_ENV"))
    judged = runbooks.plan()
    runbooks.edit_variable("api", "NODE_ENV", value="by hand")
    before = runbooks.everything()
    with pytest.raises(StalePlan):
        runbooks.approve(judged)
    assert runbooks.everything() == before
    assert set(runbooks.operations()) <= READS
