"""A vendor's rate limit: so many calls of one token in any so many seconds."""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Budget:
    """What is left after a call. `wait` is how many seconds until the next is allowed, None: this one was."""

    limit: int
    window: float
    left: int
    reset: float
    wait: float | None

    def headers(self) -> dict[str, str]:
        """`RateLimit` and `RateLimit-Policy` of the IETF draft (draft-ietf-httpapi-ratelimit-headers)."""
        return {
            "Ratelimit": f'"default";r={self.left};t={_whole(self.reset)}',
            "Ratelimit-Policy": f'"default";q={self.limit};w={_whole(self.window)}',
        }


@dataclass
class RateLimit:
    """A sliding window per caller. `now` gives seconds on a clock that the sandbox's `clock` command moves too;
    `tiers` has the limits of those tiers that have their own."""

    calls: int
    seconds: float
    now: Callable[[], float]
    tiers: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    made: dict[str, deque[float]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def spend(self, caller: str, tier: str = "") -> Budget:
        """Count a call, unless the budget is spent: a refused call is not counted."""
        now = self.now()
        calls, seconds = self.tiers.get(tier, (self.calls, self.seconds))
        with self.lock:
            made = self.made.setdefault(caller, deque())
            while made and made[0] <= now - seconds:
                made.popleft()
            refused = len(made) >= calls
            if not refused:
                made.append(now)
            reset = made[0] + seconds - now if made else seconds
            return Budget(calls, seconds, calls - len(made), reset, reset if refused else None)


def _whole(seconds: float) -> int:
    """Rounded up: a client that waits that long is let in."""
    return -int(-seconds // 1)
