"""What one answer, or none, means: JSON, or one error of the tree.

answer                               error         sent again
401 403                              Denied        no
404                                  Missing       no
429                                  RateLimited   yes: it was refused before any effect
408, 5xx, cut, not JSON, reset, late Unavailable   if repeatable; else `unsure`
no connection, no such host          Unavailable   yes: nothing was sent
3xx, other 4xx                       Rejected      no
certificate not trusted              PlatformError no
"""

import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from reconcile.model.errors import Denied, Missing, PlatformError, RateLimited, Rejected, Unavailable
from reconcile.wire.calls import Call
from reconcile.wire.rates import quota_left, retry_after
from reconcile.wire.redact import Redactor

LONGEST_MESSAGE = 300
LONGEST_CODE = 60
REQUEST_ID_HEADERS = ("cf-ray", "x-request-id", "x-railway-request-id", "x-vercel-id")

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_NEVER_FORMED = (httpx.LocalProtocolError, httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError)

E = TypeVar("E", bound=PlatformError)


class TooLarge(Exception):
    """The answer is longer than we read."""


class TooSlow(Exception):
    """The answer trickles for longer than we wait."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole answer; `body` is decompressed."""

    status: int
    headers: httpx.Headers
    body: bytes


@dataclass(frozen=True, repr=False)
class Meaning:
    """Reads the answers that one account of one platform gets. All text it puts into an error is redacted."""

    platform: str
    account: str
    redactor: Redactor
    read_error: Callable[[int, Any], tuple[str, str]]

    def of(self, call: Call, answer: Answer) -> Any:
        """The parsed body, None where there is none. Raises the PlatformError that the answer is."""
        status = answer.status
        if not 200 <= status < 300:
            raise self._refusal(call, answer)
        if not answer.body and (status == 204 or call.method != "GET"):
            return None
        try:
            return json.loads(answer.body)
        except (ValueError, RecursionError):
            pass
        raise self._error(Unavailable, call, f"{status}, but its body is not JSON", answer, unsure=not call.may_repeat)

    def of_failure(self, call: Call, failure: Exception) -> PlatformError:
        """The error that stands for no answer, or for half of one."""
        what = _name_of(failure)
        if isinstance(failure, _NEVER_FORMED):
            # The library's text quotes the header or URL it refused.
            return self._error(Rejected, call, "the request holds what HTTP cannot carry; it was not sent")
        if _distrusts(failure):
            advice = "if a proxy or an own CA stands between, name its certificate in SSL_CERT_FILE"
            return self._error(PlatformError, call, f"the certificate is not trusted: {failure}", advice=advice)
        if isinstance(failure, TooLarge) and call.may_repeat:
            return self._error(Rejected, call, what, advice="ask for less: filter by zone or name")
        told = f"{what}: {failure}" if isinstance(failure, httpx.HTTPError) and str(failure) else what
        unsure = not isinstance(failure, _NEVER_SENT) and not call.may_repeat
        return self._error(Unavailable, call, told, unsure=unsure)

    def _refusal(self, call: Call, answer: Answer) -> PlatformError:
        status = answer.status
        if 300 <= status < 400:
            # Following would carry the credential to wherever the answer says.
            advice = "check the platform's base address; redirects are never followed"
            return self._error(Rejected, call, f"{status}, a redirect", answer, advice=advice)
        code, message = self._vendor(status, answer.body)
        told = f"{status} {message}".strip()
        if status in (401, 403):
            return self._error(Denied, call, told, answer, code=code)
        if status == 404:
            return self._error(Missing, call, told, answer, code=code)
        if status == 429:
            after = _asked_wait(answer)
            told += f"; {after:.0f} s until the next call" if after else ""
            return self._error(RateLimited, call, told, answer, code=code, after=after)
        if status == 408 or status >= 500:
            after, unsure = retry_after(answer.headers), not call.may_repeat
            return self._error(Unavailable, call, told, answer, code=code, after=after, unsure=unsure)
        return self._error(Rejected, call, told, answer, code=code)

    def _vendor(self, status: int, body: bytes) -> tuple[str, str]:
        try:
            parsed = json.loads(body)
        except (ValueError, RecursionError):
            parsed = None
        try:
            return self.read_error(status, parsed)
        except (LookupError, TypeError, ValueError, AttributeError):
            # An error body of a shape nobody has seen must not hide the status.
            return "", ""

    def _error(
        self, kind: type[E], call: Call, told: str, answer: Answer | None = None, *, code: str = "", **more: Any
    ) -> E:
        return kind(
            self._clean(f"{call.method} {call.path.partition('?')[0]}: {told}", LONGEST_MESSAGE),
            platform=self.platform,
            account=self.account,
            code=self._clean(str(code), LONGEST_CODE),
            request_id=self._clean(_request_id(answer), LONGEST_CODE) if answer else "",
            **more,
        )

    def _clean(self, text: str, longest: int) -> str:
        # Redacted before it is cut, or the first half of a secret stays. Control characters would steer a terminal.
        text = " ".join(self.redactor.text(text).split())
        text = "".join(letter for letter in text if letter.isprintable())
        return text if len(text) <= longest else text[: longest - 1] + "…"


def _asked_wait(answer: Answer) -> float | None:
    after = retry_after(answer.headers)
    if after is not None:
        return after
    quota = quota_left(answer.headers)
    return quota[1] if quota and quota[0] <= 0 else None


def _request_id(answer: Answer) -> str:
    return next((found for name in REQUEST_ID_HEADERS if (found := answer.headers.get(name))), "")


def _name_of(failure: Exception) -> str:
    names: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
        (TooLarge, "the answer is larger than we read"),
        (TooSlow, "the answer did not end in time"),
        (httpx.PoolTimeout, "no free connection"),
        (httpx.ConnectTimeout, "no connection in time"),
        (httpx.ProxyError, "the proxy refused"),
        (httpx.ConnectError, "no connection"),
        (httpx.TimeoutException, "no answer in time"),
        (httpx.DecodingError, "the answer cannot be decompressed"),
    )
    return next((name for kind, name in names if isinstance(failure, kind)), "the connection broke")


def _distrusts(failure: BaseException | None) -> bool:
    while failure is not None:
        if isinstance(failure, ssl.SSLCertVerificationError):
            return True
        failure = failure.__cause__ or failure.__context__
    return False
