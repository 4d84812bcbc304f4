"""Clerk: whether the secret key of an instance is taken. A person makes and deletes keys. API: Backend, 2026-05-12."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ..model.issuing import IssueOptions, Issuer, Value
from ..model.platform import Credential, Rate
from ..model.pretend import Asked, Caller, Route, Thing, Told, World, bearer_of, key_hash
from ..model.resource import Resource
from ..model.rotated import VALUE
from ..model.secret import SecretText
from ..model.spec import Declared
from ..wire.calls import Call
from ..wire.client import Client
from ..wire.rest import RestPlatform, bearer
from ..wire.trial import OnlyTried, refusal, travels

VERSION = "2026-05-12"
_DEAD = "clerk_key_invalid"


class SecretKeyOptions(IssueOptions):
    """The secret key of one instance: made under API Keys in its dashboard, where old and new live side by side."""

    makes: ClassVar[bool] = False


class Clerk(RestPlatform):
    """One instance of an application. Nothing of it is listed: all that is asked is whether a key is taken."""

    name: ClassVar[str] = "clerk"
    kinds: ClassVar[tuple[type[Resource], ...]] = ()
    issues: ClassVar[Mapping[str, type[IssueOptions]]] = {"secret-key": SecretKeyOptions}
    credentials: ClassVar[tuple[Credential, ...]] = ()
    """The key that is tried is all that is sent."""
    rate: ClassVar[Rate] = Rate(100, 10)
    """Of a development instance; a production one has ten times that."""
    base_url: ClassVar[str] = "https://api.clerk.com/v1"

    @staticmethod
    def authorization(credentials: Mapping[str, SecretText]) -> SecretText | None:
        """No credential of our own."""
        return None

    @staticmethod
    def read_error(status: int, body: Any) -> tuple[str, str]:
        """`{"errors": [{"code", "message", "long_message"}], "clerk_trace_id"}`."""
        errors = body["errors"]
        return f"{status} {errors[0]['code']}", "; ".join(str(one["message"]) for one in errors)

    def issuer(self, word: str, options: IssueOptions) -> Issuer:
        assert word == "secret-key"
        return KeyIssuer(self._client)


class KeyIssuer(OnlyTried):
    """Tries secret keys."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def takes(self, value: Value) -> bool | None:
        """Asks what instance the key opens, which changes nothing."""
        key = value[VALUE]
        if not travels(key):
            return False
        call = Call("GET", "/instance", headers={"authorization": bearer(key), "clerk-api-version": VERSION})
        refused = refusal(self._client, call)
        if refused is None:
            return True
        return False if refused.code == f"401 {_DEAD}" else None


class Pretend:
    """Clerk's dashboard makes keys, its API takes them. Shelf `secret-key`: id, name, hash; `revoked`: hashes of those
    that a person deleted."""

    name: ClassVar[str] = "clerk"
    prefix: ClassVar[str] = "/v1"
    rate: ClassVar[tuple[int, float]] = (100, 10.0)

    def routes(self) -> Sequence[Route]:
        return [Route("GET", "/instance", self._instance)]

    def caller(self, world: World, headers: Mapping[str, str]) -> Caller | None:
        """Whose key a request holds, where it is one that a person made here."""
        return bearer_of(world, "secret-key", headers)

    def takes(self, world: World, account: str, value: str) -> bool | None:
        print = key_hash(value)
        if any(thing["hash"] == print for thing in world.shelf(account, "secret-key").values()):
            return True
        return False if print in world.shelf(account, "revoked") else None

    def shown(self, kind: str, thing: Thing) -> Thing:
        return {name: value for name, value in thing.items() if name != "hash"}

    def refusal(self, status: int, reason: str, retry_after: float | None = None) -> Told:
        invalid = "The provided Clerk Secret Key is invalid. Make sure that your Clerk Secret Key is correct."
        words = {
            401: (_DEAD, invalid),
            403: ("authorization_invalid", "You are not authorized to perform this request"),
            404: ("resource_not_found", "not found"),
            429: ("too_many_requests", "Too many requests. Please try again in a bit."),
        }
        if reason == "missing credentials":
            words[401] = ("authorization_header_missing", "Missing Authorization header")
        internal = ("internal_clerk_error", "Oops, an unexpected error occurred")
        code, message = words.get(status, ("request_invalid", reason) if status < 500 else internal)
        error = {"message": message, "long_message": message, "code": code}
        return Told(status, {"errors": [error], "clerk_trace_id": "0" * 32})

    def seed(self, world: World, caller: Caller, wanted: Sequence[Declared]) -> None:
        """Nothing here is looked up."""

    def edit(self, world: World, account: str, kind: str, id: str, fields: Mapping[str, str]) -> Thing:
        raise ValueError("a key is made and deleted, never changed")

    def create(self, world: World, account: str, kind: str, fields: Mapping[str, str]) -> Thing:
        """Tells the key, once."""
        if fields.keys() != {"name"}:
            raise ValueError("a key has a name, and nothing else is said of it")
        id, key = f"sk_{world.new_id(24)}", f"sk_test_{world.new_id(42)}"
        world.shelf(account, "secret-key")[id] = {"id": id, "name": fields["name"], "hash": key_hash(key)}
        return {"id": id, "name": fields["name"], "secret": key}

    def delete(self, world: World, account: str, kind: str, id: str) -> None:
        gone = world.shelf(account, "secret-key").pop(id)
        world.shelf(account, "revoked")[gone["hash"]] = {"id": id, "name": gone["name"]}

    def title(self, kind: str, thing: Thing) -> str:
        return str(thing["name"])

    def kinds(self) -> Sequence[str]:
        return ("secret-key",)

    def _instance(self, world: World, asked: Asked) -> Told:
        told = {"object": "instance", "id": f"ins_{asked.caller.id}", "environment_type": "development"}
        return Told(200, {**told, "allowed_origins": None, "workspace_id": None})
