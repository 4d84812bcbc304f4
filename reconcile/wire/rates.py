"""What an answer's headers say about how soon we may call again.

Seconds are floats; None: the vendor does not say. Dates are read against the answer's own `Date`, so that a clock
that is wrong here, or a pretend clock there, does no harm.
"""

import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite

# Numbers from here on are moments since 1970, not spans: in seconds, then in milliseconds.
FIRST_EPOCH_SECONDS = 1e9
FIRST_EPOCH_MILLISECONDS = 1e12

_QUOTA = re.compile(r"(\"[^\"]*\"|[\w.-]+)?\s*;([^,]*)")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """`Retry-After`, in seconds or as an HTTP date (RFC 9110, 10.2.3)."""
    return _span(headers.get("retry-after", ""), headers)


def quota_left(headers: Mapping[str, str]) -> tuple[int, float] | None:
    """Calls left and seconds until there are more, of the tightest quota the answer names.

    Read from `Ratelimit: "default";r=50;t=30` (Cloudflare; IETF draft ratelimit-headers), where a missing `t` is the
    window `w` of `Ratelimit-Policy`; else from `x-ratelimit-remaining` and `x-ratelimit-reset`.
    """
    if fields := headers.get("ratelimit"):
        return _tightest(fields, headers.get("ratelimit-policy", ""))
    remaining = _number(headers.get("x-ratelimit-remaining", ""))
    if remaining is None:
        return None
    reset = _span(headers.get("x-ratelimit-reset", ""), headers)
    return int(remaining), reset or 0.0


def _tightest(fields: str, policy: str) -> tuple[int, float] | None:
    windows = {name: parameters.get("w") for name, parameters in _quotas(policy)}
    found: list[tuple[int, float]] = []
    for name, parameters in _quotas(fields):
        left, span = parameters.get("r"), parameters.get("t", windows.get(name))
        if left is not None:
            found.append((int(left), max(0.0, span or 0.0)))
    # Of two that are used up, the one that opens later decides.
    return min(found, key=lambda quota: (quota[0], -quota[1]), default=None)


def _quotas(fields: str) -> list[tuple[str, dict[str, float]]]:
    quotas = []
    for match in _QUOTA.finditer(fields):
        pairs = (part.partition("=") for part in match[2].split(";"))
        numbers = {name.strip(): _number(value) for name, _, value in pairs}
        quotas.append((match[1] or "", {name: number for name, number in numbers.items() if number is not None}))
    return quotas


def _span(text: str, headers: Mapping[str, str]) -> float | None:
    """Seconds from the answer's moment; never negative."""
    number = _number(text)
    if number is not None and number < FIRST_EPOCH_SECONDS:
        return max(0.0, number)
    if number is not None:
        moment = number / 1000 if number >= FIRST_EPOCH_MILLISECONDS else number
    else:
        parsed = _moment(text)
        if parsed is None:
            return None
        moment = parsed
    answered = _moment(headers.get("date", ""))
    return max(0.0, moment - (time.time() if answered is None else answered))


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None


def _moment(text: str) -> float | None:
    """Seconds since 1970 of an HTTP or ISO 8601 date."""
    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = parse(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, TypeError, OverflowError):
            continue
    return None
