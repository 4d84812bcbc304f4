"""octoDNS zone files, read as the DNS records that its Cloudflare provider makes of them.

Facts from octoDNS 1.22 and octodns-cloudflare 1.2.0: a file maps a name ("" is the apex) to a record or to a list of
them; `octodns: {cloudflare: {proxied, auto-ttl, comment, tags}}` are the provider's own fields. A TTL that is left out
is 3600 seconds; the provider writes none below its `min_ttl`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from ..model.resource import Resource
from .load.problems import Problems
from .load.tree import Node, plain, read_map

DEFAULT_TTL_SECONDS = 3600
MIN_TTL_SECONDS = 120
"""The provider's default."""
_PROVIDER = "cloudflare"

Fields = dict[str, Any]


@dataclass(frozen=True)
class ZoneFile:
    """What a zone file holds: the fields of each record for a stack file, and what has no form there."""

    zone: str
    records: tuple[Fields, ...]
    unsupported: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What was left out on purpose, or changed its type."""

    def declared(self, record: type[Resource]) -> tuple[list[Resource], list[str]]:
        """The records as resources, and those that a stack file refuses, each with the reason."""
        made, refused = [], []
        for fields in self.records:
            try:
                made.append(record.declared({"zone": self.zone, **fields}))
            except ValidationError as error:
                why = error.errors()[0]["msg"].removeprefix("Value error, ")
                refused.append(f"{fields['name']} {fields['type']}: {why}")
        return made, refused


@dataclass
class _Reading:
    file: str
    min_ttl_seconds: int
    records: list[Fields] = field(default_factory=list)
    unsupported: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: Problems = field(default_factory=Problems)


def read_zone(zone: str, files: Mapping[str, bytes], *, min_ttl_seconds: int = MIN_TTL_SECONDS) -> ZoneFile:
    """One zone out of its file, or out of the several it is split into. Raises SpecError, with lines."""
    name = zone.removesuffix(".")
    reading = _Reading("", min_ttl_seconds)
    for file, data in sorted(files.items()):
        reading.file = file
        root = read_map(file, data, reading.problems)
        if root is not None and isinstance(root.value, dict):
            for owner, node in root.value.items():
                for one in node.value if isinstance(node.value, list) else [node]:
                    _read_record(reading, owner, one)
    reading.problems.raise_all()
    records = _without_doubles(reading)
    return ZoneFile(name, records, tuple(reading.unsupported), tuple(reading.notes))


def _read_record(reading: _Reading, owner: str, node: Node) -> None:
    data = plain(node)
    if not isinstance(data, dict):
        reading.problems.add(node.at_value(owner), "must be a record: a map with `type`")
        return
    kind = str(data.get("type", ""))
    where = f"{owner or '@'} {kind or '(no type)'} ({reading.file}:{node.line})"
    skipped = _skipped(data)
    if skipped:
        reading.notes.append(f"{where}: {skipped}")
        return
    read = _TYPES.get(kind)
    odd = [name for name in ("geo", "dynamic") if data.get(name)]
    if read is None or odd:
        reading.unsupported.append(f"{where}: {' and '.join(odd) or 'type'} has no form here")
        return
    if kind == "ALIAS":
        if owner not in ("", "@"):
            reading.unsupported.append(f"{where}: an ALIAS stands at the apex only")
            return
        reading.notes.append(f"{where}: Cloudflare has a CNAME at the apex in its place")
    try:
        common = _common(reading, owner, data)
        values = list(_values(data))
        if not values:
            raise ValueError("no `value` and no `values`")
        for value in values:
            given = read(_unescaped(value) if kind in ("TXT", "SPF") else value)
            reading.records.append({"type": _RENAMED.get(kind, kind), **given, **common, "spf": kind == "SPF"})
    except (KeyError, TypeError, ValueError) as error:
        said = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        reading.problems.add(node.at_value(owner or "@"), f"no {kind} record of octoDNS: {said}")


def _skipped(data: Mapping[str, Any]) -> str:
    """Why the provider never sees a record; "" where it does."""
    own = data.get("octodns") or {}
    if own.get("ignored"):
        return "octoDNS ignores it"
    if _PROVIDER in (own.get("excluded") or ()):
        return f"excluded from {_PROVIDER}"
    included = own.get("included")
    return f"not included for {_PROVIDER}" if included and _PROVIDER not in included else ""


def _common(reading: _Reading, owner: str, data: Mapping[str, Any]) -> Fields:
    """Name, TTL and the provider's own fields: the same for all values of a record."""
    own = (data.get("octodns") or {}).get(_PROVIDER) or {}
    proxied = bool(own.get("proxied")) and data["type"] in ("A", "AAAA", "ALIAS", "CNAME")
    common: Fields = {"name": owner or "@"}
    if proxied:
        common["proxied"] = True
    elif not own.get("auto-ttl"):
        ttl = data.get("ttl")
        common["ttl"] = max(reading.min_ttl_seconds, int(DEFAULT_TTL_SECONDS if ttl is None else ttl))
    if own.get("comment"):
        common["comment"] = str(own["comment"])
    if own.get("tags"):
        common["tags"] = [str(tag) for tag in own["tags"]]
    return common


def _values(data: Mapping[str, Any]) -> Iterator[Any]:
    found = data["values"] if "values" in data else data.get("value")
    for value in found if isinstance(found, list) else [found]:
        if value not in (None, ""):
            yield value


def _unescaped(value: Any) -> str:
    """A TXT value as the quoted string that goes on the wire: octoDNS escapes `;`, or is told not to."""
    words = str(value)
    if len(words) > 1 and words.startswith('"'):
        words = words[1:-1]
    words = words.replace('" "', "").replace("\\;", ";")
    return '"' + words.replace('"', '\\"') + '"'


def _without_doubles(reading: _Reading) -> tuple[Fields, ...]:
    """Each record once. An SPF becomes the TXT that took its place (RFC 7208, 3.1), unless that stands there too."""
    texts = {(one["name"], one["content"]) for one in reading.records if one["type"] == "TXT" and not one["spf"]}
    found: dict[str, Fields] = {}
    for one in reading.records:
        spf = one.pop("spf")
        if spf and (one["name"], one["content"]) in texts:
            reading.notes.append(f"{one['name']} SPF: left out, a TXT says the same")
            continue
        if spf:
            reading.notes.append(f"{one['name']} SPF: becomes a TXT, DNS has no SPF any more")
        found.setdefault(repr(one), one)
    return tuple(found.values())


def _content(value: Any) -> Fields:
    return {"content": str(value)}


def _caa(value: Mapping[str, Any]) -> Fields:
    return {"data": {"flags": int(value.get("flags", 0)), "tag": value["tag"], "value": str(value["value"])}}


def _ds(value: Mapping[str, Any]) -> Fields:
    # The names before octoDNS 1.0 were off by one field.
    old = "public_key" in value or "flags" in value
    names = ("flags", "protocol", "algorithm", "public_key") if old else tuple(_DS)
    return {"data": {part: value[name] for part, name in zip(_DS, names, strict=True)}}


_DS = ("key_tag", "algorithm", "digest_type", "digest")
_LOC = (
    *(f"{angle}_{part}" for angle in ("lat", "long") for part in ("degrees", "minutes", "seconds", "direction")),
    *("altitude", "size", "precision_horz", "precision_vert"),
)


def _loc(value: Mapping[str, Any]) -> Fields:
    return {"data": {part: value[part] for part in _LOC}}


def _mx(value: Mapping[str, Any]) -> Fields:
    preference = value["preference"] if "preference" in value else value["priority"]
    exchange = value["exchange"] if "exchange" in value else value["value"]
    return {"content": str(exchange), "priority": int(preference)}


def _naptr(value: Mapping[str, Any]) -> Fields:
    return {
        "data": {
            "order": int(value["order"]),
            "preference": int(value["preference"]),
            "flags": str(value["flags"]).upper(),
            "service": value["service"],
            "regex": value["regexp"],
            "replacement": value["replacement"],
        }
    }


def _srv(value: Mapping[str, Any]) -> Fields:
    return {"data": {part: value[part] for part in ("priority", "weight", "port", "target")}}


def _sshfp(value: Mapping[str, Any]) -> Fields:
    return {
        "data": {
            "algorithm": int(value["algorithm"]),
            "type": int(value["fingerprint_type"]),
            "fingerprint": str(value["fingerprint"]),
        }
    }


def _svcb(value: Mapping[str, Any]) -> Fields:
    words = []
    for name, given in (value.get("svcparams") or {}).items():
        listed = ",".join(map(str, given)) if isinstance(given, list) else given
        words.append(str(name) if listed is None else f'{name}="{listed}"')
    parts: Fields = {"priority": int(value["svcpriority"]), "target": value["targetname"], "value": " ".join(words)}
    return {"data": parts}


def _tlsa(value: Mapping[str, Any]) -> Fields:
    return {
        "data": {
            "usage": int(value.get("certificate_usage", 0)),
            "selector": int(value.get("selector", 0)),
            "matching_type": int(value.get("matching_type", 0)),
            "certificate": str(value["certificate_association_data"]),
        }
    }


def _uri(value: Mapping[str, Any]) -> Fields:
    return {"priority": int(value["priority"]), "data": {"weight": int(value["weight"]), "target": value["target"]}}


_RENAMED = {"ALIAS": "CNAME", "SPF": "TXT"}
_TYPES: Mapping[str, Callable[[Any], Fields]] = {
    **dict.fromkeys(("A", "AAAA", "ALIAS", "CNAME", "NS", "OPENPGPKEY", "PTR", "SPF", "TXT"), _content),
    "CAA": _caa,
    "DS": _ds,
    "HTTPS": _svcb,
    "LOC": _loc,
    "MX": _mx,
    "NAPTR": _naptr,
    "SRV": _srv,
    "SSHFP": _sshfp,
    "SVCB": _svcb,
    "TLSA": _tlsa,
    "URI": _uri,
}
