"""What no stack declares any more goes if it is ours, and stays if it is not."""

from reconcile.loop import Consent

from .conftest import Begin
from .estate import SHOP, Estate, became, said, unmanaged, zone_of


def many(count: int) -> str:
    return zone_of(*(f"r{number}: {{type: A, content: 192.0.2.{number + 1}}}" for number in range(count)))


def test_an_owned_thing_that_is_no_longer_declared_is_pruned_in_the_same_pass(applied: Estate) -> None:
    applied.write("shop", SHOP.replace("      api:", "      #api:"))
    assert said(applied.plan()) == [("delete", "git", "api")]
    assert applied.apply().exit_code() == 0
    assert "api.shop.example A" not in applied.names()
    assert len(applied.memory().owned) == 4
    assert said(applied.plan()) == said(applied.drift()) == []


def test_a_pruned_thing_that_was_changed_by_hand_goes_as_well(applied: Estate) -> None:
    applied.edit("api.shop.example", "A", content="192.0.2.77")
    applied.write("shop", SHOP.replace("      api:", "      #api:"))
    assert said(applied.plan()) == [("delete", "git", "api")]
    assert applied.apply().exit_code() == 0
    assert "api.shop.example A" not in applied.names()


def test_what_is_gone_and_undeclared_is_forgotten_without_a_word_to_the_platform(applied: Estate) -> None:
    applied.delete("api.shop.example", "A")
    applied.write("shop", SHOP.replace("      api:", "      #api:"))
    assert said(applied.plan()) == []
    assert applied.apply().exit_code() == 0
    assert applied.writes() == []
    assert len(applied.memory().owned) == 4


def test_an_owned_orphan_without_a_history_is_shown_and_never_pruned(applied: Estate) -> None:
    from reconcile.model.memory import Owned

    applied.write("shop", SHOP.replace("      api:", "      #api:"))
    with applied.workshop() as shop:
        ledger = shop.ledger()
        (row,) = [one for one in ledger.memory().owned if one.address.leaf == "api"]
        ledger.forget("shop", [row.address], "for the story")
        ledger.own([Owned(row.account, row.kind, row.key, row.id, row.address, row.stack)], [], "recover")
    judged = applied.plan()
    assert said(judged) == []
    assert unmanaged(judged) == ["api.shop.example A 192.0.2.20"]
    applied.apply()
    assert applied.record("api.shop.example", "A")


def test_what_is_owned_in_a_zone_that_no_stack_declares_any_more_is_told(applied: Estate) -> None:
    from reconcile.model.memory import Owned

    with applied.workshop() as shop:
        ledger = shop.ledger()
        rows = ledger.memory().owned
        ledger.forget("shop", [row.address for row in rows], "for the story")
        ledger.own(
            [Owned(row.account, row.kind, row.key, row.id, row.address, row.stack) for row in rows], [], "recover"
        )
    applied.write("shop", "account: acme\nbetterstack: {heartbeat: {job: {period: 60}}}\n")
    (warning,) = applied.plan().plan.warnings
    assert warning.startswith("shop owns 5 that are left alone, since no listing that was read holds them")
    assert applied.apply().exit_code() == 0
    assert len(applied.live()) == 5


def test_a_stack_that_is_gone_prunes_nothing(begin: Begin) -> None:
    estate = begin()
    estate.write(
        "more", "account: acme\nuses: [shop]\ncloudflare: {records: {shop: {blog: {type: A, content: 192.0.2.8}}}}"
    )
    assert estate.apply().exit_code() == 0
    (estate.root / "stacks" / "more.yaml").unlink()
    judged = estate.plan()
    assert said(judged) == []
    assert unmanaged(judged) == ["blog.shop.example A 192.0.2.8"]
    assert "more" in judged.plan.unmanaged[0].orphan
    (warning,) = judged.plan.warnings
    assert warning.startswith("more owns 1 that are left alone, since no stack file declares this stack any more")


def test_a_plan_that_deletes_too_much_refuses_itself(begin: Begin) -> None:
    estate = begin(many(10))
    estate.apply()
    estate.world.clear_calls()
    estate.write("shop", many(6))
    run = estate.apply()
    assert set(became(run).values()) == {"held"}
    assert run.exit_code() == 11
    assert estate.writes() == []
    assert len(estate.live()) == 10


def test_a_plan_that_deletes_a_little_is_applied(begin: Begin) -> None:
    estate = begin(many(10))
    estate.apply()
    estate.write("shop", many(7))
    assert estate.apply().exit_code() == 0
    assert len(estate.live()) == 7


def test_a_big_plan_that_a_person_approved_is_applied(begin: Begin) -> None:
    estate = begin(many(10))
    estate.apply()
    estate.write("shop", many(3))
    assert estate.approve(estate.plan()).exit_code() == 0
    assert len(estate.live()) == 3


def test_an_emptied_stack_is_denied_even_with_an_approval(applied: Estate) -> None:
    applied.write("shop", zone_of())
    judged = applied.plan()
    assert {judged.decision(one) for one in judged.plan.changes} == {"deny"}
    run = applied.approve(judged)
    assert run.exit_code() == 10
    assert applied.writes() == []
    assert len(applied.live()) == 5


def test_destroy_deletes_what_is_owned_and_nothing_else(applied: Estate) -> None:
    applied.create("blog.shop.example", "A", "192.0.2.99")
    run = applied.apply(mode="destroy", consent=Consent(approve=True, confirm_destructive=True))
    assert run.exit_code() == 0
    assert applied.names() == ["blog.shop.example A"]
    assert [one["name"] for one in applied.live("zone")] == ["shop.example"]
    assert applied.memory().owned == ()
    assert len(applied.plan().plan.changes) == 5


def test_a_zone_that_is_gone_is_a_gap_and_nothing_of_it_is_forgotten(applied: Estate) -> None:
    applied.world.delete("cloudflare", "zone", "shop.example", "acme", {})
    for text in (SHOP, "account: acme\nbetterstack: {heartbeat: {job: {period: 60}}}\n"):
        applied.write("shop", text)
        assert applied.apply().exit_code() == 17
    assert len([one for one in applied.memory().owned if one.kind == "cloudflare.record"]) == 5


def test_records_do_not_follow_a_zone_to_another_domain(applied: Estate) -> None:
    before = applied.live()
    applied.write("shop", SHOP.replace("shop.example}}", "shop2.example}}"))
    applied.begin_more()
    run = applied.apply(consent=Consent(approve=True))
    assert set(became(run).values()) == {"failed"}
    assert applied.live() == before
