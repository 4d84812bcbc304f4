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
    place.tamper("UPDATE meta SET format = 1")
    assert reopen().seal({"pepper": "c2VhbGVk"})
    found = reopen()
    assert found.sealed() == {"pepper": "c2VhbGVk"} and found.memory().pins == {("acme", "toy"): "w1"}
    assert "('l1', 2)" in place.rows()
