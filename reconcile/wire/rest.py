"""A platform whose kinds are plain REST collections: list, create, update, delete, declared by an `Endpoint` each.

What a platform's answers have of their own is told by overriding a method here, never by another knob.
"""

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar, Literal
from urllib.parse import quote

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

    `path` of a grouped kind holds `{}` where the name of what groups it stands: `/projects/{}/env`. `many` and `one`
    name the key that holds a listing's items and a single answer's item ("" for the whole body); `id` the item's id;
    `page` the query parameter of the page number ("" where a listing is one page).
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
    inside: ClassVar[str] = ""
    """The field that names what its listing stands in, where that does not group it in a stack file."""

    @classmethod
    def stands_in(cls) -> str:
        """The field that names what its listing stands in; "" where it lists by account."""
        return cls.inside or cls.group_by

    def body(self, marker: str = "", *, making: bool = True) -> dict[str, Any]:
        """What the platform is sent: all that is declared, by the vendor's names. `making`: what is immutable too."""
        hidden = set(self.having(ReadOnly) if making else self.having(ReadOnly) | self.having(Immutable))
        body = self.model_dump(mode="json", by_alias=True, exclude=hidden, exclude_none=True)
        if marker and self.marker_field:
            body.setdefault(self.marker_field, marker)
        return body


Listing = tuple[type[RestResource], str]
"""A kind, and the name of what groups it there."""


class RestPlatform:
    """Observes, applies and predicts for kinds of type `RestResource`.

    `settle_seconds` of the constructor takes the place of the class's where given (0 in a sandbox); `sleep` is for it.
    """

    name: ClassVar[str]
    kinds: ClassVar[tuple[type[Resource], ...]]
    releases: ClassVar[tuple[type[Resource], ...]] = ()
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
        self._groups: dict[str, dict[str, str]] = {}
        """Ids of what others stand in, by kind and by the name that the stacks have for it."""

    def unwrapped(self, kind: type[RestResource], item: Mapping[str, Any]) -> Mapping[str, Any]:
        """An item of an answer as the flat mapping that the kind reads."""
        return item

    def is_last(self, kind: type[RestResource], answer: Any, items: Sequence[Any]) -> bool:
        """Whether no page follows. A page that is not full is the last where the vendor does not say."""
        return not kind.endpoint.page or len(items) < self.per_page

    def filters(self, kind: type[RestResource]) -> Mapping[str, str | int]:
        """Query parameters of every listing."""
        return {}

    def page(self, kind: type[RestResource], number: int, answer: Any) -> Mapping[str, str | int]:
        """Query parameters of a page, counted from 1; `answer` is the page before, None for the first."""
        return {kind.endpoint.page: number, "per_page": self.per_page} if kind.endpoint.page else {}

    def check_whole(self, kind: type[RestResource], answer: Any) -> None:
        """Raises PlatformError where a page of a listing says that something is kept from us."""

    def path(self, kind: type[RestResource], container: str) -> str:
        """Where a listing stands; `container` is "" for what no other kind groups."""
        return kind.endpoint.path.replace("{}", quote(container, safe=""))

    def call(self, change: Change, *, making: bool) -> Call:
        """The call of a change; a replace is a delete first, then with `making` a create. None is repeated blindly."""
        endpoint = _kind(change).endpoint
        path = self.path(_kind(change), change.container)
        if change.after is None or (change.verb == "replace" and not making):
            return Call("DELETE", f"{path}/{change.id}")
        assert isinstance(change.after, RestResource)
        if change.verb in ("create", "replace"):
            return Call("POST", path, json=change.after.body(change.marker))
        return Call(endpoint.update, f"{path}/{change.id}", json=change.after.body(making=False))

    def observe(self, scope: Scope) -> Observation:
        """Every listing in scope, all pages. Two live things of one natural key make their listing a gap."""
        at = self._clock()
        seen: list[Seen] = []
        gaps: list[Gap] = []
        read: set[Container] = set()
        for (kind, name), answer in self._read(scope).items():
            container = Container(kind.kind, name)
            if scope.containers is not None and container not in scope.containers:
                continue
            if isinstance(answer, Gap):
                gaps.append(answer)
                continue
            twice = {key for key, count in Counter(one.key for one in answer).items() if count > 1}
            seen += [one for one in answer if one.key not in twice]
            if twice:
                gaps.append(self._ambiguous(kind, name, sorted(" ".join(key) for key in twice)))
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

    def _read(self, scope: Scope) -> dict[Listing, list[Seen] | Gap]:
        """What groups others first, then what stands in each: a group that is not there holds nothing, unasked."""
        kinds = self._rest_kinds()
        inside = [kind for kind in kinds if kind.stands_in() and _names(kind, scope) != []]
        above = {kind.refers()[kind.stands_in()] for kind in inside}
        tops = [kind for kind in kinds if not kind.stands_in() and (kind.kind in above or _names(kind, scope) != [])]
        found = self._side_by_side([(kind, "") for kind in tops])
        groups = {kind.kind: answer for (kind, _), answer in found.items()}
        asked: list[Listing] = []
        for kind in inside:
            group = groups[kind.refers()[kind.stands_in()]]
            living = [] if isinstance(group, Gap) else self._living(group, scope)
            names = _names(kind, scope)
            for name in living if names is None else names:
                if isinstance(group, Gap):
                    found[kind, name] = replace(group, kind=kind.kind, container=name)
                elif name in living:
                    asked.append((kind, name))
                else:
                    found[kind, name] = []
        return found | self._side_by_side(asked)

    def _living(self, group: Sequence[Seen], scope: Scope) -> list[str]:
        """The names of what others stand in, once each: what was renamed behind our back by the stacks' name for it."""
        named = {(one.kind, one.id): one.resource.contents() for one in group}
        named |= {(kind, id): name for kind, name, id in scope.known if (kind, id) in named}
        for (kind, id), name in named.items():
            self._groups.setdefault(kind, {})[name] = id
        return list(dict.fromkeys(named.values()))

    def _side_by_side(self, listings: Sequence[Listing]) -> dict[Listing, list[Seen] | Gap]:
        jobs = [partial(self._listed, *listing) for listing in listings]
        return dict(zip(listings, self._client.side_by_side(jobs), strict=True))

    def _listed(self, kind: type[RestResource], container: str) -> list[Seen] | Gap:
        try:
            return self._list(kind, container)
        except PlatformError as error:
            return self._gap(kind, container, error)
        except ValidationError as error:
            told = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:3])
            return Gap(self._account, kind.kind, container, f"an answer cannot be read: {told}")

    def _list(self, kind: type[RestResource], container: str) -> list[Seen]:
        """The whole listing. Raises PlatformError, ValidationError.

        Nothing here announces a total: a thing deleted between two pages moves another from the later page to the one
        that was read already. So a listing of several pages is a list only if a second reading gives the same.
        """
        found, pages = self._pages(kind, container)
        if pages > 1 and self._pages(kind, container)[0].keys() != found.keys():
            raise Unavailable(f"{self.path(kind, container)}: page shifted: two readings differ", platform=self.name)
        return list(found.values())

    def _pages(self, kind: type[RestResource], container: str) -> tuple[dict[str, Seen], int]:
        endpoint, path = kind.endpoint, self.path(kind, container)
        found: dict[str, Seen] = {}
        number, answer = 1, None
        while True:
            answer = self._client.get(path, {**self.filters(kind), **self.page(kind, number, answer)})
            self.check_whole(kind, answer)
            items = answer.get(endpoint.many) if endpoint.many and isinstance(answer, dict) else answer
            if not isinstance(items, list):
                raise Unavailable(f"{path}: the answer is no listing", platform=self.name)
            for item in items:
                one = self._seen(kind, item, container)
                if one.id in found:
                    raise Unavailable(f"{path}: page shifted: {one.id} came twice", platform=self.name)
                found[one.id] = one
            if self.is_last(kind, answer, items):
                return found, number
            number += 1

    def _seen(self, kind: type[RestResource], item: Mapping[str, Any], container: str) -> Seen:
        told = self.unwrapped(kind, item)
        place = kind.stands_in()
        resource = kind.answered({**told, place: container} if place else told)
        owner = Mark.parse(getattr(resource, kind.marker_field)) if kind.marker_field else None
        return Seen(kind.kind, str(item[kind.endpoint.id]), resource.keys()[0], resource, owner)

    def _send(self, changes: Sequence[Change], *, making: bool = False) -> Iterator[tuple[Change, Any]]:
        """Each change with its answer; an error is an answer. `making`: the second half of a replace."""
        calls = [self.call(change, making=making) for change in changes]
        yield from zip(changes, self._client.together(calls) if calls else (), strict=True)

    def _outcome(self, change: Change, answer: Any, *, looked: bool = False) -> Outcome:
        """What an answer means. One that cannot be read is looked for, but once: `looked`."""
        if isinstance(answer, Missing) and change.verb == "delete":
            return Outcome(change, "done", change.id)
        if isinstance(answer, PlatformError):
            return Outcome(change, "failed", error=str(answer), exit_code=max(answer.exit_code, PARTIAL))
        if change.after is None:
            return Outcome(change, "done", change.id)
        kind = _kind(change)
        try:
            item = answer[kind.endpoint.one] if kind.endpoint.one else answer
            seen = self._seen(kind, item, change.container)
        except (ValidationError, LookupError, TypeError, AttributeError):
            odd = Unavailable(f"{kind.endpoint.path}: the answer is no {kind.kind}", unsure=True, platform=self.name)
            return self._unsure(change, odd) if looked else self._look(change, odd)
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
                return self._outcome(change, answer, looked=True)
        return self._unsure(change, error)

    def _unsure(self, change: Change, error: PlatformError) -> Outcome:
        return Outcome(change, "unsure", error=str(error), exit_code=error.exit_code)

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
        live = self._list(kind, change.container)
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

    def _gap(self, kind: type[Resource], container: str, error: PlatformError) -> Gap:
        container = container or "*"
        if isinstance(error, Denied):
            refused = error.code.startswith(REFUSED_TOKEN)
            right, code = ("", Denied.exit_code) if refused else (self.read_right, 17)
            return Gap(self._account, kind.kind, container, str(error), right, code)
        exit_code = RateLimited.exit_code if isinstance(error, RateLimited) else 17
        return Gap(self._account, kind.kind, container, str(error), exit_code=exit_code)

    def _ambiguous(self, kind: type[Resource], container: str, names: Sequence[str]) -> Gap:
        word = kind.kind.rpartition(".")[2]
        why = f"more than one {word} is called {', '.join(names)}: rename or delete all but one, none is touched"
        return Gap(self._account, kind.kind, container, why)


def _kind(change: Change) -> type[RestResource]:
    kind = change.kind
    assert issubclass(kind, RestResource)
    return kind


def _names(kind: type[RestResource], scope: Scope) -> list[str] | None:
    """The listings of a kind that are asked for; None: all there are."""
    if scope.containers is None:
        return None
    return sorted(one.name for one in scope.containers if one.kind == kind.kind)


def is_as_declared(want: Resource, have: Resource) -> bool:
    """Whether a live thing holds all that is declared. A declared None is not compared; what cannot be read differs."""
    decided = set(want.comparable()) - have.decided_elsewhere()
    return all(_is_same(getattr(want, name), getattr(have, name)) for name in decided)


def _is_same(want: Any, have: Any) -> bool:
    if isinstance(want, SecretText) or isinstance(have, SecretText):
        secret, other = (want, have) if isinstance(want, SecretText) else (have, want)
        return want is None or (isinstance(other, SecretText | str) and bool(secret.is_same(other)))
    return want is None or bool(want == have)
