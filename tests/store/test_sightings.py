"""What is only seen: kept apart from what is ours, in every home, and in a ledger that is older than it."""

from collections.abc import Callable

from reconcile.model.memory import Sighting
from reconcile.model.resource import Address
from reconcile.model.spec import Place as At
from reconcile.store import Ledger

from .places import Place
from .things import applied, owned


def sighting(number: int = 1, *, noticed: str = "", touched: str = "2026-01-01T00:00:01Z") -> Sighting:
    address = Address("toy", "record", f"n{number}")
    return Sighting("web", "acme", address, f"id{number}", {"touched": touched, "value": "a1"}, noticed, "2026-01-02Z")


def test_what_was_seen_is_there_when_opened_again_and_is_not_ours(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    ledger.own([owned(2)], [applied(2)], "adopt")
    ledger.sight([sighting()])
    found = reopen().memory()
    assert found.sightings == {sighting().place: sighting()}
    assert found.owned == (owned(2),) and list(found.applied) == [owned(2).place]


def test_the_last_sighting_wins_and_one_that_is_gone_is_dropped(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    ledger.sight([sighting(1), sighting(2)])
    ledger.sight([sighting(1, noticed="2026-01-03Z")], gone=[sighting(2).place])
    assert list(reopen().memory().sightings.values()) == [sighting(1, noticed="2026-01-03Z")]


def test_the_history_tells_what_was_seen_touched_accepted_and_dropped(ledger: Ledger) -> None:
    ledger.sight([sighting()], run=1)
    ledger.sight([sighting(noticed="2026-01-03Z")], run=2)
    ledger.sight([sighting(touched="2026-01-03Z")], why="touch accepted", run=3)
    ledger.sight([], gone=[sighting().place], run=4)
    ledger.sight([])
    told = [(one.what, one.address, one.detail["run"]) for one in reversed(ledger.history("web"))]
    assert told == [
        (what, "toy.record.n1", number)
        for number, what in enumerate(("seen", "touched", "touch accepted", "no longer declared as seen"), 1)
    ]
    assert ledger.verify()["web"] == 4


def test_what_is_forgotten_is_no_longer_seen_for(ledger: Ledger) -> None:
    ledger.sight([sighting(1), sighting(2)])
    ledger.forget("web", [sighting(1).address], "asked for")
    assert list(ledger.memory().sightings) == [At("web", sighting(2).address)]


def test_a_ledger_from_before_is_brought_forward(ledger: Ledger, place: Place, reopen: Callable[[], Ledger]) -> None:
    ledger.own([owned(1)], [applied(1)], "adopt")
    ledger.seal({"pepper": "c2VhbGVk"})
    ledger.close()
    for table in ("sighting", "secret_state", "secret_value", "busy_unit", "baseline"):
        place.tamper(f"DROP TABLE {table}")
    place.tamper("UPDATE meta SET format = 2")
    reopen().sight([sighting(2)])
    found = reopen().memory()
    assert list(found.sightings.values()) == [sighting(2)] and found.owned == (owned(1),)
    assert "('l1', 4)" in place.rows()
