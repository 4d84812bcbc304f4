"""A platform whose kinds are plain REST collections: list, create, update, delete, declared by an `Endpoint` each.

What a platform's answers have of their own is told by overriding a method here, never by another knob.
"""

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import ValidationError

from reconcile.model.change import Change, Outcome
from reconcile.model.errors import Denied, Missing, PlatformError, RateLimited, Unavailable
from reconcile.model.observation import Container, Gap, Mark, Observation, Scope, Seen
from reconcile.model.platform import Rate
from reconcile.model.resource import Immutable, ReadOnly, Resource
from reconcile.model.secret import SecretText
from reconcile.model.spec import Access
from reconcile.wire.calls import Call
from reconcile.wire.client import Client

PARTIAL = 13
"""The exit code of a refusal that says nothing of credentials or budgets."""


REFUSED_TOKEN = "401"
"""How a platform's `read_error` begins the code of a credential that opens nothing."""


def bearer(token: SecretText) -> SecretText:
    """The value of an Authorization header."""
    return SecretText(f"Bearer {token.reveal()}", token.label)


@dataclass(frozen=True)
class Endpoint:
    """Where a kind lives. Six knobs; what needs a seventh overrides a method of its platform.

    `many` and `one` name the key that holds a listing's items and a single answer's item ("" for the whole body);
    `id` the item's id; `page` the query parameter of the page number ("" where a listing is one page).
    """

    path: str
    many: str = ""
    one: str = ""
    id: str = "id"
    update: Literal["PATCH", "PUT"] = "PATCH"
    page: str = ""


class RestResource(Resource):
    """A resource that an `Endpoint` serves."""

    endpoint: ClassVar[Endpoint]

    def body(self, marker: str = "", *, making: bool = True) -> dict[str, Any]:
        """What the platform is sent: all that is declared, by the vendor's names. `making`: what is immutable too."""
        hidden = set(self.having(ReadOnly) if making else self.having(ReadOnly) | self.having(Immutable))
        body = self.model_dump(mode="json", by_alias=True, exclude=hidden, exclude_none=True)
        if marker and self.marker_field:
            body.setdefault(self.marker_field, marker)
        return body


class RestPlatform:
    """Observes, applies and predicts for kinds of type `RestResource`.

    `settle_seconds` of the constructor takes the place of the class's where given (0 in a sandbox); `sleep` is for it.
    """

    name: ClassVar[str]
    kinds: ClassVar[tuple[type[Resource], ...]]
    settle_seconds: ClassVar[float] = 5.0
    rates: ClassVar[Mapping[str, Rate]] = {}
    waits_itself: ClassVar[bool] = True
    per_page: ClassVar[int] = 100
    read_right: ClassVar[str] = ""
    """What a 403 on a listing lacks, in the vendor's words."""

    def __init__(
        self,
        client: Client,
        account: str,
        access: Access,
        clock: Callable[[], dt.datetime],
        *,
        settle_seconds: float | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._account = account
        self._access = access
        self._clock = clock
        self._settle = self.settle_seconds if settle_seconds is None else settle_seconds
        self._sleep = sleep

    def unwrapped(self, kind: type[RestResource], item: Mapping[str, Any]) -> Mapping[str, Any]:
        """An item of an answer as the flat mapping that the kind reads."""
        return item

    def is_last(self, kind: type[RestResource], answer: Any, items: Sequence[Any]) -> bool:
        """Whether no page follows. A page that is not full is the last where the vendor does not say."""
        return not kind.endpoint.page or len(items) < self.per_page

    def filters(self, kind: type[RestResource]) -> Mapping[str, str | int]:
        """Query parameters of every listing."""
        return {}

    def observe(self, scope: Scope) -> Observation:
        """Every kind in scope, all pages. Two live things of one natural key make their kind a gap."""
        at = self._clock()
        seen: list[Seen] = []
        gaps: list[Gap] = []
        read: set[Container] = set()
        for kind in self._rest_kinds():
            container = Container(kind.kind)
            if scope.containers is not None and container not in scope.containers:
                continue
            try:
                found = self._list(kind)
            except PlatformError as error:
                gaps.append(self._gap(kind, error))
                continue
            except ValidationError as error:
                told = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:3])
                gaps.append(Gap(self._account, kind.kind, "", f"an answer cannot be read: {told}"))
                continue
            twice = {key for key, count in Counter(one.key for one in found).items() if count > 1}
            seen += [one for one in found if one.key not in twice]
            if twice:
                gaps.append(self._ambiguous(kind, sorted(" ".join(key) for key in twice)))
            else:
                read.add(container)
        return Observation(self.name, self._account, at, tuple(seen), tuple(gaps), frozenset(read))

    def apply(self, wave: Sequence[Change]) -> Iterator[Outcome]:
        """One call a change, all at once; those of unknown effect are looked for and, if need be, sent again."""
        writable = [change for change in wave if not change.kind.lookup]
        for change in wave:
            if change.kind.lookup:
                why = f"{change.kind.kind} is only looked up"
                yield Outcome(change, "failed", error=why, exit_code=PARTIAL)
        unsure: list[tuple[Change, Unavailable]] = []
        replaced: list[Change] = []
        for change, answer in self._send(writable):
            if isinstance(answer, Unavailable) and answer.unsure:
                unsure.append((change, answer))
            elif change.verb == "replace" and (isinstance(answer, Missing) or not isinstance(answer, PlatformError)):
                replaced.append(change)
            else:
                yield self._outcome(change, answer)
        if replaced:
            for change, answer in self._send(replaced, making=True):
                if isinstance(answer, Unavailable) and answer.unsure:
                    unsure.append((change, answer))
                else:
                    yield self._outcome(change, answer)
        for change, error in unsure:
            yield self._look(change, error)

    def predict(self, wave: Sequence[Change]) -> int:
        """One call a change, two a replace."""
        return sum(2 if change.verb == "replace" else 1 for change in wave if not change.kind.lookup)

    def _rest_kinds(self) -> list[type[RestResource]]:
        return [kind for kind in self.kinds if issubclass(kind, RestResource)]

    def _list(self, kind: type[RestResource]) -> list[Seen]:
        """The whole listing. Raises PlatformError, ValidationError.

        Nothing here announces a total: a thing deleted between two pages moves another from the later page to the one
        that was read already. So a listing of several pages is a list only if a second reading gives the same.
        """
        found, pages = self._pages(kind)
        if pages > 1 and self._pages(kind)[0].keys() != found.keys():
            raise Unavailable(f"{kind.endpoint.path}: page shifted: two readings differ", platform=self.name)
        return list(found.values())

    def _pages(self, kind: type[RestResource]) -> tuple[dict[str, Seen], int]:
        endpoint = kind.endpoint
        found: dict[str, Seen] = {}
        number = 1
        while True:
            params: dict[str, str | int] = dict(self.filters(kind))
            if endpoint.page:
                params |= {endpoint.page: number, "per_page": self.per_page}
            answer = self._client.get(endpoint.path, params)
            items = answer.get(endpoint.many) if endpoint.many and isinstance(answer, dict) else answer
            if not isinstance(items, list):
                raise Unavailable(f"{endpoint.path}: the answer is no listing", platform=self.name)
            for item in items:
                one = self._seen(kind, item)
                if one.id in found:
                    raise Unavailable(f"{endpoint.path}: page shifted: {one.id} came twice", platform=self.name)
                found[one.id] = one
            if self.is_last(kind, answer, items):
                return found, number
            number += 1

    def _seen(self, kind: type[RestResource], item: Mapping[str, Any]) -> Seen:
        resource = kind.answered(self.unwrapped(kind, item))
        owner = Mark.parse(getattr(resource, kind.marker_field)) if kind.marker_field else None
        return Seen(kind.kind, str(item[kind.endpoint.id]), resource.keys()[0], resource, owner)

    def _send(self, changes: Sequence[Change], *, making: bool = False) -> Iterator[tuple[Change, Any]]:
        """Each change with its answer; an error is an answer. `making`: the second half of a replace."""
        calls = [_call(change, making=making) for change in changes]
        yield from zip(changes, self._client.together(calls) if calls else (), strict=True)

    def _outcome(self, change: Change, answer: Any) -> Outcome:
        if isinstance(answer, Missing) and change.verb == "delete":
            return Outcome(change, "done", change.id)
        if isinstance(answer, PlatformError):
            return Outcome(change, "failed", error=str(answer), exit_code=max(answer.exit_code, PARTIAL))
        if change.after is None:
            return Outcome(change, "done", change.id)
        kind = _kind(change)
        try:
            item = answer[kind.endpoint.one] if kind.endpoint.one else answer
            seen = self._seen(kind, item)
        except (ValidationError, LookupError, TypeError, AttributeError):
            return self._look(change, Unavailable(f"{kind.endpoint.path}: the answer is no {kind.kind}", unsure=True))
        return Outcome(change, "done", seen.id, seen.resource)

    def _look(self, change: Change, error: PlatformError) -> Outcome:
        """What became of a write of unknown effect.

        It counts as absent after two listings, the second when the platform has settled; only then is it sent again.
        """
        why = str(error)
        for last in (False, True):
            for wait in (0.0, self._settle):
                if wait:
                    self._sleep(wait)
                try:
                    found = self._effect(change)
                except (PlatformError, ValidationError) as hidden:
                    code = hidden.exit_code if isinstance(hidden, PlatformError) else error.exit_code
                    return Outcome(change, "unsure", error=f"{why}; looking for it: {hidden}", exit_code=code)
                if found is not None:
                    return found
            if last:
                break
            answer = self._again(change)
            if not (isinstance(answer, Unavailable) and answer.unsure):
                return self._outcome(change, answer)
        return Outcome(change, "unsure", error=why, exit_code=error.exit_code)

    def _again(self, change: Change) -> Any:
        """The answer to a write that was looked for and is not there."""
        if change.verb == "replace":
            ((_, gone),) = self._send([change])
            if isinstance(gone, PlatformError) and not isinstance(gone, Missing):
                return gone
        ((_, answer),) = self._send([change], making=True)
        return answer

    def _effect(self, change: Change) -> Outcome | None:
        """The outcome if the effect is there, None if it is not. Raises PlatformError for two of one key."""
        kind = _kind(change)
        live = self._list(kind)
        if change.after is None:
            return None if any(one.id == change.id for one in live) else Outcome(change, "done", change.id)
        made = change.verb in ("create", "replace")
        fitting = [
            one
            for one in live
            if (one.key == change.after.keys()[0] and one.id != change.id if made else one.id == change.id)
        ]
        if len(fitting) > 1:
            raise Unavailable(f"there are {len(fitting)} of {' '.join(change.key)}", platform=self.name)
        if fitting and is_as_declared(change.after, fitting[0].resource):
            return Outcome(change, "done", fitting[0].id, fitting[0].resource)
        return None

    def _gap(self, kind: type[Resource], error: PlatformError) -> Gap:
        if isinstance(error, Denied):
            refused = error.code.startswith(REFUSED_TOKEN)
            right, code = ("", Denied.exit_code) if refused else (self.read_right, 17)
            return Gap(self._account, kind.kind, "*", str(error), right, code)
        exit_code = RateLimited.exit_code if isinstance(error, RateLimited) else 17
        return Gap(self._account, kind.kind, "*", str(error), exit_code=exit_code)

    def _ambiguous(self, kind: type[Resource], names: Sequence[str]) -> Gap:
        word = kind.kind.rpartition(".")[2]
        why = f"more than one {word} is called {', '.join(names)}: rename or delete all but one, none is touched"
        return Gap(self._account, kind.kind, "", why)


def _kind(change: Change) -> type[RestResource]:
    kind = change.kind
    assert issubclass(kind, RestResource)
    return kind


def _call(change: Change, *, making: bool) -> Call:
    """The call of a change; a replace is a delete first. None is repeated blindly, by its method or otherwise."""
    endpoint = _kind(change).endpoint
    path = f"{endpoint.path}/{change.id}"
    if change.after is None or (change.verb == "replace" and not making):
        return Call("DELETE", path)
    assert isinstance(change.after, RestResource)
    if change.verb in ("create", "replace"):
        return Call("POST", endpoint.path, json=change.after.body(change.marker))
    return Call(endpoint.update, path, json=change.after.body(making=False))


def is_as_declared(want: Resource, have: Resource) -> bool:
    """Whether a live thing holds all that is declared. A declared None is not compared."""
    return all(getattr(want, name) is None or getattr(want, name) == getattr(have, name) for name in want.comparable())
