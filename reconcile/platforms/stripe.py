"""Stripe: webhook endpoints, whose signing secret is told once, and whether a secret key is taken. API: v1 (2026)."""

import datetime as dt
import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, ValidationError, field_validator

from ..model.errors import Missing, PlatformError, Unavailable
from ..model.issuing import Found, IssueOptions, Issuer, Minted, Value
from ..model.observation import Seen
from ..model.platform import Credential, Rate
from ..model.pretend import Asked, Caller, Route, Thing, Told, World, bearer_of, key_hash
from ..model.resource import Key, ReadOnly, Resource
from ..model.rotated import VALUE
from ..model.secret import SecretText
from ..model.spec import Declared
from ..wire.calls import Call
from ..wire.client import Client
from ..wire.rest import Endpoint, RestPlatform, RestResource, bearer
from ..wire.trial import OnlyTried, refusal, travels

ENDPOINTS = "/v1/webhook_endpoints"
OURS = "trueup"
"""The key of an endpoint's metadata that holds our name for it."""
_EVENT = re.compile(r"\*\Z|[a-z0-9_]+(\.[a-z0-9_]+)+\Z")
_VERSION = re.compile(r"\d{4}-\d\d-\d\d(\.[a-z]+)?\Z")


def _checked(events: Sequence[str]) -> tuple[str, ...]:
    wrong = [event for event in events if not _EVENT.match(event)]
    if wrong:
        raise ValueError(f"{wrong[0]!r} is no event (invoice.paid, or * for all)")
    return tuple(sorted(set(events)))


class WebhookEndpoint(RestResource):
    """An address that Stripe calls, and that must be there. Those of rotated secrets are not declared here: two of one
    address stand beside each other while the secret changes, each with a name of its own in its metadata.

    What is left out is not looked at. A difference is told; only a person mends it.
    """

    kind = "stripe.webhook-endpoint"
    in_pulumi = False
    lookup = True
    marker_field = "name"
    endpoint = Endpoint(ENDPOINTS, many="data")

    url: str = Field(min_length=1)
    name: str = Field("", description=f"what its metadata says under `{OURS}`")
    events: tuple[str, ...] | None = Field(None, alias="enabled_events")
    api_version: str | None = None
    status: Literal["enabled", "disabled"] | None = None
    created: Annotated[int, ReadOnly] = Field(0, description="seconds since 1970")

    @field_validator("events")
    @classmethod
    def _events(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return value if value is None else _checked(value)

    def keys(self) -> tuple[Key, ...]:
        return ((self.url, self.name),)

    def by_hand(self) -> str:
        return "add it under Developers > Webhooks, or take it out of the stack file"

    def unfit(self, live: Self) -> str:
        names = ("events", "api_version", "status")
        told = ((name, getattr(self, name), getattr(live, name)) for name in names)
        wrong = [f"{name} is {_said(have)}, not {_said(want)}" for name, want, have in told if want not in (None, have)]
        return "; ".join(wrong)

    def title(self) -> str:
        return self.url


def _said(value: Any) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value or "the account's default")


class WebhookOptions(IssueOptions):
    """Which address Stripe calls for which events, signed with the secret."""

    seen_as: ClassVar[str] = "stripe.webhook-endpoint"

    url: str = Field(pattern=r"^https://", description="where the application takes events")
    events: tuple[str, ...] = Field(min_length=1, description="which events; `*` is all")
    api_version: str | None = Field(None, description="of the events; the account's default where it is left out")

    @field_validator("events")
    @classmethod
    def _events(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _checked(value)

    @field_validator("api_version")
    @classmethod
    def _version(cls, value: str | None) -> str | None:
        if value is not None and not _VERSION.match(value):
            raise ValueError(f"{value!r} is no version of the API (2026-10-28.endive)")
        return value


class SecretKeyOptions(IssueOptions):
    """A secret or restricted key: made in the dashboard, tried here."""

    makes: ClassVar[bool] = False


class Stripe(RestPlatform):
    """One account in one mode: a test key sees test endpoints, a live key live ones."""

    name: ClassVar[str] = "stripe"
    kinds: ClassVar[tuple[type[Resource], ...]] = (WebhookEndpoint,)
    issues: ClassVar[Mapping[str, type[IssueOptions]]] = {"webhook": WebhookOptions, "secret-key": SecretKeyOptions}
    credentials: ClassVar[tuple[Credential, ...]] = (
        Credential("token", "restricted key: webhook endpoints, write", "https://dashboard.stripe.com/apikeys"),
    )
    rate: ClassVar[Rate] = Rate(25, 1)
    """In test mode; live mode has more."""
    base_url: ClassVar[str] = "https://api.stripe.com"
    settle_seconds: ClassVar[float] = 5.0
    read_right: ClassVar[str] = "webhook endpoints, read"

    @staticmethod
    def authorization(credentials: Mapping[str, SecretText]) -> SecretText:
        """The value of the Authorization header."""
        return bearer(credentials["token"])

    @staticmethod
    def read_error(status: int, body: Any) -> tuple[str, str]:
        """`{"error": {"type", "code", "param", "message"}}`; not every error has a code."""
        error = body["error"]
        return f"{status} {error.get('code') or error['type']}", str(error.get("message", ""))

    def unwrapped(self, kind: type[RestResource], item: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**item, "name": (item.get("metadata") or {}).get(OURS, "")}

    def page(self, kind: type[RestResource], number: int, answer: Any) -> Mapping[str, str | int]:
        after = {"starting_after": str(answer["data"][-1]["id"])} if answer else {}
        return {"limit": self.per_page, **after}

    def is_last(self, kind: type[RestResource], answer: Any, items: Sequence[Any]) -> bool:
        return not answer.get("has_more") or not items

    def issuer(self, word: str, options: IssueOptions) -> Issuer:
        if isinstance(options, WebhookOptions):
            return WebhookIssuer(self, self._client, options)
        assert word == "secret-key"
        return KeyIssuer(self._client)

    def listed(self) -> Sequence[Seen]:
        """All endpoints there are. Raises PlatformError."""
        try:
            return self._list(WebhookEndpoint, "")
        except ValidationError:
            raise Unavailable(f"GET {ENDPOINTS}: the answer is no list of endpoints", platform=self.name) from None


class WebhookIssuer:
    """Makes a second endpoint of the same address, with a secret of its own, and deletes the first when it is done.
    While both live, each event is sent twice, once under each secret."""

    makes = True
    in_place = False
    ceiling: int | None = 16
    """In each mode."""

    def __init__(self, platform: Stripe, client: Client, options: WebhookOptions) -> None:
        self._platform = platform
        self._client = client
        self._options = options

    def mint(self, name: str) -> Minted:
        """A lost answer is asked for once more, under the same idempotency key: it is then told again."""
        form = {"url": self._options.url, f"metadata[{OURS}]": name}
        form |= {f"enabled_events[{number}]": event for number, event in enumerate(self._options.events)}
        if self._options.api_version is not None:
            form["api_version"] = self._options.api_version
        call = Call("POST", ENDPOINTS, form=form, headers={"idempotency-key": str(uuid.uuid4())})
        try:
            answer = self._client.send(call)
        except Unavailable as lost:
            if not lost.unsure:
                raise
            answer = self._again(call, lost)
        try:
            id, secret = answer["id"], answer["secret"]
        except (LookupError, TypeError):
            raise Unavailable(f"POST {ENDPOINTS}: the answer holds no secret", unsure=True, platform="stripe") from None
        return Minted(str(id), {VALUE: SecretText(str(secret), "stripe.webhook")})

    def _again(self, call: Call, lost: Unavailable) -> Any:
        """The answer that was lost. Whatever keeps it from us now, the endpoint may be there."""
        try:
            return self._client.send(call)
        except PlatformError:
            raise lost from None

    def find(self, prefix: str) -> Sequence[Found]:
        found = []
        for one in self._platform.listed():
            endpoint = one.resource
            assert isinstance(endpoint, WebhookEndpoint)
            if endpoint.name.startswith(prefix):
                made = dt.datetime.fromtimestamp(endpoint.created, dt.UTC).isoformat()
                found.append(Found(one.id, endpoint.name, made))
        return found

    def revoke(self, id: str, value: Value | None) -> None:
        try:
            self._client.send(Call("DELETE", f"{ENDPOINTS}/{id}", repeatable=True))
        except Missing:
            return

    def takes(self, value: Value) -> bool | None:
        """Nobody can tell: Stripe signs with it, and nothing is asked of Stripe with it."""
        return None


class KeyIssuer(OnlyTried):
    """Tries secret keys; Stripe has no call that makes one."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def takes(self, value: Value) -> bool | None:
        """A restricted key that may not see the balance is told so by name: it lives."""
        key = value[VALUE]
        if not travels(key):
            return False
        refused = refusal(self._client, Call("GET", "/v1/balance", headers={"authorization": bearer(key)}))
        if refused is None or refused.code.startswith("403 "):
            return True
        return False if refused.code.startswith("401 ") else None


_MOST = 16
_KEPT = dt.timedelta(hours=24)
_FIELDS = re.compile(r"url\Z|api_version\Z|description\Z|connect\Z|enabled_events\[\d+\]\Z|metadata\[[^\[\]]{1,40}\]\Z")


class Pretend:
    """Stripe in test mode. Shelves: `webhook-endpoint` and `secret-key`, with the hash of what each was told by;
    `revoked`: hashes of what is gone; `reply`: for a day what was answered under an idempotency key."""

    name: ClassVar[str] = "stripe"
    prefix: ClassVar[str] = ""
    rate: ClassVar[tuple[int, float]] = (25, 1.0)
    forms: ClassVar[bool] = True
    request_id: ClassVar[str] = "request-id"

    def routes(self) -> Sequence[Route]:
        return [
            Route("GET", ENDPOINTS, self._list, frozenset({"limit", "starting_after", "ending_before"})),
            Route("POST", ENDPOINTS, self._create),
            Route("DELETE", f"{ENDPOINTS}/{{id}}", self._delete),
            Route("GET", "/v1/balance", self._balance),
        ]

    def caller(self, world: World, headers: Mapping[str, str]) -> Caller | None:
        """Whose key a request holds, where it is one that a person made here."""
        return bearer_of(world, "secret-key", headers)

    def takes(self, world: World, account: str, value: str) -> bool | None:
        print = key_hash(value)
        live = [*world.shelf(account, "webhook-endpoint").values(), *world.shelf(account, "secret-key").values()]
        if any(thing["hash"] == print for thing in live):
            return True
        return False if print in world.shelf(account, "revoked") else None

    def shown(self, kind: str, thing: Thing) -> Thing:
        return {name: value for name, value in thing.items() if name not in ("hash", "body")}

    def refusal(self, status: int, reason: str, retry_after: float | None = None) -> Told:
        if status == 401:
            missing = reason == "missing credentials"
            return _error(401, "You did not provide an API key." if missing else "Invalid API Key provided: ****")
        if status >= 500:
            return Told(status, {"error": {"type": "api_error", "message": "An unknown error occurred"}})
        if status == 403:
            return _error(403, "The provided key does not have the required permissions for this endpoint.")
        if status == 429:
            return _error(429, "Request rate limit exceeded.", code="rate_limit")
        if status == 404:
            return _error(404, f"Unrecognized request URL ({reason.removeprefix('no route for ')}).")
        if status == 422:
            named = reason.removeprefix("unknown query parameter ")
            return _error(400, f"Received unknown parameter: {named}", code="parameter_unknown", param=named)
        return _error(status, reason)

    def seed(self, world: World, caller: Caller, wanted: Sequence[Declared]) -> None:
        for one in wanted:
            if isinstance(one.resource, WebhookEndpoint):
                resource = one.resource
                form = {"url": resource.url, "api_version": resource.api_version or ""}
                form |= {f"metadata[{OURS}]": resource.name} if resource.name else {}
                form |= {f"enabled_events[{n}]": event for n, event in enumerate(resource.events or ("*",))}
                thing, _ = _add(world, caller.account, {name: text for name, text in form.items() if text})
                thing["status"] = resource.status or "enabled"

    def edit(self, world: World, account: str, kind: str, id: str, fields: Mapping[str, str]) -> Thing:
        thing = world.shelf(account, kind)[id]
        if kind == "secret-key":
            if fields.keys() != {"name"}:
                raise ValueError("only the name of a key changes")
            thing.update(fields)
            return self.shown(kind, thing)
        words = fields.keys() - {"url", "enabled_events", "description", "status"}
        if words or fields.get("status", "enabled") not in ("enabled", "disabled"):
            raise ValueError(
                "of an endpoint these change: url, enabled_events, description, status (enabled, disabled)"
            )
        events = fields.get("enabled_events", ",".join(thing["enabled_events"])).split(",")
        thing.update({**fields, "enabled_events": events})
        return self.shown(kind, thing)

    def create(self, world: World, account: str, kind: str, fields: Mapping[str, str]) -> Thing:
        """Tells the secret, or the key, once. An endpoint's name is what a console calls its description."""
        if kind == "secret-key":
            if fields.keys() != {"name"}:
                raise ValueError("a key has a name, and nothing else is said of it here")
            id, key = f"key_{world.new_id(24)}", f"sk_test_{world.new_id(96)}"
            world.shelf(account, kind)[id] = {"id": id, "name": fields["name"], "hash": key_hash(key)}
            return {"id": id, "name": fields["name"], "key": key}
        events = fields.get("enabled_events", "*").split(",")
        rest = {name: value for name, value in fields.items() if name not in ("name", "enabled_events")}
        form = {"description": fields["name"], **rest}
        form |= {f"enabled_events[{number}]": event for number, event in enumerate(events)}
        wrong = _wrong(world, account, form)
        if wrong is not None:
            raise ValueError(wrong.body["error"]["message"])
        thing, secret = _add(world, account, form)
        return {**self.shown(kind, thing), "secret": secret}

    def delete(self, world: World, account: str, kind: str, id: str) -> None:
        _end(world, account, kind, id)

    def title(self, kind: str, thing: Thing) -> str:
        return str(thing["url"] if kind == "webhook-endpoint" else thing["name"])

    def kinds(self) -> Sequence[str]:
        return ("webhook-endpoint", "secret-key")

    def _list(self, world: World, asked: Asked) -> Told:
        query = asked.query
        limit = query.get("limit", "10")
        if not limit.isdecimal() or not 1 <= int(limit) <= 100:
            return _error(400, f"Invalid integer: {limit}", code="parameter_invalid_integer", param="limit")
        things = list(world.shelf(asked.caller.account, "webhook-endpoint").values())[::-1]
        ids, first, last = [thing["id"] for thing in things], 0, len(things)
        for name in ("starting_after", "ending_before"):
            if name in query and query[name] not in ids:
                return _gone(query[name], param=name)
        if "starting_after" in query:
            first = ids.index(query["starting_after"]) + 1
        if "ending_before" in query:
            last = ids.index(query["ending_before"])
            first = max(0, last - int(limit))
        found = things[first : min(last, first + int(limit))]
        more = first > 0 if "ending_before" in query else last - first > int(limit)
        shown = [_told(thing) for thing in found]
        return Told(200, {"object": "list", "url": ENDPOINTS, "has_more": more, "data": shown})

    def _create(self, world: World, asked: Asked) -> Told:
        account, form = asked.caller.account, asked.body if isinstance(asked.body, Mapping) else {}
        key, asks = asked.headers.get("idempotency-key", ""), key_hash(repr(sorted(form.items())))
        kept = _reply(world, account, key)
        if kept is not None:
            if kept["asks"] != asks:
                why = (
                    "Keys for idempotent requests can only be used with the same parameters they were first used with."
                )
                return Told(
                    400, {"error": {"type": "idempotency_error", "message": f"{why} Try another than '{key}'."}}
                )
            return Told(200, kept["body"], {"Idempotent-Replayed": "true"})
        wrong = _wrong(world, account, form)
        if wrong is not None:
            return wrong
        thing, secret = _add(world, account, form)
        told = {**_told(thing), "secret": secret}
        if key:
            at = world.now().isoformat()
            world.shelf(account, "reply")[key] = {"id": key, "asks": asks, "body": told, "at": at}
        return Told(200, told)

    def _delete(self, world: World, asked: Asked) -> Told:
        id = asked.path["id"]
        if not _end(world, asked.caller.account, "webhook-endpoint", id):
            return _gone(id)
        return Told(200, {"id": id, "object": "webhook_endpoint", "deleted": True})

    def _balance(self, world: World, asked: Asked) -> Told:
        none = [{"amount": 0, "currency": "usd", "source_types": {"card": 0}}]
        return Told(200, {"object": "balance", "available": none, "livemode": False, "pending": none})


def _error(status: int, message: str, **more: str) -> Told:
    return Told(status, {"error": {**more, "message": message, "type": "invalid_request_error"}})


def _gone(id: str, param: str = "webhook_endpoint") -> Told:
    status = 404 if param == "webhook_endpoint" else 400
    return _error(status, f"No such webhook endpoint: '{id}'", code="resource_missing", param=param)


def _told(thing: Thing) -> Thing:
    return {name: value for name, value in thing.items() if name != "hash"}


def _reply(world: World, account: str, key: str) -> Thing | None:
    """What was answered under a key, for a day."""
    shelf = world.shelf(account, "reply")
    for old in [id for id, one in shelf.items() if world.now() - dt.datetime.fromisoformat(one["at"]) >= _KEPT]:
        del shelf[old]
    return shelf.get(key) if key else None


def _wrong(world: World, account: str, form: Mapping[str, str]) -> Told | None:
    unknown = next((name for name in form if not _FIELDS.match(name)), "")
    if unknown:
        return _error(400, f"Received unknown parameter: {unknown}", code="parameter_unknown", param=unknown)
    events = {name: event for name, event in form.items() if name.startswith("enabled_events[")}
    for name, given in (("url", "url" in form), ("enabled_events", bool(events))):
        if not given:
            return _error(400, f"Missing required param: {name}.", code="parameter_missing", param=name)
    if not re.match(r"https?://[^/\s]+", form["url"]):
        why = "Invalid URL: An explicit scheme (such as https) must be provided."
        return _error(400, why, code="url_invalid", param="url")
    for name, event in events.items():
        if not _EVENT.match(event):
            return _error(400, f"Invalid {name}: must be one of *, account.updated, …", param=name)
    version = form.get("api_version")
    if version is not None and not _VERSION.match(version):
        return _error(400, f"Invalid API version: {version}", param="api_version")
    if any(len(value) > 500 for name, value in form.items() if name.startswith("metadata[")):
        return _error(400, "Metadata values can have up to 500 characters.", param="metadata")
    if len(world.shelf(account, "webhook-endpoint")) >= _MOST:
        return _error(400, f"You have reached the maximum of {_MOST} test webhook endpoints.")
    return None


def _add(world: World, account: str, form: Mapping[str, str]) -> tuple[Thing, str]:
    """The endpoint as it is kept, and its secret."""
    id, secret = f"we_{world.new_id(24)}", f"whsec_{world.new_id(32)}"
    thing: Thing = {
        "id": id,
        "object": "webhook_endpoint",
        "api_version": form.get("api_version"),
        "application": None,
        "created": int(world.now().timestamp()),
        "description": form.get("description"),
        "enabled_events": [event for name, event in form.items() if name.startswith("enabled_events[")],
        "livemode": False,
        "metadata": {name[9:-1]: value for name, value in form.items() if name.startswith("metadata[")},
        "status": "enabled",
        "url": form["url"],
        "hash": key_hash(secret),
    }
    world.shelf(account, "webhook-endpoint")[id] = thing
    return thing, secret


def _end(world: World, account: str, kind: str, id: str) -> bool:
    gone = world.shelf(account, kind).pop(id, None)
    if gone is not None:
        world.shelf(account, "revoked")[gone["hash"]] = {"id": id}
    return gone is not None
