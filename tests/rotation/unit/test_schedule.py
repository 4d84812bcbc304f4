"""When a secret is due, in which windows, and when it is overdue."""

import datetime as dt

import pytest

from reconcile.model.rotated import Schedule, Window
from reconcile.steps.rotate import schedule

from .secrets_of_tests import NOW, a_secret, a_version, settled

DAY = dt.timedelta(days=1)
NEW_YORK = "America/New_York"


def window(days: str, begins: str, ends: str) -> Window:
    numbers = frozenset(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun").index(day) for day in days.split())
    return Window(numbers, dt.time.fromisoformat(begins), dt.time.fromisoformat(ends))


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def test_an_interval_counts_from_the_end_of_the_last_rotation() -> None:
    state = settled(done_at=NOW + 2 * DAY)
    assert schedule.due(a_secret(schedule=Schedule(every=90 * DAY)), state) == NOW + 92 * DAY


def test_what_was_missed_is_due_once_and_then_counts_anew() -> None:
    secret = a_secret(schedule=Schedule(cron="0 3 1 * *"))
    assert schedule.due(secret, settled(done_at=at("2026-01-15"))) == at("2026-02-01T03:00")
    assert schedule.due(secret, settled(done_at=at("2026-06-10"))) == at("2026-07-01T03:00")


def test_cron_is_told_in_the_zone_of_the_schedule() -> None:
    secret = a_secret(schedule=Schedule(cron="0 3 * * *", zone=NEW_YORK))
    assert schedule.due(secret, settled(done_at=at("2026-01-15T12:00"))) == at("2026-01-16T08:00")
    assert schedule.due(secret, settled(done_at=at("2026-07-15T12:00"))) == at("2026-07-16T07:00")


def test_jitter_is_the_same_however_often_it_is_computed_and_another_in_the_next_cycle() -> None:
    secret = a_secret(schedule=Schedule(every=90 * DAY, jitter=3 * DAY))
    first, again, next_cycle = (schedule.due(secret, settled(cycle=cycle)) for cycle in (4, 4, 5))
    assert first is not None and next_cycle is not None
    assert first == again != next_cycle
    assert all(NOW + 90 * DAY <= one < NOW + 93 * DAY for one in (first, next_cycle))


def test_secrets_that_are_taken_over_on_one_day_come_due_over_the_whole_interval() -> None:
    adopted = settled(done_at=None, cycle=0)
    dues = [schedule.due(a_secret(schedule=Schedule(every=100 * DAY), name=f"key-{n}"), adopted) for n in range(200)]
    days = sorted((due - NOW).days for due in dues if due is not None)
    assert len(days) == 200 and 0 <= days[0] < 10 and 90 <= days[-1] < 100
    assert all(any(start <= day < start + 10 for day in days) for start in range(0, 100, 10))


def test_the_greatest_age_is_a_ceiling_for_the_rest() -> None:
    secret = a_secret(schedule=Schedule(every=90 * DAY, max_age=60 * DAY))
    assert schedule.due(secret, settled()) == NOW + 60 * DAY
    assert schedule.overdue_at(secret, settled()) == NOW + 60 * DAY


def test_with_windows_the_last_one_before_the_greatest_age_is_taken() -> None:
    nights = Schedule(every=90 * DAY, max_age=60 * DAY, window=window("Sun", "02:00", "04:00"))
    at = schedule.due(a_secret(schedule=nights), settled())
    assert at is not None and NOW + 53 * DAY < at <= NOW + 60 * DAY
    assert schedule.opens_at(nights, at, schedule.room_for(a_secret())) == at


def test_a_greatest_age_below_the_distance_of_two_windows_is_kept_all_the_same() -> None:
    seldom = Schedule(max_age=2 * DAY, window=window("Sun", "02:00", "04:00"))
    assert schedule.due(a_secret(schedule=seldom), settled()) == NOW + 2 * DAY


def test_without_a_greatest_age_a_value_is_overdue_a_quarter_after_its_interval() -> None:
    assert schedule.overdue_at(a_secret(schedule=Schedule(every=80 * DAY)), settled()) == NOW + 100 * DAY
    monthly = a_secret(schedule=Schedule(cron="0 3 * * 1"))
    assert schedule.overdue_at(monthly, settled()) == NOW + 7 * DAY * 1.25


def test_a_secret_without_a_schedule_is_due_only_when_asked() -> None:
    secret = a_secret(schedule=Schedule())
    assert schedule.due(secret, settled()) is None
    assert schedule.overdue_at(secret, settled()) is None
    assert schedule.due(a_secret(), settled(versions=())) is None


@pytest.mark.parametrize(
    ("now", "open_"),
    [
        ("2026-03-01T01:59", False),
        ("2026-03-01T02:00", True),
        ("2026-03-01T03:59", True),
        ("2026-03-01T04:00", False),
        ("2026-03-02T03:00", False),
    ],
)
def test_a_window_is_open_on_its_weekday_from_its_begin_to_before_its_end(now: str, open_: bool) -> None:
    assert schedule.is_open(Schedule(window=window("Sun", "02:00", "04:00")), at(now)) is open_


@pytest.mark.parametrize(
    ("now", "open_"),
    [
        ("2026-02-28T22:30", True),
        ("2026-03-01T01:30", True),
        ("2026-03-01T22:30", False),
        ("2026-02-28T01:30", False),
    ],
)
def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins(now: str, open_: bool) -> None:
    assert schedule.is_open(Schedule(window=window("Sat", "22:00", "02:00")), at(now)) is open_


def test_a_window_without_weekdays_opens_each_day() -> None:
    nightly = Schedule(window=window("", "02:00", "04:00"))
    assert schedule.opens_at(nightly, at("2026-03-04T05:00")) == at("2026-03-05T02:00")
    assert schedule.opens_at(nightly, at("2026-03-04T03:00")) == at("2026-03-04T03:00")


def test_a_window_follows_its_zone_over_the_change_of_clocks() -> None:
    sundays = Schedule(window=window("Sun", "04:00", "06:00"), zone=NEW_YORK)
    assert schedule.opens_at(sundays, at("2026-03-01T12:00")) == at("2026-03-08T08:00")
    assert schedule.opens_at(sundays, at("2026-02-24T12:00")) == at("2026-03-01T09:00")


def test_a_window_in_the_hour_that_is_skipped_in_spring_opens_when_that_is_over() -> None:
    skipped = Schedule(window=window("Sun", "02:00", "03:00"), zone=NEW_YORK)
    opens = schedule.opens_at(skipped, at("2026-03-02T12:00"))
    assert opens == at("2026-03-08T07:00")
    assert schedule.is_open(skipped, opens + dt.timedelta(minutes=59))
    assert not schedule.is_open(skipped, opens + dt.timedelta(minutes=60))


def test_a_window_over_the_hour_that_comes_twice_in_autumn_is_open_in_both() -> None:
    autumn = Schedule(window=window("Sun", "01:00", "02:30"), zone=NEW_YORK)
    assert all(schedule.is_open(autumn, at(f"2026-11-01T0{hour}:30")) for hour in (5, 6))


def test_a_rotation_begins_only_where_the_rest_of_the_window_is_long_enough() -> None:
    sundays = Schedule(window=window("Sun", "02:00", "04:00"))
    room = dt.timedelta(minutes=40)
    assert schedule.is_open(sundays, at("2026-03-01T03:20"), room)
    assert not schedule.is_open(sundays, at("2026-03-01T03:21"), room)
    assert schedule.opens_at(sundays, at("2026-03-01T03:21"), room) == at("2026-03-08T02:00")


def test_a_window_that_is_too_short_for_it_serves_in_its_first_half() -> None:
    short = Schedule(window=window("Sun", "02:00", "02:10"))
    assert schedule.is_open(short, at("2026-03-01T02:05"), dt.timedelta(hours=1))
    assert not schedule.is_open(short, at("2026-03-01T02:06"), dt.timedelta(hours=1))


def test_a_value_that_was_current_for_long_is_due_at_once() -> None:
    old = settled(versions=(a_version(1, current_at=NOW - 500 * DAY),), done_at=NOW - 500 * DAY)
    due = schedule.due(a_secret(), old)
    assert due is not None and due < NOW
