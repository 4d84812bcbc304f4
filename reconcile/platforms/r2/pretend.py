"""R2 as the sandbox plays it: REST v4 for buckets and what they have, and enough of tokens to open its S3 side.

From the vendor's docs, the OpenAPI of its client and captured answers; never from our own client.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from ...model.pretend import Asked, Caller, Route, Thing, Told, World
from ...model.resource import is_pending
from ...model.spec import Declared
from .pretend_calls import (
    accounts,
    all_zones,
    attach,
    bucket_of,
    delete_bucket,
    delete_cors,
    detach,
    get_cors,
    get_domain,
    get_managed,
    get_rules,
    list_buckets,
    list_domains,
    make_bucket,
    patch_bucket,
    put_domain,
    put_managed,
    put_rules,
    take_away,
    take_off,
    zones,
)
from .pretend_shapes import (
    CLASSES,
    DEFAULT,
    DOMAIN,
    FRESH,
    HEADER,
    RULES,
    Refused,
    Shape,
    exactly,
    is_a,
    malformed,
    many,
    ok,
    one_of,
    path_of,
    setting_of,
    shown_of,
)
from .pretend_tokens import (
    Objects,
    answering,
    groups,
    key_id,
    listed,
    make_token,
    one,
    revoke,
    takes,
    verify,
)


class Pretend:
    """R2 as far as we use it, and enough of tokens to open its S3 side.

    Shelves: `bucket`, and by its id `cors`, `lifecycle`, `lock` and `public-access`; `domain`; `token`; and `zone`,
    which holds what domains stand in where the world has no Cloudflare. Things are the vendor's, with what answers
    leave out: `bucket` (whose it is), `name` (as the console calls it).
    """

    name: ClassVar[str] = "r2"
    prefix: ClassVar[str] = "/client/v4"
    rate: ClassVar[tuple[int, float]] = (1_200, 300.0)
    request_id: ClassVar[str] = "cf-ray"

    def __init__(self) -> None:
        self.objects = Objects()

    def routes(self) -> Sequence[Route]:
        buckets = "/accounts/{account}/r2/buckets"
        bucket, tokens = f"{buckets}/{{bucket}}", "/accounts/{account}/tokens"
        custom, managed = f"{bucket}/domains/custom", f"{bucket}/domains/managed"
        listing = frozenset({"per_page", "cursor", "name_contains", "start_after", "order", "direction"})
        return [
            Route("GET", "/accounts", answering(accounts), frozenset({"page", "per_page", "name", "direction"})),
            Route("GET", "/zones", answering(zones), frozenset({"name", "account.id", "page", "per_page"})),
            Route("GET", buckets, answering(list_buckets), listing),
            Route("POST", buckets, answering(make_bucket)),
            Route("GET", bucket, answering(lambda world, asked: ok(shown_of(bucket_of(world, asked))))),
            Route("PATCH", bucket, answering(patch_bucket)),
            Route("DELETE", bucket, answering(delete_bucket)),
            Route("GET", f"{bucket}/cors", answering(get_cors)),
            Route("PUT", f"{bucket}/cors", answering(put_rules("cors"))),
            Route("DELETE", f"{bucket}/cors", answering(delete_cors)),
            Route("GET", f"{bucket}/lifecycle", answering(get_rules("lifecycle"))),
            Route("PUT", f"{bucket}/lifecycle", answering(put_rules("lifecycle"))),
            Route("GET", f"{bucket}/lock", answering(get_rules("lock"))),
            Route("PUT", f"{bucket}/lock", answering(put_rules("lock"))),
            Route("GET", managed, answering(get_managed)),
            Route("PUT", managed, answering(put_managed)),
            Route("GET", custom, answering(list_domains)),
            Route("POST", custom, answering(attach)),
            Route("GET", f"{custom}/{{domain}}", answering(get_domain)),
            Route("PUT", f"{custom}/{{domain}}", answering(put_domain)),
            Route("DELETE", f"{custom}/{{domain}}", answering(detach)),
            Route("GET", f"{tokens}/permission_groups", answering(groups), frozenset({"name", "scope"})),
            Route("GET", tokens, answering(listed), frozenset({"page", "per_page", "direction", "include_expired"})),
            Route("POST", tokens, answering(make_token)),
            Route("GET", f"{tokens}/verify", answering(verify)),
            Route("GET", f"{tokens}/{{token}}", answering(one)),
            Route("DELETE", f"{tokens}/{{token}}", answering(revoke)),
        ]

    def refusal(self, status: int, reason: str, retry_after: float | None = None) -> Told:
        if status in (401, 403):
            return Refused(status, 10000, "Authentication error").told()
        if status in (404, 405):
            code = (7003, "Could not route to that path, perhaps your object identifier is invalid?")
            return Refused(status, *(code if status == 404 else (7001, "Method not allowed."))).told()
        if status == 429:
            wait = {} if retry_after is None else {"retry-after": str(max(1, -int(-retry_after // 1)))}
            told = Refused(429, 10100, "More than 1200 requests per 300 seconds reached.").told()
            return Told(429, told.body, wait)
        if status >= 500:
            return Refused(status, 7009, "Upstream service unavailable").told()
        return malformed(reason).told()

    def environment(self, url: str, token: str) -> dict[str, str]:
        """What S3 clients read. The control API's own words are those of Cloudflare's DNS, and lead there."""
        return {
            "AWS_ENDPOINT_URL_S3": f"{url.removesuffix(self.prefix)}/s3/{DEFAULT}",
            "AWS_ACCESS_KEY_ID": key_id(token),
            "AWS_SECRET_ACCESS_KEY": hashlib.sha256(token.encode()).hexdigest(),
            "AWS_REGION": "auto",
        }

    def caller(self, world: World, headers: Mapping[str, str]) -> Caller | None:
        """Whose token it is, of those made here."""
        given = headers.get("authorization", "").partition(" ")[2].strip()
        for account, shelf in world.shelves("token").items():
            for thing in shelf.values():
                if given and thing["value"] == given:
                    return Caller(account, world.account_id(account), token=str(thing["id"]))
        return None

    def seed(self, world: World, caller: Caller, wanted: Sequence[Declared]) -> None:
        """The zones that domains are to stand in, since they are only looked up."""
        shelf = world.shelf(caller.account, "zone")
        for declared in wanted:
            name = getattr(declared.resource, "zone", "")
            if name and not is_pending(name) and all(zone["name"] != name for zone in shelf.values()):
                id = world.new_id()
                shelf[id] = {"id": id, "name": name}

    def edit(self, world: World, account: str, kind: str, id: str, fields: Mapping[str, str]) -> Thing:
        shelf = world.shelf(account, kind)
        known = {
            "bucket": ("storage_class",),
            "domain": ("enabled", "minTLS", "ciphers"),
            "public-access": ("enabled",),
        }
        words = known.get(kind, ("rules",))
        if fields.keys() - set(words):
            raise ValueError(
                f"{kind} has no {', '.join(sorted(fields.keys() - set(words)))}; it has {', '.join(words)}"
            )
        _check_by_hand(kind, changed := {name: _typed(name, value) for name, value in fields.items()})
        shelf[id] = {**shelf[id], **changed}
        return shelf[id]

    def create(self, world: World, account: str, kind: str, fields: Mapping[str, str]) -> Thing:
        caller = Caller(account, world.account_id(account))
        body: Thing = {name: _typed(name, value) for name, value in fields.items() if name not in _ASIDE}
        headers = {HEADER: fields.get("jurisdiction", DEFAULT)}
        try:
            if kind == "bucket":
                words = {"location": "locationHint", "storage_class": "storageClass"}
                asked = Asked(
                    caller,
                    "POST",
                    {"account": caller.id},
                    {},
                    {words.get(one, one): body[one] for one in body},
                    headers,
                )
                make_bucket(world, asked)
                return world.shelf(account, "bucket")[path_of(headers[HEADER], fields["name"])]
            path = {"account": caller.id, "bucket": fields["bucket" if kind == "domain" else "name"]}
            asked = Asked(caller, "PUT", path, {}, body, headers)
            thing = bucket_of(world, asked)
            if kind == "domain":
                zones = {zone["name"]: id for id, zone in all_zones(world, account).items()}
                body = {
                    "enabled": True,
                    **body,
                    "domain": fields["name"],
                    "zoneId": zones.get(fields.get("zone", ""), ""),
                }
                attach(world, replace(asked, body=body))
                return world.shelf(account, "domain")[f"{thing['id']}/{fields['name']}"]
        except (Refused, KeyError) as refused:
            raise ValueError(str(refused)) from None
        _check_by_hand(kind, body)
        shelf = world.shelf(account, kind)
        shelf[thing["id"]] = {**shelf.get(thing["id"], setting_of(thing)), **body}
        return shelf[thing["id"]]

    def delete(self, world: World, account: str, kind: str, id: str) -> None:
        if kind == "bucket":
            take_away(world, account, id)
        elif kind == "domain":
            take_off(world, account, id)
        elif kind == "lifecycle":
            world.shelf(account, kind)[id]["rules"] = list(FRESH)
        elif kind == "public-access":
            world.shelf(account, kind)[id]["enabled"] = False
        else:
            del world.shelf(account, kind)[id]

    def title(self, kind: str, thing: Thing) -> str:
        return str(thing["name"])

    def kinds(self) -> Sequence[str]:
        return ("bucket", "cors", "lifecycle", "lock", "domain", "public-access")

    def shown(self, kind: str, thing: Thing) -> Thing:
        return {name: value for name, value in thing.items() if name not in ("value", "prints")}

    def takes(self, world: World, account: str, value: str) -> bool | None:
        return takes(world, account, value)


_ASIDE = frozenset({"jurisdiction", "bucket", "zone"})


def _typed(name: str, value: str) -> Any:
    """A console's field as the API takes it: rules as JSON, lists by commas."""
    if name == "rules":
        return json.loads(value)
    if name == "ciphers":
        return [one for one in value.split(",") if one]
    return value == "true" if name == "enabled" else value


def _check_by_hand(kind: str, fields: Mapping[str, Any]) -> None:
    """Raises ValueError where the vendor would not take what was typed."""
    shapes: dict[str, Shape] = {
        "bucket": {"storage_class": one_of(*CLASSES)},
        "domain": DOMAIN,
        "public-access": {"enabled": is_a(bool), "name": is_a(str)},
    }
    shape = shapes.get(kind) or {"rules": many(RULES[kind]), "name": is_a(str)}
    if not exactly(shape)(dict(fields)):
        raise ValueError(f"the console does not take {dict(fields)}")
