"""A DNS record as Cloudflare takes, checks and gives it back; the vendor's side, written apart from ours.

Error codes are those of captured answers (2019 to 2026); where none was found the comment says "guessed".
"""

import ipaddress
import re
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

from ...model.pretend import Thing, Told

Body = Mapping[str, Any]

PROXIABLE = frozenset({"A", "AAAA", "CNAME"})
_WRITTEN = ("name", "type", "content", "data", "ttl", "proxied", "priority", "comment", "tags", "settings")
_IGNORED = frozenset({"id", "zone_id", "zone_name", "private_routing"})
_SAME_NAME = (
    " For more details, refer to "
    "<https://developers.cloudflare.com/dns/manage-dns-records/troubleshooting/records-with-same-name/>."
)
_NUMBERS: Mapping[str, Mapping[str, float]] = {
    "CAA": {"flags": 255},
    "CERT": {"type": 65535, "key_tag": 65535, "algorithm": 255},
    "DNSKEY": {"flags": 65535, "protocol": 255, "algorithm": 255},
    "DS": {"key_tag": 65535, "algorithm": 255, "digest_type": 255},
    "HTTPS": {"priority": 65535},
    "LOC": {
        "lat_degrees": 90,
        "lat_minutes": 59,
        "lat_seconds": 59.999,
        "long_degrees": 180,
        "long_minutes": 59,
        "long_seconds": 59.999,
        "altitude": 42849672.95,
        "size": 90000000,
        "precision_horz": 90000000,
        "precision_vert": 90000000,
    },
    "NAPTR": {"order": 65535, "preference": 65535},
    "SMIMEA": {"usage": 255, "selector": 255, "matching_type": 255},
    "SRV": {"priority": 65535, "weight": 65535, "port": 65535},
    "SSHFP": {"algorithm": 255, "type": 255},
    "SVCB": {"priority": 65535},
    "TLSA": {"usage": 255, "selector": 255, "matching_type": 255},
    "URI": {"weight": 65535},
}
_TEXTS: Mapping[str, tuple[str, ...]] = {
    "CAA": ("tag", "value"),
    "CERT": ("certificate",),
    "DNSKEY": ("public_key",),
    "DS": ("digest",),
    "HTTPS": ("target", "value"),
    "LOC": ("lat_direction", "long_direction"),
    "NAPTR": ("flags", "service", "regex", "replacement"),
    "SMIMEA": ("certificate",),
    "SRV": ("target",),
    "SSHFP": ("fingerprint",),
    "SVCB": ("target", "value"),
    "TLSA": ("certificate",),
    "URI": ("target",),
}
TYPES = PROXIABLE | {"MX", "NS", "OPENPGPKEY", "PTR", "TXT"} | set(_NUMBERS)
_LOC_DEFAULTS = (
    "lat_minutes",
    "lat_seconds",
    "long_minutes",
    "long_seconds",
    "size",
    "precision_horz",
    "precision_vert",
)
_SRV_OLD = frozenset({"service", "proto", "name"})


class Refused(Exception):
    """The vendor's refusal of one request."""

    def __init__(self, status: int, code: int, message: str, chain: tuple[int, str] | None = None) -> None:
        super().__init__(f"{message}: {chain[1]}" if chain else message)
        self.status = status
        self.error: dict[str, Any] = {"code": code, "message": message}
        if chain:
            self.error["error_chain"] = [{"code": chain[0], "message": chain[1]}]

    def told(self) -> Told:
        return Told(self.status, {"result": None, "success": False, "errors": [self.error], "messages": []})


def _invalid(code: int, message: str) -> Refused:
    return Refused(400, 1004, "DNS Validation Error", (code, message))


def _unreadable(field: str) -> Refused:
    return Refused(400, 9207, f"Request body is invalid. ({field})")


def made(body: Body, zone: Thing, old: Thing | None, *, whole: bool) -> Thing:
    """The record that a request asks for, without ids and dates. `whole`: what is not given falls to its default
    (POST, PUT), else it stays as it is (PATCH). Raises Refused."""
    _check_shapes(body)
    given = {name: value for name, value in body.items() if name not in _IGNORED}
    if not whole and old is not None:
        kept = {name: old[name] for name in _WRITTEN if name in old}
        if old["type"] in _NUMBERS:
            del kept["content"]
        if given.get("type", old["type"]) != old["type"]:
            kept = {name: kept[name] for name in kept if name not in ("content", "data", "priority", "settings")}
        given = {**kept, **given}
    kind = given.get("type")
    if kind not in TYPES:
        raise _invalid(9002, f"DNS record type {kind!r} is invalid.")  # guessed
    free = zone["plan"]["legacy_id"] == "free"
    tags = given.get("tags") or []
    if free and tags:
        raise _invalid(9300, f"DNS record has {len(tags)} tags, exceeding the quota of 0.")
    if len(given.get("comment") or "") > (100 if free else 500):
        raise _invalid(9301, "Comment is too long.")  # guessed
    if given.get("proxied") and kind not in PROXIABLE:
        raise Refused(400, 9041, "This kind of record cannot be proxied")
    record: Thing = {"name": _name(given.get("name"), zone["name"]), "type": kind, **_value(kind, given)}
    record["proxiable"] = kind in PROXIABLE
    record["proxied"] = bool(given.get("proxied"))
    record["ttl"] = 1 if record["proxied"] else _ttl(given.get("ttl", 1), zone)
    record["settings"] = _settings(kind, given.get("settings") or {})
    record["comment"] = given.get("comment") or None
    record["tags"] = tags
    return record


def conflict(record: Thing, others: Iterable[Thing], apex: str) -> Refused | None:
    """What the vendor says of a record beside the others of its name."""
    kind = record["type"]
    for other in others:
        if other["type"] == kind and other["content"] == record["content"]:
            return Refused(400, 81058, "An identical record already exists.")
        if kind == "CNAME" and other["type"] in PROXIABLE:
            return Refused(400, 81053, f"An A, AAAA, or CNAME record with that host already exists.{_SAME_NAME}")
        if kind in ("A", "AAAA") and other["type"] == "CNAME":
            return Refused(400, 81054, f"A CNAME record with that host already exists.{_SAME_NAME}")
        # "NS records cannot exist on the same name as any other record type"; the apex has its own.
        if (kind == "NS") != (other["type"] == "NS") and record["name"] != apex and "DS" not in (kind, other["type"]):
            return Refused(400, 81056, "NS records with that host already exist.")
    return None


def _check_shapes(body: Body) -> None:
    if not isinstance(body, Mapping):
        raise Refused(400, 9207, "Request body is invalid.")
    checks: dict[str, Any] = {
        "name": lambda value: isinstance(value, str),
        "type": lambda value: isinstance(value, str),
        "content": lambda value: isinstance(value, str),
        "comment": lambda value: value is None or isinstance(value, str),
        "proxied": lambda value: value is None or isinstance(value, bool),
        "ttl": _is_number,
        "priority": lambda value: value is None or (_is_number(value) and 0 <= value <= 65535),
        "data": lambda value: isinstance(value, Mapping),
        "tags": lambda value: isinstance(value, list) and all(isinstance(tag, str) for tag in value),
        "settings": lambda value: isinstance(value, Mapping) and all(isinstance(on, bool) for on in value.values()),
    }
    for name, value in body.items():
        if name in _IGNORED:
            continue
        if name not in checks or not checks[name](value):
            raise _unreadable(name)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(value: float) -> int | float:
    return int(value) if float(value).is_integer() else value


def _name(name: str | None, zone: str) -> str:
    if not name:
        raise _invalid(9000, "DNS name is invalid.")
    if name == "@":
        return zone
    try:
        labels = [_ascii(label) for label in name.rstrip(".").split(".")]
    except UnicodeError:
        raise _invalid(9000, "DNS name is invalid.") from None
    full = ".".join(labels).lower()
    full = full if full == zone or full.endswith(f".{zone}") else f"{full}.{zone}"
    if len(full) > 255 or any(not label or re.search(r"\s", label) for label in labels):
        raise _invalid(9000, "DNS name is invalid.")
    return full


def _ascii(label: str) -> str:
    return label if label.isascii() else label.encode("idna").decode("ascii")


def _ttl(ttl: float, zone: Thing) -> int:
    least = 30 if zone["plan"]["legacy_id"] == "enterprise" else 60
    if ttl != 1 and not least <= ttl <= 86400:
        raise _invalid(9021, f"TTL must be between {least} and 86400 seconds, or 1 for Automatic.")
    return int(ttl)


def _settings(kind: str, given: Mapping[str, bool]) -> dict[str, bool]:
    known = {"ipv4_only", "ipv6_only"} | ({"flatten_cname"} if kind == "CNAME" else set())
    if set(given) - known:
        raise _unreadable("settings")
    return {"flatten_cname": False, **given} if kind == "CNAME" else dict(given)


def _value(kind: str, given: Body) -> Thing:
    """Content, data and priority as the vendor keeps them."""
    if kind in _NUMBERS:
        if "content" in given and "data" not in given:
            raise _invalid(9101, "data is a required field.")
        data = _data(kind, given.get("data") or {})
        value: Thing = {"data": data}
        if kind == "URI":
            value["priority"] = _priority(given)
        elif kind == "SRV":
            value["priority"] = data["priority"]
        return {"content": _formatted(kind, data, value.get("priority", 0)), **value}
    if "data" in given:
        raise _unreadable("data")
    value = {"content": _content(kind, given.get("content"))}
    if kind == "MX":
        value["priority"] = _priority(given)
    return value


def _priority(given: Body) -> int:
    if given.get("priority") is None:
        raise _invalid(9101, "priority is a required data field.")
    return int(given["priority"])


def _content(kind: str, content: str | None) -> str:
    if not content:
        raise _invalid(9101, "content is a required data field.")
    if kind in ("A", "AAAA"):
        try:
            return str(ipaddress.IPv4Address(content) if kind == "A" else ipaddress.IPv6Address(content))
        except ValueError:
            if kind == "A":
                raise Refused(400, 9005, "Content for A record must be a valid IPv4 address.") from None
            raise Refused(400, 9006, "Content for AAAA record must be a valid IPv6 address.") from None
    if kind == "TXT":
        return _split(content)
    if kind in ("CNAME", "MX", "NS", "PTR"):
        bare = content if content == "." else content.removesuffix(".")
        if not bare or re.search(r"[\s/]|\.\.", bare):
            raise _invalid(9007, f"Content for {kind} record is invalid.")
        return bare
    return content


def _split(content: str) -> str:
    """Quoted strings over 255 bytes are split; what came without quotes is kept without."""
    if not content.startswith('"'):
        return content
    strings = re.findall(r'"((?:[^"\\]|\\.)*)"', content)
    pieces: list[str] = []
    for string in strings:
        units = re.findall(r"\\[0-9]{3}|\\.|[^\\]", string, re.DOTALL)
        piece, size = "", 0
        for unit in units:
            width = 1 if unit.startswith("\\") else len(unit.encode())
            if size + width > 255:
                pieces.append(piece)
                piece, size = "", 0
            piece, size = piece + unit, size + width
        pieces.append(piece)
    return " ".join(f'"{piece}"' for piece in pieces)


def _data(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    numbers, texts = _NUMBERS[kind], _TEXTS[kind]
    data: dict[str, Any] = {}
    for name, value in given.items():
        if kind == "SRV" and name in _SRV_OLD:
            continue
        if name in numbers:
            if not _is_number(value) or value > numbers[name] or (value < 0 and name != "altitude"):
                raise _invalid(9102, f"{name} is not a valid number.")  # guessed
            data[name] = _whole(value)
        elif name in texts and isinstance(value, str):
            data[name] = value.strip()
        else:
            raise _unreadable(f"data/{name}")
    if kind == "LOC":
        data = {**dict.fromkeys(_LOC_DEFAULTS, 0), **data}
    if kind in ("SRV", "NAPTR") and data.get("target", "") not in ("", "."):
        data["target"] = data["target"].removesuffix(".")
    for name in (*numbers, *texts):
        if name not in data:
            if kind in ("HTTPS", "SVCB", "NAPTR") and name in texts and name not in ("target", "replacement"):
                data[name] = ""
            else:
                raise _invalid(9101, f"{name} is a required data field.")
    return data


def _formatted(kind: str, data: Mapping[str, Any], priority: int) -> str:
    if kind in ("HTTPS", "SVCB"):
        target = data["target"] if data["target"].endswith(".") else f"{data['target']}."
        return f"{data['priority']} {target} {data['value']}".strip()
    patterns = {
        "CAA": '{flags} {tag} "{value}"',
        "CERT": "{type} {key_tag} {algorithm} {certificate}",
        "DNSKEY": "{flags} {protocol} {algorithm} {public_key}",
        "DS": "{key_tag} {algorithm} {digest_type} {digest}",
        "LOC": "{lat_degrees} {lat_minutes} {lat_seconds:.3f} {lat_direction} "
        "{long_degrees} {long_minutes} {long_seconds:.3f} {long_direction} "
        "{altitude:.2f} {size:.2f} {precision_horz:.2f} {precision_vert:.2f}",
        "NAPTR": '{order} {preference} "{flags}" "{service}" "{regex}" {replacement}',
        "SMIMEA": "{usage} {selector} {matching_type} {certificate}",
        "SRV": "{weight} {port} {target}",
        "SSHFP": "{algorithm} {type} {fingerprint}",
        "TLSA": "{usage} {selector} {matching_type} {certificate}",
        "URI": '{weight} "{target}"',
    }
    return patterns[kind].format(**data) if kind != "URI" else f"{priority} " + patterns[kind].format(**data)


def by_hand(fields: Mapping[str, str], kind: str) -> MutableMapping[str, Any]:
    """A console's form for a record type as a request body: `data.port=443`, `settings.flatten_cname=true`,
    `tags=a,b`. Raises ValueError."""
    body: dict[str, Any] = {}
    for name, value in fields.items():
        head, _, part = name.partition(".")
        if head == "data" and part:
            body.setdefault(head, {})[part] = _whole(float(value)) if part in _NUMBERS.get(kind, ()) else value
        elif head in ("settings", "meta") and part:
            body.setdefault(head, {})[part] = value == "true" if value in ("true", "false") else value
        elif name in ("ttl", "priority"):
            body[name] = 1 if value == "auto" else int(value)
        elif name == "proxied":
            body[name] = value.lower() in ("true", "yes", "on", "1")
        elif name == "tags":
            body[name] = [tag for tag in value.split(",") if tag]
        elif name in ("name", "type", "content", "comment"):
            body[name] = value
        else:
            raise ValueError(f"a record has no field {name!r}; it has {', '.join(_WRITTEN)} (data.PART=…)")
    return body
