"""The account is pinned: a credential of another one stops everything."""

import pytest

from reconcile.model.errors import WrongAccount

from .conftest import Begin
from .estate import PROJECT, SHOP, Estate

TWO = (
    PROJECT
    + """
  other:
    cloudflare: {id: b0000000000000000000000000000002, credentials: {token: OTHER_CLOUDFLARE_TOKEN}}
"""
)


@pytest.fixture
def swapped(begin: Begin) -> Estate:
    """Two accounts, and acme's credential is the other's."""
    estate = begin(project=TWO)
    estate.write(
        "farm",
        "account: other\ncloudflare:\n  zone: {farm: {name: farm.example}}\n"
        "  records: {farm: {api: {type: A, content: 192.0.2.7}}}",
    )
    estate.begin_more()
    return estate


def swap(estate: Estate) -> None:
    estate.tokens["acme", "cloudflare"] = estate.tokens["other", "cloudflare"]


def test_the_account_that_the_project_names_is_the_only_one_written_to(swapped: Estate) -> None:
    swap(swapped)
    with pytest.raises(WrongAccount, match="b0000000000000000000000000000002") as refused:
        swapped.apply("shop")
    assert refused.value.exit_code == 14
    assert swapped.writes() == []
    assert swapped.memory().owned == ()


def test_the_first_apply_pins_an_account_that_the_project_does_not_name(begin: Begin) -> None:
    project = TWO.replace("id: a0000000000000000000000000000001, ", "").replace(
        "id: b0000000000000000000000000000002, ", ""
    )
    estate = begin(project=project)
    estate.write("farm", "account: other\ncloudflare:\n  zone: {shop: {name: shop.example}}")
    estate.begin_more()
    assert estate.apply("shop").exit_code() == 0
    assert ("acme", "cloudflare") in estate.memory().pins
    estate.delete("api.shop.example", "A")
    estate.world.clear_calls()
    swap(estate)
    with pytest.raises(WrongAccount):
        estate.apply("shop")
    with pytest.raises(WrongAccount):
        estate.plan("shop")
    assert estate.writes() == []


def test_a_plan_pins_nothing(begin: Begin) -> None:
    estate = begin(SHOP)
    estate.plan()
    assert estate.memory().pins == {}


def test_the_same_account_with_a_new_token_is_fine(applied: Estate) -> None:
    assert applied.apply().exit_code() == 0
    assert applied.memory().pins["acme", "cloudflare"] == "a0000000000000000000000000000001"
