"""Plaid: whether a client's secret is taken. A person makes and deletes secrets; both live until one is deleted.
API: 2020-09-14."""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from ..model.errors import Rejected
from ..model.issuing import IssueOptions, Issuer, Value
from ..model.platform import Credential, Rate
from ..model.pretend import Asked, Caller, Route, Thing, Told, World
from ..model.resource import Resource
from ..model.rotated import VALUE
from ..model.secret import SecretText
from ..model.spec import Declared
from ..wire.calls import Call
from ..wire.client import Client
from ..wire.rest import RestPlatform
from ..wire.trial import OnlyTried, refusal, travels

LINK_TOKEN = "/link/token/create"
VERSION = "2020-09-14"
_DEAD = "INVALID_API_KEYS"


class SecretOptions(IssueOptions):
    """The secret of one environment: rotated under Developers > Keys in the dashboard.

    It is tried by asking for a link token, as an application does, so the products must be ones that Plaid lets the
    client use; the token is thrown away.
    """

    makes: ClassVar[bool] = False

    client_id: str | None = Field(None, min_length=1, description="the account's `id` where it is left out")
    environment: Literal["sandbox", "production"] = Field("production", description="as the account's `tier` says")
    products: tuple[str, ...] = Field(("transactions",), min_length=1)
    country_codes: tuple[str, ...] = Field(("US",), min_length=1)


class Plaid(RestPlatform):
    """One client in one environment. Nothing of it is listed: all that is asked is whether a secret is taken."""

    name: ClassVar[str] = "plaid"
    kinds: ClassVar[tuple[type[Resource], ...]] = ()
    issues: ClassVar[Mapping[str, type[IssueOptions]]] = {"secret": SecretOptions}
    credentials: ClassVar[tuple[Credential, ...]] = ()
    """The secret that is tried is all that is sent."""
    rate: ClassVar[Rate] = Rate(60, 60)
    """Courtesy."""
    base_url: ClassVar[str] = "https://production.plaid.com"
    base_urls: ClassVar[Mapping[str, str]] = {"sandbox": "https://sandbox.plaid.com"}
    """By an account's tier, where it is not `base_url`: each environment has a host and secrets of its own."""

    @staticmethod
    def authorization(credentials: Mapping[str, SecretText]) -> SecretText | None:
        """No credential of our own."""
        return None

    @staticmethod
    def read_error(status: int, body: Any) -> tuple[str, str]:
        """`{"error_type", "error_code", "error_message", "display_message", "request_id"}`; the code decides."""
        return str(body["error_code"]), str(body["error_message"])

    def issuer(self, word: str, options: IssueOptions) -> Issuer:
        """Raises Rejected where the stack names no client, or another environment than the account is in."""
        assert word == "secret" and isinstance(options, SecretOptions)
        environment = self._access.tier or "production"
        if options.environment != environment:
            why = f"the secret is of {options.environment}, and the account's tier says {environment}"
            raise Rejected(why, platform=self.name, account=self._account)
        client_id = options.client_id or self._access.id
        if client_id is None:
            raise Rejected("no client id: give the account its `id`", platform=self.name, account=self._account)
        return SecretIssuer(self._client, client_id, options)


class SecretIssuer(OnlyTried):
    """Tries secrets."""

    def __init__(self, client: Client, client_id: str, options: SecretOptions) -> None:
        self._client = client
        self._client_id = client_id
        self._options = options

    def takes(self, value: Value) -> bool | None:
        """A wrong client id looks as a wrong secret does. Another refusal says nothing of the secret."""
        secret = value[VALUE]
        if not travels(secret):
            return False
        body = {
            "client_name": "Trueup",
            "language": "en",
            "country_codes": list(self._options.country_codes),
            "products": list(self._options.products),
            "user": {"client_user_id": "trueup-check"},
        }
        who: Mapping[str, str | SecretText] = {"plaid-client-id": self._client_id, "plaid-secret": secret}
        headers = {**who, "plaid-version": VERSION}
        refused = refusal(self._client, Call("POST", LINK_TOKEN, json=body, headers=headers, repeatable=True))
        if refused is None:
            return True
        return False if refused.code == _DEAD else None


_NEEDED = ("client_name", "language", "country_codes")
_FIELDS = (*_NEEDED, "user", "products")


class Pretend:
    """Plaid's dashboard makes secrets, its API takes them beside the client's id, which is the account's. Shelf
    `secret`: id, name, hash; `revoked`: hashes of those that a person deleted."""

    name: ClassVar[str] = "plaid"
    prefix: ClassVar[str] = ""
    rate: ClassVar[tuple[int, float]] = (60, 60.0)

    def routes(self) -> Sequence[Route]:
        return [Route("POST", LINK_TOKEN, self._link_token)]

    def caller(self, world: World, headers: Mapping[str, str]) -> Caller | None:
        """The client whose id and secret a request holds, where they belong together."""
        client_id, print = headers.get("plaid-client-id", ""), _hash(headers.get("plaid-secret", ""))
        for account, shelf in list(world.shelves("secret").items()):
            if world.account_id(account) != client_id:
                continue
            for id, thing in list(shelf.items()):
                if thing["hash"] == print:
                    return Caller(account, client_id, token=id)
        return None

    def takes(self, world: World, account: str, value: str) -> bool | None:
        print = _hash(value)
        if any(thing["hash"] == print for thing in world.shelf(account, "secret").values()):
            return True
        return False if print in world.shelf(account, "revoked") else None

    def shown(self, kind: str, thing: Thing) -> Thing:
        return {name: value for name, value in thing.items() if name != "hash"}

    def refusal(self, status: int, reason: str, retry_after: float | None = None) -> Told:
        if status == 401:
            return _error(400, "INVALID_INPUT", _DEAD, "invalid client_id or secret provided")
        if status >= 500:
            return _error(status, "API_ERROR", "INTERNAL_SERVER_ERROR", "an unexpected error occurred")
        if status == 429:
            return _error(429, "RATE_LIMIT_EXCEEDED", "RATE_LIMIT", "rate limit exceeded, please try again later")
        if status == 403:
            why = "client is not authorized to access this route"
            return _error(400, "INVALID_INPUT", "UNAUTHORIZED_ROUTE_ACCESS", why)
        code = "NOT_FOUND" if status == 404 else "INVALID_BODY"
        return _error(status, "INVALID_REQUEST", code, reason)

    def seed(self, world: World, caller: Caller, wanted: Sequence[Declared]) -> None:
        """Nothing here is looked up."""

    def edit(self, world: World, account: str, kind: str, id: str, fields: Mapping[str, str]) -> Thing:
        raise ValueError("a secret is made and deleted, never changed")

    def create(self, world: World, account: str, kind: str, fields: Mapping[str, str]) -> Thing:
        """Tells the secret, once. A client has two at the most."""
        if fields.keys() != {"name"}:
            raise ValueError("a secret has a name here, and nothing else is said of it")
        if len(world.shelf(account, "secret")) >= 2:
            raise ValueError("there are two secrets already: delete the old one first")
        id, secret = world.new_id(16), world.new_id(30)
        world.shelf(account, "secret")[id] = {"id": id, "name": fields["name"], "hash": _hash(secret)}
        return {"id": id, "name": fields["name"], "secret": secret}

    def delete(self, world: World, account: str, kind: str, id: str) -> None:
        gone = world.shelf(account, "secret").pop(id)
        world.shelf(account, "revoked")[gone["hash"]] = {"id": id, "name": gone["name"]}

    def title(self, kind: str, thing: Thing) -> str:
        return str(thing["name"])

    def kinds(self) -> Sequence[str]:
        return ("secret",)

    def _link_token(self, world: World, asked: Asked) -> Told:
        body = asked.body
        if not isinstance(body, Mapping):
            return _error(400, "INVALID_REQUEST", "INVALID_BODY", "body could not be parsed as JSON")
        unknown = sorted(body.keys() - set(_FIELDS))
        if unknown:
            what = f"the following fields are not recognized by this endpoint: {', '.join(unknown)}"
            return _error(400, "INVALID_REQUEST", "UNKNOWN_FIELDS", what)
        missing = [name for name in _FIELDS if not body.get(name)]
        if missing:
            what = f"the following required fields are missing: {', '.join(missing)}"
            return _error(400, "INVALID_REQUEST", "MISSING_FIELDS", what)
        if not isinstance(body["user"], Mapping) or not body["user"].get("client_user_id"):
            return _error(400, "INVALID_REQUEST", "INVALID_FIELD", "user.client_user_id must be a non-empty string")
        expires = (world.now() + dt.timedelta(hours=4)).strftime("%Y-%m-%dT%H:%M:%SZ")
        token = f"link-sandbox-{world.new_id(32)}"
        return Told(200, {"link_token": token, "expiration": expires, "request_id": world.new_id(15)})


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _error(status: int, kind: str, code: str, message: str) -> Told:
    told = {"error_type": kind, "error_code": code, "error_message": message, "display_message": None}
    return Told(status, {**told, "request_id": "0" * 15, "suggested_action": None})
