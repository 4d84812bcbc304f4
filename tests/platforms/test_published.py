"""What we send and what the pretend world answers is what the vendors' published schemas say."""

from typing import Any

import pytest

from .conftest import Bench, change, everything, heartbeat, record
from .published import Published, published
from .samples import SAMPLES


def _check(bench: Bench, spec: Published, prefix: str = "") -> int:
    """Validates every call of a world; returns how many bodies were validated."""
    validated = 0
    for call in bench.world.log.made:
        operation = spec.operation(call.method, prefix + call.route)
        if call.request is not None:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            assert spec.wrong_with(schema, call.request) == [], (call.method, call.path, call.request)
            validated += 1
        answers = operation["responses"]
        answer = answers.get(str(call.status)) or answers.get(f"{call.status // 100}XX")
        content = answer.get("content") if answer and "$ref" not in answer else None
        if content and call.response is not None:
            schema = content["application/json"]["schema"]
            assert spec.wrong_with(schema, call.response) == [], (call.method, call.path, call.response)
            validated += 1
    return validated


def _all_types(bench: Bench) -> Any:
    bench.zone(plan="pro")
    cloudflare = bench.cloudflare()
    wave = [
        change(record(name=kind.lower(), type=kind, comment="x", tags=["a:b"], **values))
        for kind, values in SAMPLES.items()
    ]
    return cloudflare, list(cloudflare.apply(wave))


def test_every_cloudflare_body_is_what_the_vendor_publishes(bench: Bench) -> None:
    cloudflare, made = _all_types(bench)
    assert {one.status for one in made} == {"done"}, [one.error for one in made if one.error]
    updates = [change(one.resource.model_copy(update={"ttl": 600}), one.resource, one.id) for one in made]
    assert {one.status for one in cloudflare.apply(updates)} == {"done"}
    cloudflare.observe(everything())
    assert {one.status for one in cloudflare.apply([change(None, one.resource, one.id) for one in made])} == {"done"}
    list(cloudflare.apply([change(record(name="x", type="NS", content="ns.example"))] * 2))
    assert _check(bench, published("cloudflare.json")) >= 12


@pytest.mark.parametrize("kind", sorted(SAMPLES))
def test_no_cloudflare_body_has_a_field_that_the_vendor_does_not_know(kind: str) -> None:
    spec = published("cloudflare.json")
    body = record(name="x", type=kind, comment="x", tags=["a:b"], settings={}, **SAMPLES[kind]).body()
    operation = spec.operation("POST", "/zones/{zone}/dns_records")
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert set(body) <= spec.fields(schema, body)
    assert spec.wrong_with(schema, body) == []


def test_the_bounds_of_august_2024_hold_for_what_we_send() -> None:
    spec = published("cloudflare-2024-08.json")
    for kind, values in SAMPLES.items():
        body = record(name="x", type=kind, **values).body()
        schema = spec.document["components"]["schemas"].get(f"dns-records_{kind}Record")
        if schema is not None:
            assert spec.wrong_with(schema, body) == [], kind


def test_every_heartbeat_body_is_what_is_known_of_the_vendor(bench: Bench) -> None:
    betterstack = bench.betterstack()
    (made,) = betterstack.apply([change(heartbeat(paused=True, policy_id=3, maintenance_days=["mon"]))])
    (changed,) = betterstack.apply([change(heartbeat(grace=60), made.resource, made.id)])
    betterstack.observe(everything())
    list(betterstack.apply([change(None, changed.resource, changed.id)]))
    spec = published("betterstack.json")
    sent = next(call.request for call in bench.world.log.made if call.method == "POST")
    schema = spec.operation("POST", "/api/v2/heartbeats")["requestBody"]["content"]["application/json"]["schema"]
    assert set(sent) <= spec.fields(schema, sent)
    # The answers of a heartbeat tell null for what is not set, which the derived schema leaves out.
    for call in bench.world.log.made:
        operation = spec.operation(call.method, call.route)
        assert str(call.status) in operation["responses"]
        if call.request is not None:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            wrong = spec.wrong_with(schema, call.request)
            assert [one for one in wrong if "is a required property" not in one] == []
