"""R2's calls: buckets, rule sets, domains."""

import datetime as dt
from collections.abc import Callable, Mapping

from ...model.pretend import Asked, Thing, Told, World
from .pretend_shapes import (
    BUCKET,
    CLASSES,
    DEFAULT,
    DOMAIN,
    FRESH,
    HEADER,
    JURISDICTIONS,
    LOCATIONS,
    RULES,
    Refused,
    Shape,
    checked,
    is_a,
    many,
    ok,
    one_of,
    path_of,
    setting_of,
    shown_of,
    stamp,
)

_WHOLE_ZONE: Thing = {
    **{"created_on": "2026-01-01T00:00:00.000000Z", "modified_on": "2026-01-01T00:00:00.000000Z", "name_servers": []},
    **{"development_mode": 0, "meta": {}, "owner": {}, "plan": {}},
}
"""What a zone has besides its name, where it is none of the world's own Cloudflare."""
_HOUR_LATER = dt.timedelta(hours=1)
_SECURE = ("pending", "initializing"), ("active", "active")


def _jurisdiction(asked: Asked) -> str:
    told = asked.headers.get(HEADER, DEFAULT)
    if told not in JURISDICTIONS:
        raise Refused(400, 10016, f"Invalid jurisdiction {told}.")  # guessed
    return told


def bucket_of(world: World, asked: Asked) -> Thing:
    where, name = _jurisdiction(asked), asked.path["bucket"]
    for thing in world.shelf(asked.caller.account, "bucket").values():
        if (thing["jurisdiction"], thing["name"]) == (where, name):
            return thing
    raise Refused(404, 10006, "The specified bucket does not exist.")


def _one_page(asked: Asked, found: list[Thing]) -> Told:
    """All on the first page; the others are empty."""
    shown = found if asked.query.get("page", "1") == "1" else []
    info = {"page": 1, "per_page": 20, "count": len(shown), "total_count": len(found), "total_pages": 1}
    return ok(shown, result_info=info)


def accounts(world: World, asked: Asked) -> Told:
    return _one_page(asked, [{"id": asked.caller.id, "name": asked.caller.account, "type": "standard"}])


def all_zones(world: World, account: str) -> Mapping[str, Thing]:
    beside = world.beside("cloudflare")
    own = world.shelf(account, "zone")
    theirs = beside.shelf(account, "zone") if beside is not None else {}
    named = {zone["name"] for zone in theirs.values()}
    return {**{id: zone for id, zone in own.items() if zone["name"] not in named}, **theirs}


def zones(world: World, asked: Asked) -> Told:
    found = [
        {**_WHOLE_ZONE, **zone, "account": {"id": asked.caller.id, "name": asked.caller.account}}
        for zone in all_zones(world, asked.caller.account).values()
        if asked.query.get("name", zone["name"]) == zone["name"]
    ]
    return _one_page(asked, found if asked.query.get("account.id", asked.caller.id) == asked.caller.id else [])


def list_buckets(world: World, asked: Asked) -> Told:
    """By name; the cursor is the last name that was told."""
    where, query = _jurisdiction(asked), asked.query
    size = query.get("per_page", "20")
    if not size.isdecimal() or not 1 <= int(size) <= 1000 or query.get("direction", "asc") not in ("asc", "desc"):
        raise Refused(400, 10016, "Invalid per_page or direction.")  # guessed
    back = query.get("direction") == "desc"
    after, part = query.get("cursor") or query.get("start_after") or "", query.get("name_contains", "")
    things = [one for one in world.shelf(asked.caller.account, "bucket").values() if one["jurisdiction"] == where]
    left = sorted((one for one in things if part in one["name"]), key=lambda one: one["name"], reverse=back)
    left = [one for one in left if not after or (one["name"] < after if back else one["name"] > after)]
    told = [{"name": one["name"], "creation_date": one["creation_date"]} for one in left[: int(size)]]
    info: Thing = {"per_page": int(size)}
    if len(left) > len(told):
        info["cursor"] = told[-1]["name"]
    return ok({"buckets": told}, result_info=info)


def make_bucket(world: World, asked: Asked) -> Told:
    words: Shape = {
        "name": is_a(str),
        "locationHint": one_of(*LOCATIONS),
        "storageClass": one_of(*CLASSES),
    }
    body, where = checked(asked.body, words, "name"), _jurisdiction(asked)
    return ok(shown_of(add_bucket(world, asked.caller.account, where, body)))


def add_bucket(world: World, account: str, where: str, body: Thing) -> Thing:
    """With what every bucket has. Raises Refused."""
    name, shelf = body["name"], world.shelf(account, "bucket")
    if not BUCKET.match(name):
        raise Refused(400, 10005, "The specified bucket name is not valid.")
    id = path_of(where, name)
    if any((one["jurisdiction"], one["name"]) == (where, name) for one in shelf.values()):
        raise Refused(409, 10004, "The bucket you tried to create already exists, and you own it.")
    thing = {
        "id": id,
        "name": name,
        "creation_date": stamp(world),
        "location": body.get("locationHint", "weur").upper(),
        "storage_class": body.get("storageClass", "Standard"),
        "jurisdiction": where,
        "objects": 0,
    }
    shelf[id] = thing
    world.shelf(account, "lifecycle")[id] = {**setting_of(thing), "rules": list(FRESH)}
    number = world.new_id()
    world.shelf(account, "public-access")[id] = {
        **setting_of(thing),
        "bucketId": number,
        "domain": f"pub-{number}.r2.dev",
        "enabled": False,
    }
    return thing


def patch_bucket(world: World, asked: Asked) -> Told:
    thing = bucket_of(world, asked)
    told = asked.headers.get("cf-r2-storage-class")
    if told not in CLASSES:
        raise Refused(400, 10016, "Invalid storage class.")  # guessed
    thing = {**thing, "storage_class": told}
    world.shelf(asked.caller.account, "bucket")[thing["id"]] = thing
    return ok(shown_of(thing))


def delete_bucket(world: World, asked: Asked) -> Told:
    drop_bucket(world, asked.caller.account, bucket_of(world, asked))
    return ok({})


def drop_bucket(world: World, account: str, thing: Thing) -> None:
    if thing["objects"]:
        raise Refused(409, 10008, "Cannot delete bucket that contains objects.")
    take_away(world, account, thing["id"])


def take_away(world: World, account: str, id: str) -> None:
    """A bucket with all that it has."""
    for domain in [one for one, thing in world.shelf(account, "domain").items() if thing["bucket"] == id]:
        take_off(world, account, domain)
    for kind in ("bucket", "cors", "lifecycle", "lock", "public-access"):
        world.shelf(account, kind).pop(id, None)


def get_cors(world: World, asked: Asked) -> Told:
    thing = world.shelf(asked.caller.account, "cors").get(bucket_of(world, asked)["id"])
    if thing is None:
        raise Refused(404, 10059, "The CORS configuration does not exist.")
    return ok({"rules": thing["rules"]})


def delete_cors(world: World, asked: Asked) -> Told:
    world.shelf(asked.caller.account, "cors").pop(bucket_of(world, asked)["id"], None)
    return ok({})


def get_rules(kind: str) -> Callable[[World, Asked], Told]:
    def handler(world: World, asked: Asked) -> Told:
        thing = world.shelf(asked.caller.account, kind).get(bucket_of(world, asked)["id"])
        return ok({"rules": thing["rules"]} if thing is not None else {})

    return handler


def put_rules(kind: str) -> Callable[[World, Asked], Told]:
    """The whole set. An emptied lock leaves none on its shelf."""

    def handler(world: World, asked: Asked) -> Told:
        bucket, shelf = bucket_of(world, asked), world.shelf(asked.caller.account, kind)
        rules = checked(asked.body, {"rules": many(RULES[kind])}, "rules")["rules"]
        if kind == "lock" and not rules:
            shelf.pop(bucket["id"], None)
        else:
            shelf[bucket["id"]] = {**setting_of(bucket), "rules": rules}
        return ok({})

    return handler


def get_managed(world: World, asked: Asked) -> Told:
    thing = world.shelf(asked.caller.account, "public-access")[bucket_of(world, asked)["id"]]
    return ok(shown_of(thing, "name"))


def put_managed(world: World, asked: Asked) -> Told:
    shelf, id = world.shelf(asked.caller.account, "public-access"), bucket_of(world, asked)["id"]
    shelf[id] = {**shelf[id], **checked(asked.body, {"enabled": is_a(bool)}, "enabled")}
    return ok(shown_of(shelf[id], "name"))


def _state(world: World, thing: Thing) -> Thing:
    """A domain as a list tells it: its certificate takes an hour of the world's time."""
    ready = world.now() - dt.datetime.fromisoformat(thing["since"]) >= _HOUR_LATER
    ownership, ssl = _SECURE[ready]
    return {**shown_of(thing, "name", "since"), "status": {"ownership": ownership, "ssl": ssl}}


def list_domains(world: World, asked: Asked) -> Told:
    id = bucket_of(world, asked)["id"]
    things = world.shelf(asked.caller.account, "domain").values()
    return ok({"domains": [_state(world, thing) for thing in things if thing["bucket"] == id]})


def _one_domain(world: World, asked: Asked) -> Thing:
    id = f"{bucket_of(world, asked)['id']}/{asked.path['domain']}"
    thing = world.shelf(asked.caller.account, "domain").get(id)
    if thing is None:
        raise Refused(404, 10066, "The specified custom domain does not exist.")  # guessed
    return thing


def get_domain(world: World, asked: Asked) -> Told:
    return ok(_state(world, _one_domain(world, asked)))


def attach(world: World, asked: Asked) -> Told:
    """With the CNAME that Cloudflare itself makes in the zone, where the world has that zone."""
    account, bucket = asked.caller.account, bucket_of(world, asked)
    body = checked(asked.body, DOMAIN, "domain", "enabled", "zoneId")
    zone = all_zones(world, account).get(body["zoneId"])
    host, shelf = body["domain"].lower(), world.shelf(account, "domain")
    if zone is None or not f".{host}".endswith(f".{zone['name']}"):
        raise Refused(400, 10016, "The domain is not in that zone.")  # guessed
    if any(thing["domain"] == host for thing in shelf.values()):
        raise Refused(409, 10065, "The domain is connected to a bucket already.")  # guessed
    dns = world.beside("cloudflare")
    record = ""
    if dns is not None and zone["id"] in dns.shelf(account, "zone"):
        told = {"zone": zone["name"], "type": "CNAME", "name": host, "content": "public.r2.dev", "proxied": "true"}
        try:
            record = dns.create(account, "record", {**told, "meta.r2_bucket": bucket["name"]})["id"]
        except ValueError as refused:
            raise Refused(409, 10065, f"A DNS record is in the way: {refused}") from None  # guessed
    shelf[f"{bucket['id']}/{host}"] = {
        **{**setting_of(bucket), "id": f"{bucket['id']}/{host}", "name": host},
        **{"domain": host, "enabled": body["enabled"], "zoneId": zone["id"], "zoneName": zone["name"]},
        **{"minTLS": body.get("minTLS", "1.0"), "ciphers": body.get("ciphers", []), "record": record},
        "since": world.now().isoformat(),
    }
    return ok({name: shelf[f"{bucket['id']}/{host}"][name] for name in DOMAIN})


def put_domain(world: World, asked: Asked) -> Told:
    old = _one_domain(world, asked)
    body = checked(asked.body, {name: DOMAIN[name] for name in ("enabled", "minTLS", "ciphers")})
    thing = {**old, **body}
    world.shelf(asked.caller.account, "domain")[old["id"]] = thing
    return ok({name: thing[name] for name in ("domain", "enabled", "minTLS", "ciphers")})


def detach(world: World, asked: Asked) -> Told:
    thing = _one_domain(world, asked)
    take_off(world, asked.caller.account, thing["id"])
    return ok({"domain": thing["domain"]})


def take_off(world: World, account: str, id: str) -> None:
    thing = world.shelf(account, "domain").pop(id)
    dns = world.beside("cloudflare")
    if dns is not None and thing["record"] in dns.shelf(account, "record"):
        dns.delete(account, "record", thing["record"])
