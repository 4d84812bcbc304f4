"""The vendor's own client at every endpoint of tokens: a user's and an account's."""

from typing import Any

from cloudflare import Cloudflare

ZONES = {"com.cloudflare.api.account.zone.*": "*"}


def every_call(client: Cloudflare, account: str) -> list[tuple[str, Any]]:
    """Makes, reads, lists, verifies and ends a token of each owner; returns what each was made as."""
    made = []
    owners: list[tuple[str, Any, dict[str, str]]] = [
        ("user", client.user.tokens, {}),
        ("account", client.accounts.tokens, {"account_id": account}),
    ]
    for owner, tokens, where in owners:
        groups = {group.name: group.id for group in tokens.permission_groups.list(**where)}
        policy = {"effect": "allow", "permission_groups": [{"id": groups["DNS Read"]}], "resources": ZONES}
        token = tokens.create(name=f"{owner}-token", policies=[policy], **where)
        assert tokens.get(token.id, **where).name == f"{owner}-token"
        assert token.id in [one.id for one in tokens.list(**where)]
        assert tokens.verify(**where).status == "active"
        made.append((owner, token))
    return made


def end(client: Cloudflare, account: str, made: list[tuple[str, Any]]) -> None:
    for owner, token in made:
        tokens: Any = client.user.tokens if owner == "user" else client.accounts.tokens
        where = {} if owner == "user" else {"account_id": account}
        assert tokens.delete(token.id, **where).id == token.id
