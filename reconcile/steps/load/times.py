"""Times as a stack file writes them: `365d`, `Sun 02:00-04:00`, a cron line, a zone."""

import datetime as dt
import re
import zoneinfo
from collections.abc import Mapping

from ...model.rotated import Schedule, Window
from .problems import Problems, named
from .project import text
from .tree import Node, line_of

KEYS = ("every", "cron", "max_age", "window", "jitter", "zone")
DURATION = r"[0-9]{1,5}[dhm]"
WINDOW = r"([A-Za-z]{3}([,-][A-Za-z]{3})* )?[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}"
DURATION_HINT = "as `365d`, `24h` or `90m`"
_WINDOW_HINT = "as `Sun 02:00-04:00`, `Mon-Fri 01:00-05:00` or `22:00-02:00`"
_DURATION = re.compile(f"({DURATION})\\Z")
_WINDOW = re.compile(r"(?:(?P<days>[A-Za-z,-]+) )?(?P<begins>\d\d:\d\d)-(?P<ends>\d\d:\d\d)\Z", re.ASCII)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LENGTHS = {"d": dt.timedelta(days=1), "h": dt.timedelta(hours=1), "m": dt.timedelta(minutes=1)}
_NONE = dt.timedelta(0)
_AN_AGE = dt.timedelta(days=36_525)


def read_schedule(keys: Mapping[str, Node], path: str, problems: Problems) -> Schedule:
    """When a secret is due; what is wrong with it goes to the problems."""
    every = duration(keys.get("every"), f"{path}.every", problems)
    max_age = duration(keys.get("max_age"), f"{path}.max_age", problems)
    jitter = duration(keys.get("jitter"), f"{path}.jitter", problems, empty=True)
    cron = _cron(keys.get("cron"), f"{path}.cron", problems)
    if "every" in keys and "cron" in keys:
        place = keys["cron"].at_key(f"{path}.cron")
        problems.add(place, f"`cron` beside `every` ({line_of(keys['every'])})", "keep one of them")
    if every and max_age and max_age < every:
        problems.add(keys["max_age"].at_value(f"{path}.max_age"), "is less than `every`: it would always be overdue")
    if "jitter" in keys and not {"every", "cron"} & keys.keys():
        problems.add(keys["jitter"].at_key(f"{path}.jitter"), "`jitter` puts off what is due by `every` or `cron`")
    elif every and jitter and jitter >= every:
        problems.add(keys["jitter"].at_value(f"{path}.jitter"), "must be less than `every`")
    return Schedule(
        every=every,
        cron=cron,
        max_age=max_age,
        window=_window(keys.get("window"), f"{path}.window", problems),
        jitter=jitter or _NONE,
        zone=_zone(keys.get("zone"), f"{path}.zone", problems),
    )


def duration(node: Node | None, path: str, problems: Problems, *, empty: bool = False) -> dt.timedelta | None:
    """None where there is none, or what is there is told to be wrong. `empty`: it may be no time at all."""
    if node is None:
        return None
    if not isinstance(node.value, str) or not _DURATION.match(node.value):
        problems.add(node.at_value(path), "must be a duration", DURATION_HINT)
        return None
    found = int(node.value[:-1]) * _LENGTHS[node.value[-1]]
    if found > _AN_AGE or (not found and not empty):
        problems.add(node.at_value(path), "must be more than nothing and at most a hundred years")
        return None
    return found


def _window(node: Node | None, path: str, problems: Problems) -> Window | None:
    if node is None:
        return None
    found = _WINDOW.match(node.value) if isinstance(node.value, str) else None
    if found is None:
        problems.add(node.at_value(path), "must be a window of time", _WINDOW_HINT)
        return None
    try:
        begins, ends = (dt.time.fromisoformat(found[name]) for name in ("begins", "ends"))
    except ValueError:
        problems.add(node.at_value(path), "names no time of a day", "hours 00 to 23, minutes 00 to 59")
        return None
    if begins == ends:
        problems.add(node.at_value(path), "ends where it begins", "leave `window` out where any time will do")
        return None
    days = _days(found["days"], node, path, problems) if found["days"] else frozenset()
    return None if days is None else Window(days, begins, ends)


def _days(said: str, node: Node, path: str, problems: Problems) -> frozenset[int] | None:
    """Weekdays by number: `Mon`, `Sat,Sun`, `Fri-Mon`."""
    found: set[int] = set()
    for part in said.split(","):
        first, dash, last = part.partition("-")
        for word in (first, last) if dash else (first,):
            if word not in _DAYS:
                problems.add(node.at_value(path), f"{named(word)} is no day", problems.nearest(word, _DAYS))
                return None
        begins = _DAYS.index(first)
        length = (_DAYS.index(last) - begins) % 7 if dash else 0
        found.update((begins + day) % 7 for day in range(length + 1))
    return frozenset(found)


def _zone(node: Node | None, path: str, problems: Problems) -> str:
    if node is None:
        return "UTC"
    name = text(node, path, problems)
    try:
        if name:
            zoneinfo.ZoneInfo(name)
        return name or "UTC"
    except (LookupError, ValueError, OSError):
        # A folder of zones ("Europe") is an OSError, a path out of it a ValueError.
        hint = problems.nearest(name, sorted(zoneinfo.available_timezones()), "as `UTC` or `Europe/Berlin`")
        problems.add(node.at_value(path), f"unknown time zone {named(name)}", hint)
        return "UTC"


def _cron(node: Node | None, path: str, problems: Problems) -> str:
    if node is None:
        return ""
    line = text(node, path, problems)
    if not line:
        return ""
    from cronsim import CronSim, CronSimError

    try:
        next(CronSim(line, dt.datetime(2024, 1, 1, tzinfo=dt.UTC)))
    except CronSimError as error:
        problems.add(node.at_value(path), f"is no cron line: {str(error)[:120]}", "five fields: `0 3 1 * *`")
        return ""
    except StopIteration:
        problems.add(node.at_value(path), "is a cron line that never comes", "five fields: `0 3 1 * *`")
        return ""
    return line
