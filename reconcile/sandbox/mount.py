"""A Pretend as a Flask app: everything that happens to a request around the vendor's own behaviour."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal, NoReturn
from urllib.parse import parse_qsl

import flask
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule

from ..model.pretend import Asked, Caller, PretendObjects, PretendPlatform, Route, Told, World
from .calls import Call, CallLog
from .doors import CUT
from .faults import Fault, Faults
from .limits import RateLimit
from .objects import ObjectDoor
from .shelves import Place, Shifted

LARGEST_BODY = 100 * 1024 * 1024
"""Cloudflare's own limit for a request body on its free plan; nothing we send comes near it."""

OnCall = Callable[[int, str], None]
"""Told the call's number and "before" or "after" its effect; what it raises reaches the caller in process."""

_WRITES = frozenset(("POST", "PUT", "PATCH"))
_CURSORS = ("cursor", "after", "starting_after", "offset", "until", "from")


@dataclass
class Terms:
    """What holds for all platforms of one world. `lock` guards every shelf; `changed` is told of each write before it,
    `looked` after it: by which call, and on which platform and account."""

    lock: AbstractContextManager[object]
    log: CallLog
    changed: Callable[[], None]
    latency_seconds: float = 0
    on_call: OnCall | None = None
    looked: Callable[[str, tuple[str, str]], None] = lambda by, where: None


@dataclass
class Reply:
    """An answer as bytes. `cut` says how the connection is to break."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: Literal["", "reset", "truncate"] = ""


class _Refused(Exception):
    """What never reaches a Pretend's route."""

    def __init__(self, status: int, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.status, self.reason, self.retry_after = status, reason, retry_after


@cache
def _map_of(routes: tuple[tuple[str, str], ...]) -> Map:
    """What leads to each route, by its number. Made once a process: compiling it is nine tenths of a world's start."""
    found = Map(merge_slashes=False, strict_slashes=True)
    for number, (path, method) in enumerate(routes):
        found.add(Rule(path.replace("{", "<").replace("}", ">"), endpoint=str(number), methods=[method]))
    found.update()
    return found


@dataclass
class Mount:
    """One platform, answering. `callers` is by token; `limit` None: rates are not limited."""

    pretend: PretendPlatform
    place: Place
    callers: Mapping[str, Caller]
    terms: Terms
    limit: RateLimit | None = None
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        objects = getattr(self.pretend, "objects", None)
        if objects is not None:
            objects.emptied(self.place)

    def accounts(self) -> tuple[str, ...]:
        """By their names in the stacks."""
        return tuple(self.place.account_ids)

    def app(self) -> flask.Flask:
        """The platform at the root of an address; its routes stand under its prefix."""
        app = flask.Flask(f"sandbox.{self.pretend.name}", static_folder=None)
        app.config["PROPAGATE_EXCEPTIONS"] = True
        routes = self.pretend.routes()
        app.url_map = _map_of(tuple((self.pretend.prefix + one.path, one.method) for one in routes))
        app.view_functions = {str(number): self._view(one) for number, one in enumerate(routes)}
        app.register_error_handler(NotFound, lambda error: self._serve(None, {}))
        app.register_error_handler(MethodNotAllowed, lambda error: self._serve(None, {}, status=405))
        objects = getattr(self.pretend, "objects", None)
        if objects is not None:
            app.wsgi_app = self._object_door(objects).beside(app.wsgi_app)  # type: ignore[assignment, method-assign]
        return app

    def _object_door(self, objects: PretendObjects) -> ObjectDoor:
        tokens = {caller.account: token for token, caller in self.callers.items()}
        terms = self.terms
        return ObjectDoor(objects, self.pretend.name, self.place, tokens, terms.lock, terms.log, terms.changed)

    def _view(self, route: Route) -> Callable[..., flask.Response]:
        return lambda **path: self._serve(route, path)

    def _serve(self, route: Route | None, path: dict[str, str], status: int = 404) -> flask.Response:
        asked, started = flask.request, time.perf_counter()
        query = asked.query_string.decode("ascii", "replace")
        shown = f"{asked.path}?{query}" if query else asked.path
        call = self.terms.log.arrive(self.place.now(), self.pretend.name, asked.method, shown)
        call.route = route.path if route else ""
        self._tell(call, "before")
        if self.terms.latency_seconds:
            time.sleep(self.terms.latency_seconds)
        reply = self._reply(call, route, path, status)
        self._tell(call, "after")
        call.status = 0 if reply.cut == "reset" else reply.status
        call.seconds = round(time.perf_counter() - started, 6)
        if reply.cut:
            flask.request.environ[CUT] = reply.cut
        return flask.Response(reply.body, reply.status, reply.headers)

    def _tell(self, call: Call, moment: str) -> None:
        if self.terms.on_call is not None:
            self.terms.on_call(call.n, moment)

    def _reply(self, call: Call, route: Route | None, path: dict[str, str], status: int) -> Reply:
        headers: dict[str, str] = {}
        try:
            caller = self._caller()
            call.account = caller.account
            self._limit(caller, headers)
            if route is None or flask.request.method != route.method:
                raise _Refused(405 if route else status, f"no route for {flask.request.method} {flask.request.path}")
            fault = self._fault(caller, route)
            call.fault = fault.text if fault else ""
            reply = self._with_fault(fault, route, Asked(caller, route.method, path, _query()), call)
        except _Refused as refused:
            reply = self._refusal(refused.status, refused.reason, refused.retry_after, call)
        reply.headers.update(headers)
        return reply

    def _caller(self) -> Caller:
        ask = getattr(self.pretend, "caller", None)
        if ask is not None:
            headers = {name.lower(): value for name, value in flask.request.headers.items()}
            told: Caller | None = ask(self.place, headers)
            if told is not None:
                return told
        given = flask.request.headers.get("Authorization")
        if given is None:
            raise _Refused(401, "missing credentials")
        scheme, _, token = given.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise _Refused(401, "malformed credentials")
        caller = self.callers.get(token.strip())
        if caller is None:
            raise _Refused(401, "unknown token")
        return caller

    def _limit(self, caller: Caller, headers: dict[str, str]) -> None:
        if self.limit is None:
            return
        budget = self.limit.spend(caller.account, caller.tier)
        told = getattr(self.pretend, "budget", None)
        reset = self.place.now().timestamp() + budget.reset
        headers.update(budget.headers() if told is None else told(budget.limit, budget.left, reset))
        if budget.wait is not None:
            raise _Refused(429, "rate limit exceeded", budget.wait)

    def _fault(self, caller: Caller, route: Route) -> Fault | None:
        request = flask.request
        reads = _reads(route)

        def ripe(fault: Fault) -> bool:
            if fault.kind == "stale":
                return reads and self.place.past is not None
            return fault.kind != "shift" or (reads and is_later_page({**_query(), **_variables(route)}))

        path = request.full_path.removesuffix("?").removeprefix(self.pretend.prefix)
        # A POST that only asks is a read to whoever says GET, and a POST to whoever says POST.
        methods = dict.fromkeys(("GET", request.method) if reads else (request.method,))
        return next(filter(None, (self.faults.take(caller.account, method, path, ripe) for method in methods)), None)

    def _with_fault(self, fault: Fault | None, route: Route, asked: Asked, call: Call) -> Reply:
        if fault is None:
            return self._ask(route, asked, call, self._here)
        if not fault.after and fault.kind in ("status", "reset", "slow"):
            reply = self._broken(fault, None, call)
            return reply if reply is not None else self._ask(route, asked, call, self._here)
        if fault.kind == "stale":
            return self._ask(route, asked, call, self.place.yesterday)
        if fault.kind == "shift":
            return self._ask(route, asked, call, lambda: self._shifted(fault, route, asked))
        told = self._ask(route, asked, call, self._here)
        return self._broken(fault, told, call) or told

    def _broken(self, fault: Fault, told: Reply | None, call: Call) -> Reply | None:
        """What the caller gets instead of `told`; None: what it would have got."""
        if fault.kind == "status":
            return self._refusal(fault.status, "injected fault", fault.retry_after, call)
        if fault.kind == "reset":
            return Reply(200, cut="reset")
        if fault.kind == "slow":
            time.sleep(fault.seconds)
        if fault.kind == "truncate" and told is not None:
            if fault.detail == "json":
                return replace(told, body=told.body[: len(told.body) // 2])
            return replace(told, cut="truncate")
        return None

    def _here(self) -> World:
        return self.place

    def _shifted(self, fault: Fault, route: Route, asked: Asked) -> World:
        """The place whose page boundary moved after the first page, which is asked for once more to see its start."""
        query = {name: value for name, value in asked.query.items() if name not in ("page", *_CURSORS)}
        body = _peek() if route.reads else None
        if isinstance(body, dict):
            variables = {name: one for name, one in _variables(route).items() if name not in _CURSORS}
            body = {**body, "variables": variables}
        first = _first_id(route.handler(self.place, replace(asked, query=query, body=body)).body)
        return Shifted(self.place, first, repeat=fault.detail == "repeat") if first else self.place

    def _ask(self, route: Route, asked: Asked, call: Call, where: Callable[[], World]) -> Reply:
        """The vendor's own answer. Made into bytes under the lock: the body may hold live things."""
        unknown = sorted(set(asked.query) - route.query)
        if unknown and not route.any_query:
            raise _Refused(422, f"unknown query parameter {unknown[0]}")
        body = _body(forms=getattr(self.pretend, "forms", False))
        if self.terms.log.bodies:
            call.request = body
        headers = {name.lower(): value for name, value in flask.request.headers.items()}
        with self.terms.lock:
            if not _reads(route):
                if self.faults.awaits("stale"):
                    self.place.remember()
                else:
                    self.place.past = None
                self.terms.changed()
            told = route.handler(where(), replace(asked, body=body, headers=headers))
            reply = self._bytes(told, call)
            if not _reads(route):
                self.terms.looked(f"{self.pretend.name} {call.method} {call.path}", (self.pretend.name, call.account))
            return reply

    def _refusal(self, status: int, reason: str, retry_after: float | None, call: Call) -> Reply:
        reply = self._bytes(self.pretend.refusal(status, reason, retry_after), call)
        if retry_after is not None and not any(name.lower() == "retry-after" for name in reply.headers):
            reply.headers["Retry-After"] = str(max(1, -int(-retry_after // 1)))
        return reply

    def _bytes(self, told: Told, call: Call) -> Reply:
        if self.terms.log.bodies:
            call.response = json.loads(json.dumps(told.body)) if not isinstance(told.body, str) else told.body
        headers = dict(told.headers)
        request_id = getattr(self.pretend, "request_id", "")
        if request_id:
            headers.setdefault(request_id, f"{call.n:016x}")
        if told.body is None:
            return Reply(told.status, b"", headers)
        is_text = isinstance(told.body, str)
        headers.setdefault("Content-Type", "text/plain; charset=utf-8" if is_text else "application/json")
        text = told.body if is_text else json.dumps(told.body, separators=(",", ":"))
        return Reply(told.status, text.encode(), headers)


def _query() -> dict[str, str]:
    return {name: values[-1] for name, values in flask.request.args.lists()}


def is_later_page(query: Mapping[str, str]) -> bool:
    """Whether a listing's call asks for more than its first page."""
    page = query.get("page", "")
    return (page.isdecimal() and int(page) > 1) or any(query.get(name) not in (None, "", "0") for name in _CURSORS)


def _first_id(body: Any) -> str | None:
    """The id that a listing begins with: of the longest list in the body, or None if it holds no ids."""
    longest = max(_lists(body), key=len, default=[])
    first = longest[0] if longest else None
    first = first.get("node", first) if isinstance(first, dict) else None
    return str(first["id"]) if isinstance(first, dict) and "id" in first else None


def _lists(body: Any) -> Iterator[list[Any]]:
    """The lists in a body, however deep, but none that is in another list."""
    if isinstance(body, list):
        yield body
    elif isinstance(body, dict):
        for value in body.values():
            yield from _lists(value)


def _reads(route: Route) -> bool:
    return route.method == "GET" or (route.reads is not None and route.reads(_peek()))


def _variables(route: Route) -> dict[str, Any]:
    """The variables of a call that is a document, by name."""
    body = _peek() if route.reads is not None else None
    told = body.get("variables") if isinstance(body, dict) else None
    return told if isinstance(told, dict) else {}


def _peek() -> Any:
    """The request's JSON before anything is refused; None where it is none."""
    try:
        return json.loads(flask.request.get_data())
    except (ValueError, RecursionError):
        return None


def _body(*, forms: bool = False) -> Any:
    """The request's JSON, None if it has none. `forms`: a web form's fields by name, as this vendor takes them."""
    request = flask.request
    if (request.content_length or 0) > LARGEST_BODY:
        raise _Refused(413, "request body too large")
    raw = request.get_data(cache=False)
    if not raw:
        return None
    if forms:
        if request.mimetype != "application/x-www-form-urlencoded":
            raise _Refused(415, "content type must be application/x-www-form-urlencoded")
        return _fields(raw.decode("utf-8", "replace"))
    if request.method in _WRITES and not request.is_json:
        raise _Refused(415, "content type must be application/json")
    if not request.is_json:
        return None
    try:
        return json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise _Refused(400, "broken JSON") from None


def _fields(form: str) -> dict[str, str]:
    """A web form's fields; those of a list that are not numbered (`a[]`) are."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(form, keep_blank_values=True):
        if name.endswith("[]"):
            name = f"{name[:-1]}{sum(one.startswith(name[:-1]) for one in found)}]"
        found[name] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
