"""What is kept sealed: all or nothing, in every home, and in a ledger that is older than it."""

from collections.abc import Callable

import pytest

from reconcile.model.resource import Address
from reconcile.model.spec import Place as Unit
from reconcile.store import Ledger

from .places import Place

UNIT = Unit("web", Address("toy", "service", "api"))


def test_what_is_sealed_is_kept_once(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    assert ledger.seal({"pepper": "c2VhbGVk", "recipient.runner": "age1x"})
    again = reopen()
    assert not again.seal({"pepper": "b3RoZXI=", "more": "x"})
    assert again.sealed() == {"pepper": "c2VhbGVk", "recipient.runner": "age1x"}
    assert [one.detail for one in again.history("")] == [
        {"names": ["pepper", "recipient.runner"], "recipient.runner": "age1x"}
    ]


SINCE = {2: ("sealed",), 3: ("sighting",), 4: ("secret_state", "secret_value", "busy_unit", "baseline")}
"""Which tables a format brought."""


@pytest.mark.parametrize("format", [1, 2, 3])
def test_a_ledger_from_before_is_brought_forward(
    ledger: Ledger, place: Place, reopen: Callable[[], Ledger], format: int
) -> None:
    ledger.pin("acme", "toy", "w1")
    ledger.close()
    for table in (table for since, tables in SINCE.items() if since > format for table in tables):
        place.tamper(f"DROP TABLE {table}")
    place.tamper(f"UPDATE meta SET format = {format}")
    assert reopen().seal({"pepper": "c2VhbGVk"})
    found = reopen()
    assert found.sealed() == {"pepper": "c2VhbGVk"} and found.memory().pins == {("acme", "toy"): "w1"}
    found.unit_written([UNIT])
    assert found.sealed_values() == {} and found.unit_baselines() == {UNIT: ""}
    assert "('l1', 4)" in place.rows() and found.verify() == {"": 2}


def test_what_is_sealed_is_sealed_anew_whole_or_not_at_all(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    first = {"pepper": "c2VhbGVk", "recipient.runner": "age1x", "recipient.recovery": "age1z"}
    second = {"pepper": "YW5ldw==", "recipient.runner": "age1y"}
    ledger.seal(first)
    assert not ledger.reseal(second, instead_of={**first, "pepper": "b3RoZXI="}, who="me", opened_by="runner key")
    assert reopen().sealed() == first
    assert ledger.reseal(second, instead_of=first, who="me", opened_by="runner key")
    again = reopen()
    assert again.sealed() == {**first, **second}
    assert again.history("")[0].what == "resealed"
    assert again.history("")[0].detail == {
        "names": ["pepper", "recipient.runner"],
        "recipient.runner": "age1y",
        "who": "me",
        "opened by": "runner key",
    }
    assert not ledger.reseal(second, instead_of=first, who="me", opened_by="runner key")
