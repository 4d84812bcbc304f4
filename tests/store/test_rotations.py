"""The books of rotations in every home: who saves knows what is kept; what belongs together is kept together."""

import datetime as dt
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from reconcile.model.books import Books, Entry, LostRace, UnitBusy
from reconcile.model.errors import LedgerBroken
from reconcile.model.rotation import Phase, State, Version
from reconcile.store import Ledger, begin_ledger, restore_ledger, states

from .conftest import clock
from .places import Place, SnapshotPlace
from .rotating import FULL, NAME, TOLD, WHEN, begun, books, ended, shown, starting, value

st.register_type_strategy(dt.datetime, st.datetimes(timezones=st.just(dt.UTC)))


def test_a_secret_nobody_rotated_has_an_empty_state(ledger: Ledger) -> None:
    kept: Books = books(ledger)
    assert kept.state(NAME) == State(NAME) and kept.value(NAME, 1) is None
    assert books(ledger).states() == {}


def test_a_state_comes_back_as_it_was_saved(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    first = books(ledger).claim(NAME)
    assert first == State(NAME, turn=1, fence=1)
    saved = books(ledger).save(first, replace(FULL, turn=1, fence=1))
    assert saved == replace(FULL, turn=2, fence=1)
    again = books(reopen())
    assert again.state(NAME) == saved and again.states() == {NAME: saved}
    assert again.save(saved, ended(saved)) == replace(ended(saved), turn=3)
    assert again.state(NAME).rotation is None


@given(st.from_type(State))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_a_state_says_comes_back(state: State) -> None:
    assert states.read(state.secret, state.turn, state.fence, states.written(state)) == state


def test_times_come_back_in_utc_and_naive_ones_are_refused() -> None:
    moment = dt.datetime(2026, 7, 1, 4, 0, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    text = states.written(State(NAME, done_at=moment))
    found = states.read(NAME, 0, 0, text).done_at
    assert found == moment and found.utcoffset() == dt.timedelta(0)
    with pytest.raises(ValueError, match="aware"):
        states.written(State(NAME, done_at=dt.datetime(2026, 7, 1)))


def test_no_value_fits_into_a_state() -> None:
    secret = value(value="s3same")["value"]
    with pytest.raises(TypeError, match="SecretText"):
        states.written(State(NAME, versions=(Version(1, "pending", {"value": secret}),)))  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "change",
    [
        {"format": 99},
        {"mood": "fine"},
        {"versions": [{"number": 1, "status": "current", "mood": "fine"}]},
    ],
    ids=["format", "field", "field of a version"],
)
def test_a_state_that_a_newer_product_wrote_is_refused(
    change: dict[str, object],
) -> None:
    text = json.dumps({**json.loads(states.written(State(NAME))), **change})
    with pytest.raises(LedgerBroken, match=f"{NAME} was written by a newer") as caught:
        states.read(NAME, 1, 1, text)
    assert "install" in caught.value.advice


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format":1}', '{"format":"x"}', '{"format":1,"versions":7}'])
def test_what_is_no_state_is_refused(text: str) -> None:
    with pytest.raises(LedgerBroken, match="no state"):
        states.read(NAME, 1, 1, text)


def test_a_state_of_an_older_product_takes_what_is_new_as_unsaid() -> None:
    told = json.loads(states.written(State(NAME, cycle=3)))
    del told["told_at"], told["paused"]
    assert states.read(NAME, 4, 2, json.dumps(told)) == State(NAME, turn=4, fence=2, cycle=3)


def test_a_newer_state_is_refused_in_the_ledger_too(ledger: Ledger, place: Place) -> None:
    books(ledger).claim(NAME)
    place.tamper("UPDATE secret_state SET state = '{\"format\":99}'")
    for ask in (lambda: books(ledger).state(NAME), books(ledger).states, lambda: books(ledger).claim(NAME)):
        with pytest.raises(LedgerBroken, match="newer"):
            ask()


def test_who_took_a_secret_up_before_can_save_nothing_more(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    mine, other = books(ledger), books(reopen())
    held = mine.save(mine.claim(NAME), State(NAME, fence=1))
    mine.check(held)
    taken = other.claim(NAME)
    assert (taken.turn, taken.fence) == (3, 2)
    with pytest.raises(LostRace, match="taken up"):
        mine.check(held)
    with pytest.raises(LostRace, match="taken up"):
        mine.save(held, ended(held), TOLD)
    assert other.state(NAME) == taken and ledger.history("bilko") == []
    other.check(taken)


def test_of_two_that_read_the_same_state_one_saves(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    mine, other = books(ledger), books(reopen())
    seen = mine.claim(NAME)
    saved = other.save(seen, replace(seen, paused="by a person"))
    with pytest.raises(LostRace, match="saved by another"):
        mine.save(seen, starting(seen, "a"), TOLD)
    with pytest.raises(LostRace, match="saved by another"):
        mine.check(seen)
    assert mine.state(NAME) == saved and mine.busy() == {} and ledger.history("bilko") == []


def test_a_first_state_is_saved_once(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    books(ledger).save(State(NAME), State(NAME, paused="x"))
    with pytest.raises(LostRace):
        books(reopen()).save(State(NAME), State(NAME))


def test_a_state_is_followed_by_one_of_its_own_secret(ledger: Ledger) -> None:
    kept = books(ledger)
    held = kept.claim(NAME)
    for after in (replace(held, secret="api-secret"), replace(held, fence=0)):
        with pytest.raises(ValueError, match="followed"):
            kept.save(held, after)
    assert kept.states() == {NAME: held}


def test_what_was_done_is_told_in_the_chain_of_the_stack_that_declares_the_secret(ledger: Ledger) -> None:
    kept = books(ledger)
    kept.save(kept.claim(NAME), State(NAME, fence=1), TOLD)
    kept.save(kept.claim("api-secret"), State("api-secret", fence=1), [Entry("revoked", {"version": 1, "ids": ("k",)})])
    kept.save(kept.claim("orphan"), State("orphan", fence=1), [Entry("swept")])
    second, first = ledger.history("bilko")
    assert (first.what, first.address, first.detail) == (TOLD[0].what, "secret.bilko-jwt", dict(TOLD[0].detail))
    assert second.detail == {"version": 2} and second.seq == 2
    assert ledger.history("legacyvideo")[0].detail == {"version": 1, "ids": ["k"]}
    assert ledger.verify() == {"": 1, "bilko": 2, "legacyvideo": 1}


def test_a_unit_is_changed_by_one_rotation_at_a_time(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    mine, other = books(ledger), books(reopen())
    held = mine.save(mine.claim(NAME), starting(State(NAME, fence=1), "api", "worker"))
    idle = other.claim("api-secret")
    with pytest.raises(UnitBusy, match=f"worker is changed by the rotation of {NAME} now"):
        other.save(idle, starting(idle, "cron", "worker"), TOLD)
    assert other.state("api-secret") == idle and ledger.history() == []
    assert mine.busy() == {"api": NAME, "worker": NAME}
    on = mine.save(held, replace(held, paused="x"))
    other.save(idle, starting(idle, "cron"))
    mine.save(on, ended(on))
    now = other.state("api-secret")
    other.save(now, starting(now, "cron", "worker"))
    assert mine.busy() == {"cron": "api-secret", "worker": "api-secret"}


def test_a_secret_that_no_stack_declares_any_more_keeps_no_unit(ledger: Ledger) -> None:
    kept = books(ledger)
    gone = kept.save(kept.claim("removed"), starting(State("removed", fence=1), "api"))
    assert gone.rotation is not None and kept.busy() == {}
    idle = kept.claim("api-secret")
    kept.save(idle, starting(idle, "api"))
    assert kept.busy() == {"api": "api-secret"}


@pytest.mark.parametrize("phase", ["preflight", "issue", "migrate", "soak", "revoke"])
def test_a_rotation_that_waits_keeps_no_unit_from_another_one(ledger: Ledger, phase: Phase) -> None:
    kept = books(ledger)
    on = kept.save(kept.claim(NAME), starting(State(NAME, fence=1), "api"))
    assert on.rotation is not None
    kept.save(on, replace(on, rotation=replace(on.rotation, phase=phase)))
    idle = kept.claim("api-secret")
    kept.save(idle, starting(idle, "api"))
    assert kept.busy() == {"api": "api-secret"}


def test_where_the_old_value_is_revoked_first_the_units_are_taken_by_then(ledger: Ledger) -> None:
    kept = books(ledger)
    on = starting(kept.claim(NAME), "api")
    assert on.rotation is not None
    kept.save(kept.state(NAME), replace(on, rotation=replace(on.rotation, phase="revoke", revoke_first=True)))
    assert kept.busy() == {"api": NAME}


def test_all_states_are_one_query(ledger: Ledger) -> None:
    for number in range(200):
        saved = replace(FULL, secret=f"secret-{number}", rotation=None)
        books(ledger).save(State(saved.secret), saved)
    asked: list[str] = []
    listen = (ledger._door._engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
    event.listen(*listen)
    found = books(ledger).states()
    event.remove(*listen)
    assert len(found) == 200 and found["secret-7"].versions == FULL.versions
    assert len([one for one in asked if one.startswith("SELECT")]) == 1


def test_a_backup_holds_rotations_and_a_restored_ledger_goes_on_with_them(
    ledger: Ledger, place: Place, tmp_path: Path
) -> None:
    keys = begun(ledger)
    kept = books(ledger, keys.runner)
    held = kept.claim(NAME)
    saved = kept.save(held, starting(replace(held, done_at=WHEN), "api"), TOLD, seal={1: value(value="s3same")})
    ledger.backup(tmp_path / "backup.json")
    elsewhere = SnapshotPlace(tmp_path)
    with restore_ledger(tmp_path / "backup.json", elsewhere.home(), tmp_path, clock) as restored:
        again = books(restored, keys.runner)
        assert again.states() == {NAME: saved} and again.busy() == {"api": NAME}
        assert shown(again.value(NAME, 1)) == {"value": "s3same"}
        assert restored.verify(ledger.heads()) == ledger.verify()
        again.save(saved, ended(saved), erase=[1])
        assert again.value(NAME, 1) is None


def test_a_restored_ledger_of_rotations_lives_in_every_home(place: Place, tmp_path: Path) -> None:
    with begin_ledger("first.db", tmp_path, ledger_id="l1", clock=clock) as first:
        saved = books(first).save(State(NAME), starting(State(NAME), "api"), TOLD)
        first.backup(tmp_path / "backup.json")
    with restore_ledger(tmp_path / "backup.json", place.home(), place.root, clock) as restored:
        assert books(restored).states() == {NAME: saved} and books(restored).busy() == {"api": NAME}


def test_of_many_threads_that_save_at_once_one_does(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    seen = books(ledger).claim(NAME)
    told: list[str] = []

    def work(mine: Ledger, number: int) -> None:
        try:
            books(mine).save(seen, replace(seen, paused=str(number)), TOLD)
            told.append("saved")
        except LostRace:
            told.append("lost")

    threads = [threading.Thread(target=work, args=(reopen(), number)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["lost", "lost", "lost", "saved"]
    assert books(ledger).state(NAME).turn == 2 and len(ledger.history("bilko")) == 2
