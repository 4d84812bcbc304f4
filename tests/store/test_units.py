"""Whether what runs has the last write: by the newest start at that write, without a clock."""

from collections.abc import Callable

from reconcile.model.resource import Address
from reconcile.model.spec import Place as Unit
from reconcile.store import Ledger

API = Unit("web", Address("railway", "instance", "api"))
SAME = Unit("mail", Address("railway", "instance", "api"))


def test_a_written_unit_is_unknown_until_somebody_looked(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    assert ledger.unit_baselines() == {}
    ledger.unit_written([API, SAME])
    assert reopen().unit_baselines() == {API: "", SAME: ""}
    assert ledger.unit_baseline(API, "deployment-1")
    assert reopen().unit_baselines() == {API: "deployment-1", SAME: ""}
    ledger.unit_written([API])
    assert ledger.unit_baselines()[API] == ""


def test_who_looked_before_another_wrote_says_nothing(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    other = reopen()
    ledger.unit_written([API])
    other.unit_written([API])
    assert not ledger.unit_baseline(API, "deployment-1")
    assert other.unit_baselines() == {API: ""}
    assert other.unit_baseline(API, "deployment-2")
    assert not ledger.unit_baseline(API, "deployment-1")
    assert ledger.unit_baselines() == {API: "deployment-2"}


def test_after_a_crash_a_unit_is_looked_at_by_who_comes_next(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    ledger.unit_written([API])
    assert reopen().unit_baseline(API, "deployment-1")
    assert reopen().unit_baseline(SAME, "deployment-9")
    assert ledger.unit_baselines() == {API: "deployment-1", SAME: "deployment-9"}


def test_writing_to_no_unit_is_nothing(ledger: Ledger) -> None:
    ledger.unit_written([])
    assert ledger.unit_baselines() == {}
