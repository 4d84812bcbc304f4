"""An estate that was made by hand is taken over without a change to it."""

from collections import Counter
from typing import Any

from .conftest import Begin
from .estate import Estate, became, said, unmanaged, zone_of


def by_hand(estate: Estate) -> None:
    """Makes the shop's records as a person would have."""
    estate.create("shop.example", "A", "192.0.2.10")
    estate.create("www.shop.example", "CNAME", "shop.example", proxied="true")
    estate.create("shop.example", "MX", "mx.example.net", priority="10")
    estate.create("shop.example", "TXT", '"v=spf1 -all"')
    estate.create("api.shop.example", "A", "192.0.2.20", ttl="300")


def test_what_lives_as_declared_is_adopted_without_a_write(estate: Estate) -> None:
    by_hand(estate)
    before = estate.live()
    judged = estate.plan()
    assert said(judged) == []
    assert len(judged.plan.adopt) == 5
    estate.adopt()
    assert len(estate.memory().owned) == 5
    assert estate.live() == before
    assert estate.writes() == []
    assert estate.plan().plan.adopt == ()
    assert said(estate.drift()) == []


def test_until_it_is_adopted_an_identical_thing_is_not_ours(estate: Estate) -> None:
    by_hand(estate)
    assert estate.apply().exit_code() == 0
    assert estate.memory().owned == ()


def test_what_lives_otherwise_is_held_with_its_difference(estate: Estate) -> None:
    by_hand(estate)
    estate.edit("api.shop.example", "A", ttl="600")
    judged = estate.plan()
    (change,) = judged.plan.changes
    assert (change.verb, change.cause, judged.decision(change)) == ("adopt", "unknown", "hold")
    assert [(one.name, one.before, one.after) for one in change.fields] == [("ttl", 600, 300)]
    run = estate.apply()
    assert became(run) == {"api": "held"}
    assert run.exit_code() == 11
    assert estate.record("api.shop.example", "A")["ttl"] == 600
    assert estate.writes() == []


def test_an_approved_adoption_of_what_differs_makes_it_as_declared(estate: Estate) -> None:
    by_hand(estate)
    estate.edit("api.shop.example", "A", ttl="600")
    run = estate.approve(estate.plan())
    assert became(run) == {"api": "done"}
    assert run.exit_code() == 0
    assert estate.record("api.shop.example", "A")["ttl"] == 300
    assert [one.address.leaf for one in estate.memory().owned] == ["api"]
    assert said(estate.plan()) == []


def test_adopting_what_differs_changes_no_live_field_and_the_plan_says_what_will(estate: Estate) -> None:
    by_hand(estate)
    estate.edit("api.shop.example", "A", ttl="600")
    estate.adopt()
    assert estate.writes() == []
    assert said(estate.plan()) == [("update", "git", "api")]
    assert said(estate.drift()) == []


def test_one_address_is_adopted_alone(estate: Estate) -> None:
    by_hand(estate)
    estate.adopt("cloudflare.record.shop/api")
    assert [str(one.address) for one in estate.memory().owned] == ["cloudflare.record.shop/api"]
    assert len(estate.plan().plan.adopt) == 4


def reads(calls: list[dict[str, Any]]) -> dict[str, int]:
    """How many calls each platform got, none of them a write. No stack uses Better Stack: one listing shows what is
    there all the same."""
    assert {one["method"] for one in calls} == {"GET"}
    return dict(Counter(one["platform"] for one in calls))


def test_a_second_pass_reads_and_does_nothing_else(applied: Estate) -> None:
    entries = applied.entries()
    calls = applied.only(applied.apply)
    assert reads(calls) == {"cloudflare": 2, "betterstack": 1}
    assert applied.entries() == entries


def test_a_second_plan_is_empty_and_costs_as_few_reads(applied: Estate) -> None:
    calls = applied.only(lambda: said(applied.plan()) or None)
    assert reads(calls) == {"cloudflare": 2, "betterstack": 1}
    assert said(applied.plan()) == []


def test_a_hand_made_record_is_shown_and_left_alone(applied: Estate) -> None:
    applied.create("blog.shop.example", "A", "192.0.2.99")
    judged = applied.plan()
    assert said(judged) == []
    assert unmanaged(judged) == ["blog.shop.example A 192.0.2.99"]
    assert applied.apply().exit_code() == 0
    assert applied.record("blog.shop.example", "A")["content"] == "192.0.2.99"


def test_a_hand_made_record_beside_ours_under_one_name_is_left_alone(applied: Estate) -> None:
    applied.create("api.shop.example", "A", "192.0.2.21")
    judged = applied.plan()
    assert said(judged) == []
    assert unmanaged(judged) == ["api.shop.example A 192.0.2.21"]


MOVED = "moved:\n  - {from: cloudflare.record.shop/%s, to: cloudflare.record.shop/%s}"


def moved(apex: str = "apex", api: str = "backend", more: str = MOVED % ("api", "backend")) -> str:
    """The shop with other logical names."""
    return zone_of(
        f'{apex}: {{name: "@", type: A, content: 192.0.2.10}}',
        "www: {type: CNAME, content: shop.example, proxied: true}",
        'mail: {name: "@", type: MX, content: mx.example.net, priority: 10}',
        'spf: {name: "@", type: TXT, content: "v=spf1 -all"}',
        f"{api}: {{name: api, type: A, content: 192.0.2.20, ttl: 300}}",
        more=more,
    )


def test_a_moved_address_keeps_its_thing_and_only_the_mark_is_written(applied: Estate) -> None:
    before = applied.record("api.shop.example", "A")
    applied.write("shop", moved())
    judged = applied.plan()
    assert said(judged) == [("update", "git", "backend")]
    (told,) = judged.plan.changes[0].fields
    marks = [f"trueup:library/shop/cloudflare.record.shop/{name}" for name in ("api", "backend")]
    assert (told.name, told.before, told.after) == ("comment", *marks)
    assert [(str(one.before), str(one.address)) for one in judged.plan.owning if one.before] == [
        ("cloudflare.record.shop/api", "cloudflare.record.shop/backend")
    ]
    run = applied.apply()
    assert [(one.status, one.verified) for one in run.outcomes] == [("done", True)]
    assert len(applied.writes()) == 1
    after = applied.record("api.shop.example", "A")
    assert after["comment"] == marks[1]
    assert {name for name in after if after[name] != before.get(name)} <= {
        "comment",
        "modified_on",
        "comment_modified_on",
    }
    assert {str(one.address): one.id for one in applied.memory().owned}["cloudflare.record.shop/backend"] == before[
        "id"
    ]
    applied.write("shop", moved(more=""))
    assert said(applied.plan()) == said(applied.drift()) == []
    applied.lose_ledger()
    assert applied.apply().exit_code() == 0
    assert applied.plan().plan.adopt == (), "the new mark says whose it is"
    assert said(applied.plan()) == []


def test_a_moved_apex_needs_no_person_for_its_mark(applied: Estate) -> None:
    applied.write("shop", moved(apex="root", api="api", more=MOVED % ("apex", "root")))
    assert said(applied.plan()) == [("update", "git", "root")]
    assert applied.apply().exit_code() == 0
    assert said(applied.plan()) == []


def test_a_moved_address_whose_comment_is_the_stacks_own_writes_nothing(begin: Begin) -> None:
    estate = begin(zone_of("api: {type: A, content: 192.0.2.20, comment: ours}"))
    estate.apply()
    estate.world.clear_calls()
    line = "backend: {name: api, type: A, content: 192.0.2.20, comment: ours}"
    estate.write("shop", zone_of(line, more=MOVED % ("api", "backend")))
    assert said(estate.plan()) == []
    assert estate.apply().exit_code() == 0
    assert estate.writes() == []
    assert [str(one.address) for one in estate.memory().owned] == ["cloudflare.record.shop/backend"]
    assert [one for one in estate.plan().plan.owning if one.before] == []


def test_a_rename_without_moved_is_refused_with_the_line_to_add(applied: Estate, begin: Begin) -> None:
    import pytest

    from reconcile.model.errors import SpecError

    text = (applied.root / "stacks" / "shop.yaml").read_text().replace("api: {type", "backend: {name: api, type")
    applied.write("shop", text)
    with pytest.raises(SpecError, match="moved"):
        applied.plan()


def test_a_forgotten_thing_stays_and_is_no_longer_ours(applied: Estate) -> None:
    applied.forget("shop", "cloudflare.record.shop/api")
    applied.write("shop", (applied.root / "stacks" / "shop.yaml").read_text().replace("      api:", "      #api:"))
    judged = applied.plan()
    assert said(judged) == []
    assert unmanaged(judged) == ["api.shop.example A 192.0.2.20"]
    assert applied.apply().exit_code() == 0
    assert applied.record("api.shop.example", "A")


def test_a_forgotten_thing_that_is_still_declared_is_claimed_again_by_its_mark(applied: Estate) -> None:
    applied.forget("shop", "cloudflare.record.shop/api")
    assert said(applied.plan()) == []
    applied.apply()
    assert len(applied.memory().owned) == 5


def test_consent_to_nothing_writes_nothing(estate: Estate) -> None:
    with estate.workshop() as shop:
        run = shop.reconciler().apply(("shop",), command="apply", ask=lambda judged: None)
    assert run is None
    assert estate.writes() == []
    assert estate.memory().intents == ()
