"""How many calls an account may make, by the vendor's measure and by ours."""

import threading
import time
from collections.abc import Callable

from reconcile.model.errors import RateLimited


class Budget:
    """A token bucket: `calls` at once when full, and as many again every `seconds`. One per account, thread-safe.

    `take` reserves its tokens and then sleeps once, so callers go in the order they came. Clock and sleep are seconds.
    """

    def __init__(
        self,
        calls: int,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if calls < 1 or seconds <= 0:
            raise ValueError("a budget is at least one call in more than no time")
        self._most = float(calls)
        self._per_second = calls / seconds
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._tokens = float(calls)
        self._filled_at = clock()
        self._closed_until = float("-inf")

    def take(self, n: int = 1, patience: float | None = None) -> None:
        """Takes `n` tokens, sleeping until they are there.

        Raises RateLimited, and takes nothing, if that would be longer than `patience` seconds (None: any time).
        """
        with self._lock:
            now = self._fill()
            short = max(0.0, n - self._tokens) / self._per_second
            wait = max(short, self._closed_until - now)
            if patience is not None and wait > patience:
                raise RateLimited(f"this account's call budget is spent; {wait:.0f} s until the next call", after=wait)
            self._tokens -= n
        if wait > 0:
            self._sleep(wait)

    def learn(self, remaining: int, reset: float) -> None:
        """Believes the vendor when it counts fewer calls left than we do; `reset`: seconds until its window ends.

        Nothing left closes the budget until then, for every thread of the account. It never opens a budget wider.
        """
        with self._lock:
            now = self._fill()
            self._tokens = min(self._tokens, float(max(0, remaining)))
            if remaining <= 0:
                self._closed_until = max(self._closed_until, now + max(0.0, reset))

    def _fill(self) -> float:
        now = self._clock()
        self._tokens = min(self._most, self._tokens + (now - self._filled_at) * self._per_second)
        self._filled_at = now
        return now


class CallLimit:
    """`--max-calls`: the most calls one run makes, over all its clients. None: no limit."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._made = 0
        self._lock = threading.Lock()

    def take(self) -> None:
        """Counts one call. Raises RateLimited before the call that would be one too many."""
        with self._lock:
            if self._most is not None and self._made >= self._most:
                raise RateLimited(
                    f"--max-calls {self._most} is reached; the next call was not made",
                    code="max-calls",
                    advice="run the same command with a higher --max-calls; what is done stays done",
                )
            self._made += 1
