"""The stand-in for the vendor's plugin: each resource over real gRPC, against the world itself."""

from typing import Any

import grpc
import pytest

from tests.r2.conftest import ID, Shop

from .conftest import ACCESS, BUCKET, CORS, DOMAIN, IN_BUCKET, LIFECYCLE, LOCK, ONE_BUCKET, RECORD, ZONE, Engine, Told

RULE = {"id": "logs", "enabled": True, "conditions": {"prefix": "logs/"}}
ENDS = {**RULE, "deleteObjectsTransition": {"condition": {"type": "Age", "maxAge": 2592000}}}
ORIGINS = {"id": "read", "allowed": {"origins": ["https://shop.example"], "methods": ["GET"]}}
HELD = {"id": "all", "enabled": True, "condition": {"type": "Indefinite"}}


def said(failed: "pytest.ExceptionInfo[grpc.RpcError]") -> str:
    text = str(failed.value.details())
    assert "\n" not in text
    return text


def record_of(shop: Shop, name: str) -> dict[str, Any]:
    (found,) = [one for one in shop.live("record") if one["name"] == name]
    return found


def test_a_record_lives_as_it_was_said(shop: Shop, engine: Engine) -> None:
    told = engine.made(RECORD, engine.record(content="192.0.2.9", comment="the api"))
    lives = record_of(shop, "a.shop.example")
    assert (told.id, lives["content"], lives["ttl"], lives["comment"]) == (lives["id"], "192.0.2.9", 300, "the api")
    assert told.outputs["createdOn"] == lives["created_on"]
    assert (told.outputs["proxied"], told.outputs["proxiable"], told.outputs["zoneId"]) == (False, True, engine.zone)
    assert engine.read(RECORD, told) == told


@pytest.mark.parametrize(
    "inputs",
    [
        {"name": "a", "content": "192.0.2.9", "proxied": False},
        {"name": "@", "type": "TXT", "content": "v=spf1 -all"},
        {"type": "CNAME", "content": "Target.Example.net.", "settings": {"flattenCname": True}},
        {"type": "MX", "content": "mx.example.net", "priority": 10},
        {"type": "CAA", "data": {"flags": 0, "tag": "issue", "value": "ca.example.net"}},
        {
            **{"type": "SRV", "name": "_sip._tcp.shop.example", "priority": 1},
            "data": {"priority": 1, "weight": 5, "port": 5060, "target": "sip.example.net"},
        },
    ],
)
def test_what_only_is_written_otherwise_is_no_drift(engine: Engine, inputs: dict[str, Any]) -> None:
    told = engine.made(RECORD, engine.record(**inputs))
    again = engine.read(RECORD, told)
    assert again is not None
    assert again.inputs == told.inputs
    assert engine.diff(RECORD, again, told.inputs) == ([], [])


def test_what_a_hand_changed_is_read_and_put_back(shop: Shop, engine: Engine) -> None:
    told = engine.made(RECORD, engine.record(content="192.0.2.9", comment="the api"))
    shop.world.edit("cloudflare", "record", told.id, "acme", {"content": "192.0.2.66", "comment": ""})
    drifted = engine.read(RECORD, told)
    assert drifted is not None
    assert drifted.inputs == {**engine.record(content="192.0.2.66")}
    assert engine.diff(RECORD, drifted, told.inputs) == (["comment", "content"], [])
    engine.changed(RECORD, drifted, told.inputs)
    assert record_of(shop, "a.shop.example")["content"] == "192.0.2.9"
    assert engine.read(RECORD, told) == told


def test_a_comment_that_is_said_no_more_goes_and_a_setting_stays(shop: Shop, engine: Engine) -> None:
    """As the vendor's schema has them: the one is optional, the other its API's too."""
    whole = engine.record(type="CNAME", content="b.example.net", comment="x", settings={"flattenCname": True})
    told = engine.made(RECORD, whole)
    less = {name: value for name, value in whole.items() if name not in ("comment", "settings")}
    assert engine.diff(RECORD, told, less) == (["comment"], [])
    engine.changed(RECORD, told, less)
    lives = record_of(shop, "a.shop.example")
    assert (lives["comment"] or "", lives["settings"]["flatten_cname"]) == ("", True)


def test_a_type_and_a_zone_are_not_changed(engine: Engine) -> None:
    told = engine.made(RECORD, engine.record(content="192.0.2.9"))
    other = engine.record(type="AAAA", content="2001:db8::1", zoneId="0" * 32)
    assert engine.diff(RECORD, told, other) == (["content", "type", "zoneId"], ["type", "zoneId"])


def test_an_identical_record_is_refused_as_the_vendor_refuses_it(shop: Shop, engine: Engine) -> None:
    engine.made(RECORD, engine.record(content="192.0.2.9"))
    with pytest.raises(grpc.RpcError) as failed:
        engine.made(RECORD, engine.record(content="192.0.2.9"))
    assert "81058" in said(failed)
    assert len(shop.live("record")) == 1


def test_what_is_gone_is_told_by_a_whole_listing(shop: Shop, engine: Engine) -> None:
    told = engine.made(RECORD, engine.record(content="192.0.2.9"))
    shop.world.delete("cloudflare", "record", told.id, "acme", {})
    assert engine.read(RECORD, told) is None
    shop.world.fault("cloudflare", "403 before GET /zones/*/dns_records")
    with pytest.raises(grpc.RpcError) as failed:
        engine.read(RECORD, told)
    assert "403" in said(failed)


def test_a_refresh_lists_once_and_sees_an_edit_between_two(shop: Shop, engine: Engine) -> None:
    told = [engine.made(RECORD, engine.record(name=f"n{n}.shop.example", content="192.0.2.9")) for n in range(5)]
    shop.world.clear_calls()
    assert [engine.read(RECORD, one) for one in told] == told
    assert len([one for one in shop.world.calls() if "/dns_records" in one["path"]]) == 1
    shop.world.edit("cloudflare", "record", told[0].id, "acme", {"ttl": "600"})
    again = engine.read(RECORD, told[0])
    assert again is not None and again.inputs["ttl"] == 600


def test_a_record_is_deleted(shop: Shop, engine: Engine) -> None:
    engine.deleted(RECORD, engine.made(RECORD, engine.record(content="192.0.2.9")))
    assert shop.live("record") == []


def test_a_record_is_imported_by_zone_and_id(engine: Engine) -> None:
    inputs = engine.record(type="CNAME", content="b.example.net", ttl=1)
    told = engine.made(RECORD, inputs)
    found = engine.imported(RECORD, f"{engine.zone}/{told.id}")
    assert found is not None
    assert (found.id, found.inputs, found.outputs["createdOn"]) == (told.id, inputs, told.outputs["createdOn"])
    assert engine.imported(RECORD, f"{engine.zone}/{'0' * 32}") is None
    with pytest.raises(grpc.RpcError) as failed:
        engine.imported(RECORD, told.id)
    assert "<zone_id>/<dns_record_id>" in said(failed)


@pytest.mark.parametrize(
    ("token", "inputs", "refused"),
    [
        (RECORD, {"contents": "192.0.2.9"}, "contents: Unexpected property"),
        (RECORD, {"type": "CAA", "data": {"tags": "issue"}}, "data.tags: Unexpected property"),
        (RECORD, {"ttl": None}, "ttl: Missing required property"),
        (RECORD, {"privateRouting": True}, "privateRouting: the sandbox's stand-in"),
        (CORS, {**IN_BUCKET, "rules": [{"allowed": {}, "max": 1}]}, "rules[0].max: Unexpected property"),
        (BUCKET, {"name": "receipts"}, "accountId: Missing required property"),
    ],
)
def test_what_the_class_does_not_take_is_refused(
    engine: Engine, token: str, inputs: dict[str, Any], refused: str
) -> None:
    whole = engine.record(**inputs) if token == RECORD else inputs
    with pytest.raises(ValueError) as failed:
        engine.check(token, {name: value for name, value in whole.items() if value is not None})
    assert str(failed.value).startswith(refused)


def test_what_the_stand_in_does_not_know_is_refused(engine: Engine) -> None:
    for act in (
        lambda: engine.made("cloudflare:index/zone:Zone", {}),
        lambda: engine.call("cloudflare:index/getZones:getZones", {}),
        lambda: engine.made(RECORD, engine.record(zoneId="0" * 32, content="192.0.2.9")),
        lambda: engine.made(BUCKET, {"accountId": "0" * 32, "name": "receipts"}),
        lambda: engine.made(RECORD, engine.record(content="no address")),
    ):
        with pytest.raises(grpc.RpcError) as failed:
            act()
        assert failed.value.code() == grpc.StatusCode.UNKNOWN
        said(failed)


def test_a_zone_is_found_by_its_name_and_by_its_id(engine: Engine) -> None:
    by_name = engine.call(ZONE, {"filter": {"name": "shop.example"}})
    assert (by_name["zoneId"], by_name["id"], by_name["name"]) == (engine.zone, engine.zone, "shop.example")
    assert by_name["account"] == {"id": ID, "name": "acme"}
    assert engine.call(ZONE, {"zoneId": engine.zone})["nameServers"] == by_name["nameServers"]
    for asked in ({"filter": {"name": "other.example"}}, {}, {"filter": {"status": "active"}}):
        with pytest.raises(grpc.RpcError):
            engine.call(ZONE, asked)


def test_a_bucket_lives_as_it_was_said(shop: Shop, engine: Engine) -> None:
    told = engine.made(BUCKET, {**ONE_BUCKET, "location": "eeur", "jurisdiction": "eu"})
    (lives,) = shop.r2("bucket")
    assert (lives["name"], lives["jurisdiction"], lives["location"]) == ("receipts", "eu", "EEUR")
    assert (told.id, told.outputs["creationDate"]) == ("receipts", lives["creation_date"])
    assert told.outputs["storageClass"] == "Standard"
    assert engine.read(BUCKET, told) == told
    assert engine.imported(BUCKET, f"{ID}/receipts/default") is None
    found = engine.imported(BUCKET, f"{ID}/receipts/eu")
    assert found is not None
    assert engine.diff(BUCKET, found, told.inputs) == ([], [])
    cold = {**told.inputs, "storageClass": "InfrequentAccess"}
    assert engine.diff(BUCKET, told, cold) == (["storageClass"], [])
    engine.changed(BUCKET, told, cold)
    assert shop.r2("bucket")[0]["storage_class"] == "InfrequentAccess"
    assert engine.diff(BUCKET, told, {**told.inputs, "name": "others"}) == (["name"], ["name"])
    engine.deleted(BUCKET, told)
    assert (shop.r2("bucket"), engine.read(BUCKET, told)) == ([], None)


def test_a_bucket_of_that_name_is_refused(engine: Engine) -> None:
    engine.made(BUCKET, ONE_BUCKET)
    with pytest.raises(grpc.RpcError) as failed:
        engine.made(BUCKET, ONE_BUCKET)
    assert "10004" in said(failed)


def test_cors_rules_are_written_read_and_taken_away(shop: Shop, engine: Engine) -> None:
    engine.made(BUCKET, ONE_BUCKET)
    told = engine.made(CORS, {**IN_BUCKET, "rules": [ORIGINS]})
    assert (told.id, shop.r2("cors")[0]["rules"]) == (ID, [ORIGINS])
    assert engine.read(CORS, told) == told
    wider = {**IN_BUCKET, "rules": [{**ORIGINS, "maxAgeSeconds": 60}]}
    assert engine.diff(CORS, told, wider) == (["rules"], [])
    told = engine.changed(CORS, told, wider)
    assert shop.r2("cors")[0]["rules"][0]["maxAgeSeconds"] == 60
    shop.hand("cors", "receipts", rules='[{"allowed": {"origins": ["*"], "methods": ["GET"]}}]')
    drifted = engine.read(CORS, told)
    assert drifted is not None
    assert drifted.inputs["rules"][0]["allowed"]["origins"] == ["*"]
    engine.deleted(CORS, told)
    assert (shop.r2("cors"), engine.read(CORS, told)) == ([], None)


@pytest.mark.parametrize(("token", "kind", "rule"), [(LIFECYCLE, "lifecycle", ENDS), (LOCK, "lock", HELD)])
def test_what_has_no_delete_stays_when_it_is_deleted(
    shop: Shop, engine: Engine, token: str, kind: str, rule: dict[str, Any]
) -> None:
    """The vendor's provider says so itself: it "will be present in the API until manually deleted"."""
    engine.made(BUCKET, ONE_BUCKET)
    told = engine.made(token, {**IN_BUCKET, "rules": [rule]})
    assert engine.read(token, told) == told
    off = {**IN_BUCKET, "rules": [{**rule, "enabled": False}]}
    assert engine.diff(token, told, off) == (["rules"], [])
    engine.changed(token, told, off)
    assert [one["enabled"] for one in shop.r2(kind)[0]["rules"]] == [False]
    engine.deleted(token, told)
    assert [one["enabled"] for one in shop.r2(kind)[0]["rules"]] == [False]
    with pytest.raises(grpc.RpcError) as failed:
        engine.imported(token, ID)
    assert "does not support import" in said(failed)


def test_a_domain_brings_its_record(shop: Shop, engine: Engine) -> None:
    engine.made(BUCKET, ONE_BUCKET)
    inputs = {**IN_BUCKET, "zoneId": engine.zone, "domain": "files.shop.example", "enabled": True, "minTls": "1.2"}
    told = engine.made(DOMAIN, inputs)
    assert told.id == f"{ID}__{engine.zone}"
    assert told.outputs["status"] == {"ownership": "pending", "ssl": "initializing"}
    assert told.outputs["zoneName"] == "shop.example"
    assert record_of(shop, "files.shop.example")["type"] == "CNAME"
    shut = {**inputs, "enabled": False}
    assert engine.diff(DOMAIN, told, shut) == (["enabled"], [])
    told = engine.changed(DOMAIN, told, shut)
    assert shop.r2("domain")[0]["enabled"] is False
    again = engine.read(DOMAIN, told)
    assert again is not None and again.inputs == shut
    assert engine.diff(DOMAIN, told, {**shut, "domain": "f.shop.example"}) == (["domain"], ["domain"])
    with pytest.raises(grpc.RpcError):
        engine.made(DOMAIN, inputs)
    engine.deleted(DOMAIN, told)
    assert (shop.r2("domain"), shop.live("record"), engine.read(DOMAIN, told)) == ([], [], None)


def test_public_access_is_switched_and_never_looked_at(shop: Shop, engine: Engine) -> None:
    """The vendor's provider reads no managed domain: what a hand switched there, no refresh of Pulumi sees."""
    engine.made(BUCKET, ONE_BUCKET)
    told = engine.made(ACCESS, {**IN_BUCKET, "enabled": True})
    (lives,) = shop.r2("public-access")
    assert (told.id, lives["enabled"]) == (ID, True)
    assert (told.outputs["domain"], told.outputs["bucketId"]) == (lives["domain"], lives["bucketId"])
    shop.hand("public-access", "receipts", enabled="false")
    assert engine.read(ACCESS, told) == told
    engine.changed(ACCESS, told, {**IN_BUCKET, "enabled": True})
    assert shop.r2("public-access")[0]["enabled"] is True
    engine.deleted(ACCESS, told)
    assert shop.r2("public-access")[0]["enabled"] is True


def test_a_preview_writes_nothing(shop: Shop, engine: Engine) -> None:
    from pulumi.runtime.proto import provider_pb2

    from reconcile.program.properties import UNKNOWN, decode, encode

    inputs = engine.record(content=UNKNOWN)
    asked = provider_pb2.CreateRequest(type=RECORD, name="x", properties=encode(inputs), preview=True)
    answer = engine.stub.Create(asked)
    assert (answer.id, decode(answer.properties)) == ("", inputs)
    told = Told("1" * 32, engine.record(content="192.0.2.9"), {})
    assert engine.diff(RECORD, told, inputs) == (["content"], [])
    assert shop.live("record") == []
