"""What a person must agree to waits for it, and only the plan that was read is applied."""

import pytest

from reconcile.loop import Consent, plan_exit_code
from reconcile.model.errors import StalePlan

from .estate import SHOP, Estate, became, said

MAIL = SHOP.replace("mx.example.net, priority: 10", "mx2.example.net, priority: 10")


@pytest.mark.parametrize(
    ("before", "after", "leaf"),
    [
        ("content: mx.example.net", "content: mx2.example.net", "mail"),
        ("content: 192.0.2.10", "content: 192.0.2.11", "apex"),
        ("      mail:", "      #mail:", "mail"),
    ],
)
def test_a_change_of_mail_or_apex_is_held_until_its_digest_is_approved(
    applied: Estate, before: str, after: str, leaf: str
) -> None:
    applied.write("shop", SHOP.replace(before, after))
    judged = applied.plan()
    assert plan_exit_code(judged, detailed=True) == 11
    held = applied.apply()
    assert became(held) == {leaf: "held"}
    assert held.exit_code() == 11
    assert applied.writes() == []
    approved = applied.approve(judged)
    assert became(approved) == {leaf: "done"}
    assert approved.exit_code() == 0
    assert said(applied.plan()) == []


def test_an_approval_is_remembered_for_its_digest_only(applied: Estate) -> None:
    applied.write("shop", MAIL)
    with applied.workshop() as shop:
        shop.ledger().approve(applied.plan().plan.digest, "somebody")
    applied.write("shop", MAIL.replace("priority: 10", "priority: 20"))
    assert became(applied.apply()) == {"mail": "held"}
    applied.write("shop", MAIL)
    assert became(applied.apply()) == {"mail": "done"}


def test_a_held_change_holds_up_nothing_else(applied: Estate) -> None:
    applied.write("shop", MAIL.replace("ttl: 300", "ttl: 900"))
    run = applied.apply()
    assert became(run) == {"mail": "held", "api": "done"}
    assert run.exit_code() == 11


@pytest.mark.parametrize("what", ["the platform", "the repository"])
def test_a_plan_that_is_no_longer_true_is_refused(applied: Estate, what: str) -> None:
    applied.write("shop", MAIL)
    judged = applied.plan()
    if what == "the platform":
        applied.edit("shop.example", "MX", content="mx3.example.net")
    else:
        applied.write("shop", MAIL.replace("mx2", "mx4"))
    applied.world.clear_calls()
    with pytest.raises(StalePlan) as refused:
        applied.approve(judged)
    assert refused.value.exit_code == 11
    assert applied.writes() == []


def test_a_low_ttl_is_denied_whatever_is_approved(applied: Estate) -> None:
    applied.write("shop", SHOP.replace("ttl: 300", "ttl: 30"))
    run = applied.apply(consent=Consent(approve=True))
    assert became(run) == {"api": "denied"}
    assert run.exit_code() == 10
    assert applied.record("api.shop.example", "A")["ttl"] == 300


def test_a_rule_of_the_repository_is_asked_too(applied: Estate) -> None:
    (applied.root / "policies").mkdir()
    (applied.root / "policies" / "own.py").write_text(
        "from reconcile.model.verdict import rule\n\n\n@rule\ndef nothing_on_fridays(plan):\n"
        "    for change in plan.changes:\n        yield 'deny', change, 'it is Friday'\n"
    )
    applied.write("shop", SHOP.replace("ttl: 300", "ttl: 900"))
    run = applied.apply()
    assert became(run) == {"api": "denied"}
    assert "nothing-on-fridays: it is Friday" in run.outcomes[0].error


NO_ADDRESSES = """
from reconcile.model.verdict import resource_rule


@resource_rule
def no_addresses(resource):
    if getattr(resource, "type", "") == "A":
        yield "deny", "an address moves with its machine"
"""


def test_what_a_rule_would_deny_and_stays_as_it_is_hinders_nothing_else(applied: Estate) -> None:
    (applied.root / "policies").mkdir()
    (applied.root / "policies" / "own.py").write_text(NO_ADDRESSES)
    still = applied.plan()
    assert still.plan.changes == () and plan_exit_code(still, detailed=True) == 0
    warned = [one for one in still.plan.warnings if "no-addresses would deny it if it changed" in one]
    assert [one.partition(" ")[0] for one in warned] == ["cloudflare.record.shop/apex", "cloudflare.record.shop/api"]
    assert all("stacks/shop.yaml:" in one for one in warned)
    applied.write("shop", SHOP.replace("ttl: 300", "ttl: 900"))
    run = applied.apply()
    assert became(run) == {"api": "denied"} and run.exit_code() == 10
    assert "no-addresses: an address moves with its machine" in run.outcomes[0].error


def test_drift_of_what_a_new_rule_would_deny_is_still_put_back(applied: Estate) -> None:
    (applied.root / "policies").mkdir()
    (applied.root / "policies" / "own.py").write_text(NO_ADDRESSES)
    applied.edit("api.shop.example", "A", content="192.0.2.99")
    judged = applied.plan()
    assert [(one.verb, one.cause) for one in judged.plan.changes] == [("update", "drift")]
    assert plan_exit_code(judged, detailed=False) == 0
