"""Access keys of the S3 side: an API token with rights to buckets. Its id is the access key, the SHA-256 of its value
the secret (Cloudflare's docs of R2 tokens, 2026).
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from ...model.errors import Denied, Missing, Rejected, Unavailable
from ...model.issuing import Found, IssueOptions, Minted, Value
from ...model.secret import SecretText
from ...wire.calls import Call
from ...wire.client import Client
from .paths import split

ID, SECRET = "id", "secret"
PER_PAGE = 50
"""The vendor's maximum of a page of tokens."""
MOST = 500
"""Tokens of one account (API docs, limits)."""
_OF_BUCKET = {"read": "Workers R2 Storage Bucket Item Read", "write": "Workers R2 Storage Bucket Item Write"}
_OF_ACCOUNT = {"read": "Workers R2 Storage Read", "write": "Workers R2 Storage Write"}


class CredentialOptions(IssueOptions):
    """What a pair of access key and secret may do."""

    parts: ClassVar[tuple[str, ...]] = (ID, SECRET)

    may: Literal["read", "write"] = "write"
    buckets: tuple[str, ...] = Field(
        (), description="by name, `eu/NAME` in a jurisdiction; none named: all, and to make them", examples=[["media"]]
    )


class Credentials:
    """Makes, lists, ends and checks pairs. `account_id` raises PlatformError where it is not known."""

    makes: bool = True
    in_place: bool = False
    ceiling: int | None = MOST

    def __init__(self, client: Client, account_id: Callable[[], str], options: CredentialOptions) -> None:
        self._client = client
        self._account_id = account_id
        self._options = options

    def mint(self, name: str) -> Minted:
        path = self._path()
        answer = self._client.send(Call("POST", path, json={"name": name, "policies": [self._policy()]}))
        try:
            id, value = str(answer["result"]["id"]), str(answer["result"]["value"])
        except (LookupError, TypeError):
            raise Unavailable(f"POST {path}: the answer holds no token", unsure=True, platform="r2") from None
        secret = hashlib.sha256(value.encode()).hexdigest()
        return Minted(id, {ID: SecretText(id, "access key"), SECRET: SecretText(secret, "secret access key")})

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
        """Whether the token that the access key names is there and active. The secret follows from its value, which
        nobody keeps, so that it cannot be tried here. Raises PlatformError."""
        id = value[ID].reveal()
        if not id.isalnum() or not id.isascii():
            return False
        try:
            told = self._client.send(Call("GET", f"{self._path()}/{id}"))
        except Missing:
            return False
        except (Denied, Rejected):
            return None
        return bool(isinstance(told, dict) and (told.get("result") or {}).get("status") == "active")

    def _path(self) -> str:
        return f"/accounts/{self._account_id()}/tokens"

    def _policy(self) -> dict[str, Any]:
        """Raises PlatformError."""
        account = self._account_id()
        wanted = (_OF_BUCKET if self._options.buckets else _OF_ACCOUNT)[self._options.may]
        resources = {f"com.cloudflare.edge.r2.bucket.{account}_{'_'.join(split(one))}": "*" for one in
                     self._options.buckets}  # fmt: skip
        return {
            "effect": "allow",
            "permission_groups": [{"id": self._group(wanted)}],
            "resources": resources or {f"com.cloudflare.api.account.{account}": "*"},
        }

    def _group(self, name: str) -> str:
        """The id of a permission group. Raises PlatformError."""
        answer = self._client.get(f"{self._path()}/permission_groups", {"name": name})
        result = answer.get("result") if isinstance(answer, dict) else None
        if not isinstance(result, list):
            raise Unavailable("the answer is no list of permission groups", platform="r2")
        ids = [str(one["id"]) for one in result if one.get("name") == name]
        if len(ids) != 1:
            raise Rejected(f"Cloudflare has {len(ids)} permission groups {name}", platform="r2")
        return ids[0]

    def _listed(self) -> list[Mapping[str, Any]]:
        """All pages. Raises PlatformError."""
        found: list[Mapping[str, Any]] = []
        while True:
            asked = {"page": len(found) // PER_PAGE + 1, "per_page": PER_PAGE}
            answer = self._client.get(self._path(), asked)
            page = answer.get("result") if isinstance(answer, dict) else None
            if not isinstance(page, list):
                raise Unavailable("the answer is no list of tokens", platform="r2")
            found += page
            if len(page) < PER_PAGE:
                break
        total = (answer.get("result_info") or {}).get("total_count")
        if total not in (None, len(found)) or len({one["id"] for one in found}) != len(found):
            raise Unavailable("page shifted: somebody changed the tokens while they were read", platform="r2")
        return found
