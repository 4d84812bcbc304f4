"""The history cannot be changed unnoticed."""

from collections.abc import Callable

import pytest

from reconcile.model.errors import LedgerBroken
from reconcile.store import Ledger, open_ledger

from .conftest import clock
from .places import Place
from .things import owned


@pytest.fixture
def told(ledger: Ledger) -> Ledger:
    """A ledger with three entries of `web`, one of `mail`, one of its own."""
    for number in (1, 2, 3):
        ledger.own([owned(number)], [], f"adopt {number}")
    ledger.own([owned(9, stack="mail")], [], "adopt")
    ledger.approve("d1", "somebody")
    return ledger


def test_an_untouched_history_holds(told: Ledger) -> None:
    assert told.verify() == {"": 1, "mail": 1, "web": 3}
    assert told.verify(told.heads()) == told.verify()
    assert [(entry.stack, entry.seq) for entry in told.history(limit=3)] == [("", 1), ("mail", 1), ("web", 3)]
    assert told.heads()["web"] == told.history("web")[0].hash


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE entry SET detail = '{}' WHERE stack = 'web' AND seq = 2", "stack 'web' is broken: entry 2"),
        ("UPDATE entry SET at = '2020-01-01T00:00:00Z' WHERE stack = 'mail'", "stack 'mail' is broken: entry 1"),
        ("UPDATE entry SET address = 'toy.record.x' WHERE stack = 'web' AND seq = 3", "'web' is broken: entry 3"),
        ("UPDATE entry SET what = 'forgotten' WHERE stack = ''", "the ledger itself is broken: entry 1"),
        ("DELETE FROM entry WHERE stack = 'web' AND seq = 2", "'web' is broken: entry 2 is not there"),
        ("DELETE FROM entry WHERE stack = 'web' AND seq = 1", "'web' is broken: entry 1 is not there"),
        ("UPDATE entry SET stack = 'other' WHERE stack = 'mail'", "'other' is broken: entry 1"),
    ],
)
def test_a_changed_entry_is_named(
    told: Ledger, place: Place, reopen: Callable[[], Ledger], statement: str, said: str
) -> None:
    place.tamper(statement)
    with pytest.raises(LedgerBroken, match=said):
        reopen().verify()


def test_a_history_cut_short_is_noticed_by_the_head_somebody_wrote_down(
    told: Ledger, place: Place, reopen: Callable[[], Ledger]
) -> None:
    heads = told.heads()
    told.own([owned(4)], [], "adopt")
    assert told.verify(heads)["web"] == 4
    place.tamper("DELETE FROM entry WHERE stack = 'web' AND seq >= 3")
    with pytest.raises(LedgerBroken, match="entry 3 is not there"):
        reopen().verify(heads)


def test_entries_of_another_ledger_do_not_fit(told: Ledger, place: Place) -> None:
    told.close()
    place.tamper("UPDATE meta SET id = 'l2'")
    with (
        open_ledger(place.home(), place.root, expected_id="l2", clock=clock) as other,
        pytest.raises(LedgerBroken, match="entry 1"),
    ):
        other.verify()
