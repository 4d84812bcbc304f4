"""A request as a value, and the record of the requests that were made."""

import json
import os
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reconcile.model.secret import SecretText

REPEATABLE_METHODS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, repr=False)
class Call:
    """One HTTP request.

    `path` follows the base url: "" or "/…". `json` may hold SecretText anywhere, `headers` as values; it is revealed on
    the wire only. `form` is sent as a web form is, in place of JSON. `repeatable` None: GET and HEAD may be sent twice,
    nothing else.
    """

    method: str
    path: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    json: Any = None
    headers: Mapping[str, str | SecretText] = field(default_factory=dict)
    repeatable: bool | None = None
    form: Mapping[str, str] | None = None

    @property
    def may_repeat(self) -> bool:
        """Whether sending it twice has the effect of sending it once."""
        return self.method in REPEATABLE_METHODS if self.repeatable is None else self.repeatable

    def __repr__(self) -> str:
        # Bodies, headers and queries carry values; a Call ends up in tracebacks.
        return f"<Call {self.method} {self.path.partition('?')[0]}>"


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One attempt. Never a body, never a header; `path` is redacted. `status` 0: no answer. `attempt` counts from 1."""

    platform: str
    account: str
    method: str
    path: str
    status: int
    seconds: float
    attempt: int


class CallLog:
    """What was asked of whom. Thread-safe; keeps the newest `keep` records, counts all.

    `file`: also JSON lines, appended, readable by the owner only. A file that cannot be written any more is given up
    and named in `trouble`: an answer that arrived is worth more than the line about it.
    """

    def __init__(self, file: Path | None = None, keep: int = 20_000) -> None:
        self.trouble = ""
        self._records: deque[CallRecord] = deque(maxlen=keep)
        self._count = 0
        self._lock = threading.Lock()
        self._file = -1 if file is None else _open_private(file)

    def add(self, record: CallRecord) -> None:
        with self._lock:
            self._count += 1
            self._records.append(record)
            if self._file >= 0:
                self._write(record)

    def records(self) -> tuple[CallRecord, ...]:
        with self._lock:
            return tuple(self._records)

    def count(self) -> int:
        """Attempts made, also those whose records are no longer kept."""
        with self._lock:
            return self._count

    def close(self) -> None:
        with self._lock:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

    def _write(self, record: CallRecord) -> None:
        at = datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"at": at.replace("+00:00", "Z"), **asdict(record)}) + "\n"
        try:
            os.write(self._file, line.encode())
        except OSError as error:
            self.trouble = f"the call log is not written any more: {error.strerror}"
            os.close(self._file)
            self._file = -1


def _open_private(file: Path) -> int:
    """A descriptor for appending. Raises OSError; a symbolic link is refused, since it may point at another's file."""
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    os.fchmod(descriptor, 0o600)
    return descriptor
