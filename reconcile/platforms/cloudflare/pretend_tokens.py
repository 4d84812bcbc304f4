"""API tokens of the sandbox's Cloudflare: a user's and an account's, each with its value told once.

Shapes are those of the vendor's client. Of policies it knows groups and that what a token may not do is refused; that a
policy narrows them to some zones is not played.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from ...model.pretend import Asked, Caller, Route, Thing, Told, World
from .pretend_record import Refused
from .pretend_zone import vendor_time

GROUPS = {
    hashlib.sha256(name.encode()).hexdigest()[:32]: name
    for name in (
        *("Zone Read", "Zone Write", "DNS Read", "DNS Write", "Account API Tokens Read", "Account API Tokens Write"),
        *("API Tokens Read", "API Tokens Write"),
    )
}
"""Permission groups by id; the ids are this sandbox's own, the names the vendor's."""
_SCOPES = {"Zone": "com.cloudflare.api.account.zone", "DNS": "com.cloudflare.api.account.zone"}
_BODY = frozenset({"name", "policies", "condition", "expires_on", "not_before"})
_HIDDEN = ("print", "owner")
MOST = {"user": 50, "account": 500}
"""The vendor's own limits (API docs)."""
Handler = Callable[[World, Asked], Told]


def routes(answering: Callable[[Handler], Handler], ok: Callable[..., Told], page: Callable[..., Told]) -> list[Route]:
    """Of a user's tokens, and of an account's."""

    def act(handler: Callable[[World, Asked], Any], *, alone: bool = False) -> Handler:
        def answer(world: World, asked: Asked) -> Told:
            if not alone and not _manages(world, asked):
                raise Refused(403, 9109, "Unauthorized to access requested resource")
            if asked.path.get("account", asked.caller.id) != asked.caller.id:
                raise Refused(403, 10000, "Authentication error")
            told = handler(world, asked)
            return told if isinstance(told, Told) else ok(told)

        return answering(answer)

    def many(world: World, asked: Asked) -> Told:
        return page(_listed(world, asked), asked.query, default=20, most=50, show=_shown)

    paging = frozenset({"page", "per_page", "direction", "include_expired"})
    found = []
    for path in ("/user/tokens", "/accounts/{account}/tokens"):
        found += [
            Route("GET", f"{path}/verify", act(_verify, alone=True)),
            Route("GET", f"{path}/permission_groups", act(_groups), frozenset({"name", "scope"})),
            Route("GET", path, act(many), paging),
            Route("POST", path, act(_make)),
            Route("GET", f"{path}/{{token}}", act(lambda world, asked: _shown(_one(world, asked)))),
            Route("DELETE", f"{path}/{{token}}", act(_end)),
        ]
    return found


def speaker(world: World, headers: Mapping[str, str]) -> Caller | None:
    """Whose token came with a request, of those made here."""
    given = headers.get("authorization", "").partition(" ")[2].strip()
    for account, shelf in world.shelves("token").items():
        for one in shelf.values():
            if given and one["print"] == _print(given):
                return Caller(account, world.account_id(account), token=one["id"])
    return None


def takes(world: World, account: str, value: str) -> bool | None:
    """Whether a value is a token of the account's that works; None where it never was one."""
    live, gone = world.shelf(account, "token"), world.shelf(account, "gone-token")
    print = _print(value) if live or gone else ""
    if any(one["print"] == print for one in live.values()):
        return True
    return False if any(one["print"] == print for one in gone.values()) else None


def may(world: World, asked: Asked) -> bool:
    """Whether the token that came may read or write what a zone holds; the account's own may do all."""
    kind = "DNS" if "zone" in asked.path else "Zone"
    words = {f"{kind} Write"} if asked.method != "GET" else {f"{kind} Read", f"{kind} Write"}
    return not asked.caller.token or bool(words & _rights(world, asked))


def _manages(world: World, asked: Asked) -> bool:
    kind = "Account API Tokens" if _owner(asked) == "account" else "API Tokens"
    words = {f"{kind} Write"} if asked.method != "GET" else {f"{kind} Read", f"{kind} Write"}
    return not asked.caller.token or bool(words & _rights(world, asked))


def _rights(world: World, asked: Asked) -> set[str]:
    held = world.shelf(asked.caller.account, "token")[asked.caller.token]
    return {group["name"] for policy in held["policies"] for group in policy["permission_groups"]}


def _verify(world: World, asked: Asked) -> Told:
    """A token is verified where it belongs, and nowhere else."""
    account = asked.caller.account
    if not asked.caller.token:
        return _active(hashlib.sha256(f"token of {account}".encode()).hexdigest()[:32])
    held = world.shelf(account, "token")[asked.caller.token]
    if held["owner"] != _owner(asked):
        raise Refused(401, 1000, "Invalid API Token")
    return _active(held["id"])


def _active(id: str) -> Told:
    message = {"code": 10000, "message": "This API Token is valid and active", "type": None}
    body = {"result": {"id": id, "status": "active"}, "success": True, "errors": [], "messages": [message]}
    return Told(200, body)


def _groups(world: World, asked: Asked) -> list[Thing]:
    named = asked.query.get("name", "")
    return [
        {"id": id, "name": name, "scopes": [_SCOPES.get(name.partition(" ")[0], "com.cloudflare.api.account")]}
        for id, name in GROUPS.items()
        if named in name
    ]


def _listed(world: World, asked: Asked) -> list[Thing]:
    """Tokens of one owner."""
    held = world.shelf(asked.caller.account, "token").values()
    return [one for one in held if one["owner"] == _owner(asked)]


def _make(world: World, asked: Asked) -> Thing:
    body, owner = asked.body, _owner(asked)
    if not isinstance(body, Mapping) or set(body) - _BODY or not isinstance(body.get("name"), str):
        raise Refused(400, 9207, "Request body is invalid.")
    if not isinstance(body.get("policies"), list) or not body["policies"] or not all(map(_is_policy, body["policies"])):
        raise Refused(400, 1001, "Invalid policies.")  # guessed
    if len(_listed(world, asked)) >= MOST[owner]:
        raise Refused(400, 1012, "The maximum number of tokens has been reached.")  # guessed
    now, value = vendor_time(world.now()), world.new_id(40)
    policies = [{"id": world.new_id(), **one, "permission_groups": _named(one)} for one in body["policies"]]
    thing: Thing = {"id": world.new_id(), "name": body["name"], "status": "active", "issued_on": now}
    thing |= {"modified_on": now, "policies": policies, "print": _print(value), "owner": owner}
    thing |= {name: body[name] for name in ("condition", "expires_on", "not_before") if name in body}
    world.shelf(asked.caller.account, "token")[thing["id"]] = thing
    return {**_shown(thing), "value": value}


def _one(world: World, asked: Asked) -> Thing:
    found = world.shelf(asked.caller.account, "token").get(asked.path["token"])
    if found is None or found["owner"] != _owner(asked):
        raise Refused(404, 1003, "Invalid API Token identifier")  # guessed
    return found


def _end(world: World, asked: Asked) -> Thing:
    found = _one(world, asked)
    del world.shelf(asked.caller.account, "token")[found["id"]]
    gone = {"id": found["id"], "name": found["name"], "print": found["print"]}
    world.shelf(asked.caller.account, "gone-token")[found["id"]] = gone
    return {"id": found["id"]}


def _shown(thing: Thing) -> Thing:
    return {name: value for name, value in thing.items() if name not in _HIDDEN}


def _owner(asked: Asked) -> str:
    return "account" if "account" in asked.path else "user"


def _is_policy(one: Any) -> bool:
    if not isinstance(one, Mapping) or set(one) != {"effect", "permission_groups", "resources"}:
        return False
    groups = one["permission_groups"]
    known = isinstance(groups, list) and groups and all(isinstance(each, Mapping) for each in groups)
    return bool(known and all(each.get("id") in GROUPS for each in groups)) and one["effect"] in ("allow", "deny")


def _named(policy: Mapping[str, Any]) -> list[Thing]:
    return [{"id": each["id"], "name": GROUPS[each["id"]]} for each in policy["permission_groups"]]


def _print(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
