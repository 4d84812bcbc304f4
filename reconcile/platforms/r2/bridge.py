"""R2's kinds as `pulumi_cloudflare` has them: the vendor's schema of 2026 (provider 5.22).

Only a bucket has an id of its own there, its name. Whatever stands in one is known by its account, and a domain by
account and zone, so what it is can be told from its inputs only. A bucket is also all that can be imported: to create a
rule set or a switch is to write it over what is there, and a domain that is there already is refused.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...model.bridge import Bridge, ZoneId, python_names
from ...model.resource import is_pending
from .paths import DEFAULT, path_of, split
from .rules import CorsRule, LifecycleRule, LockRule

if TYPE_CHECKING:
    from .kinds import Bucket, Cors, Domain, InBucket, Lifecycle, Lock, PublicAccess

_PACKAGE = "pulumi_cloudflare"
Inputs = Mapping[str, Any]
DomainOf = Callable[[str], str]
"""The domain of a zone, by its id."""


def _bucket_says(bucket: "Bucket", account_id: str) -> dict[str, Any]:
    told = {"account_id": account_id, "name": bucket.name, "location": bucket.location}
    told["jurisdiction"] = bucket.jurisdiction if bucket.jurisdiction != DEFAULT else None
    told["storage_class"] = bucket.storage_class
    return {name: value for name, value in told.items() if value is not None}


def _bucket_reads(inputs: Inputs, domain_of: DomainOf) -> dict[str, Any]:
    told = python_names(inputs)
    location = told.get("location")
    fields = {name: told.get(name) for name in ("name", "storage_class")}
    fields |= {"jurisdiction": told.get("jurisdiction") or DEFAULT, "location": location and location.lower()}
    return {name: value for name, value in fields.items() if value is not None}


def _place(one: "InBucket", account_id: str) -> dict[str, Any]:
    if is_pending(one.bucket):
        return {"account_id": account_id, "bucket_name": one.bucket}
    jurisdiction, name = split(one.bucket)
    told = {"account_id": account_id, "bucket_name": name}
    return told if jurisdiction == DEFAULT else {**told, "jurisdiction": jurisdiction}


def _path(inputs: Inputs) -> str:
    return path_of(inputs.get("jurisdiction") or DEFAULT, str(inputs["bucketName"]))


def _rules_say(one: "Cors | Lifecycle | Lock", account_id: str) -> dict[str, Any]:
    return {**_place(one, account_id), "rules": [python_names(rule.wire()) for rule in one.rules]}


def _rules_of(kind: type[CorsRule | LifecycleRule | LockRule]) -> Callable[[Inputs, DomainOf], dict[str, Any]]:
    """The names of a registered rule are those of the API."""

    def reads(inputs: Inputs, domain_of: DomainOf) -> dict[str, Any]:
        return {"bucket": _path(inputs), "rules": [kind.told(rule) for rule in inputs.get("rules") or ()]}

    return reads


def _access_says(one: "PublicAccess", account_id: str) -> dict[str, Any]:
    return {**_place(one, account_id), "enabled": one.enabled}


def _access_reads(inputs: Inputs, domain_of: DomainOf) -> dict[str, Any]:
    return {"bucket": _path(inputs), "enabled": inputs["enabled"]}


def _domain_says(one: "Domain", account_id: str) -> dict[str, Any]:
    told = {"zone_id": ZoneId(one.zone), "domain": one.host, "enabled": one.enabled, "min_tls": one.min_tls}
    told["ciphers"] = None if one.ciphers is None else list(one.ciphers)
    return {**_place(one, account_id), **{name: value for name, value in told.items() if value is not None}}


def _domain_reads(inputs: Inputs, domain_of: DomainOf) -> dict[str, Any]:
    more = {name: value for name, value in python_names(inputs).items() if name in ("enabled", "min_tls", "ciphers")}
    given = {name: value for name, value in more.items() if value is not None}
    return {"bucket": _path(inputs), "zone": domain_of(str(inputs["zoneId"])), "host": inputs["domain"], **given}


def _bucket_import(live: "Bucket", id: str, account_id: str, zone_id_of: DomainOf) -> str:
    return f"{account_id}/{live.name}/{live.jurisdiction}"


BUCKET = Bridge(
    token="cloudflare:index/r2Bucket:R2Bucket",
    module=_PACKAGE,
    name="R2Bucket",
    says=_bucket_says,
    reads=_bucket_reads,
    remote_id=lambda id, inputs: path_of(inputs.get("jurisdiction") or DEFAULT, str(inputs["name"])),
    import_id=_bucket_import,
    outputs={"creation_date": "creation_date"},
)
CORS, LIFECYCLE, LOCK = (
    Bridge(
        token=f"cloudflare:index/r2Bucket{name}:R2Bucket{name}",
        module=_PACKAGE,
        name=f"R2Bucket{name}",
        says=_rules_say,
        reads=_rules_of(rule),
        remote_id=lambda id, inputs: _path(inputs),
        stays=stays,
    )
    for name, rule, stays in (("Cors", CorsRule, False), ("Lifecycle", LifecycleRule, True), ("Lock", LockRule, True))
)
DOMAIN = Bridge(
    token="cloudflare:index/r2CustomDomain:R2CustomDomain",
    module=_PACKAGE,
    name="R2CustomDomain",
    says=_domain_says,
    reads=_domain_reads,
    remote_id=lambda id, inputs: f"{_path(inputs)}/{inputs['domain']}",
)
PUBLIC_ACCESS = Bridge(
    token="cloudflare:index/r2ManagedDomain:R2ManagedDomain",
    module=_PACKAGE,
    name="R2ManagedDomain",
    says=_access_says,
    reads=_access_reads,
    remote_id=lambda id, inputs: _path(inputs),
    outputs={"host": "domain"},
    blind=True,
    stays=True,
)
