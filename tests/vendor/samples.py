"""One DNS record of each type, in a stack file's words, and what other programs call the same record."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Fields = Mapping[str, Any]

_DIGEST = "0123456789abcdef" * 4
_KEY = "AwEAAcNEU67LJI5GEgF9QLNqLO1SMq1EdoQ6E9f85ha0k0ewQGCblyW2836GiVsm6k8Kr5EClIB"
_PLACE = {
    **{"lat_degrees": 37, "lat_minutes": 46, "lat_seconds": 46, "lat_direction": "N"},
    **{"long_degrees": 122, "long_minutes": 23, "long_seconds": 35, "long_direction": "W"},
    **{"altitude": 12, "size": 100, "precision_horz": 10, "precision_vert": 2},
}
_HASH = {"usage": 3, "selector": 1, "matching_type": 1, "certificate": _DIGEST}

SAMPLES: Mapping[str, Fields] = {
    "a": {"name": "a", "type": "A", "content": "192.0.2.1", "ttl": 300},
    "aaaa": {"name": "aaaa", "type": "AAAA", "content": "2001:db8::1", "proxied": True},
    "caa": {"name": "@", "type": "CAA", "data": {"flags": 0, "tag": "issue", "value": "ca.example.net"}},
    "cert": {
        "name": "cert",
        "type": "CERT",
        "data": {"type": 1, "key_tag": 7, "algorithm": 8, "certificate": "TUlJRGtEQ0NBbmlnQXdJQkFnSVVKaw=="},
    },
    "cname": {"name": "cname", "type": "CNAME", "content": "target.example.net", "ttl": 600},
    "dnskey": {
        "name": "dnskey",
        "type": "DNSKEY",
        "data": {"flags": 257, "protocol": 3, "algorithm": 13, "public_key": _KEY},
    },
    "ds": {
        "name": "delegated",
        "type": "DS",
        "ttl": 3600,
        "data": {"key_tag": 42, "algorithm": 13, "digest_type": 2, "digest": _DIGEST},
    },
    "https": {
        "name": "https",
        "type": "HTTPS",
        "ttl": 300,
        "data": {"priority": 1, "target": ".", "value": 'alpn="h3,h2" ipv4hint="192.0.2.1"'},
    },
    "loc": {"name": "loc", "type": "LOC", "ttl": 300, "data": _PLACE},
    "mx": {"name": "@", "type": "MX", "content": "mx.example.net", "priority": 10},
    "naptr": {
        "name": "naptr",
        "type": "NAPTR",
        "ttl": 300,
        "data": {
            **{"order": 10, "preference": 100, "flags": "S", "service": "SIP+D2U"},
            **{"regex": "!^.*$!sip:info@example.net!", "replacement": "_sip._udp.example.net"},
        },
    },
    "ns": {"name": "delegated", "type": "NS", "content": "ns1.example.net", "ttl": 3600},
    # With a comment: of this type alone the vendor's client says that an answer's comment is never null.
    "openpgpkey": {
        "name": "openpgpkey",
        "type": "OPENPGPKEY",
        "content": "mQENBFRVcmVzZXJ2ZWQ=",
        "comment": "key of the postmaster",
    },
    "ptr": {"name": "ptr", "type": "PTR", "content": "host.example.net", "ttl": 300},
    "smimea": {"name": "smimea", "type": "SMIMEA", "data": _HASH},
    "srv": {
        "name": "_sip._tcp",
        "type": "SRV",
        "ttl": 300,
        "data": {"priority": 10, "weight": 60, "port": 5060, "target": "sip.example.net"},
    },
    "sshfp": {
        "name": "sshfp",
        "type": "SSHFP",
        "ttl": 300,
        "data": {"algorithm": 4, "type": 2, "fingerprint": _DIGEST},
    },
    "svcb": {
        "name": "svcb",
        "type": "SVCB",
        "ttl": 300,
        "data": {"priority": 1, "target": "svc.example.net", "value": 'port="8443"'},
    },
    "tlsa": {"name": "_443._tcp.tlsa", "type": "TLSA", "ttl": 300, "data": _HASH},
    "txt": {"name": "@", "type": "TXT", "content": "v=spf1 include:mail.example.net -all", "ttl": 300},
    "uri": {"name": "uri", "type": "URI", "priority": 5, "data": {"weight": 10, "target": "https://example.net/"}},
}

# SUPPORTS of octodns-cloudflare 1.2.0, less ALIAS, which Cloudflare holds as a CNAME.
OCTODNS = frozenset(
    kind["type"] for kind in SAMPLES.values() if kind["type"] not in ("CERT", "DNSKEY", "OPENPGPKEY", "SMIMEA", "URI")
)


def full_name(name: str, zone: str) -> str:
    return zone if name == "@" else f"{name}.{zone}"


def vendor_fields(fields: Fields, zone: str) -> dict[str, Any]:
    """The keywords that the vendor's client takes for a record."""
    content = f'"{fields["content"]}"' if fields["type"] == "TXT" else fields.get("content")
    told = {**fields, "name": full_name(fields["name"], zone), "ttl": fields.get("ttl", 1), "content": content}
    return {name: value for name, value in told.items() if value is not None}


def octodns_zone(records: Iterable[tuple[Fields, str]]) -> dict[str, list[dict[str, Any]]]:
    """A zone file of octoDNS for records and their comments; several of one name and type become its `values`.

    octoDNS knows one comment a name and type: the first one's.
    """
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for fields, comment in records:
        name = "" if fields["name"] == "@" else fields["name"]
        record = found.setdefault(name, {}).setdefault(fields["type"], _octodns_record(fields, comment))
        record["values"].append(_VALUES.get(fields["type"], _content)(fields))
    for record in (record for by_type in found.values() for record in by_type.values() if record["type"] == "CNAME"):
        (record["value"],) = record.pop("values")
    return {name: list(by_type.values()) for name, by_type in found.items()}


def _octodns_record(fields: Fields, comment: str) -> dict[str, Any]:
    own: dict[str, Any] = {"comment": comment} if comment else {}
    if fields.get("proxied"):
        own["proxied"] = True
    if fields.get("proxied") or fields.get("ttl", 1) == 1:
        own["auto-ttl"] = True
    return {
        "type": fields["type"],
        "ttl": 300 if own.get("auto-ttl") else fields["ttl"],
        "octodns": {"cloudflare": own},
        "values": [],
    }


def _content(fields: Fields) -> Any:
    return fields["content"]


def _hostname(fields: Fields) -> str:
    return f"{fields['content']}."


def _parameters(text: str) -> dict[str, Any]:
    """`alpn="h3,h2" port="8443"` as octoDNS holds it: those with several values are lists."""
    pairs = (word.partition("=") for word in text.split())
    told = {name: value.strip('"') for name, _, value in pairs}
    return {name: value.split(",") if name in ("alpn", "ipv4hint") else value for name, value in told.items()}


def _service(fields: Fields) -> dict[str, Any]:
    data = fields["data"]
    return {
        "svcpriority": data["priority"],
        "targetname": data["target"] if data["target"] == "." else f"{data['target']}.",
        "svcparams": _parameters(data["value"]),
    }


def _tlsa(fields: Fields) -> dict[str, Any]:
    data = fields["data"]
    return {
        "certificate_usage": data["usage"],
        "selector": data["selector"],
        "matching_type": data["matching_type"],
        "certificate_association_data": data["certificate"],
    }


def _naptr(fields: Fields) -> dict[str, Any]:
    data = dict(fields["data"])
    return {**data, "regexp": data.pop("regex"), "replacement": f"{data['replacement']}."}


def _sshfp(fields: Fields) -> dict[str, Any]:
    data = fields["data"]
    return {"algorithm": data["algorithm"], "fingerprint_type": data["type"], "fingerprint": data["fingerprint"]}


_VALUES: Mapping[str, Callable[[Fields], Any]] = {
    "CAA": lambda fields: dict(fields["data"]),
    "CNAME": _hostname,
    "DS": lambda fields: dict(fields["data"]),
    "HTTPS": _service,
    "LOC": lambda fields: dict(fields["data"]),
    "MX": lambda fields: {"preference": fields["priority"], "exchange": f"{fields['content']}."},
    "NAPTR": _naptr,
    "NS": _hostname,
    "PTR": _hostname,
    "SRV": lambda fields: {**fields["data"], "target": f"{fields['data']['target']}."},
    "SSHFP": _sshfp,
    "SVCB": _service,
    "TLSA": _tlsa,
    "TXT": lambda fields: fields["content"].replace(";", "\\;"),
}


def mixed(count: int) -> list[tuple[Fields, str]]:
    """That many records as a team's zone has them, with comments: nothing that octoDNS cannot say.

    Every value of a name and type has the same comment and TTL, for octoDNS writes one for all.
    """
    found: list[tuple[Fields, str]] = [(one, "") for one in SAMPLES.values() if one["type"] in OCTODNS]
    found.append(({"name": "two", "type": "A", "content": "192.0.2.2", "ttl": 300}, "a pair"))
    found.append(({"name": "two", "type": "A", "content": "192.0.2.3", "ttl": 300}, "a pair"))
    found.append(({"name": "@", "type": "MX", "content": "mx2.example.net", "priority": 20}, ""))
    for number in range(count - len(found)):
        fields = _MIX[number % len(_MIX)](f"n{number}", number)
        found.append((fields, f"server {number}" if number % 3 == 0 else ""))
    return found


_MIX: tuple[Callable[[str, int], dict[str, Any]], ...] = (
    lambda name, number: {"name": name, "type": "A", "content": f"192.0.2.{number % 250}", "ttl": 300},
    lambda name, number: {"name": name, "type": "A", "content": f"198.51.100.{number % 250}", "proxied": True},
    lambda name, number: {"name": name, "type": "AAAA", "content": f"2001:db8::{number % 9999:x}", "ttl": 120},
    lambda name, number: {
        "name": name,
        "type": "CNAME",
        "content": f"host{number}.example.net",
        "proxied": number % 2 == 0,
    },
    lambda name, number: {
        "name": name,
        "type": "TXT",
        "content": f"v=DKIM1; k=rsa; p={'Ab1+' * (number % 90 + 1)}",
        "ttl": 3600,
    },
    lambda name, number: {
        "name": name,
        "type": "MX",
        "content": f"mx{number}.example.net",
        "priority": number % 50,
        "ttl": 600,
    },
    lambda name, number: {
        **{"name": f"_sip._udp.{name}", "type": "SRV", "ttl": 300},
        "data": {"priority": 1, "weight": number % 100, "port": 5060, "target": "sip.example.net"},
    },
    lambda name, number: {
        **{"name": name, "type": "CAA", "ttl": 300},
        "data": {"flags": 0, "tag": "issue", "value": f"ca{number}.example.net"},
    },
)
