"""Ownership: what a vendor's own provider built is ours in the ledger, and drift of it is seen without the engine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from reconcile.program.tokens import OWNERSHIP

from .engine import PROJECT, UNKNOWN, Engine, Home, Refused

ZONE = """
account: acme
cloudflare:
  zone: {shop: {name: shop.example}}
"""
API = "cloudflare.record.shop/api"
KIND = provider_pb2.PropertyDiff.Kind


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path / "home", ZONE)
    made.begin_more()
    made.create("api.shop.example", "A", "192.0.2.1", ttl="300")
    yield made
    made.entries()


def told(home: Home, *names: str, **fields: Any) -> dict[str, Any]:
    built = {}
    for name in names:
        record = home.record(f"{name}.shop.example", "A")
        own = {"zone": "shop.example", "name": f"{name}.shop.example", "type": "A", "content": "192.0.2.1", "ttl": 300}
        built[f"cloudflare.record.shop/{name}"] = {
            "id": record["id"],
            "fields": {**own, **fields},
            "references": {"content": "${railway.domain.api.target}"},
        }
    return {"account": "acme", "built": built}


def owned(home: Home) -> dict[str, str]:
    return {str(row.address): row.id for row in home.memory().owned if row.stack == "solo"}


def test_what_was_built_is_owned_with_its_history(home: Home, engine: Engine) -> None:
    state = engine.create(OWNERSHIP, "solo", told(home, "api"))
    assert state.id == "acme/solo"
    assert owned(home) == {API: home.record("api.shop.example", "A")["id"]}
    (row,) = home.memory().applied.values()
    assert row.fields["content"] == "192.0.2.1"
    assert row.references == {"content": "${railway.domain.api.target}"}
    home.edit("api.shop.example", "A", content="192.0.2.66")
    (change,) = home.drift("solo").plan.changes
    assert (str(change.address), change.cause) == (API, "drift")


def test_what_left_the_books_is_forgotten(home: Home, engine: Engine) -> None:
    home.create("old.shop.example", "A", "192.0.2.1", ttl="300")
    state = engine.create(OWNERSHIP, "solo", told(home, "api", "old"))
    engine.update(state, told(home, "api"))
    assert owned(home).keys() == {API}


def test_the_end_of_the_books_forgets_all_of_them(home: Home, engine: Engine) -> None:
    state = engine.create(OWNERSHIP, "solo", told(home, "api"))
    engine.delete(state)
    assert owned(home) == {}
    assert home.record("api.shop.example", "A")


def test_a_preview_calls_nobody_and_writes_nothing(home: Home, engine: Engine) -> None:
    inputs = told(home, "api")
    inputs["built"][API]["id"] = UNKNOWN
    home.world.clear_calls()
    engine.create(OWNERSHIP, "solo", inputs, preview=True)
    assert home.world.calls() == []
    assert not home.ledger_file.exists()


def test_differences_are_told_by_address(home: Home, engine: Engine) -> None:
    state = engine.create(OWNERSHIP, "solo", told(home, "api"))
    assert engine.diff(state, told(home, "api")).changes == provider_pb2.DiffResponse.DIFF_NONE
    changed = engine.diff(state, told(home, "api", content="192.0.2.2"))
    assert {path: KIND.Name(one.kind) for path, one in changed.detailedDiff.items()} == {f'built["{API}"]': "UPDATE"}
    unknown = told(home, "api")
    unknown["built"][API]["id"] = UNKNOWN
    assert engine.diff(state, unknown).changes == provider_pb2.DiffResponse.DIFF_SOME


def test_a_refresh_leaves_the_books_as_they_are(home: Home, engine: Engine) -> None:
    state = engine.create(OWNERSHIP, "solo", told(home, "api"))
    found = engine.read(state)
    assert found is not None and (found.id, found.inputs) == (state.id, state.inputs)


def test_what_cannot_be_seen_is_not_owned(home: Home, engine: Engine) -> None:
    inputs = told(home, "api")
    home.fault("403 before GET /zones/*/dns_records times=9")
    with pytest.raises(Refused, match="cannot be read"):
        engine.create(OWNERSHIP, "solo", inputs)
    assert owned(home) == {}


def test_the_books_of_what_is_not_there_are_refused(home: Home, engine: Engine) -> None:
    inputs = told(home, "api")
    home.delete("api.shop.example", "A")
    with pytest.raises(Refused, match="does not show yet"):
        engine.create(OWNERSHIP, "solo", inputs)


def test_what_a_platform_has_of_itself_is_owned_in_its_plain_state_too(tmp_path: Path) -> None:
    project = PROJECT.replace(
        "  other:", "    r2: {id: a0000000000000000000000000000001, credentials: {token: T}}\n  other:"
    )
    stack = """
    account: acme
    r2:
      bucket: {media: {name: media}}
      public-access: {media: {bucket: media, enabled: false}}
    """
    home = Home(tmp_path / "home", stack, project=project)
    home.world.create("r2", "bucket", "media", "acme", {})
    bucket = "media"
    own = {"id": bucket, "fields": {"bucket": bucket, "enabled": False}, "references": {}}
    inputs = {"account": "acme", "built": {"r2.public-access.media": own}}
    with home.engine() as engine:
        engine.create(OWNERSHIP, "solo", inputs)
    assert owned(home).keys() == {"r2.public-access.media"}
    drift = home.drift("solo").plan
    assert (drift.changes, drift.gaps) == ((), ())
    home.entries()
