"""Rich examples by kind, by field name: what the stacks of the repository do not hold. A new platform needs none."""

from collections.abc import Mapping
from typing import Any

from . import examples_github, examples_r2, examples_railway, examples_vercel

_LOC: Mapping[str, Any] = {
    "lat_degrees": 48,
    "lat_minutes": 12,
    "lat_seconds": 30.5,
    "lat_direction": "N",
    "long_degrees": 16,
    "long_minutes": 22,
    "long_seconds": 10,
    "long_direction": "E",
    "altitude": -20.5,
    "size": 10,
    "precision_horz": 100,
    "precision_vert": 20,
}
_SPKI = {"selector": 1, "matching_type": 1, "certificate": "0c72ac70b745ac19998811b131d662c9"}

EXAMPLES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "cloudflare.record": {
        "a": {
            "type": "A",
            "name": "a",
            "content": "192.0.2.10",
            "ttl": 300,
            "comment": "the api",
            "tags": ("team:web", "tier:one"),
        },
        "a-auto": {"type": "A", "name": "a-auto", "content": "192.0.2.11"},
        "a-proxied": {
            "type": "A",
            "name": "a-proxied",
            "content": "192.0.2.12",
            "proxied": True,
            "settings": {"ipv4_only": True},
        },
        "aaaa": {"type": "AAAA", "name": "aaaa", "content": "2001:db8::10", "ttl": 300},
        "aaaa-proxied": {"type": "AAAA", "name": "aaaa-proxied", "content": "2001:db8::11", "proxied": True},
        "apex-caa": {"type": "CAA", "name": "@", "data": {"flags": 0, "tag": "issue", "value": "ca.example.net"}},
        "caa": {"type": "CAA", "name": "caa", "data": {"flags": 128, "tag": "iodef", "value": "https://example.net"}},
        "cert": {
            "type": "CERT",
            "name": "cert",
            "data": {"type": 1, "key_tag": 12345, "algorithm": 8, "certificate": "TUlJQ2V4YW1wbGU="},
        },
        "cname": {
            "type": "CNAME",
            "name": "cname",
            "content": "target.example.net",
            "ttl": 600,
            "settings": {"flatten_cname": True},
        },
        "cname-proxied": {"type": "CNAME", "name": "cname-proxied", "content": "target.example.net", "proxied": True},
        "dnskey": {
            "type": "DNSKEY",
            "name": "dnskey",
            "data": {"flags": 257, "protocol": 3, "algorithm": 13, "public_key": "ZG9jdW1lbnRhdGlvbg=="},
        },
        "ds": {
            "type": "DS",
            "name": "ds",
            "data": {"key_tag": 2371, "algorithm": 13, "digest_type": 2, "digest": "1f98ab33c2e455d0"},
        },
        "https": {"type": "HTTPS", "name": "https", "data": {"priority": 1, "target": ".", "value": 'alpn="h3,h2"'}},
        "loc": {"type": "LOC", "name": "loc", "data": _LOC},
        "mx": {"type": "MX", "name": "mx", "content": "mx1.example.net", "priority": 10},
        "naptr": {
            "type": "NAPTR",
            "name": "naptr",
            "data": {
                "order": 100,
                "preference": 10,
                "flags": "u",
                "service": "E2U+sip",
                "regex": "!^.*$!sip:info@example.net!",
                "replacement": "sip.example.net",
            },
        },
        "ns": {"type": "NS", "name": "ns", "content": "ns1.example.net", "ttl": 86400},
        "openpgpkey": {"type": "OPENPGPKEY", "name": "openpgpkey", "content": "bWVzc2FnZXM="},
        "ptr": {"type": "PTR", "name": "ptr", "content": "host.example.net"},
        "smimea": {"type": "SMIMEA", "name": "smimea", "data": {"usage": 3, **_SPKI}},
        "srv": {
            "type": "SRV",
            "name": "_sip._tcp",
            "data": {"priority": 10, "weight": 5, "port": 5060, "target": "sip.example.net"},
        },
        "sshfp": {
            "type": "SSHFP",
            "name": "sshfp",
            "data": {"algorithm": 4, "type": 2, "fingerprint": "123456789abcdef67890123456789abcdef67890"},
        },
        "svcb": {
            "type": "SVCB",
            "name": "svcb",
            "data": {"priority": 1, "target": "svc.example.net", "value": "port=53"},
        },
        "tlsa": {"type": "TLSA", "name": "_443._tcp", "data": {"usage": 3, **_SPKI}},
        "txt": {"type": "TXT", "name": "txt", "content": 'says "hello" \\ back', "ttl": 120, "comment": ""},
        "txt-long": {"type": "TXT", "name": "txt-long", "content": "k=rsa; p=" + "0123456789" * 40},
        "uri": {
            "type": "URI",
            "name": "_http._tcp",
            "priority": 10,
            "data": {"weight": 1, "target": "https://example.net/start"},
        },
    },
    "betterstack.heartbeat": {
        "whole": {
            "name": "nightly backup",
            "period": 86400,
            "grace": 3600,
            "call": True,
            "sms": True,
            "email": False,
            "push": False,
            "critical_alert": True,
            "team_wait": 300,
            "paused": False,
            "policy_id": "1234",
            "heartbeat_group_id": 77,
            "sort_index": 3,
            "maintenance_from": "02:00:00",
            "maintenance_to": "03:30:00",
            "maintenance_timezone": "Berlin",
            "maintenance_days": ("sat", "sun"),
            "server_timezone": "Europe/Vienna",
            "team_name": "operations",
        },
        "paused": {"name": "weekly report", "period": 60, "paused": True},
    },
    **examples_railway.EXAMPLES,
    **examples_vercel.EXAMPLES,
    **examples_r2.EXAMPLES,
    **examples_github.EXAMPLES,
}
NAMED: Mapping[str, Mapping[str, Any]] = {
    "cloudflare.zone": {"name": "zone.contract.example"},
    **examples_railway.NAMED,
    **examples_github.NAMED,
}
"""What a resource is made of that others name; where nothing stands here, of its own name."""
