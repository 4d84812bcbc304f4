"""Records of all types, as we send them and as the pretend world answers, against Cloudflare's published schemas."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconcile.platforms import pretends
from tests.vendor.openapi import Document

from .conftest import Bench, change, everything, record
from .samples import SAMPLES

SPECS = Path(__file__).parents[2].parent / "shared" / "specs"
PREFIX = pretends()["cloudflare"].prefix


def _document(name: str) -> Document:
    if not (SPECS / name).is_file():
        pytest.skip(f"not run: ../shared/specs/{name} is not here")
    return Document(SPECS / name, PREFIX)


def test_every_type_is_created_updated_listed_and_deleted_in_the_vendors_shapes(bench: Bench) -> None:
    document = _document("cloudflare.json")
    bench.zone(plan="pro")
    cloudflare = bench.cloudflare()
    records = [
        record(name=kind.lower(), type=kind, comment="x", tags=["a:b"], settings={}, **values)
        for kind, values in SAMPLES.items()
    ]
    made = list(cloudflare.apply([change(one) for one in records]))
    longer = [
        change(one.model_copy(update={"ttl": 600}), done.resource, done.id)
        for one, done in zip(records, made, strict=True)
    ]
    deletes = [change(None, done.resource, done.id) for done in made]
    assert {one.status for one in made} == {"done"}
    assert {one.status for one in cloudflare.apply(longer)} == {"done"}
    assert len(cloudflare.observe(everything()).seen) == len(SAMPLES) + 1
    assert {one.status for one in cloudflare.apply(deletes)} == {"done"}
    calls = bench.world.calls()
    assert [wrong for call in calls for wrong in _told(document, call)] == []
    assert len(calls) >= 6


@pytest.mark.parametrize("kind", sorted(SAMPLES))
def test_a_record_keeps_the_bounds_of_the_official_document_of_2024(kind: str) -> None:
    file = SPECS / "cloudflare-2024-08.json"
    if not file.is_file():
        pytest.skip(f"not run: ../shared/specs/{file.name} is not here")
    schemas = json.loads(file.read_text())["components"]["schemas"]
    name = next((one for one in schemas if one.lower() == f"dns-records_{kind}Record".lower()), None)
    if name is None:
        assert kind == "OPENPGPKEY", "the one type that came later"
        return
    validator = Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}})
    body = record(name="x", type=kind, comment="x", **SAMPLES[kind]).body()
    assert [error.message for error in validator.iter_errors(body)] == []


def _told(document: Document, call: dict[str, Any]) -> list[str]:
    found = document.check(call)
    return ["no schema describes it"] if found is None else found
