"""What the vendor's own Pulumi classes are told of our kinds, and what can be read back from it."""

import importlib
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.model.bridge import Bridge, ZoneId, python_names, wire_names
from reconcile.model.resource import Resource
from reconcile.platforms import kinds
from reconcile.platforms.cloudflare import Record
from reconcile.platforms.r2 import Bucket, Cors, Domain, Lifecycle, Lock, PublicAccess
from tests.contract.samples import samples
from tests.program.mini.runner import record

BRIDGED = {name: kind for name, kind in kinds().items() if kind.bridge is not None}
DOMAIN, ZONE = "zone.contract.example", "0" * 31 + "1"
ACCOUNT = "a" * 32
TARGETS = {"zone": DOMAIN, "bucket": "receipts"}


def bridge_of(kind: type[Resource]) -> Bridge:
    assert kind.bridge is not None
    return kind.bridge


def declared(kind: type[Resource], **values: Any) -> Resource:
    """As a program would be told it: with our mark where the kind has a place for one and nothing is said."""
    named = {name: value for name, value in TARGETS.items() if name in kind.model_fields}
    marks = {kind.marker_field: "trueup:p/s/a"} if kind.marker_field else {}
    return kind.declared({**named, **marks, **values})


def everything() -> list[Resource]:
    return [declared(kind, **sample.values) for kind in BRIDGED.values() for sample in samples(kind)]


def arguments(resource: Resource) -> dict[str, Any]:
    said = bridge_of(type(resource)).says(resource, ACCOUNT)
    return {name: ZONE if value == ZoneId(DOMAIN) else value for name, value in said.items()}


def domain_of(id: str) -> str:
    assert id == ZONE
    return DOMAIN


def read_back(kind: type[Resource], inputs: Mapping[str, Any]) -> Resource:
    return kind.declared(bridge_of(kind).reads(inputs, domain_of))


@pytest.fixture(scope="module")
def registered() -> dict[int, dict[str, Any]]:
    """What the vendor's classes register of everything, by its place in the list."""

    def program() -> None:
        for number, resource in enumerate(everything()):
            bridge = bridge_of(type(resource))
            getattr(importlib.import_module(bridge.module), bridge.name)(f"n{number}", **arguments(resource))

    recorder = record(program, project="p", stack="s")
    tokens = {one.name: one.type for one in recorder.requests.values()}
    for number, resource in enumerate(everything()):
        assert tokens[f"n{number}"] == bridge_of(type(resource)).token
    return {int(one.name[1:]): recorder.inputs(urn) for urn, one in recorder.requests.items()}


def test_all_that_the_vendors_provider_can_build_is_bridged() -> None:
    assert {kind.kind for kind in BRIDGED.values()} == {
        "cloudflare.record",
        *("r2.bucket", "r2.cors", "r2.lifecycle", "r2.lock", "r2.domain", "r2.public-access"),
    }


def test_every_shape_comes_back_from_what_is_registered(registered: dict[int, dict[str, Any]]) -> None:
    whole = everything()
    assert {one.type for one in whole if isinstance(one, Record)} == Record.TYPES
    for number, resource in enumerate(whole):
        assert read_back(type(resource), registered[number]) == resource


def test_what_is_registered_is_called_as_foretold(registered: dict[int, dict[str, Any]]) -> None:
    for number, resource in enumerate(everything()):
        assert registered[number] == wire_names(arguments(resource))
        assert python_names(registered[number]) == arguments(resource)


@given(
    values=st.fixed_dictionaries(
        {"content": st.text(min_size=1).filter(lambda text: "${" not in text), "ttl": st.sampled_from([1, 60, 86400])},
        optional={
            "comment": st.text("ab ", max_size=5),
            "tags": st.lists(st.text("ab", min_size=1), max_size=2).map(tuple),
            "settings": st.just({}),
        },
    )
)
def test_any_text_comes_back(values: dict[str, Any]) -> None:
    one = declared(Record, type="TXT", name="t", **values)
    assert read_back(Record, wire_names(arguments(one))) == one


def test_a_record_is_told_as_the_api_answers_it() -> None:
    """Whatever the API would answer otherwise, the vendor's provider takes for drift."""
    long = arguments(declared(Record, type="TXT", name="t", content="x" * 300))
    assert long["name"] == f"t.{DOMAIN}"
    assert long["content"] == f'"{"x" * 255}" "{"x" * 45}"'
    service = {"priority": 10, "weight": 5, "port": 5060, "target": "sip.example.net"}
    assert arguments(declared(Record, type="SRV", name="_sip._tcp", data=service))["priority"] == 10
    mail = arguments(declared(Record, type="MX", name="@", content="mx.example.net.", priority=0))
    assert (mail["name"], mail["content"], mail["priority"]) == (DOMAIN, "mx.example.net", 0)
    assert "comment" not in arguments(declared(Record, type="A", name="a", content="192.0.2.1", comment=""))
    proxied = arguments(declared(Record, type="A", name="a", content="192.0.2.1", proxied=True, ttl=300))
    assert (proxied["proxied"], proxied["ttl"]) == (True, 1)


def test_settings_that_are_off_are_said_off() -> None:
    """Left out they would stay as they live."""
    off = arguments(declared(Record, type="CNAME", name="c", content="d.example.net", settings={}))
    assert off["settings"] == {"flatten_cname": False}


PENDING = "${railway.service-domain.api.host}"


def test_what_waits_for_an_output_is_held_whole() -> None:
    for kind in ("CNAME", "MX", "A"):
        mail = {"priority": 10} if kind == "MX" else {}
        assert arguments(declared(Record, type=kind, name="c", content=PENDING, **mail))["content"] == PENDING
    assert arguments(declared(Record, type="TXT", name="c", content=PENDING))["content"] == f'"{PENDING}"'
    assert arguments(declared(Record, type="A", name=PENDING, content="192.0.2.1"))["name"] == PENDING
    parts = {"order": 1, "preference": 1, "replacement": PENDING}
    assert arguments(declared(Record, type="NAPTR", name="n", data=parts))["data"]["replacement"] == PENDING
    assert arguments(declared(Cors, bucket=PENDING, rules=[{"origins": ["*"], "methods": ["GET"]}])) == {
        "account_id": ACCOUNT,
        "bucket_name": PENDING,
        "rules": [{"id": "rule-1", "allowed": {"origins": ["*"], "methods": ["GET"]}}],
    }
    ends = arguments(declared(Lifecycle, rules=[{"id": "a", "delete_on": PENDING}]))["rules"][0]
    assert ends["delete_objects_transition"]["condition"]["date"] == PENDING


@pytest.mark.parametrize(
    ("kind", "vendors", "inputs", "ours"),
    [
        (Record, "0f", {"zoneId": ZONE}, "0f"),
        (Bucket, "receipts", {"accountId": ACCOUNT, "name": "receipts"}, "receipts"),
        (Bucket, "receipts", {"accountId": ACCOUNT, "name": "receipts", "jurisdiction": "eu"}, "eu/receipts"),
        (Lock, ACCOUNT, {"accountId": ACCOUNT, "bucketName": "receipts", "jurisdiction": "default"}, "receipts"),
        (PublicAccess, ACCOUNT, {"accountId": ACCOUNT, "bucketName": "receipts", "jurisdiction": "eu"}, "eu/receipts"),
        (
            *(Domain, f"{ACCOUNT}__{ZONE}"),
            *({"accountId": ACCOUNT, "zoneId": ZONE, "bucketName": "receipts", "domain": "f.x"}, "receipts/f.x"),
        ),
    ],
)
def test_the_vendors_id_and_inputs_say_which_live_thing(
    kind: type[Resource], vendors: str, inputs: dict[str, Any], ours: str
) -> None:
    assert bridge_of(kind).remote_id(vendors, inputs) == ours


def test_what_can_be_imported_is_called_as_the_vendors_docs_say() -> None:
    record = declared(Record, type="A", name="a", content="192.0.2.1")
    bucket = declared(Bucket, name="receipts", jurisdiction="eu")
    assert {kind.kind for kind in BRIDGED.values() if bridge_of(kind).import_id} == {Record.kind, Bucket.kind}
    for live, id, told in (
        (record, "0f", f"{ZONE}/0f"),
        (bucket, "eu/receipts", f"{ACCOUNT}/receipts/eu"),
        (declared(Bucket, name="receipts"), "receipts", f"{ACCOUNT}/receipts/default"),
    ):
        made = bridge_of(type(live)).import_id
        assert made is not None
        assert made(live, id, ACCOUNT, {DOMAIN: ZONE}.__getitem__) == told


def test_every_output_is_one_of_the_vendors_class() -> None:
    for kind in BRIDGED.values():
        bridge = bridge_of(kind)
        made = getattr(importlib.import_module(bridge.module), bridge.name)
        for ours, theirs in bridge.outputs.items():
            assert ours in kind.model_fields
            assert isinstance(getattr(made, theirs), property)
