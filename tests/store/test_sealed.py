"""What is kept sealed: all or nothing, in every home, and in a ledger that is older than it."""

from collections.abc import Callable

from reconcile.store import Ledger

from .places import Place


def test_what_is_sealed_is_kept_once(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    assert ledger.seal({"pepper": "c2VhbGVk", "recipient.runner": "age1x"})
    again = reopen()
    assert not again.seal({"pepper": "b3RoZXI=", "more": "x"})
    assert again.sealed() == {"pepper": "c2VhbGVk", "recipient.runner": "age1x"}
    assert [one.detail for one in again.history("")] == [
        {"names": ["pepper", "recipient.runner"], "recipient.runner": "age1x"}
    ]


def test_a_ledger_from_before_is_brought_forward(ledger: Ledger, place: Place, reopen: Callable[[], Ledger]) -> None:
    ledger.pin("acme", "toy", "w1")
    ledger.close()
    place.tamper("DROP TABLE sealed")
    place.tamper("DROP TABLE sighting")
    place.tamper("UPDATE meta SET format = 1")
    assert reopen().seal({"pepper": "c2VhbGVk"})
    found = reopen()
    assert found.sealed() == {"pepper": "c2VhbGVk"} and found.memory().pins == {("acme", "toy"): "w1"}
    assert "('l1', 3)" in place.rows()


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
