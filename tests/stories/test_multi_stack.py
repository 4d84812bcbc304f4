"""Several stacks over one zone: each keeps its own, none takes another's."""

import re

import pytest

from reconcile.model.errors import SpecError

from .conftest import Begin
from .estate import PROJECT, SHOP, Estate, said, unmanaged

MORE = """
account: acme
uses: [shop]
cloudflare:
  records:
    shop:
      blog: {type: A, content: 192.0.2.80}
      docs: {type: CNAME, content: blog.shop.example}
"""


@pytest.fixture
def both(begin: Begin) -> Estate:
    estate = begin()
    estate.write("more", MORE)
    assert estate.apply().exit_code() == 0
    estate.world.clear_calls()
    return estate


def test_two_stacks_share_one_read(both: Estate) -> None:
    calls = both.only(both.plan)
    assert [one["method"] for one in calls if one["platform"] == "cloudflare"] == ["GET", "GET"]


def test_applying_one_stack_leaves_the_other_alone(both: Estate) -> None:
    both.edit("blog.shop.example", "A", ttl="600")
    judged = both.plan("shop")
    assert said(judged) == []
    assert unmanaged(judged) == []
    both.apply("shop")
    assert both.record("blog.shop.example", "A")["ttl"] == 600
    both.apply("more")
    assert both.record("blog.shop.example", "A")["ttl"] == 1


def test_pruning_in_one_stack_touches_only_its_own(both: Estate) -> None:
    both.write("shop", SHOP.replace("      api:", "      #api:"))
    both.write("more", MORE.replace("      docs:", "      #docs:"))
    assert both.apply("more").exit_code() == 0
    assert "api.shop.example A" in both.names()
    assert "docs.shop.example CNAME" not in both.names()


def test_a_stack_that_is_not_applied_yet_is_not_unmanaged(begin: Begin) -> None:
    estate = begin()
    estate.write("more", MORE)
    estate.create("blog.shop.example", "A", "192.0.2.80")
    assert unmanaged(estate.plan("shop")) == []


def test_one_thing_in_two_stacks_is_refused(both: Estate) -> None:
    both.write("more", MORE + "      again: {name: api, type: A, content: 192.0.2.20}\n")
    with pytest.raises(SpecError):
        both.plan()


def test_used_stacks_run_first(both: Estate) -> None:
    with both.workshop() as shop:
        assert shop.tree.in_order(frozenset({"more", "shop"})) == ("shop", "more")


def test_an_output_of_a_used_stack_is_written(begin: Begin) -> None:
    estate = begin(SHOP + "\nbetterstack:\n  heartbeat: {job: {period: 60}}\n")
    estate.write("more", MORE + '      state: {type: TXT, content: "${betterstack.heartbeat.job.status}"}\n')
    alone = estate.apply("more")
    assert alone.exit_code() == 17
    assert "state.shop.example TXT" not in estate.names()
    assert estate.apply().exit_code() == 0
    assert estate.record("state.shop.example", "TXT")["content"] == '"pending"'
    assert said(estate.plan()) == said(estate.plan("more")) == said(estate.drift("more")) == []


def test_both_stacks_together_make_what_one_refers_to_first(begin: Begin) -> None:
    estate = begin(SHOP + "\nbetterstack:\n  heartbeat: {job: {period: 60}}\n")
    estate.write("more", MORE + '      state: {type: TXT, content: "${betterstack.heartbeat.job.status}"}\n')
    assert estate.apply().exit_code() == 0
    assert estate.record("state.shop.example", "TXT")["content"] == '"pending"'


def test_each_stack_has_its_own_history(both: Estate) -> None:
    with both.workshop() as shop:
        assert {"shop", "more"} <= set(shop.ledger().heads())


@pytest.mark.parametrize("chosen", [(), ("shop",), ("more",)])
def test_a_record_that_went_to_another_stack_is_not_deleted_on_the_way(both: Estate, chosen: tuple[str, ...]) -> None:
    both.write("shop", SHOP.replace("      api:", "      #api:"))
    both.write("more", MORE + "      api: {type: A, content: 192.0.2.20, ttl: 300}\n")
    if chosen != ("more",):
        with pytest.raises(SpecError, match=re.escape("trueup forget cloudflare.record.shop/api --stack shop")):
            both.apply(*chosen)
    else:
        both.apply(*chosen)
    assert both.record("api.shop.example", "A")
    both.forget("shop", "cloudflare.record.shop/api")
    both.adopt()
    assert both.apply().exit_code() == 0
    assert [row.stack for row in both.memory().owned if row.address.leaf == "api"] == ["more"]
    assert said(both.plan()) == said(both.drift()) == []


def test_a_stack_that_owns_things_cannot_leave_its_account(both: Estate) -> None:
    both.write("_project", PROJECT + "  other:\n    cloudflare: {credentials: {token: OTHER}}\n")
    both.write("shop", SHOP.replace("account: acme", "account: other"))
    (both.root / "stacks" / "more.yaml").unlink()
    with pytest.raises(SpecError, match="owns 5 things in account acme"):
        both.apply()
    assert both.writes() == []


def test_an_account_that_the_project_no_longer_names_is_a_gap(begin: Begin) -> None:
    estate = begin(project=PROJECT + "  other:\n    cloudflare: {credentials: {token: OTHER}}\n")
    estate.write(
        "farm",
        "account: other\ncloudflare:\n  zone: {farm: {name: farm.example}}\n"
        "  records: {farm: {api: {type: A, content: 192.0.2.7}}}",
    )
    estate.begin_more()
    assert estate.apply().exit_code() == 0
    estate.write("_project", PROJECT)
    estate.write("farm", "account: acme")
    judged = estate.drift("farm")
    assert said(judged) == []
    assert [gap.account for gap in judged.plan.gaps] == ["other"]
