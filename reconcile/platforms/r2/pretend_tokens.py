"""Tokens made in the sandbox, and the S3 side that they open: the access key is a token's id, the secret the SHA-256 of
its value (the vendor's documentation of R2 tokens)."""

import hashlib
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any

from ...model.pretend import Asked, Caller, ObjectKey, Thing, Told, World
from .pretend_calls import add_bucket, drop_bucket
from .pretend_shapes import JURISDICTIONS, Refused, checked, exactly, is_a, many, ok, one_of, path_of, stamp

WRITE, READ = "Workers R2 Storage Write", "Workers R2 Storage Read"
_ITEM_WRITE, _ITEM_READ = "Workers R2 Storage Bucket Item Write", "Workers R2 Storage Bucket Item Read"
_ALL, _ONE = "com.cloudflare.edge.r2.bucket.*", "com.cloudflare.edge.r2.bucket."
_ACCOUNT = "com.cloudflare.api.account."
PERMISSIONS = {hashlib.sha256(name.encode()).hexdigest()[:32]: name for name in (WRITE, READ, _ITEM_WRITE)}
PERMISSIONS["6a018a9f2fc74eb6b293b0c548f38b39"] = _ITEM_READ
"""Permission groups by id. The vendor's documentation gives the last one's; the others' are this sandbox's own."""


def answering(handler: Callable[[World, Asked], Told]) -> Callable[[World, Asked], Told]:
    """With the checks that stand before all: whose account, and what the token may do."""

    def answer(world: World, asked: Asked) -> Told:
        try:
            if asked.path.get("account", asked.caller.id) != asked.caller.id:
                raise Refused(403, 10000, "Authentication error")
            needed = {WRITE} if asked.method != "GET" else {WRITE, READ}
            if asked.caller.token and not needed & {group for group, _ in policies_of(world, asked.caller)}:
                raise Refused(403, 10000, "Authentication error")
            return handler(world, asked)
        except Refused as refused:
            return refused.told()

    return answer


def key_id(value: str) -> str:
    """The id of an account's own token."""
    return hashlib.sha256(f"id of {value}".encode()).hexdigest()[:32]


def policies_of(world: World, caller: Caller) -> list[tuple[str, str]]:
    """What a token made here may do: permission group and bucket, by "jurisdiction/name"; "*" for all of them."""
    found = []
    for policy in world.shelf(caller.account, "token").get(caller.token, {}).get("policies", ()):
        for group in policy["permission_groups"]:
            for resource in policy["resources"]:
                _, where, name = f"{resource.removeprefix(_ONE)}__".split("_", 2)
                one = f"{where}/{name.rstrip('_')}" if resource.startswith(_ONE) else "*"
                found.append((PERMISSIONS[group["id"]], one))
    return found


def groups(world: World, asked: Asked) -> Told:
    named = asked.query.get("name", "")
    found = [
        {"id": id, "name": name, "scopes": [_ONE.rstrip(".") if "Item" in name else _ACCOUNT.rstrip(".")]}
        for id, name in PERMISSIONS.items()
        if named in name
    ]
    return ok(found)


def make_token(world: World, asked: Asked) -> Told:
    """The value is told once. Its SHA-256 is the secret of the S3 side, its id the access key."""
    policy = exactly(
        {
            "effect": one_of("allow"),
            "permission_groups": many(exactly({"id": one_of(*PERMISSIONS)}, "id")),
            "resources": lambda value: isinstance(value, dict) and bool(value),
        },
        *("effect", "permission_groups", "resources"),
    )
    body = checked(asked.body, {"name": is_a(str), "policies": many(policy)}, "name", "policies")
    policies = [{"id": world.new_id(), **one} for one in body["policies"]]
    now = stamp(world)
    thing = {"id": world.new_id(), "name": body["name"], "status": "active", "issued_on": now, "modified_on": now}
    thing |= {"policies": policies, "value": world.new_id(40)}
    world.shelf(asked.caller.account, "token")[thing["id"]] = thing
    return ok(thing)


def verify(world: World, asked: Asked) -> Told:
    if not asked.caller.token:
        given = asked.headers.get("authorization", "").partition(" ")[2].strip()
        return ok({"id": key_id(given), "status": "active"})
    return ok({"id": asked.caller.token, "status": "active"})


def listed(world: World, asked: Asked) -> Told:
    """A page of them, without their values."""
    page, size = int(asked.query.get("page", "1")), int(asked.query.get("per_page", "20"))
    if page < 1 or not 1 <= size <= 50:
        raise Refused(400, 1001, "Invalid page or per_page.")  # guessed
    held = [_shown(one) for one in world.shelf(asked.caller.account, "token").values()]
    found = held[(page - 1) * size : page * size]
    info = {"page": page, "per_page": size, "count": len(found), "total_count": len(held)}
    told = ok(found)
    return Told(told.status, {**told.body, "result_info": {**info, "total_pages": -(-len(held) // size)}})


def one(world: World, asked: Asked) -> Told:
    return ok(_shown(_found(world, asked)))


def revoke(world: World, asked: Asked) -> Told:
    found = _found(world, asked)
    del world.shelf(asked.caller.account, "token")[found["id"]]
    gone = {"id": found["id"], "name": found["name"], "prints": _prints(found)}
    world.shelf(asked.caller.account, "gone-token")[found["id"]] = gone
    return ok({"id": asked.path["token"]})


def takes(world: World, account: str, value: str) -> bool | None:
    """Whether a value is that of a token of the account's, or the secret of its S3 side, and works; None where it never
    was either. An access key's id opens nothing by itself."""
    live, gone = world.shelf(account, "token"), world.shelf(account, "gone-token")
    print = _print(value) if live or gone else ""
    if any(print in _prints(one) for one in live.values()):
        return True
    return False if any(print in one["prints"] for one in gone.values()) else None


def _found(world: World, asked: Asked) -> Thing:
    found = world.shelf(asked.caller.account, "token").get(asked.path["token"])
    if found is None:
        raise Refused(404, 7003, "Could not route to that path, perhaps your object identifier is invalid?")
    return found


def _shown(token: Thing) -> Thing:
    return {name: one for name, one in token.items() if name != "value"}


def _prints(token: Thing) -> list[str]:
    """Of the token's value, and of what S3 clients take for their secret."""
    return [_print(token["value"]), _print(_print(token["value"]))]


def _print(value: str) -> str:
    return hashlib.sha256(str(value).encode()).hexdigest()


class Objects:
    """The S3 side: who may do what with which bucket. The objects themselves the sandbox keeps."""

    def places(self) -> Sequence[str]:
        return JURISDICTIONS

    def key(self, world: World, place: str, id: str, tokens: Mapping[str, str]) -> ObjectKey | None:
        for account, value in tokens.items():
            if key_id(value) == id:
                return ObjectKey(account, place, hashlib.sha256(value.encode()).hexdigest(), {"*": "admin"})
        for account, shelf in world.shelves("token").items():
            if id in shelf:
                secret = hashlib.sha256(str(shelf[id]["value"]).encode()).hexdigest()
                rights: dict[str, Any] = {}
                for group, bucket in policies_of(world, Caller(account, "", token=id)):
                    where, _, name = bucket.rpartition("/")
                    if where in ("", place):
                        word = {WRITE: "admin", READ: "read", _ITEM_READ: "read"}.get(group, "write")
                        rights[name] = max(rights.get(name, "read"), word, key=("read", "write", "admin").index)
                return ObjectKey(account, place, secret, rights)
        return None

    def buckets(self, world: World, key: ObjectKey) -> Sequence[str]:
        shelf: MutableMapping[str, Thing] = world.shelf(key.account, "bucket")
        return [thing["name"] for thing in shelf.values() if thing["jurisdiction"] == key.place]

    def make(self, world: World, key: ObjectKey, name: str) -> str:
        try:
            add_bucket(world, key.account, key.place, {"name": name})
        except Refused as refused:
            return {10005: "InvalidBucketName"}.get(refused.code, "BucketAlreadyOwnedByYou")
        return ""

    def remove(self, world: World, key: ObjectKey, name: str) -> str:
        try:
            drop_bucket(world, key.account, world.shelf(key.account, "bucket")[path_of(key.place, name)])
        except Refused:
            return "BucketNotEmpty"
        return ""

    def count(self, world: World, key: ObjectKey, name: str, objects: int) -> None:
        world.shelf(key.account, "bucket")[path_of(key.place, name)]["objects"] = objects

    def emptied(self, world: World) -> None:
        for shelf in world.shelves("bucket").values():
            for thing in shelf.values():
                thing["objects"] = 0
