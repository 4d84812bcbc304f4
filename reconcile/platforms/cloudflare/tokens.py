"""API tokens: told once, then known by id and name. To roll one ends its value at once; here a second one is made, with
the same policies, and the first is deleted when nobody holds it any more (API docs, 2026).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ...model.errors import Denied, Missing, PlatformError, Rejected, Unavailable
from ...model.issuing import Found, IssueOptions, Minted, Value
from ...model.rotated import VALUE
from ...model.secret import SecretText
from ...wire import Call, Client
from ...wire.rest import bearer
from ...wire.trial import travels
from .listing import Listing, read_whole

TOKENS_PER_PAGE = 50
"""The vendor's maximum."""
MOST = {"user": 50, "account": 500}
"""How many tokens a user, or an account, may have (API docs, limits)."""


class Policy(BaseModel):
    """What a token may do with what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    effect: Literal["allow", "deny"] = "allow"
    groups: tuple[str, ...] = Field(
        min_length=1, description="permission groups, by name or id", examples=[["DNS Write"]]
    )
    resources: Mapping[str, Any] = Field(
        min_length=1, description="in Cloudflare's words", examples=[{"com.cloudflare.api.account.zone.*": "*"}]
    )


class TokenOptions(IssueOptions):
    """A token's rights: its policies, or those of another token, which stays."""

    owner: Literal["account", "user"] = Field("account", description="whose it is: the account's, or our own user's")
    policies: tuple[Policy, ...] = ()
    like: str = Field("", description="the name of a token whose policies it gets")

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if bool(self.policies) == bool(self.like):
            raise ValueError("say either policies or like")
        return self


class Tokens:
    """Makes, lists, ends and tries the tokens of one owner. `account_id` raises PlatformError where it is unknown."""

    makes: bool = True
    in_place: bool = False
    ceiling: int | None

    def __init__(self, client: Client, account_id: Callable[[], str], options: TokenOptions) -> None:
        self._client = client
        self._account_id = account_id
        self._options = options
        self.ceiling = MOST[options.owner]

    def mint(self, name: str) -> Minted:
        path = self._path()
        answer = self._client.send(Call("POST", path, json={"name": name, **self._rights()}))
        try:
            result = answer["result"]
            return Minted(str(result["id"]), {VALUE: SecretText(result["value"], "cloudflare.token")})
        except (LookupError, TypeError):
            raise Unavailable(f"POST {path}: the answer holds no token", unsure=True, platform="cloudflare") from None

    def find(self, prefix: str) -> Sequence[Found]:
        return [
            Found(str(one["id"]), str(one["name"]), str(one.get("issued_on") or ""), str(one.get("last_used_on") or ""))
            for one in self._listed()
            if str(one.get("name")).startswith(prefix)
        ]

    def revoke(self, id: str, value: Value | None) -> None:
        try:
            self._client.send(Call("DELETE", f"{self._path()}/{id}", repeatable=True))
        except Missing:
            return

    def takes(self, value: Value) -> bool | None:
        """Whether Cloudflare verifies it, for which it needs no right, and calls it active. Raises PlatformError."""
        token = value[VALUE]
        if not travels(token):
            return False
        call = Call("GET", f"{self._path()}/verify", headers={"authorization": bearer(token)})
        try:
            told = self._client.send(call)
        except (Denied, Rejected):
            return False
        return bool(isinstance(told, dict) and (told.get("result") or {}).get("status") == "active")

    def _path(self) -> str:
        return "/user/tokens" if self._options.owner == "user" else f"/accounts/{self._account_id()}/tokens"

    def _listed(self) -> list[dict[str, Any]]:
        """Raises PlatformError."""
        (found,) = read_whole(self._client, [Listing(self._path(), TOKENS_PER_PAGE)])
        if isinstance(found, PlatformError):
            raise found
        return found

    def _rights(self) -> dict[str, Any]:
        """Policies, and where they are another token's its condition too. Raises PlatformError."""
        if not self._options.like:
            ids = self._groups()
            policies = [
                {
                    "effect": one.effect,
                    "resources": dict(one.resources),
                    "permission_groups": [{"id": ids[group]} for group in one.groups],
                }
                for one in self._options.policies
            ]
            return {"policies": policies}
        found = [one for one in self._listed() if one.get("name") == self._options.like]
        if len(found) != 1:
            raise Rejected(f"{len(found)} tokens are called {self._options.like}", platform="cloudflare")
        policies = [
            {
                "effect": one["effect"],
                "resources": one["resources"],
                "permission_groups": [{"id": group["id"]} for group in one["permission_groups"]],
            }
            for one in found[0].get("policies") or ()
        ]
        return {"policies": policies, **({"condition": found[0]["condition"]} if found[0].get("condition") else {})}

    def _groups(self) -> dict[str, str]:
        """Ids of the permission groups that the options name. Raises PlatformError."""
        answer = self._client.get(f"{self._path()}/permission_groups")
        result = answer.get("result") if isinstance(answer, dict) else None
        if not isinstance(result, list):
            raise Unavailable("the answer is no list of permission groups", platform="cloudflare")
        known = {str(one["id"]): str(one["id"]) for one in result} | {
            str(one["name"]): str(one["id"]) for one in result
        }
        wanted = [group for one in self._options.policies for group in one.groups]
        lost = [group for group in wanted if group not in known]
        if lost:
            raise Rejected(f"Cloudflare has no permission group {', '.join(lost)}", platform="cloudflare")
        return known
