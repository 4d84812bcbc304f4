"""Cloudflare as the sandbox plays it: REST v4 for zones, DNS records and token checks, with the vendor's own errors.

From the vendor's docs, its OpenAPI of August 2024, its client and captured answers; never from our own client.
"""

import re
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any, ClassVar

from ...model.pretend import Asked, Caller, Route, Thing, Told, World
from ...model.spec import Declared
from .pretend_record import Refused, by_hand, conflict, made
from .pretend_tokens import may, speaker, takes
from .pretend_tokens import routes as token_routes
from .pretend_zone import add_zone, edit_zone, vendor_time, zone_of

_ID = re.compile(r"[0-9a-f]{32}\Z")
_PAGING = frozenset({"page", "per_page", "order", "direction", "match"})
_TEXT_FILTERS = ("name", "content", "comment")
_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "": lambda have, want: have == want,
    "exact": lambda have, want: have == want,
    "contains": lambda have, want: want in have,
    "startswith": lambda have, want: have.startswith(want),
    "endswith": lambda have, want: have.endswith(want),
    "present": lambda have, want: bool(have),
    "absent": lambda have, want: not have,
}
_RECORD_QUERY = (
    _PAGING
    | {"type", "proxied", "search", "include_shadow_metadata"}
    | {f"{field}.{test}" if test else field for field in _TEXT_FILTERS for test in _TESTS}
)
_ZONE_QUERY = _PAGING | {"name", "account.id", "account.name", "status", "type"}
_READ_ONLY = "Unable to edit this record as this has been configured as read only."
_TOO_MANY = "More than 1200 requests per 300 seconds reached. Please wait and consider throttling your request speed"
_BATCH_LIMIT_FREE, _BATCH_LIMIT_PAID = 200, 3_500


class Pretend:
    """Cloudflare, as far as we use it. Shelves: `zone`, `record` (with its zone's id, not in answers), `token`."""

    name: ClassVar[str] = "cloudflare"
    prefix: ClassVar[str] = "/client/v4"
    rate: ClassVar[tuple[int, float]] = (1_200, 300.0)
    request_id: ClassVar[str] = "cf-ray"

    def routes(self) -> Sequence[Route]:
        records, record = "/zones/{zone}/dns_records", "/zones/{zone}/dns_records/{record}"
        shadow = frozenset({"include_shadow_metadata"})
        return [
            *token_routes(_answering, _ok, _page),
            Route("GET", "/zones", _answering(_zones), _ZONE_QUERY),
            Route("GET", "/zones/{zone}", _answering(_zone_alone)),
            Route("GET", records, _answering(_records), _RECORD_QUERY),
            Route("POST", records, _answering(_post), shadow),
            Route("POST", f"{records}/batch", _answering(_batch), shadow),
            Route("GET", record, _answering(_get), shadow),
            Route("PUT", record, _answering(_put), shadow),
            Route("PATCH", record, _answering(_patch), shadow),
            Route("DELETE", record, _answering(_delete)),
        ]

    def refusal(self, status: int, reason: str, retry_after: float | None = None) -> Told:
        if status == 401:
            if "missing" in reason:
                missing = "Missing X-Auth-Key, X-Auth-Email or Authorization headers"
                return Refused(400, 9106, missing).told()
            if "malformed" in reason:
                chain = (6111, "Invalid format for Authorization header")
                return Refused(400, 6003, "Invalid request headers", chain).told()
            return Refused(401, 10000, "Authentication error").told()
        if status == 403:
            return _foreign().told()
        if status in (404, 405):
            _, _, path = reason.rpartition(" ")
            method = reason.split(" ")[-2] if reason.count(" ") > 1 else ""
            if status == 405:
                return Refused(
                    405, 10000, f"{method} method not allowed for the api_token authentication scheme"
                ).told()
            return _unroutable(path).told()
        if status == 429:
            told = Refused(429, 10100, _TOO_MANY).told()
            wait = {} if retry_after is None else {"retry-after": str(max(1, -int(-retry_after // 1)))}
            return Told(429, told.body, wait)
        if status >= 500:
            # No JSON is promised here: what answers is the edge, not the API.
            return Told(status, f"error code: {status}")
        if status in (400, 415):
            return Refused(400, 9207, "Request body is invalid.").told()
        return Refused(status, 9207, reason).told()

    def caller(self, world: World, headers: Mapping[str, str]) -> Caller | None:
        return speaker(world, headers)

    def takes(self, world: World, account: str, value: str) -> bool | None:
        return takes(world, account, value)

    def shown(self, kind: str, thing: Thing) -> Thing:
        return {name: value for name, value in thing.items() if name != "print"}

    def environment(self, url: str, token: str) -> dict[str, str]:
        """What the vendor's Python client and its provider for Terraform and Pulumi read."""
        return {"CLOUDFLARE_BASE_URL": url, "CLOUDFLARE_API_TOKEN": token}

    def seed(self, world: World, caller: Caller, wanted: Sequence[Declared]) -> None:
        shelf = world.shelf(caller.account, "zone")
        for declared in wanted:
            if declared.address.full_kind == "cloudflare.zone":
                name = str(getattr(declared.resource, "name", ""))
                if all(zone["name"] != name for zone in shelf.values()):
                    add_zone(world, caller, name)

    def edit(self, world: World, account: str, kind: str, id: str, fields: Mapping[str, str]) -> Thing:
        if kind == "zone":
            return edit_zone(world, account, id, fields)
        shelf = world.shelf(account, "record")
        old = shelf[id]
        zone = world.shelf(account, "zone")[old["zone_id"]]
        if fields.get("zone", zone["name"]) != zone["name"]:
            raise ValueError("a record stays in its zone")
        record_type = fields.get("type", old["type"])
        body = by_hand({name: value for name, value in fields.items() if name != "zone"}, record_type)
        meta = body.pop("meta", {})
        if "data" in body and record_type == old["type"]:
            body["data"] = {**old.get("data", {}), **body["data"]}
        if "settings" in body:
            body["settings"] = {**old["settings"], **body["settings"]}
        try:
            _Rows(world, zone, shelf).change(id, body, whole=False)
        except Refused as refused:
            raise ValueError(str(refused)) from None
        shelf[id]["meta"] = {**shelf[id]["meta"], **meta}
        return shelf[id]

    def create(self, world: World, account: str, kind: str, fields: Mapping[str, str]) -> Thing:
        zones = world.shelf(account, "zone")
        if kind == "zone":
            owner = Caller(account, world.account_id(account), fields.get("plan", "free"))
            return add_zone(world, owner, fields["name"])
        zone = zone_of(zones, fields)
        given = {name: value for name, value in fields.items() if name != "zone"}
        body = by_hand(given, given.get("type", ""))
        meta = body.pop("meta", {})
        try:
            record = _Rows(world, zone, world.shelf(account, "record")).add(body)
        except Refused as refused:
            raise ValueError(str(refused)) from None
        record["meta"] = meta
        return record

    def delete(self, world: World, account: str, kind: str, id: str) -> None:
        records = world.shelf(account, "record")
        if kind == "zone":
            for record in [one for one, thing in records.items() if thing["zone_id"] == id]:
                del records[record]
        del world.shelf(account, kind)[id]

    def title(self, kind: str, thing: Thing) -> str:
        return f"{thing['name']} {thing['type']}" if kind == "record" else str(thing["name"])

    def kinds(self) -> Sequence[str]:
        return ("zone", "record")


class _Rows:
    """The records of one zone while one request works on them. What it changes it replaces, never edits in place."""

    def __init__(self, world: World, zone: Thing, shelf: MutableMapping[str, Thing]) -> None:
        self._world = world
        self._zone = zone
        self._shelf = shelf
        self._by_name: dict[str, dict[str, Thing]] = {}
        for id, thing in shelf.items():
            if thing["zone_id"] == zone["id"]:
                self._by_name.setdefault(thing["name"], {})[id] = thing

    def get(self, id: str) -> Thing:
        found = self._shelf.get(id)
        if found is None or found["zone_id"] != self._zone["id"]:
            raise Refused(404, 81044, "Record does not exist.")
        return found

    def add(self, body: Any) -> Thing:
        record = made(body, self._zone, None, whole=True)
        now = vendor_time(self._world.now())
        record = {"id": self._world.new_id(), "zone_id": self._zone["id"], **record, "meta": {}, "created_on": now}
        return self._keep(record, None, now)

    def change(self, id: str, body: Any, *, whole: bool) -> Thing:
        old = self._writable(id)
        record = made(body, self._zone, old, whole=whole)
        head = {name: old[name] for name in ("id", "zone_id")}
        tail = {name: old[name] for name in ("meta", "created_on")}
        return self._keep({**head, **record, **tail}, old, vendor_time(self._world.now()))

    def remove(self, id: str) -> Thing:
        old = self._writable(id)
        del self._shelf[id]
        del self._by_name[old["name"]][id]
        return old

    def _writable(self, id: str) -> Thing:
        old = self.get(id)
        if old["meta"].get("read_only"):
            raise Refused(400, 1043, _READ_ONLY)
        return old

    def _keep(self, record: Thing, old: Thing | None, now: str) -> Thing:
        id = record["id"]
        others = (thing for one, thing in self._by_name.get(record["name"], {}).items() if one != id)
        refused = conflict(record, others, self._zone["name"])
        if refused:
            raise refused
        record["modified_on"] = now
        for field in ("comment", "tags"):
            if record[field]:
                same = old is not None and old[field] == record[field]
                record[f"{field}_modified_on"] = old.get(f"{field}_modified_on", now) if old and same else now
        if old is not None:
            del self._by_name[old["name"]][id]
        self._by_name.setdefault(record["name"], {})[id] = record
        self._shelf[id] = record
        return record


def _answering(handler: Callable[[World, Asked], Told]) -> Callable[[World, Asked], Told]:
    def answer(world: World, asked: Asked) -> Told:
        try:
            return handler(world, asked)
        except Refused as refused:
            return refused.told()

    return answer


def _ok(result: Any, **more: Any) -> Told:
    return Told(200, {"result": result, "success": True, "errors": [], "messages": [], **more})


def _foreign() -> Refused:
    return Refused(403, 10000, "Authentication error")


def _unroutable(path: str) -> Refused:
    return Refused(404, 7003, f"Could not route to {path}, perhaps your object identifier is invalid?")


def _shown(record: Thing) -> Thing:
    return {name: value for name, value in record.items() if name != "zone_id"}


def _zone(world: World, asked: Asked) -> Thing:
    id = asked.path["zone"]
    if not _ID.match(id):
        raise _unroutable(f"/client/v4/zones/{id}")
    zone = world.shelf(asked.caller.account, "zone").get(id)
    if zone is None or not may(world, asked):
        # The vendor does not tell another account's zone from none.
        raise _foreign()
    return zone


def _rows(world: World, asked: Asked) -> _Rows:
    return _Rows(world, _zone(world, asked), world.shelf(asked.caller.account, "record"))


def _record_id(asked: Asked) -> str:
    if not _ID.match(asked.path["record"]):
        raise _unroutable(f"/client/v4/zones/{asked.path['zone']}/dns_records/{asked.path['record']}")
    return asked.path["record"]


def _zone_alone(world: World, asked: Asked) -> Told:
    return _ok(_zone(world, asked))


def _zones(world: World, asked: Asked) -> Told:
    if not may(world, asked):
        raise _foreign()
    query = asked.query
    checks: list[Callable[[Thing], bool]] = []
    if "name" in query:
        wanted = query["name"].removeprefix("equal:").split(",")
        checks.append(lambda zone: zone["name"] in wanted)
    if "account.id" in query:
        checks.append(lambda zone: zone["account"]["id"] == query["account.id"])
    if "account.name" in query:
        checks.append(lambda zone: zone["account"]["name"] == query["account.name"])
    for field in ("status", "type"):
        if field in query:
            checks.append(lambda zone, field=field: zone[field] in query[field].split(","))  # type: ignore[misc]
    zones = world.shelf(asked.caller.account, "zone").values()
    found = [zone for zone in zones if all(check(zone) for check in checks)]
    return _page(found, query, default=20, most=50, show=lambda zone: zone)


def _records(world: World, asked: Asked) -> Told:
    zone = _zone(world, asked)["id"]
    shelf = world.shelf(asked.caller.account, "record")
    found = [record for record in shelf.values() if record["zone_id"] == zone]
    checks = _record_checks(asked.query)
    if checks:
        fits = any if asked.query.get("match") == "any" else all
        found = [record for record in found if fits(check(record) for check in checks)]
    order = asked.query.get("order", "type")
    if order not in ("type", "name", "content", "ttl", "proxied"):
        raise Refused(400, 1001, f"Invalid order {order}.")  # guessed
    found.sort(key=lambda record: record[order], reverse=asked.query.get("direction") == "desc")
    return _page(found, asked.query, default=100, most=5_000_000, show=_shown)


def _record_checks(query: Mapping[str, str]) -> list[Callable[[Thing], bool]]:
    checks: list[Callable[[Thing], bool]] = []
    for name, value in query.items():
        field, _, test = name.partition(".")
        if field in _TEXT_FILTERS:
            checks.append(_text_check(field, _TESTS[test], value))
    if "type" in query:
        checks.append(lambda record: record["type"] == query["type"])
    if "proxied" in query:
        checks.append(lambda record: record["proxied"] == (query["proxied"] == "true"))
    if "search" in query:
        checks.append(lambda record: any(query["search"] in str(record[field] or "") for field in _TEXT_FILTERS))
    return checks


def _text_check(field: str, test: Callable[[str, str], bool], want: str) -> Callable[[Thing], bool]:
    return lambda record: test(record[field] or "", want)


def _page(
    found: Sequence[Thing], query: Mapping[str, str], *, default: int, most: int, show: Callable[[Thing], Thing]
) -> Told:
    try:
        page, per_page = int(query.get("page", 1)), int(query.get("per_page", default))
    except ValueError:
        raise Refused(400, 1001, "Invalid page or per_page.") from None  # guessed
    if page < 1 or not 1 <= per_page <= most:
        raise Refused(400, 1001, f"Invalid page or per_page: per_page is 1 to {most}.")  # guessed
    shown = [show(thing) for thing in found[(page - 1) * per_page : page * per_page]]
    pages = -(-len(found) // per_page)
    info = {"page": page, "per_page": per_page, "count": len(shown), "total_count": len(found), "total_pages": pages}
    return _ok(shown, result_info=info)


def _post(world: World, asked: Asked) -> Told:
    return _ok(_shown(_rows(world, asked).add(asked.body)))


def _get(world: World, asked: Asked) -> Told:
    rows, id = _rows(world, asked), _record_id(asked)
    return _ok(_shown(rows.get(id)))


def _put(world: World, asked: Asked) -> Told:
    rows, id = _rows(world, asked), _record_id(asked)
    return _ok(_shown(rows.change(id, asked.body, whole=True)))


def _patch(world: World, asked: Asked) -> Told:
    rows, id = _rows(world, asked), _record_id(asked)
    return _ok(_shown(rows.change(id, asked.body, whole=False)))


def _delete(world: World, asked: Asked) -> Told:
    rows, id = _rows(world, asked), _record_id(asked)
    rows.remove(id)
    return _ok({"id": id})


def _batch(world: World, asked: Asked) -> Told:
    """All or nothing: deletes, patches, puts, posts, each list in the order given."""
    zone = _zone(world, asked)
    body = asked.body
    names = ("deletes", "patches", "puts", "posts")
    if not isinstance(body, Mapping) or set(body) - set(names):
        raise Refused(400, 9207, "Request body is invalid.")
    lists = {name: body.get(name) or [] for name in names}
    if not all(isinstance(part, list) and all(isinstance(one, Mapping) for one in part) for part in lists.values()):
        raise Refused(400, 9207, "Request body is invalid.")
    limit = _BATCH_LIMIT_FREE if zone["plan"]["legacy_id"] == "free" else _BATCH_LIMIT_PAID
    if sum(map(len, lists.values())) > limit:
        raise Refused(400, 1004, f"A batch holds at most {limit} records on this plan.")  # guessed
    shelf = world.shelf(asked.caller.account, "record")
    draft = dict(shelf)
    rows = _Rows(world, zone, draft)
    result = {
        "deletes": [_shown(rows.remove(str(one.get("id")))) for one in lists["deletes"]],
        "patches": [_shown(rows.change(str(one.get("id")), one, whole=False)) for one in lists["patches"]],
        "puts": [_shown(rows.change(str(one.get("id")), one, whole=True)) for one in lists["puts"]],
        "posts": [_shown(rows.add(one)) for one in lists["posts"]],
    }
    shelf.clear()
    shelf.update(draft)
    return _ok(result)
