"""Every endpoint that the product uses, asked by the vendor's own client; all exchanges against its schemas."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudflare
import pytest

from reconcile.platforms import pretends
from reconcile.sandbox.serve import Served
from tests.vendor.openapi import Document

from .conftest import ID, Shop

SPEC = Path(__file__).parents[2].parent / "shared" / "specs" / "cloudflare.json"
BUCKET = "shop-receipts"


@pytest.fixture
def client(served: Served) -> Iterator[cloudflare.Cloudflare]:
    token = served.ready.accounts["acme"]["r2"].token
    with cloudflare.Cloudflare(api_token=token, base_url=served.platform_urls["r2"], max_retries=0) as opened:
        yield opened


def _told(shop: Shop, calls: list[dict[str, Any]]) -> list[str]:
    if not SPEC.is_file():
        pytest.skip("not run: ../shared/specs/cloudflare.json is not here")
    document = Document(SPEC, pretends()["r2"].prefix)
    told = (document.check(call) for call in calls if call["platform"] == "r2")
    found = [one for wrong in told for one in (["no schema describes it"] if wrong is None else wrong)]
    # The schema names locations in small letters; the live API was seen to answer in capitals.
    return [one for one in found if "answered $.result.location: WEUR" not in one]


def test_buckets(client: cloudflare.Cloudflare, shop: Shop) -> None:
    buckets: Any = client.r2.buckets
    made = buckets.create(account_id=ID, name="by-client", location_hint="weur", storage_class="InfrequentAccess")
    assert (made.name, made.location.lower(), made.jurisdiction) == ("by-client", "weur", "default")
    assert buckets.edit("by-client", account_id=ID, storage_class="Standard").storage_class == "Standard"
    assert buckets.get("by-client", account_id=ID).storage_class == "Standard"
    page = buckets.with_raw_response.list(account_id=ID, per_page=1).json()
    assert [one["name"] for one in page["result"]["buckets"]] == ["by-client"]
    more = buckets.with_raw_response.list(account_id=ID, cursor=page["result_info"]["cursor"]).json()
    assert [one["name"] for one in more["result"]["buckets"]] == [BUCKET] and "cursor" not in more["result_info"]
    assert [one.name for one in buckets.list(account_id=ID, cf_r2_jurisdiction="eu").buckets] == [BUCKET]
    buckets.delete("by-client", account_id=ID)
    with pytest.raises(cloudflare.NotFoundError) as gone:
        buckets.get("by-client", account_id=ID)
    assert gone.value.body["errors"][0]["code"] == 10006


def test_rule_sets(client: cloudflare.Cloudflare) -> None:
    buckets: Any = client.r2.buckets
    rule = {"allowed": {"methods": ["GET"], "origins": ["*"]}, "id": "all", "maxAgeSeconds": 60}
    buckets.cors.update(BUCKET, account_id=ID, rules=[rule])
    assert buckets.cors.get(BUCKET, account_id=ID).rules[0].id == "all"
    buckets.cors.delete(BUCKET, account_id=ID)
    with pytest.raises(cloudflare.NotFoundError) as none:
        buckets.cors.get(BUCKET, account_id=ID)
    assert none.value.body["errors"][0]["code"] == 10059
    old = {"id": "old", "enabled": True, "conditions": {"prefix": ""}}
    old["deleteObjectsTransition"] = {"condition": {"type": "Age", "maxAge": 60}}
    buckets.lifecycle.update(BUCKET, account_id=ID, rules=[old])
    assert [one.id for one in buckets.lifecycle.get(BUCKET, account_id=ID).rules] == ["old"]
    kept = {"id": "kept", "enabled": True, "condition": {"type": "Indefinite"}}
    buckets.locks.update(BUCKET, account_id=ID, rules=[kept])
    assert [one.id for one in buckets.locks.get(BUCKET, account_id=ID).rules] == ["kept"]


def test_domains(client: cloudflare.Cloudflare) -> None:
    domains: Any = client.r2.buckets.domains
    (zone,) = client.zones.list(name="shop.example").result
    made = domains.custom.create(BUCKET, account_id=ID, domain="x.shop.example", enabled=True, zone_id=zone.id)
    assert made.min_tls == "1.0"
    assert domains.custom.update("x.shop.example", account_id=ID, bucket_name=BUCKET, min_tls="1.3").min_tls == "1.3"
    one = domains.custom.get("x.shop.example", account_id=ID, bucket_name=BUCKET)
    assert (one.min_tls, one.zone_name, one.status.ownership) == ("1.3", "shop.example", "pending")
    listed = {one.domain for one in domains.custom.list(BUCKET, account_id=ID).domains}
    assert listed == {"files.shop.example", "x.shop.example"}
    domains.custom.delete("x.shop.example", account_id=ID, bucket_name=BUCKET)
    assert domains.managed.update(BUCKET, account_id=ID, enabled=True).enabled
    assert domains.managed.list(BUCKET, account_id=ID).domain.startswith("pub-")


def test_accounts_and_tokens(client: cloudflare.Cloudflare, served: Served) -> None:
    assert [one.id for one in client.accounts.list().result] == [ID]
    tokens: Any = client.accounts.tokens
    (group,) = [one for one in tokens.permission_groups.list(account_id=ID) if one.name == "Workers R2 Storage Read"]
    policy = {"effect": "allow", "permission_groups": [{"id": group.id}]}
    policy["resources"] = {f"com.cloudflare.api.account.{ID}": "*"}
    made = tokens.create(account_id=ID, name="reader", policies=[policy])
    reader = cloudflare.Cloudflare(api_token=made.value, base_url=served.platform_urls["r2"], max_retries=0)
    assert reader.accounts.tokens.verify(account_id=ID).id == made.id
    assert reader.r2.buckets.get(BUCKET, account_id=ID).name == BUCKET
    with pytest.raises(cloudflare.PermissionDeniedError):
        reader.r2.buckets.create(account_id=ID, name="never-made")
    tokens.delete(made.id, account_id=ID)
    with pytest.raises(cloudflare.AuthenticationError):
        reader.r2.buckets.get(BUCKET, account_id=ID)


def test_every_exchange_of_the_vendors_client_fits_the_vendors_schemas(
    client: cloudflare.Cloudflare, shop: Shop, served: Served
) -> None:
    test_buckets(client, shop)
    test_rule_sets(client)
    test_domains(client)
    calls = shop.world.calls()
    assert len(calls) > 20 and _told(shop, calls) == []


def test_every_exchange_of_the_product_fits_the_vendors_schemas(shop: Shop) -> None:
    assert shop.apply().exit_code() == 0
    shop.hand("bucket", "shop-receipts", **{"where.jurisdiction": "default", "storage_class": "InfrequentAccess"})
    shop.hand("public-access", "shop-receipts", **{"where.bucket": "shop-receipts", "enabled": "true"})
    shop.hand("domain", "files.shop.example", enabled="false")
    assert shop.heal().exit_code() == 0
    shop.write("shop", "account: acme\nr2: {bucket: {receipts: {name: shop-receipts}}}\n")
    shop.plan()
    calls = shop.world.calls()
    assert len(calls) > 30 and _told(shop, calls) == []


def test_the_product_uses_no_endpoint_that_is_not_asked_here(client: cloudflare.Cloudflare, shop: Shop) -> None:
    shop.world.clear_calls()
    test_buckets(client, shop)
    test_rule_sets(client)
    test_domains(client)
    list(client.accounts.list())
    asked = {(one["method"], one["route"]) for one in shop.world.calls()}
    assert {(route.method, route.path) for route in pretends()["r2"]().routes() if "/tokens" not in route.path} == asked
