"""Railway's one route: GraphQL over POST, whose errors come with status 200 and are told apart by their words."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...model.errors import Denied, Missing, PlatformError, RateLimited, Rejected, Unavailable
from ...model.secret import SecretText
from ...wire import Call, Client, Redactor

STALE = "STALE_ENVIRONMENT_BASE"
_NAME = re.compile(r"\s*(query|mutation)\s+(\w+)")
_DENIED = re.compile(r"not authori[sz]ed|project token not found|two factor authentication required", re.IGNORECASE)
_DENIED_CODES = frozenset({"UNAUTHENTICATED", "FORBIDDEN"})
_TOO_QUICK = re.compile(r"too quickly|rate limit|can be created per user every", re.IGNORECASE)
_LATER = re.compile(r"problem processing request|please try again", re.IGNORECASE)
_LONGEST = 300
CREATE_PAUSE_SECONDS = 30.0
"""One project and one environment a user in this time: observed, in the words of Railway's own refusal."""


class StaleBase(Rejected):
    """The environment moved since the token that a change set was sent with; nothing was done."""

    exit_code = 11
    advice = "make a new plan: the environment changed since this one was made"


class Staged(Rejected):
    """Changes that are not ours wait for a person: what is written quietly would take their place."""

    advice = "commit or discard the staged changes in Railway, then run the same command"


class Unexplained(Unavailable):
    """Railway answered, and did not say why it did nothing."""


@dataclass(frozen=True)
class Answer:
    """The data that came, and an error for each alias that has none."""

    data: Mapping[str, Any]
    errors: Mapping[str, PlatformError]


class Graph:
    """Sends operations by their name; raises the error tree."""

    def __init__(self, client: Client, account: str) -> None:
        self._client = client
        self._account = account

    def ask(self, text: str, **variables: Any) -> Mapping[str, Any]:
        """The data of one operation, whole. Raises PlatformError."""
        answer = self.ask_parts(text, **variables)
        for error in answer.errors.values():
            raise error
        return answer.data

    def ask_as(self, headers: Mapping[str, str | SecretText], text: str, **variables: Any) -> Mapping[str, Any]:
        """As `ask`, with another credential in place of the account's. Raises PlatformError."""
        answer = self._client.send(replace(_call(text, variables), headers=headers))
        told = self._read(answer, text, {**variables, "": list(headers.values())})
        if isinstance(told, PlatformError):
            raise told
        for error in told.errors.values():
            raise error
        return told.data

    def ask_parts(self, text: str, **variables: Any) -> Answer:
        """The data as far as it came. Raises PlatformError where nothing did."""
        (answer,) = self.together([(text, variables)])
        if isinstance(answer, PlatformError):
            raise answer
        return answer

    def together(self, asked: Sequence[tuple[str, Mapping[str, Any]]]) -> list[Answer | PlatformError]:
        """Independent operations at once; answers in order. A query that fails without a reason is asked once more:
        the wire, which repeats by status, cannot know."""
        found = self._once(asked)
        again = [number for number, answer in enumerate(found) if _is_unexplained(answer)]
        for number, answer in zip(again, self._once([asked[number] for number in again]), strict=True):
            found[number] = answer
        return found

    def _once(self, asked: Sequence[tuple[str, Mapping[str, Any]]]) -> list[Answer | PlatformError]:
        answers = self._client.together([_call(text, variables) for text, variables in asked]) if asked else []
        return [
            answer if isinstance(answer, PlatformError) else self._read(answer, text, variables)
            for (text, variables), answer in zip(asked, answers, strict=True)
        ]

    def _read(self, answer: Any, text: str, variables: Mapping[str, Any]) -> Answer | PlatformError:
        name, writes = _operation(text)
        body = answer if isinstance(answer, dict) else {}
        data = body.get("data")
        told = [one for one in body.get("errors") or () if isinstance(one, dict)]
        if not told:
            if isinstance(data, dict):
                return Answer(data, {})
            return Unavailable(f"{name}: the answer holds no data", platform="railway", unsure=writes)
        # An answer with status 200 is none that the wire masks: the credential, too, may stand in its words.
        redactor: Redactor = self._client.redactor.knowing(_secrets(variables))
        errors: dict[str, PlatformError] = {}
        for one in told:
            error = self._error(one, name, writes, redactor)
            path = one.get("path") or ()
            if not path or not isinstance(data, dict):
                return error
            errors.setdefault(str(path[0]), error)
        return Answer(data if isinstance(data, dict) else {}, errors)

    def _error(self, told: Mapping[str, Any], name: str, writes: bool, redactor: Redactor) -> PlatformError:
        extensions = told.get("extensions") or {}
        code = redactor.text(str(extensions.get("code") or ""))
        words = " ".join(redactor.text(str(told.get("message") or "no reason told")).split())[:_LONGEST]
        trace = redactor.text(str(told.get("traceId") or extensions.get("traceId") or ""))[:60]
        more: dict[str, Any] = {"platform": "railway", "account": self._account, "request_id": trace, "code": code}
        text = f"{name}: {words}"
        if code == STALE:
            return StaleBase(text, **more)
        if _DENIED.search(words) or code in _DENIED_CODES:
            return Denied(text, **more)
        if code == "RATE_LIMITED" or _TOO_QUICK.search(words):
            return RateLimited(text, after=CREATE_PAUSE_SECONDS, **more)
        if code.endswith("NOT_FOUND") or "not found" in words.lower():
            return Missing(text, **more)
        if _LATER.search(words):
            return Unexplained(text, unsure=writes, **more)
        return Rejected(text, **more)


def read_error(status: int, body: Any) -> tuple[str, str]:
    """Code and message of an answer whose status says that it failed."""
    errors = body.get("errors") if isinstance(body, dict) else None
    if not errors:
        return "", ""
    return str((errors[0].get("extensions") or {}).get("code") or ""), str(errors[0].get("message") or "")


def _is_unexplained(answer: Answer | PlatformError) -> bool:
    return isinstance(answer, Unexplained) and not answer.unsure


def _call(text: str, variables: Mapping[str, Any]) -> Call:
    name, writes = _operation(text)
    # Without a query string the edge limits this path much harder.
    body = {"query": text, "variables": dict(variables)}
    return Call("POST", "/graphql/v2", {"query": name}, json=body, repeatable=not writes)


def _operation(text: str) -> tuple[str, bool]:
    """The operation's name, and whether it writes."""
    found = _NAME.match(text)
    assert found is not None
    return found[2], found[1] == "mutation"


def _secrets(value: Any) -> Iterator[SecretText]:
    if isinstance(value, SecretText):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _secrets(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _secrets(inner)
