"""Rich examples of R2's kinds, and how its console is typed into."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from reconcile.platforms.r2.rules import CorsRule, LifecycleRule, LockRule

_LOCATIONS = ("weur", "eeur", "enam", "wnam", "apac", "oc")
_JURISDICTIONS = ("default", "eu", "us", "fedramp", "fedramp-high")

EXAMPLES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "r2.bucket": {
        **{
            f"in-{where}": {"name": f"in-{where}", "location": where, "storage_class": storage}
            for where, storage in zip(_LOCATIONS, ("Standard", "InfrequentAccess") * 3, strict=True)
        },
        **{
            f"{where}-{number}": {
                "name": f"{where}-{number}",
                "jurisdiction": where,
                "storage_class": "InfrequentAccess",
            }
            for where in _JURISDICTIONS
            for number in (1, 2)
        },
        "plain": {"name": "plain"},
    },
    "r2.cors": {
        "whole": {
            "rules": (
                {"id": "read", "origins": ("https://example.com",), "methods": ("GET", "HEAD")},
                {
                    "id": "upload",
                    "origins": ("https://app.example.com", "https://example.com"),
                    "methods": ("PUT",),
                    "headers": ("content-type",),
                    "expose_headers": ("etag",),
                    "max_age": 3600,
                },
            )
        },
        "least": {"rules": ({"origins": ("*",), "methods": ("GET",)},)},
    },
    "r2.lifecycle": {
        "whole": {
            "rules": (
                {"id": "abort", "abort_uploads_after": 86400},
                {"id": "old", "prefix": "logs/", "delete_after": 2592000, "infrequent_after": 604800},
                {"id": "once", "enabled": False, "prefix": "tmp/", "delete_on": "2030-01-01"},
                {"id": "then", "infrequent_on": "2031-06-01"},
            )
        },
        "nothing-ends": {"rules": ({"id": "Default Multipart Abort Rule", "abort_uploads_after": 604801},)},
    },
    "r2.lock": {
        "whole": {
            "rules": (
                {"id": "receipts", "prefix": "receipts/", "seconds": 315360000},
                {"id": "trial", "enabled": False, "until": "2030-01-01"},
            )
        },
        "for-good": {"rules": ({"id": "all", "forever": True},)},
    },
    "r2.domain": {
        "whole": {
            "zone": "zone.contract.example",
            "host": "files.zone.contract.example",
            "enabled": False,
            "min_tls": "1.2",
            "ciphers": ("AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"),
        },
        **{
            f"tls-{number}": {
                "zone": "zone.contract.example",
                "host": f"tls{number}.zone.contract.example",
                "min_tls": f"1.{number}",
            }
            for number in (0, 1, 3)
        },
    },
    "r2.public-access": {"open": {"enabled": True}, "open-too": {"enabled": True}},
}
APART = frozenset({"r2.cors", "r2.lifecycle", "r2.lock", "r2.public-access"})
"""Kinds of which a bucket has one."""


def _written(rule: Callable[..., Any]) -> Callable[[Any], dict[str, Any]]:
    return lambda value: {"rules": json.dumps([rule(**each).wire() for each in value])}


HAND: Mapping[str, Mapping[str, str | Callable[[Any], dict[str, Any]]]] = {
    "r2.cors": {"rules": _written(CorsRule)},
    "r2.lifecycle": {"rules": _written(LifecycleRule)},
    "r2.lock": {"rules": _written(LockRule)},
}


def is_there(kind: str, thing: Mapping[str, Any]) -> bool:
    """Whether a thing on a shelf counts: every bucket has a lifecycle and a switch for public access unasked."""
    if kind == "r2.lifecycle":
        return [rule["id"] for rule in thing["rules"]] != ["Default Multipart Abort Rule"] or (
            thing["rules"][0]["abortMultipartUploadsTransition"]["condition"]["maxAge"] != 604800
        )
    return kind != "r2.public-access" or bool(thing["enabled"])


def told_id(thing: Mapping[str, Any]) -> str:
    """The product's id of a bucket."""
    name = str(thing["name"])
    return name if thing["jurisdiction"] == "default" else f"{thing['jurisdiction']}/{name}"
