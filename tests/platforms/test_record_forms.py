"""What a stack file may say of a record, and what it means."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reconcile.platforms.cloudflare import Record
from reconcile.platforms.cloudflare.canonical import quoted, text, wire_text

from .conftest import record
from .samples import SAMPLES, declared


def test_there_is_a_sample_of_every_type() -> None:
    assert set(SAMPLES) == Record.TYPES


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("@", "acme.example"),
        ("www", "www.acme.example"),
        ("WWW.Acme.Example.", "www.acme.example"),
        ("www.acme.example", "www.acme.example"),
        ("acme.example", "acme.example"),
        ("notacme.example", "notacme.example.acme.example"),
        ("bücher", "xn--bcher-kva.acme.example"),
        ("_dmarc", "_dmarc.acme.example"),
        ("*", "*.acme.example"),
    ],
)
def test_a_name_becomes_complete_lower_case_and_punycode(name: str, full: str) -> None:
    assert record(name=name, type="A", content="192.0.2.1").name == full


@pytest.mark.parametrize(
    ("kind", "given", "canonical"),
    [
        ("AAAA", "2001:DB8:0:0::7", "2001:db8::7"),
        ("CNAME", "Target.Example.", "target.example"),
        ("TXT", '"v=spf1 " "-all"', "v=spf1 -all"),
        ("TXT", '"say \\"hi\\""', 'say "hi"'),
        ("TXT", r'"caf\195\169"', "café"),
        ("TXT", "plain", "plain"),
        ("MX", ".", "."),
    ],
)
def test_what_can_be_written_in_several_ways_has_one_form(kind: str, given: str, canonical: str) -> None:
    more = {"priority": 0} if kind == "MX" else {}
    assert record(name="x", type=kind, content=given, **more).content == canonical


def test_parameters_of_a_service_are_sorted_and_quoted() -> None:
    found = record(name="x", type="HTTPS", data={"priority": "1", "target": ".", "value": 'port=443 alpn="h3,h2"'})
    assert found.data == {"priority": 1, "target": ".", "value": 'alpn="h3,h2" port="443"'}


@pytest.mark.parametrize(("given", "ttl"), [("auto", 1), (1, 1), (300, 300), (30, 30)])
def test_a_ttl_is_seconds_or_auto(given: Any, ttl: int) -> None:
    assert record(name="x", type="TXT", content="a", ttl=given).ttl == ttl


def test_a_proxied_record_is_always_auto() -> None:
    assert record(name="x", type="A", content="192.0.2.1", proxied=True, ttl=300).ttl == 1


def test_tags_are_a_set() -> None:
    assert record(name="x", type="A", content="192.0.2.1", tags=["b", "a", "b"]).tags == ("a", "b")


def test_a_flag_that_is_off_is_one_that_is_absent() -> None:
    off = record(name="x", type="CNAME", content="y.example", settings={"flatten_cname": False})
    assert off.settings == {}
    assert off.body()["settings"] == {"flatten_cname": False}


def test_a_setting_of_the_proxy_counts_once_the_record_is_proxied() -> None:
    values = {"name": "x", "type": "A", "content": "192.0.2.1", "settings": {"ipv4_only": True}}
    assert record(**values).settings == {}
    assert record(**values, proxied=True).settings == {"ipv4_only": True}
    assert record(**values, proxied=True).body()["settings"] == {"ipv4_only": True, "ipv6_only": False}


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"type": "MX", "content": "mx.example"}, "priority", "MX needs a priority"),
        ({"type": "URI", "data": {"weight": 1, "target": "x"}}, "priority", "URI needs a priority"),
        ({"type": "A", "content": "192.0.2.1", "priority": 1}, "priority", "A has no priority"),
        ({"type": "SRV", "data": SAMPLES["SRV"]["data"], "priority": 1}, "priority", "stands in its data"),
        ({"type": "A", "content": "300.1.1.1"}, "content", "no IPv4 address"),
        ({"type": "AAAA", "content": "192.0.2.1"}, "content", "no IPv6 address"),
        ({"type": "A"}, "content", "A needs a content"),
        ({"type": "SRV", "content": "1 2 3 x"}, "content", "say data: {priority, weight, port, target}"),
        ({"type": "SRV"}, "data", "SRV needs data"),
        ({"type": "A", "content": "192.0.2.1", "data": {}}, "data", "A has no data"),
        ({"type": "SRV", "data": {"priority": 1, "weight": 1, "port": 1}}, "data", "needs target"),
        ({"type": "SRV", "data": {**SAMPLES["SRV"]["data"], "prot": 1}}, "data", "no 'prot'"),
        ({"type": "SRV", "data": {**SAMPLES["SRV"]["data"], "port": 70_000}}, "data", "not between 0 and 65535"),
        ({"type": "DS", "data": {**SAMPLES["DS"]["data"], "digest": "xyz"}}, "data", "not hexadecimal"),
        ({"type": "TXT", "content": "a", "proxied": True}, "proxied", "cannot be proxied"),
        ({"type": "TXT", "content": "a", "ttl": 5}, "ttl", "no TTL"),
        ({"type": "CNAME", "content": "x.acme.example"}, "content", "cannot point at itself"),
        ({"type": "CNAME", "content": "a b"}, "content", "no host name"),
        ({"type": "TXT", "content": "a", "comment": "two\nlines"}, "comment", "one line"),
        ({"type": "A", "content": "192.0.2.1", "settings": {"flatten_cname": True}}, "settings", "for CNAME"),
        ({"type": "TXT", "content": "a", "settings": {"ipv4_only": True}}, "settings", "TXT has no ipv4_only"),
        ({"type": "SPF", "content": "a"}, "type", "Input should be"),
        ({"type": "A", "content": "192.0.2.1", "name": "x.elsewhere.example."}, "name", "not in the zone"),
        ({"type": "A", "content": "192.0.2.1", "name": "a..b"}, "name", "no host name"),
        ({"type": "A", "content": "192.0.2.1", "colour": 1}, "colour", "not permitted"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(values: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        record(**{"name": "x", **values})
    assert any(one["loc"][0] == field and words in one["msg"] for one in refused.value.errors())


@pytest.mark.parametrize(
    "values",
    [
        {"type": "CNAME", "content": "${railway.domain.api.target}"},
        {"type": "A", "content": "${x.y.z.address}"},
        {"type": "TXT", "content": "verify=${railway.domain.api.verify_value}"},
        {"type": "SRV", "data": {**SAMPLES["SRV"]["data"], "target": "${railway.domain.api.target}"}},
        {"type": "DS", "data": {**SAMPLES["DS"]["data"], "key_tag": "${x.y.z.tag}"}},
    ],
)
def test_the_text_of_a_reference_passes_untouched(values: dict[str, Any]) -> None:
    found = record(name="x", **values)
    assert found.content == values.get("content")
    assert found.data is None or "${" in str(found.data)


@pytest.mark.parametrize("kind", sorted(SAMPLES))
def test_keys_get_weaker_and_begin_with_the_name(kind: str) -> None:
    keys = record(name="x", type=kind, **SAMPLES[kind]).keys()
    assert len(keys[0]) == 4 and keys[0][1:3] == ("x.acme.example", kind) and keys[0][3]
    assert [len(key) for key in keys] == sorted((len(key) for key in keys), reverse=True)
    assert len(keys) == {"CAA": 1, "A": 3, "AAAA": 3, "CNAME": 3}.get(kind, 2)


def test_text_at_the_apex_is_owned_value_by_value() -> None:
    assert len(record(name="@", type="TXT", content="a").keys()) == 1
    assert len(record(name="x", type="TXT", content="a").keys()) == 2
    assert len(record(name="@", type="MX", **SAMPLES["MX"]).keys()) == 2


def test_a_change_of_address_type_shares_the_weakest_key_only() -> None:
    first = record(name="x", type="A", **SAMPLES["A"]).keys()
    second = record(name="x", type="CNAME", **SAMPLES["CNAME"]).keys()
    assert set(first) & set(second) == {("acme.example", "x.acme.example")}


@given(st.sampled_from(sorted(SAMPLES)).flatmap(declared))
def test_what_was_read_once_reads_the_same_again(values: dict[str, Any]) -> None:
    first = Record.declared(values)
    assert Record.declared(first.model_dump(mode="json")) == first


@given(st.text(st.characters(codec="utf-8"), max_size=600))
def test_text_survives_quoting_and_every_chunk_fits(plain: str) -> None:
    canonical = text(plain)
    assert text(canonical) == canonical
    assert text(wire_text(canonical)) == canonical


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=900))
def test_no_quoted_string_is_longer_than_255_bytes(plain: str) -> None:
    pieces = quoted(plain)[1:-1].split('" "')
    # Escapes lengthen the piece, not the string that it stands for.
    assert all(
        len(piece.replace("\\\\", "\\").replace('\\"', '"').encode()) <= 255 for piece in pieces if '"' not in plain
    )
