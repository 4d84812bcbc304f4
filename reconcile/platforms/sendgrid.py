"""Twilio SendGrid: API keys, which are told once and then known by id and name only. API: REST v3 (January 2026)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field, ValidationError, field_validator

from ..model.errors import Missing, Unavailable
from ..model.issuing import Found, IssueOptions, Issuer, Minted, Value
from ..model.observation import Seen
from ..model.platform import Credential, Rate
from ..model.pretend import Asked, Caller, Route, Thing, Told, World, bearer_of, key_hash
from ..model.resource import Resource
from ..model.rotated import VALUE
from ..model.secret import SecretText
from ..model.spec import Declared
from ..wire.calls import Call
from ..wire.client import Client
from ..wire.rest import Endpoint, RestPlatform, RestResource, bearer
from ..wire.trial import refusal, travels

KEYS = "/v3/api_keys"
_SCOPE = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*\Z")


class ApiKey(RestResource):
    """A key that must be there, as the one that a runner uses. Keys that change on schedule are not declared here.

    SendGrid tells id and name alone. Names are not unique: two keys of one name hide the kind until one is renamed.
    """

    kind = "sendgrid.api-key"
    in_pulumi = False
    lookup = True
    marker_field = "name"
    endpoint = Endpoint(KEYS, many="result", id="api_key_id")

    name: str = Field(min_length=1)

    def by_hand(self) -> str:
        return "make it under Settings > API Keys, or take it out of the stack file"


class KeyOptions(IssueOptions):
    """What a key that changes on schedule may do."""

    seen_as: ClassVar[str] = "sendgrid.api-key"

    scopes: tuple[str, ...] = Field(("mail.send",), min_length=1, description="its rights, in SendGrid's words")

    @field_validator("scopes")
    @classmethod
    def _scopes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [scope for scope in value if not _SCOPE.match(scope)]
        if wrong:
            raise ValueError(f"{wrong[0]!r} is no scope (mail.send)")
        return tuple(sorted(set(value)))


class SendGrid(RestPlatform):
    """The API keys of one account, or of one subuser: a key sees its own only."""

    name: ClassVar[str] = "sendgrid"
    kinds: ClassVar[tuple[type[Resource], ...]] = (ApiKey,)
    issues: ClassVar[Mapping[str, type[IssueOptions]]] = {"api-key": KeyOptions}
    credentials: ClassVar[tuple[Credential, ...]] = (
        Credential(
            "token",
            "API key with api_keys.create, api_keys.read, api_keys.delete and every right that it gives to others",
            "https://app.sendgrid.com/settings/api_keys",
        ),
    )
    rate: ClassVar[Rate] = Rate(300, 60)
    """SendGrid tells each call's limit in its answer only; this is courtesy."""
    base_url: ClassVar[str] = "https://api.sendgrid.com"
    settle_seconds: ClassVar[float] = 5.0
    read_right: ClassVar[str] = "api_keys.read"

    @staticmethod
    def authorization(credentials: Mapping[str, SecretText]) -> SecretText:
        """The value of the Authorization header."""
        return bearer(credentials["token"])

    @staticmethod
    def read_error(status: int, body: Any) -> tuple[str, str]:
        """`{"errors": [{"message", "field"}]}`; of codes there is only the status."""
        told = [f"{one['field']}: {one['message']}" if one.get("field") else one["message"] for one in body["errors"]]
        return str(status), "; ".join(told)

    def issuer(self, word: str, options: IssueOptions) -> Issuer:
        assert word == "api-key" and isinstance(options, KeyOptions)
        return KeyIssuer(self, self._client, options)

    def listed(self) -> Sequence[Seen]:
        """All there are. Raises PlatformError."""
        try:
            return self._list(ApiKey, "")
        except ValidationError:
            raise Unavailable(f"GET {KEYS}: the answer is no list of keys", platform=self.name) from None


class KeyIssuer:
    """Makes, lists, ends and tries API keys."""

    makes = True
    in_place = False
    ceiling: int | None = 100

    def __init__(self, platform: SendGrid, client: Client, options: KeyOptions) -> None:
        self._platform = platform
        self._client = client
        self._options = options

    def mint(self, name: str) -> Minted:
        answer = self._client.send(Call("POST", KEYS, json={"name": name, "scopes": list(self._options.scopes)}))
        try:
            id, key = answer["api_key_id"], answer["api_key"]
        except (LookupError, TypeError):
            raise Unavailable(f"POST {KEYS}: the answer holds no key", unsure=True, platform="sendgrid") from None
        return Minted(str(id), {VALUE: SecretText(str(key), "sendgrid.api-key")})

    def find(self, prefix: str) -> Sequence[Found]:
        named = [(one.id, one.key[0]) for one in self._platform.listed()]
        return [Found(id, name) for id, name in named if name.startswith(prefix)]

    def revoke(self, id: str, value: Value | None) -> None:
        try:
            self._client.send(Call("DELETE", f"{KEYS}/{id}", repeatable=True))
        except Missing:
            return

    def takes(self, value: Value) -> bool | None:
        """Every key may ask for its own scopes. A 403 is of an address that may not ask, whatever its key."""
        key = value[VALUE]
        if not travels(key):
            return False
        refused = refusal(self._client, Call("GET", "/v3/scopes", headers={"authorization": bearer(key)}))
        if refused is None:
            return True
        return False if refused.code == "401" else None


_FULL = ("api_keys.create", "api_keys.delete", "api_keys.read", "api_keys.update", "mail.send")
"""Of full access, as much as is asked for here."""
_MOST = 100


class Pretend:
    """SendGrid's keys. Shelf `api-key`: id, name, scopes and the key's hash; `revoked`: the hashes of those gone."""

    name: ClassVar[str] = "sendgrid"
    prefix: ClassVar[str] = ""
    rate: ClassVar[tuple[int, float]] = (300, 60.0)

    def routes(self) -> Sequence[Route]:
        return [
            Route("GET", KEYS, self._list, frozenset({"limit"})),
            Route("POST", KEYS, self._create),
            Route("DELETE", f"{KEYS}/{{id}}", self._delete),
            Route("GET", "/v3/scopes", self._scopes),
        ]

    def caller(self, world: World, headers: Mapping[str, str]) -> Caller | None:
        """Whose key a request holds, where it is one that was made here."""
        return bearer_of(world, "api-key", headers)

    def takes(self, world: World, account: str, value: str) -> bool | None:
        return _takes(world, account, value)

    def shown(self, kind: str, thing: Thing) -> Thing:
        return {name: value for name, value in thing.items() if name != "hash"}

    def refusal(self, status: int, reason: str, retry_after: float | None = None) -> Told:
        words = {
            401: "authorization required",
            403: "access forbidden",
            404: "Resource not found",
            405: "method not allowed",
            429: "too many requests",
        }
        return _errors(status, words.get(status, reason if status < 500 else "internal server error"))

    def budget(self, limit: int, left: int, reset: float) -> Mapping[str, str]:
        told = {"Limit": str(limit), "Remaining": str(left), "Reset": str(int(reset))}
        return {f"X-RateLimit-{word}": value for word, value in told.items()}

    def seed(self, world: World, caller: Caller, wanted: Sequence[Declared]) -> None:
        for one in wanted:
            if isinstance(one.resource, ApiKey):
                _add(world, caller.account, one.resource.name, _FULL)

    def edit(self, world: World, account: str, kind: str, id: str, fields: Mapping[str, str]) -> Thing:
        thing = world.shelf(account, "api-key")[id]
        _check_fields(fields)
        thing.update(_by_hand(fields))
        return self.shown(kind, thing)

    def create(self, world: World, account: str, kind: str, fields: Mapping[str, str]) -> Thing:
        """Tells the key, once."""
        _check_fields(fields)
        if len(world.shelf(account, "api-key")) >= _MOST:
            raise ValueError("the account has 100 keys already")
        made = _by_hand(fields)
        thing, key = _add(world, account, made["name"], made.get("scopes", _FULL))
        return {**self.shown(kind, thing), "api_key": key}

    def delete(self, world: World, account: str, kind: str, id: str) -> None:
        _revoke(world, account, id)

    def title(self, kind: str, thing: Thing) -> str:
        return str(thing["name"])

    def kinds(self) -> Sequence[str]:
        return ("api-key",)

    def _list(self, world: World, asked: Asked) -> Told:
        limit = asked.query.get("limit", str(_MOST))
        if not limit.isdecimal() or int(limit) == 0:
            return _errors(400, "limit must be a positive integer", "limit")
        refused = _lacks(world, asked, "api_keys.read")
        found = list(world.shelf(asked.caller.account, "api-key").values())[: int(limit)]
        return refused or Told(200, {"result": [{"api_key_id": one["id"], "name": one["name"]} for one in found]})

    def _create(self, world: World, asked: Asked) -> Told:
        account, body = asked.caller.account, asked.body
        refused = _lacks(world, asked, "api_keys.create") or _wrong(body)
        if refused is not None:
            return refused
        own, scopes = set(_own(world, asked)), body.get("scopes", _FULL)
        if own < set(_FULL) and not set(scopes) <= own:
            return _errors(400, "invalid or unassignable scopes were given", "scopes")
        if len(world.shelf(account, "api-key")) >= _MOST:
            return _errors(403, "maximum number of api keys reached")
        thing, key = _add(world, account, body["name"], scopes)
        told = {"api_key": key, "api_key_id": thing["id"], "name": thing["name"], "scopes": thing["scopes"]}
        return Told(201, told)

    def _delete(self, world: World, asked: Asked) -> Told:
        refused = _lacks(world, asked, "api_keys.delete")
        if refused is not None:
            return refused
        gone = _revoke(world, asked.caller.account, asked.path["id"])
        return Told(204) if gone else _errors(404, "unable to find API Key")

    def _scopes(self, world: World, asked: Asked) -> Told:
        return Told(200, {"scopes": _own(world, asked)})


def _errors(status: int, message: str, field: str | None = None) -> Told:
    return Told(status, {"errors": [{"message": message, "field": field}]})


def _own(world: World, asked: Asked) -> list[str]:
    """What the calling key may do; the account's own may do everything."""
    token = asked.caller.token
    return list(world.shelf(asked.caller.account, "api-key")[token]["scopes"] if token else _FULL)


def _lacks(world: World, asked: Asked, right: str) -> Told | None:
    return None if right in _own(world, asked) else _errors(403, "access forbidden")


def _wrong(body: Any) -> Told | None:
    if not isinstance(body, Mapping):
        return _errors(400, "request body is invalid")
    unknown = sorted(body.keys() - {"name", "scopes"})
    if unknown:
        return _errors(400, f"unknown field {unknown[0]}", unknown[0])
    if not isinstance(body.get("name"), str) or not body["name"]:
        return _errors(400, "missing required argument", "name")
    scopes = body.get("scopes", [])
    if not isinstance(scopes, list) or not all(isinstance(one, str) and _SCOPE.match(one) for one in scopes):
        return _errors(400, "invalid or unassignable scopes were given", "scopes")
    return None


def _add(world: World, account: str, name: str, scopes: Iterable[str]) -> tuple[Thing, str]:
    """The key as it is kept, and its text: 69 characters, of which the middle is its id."""
    id = world.new_id(22)
    key = f"SG.{id}.{world.new_id(43)}"
    thing: Thing = {"id": id, "name": name, "scopes": sorted(set(scopes)), "hash": key_hash(key)}
    world.shelf(account, "api-key")[id] = thing
    return thing, key


def _revoke(world: World, account: str, id: str) -> Thing | None:
    gone = world.shelf(account, "api-key").pop(id, None)
    if gone is not None:
        world.shelf(account, "revoked")[gone["hash"]] = {"id": id, "name": gone["name"]}
    return gone


def _takes(world: World, account: str, value: str) -> bool | None:
    print = key_hash(value)
    if any(thing["hash"] == print for thing in world.shelf(account, "api-key").values()):
        return True
    return False if print in world.shelf(account, "revoked") else None


def _check_fields(fields: Mapping[str, str]) -> None:
    for name in fields:
        if name not in ("name", "scopes"):
            raise ValueError(f"an API key has no field {name!r}; it has name and scopes")


def _by_hand(fields: Mapping[str, str]) -> dict[str, Any]:
    """A console's form: scopes are parted by commas."""
    made: dict[str, Any] = dict(fields)
    if "scopes" in made:
        made["scopes"] = sorted({scope for scope in fields["scopes"].split(",") if scope})
    return made
