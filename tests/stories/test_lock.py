"""Two people at once."""

import threading
import time

import pytest

from reconcile.model.errors import LedgerLocked
from reconcile.model.exits import FROZEN

from .conftest import Begin
from .estate import Estate


def test_the_second_is_told_who_is_at_work(applied: Estate) -> None:
    applied.delete("api.shop.example", "A")
    with (
        applied.workshop() as first,
        first.ledger().lease(["shop"], holder="the first"),
        pytest.raises(LedgerLocked, match="the first") as refused,
    ):
        applied.apply()
    assert refused.value.exit_code == FROZEN
    assert applied.writes() == []
    assert applied.apply().exit_code() == 0


def test_with_a_lock_timeout_the_second_waits_its_turn(applied: Estate) -> None:
    applied.delete("api.shop.example", "A")
    held = threading.Event()

    def work() -> None:
        with applied.workshop() as first, first.ledger().lease(["shop"], holder="the first"):
            held.set()
            time.sleep(0.4)

    thread = threading.Thread(target=work)
    thread.start()
    held.wait()
    assert applied.apply(lock_timeout_seconds=10).exit_code() == 0
    thread.join()
    assert applied.record("api.shop.example", "A")


def test_of_two_first_applies_at_once_every_record_is_made_once(estate: Estate) -> None:
    estate.memory()
    codes: list[int] = []
    threads = [
        threading.Thread(target=lambda: codes.append(estate.apply(lock_timeout_seconds=20).exit_code()))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [0, 0]
    assert len(estate.live()) == 5
    assert len([one for one in estate.writes() if one["method"] == "POST"]) == 1


def test_another_stack_is_not_held_up(begin: Begin) -> None:
    estate = begin()
    estate.write(
        "more", "account: acme\nuses: [shop]\ncloudflare: {records: {shop: {blog: {type: A, content: 192.0.2.8}}}}"
    )
    estate.memory()
    with estate.workshop() as first, first.ledger().lease(["shop"], holder="the first"):
        assert estate.apply("more").exit_code() == 0
    assert estate.names() == ["blog.shop.example A"]


def test_reading_waits_for_nobody(applied: Estate) -> None:
    with applied.workshop() as first, first.ledger().lease(["shop"], holder="the first"):
        assert applied.plan().plan.changes == ()


def test_a_lease_that_is_taken_away_stops_the_run_before_its_next_wave(applied: Estate) -> None:
    applied.delete("api.shop.example", "A")
    with applied.workshop() as shop, applied.workshop() as other:

        def ask(judged: object) -> object:
            from reconcile.loop import Consent

            other.ledger().unlock("shop", "for the story", "somebody")
            return Consent()

        with pytest.raises(LedgerLocked, match="lost"):
            shop.reconciler().apply(("shop",), command="apply", ask=ask)  # type: ignore[arg-type]
    assert applied.writes() == []
    assert applied.apply().exit_code() == 0
