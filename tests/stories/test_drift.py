"""What moved behind our back is found and put back."""

import pytest

from .conftest import Begin
from .estate import SHOP, Estate, became, said, zone_of


def test_a_hand_edit_is_drift_and_is_put_back(applied: Estate) -> None:
    applied.edit("api.shop.example", "A", ttl="600")
    assert said(applied.drift()) == [("update", "drift", "api")]
    assert applied.heal().exit_code() == 0
    assert applied.record("api.shop.example", "A")["ttl"] == 300
    assert said(applied.drift()) == []


def test_looking_for_drift_never_writes(applied: Estate) -> None:
    applied.edit("api.shop.example", "A", ttl="600")
    entries = applied.entries()
    calls = applied.only(applied.drift)
    assert {one["method"] for one in calls} == {"GET"}
    assert applied.entries() == entries


def test_a_deleted_thing_is_drift_and_is_made_again(applied: Estate) -> None:
    applied.delete("api.shop.example", "A")
    assert said(applied.drift()) == [("create", "drift", "api")]
    assert applied.apply().exit_code() == 0
    assert applied.record("api.shop.example", "A")["content"] == "192.0.2.20"
    assert said(applied.plan()) == said(applied.drift()) == []


def test_a_thing_deleted_and_made_again_by_hand_is_not_ours(applied: Estate) -> None:
    applied.delete("api.shop.example", "A")
    applied.create("api.shop.example", "A", "192.0.2.20", ttl="300")
    judged = applied.plan()
    assert said(judged) == []
    assert [one.address.leaf for one in judged.plan.adopt] == ["api"]


def test_the_mail_put_elsewhere_is_put_back_without_an_approval(applied: Estate) -> None:
    applied.edit("shop.example", "MX", content="evil.example.org")
    run = applied.heal()
    assert became(run) == {"mail": "done"}
    assert applied.record("shop.example", "MX")["content"] == "mx.example.net"


def test_drift_before_the_first_apply_says_so(estate: Estate) -> None:
    judged = estate.drift()
    assert said(judged) == []
    assert [gap.exit_code for gap in judged.plan.gaps] == [17]
    assert "never applied" in judged.plan.gaps[0].reason
    from reconcile.loop import plan_exit_code

    assert plan_exit_code(judged, detailed=True) == 17


def test_a_change_in_git_is_no_drift(applied: Estate) -> None:
    applied.write("shop", SHOP.replace("ttl: 300", "ttl: 900"))
    assert said(applied.drift()) == []
    assert said(applied.plan()) == [("update", "git", "api")]


def test_healing_ignores_what_git_changed_meanwhile(applied: Estate) -> None:
    applied.write("shop", SHOP.replace("ttl: 300", "ttl: 900"))
    applied.edit("api.shop.example", "A", ttl="600")
    assert applied.heal().exit_code() == 0
    assert applied.record("api.shop.example", "A")["ttl"] == 300
    assert said(applied.plan()) == [("update", "git", "api")]


def test_where_git_and_the_platform_moved_one_field_the_cause_is_git_also_drifted(applied: Estate) -> None:
    applied.write("shop", SHOP.replace("ttl: 300", "ttl: 900"))
    applied.edit("api.shop.example", "A", ttl="600")
    (change,) = applied.plan().plan.changes
    assert (change.cause, change.also_drifted) == ("git", True)
    assert applied.apply().exit_code() == 0
    assert applied.record("api.shop.example", "A")["ttl"] == 900
    assert said(applied.plan()) == said(applied.drift()) == []


def test_where_git_follows_the_platform_nothing_is_left_to_do(applied: Estate) -> None:
    applied.edit("api.shop.example", "A", ttl="600")
    applied.write("shop", SHOP.replace("ttl: 300", "ttl: 600"))
    assert said(applied.plan()) == []
    assert applied.apply().exit_code() == 0
    assert applied.writes() == []
    assert said(applied.drift()) == []


def test_a_field_that_is_no_longer_declared_is_no_longer_measured(begin: Begin) -> None:
    estate = begin(zone_of('api: {type: A, content: 192.0.2.20, comment: "ours"}'))
    estate.apply()
    estate.write("shop", zone_of("api: {type: A, content: 192.0.2.20}"))
    assert said(estate.plan()) == []
    estate.apply()
    estate.edit("api.shop.example", "A", comment="theirs")
    assert said(estate.plan()) == []
    assert said(estate.drift()) == []


def test_the_mark_taken_away_by_hand_is_no_drift_and_the_thing_stays_ours(applied: Estate) -> None:
    applied.edit("api.shop.example", "A", comment="")
    assert said(applied.plan()) == said(applied.drift()) == []
    applied.edit("api.shop.example", "A", ttl="600")
    assert applied.heal().exit_code() == 0
    assert applied.record("api.shop.example", "A")["ttl"] == 300


@pytest.mark.parametrize("pair", [("CNAME, content: shop.example", "A, content: 192.0.2.30")])
@pytest.mark.parametrize("turned", [False, True])
def test_a_change_of_type_is_one_update_in_one_batch(begin: Begin, pair: tuple[str, str], turned: bool) -> None:
    first, second = reversed(pair) if turned else pair
    estate = begin(zone_of(f"www: {{type: {first}}}"))
    estate.apply()
    estate.world.clear_calls()
    estate.write("shop", zone_of(f"www: {{type: {second}}}"))
    assert said(estate.plan()) == [("update", "git", "www")]
    assert estate.apply().exit_code() == 0
    (write,) = estate.writes()
    assert sorted(write["request"]) == ["deletes", "posts"]
    assert estate.names() == [f"www.shop.example {second.partition(',')[0]}"]
    assert said(estate.plan()) == said(estate.drift()) == []
    assert len(estate.memory().owned) == 1


@pytest.mark.parametrize("meta", ["email_routing", "origin_worker_id", "r2_bucket", "read_only"])
def test_what_the_platforms_own_product_made_is_neither_drift_nor_unmanaged(applied: Estate, meta: str) -> None:
    value = "true" if meta in ("email_routing", "read_only") else "x1"
    applied.create("files.shop.example", "CNAME", "public.r2.example", **{f"meta.{meta}": value})
    judged = applied.plan()
    assert said(judged) == []
    assert judged.plan.unmanaged == ()
    assert applied.apply().exit_code() == 0
    assert applied.record("files.shop.example", "CNAME")


def test_a_declared_record_that_the_platform_manages_is_refused(begin: Begin) -> None:
    estate = begin(zone_of("files: {type: CNAME, content: public.r2.example, proxied: true}"))
    estate.create("files.shop.example", "CNAME", "public.r2.example", **{"meta.r2_bucket": "x1"})
    run = estate.apply()
    assert run.exit_code() == 10
    assert estate.writes() == []


def test_a_moved_address_that_is_not_applied_yet_is_no_drift_and_nothing_is_made(begin: Begin) -> None:
    estate = begin(SHOP + "\nbetterstack:\n  heartbeat: {job: {name: nightly, period: 60}}\n")
    assert estate.apply().exit_code() == 0
    moved = "\nmoved:\n  - {from: betterstack.heartbeat.job, to: betterstack.heartbeat.night}\n"
    estate.write("shop", SHOP + "\nbetterstack:\n  heartbeat: {night: {name: nightly, period: 90}}\n" + moved)
    assert said(estate.drift()) == []
    assert estate.heal().exit_code() == 0
    assert [one["period"] for one in estate.live("heartbeat", "betterstack")] == [60]
    assert said(estate.plan()) == [("update", "git", "night")]
    estate.world.edit("betterstack", "heartbeat", "nightly", "acme", {"grace": "30"})
    assert said(estate.drift()) == [("update", "drift", "night")]
    assert estate.apply().exit_code() == 0
    assert said(estate.plan()) == said(estate.drift()) == []
