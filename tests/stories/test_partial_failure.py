"""What fails stops only what needs it; a second run converges; nothing is made twice."""

import pytest

from .conftest import Begin
from .estate import SHOP, Estate, became, said, zone_of

BATCH = "POST /zones/*/dns_records/batch"
JOBS = "\nbetterstack:\n  heartbeat:\n    job: {period: 60}\n    other: {period: 90}\n"


def test_one_bad_record_of_a_batch_fails_alone(estate: Estate) -> None:
    estate.write("shop", SHOP.replace("content: shop.example,", f"content: shop.example, comment: {'x' * 101},"))
    run = estate.apply()
    assert became(run) == {"apex": "done", "api": "done", "mail": "done", "spf": "done", "www": "failed"}
    assert run.exit_code() == 13
    assert len(estate.memory().owned) == 4
    estate.write("shop", SHOP)
    assert said(estate.plan()) == [("create", "git", "www")]
    assert estate.apply().exit_code() == 0
    assert said(estate.plan()) == []


def test_a_failure_on_one_platform_leaves_the_other_to_finish(begin: Begin) -> None:
    estate = begin(SHOP + JOBS)
    estate.fault(f"400 {BATCH} times=always")
    run = estate.apply()
    assert run.exit_code() == 13
    assert became(run)["job"] == became(run)["other"] == "done"
    assert became(run)["api"] == "failed"
    estate.world.clear_faults()
    assert estate.apply().exit_code() == 0
    assert len(estate.live()) == 5
    assert len(estate.live("heartbeat", "betterstack")) == 2


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("kind", ["500", "reset", "truncate", "truncate=json", "502"])
def test_a_batch_whose_answer_is_lost_is_looked_for_and_not_repeated(estate: Estate, kind: str, moment: str) -> None:
    estate.fault(f"{kind} {moment} {BATCH} times=1")
    run = estate.apply()
    assert run.exit_code() == 0
    assert len(estate.live()) == 5
    assert len(estate.memory().owned) == 5
    assert said(estate.plan()) == said(estate.drift()) == []


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("kind", ["500", "reset", "truncate"])
def test_a_heartbeat_whose_answer_is_lost_is_looked_for_and_not_repeated(begin: Begin, kind: str, moment: str) -> None:
    estate = begin(SHOP + JOBS)
    estate.fault(f"{kind} {moment} POST /api/v2/heartbeats times=1", "betterstack")
    run = estate.apply()
    assert run.exit_code() == 0
    assert sorted(one["name"] for one in estate.live("heartbeat", "betterstack")) == ["job", "other"]
    assert len(estate.memory().owned) == 7
    assert said(estate.plan()) == []


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("platform", ["cloudflare", "betterstack"])
def test_while_the_answer_stays_lost_the_outcome_is_unsure_and_the_next_run_converges(
    begin: Begin, platform: str, moment: str
) -> None:
    estate = begin(SHOP + JOBS)
    path = BATCH if platform == "cloudflare" else "POST /api/v2/heartbeats"
    looks = "GET /zones/*/dns_records" if platform == "cloudflare" else "GET /api/v2/heartbeats"

    def blind(number: int, when: str) -> None:
        last = estate.world.calls(1)[-1]
        if when == "after" and last["method"] == "POST" and last["platform"] == platform:
            estate.fault(f"500 {looks} times=always", platform)

    estate.world.on_call = blind
    estate.fault(f"500 {moment} {path} times=always", platform)
    run = estate.apply()
    leaf = "api" if platform == "cloudflare" else "job"
    assert became(run)[leaf] == "unsure"
    assert run.exit_code() == 13
    assert leaf in [one.address.leaf for one in estate.memory().intents]
    estate.world.on_call = None
    estate.world.clear_faults()
    assert estate.apply().exit_code() == 0
    assert len(estate.live()) == 5
    assert len(estate.live("heartbeat", "betterstack")) == 2
    assert len(estate.memory().owned) == 7
    assert estate.memory().intents == ()
    assert said(estate.plan()) == said(estate.drift()) == []


def test_a_change_of_type_whose_answer_is_lost_leaves_one_record(begin: Begin) -> None:
    estate = begin(zone_of("www: {type: CNAME, content: shop.example}"))
    estate.apply()
    estate.write("shop", zone_of("www: {type: A, content: 192.0.2.30}"))
    estate.fault(f"500 after {BATCH} times=1")
    assert estate.apply().exit_code() == 0
    assert estate.names() == ["www.shop.example A"]
    assert said(estate.plan()) == said(estate.drift()) == []


def test_a_delete_of_what_somebody_else_deleted_meanwhile_is_done(applied: Estate) -> None:
    applied.write("shop", SHOP.replace("      api:", "      #api:"))

    def meanwhile(number: int, when: str) -> None:
        if (
            when == "before"
            and applied.world.calls(1)[-1]["method"] == "POST"
            and "api.shop.example A" in applied.names()
        ):
            applied.delete("api.shop.example", "A")

    applied.world.on_call = meanwhile
    assert applied.apply().exit_code() == 0
    applied.world.on_call = None
    assert len(applied.memory().owned) == 4
    assert said(applied.plan()) == []


def test_what_does_not_stay_is_told_as_unproven(applied: Estate) -> None:
    applied.write("shop", SHOP.replace("ttl: 300", "ttl: 900"))

    def meanwhile(number: int, when: str) -> None:
        if when == "after" and applied.world.calls(1)[-1]["method"] == "POST":
            applied.edit("api.shop.example", "A", ttl="1200")

    applied.world.on_call = meanwhile
    run = applied.apply()
    applied.world.on_call = None
    assert [one.leaf for one in run.unproven] == ["api"]
    assert run.exit_code() == 13
    assert applied.apply().exit_code() == 0


def test_a_listing_that_lags_does_not_make_us_create_twice(begin: Begin) -> None:
    estate = begin(SHOP + JOBS)
    estate.fault("stale=1", "betterstack")
    estate.fault("stale=1", "cloudflare")
    estate.apply()
    assert estate.apply().exit_code() == 0
    assert len(estate.live()) == 5
    assert len(estate.live("heartbeat", "betterstack")) == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("192.0.2.1", "192.0.2.2"), ("192.0.2.2", "192.0.2.1")),
        (("192.0.2.1", "192.0.2.2"), ("192.0.2.2", "192.0.2.3")),
    ],
    ids=["swap", "chain"],
)
def test_records_of_one_name_that_change_places_are_applied_in_one_pass(
    begin: Begin, before: tuple[str, str], after: tuple[str, str]
) -> None:
    def stack(contents: tuple[str, str]) -> str:
        return zone_of(*(f"r{n}: {{name: x, type: A, content: {one}}}" for n, one in enumerate(contents)))

    estate = begin(stack(before))
    assert estate.apply().exit_code() == 0
    estate.write("shop", stack(after))
    assert estate.apply().exit_code() == 0
    assert sorted(one["content"] for one in estate.live()) == sorted(after)
    assert said(estate.plan()) == said(estate.drift()) == []
