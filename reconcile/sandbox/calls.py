"""What was asked of the pretend world."""

import datetime as dt
import threading
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any

_KEPT = 200_000


@dataclass
class Call:
    """One request. `n` counts from 1 since the log was last cleared; status 0: no answer was sent."""

    n: int
    at: str
    platform: str
    method: str
    path: str
    account: str = ""
    route: str = ""
    status: int = 0
    fault: str = ""
    seconds: float = 0
    request: Any = None
    response: Any = None


@dataclass
class CallLog:
    """All calls to all platforms, in order of arrival; the newest 200,000."""

    bodies: bool = False
    made: deque[Call] = field(default_factory=lambda: deque(maxlen=_KEPT))
    count: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def arrive(self, at: dt.datetime, platform: str, method: str, path: str) -> Call:
        with self.lock:
            self.count += 1
            call = Call(self.count, at.isoformat(timespec="milliseconds"), platform, method, path)
            self.made.append(call)
        return call

    def clear(self) -> None:
        with self.lock:
            self.made.clear()
            self.count = 0

    def told(self, last: int | None = None) -> list[dict[str, Any]]:
        """The calls as JSON, with bodies only if the world keeps them; the `last` so many, or all."""
        with self.lock:
            made = list(self.made)
        hidden = () if self.bodies else ("request", "response")
        return [
            {name: value for name, value in asdict(call).items() if name not in hidden}
            for call in (made if last is None else made[-last:])
        ]
