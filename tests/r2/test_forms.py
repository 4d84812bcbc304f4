"""What a person may write, and what of an answer means the same."""

from typing import Any

import pytest
from pydantic import ValidationError

from reconcile.platforms.r2 import Bucket, Cors, Domain, Lifecycle, Lock, PublicAccess
from reconcile.platforms.r2.rules import DEFAULT_RULES, LockRule
from reconcile.steps.plan.diff import differences


def lock(*rules: dict[str, Any]) -> Lock:
    return Lock.declared({"bucket": "b", "rules": [{"id": f"r{n}", **rule} for n, rule in enumerate(rules)]})


@pytest.mark.parametrize("name", ["ab", "Receipts", "-receipts", "receipts-", "re_ceipts", "a" * 64])
def test_a_name_that_r2_refuses_is_refused_where_it_is_written(name: str) -> None:
    with pytest.raises(ValidationError, match="is no bucket name"):
        Bucket.declared({"name": name})


def test_a_name_that_lives_is_never_refused() -> None:
    assert Bucket.answered({"name": "Odd.Name", "storage_class": "Standard"}).name == "Odd.Name"


def test_a_location_is_read_in_capitals_too_and_a_difference_is_no_drift() -> None:
    live = Bucket.answered({"name": "receipts", "location": "WEUR", "storage_class": "Standard"})
    assert live.location == "weur"
    assert differences(Bucket.declared({"name": "receipts", "location": "apac"}), live, None) == ()
    assert Bucket.answered({"name": "receipts", "location": None}).location is None


def test_a_bucket_is_known_by_its_jurisdiction_and_its_name() -> None:
    here, there = (Bucket.declared({"name": "receipts", "jurisdiction": where}) for where in ("default", "eu"))
    assert here.keys() != there.keys()
    assert (here.referred_as(), there.referred_as()) == ("receipts", "eu/receipts")
    assert (here.container(), there.container()) == ("default", "eu")


def test_within_a_cors_rule_no_order_counts_and_among_rules_it_does() -> None:
    first = {"origins": ["https://b.example", "https://a.example"], "methods": ["PUT", "GET"]}
    again = {"origins": ["https://a.example", "https://b.example"], "methods": ["GET", "PUT", "GET"]}
    other = {"origins": ["*"], "methods": ["GET"]}
    assert Cors.declared({"bucket": "b", "rules": [first]}) == Cors.declared({"bucket": "b", "rules": [again]})
    one = Cors.declared({"bucket": "b", "rules": [{**first, "id": "x"}, {**other, "id": "y"}]})
    assert one != Cors.declared({"bucket": "b", "rules": [{**other, "id": "y"}, {**first, "id": "x"}]})


def test_a_cors_rule_without_an_id_is_the_same_whether_or_not_the_vendor_tells_one_back() -> None:
    declared = Cors.declared({"bucket": "b", "rules": [{"origins": ["*"], "methods": ["GET"]}]})
    told = {"bucket": "b", "rules": [{"allowed": {"origins": ["*"], "methods": ["GET"]}}]}
    assert Cors.answered(told) == declared
    assert declared.body()["rules"][0]["id"] == "rule-1"


def test_the_order_of_lifecycle_rules_counts_for_nothing_and_a_date_is_a_day() -> None:
    rules = [{"id": "a", "delete_on": "2030-01-01T00:00:00Z"}, {"id": "b", "delete_after": 60}]
    one = Lifecycle.declared({"bucket": "b", "rules": rules})
    assert one == Lifecycle.declared({"bucket": "b", "rules": rules[::-1]})
    assert one.rules[0].delete_on == "2030-01-01"
    assert one.body()["rules"][0]["deleteObjectsTransition"]["condition"]["date"] == "2030-01-01T00:00:00Z"
    assert Lifecycle.answered({"bucket": "b", **one.body()}) == one


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"id": "a"}, "does nothing"),
        ({"id": "a", "delete_after": 1, "delete_on": "2030-01-01"}, "not both"),
        ({"id": "a", "delete_on": "soon"}, "soon"),
    ],
)
def test_a_lifecycle_rule_that_makes_no_sense_is_refused(rule: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Lifecycle.declared({"bucket": "b", "rules": [rule]})


def test_two_rules_of_one_id_are_refused() -> None:
    with pytest.raises(ValidationError, match="one id"):
        Lock.declared({"bucket": "b", "rules": [{"id": "a", "seconds": 1}, {"id": "a", "forever": True}]})


def test_the_rule_of_a_fresh_bucket_is_plain() -> None:
    raw = {"id": "Default Multipart Abort Rule", "enabled": True, "conditions": {}}
    raw["abortMultipartUploadsTransition"] = {"condition": {"type": "Age", "maxAge": 604800}}
    fresh = Lifecycle.answered({"bucket": "b", "rules": [raw]})
    assert fresh.rules == DEFAULT_RULES and fresh.is_plain()
    assert not Lifecycle.answered({"bucket": "b", "rules": []}).is_plain()


def test_a_lifecycle_rule_that_cannot_be_declared_is_said_to_be_so() -> None:
    moves = [{"condition": {"type": "Age", "maxAge": n}, "storageClass": "InfrequentAccess"} for n in (1, 2)]
    raw = {"id": "twice", "enabled": True, "conditions": {}, "storageClassTransitions": moves}
    with pytest.raises(ValueError, match="moves objects 2 times"):
        Lifecycle.answered({"bucket": "b", "rules": [raw]})


@pytest.mark.parametrize("rule", [{}, {"seconds": 1, "forever": True}, {"seconds": 1, "until": "2030-01-01"}])
def test_a_lock_rule_says_exactly_one_span(rule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="one of seconds, until, forever"):
        LockRule.model_validate({"id": "a", **rule})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"seconds": 60}, {"seconds": 60}),
        ({"seconds": 60}, {"seconds": 61}),
        ({"seconds": 60, "prefix": "a/"}, {"seconds": 60}),
        ({"seconds": 60}, {"forever": True}),
        ({"until": "2030-01-01"}, {"until": "2030-01-02"}),
        ({"seconds": 60, "enabled": False}, {"seconds": 1}),
    ],
)
def test_a_lock_that_keeps_as_much_is_not_loosened(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert lock(before).loosened(lock(after)) == ""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"seconds": 60}, {"seconds": 59}),
        ({"seconds": 60}, {"seconds": 60, "prefix": "a/"}),
        ({"forever": True}, {"seconds": 10**9}),
        ({"until": "2030-01-02"}, {"until": "2030-01-01"}),
        ({"seconds": 60}, {"until": "2090-01-01"}),
        ({"seconds": 60}, {"seconds": 60, "enabled": False}),
    ],
)
def test_a_lock_that_keeps_less_is_loosened(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert "r0" in lock(before).loosened(lock(after))
    assert "r0" in lock(before).loosened(None)


def test_a_domain_stands_in_its_zone() -> None:
    with pytest.raises(ValidationError, match="is not in the zone"):
        Domain.declared({"bucket": "b", "zone": "shop.example", "host": "files.example.net"})
    assert Domain.declared({"bucket": "b", "zone": "Shop.example", "host": "Files.Shop.example."}).host == (
        "files.shop.example"
    )


def test_half_an_answer_about_a_domain_is_no_drift() -> None:
    wanted = {"bucket": "b", "zone": "shop.example", "host": "files.shop.example"}
    declared = Domain.declared({**wanted, "min_tls": "1.2", "ciphers": ["AES128-GCM-SHA256"]})
    half = {"bucket": "b", "domain": "files.shop.example", "enabled": True}
    live = Domain.answered({**half, "status": {"ownership": "unknown", "ssl": "unknown"}})
    assert differences(declared, live, None) == ()
    whole = Domain.answered({**half, "zoneName": "shop.example", "status": {"ownership": "active", "ssl": "active"}})
    assert [one.name for one in differences(declared, whole, None)] == ["min_tls", "ciphers"]


def test_public_access_is_always_said_in_words() -> None:
    with pytest.raises(ValidationError):
        PublicAccess.declared({"bucket": "b"})
