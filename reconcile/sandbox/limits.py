"""A vendor's rate limit: so many calls of one token in any so many seconds."""

import threading
from collections import deque
from collections.abc import Callable
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
    """A sliding window per caller. `now` gives seconds on a clock that the sandbox's `clock` command moves too."""

    calls: int
    seconds: float
    now: Callable[[], float]
    made: dict[str, deque[float]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def spend(self, caller: str) -> Budget:
        """Count a call, unless the budget is spent: a refused call is not counted."""
        now = self.now()
        with self.lock:
            made = self.made.setdefault(caller, deque())
            while made and made[0] <= now - self.seconds:
                made.popleft()
            refused = len(made) >= self.calls
            if not refused:
                made.append(now)
            reset = made[0] + self.seconds - now if made else self.seconds
            return Budget(self.calls, self.seconds, self.calls - len(made), reset, reset if refused else None)


def _whole(seconds: float) -> int:
    """Rounded up: a client that waits that long is let in."""
    return -int(-seconds // 1)
