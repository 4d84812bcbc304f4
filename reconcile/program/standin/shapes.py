"""What the vendor's classes take, and how its provider treats a change: its schema as of provider 5.22.

The names are those of the installed `pulumi_cloudflare`, whose import takes seconds; a test compares them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Names = Mapping[str, "Names | None"]
"""Property to those of what it holds; None where that has none, or any."""


def _plain(*names: str) -> dict[str, None]:
    return dict.fromkeys(names)


@dataclass(frozen=True)
class Shape:
    """The inputs of one class.

    `replaces`: what cannot be changed. `kept`: what stays as it lives where it is not said. `once`: what is said when
    it is made and never looked at again. `stays`: its delete does nothing, as the vendor warns. `blind`: its read does
    nothing either.
    """

    names: Names
    needs: tuple[str, ...]
    replaces: frozenset[str]
    kept: frozenset[str] = frozenset()
    once: frozenset[str] = frozenset()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    unplayed: frozenset[str] = frozenset()
    """What the class takes and the pretend world does not have."""
    stays: bool = False
    blind: bool = False

    def refusals(self, inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Property and reason, for each that the class does not have, that is missing, or that is not played."""
        yield from _unknown(inputs, self.names, "")
        for name in self.needs:
            if inputs.get(name) is None:
                yield name, f"Missing required property '{name}'"
        for name in sorted(self.unplayed & inputs.keys()):
            if inputs[name]:
                yield name, "the sandbox's stand-in for pulumi-resource-cloudflare does not play this"

    def changed(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
        """The properties in which new inputs differ from old ones, as the vendor sees it."""
        found = []
        for name in dict.fromkeys((*old, *new)):
            if name in self.once or (name in self.kept and name not in new):
                continue
            default = self.defaults.get(name)
            if old.get(name, default) != new.get(name, default):
                found.append(name)
        return found


def _unknown(value: Any, names: Names, above: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for number, each in enumerate(value):
            yield from _unknown(each, names, f"{above.removesuffix('.')}[{number}].")
    elif isinstance(value, Mapping):
        for name, each in value.items():
            inner = names.get(name, {})
            if name not in names:
                yield f"{above}{name}", f"Unexpected property '{name}'"
            elif inner is not None:
                yield from _unknown(each, inner, f"{above}{name}.")


_DATA = _plain(
    *("algorithm", "altitude", "certificate", "digest", "digestType", "fingerprint", "flags", "keyTag"),
    *("latDegrees", "latDirection", "latMinutes", "latSeconds"),
    *("longDegrees", "longDirection", "longMinutes", "longSeconds"),
    *("matchingType", "order", "port", "precisionHorz", "precisionVert", "preference", "priority", "protocol"),
    *("publicKey", "regex", "replacement", "selector", "service", "size", "tag", "target", "type", "usage", "value"),
    "weight",
)
_WHEN: Names = {"condition": _plain("type", "date", "maxAge")}
_PLACE = _plain("accountId", "bucketName", "jurisdiction")
_DEFAULTS = {"jurisdiction": "default"}
_STANDS = frozenset({"accountId", "bucketName"})

_RECORD = Shape(
    {
        **_plain("zoneId", "name", "type", "ttl", "comment", "content", "priority", "proxied", "tags"),
        **_plain("includeShadowMetadata", "privateRouting"),
        "data": _DATA,
        "settings": _plain("flattenCname", "ipv4Only", "ipv6Only"),
    },
    ("zoneId", "name", "type", "ttl"),
    frozenset({"zoneId", "type"}),
    kept=frozenset({"tags", "settings"}),
    defaults={"proxied": False},
    unplayed=frozenset({"privateRouting", "includeShadowMetadata"}),
)
_BUCKET = Shape(
    _plain("accountId", "name", "jurisdiction", "location", "storageClass"),
    ("accountId", "name"),
    frozenset({"accountId", "name"}),
    once=frozenset({"location"}),
    defaults={**_DEFAULTS, "storageClass": "Standard"},
)
_CORS_RULE: Names = {
    **_plain("id", "exposeHeaders", "maxAgeSeconds"),
    "allowed": _plain("methods", "origins", "headers"),
}
_LIFECYCLE_RULE: Names = {
    **_plain("id", "enabled"),
    "conditions": _plain("prefix"),
    "abortMultipartUploadsTransition": {"condition": _plain("type", "maxAge")},
    "deleteObjectsTransition": _WHEN,
    "storageClassTransitions": {**_WHEN, "storageClass": None},
}
_LOCK_RULE: Names = {**_plain("id", "enabled", "prefix"), "condition": _plain("type", "date", "maxAgeSeconds")}


def _rules(names: Names, *, stays: bool) -> Shape:
    return Shape({**_PLACE, "rules": names}, ("accountId", "bucketName"), _STANDS, defaults=_DEFAULTS, stays=stays)


SHAPES: Mapping[str, Shape] = {
    "cloudflare.record": _RECORD,
    "r2.bucket": _BUCKET,
    "r2.cors": _rules(_CORS_RULE, stays=False),
    "r2.lifecycle": _rules(_LIFECYCLE_RULE, stays=True),
    "r2.lock": _rules(_LOCK_RULE, stays=True),
    "r2.domain": Shape(
        {**_PLACE, **_plain("domain", "enabled", "zoneId", "minTls", "ciphers")},
        ("accountId", "bucketName", "domain", "enabled", "zoneId"),
        _STANDS | {"domain", "zoneId"},
        defaults=_DEFAULTS,
    ),
    "r2.public-access": Shape(
        {**_PLACE, "enabled": None},
        ("accountId", "bucketName", "enabled"),
        _STANDS,
        defaults=_DEFAULTS,
        stays=True,
        blind=True,
    ),
}
"""By our kind."""
