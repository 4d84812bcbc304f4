"""A difference that somebody accepted stays visible, and ends on its day."""

import datetime as dt

from .conftest import Begin
from .estate import Estate, said, zone_of


def accepting(estate_day: dt.date) -> str:
    rule = f"{{address: cloudflare.record.shop/api, field: ttl, owner: ops, reason: load test, expires: {estate_day}}}"
    return zone_of("api: {type: A, content: 192.0.2.20, ttl: 300}", more=f"ignore:\n  - {rule}")


def loaded(begin: Begin) -> Estate:
    estate = begin(zone_of("api: {type: A, content: 192.0.2.20, ttl: 300}"))
    assert estate.apply().exit_code() == 0
    estate.edit("api.shop.example", "A", ttl="600")
    estate.world.clear_calls()
    return estate


def test_an_accepted_difference_is_shown_and_left(begin: Begin) -> None:
    estate = loaded(begin)
    estate.write("shop", accepting(estate.world.now().date() + dt.timedelta(days=3)))
    judged = estate.plan()
    assert said(judged) == []
    (accepted,) = judged.plan.accepted
    assert (accepted.field.name, accepted.field.before, accepted.field.after) == ("ttl", 600, 300)
    assert accepted.rule.reason == "load test"
    assert said(estate.drift()) == []
    assert len(estate.drift().plan.accepted) == 1
    assert estate.apply().exit_code() == 0
    assert estate.writes() == []


def test_an_accepted_difference_is_still_accepted_after_an_apply(begin: Begin) -> None:
    estate = loaded(begin)
    estate.write("shop", accepting(estate.world.now().date() + dt.timedelta(days=3)))
    estate.apply()
    assert len(estate.plan().plan.accepted) == 1
    assert len(estate.drift().plan.accepted) == 1


def test_another_field_of_the_same_thing_is_put_back(begin: Begin) -> None:
    estate = loaded(begin)
    estate.write("shop", accepting(estate.world.now().date() + dt.timedelta(days=3)))
    estate.edit("api.shop.example", "A", content="192.0.2.66")
    assert said(estate.plan()) == [("update", "drift", "api")]
    run = estate.apply()
    assert run.exit_code() == 0
    assert estate.record("api.shop.example", "A")["content"] == "192.0.2.20"
    assert estate.record("api.shop.example", "A")["ttl"] == 600


def test_on_its_last_day_a_rule_still_holds_and_the_day_after_the_difference_counts(begin: Begin) -> None:
    estate = loaded(begin)
    estate.write("shop", accepting(estate.world.now().date() + dt.timedelta(days=2)))
    estate.world.advance(dt.timedelta(days=2))
    assert said(estate.plan()) == []
    estate.world.advance(dt.timedelta(days=1))
    judged = estate.plan()
    assert said(judged) == [("update", "drift", "api")]
    assert "load test" in judged.plan.warnings[0]
    assert estate.apply().exit_code() == 0
    assert estate.record("api.shop.example", "A")["ttl"] == 300
