"""One account's way to one platform: authorisation, budget, retries, call log."""

import json
import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import urlencode

import httpx
import stamina
import stamina.instrumentation

from reconcile.model.errors import PlatformError, RateLimited, Unavailable
from reconcile.model.secret import SecretText
from reconcile.wire.answers import Answer, Meaning, TooLarge, TooSlow
from reconcile.wire.budget import Budget, CallLimit
from reconcile.wire.calls import Call, CallLog, CallRecord
from reconcile.wire.doors import open_door
from reconcile.wire.pool import Pool
from reconcile.wire.rates import quota_left, retry_after
from reconcile.wire.redact import Redactor

LARGEST_ANSWER_BYTES = 64 * 1024 * 1024
# An answer may trickle: each read is bounded by the timeout, the whole by this many times it.
WHOLE_ANSWER_TIMEOUTS = 4
FIRST_BACKOFF_SECONDS = 0.2
LONGEST_BACKOFF_SECONDS = 8.0

JSON, FORM = "application/json", "application/x-www-form-urlencoded"

T = TypeVar("T")
NO_PARAMS: Mapping[str, str | int] = MappingProxyType({})

# Both libraries would log URLs and causes that have not been redacted.
stamina.instrumentation.set_on_retry_hooks([])
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)


class Client:
    """Sends calls and gives back parsed JSON. Thread-safe; one per account and platform."""

    def __init__(
        self,
        *,
        platform: str,
        account: str,
        base_url: str,
        authorization: SecretText | None,
        budget: Budget,
        log: CallLog,
        pool: Pool,
        redactor: Redactor,
        read_error: Callable[[int, Any], tuple[str, str]],
        transport: httpx.BaseTransport | None = None,
        limit: CallLimit | None = None,
        timeout_seconds: float = 30.0,
        attempts: int = 5,
        sleep: Callable[[float], None] = time.sleep,
        max_wait_seconds: float = 60.0,
        largest_answer_bytes: int = LARGEST_ANSWER_BYTES,
    ) -> None:
        """`authorization` is the whole header value ("Bearer x"), None: nothing is sent.

        `attempts` and `max_wait_seconds` (all waits of one call together) bound the patience; a wait that would
        exceed it is not begun. `read_error` gets a status and the parsed body or None, and gives the vendor's code and
        message. Raises ValueError for a base url that is not plain http(s), ReconcileError for a credential or an
        environment that cannot be used.
        """
        self._base_url = base_url.rstrip("/")
        self._budget = budget
        self._log = log
        self._pool = pool
        self._limit = limit or CallLimit(None)
        self._attempts = attempts
        self._patience = max_wait_seconds
        self._sleep = sleep
        self._largest = largest_answer_bytes
        self._longest = timeout_seconds * WHOLE_ANSWER_TIMEOUTS
        knowing = redactor.knowing([authorization] if authorization else [])
        self._meaning = Meaning(platform, account, knowing, read_error)
        self._door = open_door(base_url, authorization, pool.size, timeout_seconds, transport)

    def __repr__(self) -> str:
        return f"<Client {self._meaning.platform} account {self._meaning.account}>"

    def get(self, path: str, params: Mapping[str, str | int] = NO_PARAMS) -> Any:
        """The parsed JSON body. Raises as `send`."""
        return self.send(Call("GET", path, params))

    def send(self, call: Call) -> Any:
        """The parsed JSON body, None where there is none. Raises PlatformError as `wire.answers` tells."""
        request, meaning = self._form(call)
        waits = _Waits(self._attempts, self._patience, self._sleep, lambda: self._pool.interrupted)
        for attempt in stamina.retry_context(
            waits.before_next,
            attempts=self._attempts,
            timeout=None,
            wait_initial=FIRST_BACKOFF_SECONDS,
            wait_max=LONGEST_BACKOFF_SECONDS,
        ):
            waits.attempt = attempt
            # Outside the attempt: what our own budgets refuse is not tried again.
            self._admit()
            with attempt:
                return self._try(call, request, meaning, attempt.num)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def together(self, calls: Sequence[Call]) -> list[Any | PlatformError]:
        """Sends independent calls on the pool. Answers in order, errors as values.

        Raises RuntimeError when called from a thread of the pool.
        """
        return self._pool.run([partial(self.send, call) for call in calls])

    def side_by_side(self, jobs: Sequence[Callable[[], T]]) -> list[T]:
        """Runs jobs of which each makes its calls one after another and raises no PlatformError; results in order.

        Raises RuntimeError when called from a thread of the pool.
        """
        if len(jobs) == 1:
            return [jobs[0]()]
        return [_no_error(one) for one in self._pool.run(jobs)]

    @property
    def redactor(self) -> Redactor:
        """What masks this account's credential; for a platform whose errors come with a 200."""
        return self._meaning.redactor

    def close(self) -> None:
        """Ends the kept connections."""
        self._door.close()

    def _form(self, call: Call) -> tuple[httpx.Request, Meaning]:
        """The request, and a meaning that also masks the secrets in its headers and body."""
        if call.path and not call.path.startswith("/"):
            # Glued to the base url, "@elsewhere" would send the credential elsewhere.
            raise ValueError("the path of a call begins with a slash")
        content, secrets = _body(call.json) if call.form is None else (urlencode(call.form).encode(), [])
        secrets += [value for value in call.headers.values() if isinstance(value, SecretText)]
        meaning = replace(self._meaning, redactor=self._meaning.redactor.knowing(secrets)) if secrets else self._meaning
        headers = {} if content is None else {"content-type": JSON if call.form is None else FORM}
        headers |= {name: one.reveal() if isinstance(one, SecretText) else one for name, one in call.headers.items()}
        try:
            request = self._door.build_request(
                call.method,
                self._base_url + call.path,
                params=dict(call.params) if call.params else None,
                content=content,
                headers=headers,
            )
        except (httpx.InvalidURL, UnicodeError) as refused:
            failure: Exception = refused
        else:
            return request, meaning
        raise meaning.of_failure(call, failure)

    def _admit(self) -> None:
        try:
            self._limit.take()
            self._budget.take(patience=self._patience)
        except RateLimited as error:
            error.platform, error.account = self._meaning.platform, self._meaning.account
            raise

    def _try(self, call: Call, request: httpx.Request, meaning: Meaning, number: int) -> Any:
        began = time.perf_counter()
        answer: Answer | None = None
        failure: Exception | None = None
        try:
            answer = self._exchange(request)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, TooLarge, TooSlow) as broken:
            failure = broken
        finally:
            # Also when a KeyboardInterrupt passes: the call may have arrived.
            self._record(call, meaning, answer.status if answer else 0, time.perf_counter() - began, number)
        # Raised outside the handler: the library's exception holds the request, and must not hang on ours.
        if answer is None:
            raise meaning.of_failure(call, failure or TooSlow())
        self._learn(answer)
        return meaning.of(call, answer)

    def _exchange(self, request: httpx.Request) -> Answer:
        ends = time.monotonic() + self._longest
        response = self._door.send(request, stream=True)
        try:
            length = response.headers.get("content-length", "")
            if length.isdecimal() and int(length) > self._largest:
                raise TooLarge
            parts: list[bytes] = []
            size = 0
            for part in response.iter_bytes():
                size += len(part)
                if size > self._largest:
                    raise TooLarge
                if time.monotonic() > ends:
                    raise TooSlow
                parts.append(part)
        finally:
            response.close()
        return Answer(response.status_code, response.headers, b"".join(parts))

    def _learn(self, answer: Answer) -> None:
        if quota := quota_left(answer.headers):
            self._budget.learn(*quota)
        if answer.status == 429 and (asked := retry_after(answer.headers)):
            # The other threads of the account need not each run into it.
            self._budget.learn(0, asked)

    def _record(self, call: Call, meaning: Meaning, status: int, seconds: float, number: int) -> None:
        path = f"{call.path}?{urlencode(call.params)}" if call.params else call.path
        told = meaning.redactor.text(path)
        self._log.add(CallRecord(meaning.platform, meaning.account, call.method, told, status, seconds, number))


def _no_error(result: T | PlatformError) -> T:
    if isinstance(result, PlatformError):
        raise result
    return result


class _Waits:
    """Decides, by the error's type, whether one call is sent again, and waits before it is."""

    def __init__(
        self, attempts: int, patience: float, sleep: Callable[[float], None], interrupted: Callable[[], bool]
    ) -> None:
        self.attempt: stamina.Attempt | None = None
        self._attempts = attempts
        self._left = patience
        self._sleep = sleep
        self._interrupted = interrupted

    def before_next(self, error: Exception) -> bool | float:
        """stamina's backoff hook. It waits itself and answers 0, for stamina's own sleep cannot be given a clock."""
        if not isinstance(error, Unavailable) or error.unsure or self.attempt is None:
            return False
        wait = error.after or self.attempt.next_wait * random.uniform(0.5, 1.5)
        if self.attempt.num >= self._attempts or wait > self._left or self._interrupted():
            return False
        self._left -= wait
        self._sleep(wait)
        return 0.0


def _body(value: Any) -> tuple[bytes | None, list[SecretText]]:
    """The JSON bytes, None for no body, and the secrets that were revealed in them."""
    if value is None:
        return None, []
    secrets: list[SecretText] = []

    def reveal(item: Any) -> str:
        if not isinstance(item, SecretText):
            raise TypeError(f"a {type(item).__name__} has no JSON form")
        secrets.append(item)
        return item.reveal()

    return json.dumps(value, default=reveal, separators=(",", ":"), allow_nan=False).encode(), secrets
