"""A zone as Cloudflare tells it, and what a person can do with one in the console."""

import datetime as dt
from collections.abc import Mapping

from ...model.pretend import Caller, Thing, World

_PLANS = {
    "free": ("0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee", "Free Website", 0),
    "pro": ("1feeeeeeeeeeeeeeeeeeeeeeeeeeeeee", "Pro Website", 20),
    "business": ("2feeeeeeeeeeeeeeeeeeeeeeeeeeeeee", "Business Website", 200),
    "enterprise": ("94f3b7b768b0458b56d2cac4fe5ec0f9", "Enterprise Website", 0),
}


def vendor_time(at: dt.datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def add_zone(world: World, caller: Caller, name: str) -> Thing:
    plan = caller.tier if caller.tier in _PLANS else "free"
    id, title, price = _PLANS[plan]
    now = vendor_time(world.now())
    zone: Thing = {
        "id": world.new_id(),
        "name": name,
        "status": "active",
        "paused": False,
        "type": "full",
        "development_mode": 0,
        "name_servers": ["art.ns.cloudflare.com", "zoe.ns.cloudflare.com"],
        "original_name_servers": None,
        "original_registrar": None,
        "original_dnshost": None,
        "modified_on": now,
        "created_on": now,
        "activated_on": now,
        "meta": {"step": 2, "custom_certificate_quota": 0, "page_rule_quota": 3, "phishing_detected": False},
        "owner": {"id": None, "type": "user", "email": None},
        "account": {"id": caller.id, "name": caller.account},
        "tenant": {"id": None, "name": None},
        "tenant_unit": {"id": None},
        "permissions": ["#dns_records:edit", "#dns_records:read", "#zone:read"],
        "plan": {
            "id": id,
            "name": title,
            "price": price,
            "currency": "USD",
            "frequency": "",
            "is_subscribed": plan != "free",
            "can_subscribe": False,
            "legacy_id": plan,
            "legacy_discount": False,
            "externally_managed": False,
        },
    }
    world.shelf(caller.account, "zone")[zone["id"]] = zone
    return zone


def edit_zone(world: World, account: str, id: str, fields: Mapping[str, str]) -> Thing:
    zone = dict(world.shelf(account, "zone")[id])
    for name, value in fields.items():
        if name == "plan" and value in _PLANS:
            zone["plan"] = {**zone["plan"], "legacy_id": value, "id": _PLANS[value][0], "name": _PLANS[value][1]}
        elif name == "status" and value in ("initializing", "pending", "active", "moved"):
            zone["status"] = value
        elif name == "paused":
            zone["paused"] = value == "true"
        else:
            raise ValueError(f"a zone has no {name}={value}; it has plan, status and paused")
    world.shelf(account, "zone")[id] = zone
    return zone


def zone_of(zones: Mapping[str, Thing], fields: Mapping[str, str]) -> Thing:
    """The zone a hand-made record stands in: the one named, else the longest that its name ends in."""
    wanted = fields.get("zone")
    name = fields.get("name", "").rstrip(".").lower()
    fitting = [
        zone
        for zone in zones.values()
        if wanted in (zone["name"], zone["id"]) or (wanted is None and f".{name}".endswith(f".{zone['name']}"))
    ]
    if not fitting and wanted is None and len(zones) == 1:
        fitting = list(zones.values())
    if not fitting:
        raise ValueError("which zone? give zone=DOMAIN")
    return max(fitting, key=lambda zone: len(zone["name"]))
