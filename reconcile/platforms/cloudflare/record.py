"""What Cloudflare DNS holds: zones, which are looked up, and records, which are ours to write."""

import ipaddress
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, field_validator

from ...model.resource import Key, ReadOnly, RefersTo, Resource, is_pending
from .bridge import RECORD
from .canonical import DATA, canonical_data, host, name_in_zone, text, wire_data, wire_text

Type = Literal[
    "A",
    "AAAA",
    "CAA",
    "CERT",
    "CNAME",
    "DNSKEY",
    "DS",
    "HTTPS",
    "LOC",
    "MX",
    "NAPTR",
    "NS",
    "OPENPGPKEY",
    "PTR",
    "SMIMEA",
    "SRV",
    "SSHFP",
    "SVCB",
    "TLSA",
    "TXT",
    "URI",
]
PROXIED = frozenset({"A", "AAAA", "CNAME"})
"""Types that Cloudflare can proxy; of these only one can answer at a name, so a change of type is an update."""
PRIORITY = frozenset({"MX", "URI"})
"""Types with a priority beside the content; an SRV keeps it inside its data."""
_PROXY_FLAGS = ("ipv4_only", "ipv6_only")
_HOSTS = frozenset({"CNAME", "MX", "NS", "PTR"})


class Zone(Resource):
    """A domain at Cloudflare. Looked up by name: it is added to an account, and paid for, by hand."""

    kind = "cloudflare.zone"
    lookup = True
    protected = True

    name: str = Field(description="the domain")
    status: Annotated[str | None, ReadOnly] = Field(None, description="initializing, pending, active or moved")
    plan: Annotated[str | None, ReadOnly] = Field(None, description="free, pro, business or enterprise")
    name_servers: Annotated[tuple[str, ...], ReadOnly] = Field((), description="where the registrar must point")

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        return value if is_pending(value) else host(value)

    @classmethod
    def answered(cls, values: Mapping[str, Any]) -> Self:
        """From the vendor's answer, where the plan is an object (its `legacy_id` is the word people know)."""
        plan = values.get("plan")
        word = plan.get("legacy_id") if isinstance(plan, Mapping) else plan
        return super().answered({**values, "plan": word, "name_servers": values.get("name_servers") or ()})


def _seconds(value: Any) -> Any:
    return 1 if value == "auto" else value


_TTL_SCHEMA = {
    "anyOf": [{"const": "auto"}, {"const": 1, "type": "integer"}, {"type": "integer", "minimum": 30, "maximum": 86400}]
}


class Record(Resource):
    """One DNS record: one declared is one live.

    A `comment`, `tags` or `settings` that is left out is left as it lives. `content` is for the simple types, `data`
    for those that Cloudflare splits into parts: CAA, CERT, DNSKEY, DS, HTTPS, LOC, NAPTR, SMIMEA, SRV, SSHFP, SVCB,
    TLSA and URI.
    """

    kind = "cloudflare.record"
    section = "records"
    group_by = "zone"
    in_dns = True
    marker_field = "comment"
    bridge = RECORD

    # Each validator looks at fields above its own: the order counts.
    zone: Annotated[str, RefersTo("cloudflare.zone")] = Field(description="the zone it stands in")
    type: Type
    name: str = Field(min_length=1, description="@ for the apex; relative to the zone, or complete")
    content: str | None = Field(None, validate_default=True, description="address, host name or text")
    data: dict[str, Any] | None = Field(None, validate_default=True, description="the parts, for types that have them")
    priority: int | None = Field(None, validate_default=True, ge=0, le=65_535, description="MX and URI: lower is first")
    proxied: bool = Field(False, description="whether Cloudflare answers in its place; A, AAAA and CNAME only")
    ttl: Annotated[int, BeforeValidator(_seconds), WithJsonSchema(_TTL_SCHEMA)] = Field(
        1, description="seconds, or auto; a proxied record is always auto"
    )
    comment: str | None = Field(None, max_length=500, description="100 characters on Free, 500 on paid plans")
    tags: tuple[str, ...] | None = Field(None, description="name:value; paid plans only")
    settings: dict[Literal["ipv4_only", "ipv6_only", "flatten_cname"], bool] | None = Field(
        None, description="ipv4_only, ipv6_only (of effect once proxied); flatten_cname on a CNAME"
    )

    TYPES: ClassVar[frozenset[str]] = frozenset(get_args(Type))

    @field_validator("zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        return value if is_pending(value) else host(value)

    @field_validator("name")
    @classmethod
    def _name(cls, value: str, info: ValidationInfo) -> str:
        zone = info.data.get("zone", "")
        if is_pending(value) or is_pending(zone) or not zone:
            return value
        return name_in_zone(value, zone)

    @field_validator("content")
    @classmethod
    def _content(cls, value: str | None, info: ValidationInfo) -> str | None:
        kind = info.data.get("type")
        if kind is None:
            return value
        if kind in DATA:
            if value is not None:
                raise ValueError(f"{kind} has no content; say data: {{{', '.join(DATA[kind])}}}")
            return None
        if not value:
            raise ValueError(f"{kind} needs a content")
        if is_pending(value):
            return value
        if kind in _HOSTS:
            target = host(value)
            if kind == "CNAME" and target == info.data.get("name"):
                raise ValueError("a CNAME cannot point at itself")
            return target
        return _simple(kind, value)

    @field_validator("data")
    @classmethod
    def _data(cls, value: dict[str, Any] | None, info: ValidationInfo) -> dict[str, Any] | None:
        kind = info.data.get("type")
        if kind is None:
            return value
        if kind not in DATA:
            if value is not None:
                raise ValueError(f"{kind} has no data; say content")
            return None
        if value is None:
            raise ValueError(f"{kind} needs data: {{{', '.join(DATA[kind])}}}")
        return canonical_data(kind, value)

    @field_validator("priority")
    @classmethod
    def _priority(cls, value: int | None, info: ValidationInfo) -> int | None:
        kind = info.data.get("type")
        if kind in PRIORITY and value is None:
            raise ValueError(f"{kind} needs a priority, 0 to 65535")
        if kind is not None and kind not in PRIORITY and value is not None:
            where = "; an SRV's stands in its data" if kind == "SRV" else ""
            raise ValueError(f"{kind} has no priority{where}")
        return value

    @field_validator("proxied")
    @classmethod
    def _proxied(cls, value: bool, info: ValidationInfo) -> bool:
        kind = info.data.get("type")
        if value and kind is not None and kind not in PROXIED:
            raise ValueError(f"{kind} cannot be proxied; A, AAAA and CNAME can")
        return value

    @field_validator("ttl")
    @classmethod
    def _ttl(cls, value: int, info: ValidationInfo) -> int:
        if info.data.get("proxied"):
            return 1
        if value != 1 and not 30 <= value <= 86_400:
            raise ValueError(f"{value} is no TTL: auto, or 60 to 86400 seconds (from 30 on Enterprise)")
        return value

    @field_validator("comment")
    @classmethod
    def _comment(cls, value: str | None) -> str | None:
        if value and ("\n" in value or "\r" in value):
            raise ValueError("a comment is one line")
        return value

    @field_validator("tags")
    @classmethod
    def _tags(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return value if not value else tuple(sorted(set(value)))

    @field_validator("settings")
    @classmethod
    def _settings(cls, value: dict[str, bool] | None, info: ValidationInfo) -> dict[str, bool] | None:
        # A flag that is off and one that is absent mean the same, and Cloudflare leaves some out. The proxy's own
        # are of no effect until the record is proxied, as a TTL is of none while it is.
        kind = info.data.get("type", "CNAME")
        on = sorted(name for name, is_on in (value or {}).items() if is_on)
        if kind not in PROXIED and on:
            raise ValueError(f"{kind} has no {', '.join(on)}")
        if kind != "CNAME" and "flatten_cname" in on:
            raise ValueError("flatten_cname is for CNAME")
        proxied = info.data.get("proxied", True)
        return value and {name: True for name in on if proxied or name not in _PROXY_FLAGS}

    @classmethod
    def answered(cls, values: Mapping[str, Any]) -> Self:
        """From the vendor's answer and its zone's domain as `zone`, which the answer does not hold (since 2025).

        The answer gives a formatted `content` beside `data`, and the old parts of an SRV: these are left aside.
        """
        kind = values.get("type")
        taken = {
            "zone": values.get("zone"),
            "type": kind,
            "name": values.get("name"),
            "proxied": values.get("proxied") or False,
            "ttl": values.get("ttl", 1),
            "comment": values.get("comment") or "",
            "tags": values.get("tags") or (),
            "settings": _flags_of(values),
        }
        parts = DATA.get(kind) if isinstance(kind, str) else None
        if parts is None:
            content = values.get("content")
            # Here and not in the validator: what lives is no reference, however much it looks like one.
            taken["content"] = text(content) if kind == "TXT" and isinstance(content, str) else content
        else:
            taken["data"] = {name: part for name, part in (values.get("data") or {}).items() if name in parts}
        if kind in PRIORITY:
            taken["priority"] = values.get("priority")
        return super().answered(taken)

    def body(self, marker: str = "", before: "Record | None" = None) -> dict[str, Any]:
        """What Cloudflare is sent: the whole record, less what is undeclared.

        `before` is the live record that this one takes the place of: it hands on what is undeclared here.
        """
        comment = self.comment if self.comment is not None else marker or (before.comment if before else None)
        tags = self.tags if self.tags is not None else before.tags if before else None
        settings = self.settings if self.settings is not None else before.settings if before else None
        body: dict[str, Any] = {"type": self.type, "name": self.name, "ttl": self.ttl}
        if self.data is not None:
            body["data"] = wire_data(self.type, self.data)
        elif self.content is not None:
            body["content"] = wire_text(self.content) if self.type == "TXT" else self.content
        if self.priority is not None:
            body["priority"] = self.priority
        if self.type in PROXIED:
            body["proxied"] = self.proxied
        # An empty one is worth saying only where it takes something away.
        if comment or self.comment is not None:
            body["comment"] = comment
        if tags or self.tags is not None:
            body["tags"] = list(tags or ())
        if settings or self.settings is not None:
            body["settings"] = self._flags(settings or {})
        return body

    def _flags(self, settings: Mapping[Any, bool]) -> dict[str, bool]:
        known = (_PROXY_FLAGS if self.proxied else ()) + (("flatten_cname",) if self.type == "CNAME" else ())
        return {name: settings.get(name, False) for name in known}

    def leads(self) -> tuple[str, str]:
        return (self.name, self.content or "") if self.type in PROXIED else ("", "")

    def container(self) -> str:
        return self.zone

    def keys(self) -> tuple[Key, ...]:
        """(zone, name, type, value); (zone, name, type); and (zone, name) where only one of several types can answer.

        CAA, and TXT at the apex, are many values under one name, written by many: each is its own thing.
        """
        value = self.content if self.data is None else " ".join(str(part) for part in self.data.values())
        whole = (self.zone, self.name, self.type, value or "")
        if self.type == "CAA" or (self.type == "TXT" and self.name == self.zone):
            return (whole,)
        if self.type in PROXIED:
            return (whole, whole[:3], whole[:2])
        return (whole, whole[:3])

    def title(self) -> str:
        return " ".join(self.keys()[0][1:])


def _flags_of(values: Mapping[str, Any]) -> dict[str, bool]:
    """The settings of an answer that have an effect there; whatever else stands there hides nothing."""
    known = {"flatten_cname"} if values.get("type") == "CNAME" else set()
    known.update(_PROXY_FLAGS if values.get("proxied") else ())
    return {name: on for name, on in (values.get("settings") or {}).items() if name in known}


def _simple(kind: str, value: str) -> str:
    """The canonical content of a type that holds no host name. Raises ValueError."""
    if kind == "TXT":
        return text(value)
    if kind == "OPENPGPKEY":
        return "".join(value.split())
    return _address(value, 4 if kind == "A" else 6)


@lru_cache(maxsize=65_536)
def _address(value: str, version: int) -> str:
    try:
        return str(ipaddress.IPv4Address(value) if version == 4 else ipaddress.IPv6Address(value))
    except ValueError:
        raise ValueError(f"{value!r} is no IPv{version} address") from None
