"""Budgets of a workspace: by its tier, by `--max-calls`; what is spent stops one account, says so, and is resumed."""

import datetime as dt
import re
from typing import Any

import pytest
import yaml

from reconcile.model.errors import WrongAccount
from reconcile.platforms.railway import Railway
from reconcile.sandbox.limits import RateLimit
from tests.sampled import only_proof

from .estate import Runbooks, changed, proved, settled
from .estate import built as built
from .estate import runbooks as runbooks

TIERS = {"free": 100, "hobby": 1_000, "pro": 10_000}
"""Calls an hour."""


def two_edits(runbooks: Runbooks) -> None:
    """One for each of two workspaces."""
    variables = {"ADDED": "1"}
    runbooks.change("bilko-production", lambda held: held["railway"]["instance"]["api"]["variables"].update(variables))
    runbooks.change("capliquify-testing", lambda held: held["railway"]["instance"]["app"].update(replicas=2))


def of_project(runbooks: Runbooks, **access: Any) -> None:
    """Changes what _project.yaml says of Bilko on Railway; None takes a word out."""
    path = runbooks.root / "stacks" / "_project.yaml"
    held = yaml.safe_load(path.read_text())
    there = held["accounts"]["bilko"]["railway"] | access
    held["accounts"]["bilko"]["railway"] = {name: value for name, value in there.items() if value is not None}
    path.write_text(yaml.safe_dump(held))


def spent(runbooks: Runbooks, account: str, left: int) -> None:
    """The vendor counts, and so many calls are left to the workspace in this hour."""
    limit = runbooks.world.mount("railway").limit
    if limit is None:
        tiers = {name: (calls, 3600.0) for name, calls in TIERS.items()}
        limit = RateLimit(10_000, 3600.0, lambda: runbooks.world.now().timestamp(), tiers)
        runbooks.world.mount("railway").limit = limit
    tier = {"bilko": "hobby", "capliquify": "pro"}[account]
    for _ in range(TIERS[tier] - left):
        limit.spend(account, tier)


def seconds_told(text: str) -> int:
    """How long the message says to wait."""
    (found,) = re.findall(r"(\d+) s\b", text)
    return int(found)


@pytest.mark.parametrize("most", [0, only_proof(1), only_proof(3), 8, only_proof(13), 16, only_proof(20)])
def test_max_calls_stops_with_15_and_the_next_run_resumes(runbooks: Runbooks, most: int) -> None:
    two_edits(runbooks)
    run = runbooks.apply(max_calls=most)
    assert len(runbooks.world.calls()) <= most
    # 13 where all was written, and only the look at it was one call too many.
    assert run.exit_code() in ((0, 13, 15) if run.outcomes else (15,))
    if run.exit_code() == 15:
        told = [gap.reason for gap in run.judged.plan.gaps] + [one.error for one in run.outcomes if one.error]
        assert any(f"--max-calls {most} is reached" in one for one in told)
    proved(runbooks.apply())
    settled(runbooks.plan())


def test_a_workspace_whose_hour_is_spent_stops_alone_and_says_how_long(runbooks: Runbooks) -> None:
    two_edits(runbooks)
    spent(runbooks, "bilko", left=0)
    run = runbooks.apply()
    assert run.exit_code() == 15
    assert [(one.change.stack, one.status) for one in run.outcomes] == [("capliquify-testing", "done")]
    gaps = [gap for gap in run.judged.plan.gaps if gap.exit_code == 15]
    assert {gap.account for gap in gaps} == {"bilko"}
    assert all(0 < seconds_told(gap.reason) <= 3600 for gap in gaps)
    runbooks.world.advance(dt.timedelta(hours=1))
    proved(runbooks.apply())
    settled(runbooks.plan())


def test_a_budget_that_ends_while_writing_says_how_long_and_is_resumed(runbooks: Runbooks) -> None:
    two_edits(runbooks)
    runbooks.plan()
    reading = len([one for one in runbooks.world.calls() if (one["account"], one["platform"]) == ("bilko", "railway")])
    spent(runbooks, "bilko", left=reading)
    run = runbooks.apply()
    became = {one.change.stack: (one.status, one.exit_code) for one in run.outcomes}
    assert became == {"bilko-production": ("failed", 15), "capliquify-testing": ("done", 0)}
    assert run.exit_code() == 15
    (error,) = [one.error for one in run.outcomes if one.error]
    assert 0 < seconds_told(error) <= 3600
    assert not runbooks.shelf("variable", name="ADDED")
    runbooks.world.mount("railway").limit = None
    proved(runbooks.apply())
    assert runbooks.value("api", "ADDED") == "1"


def test_our_own_budget_is_the_tiers_and_is_the_workspaces_own(runbooks: Runbooks) -> None:
    """A free workspace has 100 calls an hour; Bilko's other platform and the other workspaces have theirs."""
    of_project(runbooks, tier="free")

    def asked(most: int) -> tuple[int, list[str]]:
        """Plans until Bilko is refused, at most so often. Returns its calls, and what was refused."""
        runbooks.world.clear_calls()
        with runbooks.workshop() as shop:
            reconciler = shop.reconciler()
            judged = next((one for one in (reconciler.plan(["bilko"]) for _ in range(most)) if one.plan.gaps), None)
            assert reconciler.plan(["capliquify"]).plan.gaps == ()
        there = ("bilko", "railway")
        calls = [one for one in runbooks.world.calls() if (one["account"], one["platform"]) == there]
        return len(calls), [f"{one.account} {one.exit_code} {one.reason}" for one in judged.plan.gaps] if judged else []

    calls, told = asked(TIERS["free"] + 10)
    # One more comes back every 36 s, and so long a wait is not too long; the next one's is.
    assert TIERS["free"] <= calls <= TIERS["free"] + 2
    assert max(runbooks.slept, default=0) < 60
    assert told and all(one.startswith("bilko 15 ") and "call budget is spent" in one for one in told)
    of_project(runbooks, tier="hobby")
    calls, told = asked(TIERS["free"] + 10)
    assert (calls > TIERS["free"] + 5, told) == (True, [])


def test_the_tiers_are_the_vendors() -> None:
    assert {tier: rate.calls / rate.seconds * 3600 for tier, rate in Railway.rates.items()} == TIERS


def test_a_workspace_stays_pinned_when_the_project_no_longer_names_its_id(runbooks: Runbooks) -> None:
    of_project(runbooks, id=None)
    settled(runbooks.plan())
    two_edits(runbooks)
    runbooks.tokens["bilko", "railway"] = runbooks.tokens["capliquify", "railway"]
    runbooks.world.clear_calls()
    before = runbooks.everything()
    with pytest.raises(WrongAccount, match=r"bilko opens railway account .* pinned to fef65949"):
        runbooks.apply()
    assert runbooks.everything() == before
    assert runbooks.operations() and "Apply" not in runbooks.operations()


def test_the_first_apply_pins_the_workspace_that_the_token_opens(tmp_path: Any) -> None:
    estate = Runbooks(tmp_path)
    of_project(estate, id=None)
    estate.plan("bilko")
    assert ("bilko", "railway") not in estate.memory().pins, "a plan pins nothing"
    proved(estate.apply("bilko"))
    assert estate.memory().pins["bilko", "railway"] == "fef65949-87cf-45fa-a2db-f9616722e802"
    assert changed(estate.plan("bilko")) == []
