"""A record as `pulumi_cloudflare.DnsRecord` takes it: the vendor's schema of 2026 (provider 5.22), its tests, its API.

The API answers a complete name, a TXT in quotes of at most 255 bytes each, and an SRV's priority beside its data as
well as in it: whatever is said otherwise would show as drift for ever.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...model.bridge import Bridge, ZoneId, python_names
from ...model.resource import is_pending

if TYPE_CHECKING:
    from .record import Record

_SAME = ("type", "name", "content", "data", "priority", "proxied", "ttl", "comment", "tags", "settings")


def says(record: "Record", account_id: str) -> dict[str, Any]:
    """A comment that is to be empty is left out: the API answers none then, and none is no difference to ""."""
    told = {"zone_id": ZoneId(record.zone), **record.body()}
    if not told.get("comment"):
        told.pop("comment", None)
    if is_pending(record.content):
        told["content"] = f'"{record.content}"' if record.type == "TXT" else record.content
    if record.data is not None:
        told["data"] |= {name: part for name, part in record.data.items() if is_pending(part)}
        if record.type == "SRV":
            told["priority"] = record.data["priority"]
    return told


def reads(inputs: Mapping[str, Any], domain_of: Callable[[str], str]) -> dict[str, Any]:
    """Without a comment there is to be none: the vendor's provider takes away what is not said, but for tags and
    settings."""
    told = {"comment": None, **python_names(inputs)}
    fields = {name: told[name] for name in _SAME if told.get(name) is not None}
    fields["type"] = str(told["type"]).upper()
    if fields["type"] == "SRV":
        fields.pop("priority", None)
    return {"zone": domain_of(told["zone_id"]), "comment": "", **fields}


def _import_id(live: "Record", id: str, account_id: str, zone_id_of: Callable[[str], str]) -> str:
    return f"{zone_id_of(live.zone)}/{id}"


RECORD = Bridge(
    token="cloudflare:index/dnsRecord:DnsRecord",
    module="pulumi_cloudflare",
    name="DnsRecord",
    says=says,
    reads=reads,
    remote_id=lambda id, inputs: id,
    import_id=_import_id,
)
