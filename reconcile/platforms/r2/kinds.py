"""What R2 holds: buckets, and what each of them has. A bucket is known by its jurisdiction and its name."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import Field, ValidationInfo, field_validator

from ...model.resource import STACK_FILE, Immutable, Key, ReadOnly, RefersTo, Resource, is_pending
from ...wire.rest import Endpoint, RestResource
from .bridge import BUCKET as BUCKET_BRIDGE
from .bridge import CORS, DOMAIN, LIFECYCLE, LOCK, PUBLIC_ACCESS
from .paths import path_of
from .rules import DEFAULT_RULES, CorsRule, LifecycleRule, LockRule

Jurisdiction = Literal["default", "eu", "us", "fedramp", "fedramp-high"]
Location = Literal["apac", "eeur", "enam", "oc", "weur", "wnam"]
StorageClass = Literal["Standard", "InfrequentAccess"]
Tls = Literal["1.0", "1.1", "1.2", "1.3"]
JURISDICTIONS: tuple[str, ...] = get_args(Jurisdiction)
BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]\Z")


class Bucket(RestResource):
    """A bucket. What is in it cannot be made again, so it is deleted by hand only.

    The location is a hint that Cloudflare may not follow, and what a bucket of that name once had counts for good: a
    difference is no drift. The storage class is that of new objects; those there keep theirs.
    """

    kind = "r2.bucket"
    bridge = BUCKET_BRIDGE
    protected = True
    endpoint = Endpoint("")

    name: Annotated[str, Immutable] = Field(description="3 to 63 small letters, digits and dashes")
    jurisdiction: Annotated[Jurisdiction, Immutable] = Field("default", description="where it must stay, by law")
    location: Location | None = Field(None, description="where it should be, said once when it is made")
    storage_class: StorageClass | None = Field(None, description="of new objects; Standard where it never was said")
    creation_date: Annotated[str | None, ReadOnly] = None

    @field_validator("name")
    @classmethod
    def _name(cls, value: str, info: ValidationInfo) -> str:
        if info.context == STACK_FILE and not is_pending(value) and not BUCKET.match(value):
            raise ValueError(f"{value!r} is no bucket name: 3 to 63 small letters, digits and dashes")
        return value

    @classmethod
    def answered(cls, values: Mapping[str, Any]) -> Self:
        """From the vendor's answer, which tells the location in capitals too."""
        return super().answered({**values, "location": (values.get("location") or "").lower() or None})

    def container(self) -> str:
        """Its jurisdiction: a listing shows no other."""
        return self.jurisdiction

    def keys(self) -> tuple[Key, ...]:
        return ((self.jurisdiction, self.name),)

    def referred_as(self) -> str:
        return path_of(self.jurisdiction, self.name)

    def title(self) -> str:
        return self.referred_as()

    def decided_elsewhere(self) -> frozenset[str]:
        return frozenset({"location"})

    def body(self, marker: str = "", *, making: bool = True) -> dict[str, Any]:
        told = {"name": self.name, "locationHint": self.location, "storageClass": self.storage_class}
        return {name: value for name, value in told.items() if value is not None}


class InBucket(RestResource):
    """What a bucket has once. `removed`: what is written in place of deleting it, where there is no delete."""

    inside = "bucket"
    removed: ClassVar[Mapping[str, Any] | None] = None

    bucket: Annotated[str, RefersTo("r2.bucket"), Immutable]

    def container(self) -> str:
        return self.bucket

    def keys(self) -> tuple[Key, ...]:
        return ((self.bucket,),)

    def referred_as(self) -> str:
        return self.bucket

    def id(self) -> str:
        """What stands in for an id, since the platform has none."""
        return self.bucket

    def is_plain(self) -> bool:
        """Whether it is as the platform makes it unasked."""
        return False


class Cors(InBucket):
    """Which pages may call a bucket: the whole set of its CORS rules."""

    kind = "r2.cors"
    bridge = CORS
    endpoint = Endpoint("/cors")

    rules: tuple[CorsRule, ...] = Field(
        min_length=1, examples=[[{"origins": ["https://example.com"], "methods": ["GET"]}]]
    )

    @field_validator("rules")
    @classmethod
    def _named(cls, value: tuple[CorsRule, ...]) -> tuple[CorsRule, ...]:
        # The vendor's ids are optional: a rule without one is called by its place, on both sides.
        return tuple(rule.model_copy(update={"id": rule.id or f"rule-{n}"}) for n, rule in enumerate(value, 1))

    @classmethod
    def answered(cls, values: Mapping[str, Any]) -> Self:
        return super().answered({**values, "rules": [CorsRule.told(raw) for raw in values.get("rules") or ()]})

    def body(self, marker: str = "", *, making: bool = True) -> dict[str, Any]:
        return {"rules": [rule.wire() for rule in self.rules]}


class Lifecycle(InBucket):
    """What becomes of a bucket's objects with time: the whole set of its rules.

    A fresh bucket has one rule of Cloudflare's own, which ends uploads after seven days. Where no lifecycle is
    declared, whatever is there stays; one that is declared replaces that rule too, and one that is declared no more
    gives it back.
    """

    kind = "r2.lifecycle"
    bridge = LIFECYCLE
    endpoint = Endpoint("/lifecycle")
    standing = True
    removed: ClassVar[Mapping[str, Any]] = {"rules": [rule.wire() for rule in DEFAULT_RULES]}

    rules: tuple[LifecycleRule, ...] = Field(examples=[[{"id": "old", "prefix": "logs/", "delete_after": 2592000}]])

    @field_validator("rules")
    @classmethod
    def _ordered(cls, value: tuple[LifecycleRule, ...]) -> tuple[LifecycleRule, ...]:
        return _by_id(value)

    @classmethod
    def answered(cls, values: Mapping[str, Any]) -> Self:
        return super().answered({**values, "rules": [LifecycleRule.told(raw) for raw in values.get("rules") or ()]})

    def body(self, marker: str = "", *, making: bool = True) -> dict[str, Any]:
        return {"rules": [rule.wire() for rule in self.rules]}

    def is_plain(self) -> bool:
        return self.rules == DEFAULT_RULES


class Lock(InBucket):
    """How long a bucket's objects can be neither deleted nor overwritten: the whole set of its lock rules.

    To loosen it needs a person.
    """

    kind = "r2.lock"
    bridge = LOCK
    endpoint = Endpoint("/lock")
    removed: ClassVar[Mapping[str, Any]] = {"rules": []}

    rules: tuple[LockRule, ...] = Field(min_length=1, examples=[[{"id": "all", "seconds": 31536000}]])

    @field_validator("rules")
    @classmethod
    def _ordered(cls, value: tuple[LockRule, ...]) -> tuple[LockRule, ...]:
        return _by_id(value)

    @classmethod
    def answered(cls, values: Mapping[str, Any]) -> Self:
        return super().answered({**values, "rules": [LockRule.told(raw) for raw in values.get("rules") or ()]})

    def body(self, marker: str = "", *, making: bool = True) -> dict[str, Any]:
        return {"rules": [rule.wire() for rule in self.rules]}

    def loosened(self, after: Resource | None) -> str:
        kept = after.rules if isinstance(after, Lock) and after.bucket == self.bucket else ()
        loose = [one.id for one in self.rules if one.enabled and not any(other.holds(one) for other in kept)]
        return f"it would no longer keep what {', '.join(loose)} keeps" if loose else ""


def _by_id(rules: tuple[Any, ...]) -> tuple[Any, ...]:
    """In the order of their ids, which counts for nothing. Raises ValueError for two of one id."""
    if len({rule.id for rule in rules}) != len(rules):
        raise ValueError("two rules have one id")
    return tuple(sorted(rules, key=lambda rule: rule.id))


class PublicAccess(InBucket):
    """Whether everybody can read a bucket under its r2.dev address. Say `enabled: false` where nobody may."""

    kind = "r2.public-access"
    bridge = PUBLIC_ACCESS
    endpoint = Endpoint("/domains/managed")
    standing = True
    removed: ClassVar[Mapping[str, Any]] = {"enabled": False}

    enabled: bool
    host: Annotated[str | None, ReadOnly] = Field(None, alias="domain", description="pub-….r2.dev")

    def body(self, marker: str = "", *, making: bool = True) -> dict[str, Any]:
        return {"enabled": self.enabled}

    def remarks(self) -> tuple[str, ...]:
        return (f"everybody can read what is in it, at {self.host or 'its r2.dev address'}",) if self.enabled else ()

    def is_plain(self) -> bool:
        return not self.enabled


class Domain(InBucket):
    """A host name of one's own under which everybody can read a bucket.

    Cloudflare itself makes the CNAME in the zone, and takes it away again: declare no record for it.
    """

    kind = "r2.domain"
    bridge = DOMAIN
    endpoint = Endpoint("/domains/custom")

    zone: Annotated[str, Immutable] = Field(alias="zoneName", description="the domain at Cloudflare; in this account")
    host: Annotated[str, Immutable] = Field(alias="domain", description="the zone's own name, or one below it")
    enabled: bool = Field(True, description="false keeps it connected and shuts it")
    min_tls: Tls | None = Field(None, alias="minTLS", description="1.0 where it never was said")
    ciphers: tuple[str, ...] | None = Field(None, description="of TLS below 1.3")
    ownership: Annotated[str | None, ReadOnly] = Field(None, description="pending, active, blocked …")
    certificate: Annotated[str | None, ReadOnly] = Field(None, description="initializing, pending, active …")

    @field_validator("zone", "host")
    @classmethod
    def _lower(cls, value: str, info: ValidationInfo) -> str:
        if is_pending(value):
            return value
        name, zone = value.rstrip(".").lower(), info.data.get("zone", "")
        if zone and not is_pending(zone) and name != zone and not name.endswith(f".{zone}"):
            raise ValueError(f"{name} is not in the zone {zone}")
        return name

    @field_validator("ciphers")
    @classmethod
    def _ciphers(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return value if value is None else tuple(sorted(set(value)))

    @classmethod
    def answered(cls, values: Mapping[str, Any]) -> Self:
        """From the vendor's answer, which leaves out half of it while its certificate service is down."""
        status = values.get("status") or {}
        given = {name: value for name, value in values.items() if value is not None}
        whole = {"zoneName": ""} if status.get("ssl") == "unknown" else {"zoneName": "", "minTLS": "1.0", "ciphers": ()}
        told = {"ownership": status.get("ownership"), "certificate": status.get("ssl")}
        return super().answered({**whole, **given, **told})

    def decided_elsewhere(self) -> frozenset[str]:
        """What the answer left out: nobody knows whether it differs."""
        return frozenset(name for name in ("zone", "min_tls", "ciphers") if getattr(self, name) in ("", None))

    def keys(self) -> tuple[Key, ...]:
        """A host name leads to one bucket at most."""
        return ((self.host,),)

    def referred_as(self) -> str:
        return self.host

    def apart_by(self) -> str:
        return self.host

    def remarks(self) -> tuple[str, ...]:
        return (f"everybody can read what is in the bucket {self.bucket} there",) if self.enabled else ()

    def asks_of_dns(self) -> Mapping[str, frozenset[str]]:
        """Cloudflare makes the record itself; what it holds is Cloudflare's to decide."""
        return {self.host: frozenset()} if self.enabled else {}

    def id(self) -> str:
        return f"{self.bucket}/{self.host}"

    def body(self, marker: str = "", *, making: bool = True) -> dict[str, Any]:
        """All but the zone, which the vendor wants by its id. Of a PUT with less it is not known what it keeps."""
        told = {"domain": self.host if making else None, "enabled": self.enabled, "minTLS": self.min_tls}
        more = {"ciphers": None if self.ciphers is None else list(self.ciphers)}
        return {name: value for name, value in {**told, **more}.items() if value is not None}
