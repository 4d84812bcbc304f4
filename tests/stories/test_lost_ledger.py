"""A lost ledger may only make us do less."""

from .conftest import Begin
from .estate import SHOP, Estate, said, unmanaged


def test_marks_still_say_what_is_ours_and_nothing_is_made_twice(applied: Estate) -> None:
    before = applied.live()
    applied.lose_ledger()
    judged = applied.plan()
    assert said(judged) == []
    assert judged.plan.adopt == ()
    assert applied.apply().exit_code() == 0
    assert applied.writes() == []
    assert applied.live() == before
    assert len(applied.memory().owned) == 5
    assert said(applied.plan()) == said(applied.drift()) == []


def test_nothing_is_pruned_that_only_a_mark_says_is_ours(applied: Estate) -> None:
    applied.lose_ledger()
    applied.write("shop", SHOP.replace("      api:", "      #api:"))
    judged = applied.plan()
    assert said(judged) == []
    assert unmanaged(judged) == ["api.shop.example A 192.0.2.20"]
    assert "mark" in judged.plan.unmanaged[0].orphan
    assert applied.apply().exit_code() == 0
    assert applied.record("api.shop.example", "A")


def test_what_was_adopted_and_carries_no_mark_is_to_be_adopted_again(estate: Estate) -> None:
    estate.create("api.shop.example", "A", "192.0.2.20", ttl="300")
    estate.adopt()
    estate.apply()
    estate.lose_ledger()
    judged = estate.plan()
    assert said(judged) == []
    assert [one.address.leaf for one in judged.plan.adopt] == ["api"]


def test_a_heartbeat_carries_no_mark_and_is_to_be_adopted_not_ours(begin: Begin) -> None:
    estate = begin(SHOP + "\nbetterstack:\n  heartbeat: {job: {period: 60}}\n")
    assert estate.apply().exit_code() == 0
    estate.lose_ledger()
    judged = estate.plan()
    assert said(judged) == []
    assert [one.address.leaf for one in judged.plan.adopt] == ["job"]
    assert estate.apply().exit_code() == 0
    assert len(estate.live("heartbeat", "betterstack")) == 1
    assert "job" not in [one.address.leaf for one in estate.memory().owned]


def test_a_heartbeat_that_differs_is_held_after_a_lost_ledger(begin: Begin) -> None:
    estate = begin(SHOP + "\nbetterstack:\n  heartbeat: {job: {period: 60}}\n")
    estate.apply()
    estate.lose_ledger()
    estate.write("shop", SHOP + "\nbetterstack:\n  heartbeat: {job: {period: 90}}\n")
    assert estate.apply().exit_code() == 11
    assert estate.live("heartbeat", "betterstack")[0]["period"] == 60


def test_what_moved_meanwhile_has_no_known_cause(applied: Estate) -> None:
    applied.lose_ledger()
    applied.edit("api.shop.example", "A", ttl="600")
    assert said(applied.plan()) == [("update", "unknown", "api")]
    assert applied.drift().plan.gaps[0].exit_code == 17


def test_a_copied_mark_takes_nobody_elses_record(applied: Estate) -> None:
    mark = applied.record("api.shop.example", "A")["comment"]
    applied.create("copy.shop.example", "A", "192.0.2.20", comment=mark)
    applied.lose_ledger()
    judged = applied.plan()
    assert said(judged) == []
    assert unmanaged(judged) == ["copy.shop.example A 192.0.2.20"]
    applied.apply()
    assert len(applied.memory().owned) == 5
