"""Budgets, rate limits, and Ctrl-C."""

import pytest

from reconcile.loop import Choice
from reconcile.model.exits import INTERRUPTED
from reconcile.model.resource import Address

from .conftest import Begin
from .estate import SHOP, Estate, became, said

BATCH = "POST /zones/*/dns_records/batch"
JOBS = "\nbetterstack:\n  heartbeat:\n    job: {period: 60}\n    other: {period: 90}\n"


@pytest.mark.parametrize("path", [BATCH, "GET /zones/*/dns_records", "GET /zones"])
def test_retry_after_is_waited_for(estate: Estate, path: str) -> None:
    estate.fault(f"429 {path} retry-after=7")
    assert estate.apply().exit_code() == 0
    assert 7.0 in estate.slept
    assert len(estate.live()) == 5


def test_a_wait_that_is_too_long_is_not_begun(estate: Estate) -> None:
    estate.fault(f"429 {BATCH} retry-after=900 times=always")
    run = estate.apply()
    assert run.exit_code() == 15
    assert set(became(run).values()) == {"failed"}
    assert max(estate.slept, default=0) < 60
    estate.world.clear_faults()
    assert estate.apply().exit_code() == 0


@pytest.mark.parametrize("most", range(5))
def test_max_calls_stops_before_a_budget_is_spent(estate: Estate, most: int) -> None:
    run = estate.apply(max_calls=most)
    assert len(estate.world.calls()) <= most
    assert run.exit_code() == (15 if most < 4 else 13)
    assert estate.apply().exit_code() == 0
    assert len(estate.live()) == 5
    assert said(estate.plan()) == []


def test_max_calls_that_suffice_change_nothing(estate: Estate) -> None:
    assert estate.apply(max_calls=5).exit_code() == 0
    assert len(estate.world.calls()) == 5


def test_an_apply_lists_zones_once_and_records_before_and_after(estate: Estate) -> None:
    estate.apply()
    calls = [one for one in estate.world.calls() if one["platform"] == "cloudflare"]
    ends = [f"{call['method']} {call['path'].partition('?')[0].rpartition('/')[2]}" for call in calls]
    assert ends == ["GET zones", "GET dns_records", "POST batch", "GET dns_records"]


def test_the_predicted_calls_are_the_calls_made_to_apply(begin: Begin) -> None:
    estate = begin(SHOP + JOBS)
    estate.world.clear_calls()
    predicted = estate.plan().plan.predicted_calls
    reading = len(estate.world.calls())
    estate.world.clear_calls()
    estate.apply()
    assert len(estate.world.calls()) - reading == predicted > len(estate.writes())


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("call", range(1, 9))
def test_ctrl_c_at_any_call_leaves_a_state_that_the_next_run_resumes(begin: Begin, call: int, moment: str) -> None:
    estate = begin(SHOP + JOBS)
    estate.memory()

    def interrupt(number: int, when: str) -> None:
        if (number, when) == (call, moment):
            raise KeyboardInterrupt

    estate.world.on_call = interrupt
    with pytest.raises(KeyboardInterrupt):
        estate.apply()
    estate.world.on_call = None
    with estate.workshop() as shop:
        runs = shop.ledger().runs()
        assert [one.exit_code for one in runs] in ([], [INTERRUPTED])
    assert estate.apply().exit_code() == 0
    assert len(estate.live()) == 5
    assert sorted(one["name"] for one in estate.live("heartbeat", "betterstack")) == ["job", "other"]
    assert len(estate.memory().owned) == 7
    assert said(estate.plan()) == said(estate.drift()) == []


def interrupted(begin: Begin, platform: str) -> Estate:
    """Two stacks on two platforms, interrupted when the first write to one of them had its effect."""
    estate = begin(SHOP + JOBS)
    estate.write(
        "more",
        "account: acme\nuses: [shop]\n"
        "cloudflare: {records: {shop: {blog: {type: A, content: 192.0.2.8, comment: x}}}}\n"
        "betterstack: {heartbeat: {third: {period: 60}}}\n",
    )

    def interrupt(number: int, when: str) -> None:
        last = estate.world.calls(1)[-1]
        if when == "after" and (last["method"], last["platform"]) == ("POST", platform):
            raise KeyboardInterrupt

    estate.world.on_call = interrupt
    with pytest.raises(KeyboardInterrupt):
        estate.apply()
    estate.world.on_call = None
    return estate


def all_is_there_once(estate: Estate) -> None:
    assert estate.apply().exit_code() == 0
    assert len(estate.live()) == 6
    assert len(estate.live("heartbeat", "betterstack")) == 3
    assert len(estate.memory().owned) == 9
    assert estate.memory().intents == ()
    plan = estate.plan().plan
    assert (plan.changes, plan.adopt) == ((), ())


@pytest.mark.parametrize("platform", ["cloudflare", "betterstack"])
def test_after_an_interruption_one_stack_alone_does_not_forget_what_the_other_announced(
    begin: Begin, platform: str
) -> None:
    estate = interrupted(begin, platform)
    assert estate.apply("shop").exit_code() == 0
    assert {one.stack for one in estate.memory().intents} <= {"more"}
    all_is_there_once(estate)


@pytest.mark.parametrize("platform", ["cloudflare", "betterstack"])
def test_after_an_interruption_one_address_alone_does_not_forget_the_others(begin: Begin, platform: str) -> None:
    estate = interrupted(begin, platform)
    chosen = Choice(targets=frozenset({Address.parse("cloudflare.record.shop/api")}))
    assert estate.apply(choice=chosen).exit_code() == 0
    all_is_there_once(estate)


@pytest.mark.parametrize("platform", ["cloudflare", "betterstack"])
def test_after_an_interruption_a_blind_run_forgets_nothing(begin: Begin, platform: str) -> None:
    estate = interrupted(begin, platform)
    estate.fault("500 GET /zones times=always", "cloudflare")
    estate.fault("500 GET /api/v2/heartbeats times=always", "betterstack")
    assert estate.apply().exit_code() == 17
    assert len(estate.memory().intents) > 0
    estate.world.clear_faults()
    all_is_there_once(estate)


@pytest.mark.parametrize("platform", ["cloudflare", "betterstack"])
def test_after_an_interruption_healing_claims_what_was_announced(begin: Begin, platform: str) -> None:
    estate = interrupted(begin, platform)
    assert estate.heal().exit_code() in (0, 17)
    all_is_there_once(estate)
