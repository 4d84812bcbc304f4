"""What a team meets: first apply, drift, fresh buckets, locks, jurisdictions, and the domain's own DNS record."""

from collections.abc import Callable

import pytest

from reconcile.loop import Consent
from tests.stories.estate import became, said

from .conftest import BUCKET, Shop

Begun = Callable[[str], Shop]


def with_(more: str) -> str:
    """The bucket, and more of its platform."""
    return f"account: acme\nr2:\n  bucket: {{receipts: {{name: shop-receipts}}}}\n  {more}\n"


def decisions(shop: Shop) -> list[tuple[str, str]]:
    judged = shop.plan()
    told = ((change, judged.of(change)) for change in judged.plan.changes)
    return [(change.verb, verdict.decision if verdict else "allow") for change, verdict in told]


def test_a_whole_shop_is_made_and_then_there_is_nothing_to_do(shop: Shop) -> None:
    run = shop.apply()
    assert run.exit_code() == 0 and all(one.verified for one in run.outcomes)
    shop.quiet()
    assert shop.drift().plan.changes == ()


def test_the_number_of_calls_is_foretold(shop: Shop) -> None:
    foretold = shop.plan().plan.predicted_calls
    shop.world.clear_calls()
    shop.apply()
    zone_lookups = [one for one in shop.calls("GET") if "zones?" in one]
    written = [one for one in shop.calls() if not one.startswith("GET")]
    assert len(written) + len(zone_lookups) <= foretold
    assert len(written) == 8 and len(zone_lookups) == 1


def test_reading_asks_only_for_what_is_declared(begun: Begun) -> None:
    shop = begun(BUCKET)
    assert shop.apply().exit_code() == 0
    shop.world.clear_calls()
    shop.quiet()
    assert shop.calls() == ["GET ?per_page=100", "GET /shop-receipts"]


def test_a_fresh_buckets_own_lifecycle_is_nobodys_business(begun: Begun) -> None:
    shop = begun(BUCKET)
    shop.apply()
    (fresh,) = [one["rules"] for one in shop.r2("lifecycle")]
    shop.quiet()
    shop.write("shop", with_("lifecycle: {receipts: {bucket: receipts, rules: [{id: logs, delete_after: 60}]}}"))
    assert said(shop.plan()) == [("create", "git", "receipts")]
    assert shop.apply().exit_code() == 0
    shop.quiet()
    shop.write("shop", BUCKET)
    assert said(shop.plan()) == [("delete", "git", "receipts")]
    assert shop.apply().exit_code() == 0
    assert [one["rules"][0]["id"] for one in shop.r2("lifecycle")] == [fresh[0]["id"]]
    shop.quiet()


def test_the_vendors_own_rule_may_be_declared(begun: Begun) -> None:
    rule = "{id: Default Multipart Abort Rule, abort_uploads_after: 604800}"
    shop = begun(with_(f"lifecycle: {{receipts: {{bucket: receipts, rules: [{rule}]}}}}"))
    assert shop.apply().exit_code() == 0
    shop.quiet()


def test_a_bucket_made_public_by_hand_is_found_and_shut(begun: Begun) -> None:
    shop = begun(with_("public-access: {receipts: {bucket: receipts, enabled: false}}"))
    assert shop.apply().exit_code() == 0
    shop.quiet()
    shop.hand("public-access", "shop-receipts", enabled="true")
    assert said(shop.drift()) == [("update", "drift", "receipts")]
    assert became(shop.heal()) == {"receipts": "done"}
    assert [one["enabled"] for one in shop.r2("public-access")] == [False]


def test_a_bucket_that_was_public_before_is_shut_with_a_persons_word_only(begun: Begun) -> None:
    shop = begun(BUCKET)
    shop.apply()
    shop.hand("public-access", "shop-receipts", enabled="true")
    shop.write("shop", with_("public-access: {receipts: {bucket: receipts, enabled: false}}"))
    assert decisions(shop) == [("adopt", "hold")]
    assert shop.approve(shop.plan()).exit_code() == 0
    shop.quiet()


def test_a_bucket_that_opens_is_shut_again_when_nobody_declares_it(begun: Begun) -> None:
    shop = begun(with_("public-access: {receipts: {bucket: receipts, enabled: true}}"))
    shop.apply()
    shop.write("shop", BUCKET)
    assert shop.apply().exit_code() == 0
    assert [one["enabled"] for one in shop.r2("public-access")] == [False]
    shop.quiet()


def test_a_lock_is_loosened_with_a_persons_word_only(begun: Begun) -> None:
    lock = "lock: {{receipts: {{bucket: receipts, rules: [{{id: all, seconds: {}}}]}}}}"
    shop = begun(with_(lock.format(600)))
    assert shop.apply().exit_code() == 0
    shop.write("shop", with_(lock.format(60)))
    assert decisions(shop) == [("update", "hold")]
    assert became(shop.apply()) == {"receipts": "held"}
    assert shop.apply(consent=Consent(approve=True)).exit_code() == 0
    shop.write("shop", with_(lock.format(6000)))
    assert decisions(shop) == [("update", "allow")]
    shop.apply()
    shop.write("shop", BUCKET)
    assert decisions(shop) == [("delete", "hold")]


def test_a_bucket_is_deleted_by_hand_only(begun: Begun) -> None:
    shop = begun(BUCKET)
    shop.apply()
    shop.write("shop", "account: acme\nr2: {bucket: {other: {name: other-bucket}}}\n")
    assert ("delete", "deny") in decisions(shop)
    assert became(shop.apply())["receipts"] == "denied"
    assert "shop-receipts" in {one["name"] for one in shop.r2("bucket")}


def test_a_bucket_of_another_jurisdiction_is_never_taken_for_one_that_is_gone(begun: Begun) -> None:
    eu = "account: acme\nr2: {bucket: {receipts: {name: shop-receipts, jurisdiction: eu}}}\n"
    shop = begun(eu)
    assert shop.apply().exit_code() == 0
    shop.quiet()
    shop.write("shop", eu.replace("eu}", "us}"))
    assert decisions(shop) == [("replace", "deny")]
    shop.world.create("r2", "bucket", "by-hand", "acme", {"jurisdiction": "default"})
    shop.write("shop", eu)
    assert [one.seen.resource.title() for one in shop.plan().plan.unmanaged] == ["by-hand"]


def test_a_location_is_a_hint(begun: Begun) -> None:
    shop = begun("account: acme\nr2: {bucket: {receipts: {name: shop-receipts, location: apac}}}\n")
    shop.apply()
    assert [one["location"] for one in shop.r2("bucket")] == ["APAC"]
    shop.write("shop", "account: acme\nr2: {bucket: {receipts: {name: shop-receipts, location: weur}}}\n")
    shop.quiet()


def test_the_cname_of_a_domain_is_no_drift_of_the_zones(shop: Shop) -> None:
    assert shop.apply().exit_code() == 0
    record = shop.record("files.shop.example", "CNAME")
    assert (record["content"], record["proxied"]) == ("public.r2.dev", True)
    shop.write(
        "dns", "account: acme\nuses: [shop]\ncloudflare: {records: {shop: {www: {type: A, content: 192.0.2.1}}}}\n"
    )
    assert shop.apply().exit_code() == 0
    shop.quiet()
    record["meta"] = {}
    shop.world.shelf("cloudflare", "acme", "record")[record["id"]]["meta"] = {}
    shop.quiet()


def test_with_the_domain_its_cname_goes(shop: Shop) -> None:
    assert shop.apply().exit_code() == 0
    assert "files.shop.example CNAME" in shop.names()
    text = (shop.root / "stacks" / "shop.yaml").read_text()
    shop.write("shop", text[: text.index("  domain:")])
    run = shop.apply()
    assert became(run)["files"] == "done"
    assert shop.names() == []
    shop.quiet()


def test_a_record_in_the_way_of_a_domain_is_told(shop: Shop) -> None:
    shop.create("files", "A", "192.0.2.9", zone="shop.example")
    run = shop.apply()
    assert became(run)["files"] == "failed"
    (told,) = [one.error for one in run.outcomes if one.status == "failed"]
    assert "A DNS record is in the way" in told


def test_a_domain_is_secure_after_a_while_and_that_is_no_change(shop: Shop) -> None:
    import datetime as dt

    shop.apply()
    shop.world.advance(dt.timedelta(hours=2))
    shop.quiet()


@pytest.mark.parametrize("kind", ["cors", "lifecycle", "lock", "public-access", "domain"])
def test_what_a_bucket_has_waits_for_its_bucket(kind: str, shop: Shop) -> None:
    shop.fault("403 POST /accounts/*/r2/buckets times=always", "r2")
    run = shop.apply()
    names = {one.change.address.kind: one.status for one in run.outcomes}
    assert (names["bucket"], names[kind]) == ("failed", "skipped")
