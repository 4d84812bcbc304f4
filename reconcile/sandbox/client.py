"""A running sandbox from another process: what the command line calls."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import httpx

from ..model.errors import ReconcileError
from ..model.pretend import Thing
from .ready import Ready, is_loopback


def edit(
    ready: Ready, platform: str, kind: str, name: str, *, account: str | None = None, fields: Mapping[str, str]
) -> Thing:
    """Edit one thing behind our back; returns it as it is now. `where.FIELD` in `fields` selects."""
    return _thing(ready, "edit", platform, kind, name, account, fields)


def delete(
    ready: Ready, platform: str, kind: str, name: str, *, account: str | None = None, fields: Mapping[str, str]
) -> Thing:
    """Delete one thing behind our back; returns what it was. All `fields` select."""
    return _thing(ready, "delete", platform, kind, name, account, fields)


def create(
    ready: Ready, platform: str, kind: str, name: str, *, account: str | None = None, fields: Mapping[str, str]
) -> Thing:
    """Make one thing by hand; returns it."""
    return _thing(ready, "create", platform, kind, name, account, fields)


def fault(ready: Ready, platform: str, text: str) -> None:
    """Arm a fault; its grammar is `faults.GRAMMAR`."""
    _control(ready, "fault", platform=platform, text=text)


def faults(ready: Ready) -> dict[str, list[tuple[str, int | None]]]:
    """The faults in force by platform: text, and how often each will still act (None: always)."""
    told = _control(ready, "faults")
    return {name: [(text, left) for text, left in rules] for name, rules in told.items()}


def clear_faults(ready: Ready, platform: str | None = None) -> None:
    """Disarm all faults, or those of one platform."""
    _control(ready, "clear-faults", platform=platform)


def calls(ready: Ready, last: int | None = None) -> list[dict[str, Any]]:
    """The call log in order of arrival; the `last` so many, or all."""
    return list(_control(ready, "calls", last=last))


def clear_calls(ready: Ready) -> None:
    """Forget the calls made so far."""
    _control(ready, "clear-calls")


def things(ready: Ready, platform: str | None = None, kind: str | None = None) -> dict[str, Any]:
    """What the world holds: platform → account → kind → list of things."""
    return dict(_control(ready, "things", platform=platform, kind=kind))


def watch(ready: Ready) -> dict[str, Any]:
    """What runs and ran, values as digests, and what of it ran on a refused value: see `watch.Watch.told`."""
    return dict(_control(ready, "watch"))


def clock(ready: Ready, by: dt.timedelta = dt.timedelta()) -> dt.datetime:
    """Move the world's clock on; returns what it shows then, UTC."""
    return dt.datetime.fromisoformat(_control(ready, "clock", add_seconds=by.total_seconds()))


def now(clock: str) -> dt.datetime:
    """The world's clock, read at the ready file's `clock`; UTC."""
    return dt.datetime.fromisoformat(_speak("GET", clock, None, "")["now"])


def _thing(
    ready: Ready, verb: str, platform: str, kind: str, name: str, account: str | None, fields: Mapping[str, str]
) -> Thing:
    told = _control(ready, verb, platform=platform, kind=kind, name=name, account=account, fields=dict(fields))
    return dict(told)


def _control(ready: Ready, verb: str, **asked: Any) -> Any:
    return _speak("POST", f"{ready.page.rstrip('/')}/control/{verb}", asked, ready.control)["result"]


def _speak(method: str, url: str, asked: Any, token: str) -> dict[str, Any]:
    """Raises ReconcileError with the sandbox's own words, or if nothing answers there."""
    if not is_loopback(url):
        raise ReconcileError(f"{url} is not on this machine", advice="a sandbox is spoken to on loopback only")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        # trust_env off: a proxy from the environment must not carry what is meant for this machine.
        # Plain http on loopback: reading the system's certificates would be half of the time this takes.
        answer = httpx.request(method, url, json=asked, headers=headers, timeout=60, trust_env=False, verify=False)
        told: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise ReconcileError(
            f"the sandbox at {url} does not answer: {error}",
            advice="start it again with `trueup sandbox --ready-file F`",
        ) from None
    if answer.status_code != 200:
        raise ReconcileError(
            str(told.get("error")), advice="correct the words of the command; the pretend world was not changed"
        )
    return told
