"""What goes wrong at the vendor, and what is told then."""

from pathlib import Path

import httpx
import pytest

from reconcile.model.observation import Scope

from .conftest import BUCKET, PROJECT, Shop

CORS = """
account: acme
r2:
  bucket: {receipts: {name: shop-receipts, storage_class: Standard}}
  cors: {receipts: {bucket: receipts, rules: [{origins: ["*"], methods: [GET]}]}}
"""


@pytest.fixture
def small(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path, CORS)
    assert shop.apply().exit_code() == 0
    return shop


def test_a_storage_class_that_cannot_be_changed_is_told_in_words(small: Shop) -> None:
    small.hand("bucket", "shop-receipts", storage_class="InfrequentAccess")
    small.fault("405 PATCH /accounts/*/r2/buckets/*", "r2")
    (outcome,) = small.heal().outcomes
    assert outcome.status == "failed" and "make it at the console" in outcome.error


def test_no_cors_is_an_absence_and_no_bucket_is_not(small: Shop) -> None:
    small.world.delete("r2", "cors", "shop-receipts", "acme", {})
    plan = small.plan().plan
    assert [(one.verb, one.cause) for one in plan.changes] == [("create", "drift")] and plan.gaps == ()


def test_a_bucket_that_is_gone_takes_what_it_has_with_it(small: Shop) -> None:
    small.world.delete("r2", "bucket", "shop-receipts", "acme", {})
    assert [one.verb for one in small.plan().plan.changes] == ["create", "create"]
    assert small.apply().exit_code() == 0
    small.quiet()


def test_a_rule_set_that_cannot_be_read_hides_itself_alone(small: Shop) -> None:
    small.fault("500 GET /accounts/*/r2/buckets/*/cors times=always", "r2")
    plan = small.plan().plan
    assert [(gap.kind, gap.container) for gap in plan.gaps] == [("r2.cors", "shop-receipts")]
    assert plan.changes == ()


def test_a_listing_that_cannot_be_read_hides_all_that_stands_in_it(small: Shop) -> None:
    small.fault("403 GET /accounts/*/r2/buckets times=always", "r2")
    plan = small.plan().plan
    assert {(gap.kind, gap.right) for gap in plan.gaps} == {
        ("r2.bucket", "Workers R2 Storage Read"),
        ("r2.cors", "Workers R2 Storage Read"),
    }
    assert plan.changes == ()


def test_a_bucket_that_was_made_before_the_answer_was_lost_is_ours(tmp_path: Path) -> None:
    shop = Shop(tmp_path, BUCKET)
    shop.fault("503 after POST /accounts/*/r2/buckets times=1", "r2")
    assert shop.apply().exit_code() == 0
    shop.quiet()
    assert len(shop.r2("bucket")) == 1


def test_an_account_that_is_not_pinned_is_looked_up_once(tmp_path: Path) -> None:
    project = PROJECT.replace("r2: {id: a0000000000000000000000000000001, ", "r2: {")
    shop = Shop(tmp_path, BUCKET, project)
    assert shop.apply().exit_code() == 0
    asked = [one for one in shop.world.calls() if one["path"] == "/client/v4/accounts"]
    assert len(asked) == 1
    shop.quiet()


def test_a_zone_of_nobody_is_told_and_nothing_is_sent(tmp_path: Path) -> None:
    domain = "  domain: {files: {bucket: receipts, zone: elsewhere.example, host: files.elsewhere.example}}\n"
    shop = Shop(tmp_path, BUCKET + domain)
    shop.world.shelf("r2", "acme", "zone").clear()
    run = shop.apply()
    told = {one.change.address.leaf: (one.status, one.error) for one in run.outcomes}
    assert told["files"] == ("failed", "zone elsewhere.example is not in this account")
    assert not [one for one in shop.calls("POST") if "domains" in one]


def test_a_bucket_with_objects_is_not_deleted(small: Shop) -> None:
    next(iter(small.world.shelf("r2", "acme", "bucket").values()))["objects"] = 1
    run = small.apply(mode="destroy")
    assert {one.status for one in run.outcomes if one.change.address.kind == "bucket"} <= {"denied", "failed", "held"}
    assert len(small.r2("bucket")) == 1


class _WithoutFedramp(httpx.BaseTransport):
    """The vendor to an account that is not let into two jurisdictions."""

    def __init__(self, vendor: httpx.BaseTransport) -> None:
        self._vendor = vendor

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("cf-r2-jurisdiction", "").startswith("fedramp"):
            error = {"code": 10003, "message": "Access Denied"}
            return httpx.Response(403, json={"success": False, "result": None, "errors": [error], "messages": []})
        return self._vendor.handle_request(request)


def test_a_jurisdiction_that_is_refused_is_told_when_everything_is_asked_for(small: Shop) -> None:
    with small.workshop() as shop:
        shop.transports = {**shop.transports, "r2": _WithoutFedramp(shop.transports["r2"])}
        platforms, _ = shop.platforms()
        seen = platforms["acme", "r2"].observe(Scope("acme"))
    assert seen.gaps == ()
    assert {one.resource.title() for one in seen.seen if one.kind == "r2.bucket"} == {"shop-receipts"}
    assert [note.split(",")[0] for note in seen.notes] == [
        "acme: R2 refuses the jurisdiction fedramp",
        "acme: R2 refuses the jurisdiction fedramp-high",
    ]
