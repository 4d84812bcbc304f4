"""Resend: API keys, which are told once and then known by id and name only. API: REST (August 2026)."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator

from ..model.errors import Denied, Missing, PlatformError, Rejected, Unavailable
from ..model.issuing import Found, IssueOptions, Issuer, Minted, Value
from ..model.observation import Seen
from ..model.platform import Credential, Rate
from ..model.pretend import Asked, Caller, Route, Thing, Told, World, bearer_of, key_hash
from ..model.resource import ReadOnly, Resource
from ..model.rotated import VALUE
from ..model.secret import SecretText
from ..model.spec import Declared
from ..wire.calls import Call
from ..wire.client import Client
from ..wire.rest import Endpoint, RestPlatform, RestResource, bearer
from ..wire.trial import refusal, travels

KEYS = "/api-keys"
LONGEST_NAME = 50
SENDING: Literal["sending_access"] = "sending_access"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_DEAD = "API key is invalid"
"""What Resend says of a key that is none, or is none any more: with a 400, on what sends mail with a 401, and with a
403 in older descriptions."""
_RESTRICTED = "restricted_api_key"
"""The code of what a key for sending may not do; a dead one does not get so far."""


def _utc(told: str | None) -> str:
    """`2023-10-06 23:47:56.678+00` in ISO 8601."""
    if not told:
        return ""
    return dt.datetime.fromisoformat(told).astimezone(dt.UTC).isoformat()


class ApiKey(RestResource):
    """A key that must be there, as the one that a runner uses. Keys that change on schedule are not declared here.

    Resend does not tell a key's permission. Names are not unique: two keys of one name hide the kind until one is
    renamed.
    """

    kind = "resend.api-key"
    in_pulumi = False
    lookup = True
    marker_field = "name"
    endpoint = Endpoint(KEYS, many="data")

    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    created_at: Annotated[str, ReadOnly] = ""
    last_used_at: Annotated[str | None, ReadOnly] = Field(None, description="null until it is used")

    @field_validator("created_at", "last_used_at")
    @classmethod
    def _times(cls, value: str | None) -> str | None:
        return _utc(value) if value else value

    def by_hand(self) -> str:
        return "make it under API Keys, or take it out of the stack file"


class KeyOptions(IssueOptions):
    """What a key that changes on schedule may do."""

    seen_as: ClassVar[str] = "resend.api-key"

    permission: Literal["full_access", "sending_access"] = Field(SENDING, description="everything, or sending mail")
    domain_id: str | None = Field(None, description="of a key for sending: the one domain that it sends from")

    @field_validator("domain_id")
    @classmethod
    def _domain(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("permission", SENDING) != SENDING:
            raise ValueError("a key is held to one domain only where its permission is sending_access")
        if value is not None and not _UUID.match(value):
            raise ValueError(f"{value!r} is no id of a domain (a UUID)")
        return value


class Resend(RestPlatform):
    """The API keys of one team."""

    name: ClassVar[str] = "resend"
    kinds: ClassVar[tuple[type[Resource], ...]] = (ApiKey,)
    issues: ClassVar[Mapping[str, type[IssueOptions]]] = {"api-key": KeyOptions}
    credentials: ClassVar[tuple[Credential, ...]] = (
        Credential("token", "API key with full access", "https://resend.com/api-keys"),
    )
    rate: ClassVar[Rate] = Rate(2, 1)
    """Of the whole team, over all its keys."""
    base_url: ClassVar[str] = "https://api.resend.com"
    settle_seconds: ClassVar[float] = 5.0
    read_right: ClassVar[str] = "full access"

    @staticmethod
    def authorization(credentials: Mapping[str, SecretText]) -> SecretText:
        """The value of the Authorization header."""
        return bearer(credentials["token"])

    @staticmethod
    def read_error(status: int, body: Any) -> tuple[str, str]:
        """`{"statusCode", "name", "message"}`; one name stands for several statuses."""
        return f"{status} {body['name']}", str(body["message"])

    def page(self, kind: type[RestResource], number: int, answer: Any) -> Mapping[str, str | int]:
        after = {"after": str(answer["data"][-1]["id"])} if answer else {}
        return {"limit": self.per_page, **after}

    def is_last(self, kind: type[RestResource], answer: Any, items: Sequence[Any]) -> bool:
        return not answer.get("has_more") or not items

    def _list(self, kind: type[RestResource], container: str) -> list[Seen]:
        try:
            return super()._list(kind, container)
        except PlatformError as error:
            # A dead credential is answered with 400, as a wrong request is.
            if is_dead(error) and not isinstance(error, Denied):
                code = f"401 {error.code}"
                raise Denied(error.args[0], platform=self.name, account=self._account, code=code) from None
            raise

    def issuer(self, word: str, options: IssueOptions) -> Issuer:
        assert word == "api-key" and isinstance(options, KeyOptions)
        return KeyIssuer(self, self._client, options)

    def listed(self) -> Sequence[Seen]:
        """All keys there are. Raises PlatformError."""
        try:
            return self._list(ApiKey, "")
        except ValidationError:
            raise Unavailable(f"GET {KEYS}: the answer is no list of keys", platform=self.name) from None


def is_dead(error: PlatformError) -> bool:
    """Whether it refuses the key itself, and not what was asked with it."""
    return isinstance(error, Denied | Rejected) and _DEAD.lower() in str(error.args[0]).lower()


class KeyIssuer:
    """Makes, lists, ends and tries API keys."""

    makes = True
    in_place = False
    ceiling: int | None = None

    def __init__(self, platform: Resend, client: Client, options: KeyOptions) -> None:
        self._platform = platform
        self._client = client
        self._options = options

    def mint(self, name: str) -> Minted:
        """A name of more than 50 characters is refused by Resend."""
        body = {"name": name, **self._options.model_dump(exclude_none=True)}
        answer = self._client.send(Call("POST", KEYS, json=body))
        try:
            id, key = answer["id"], answer["token"]
        except (LookupError, TypeError):
            raise Unavailable(f"POST {KEYS}: the answer holds no key", unsure=True, platform="resend") from None
        return Minted(str(id), {VALUE: SecretText(str(key), "resend.api-key")})

    def find(self, prefix: str) -> Sequence[Found]:
        found = []
        for one in self._platform.listed():
            key = one.resource
            assert isinstance(key, ApiKey)
            if key.name.startswith(prefix):
                found.append(Found(one.id, key.name, key.created_at, key.last_used_at or ""))
        return found

    def revoke(self, id: str, value: Value | None) -> None:
        try:
            self._client.send(Call("DELETE", f"{KEYS}/{id}", repeatable=True))
        except Missing:
            return

    def takes(self, value: Value) -> bool | None:
        """Asks for a list that a key for sending may not see: that it is told so is the proof that it lives."""
        key = value[VALUE]
        if not travels(key):
            return False
        call = Call("GET", KEYS, {"limit": 1}, headers={"authorization": bearer(key)})
        refused = refusal(self._client, call)
        if refused is None or refused.code.endswith(_RESTRICTED):
            return True
        return False if is_dead(refused) else None


class Pretend:
    """Resend's keys. Shelf `api-key`: what is known of each, and its hash; `revoked`: the hashes of those gone."""

    name: ClassVar[str] = "resend"
    prefix: ClassVar[str] = ""
    rate: ClassVar[tuple[int, float]] = (2, 1.0)

    def routes(self) -> Sequence[Route]:
        return [
            Route("GET", KEYS, self._list, frozenset({"limit", "after", "before"})),
            Route("POST", KEYS, self._create),
            Route("DELETE", f"{KEYS}/{{id}}", self._delete),
        ]

    def caller(self, world: World, headers: Mapping[str, str]) -> Caller | None:
        """Whose key a request holds, where it is one that was made here; it counts as used."""
        caller = bearer_of(world, "api-key", headers)
        if caller is not None:
            world.shelf(caller.account, "api-key")[caller.token]["last_used_at"] = _now(world)
        return caller

    def takes(self, world: World, account: str, value: str) -> bool | None:
        print = key_hash(value)
        if any(thing["hash"] == print for thing in world.shelf(account, "api-key").values()):
            return True
        return False if print in world.shelf(account, "revoked") else None

    def shown(self, kind: str, thing: Thing) -> Thing:
        return {name: value for name, value in thing.items() if name != "hash"}

    def environment(self, url: str, token: str) -> dict[str, str]:
        """What the vendor's Python client reads."""
        return {"RESEND_API_URL": url, "RESEND_API_KEY": token}

    def refusal(self, status: int, reason: str, retry_after: float | None = None) -> Told:
        if status == 401:
            missing = reason == "missing credentials"
            return _error(401, "missing_api_key", "Missing API Key") if missing else _error(400, _INVALID, _DEAD)
        words = {
            403: (_INVALID, "You are not allowed to do this"),
            404: ("not_found", "The requested endpoint does not exist"),
            405: ("method_not_allowed", "Method is not allowed for this path"),
            429: ("rate_limit_exceeded", "Too many requests. Please limit the number of requests per second."),
        }
        internal = ("internal_server_error", "An unexpected error occurred")
        return _error(status, *words.get(status, (_INVALID, reason) if status < 500 else internal))

    def budget(self, limit: int, left: int, reset: float) -> Mapping[str, str]:
        told = {"limit": str(limit), "remaining": str(left), "reset": "1"}
        return {f"ratelimit-{word}": value for word, value in told.items()}

    def seed(self, world: World, caller: Caller, wanted: Sequence[Declared]) -> None:
        for one in wanted:
            if isinstance(one.resource, ApiKey):
                _add(world, caller.account, {"name": one.resource.name})

    def edit(self, world: World, account: str, kind: str, id: str, fields: Mapping[str, str]) -> Thing:
        """A key is renamed; what it may do stays."""
        if fields.keys() - {"name"} or (wrong := _wrong(fields)):
            raise ValueError(f"only the name of an API key changes: {wrong if 'name' in fields else ', '.join(fields)}")
        thing = world.shelf(account, "api-key")[id]
        thing.update(fields)
        return self.shown(kind, thing)

    def create(self, world: World, account: str, kind: str, fields: Mapping[str, str]) -> Thing:
        """Tells the key, once."""
        wrong = _wrong(fields)
        if wrong:
            raise ValueError(wrong)
        thing, key = _add(world, account, fields)
        return {**self.shown(kind, thing), "token": key}

    def delete(self, world: World, account: str, kind: str, id: str) -> None:
        _revoke(world, account, id)

    def title(self, kind: str, thing: Thing) -> str:
        return str(thing["name"])

    def kinds(self) -> Sequence[str]:
        return ("api-key",)

    def _list(self, world: World, asked: Asked) -> Told:
        refused = _restricted(world, asked)
        if refused is not None:
            return refused
        query, things = asked.query, list(world.shelf(asked.caller.account, "api-key").values())[::-1]
        limit = query.get("limit", str(max(1, len(things))))
        if "limit" in query and not (limit.isdecimal() and 1 <= int(limit) <= 100):
            return _error(422, _INVALID, "The `limit` must be a number between 1 and 100.")
        if "after" in query and "before" in query:
            return _error(422, _INVALID, "You can only use either `after` or `before`, not both.")
        ids = [thing["id"] for thing in things]
        cursor = query.get("after", query.get("before"))
        if cursor is not None and cursor not in ids:
            return _error(422, _INVALID, "The pagination cursor is invalid.")
        count = int(limit)
        if "before" in query:
            rest = things[: ids.index(query["before"])]
            shown, more = rest[-count:], len(rest) > count
        else:
            rest = things[ids.index(query["after"]) + 1 :] if "after" in query else things
            shown, more = rest[:count], len(rest) > count
        told = [{name: one[name] for name in ("id", "name", "created_at", "last_used_at")} for one in shown]
        return Told(200, {"object": "list", "has_more": more, "data": told})

    def _create(self, world: World, asked: Asked) -> Told:
        refused = _restricted(world, asked)
        if refused is not None:
            return refused
        wrong = _wrong(asked.body)
        if wrong:
            return _error(422, _INVALID, wrong)
        thing, key = _add(world, asked.caller.account, asked.body)
        return Told(201, {"id": thing["id"], "token": key})

    def _delete(self, world: World, asked: Asked) -> Told:
        refused = _restricted(world, asked)
        if refused is not None:
            return refused
        id = asked.path["id"]
        gone = _revoke(world, asked.caller.account, id)
        if gone is None:
            return _error(404, "not_found", "API key not found")
        return Told(200, {"object": "api_key", "id": id, "deleted": True})


_INVALID = "validation_error"


def _now(world: World) -> str:
    return world.now().strftime("%Y-%m-%d %H:%M:%S.%f") + "+00"


def _error(status: int, name: str, message: str) -> Told:
    return Told(status, {"statusCode": status, "message": message, "name": name})


def _restricted(world: World, asked: Asked) -> Told | None:
    """A key for sending mail does nothing that there is here."""
    token = asked.caller.token
    if not token or world.shelf(asked.caller.account, "api-key")[token]["permission"] != SENDING:
        return None
    return _error(401, _RESTRICTED, "This API key is restricted to only send emails")


def _wrong(body: Any) -> str:
    if not isinstance(body, Mapping):
        return "The request body is not valid JSON."
    unknown = sorted(body.keys() - {"name", "permission", "domain_id"})
    if unknown:
        return f"Unrecognized key `{unknown[0]}`."
    if not isinstance(body.get("name"), str) or not body["name"]:
        return "Missing `name` field."
    if len(body["name"]) > LONGEST_NAME:
        return "The `name` must be at most 50 characters."
    if body.get("permission", SENDING) not in ("full_access", SENDING):
        return "The `permission` must be one of `full_access`, `sending_access`."
    domain = body.get("domain_id")
    if domain is not None and not (isinstance(domain, str) and _UUID.match(domain)):
        return "The `domain_id` must be a valid UUID."
    return ""


def _add(world: World, account: str, body: Mapping[str, Any]) -> tuple[Thing, str]:
    """The key as it is kept, and its text."""
    digits = world.new_id(32)
    id = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    key = f"re_{world.new_id(8)}_{world.new_id(24)}"
    thing: Thing = {
        "id": id,
        "name": body["name"],
        "permission": body.get("permission", "full_access"),
        "domain_id": body.get("domain_id"),
        "created_at": _now(world),
        "last_used_at": None,
        "hash": key_hash(key),
    }
    world.shelf(account, "api-key")[id] = thing
    return thing, key


def _revoke(world: World, account: str, id: str) -> Thing | None:
    gone = world.shelf(account, "api-key").pop(id, None)
    if gone is not None:
        world.shelf(account, "revoked")[gone["hash"]] = {"id": id, "name": gone["name"]}
    return gone
