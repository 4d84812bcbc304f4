"""When a secret is due: intervals, cron, windows, and what is overdue. Instants are UTC."""

import datetime as dt
import hashlib
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from cronsim import CronSim

from ...model.rotated import Schedule, Secret, Window
from ...model.rotation import State

OVERDUE = 1.25
START = dt.timedelta(minutes=10)
"""What one start of every unit is taken to last, where it must fit into a window."""
STARTS = {"overlap": 2, "migrate": 2}
"""Starts before the soak; 1 for the strategies not named."""


def due(secret: Secret, state: State) -> dt.datetime | None:
    """When the next rotation is due by schedule, windows left out of account. None: only when asked.

    Ticks that were missed are one: it counts from the end of the last rotation, whenever that was.
    """
    schedule, current = secret.schedule, state.current
    if current is None or current.current_at is None:
        return None
    last = state.done_at or current.current_at
    at = _by_cron(schedule, last) if schedule.cron else _by_interval(secret, state, last)
    if at is not None:
        at += schedule.jitter * share(secret.name, state.cycle)
    ceiling = _ceiling(schedule, current.current_at)
    return min((one for one in (at, ceiling) if one is not None), default=None)


def _ceiling(schedule: Schedule, since: dt.datetime) -> dt.datetime | None:
    """When it must begin at the latest so as not to grow older than it may: where there are windows, as the last one
    opens before that."""
    if schedule.max_age is None:
        return None
    latest = since + schedule.max_age
    if schedule.window is None:
        return latest
    week = dt.timedelta(days=7)
    opened = (begins for begins, _ in _windows(schedule.window, schedule.zone, latest - week) if begins <= latest)
    return max((one for one in opened if one > since), default=latest)


def _by_interval(secret: Secret, state: State, last: dt.datetime) -> dt.datetime | None:
    every = secret.schedule.every
    if every is None:
        return None
    # What was adopted is of unknown age: a hundred secrets adopted on one day come due over the whole interval.
    return last + (every if state.done_at else every * share(secret.name, -1))


def _by_cron(schedule: Schedule, after: dt.datetime) -> dt.datetime:
    return next(_ticks(schedule, after)).astimezone(dt.UTC)


def _ticks(schedule: Schedule, after: dt.datetime) -> Iterator[dt.datetime]:
    ticks: Iterator[dt.datetime] = CronSim(schedule.cron, after.astimezone(ZoneInfo(schedule.zone)))
    return ticks


def share(name: str, cycle: int) -> float:
    """Between 0 and 1, the same for one secret and cycle wherever and whenever it is computed."""
    digest = hashlib.sha256(f"{name}/{cycle}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def overdue_at(secret: Secret, state: State) -> dt.datetime | None:
    """When the value that consumers hold is too old. None: it may grow as old as it likes, or there is none."""
    schedule, current = secret.schedule, state.current
    if current is None or current.current_at is None:
        return None
    if schedule.max_age is not None:
        return current.current_at + schedule.max_age
    every = schedule.every
    if schedule.cron:
        ticks = _ticks(schedule, current.current_at)
        first, second = next(ticks), next(ticks)
        every = second.astimezone(dt.UTC) - first.astimezone(dt.UTC)
    return current.current_at + every * OVERDUE if every is not None else None


def is_open(schedule: Schedule, now: dt.datetime, room: dt.timedelta = dt.timedelta(0)) -> bool:
    """Whether a window is open, and stays so for `room`; a window shorter than that serves in its first half."""
    if schedule.window is None:
        return True
    return any(
        begins <= now < ends and now + min(room, (ends - begins) / 2) <= ends
        for begins, ends in _windows(schedule.window, schedule.zone, now)
    )


def opens_at(schedule: Schedule, now: dt.datetime, room: dt.timedelta = dt.timedelta(0)) -> dt.datetime:
    """The first instant from now on at which a window is open, with that room."""
    if schedule.window is None or is_open(schedule, now, room):
        return now
    return min(begins for begins, _ in _windows(schedule.window, schedule.zone, now) if begins > now)


def room_for(secret: Secret) -> dt.timedelta:
    """How long a rotation is taken to last until its soak begins."""
    return START * (1 if secret.skip_accept else STARTS.get(secret.strategy, 1)) * (2 if len(secret.units) > 1 else 1)


def room_for_end(secret: Secret) -> dt.timedelta:
    """How long its end is taken to last after the soak, where consumers must start once more for it."""
    return START * (2 if len(secret.units) > 1 else 1)


def _windows(window: Window, zone: str, around: dt.datetime) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """Windows of yesterday and the eight days after it, as instants: one that begins on a Saturday evening is
    Saturday's, whenever it ends."""
    local = ZoneInfo(zone)
    today = around.astimezone(local).date()
    for offset in range(-1, 8):
        day = today + dt.timedelta(days=offset)
        if window.days and day.weekday() not in window.days:
            continue
        last = day if window.ends > window.begins else day + dt.timedelta(days=1)
        begins = dt.datetime.combine(day, window.begins, local).astimezone(dt.UTC)
        ends = dt.datetime.combine(last, window.ends, local).astimezone(dt.UTC)
        if ends <= begins:
            # The hour that a clock skips in spring: the window keeps its length and opens when the hour is over.
            length = dt.datetime.combine(last, window.ends) - dt.datetime.combine(day, window.begins)
            ends = begins + length
        yield begins, ends
