"""Declared, sent, answered, read: the same record."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconcile.platforms.cloudflare import Record

from .conftest import Bench, change, everything, record, same
from .samples import SAMPLES, declared

_MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_MANY
@given(st.sampled_from(sorted(SAMPLES)).flatmap(declared))
def test_a_created_record_is_answered_as_declared(bench: Bench, values: dict[str, Any]) -> None:
    want = Record.declared(values)
    zones = bench.world.shelf("cloudflare", "acme", "zone")
    bench.world.shelf("cloudflare", "acme", "record").clear()
    if not zones:
        bench.zone(plan="pro")

    (outcome,) = bench.cloudflare().apply([change(want)])

    assert outcome.status == "done", outcome.error
    assert outcome.resource is not None and same(want, outcome.resource)
    (seen,) = [one for one in bench.cloudflare().observe(everything()).seen if one.kind == "cloudflare.record"]
    assert same(want, seen.resource) and seen.id == outcome.id and seen.key == want.keys()[0]


@pytest.mark.parametrize("kind", sorted(SAMPLES))
def test_a_record_made_with_defaults_has_nothing_to_correct(bench: Bench, kind: str) -> None:
    bench.zone()
    want = record(name="x", type=kind, **SAMPLES[kind])

    (outcome,) = bench.cloudflare().apply([change(want)])

    assert outcome.status == "done", outcome.error
    assert outcome.resource is not None and same(want, outcome.resource)


@pytest.mark.parametrize("before", sorted(SAMPLES))
def test_a_record_of_any_type_becomes_one_of_another(bench: Bench, before: str) -> None:
    after = "TXT" if before != "TXT" else "A"
    bench.zone()
    cloudflare = bench.cloudflare()
    old = record(name="x", type=before, **SAMPLES[before])
    (made,) = cloudflare.apply([change(old)])
    want = record(name="x", type=after, **SAMPLES[after])

    (outcome,) = cloudflare.apply([change(want, made.resource, made.id)])

    assert outcome.status == "done", outcome.error
    assert [(one["type"], one["id"]) for one in bench.records()] == [(after, outcome.id)]
