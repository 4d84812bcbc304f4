"""`getZone`: a zone by its id, or by its name where only one account has it."""

from collections.abc import Mapping
from typing import Any

from ...model.bridge import wire_names
from .accounts import Accounts, Refused

TOKEN = "cloudflare:index/getZone:getZone"
_FILTERS = frozenset({"name", "match", "account"})
"""Of the vendor's; the others are refused here."""


def get_zone(accounts: Accounts, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The vendor's answer. Raises Refused."""
    wanted = asked.get("filter") or {}
    unknown = sorted({*asked} - {"filter", "zoneId"}) + sorted({*wanted} - _FILTERS)
    if unknown:
        raise Refused(f"getZone: the sandbox's stand-in for pulumi-resource-cloudflare has no {', '.join(unknown)}")
    if bool(wanted) == ("zoneId" in asked):
        raise Refused("getZone takes either zoneId or filter")
    if wanted:
        account = wanted.get("account") or {}
        query = {f"account.{name}": str(value) for name, value in account.items()}
        found = accounts.zones({"name": str(wanted["name"]), **query} if "name" in wanted else query)
    else:
        door, _ = accounts.dns(str(asked["zoneId"]))
        found = [door.client.get(f"/zones/{asked['zoneId']}")["result"]]
    if len(found) != 1:
        raise Refused(f"getZone: {len(found) or 'no'} zones found; exactly one is wanted")
    zone = _without_none(found[0])
    told: dict[str, Any] = wire_names({**zone, "zone_id": zone["id"]})
    return {**told, **asked}


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_none(each) for name, each in value.items() if each is not None}
    return value
