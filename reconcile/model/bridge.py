"""How a vendor's own Pulumi provider says a kind: what a program passes to it, and what it registers read back."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

_HUMP = re.compile(r"(?<=[a-z0-9])([A-Z])")


@dataclass(frozen=True, slots=True)
class ZoneId:
    """The id of a zone, which the program asks the vendor's provider for by its domain."""

    domain: str


@dataclass(frozen=True)
class Bridge:
    """One kind and the resource of a vendor's package that stands for it.

    `says` gives the arguments of the class, by their Python names, from a declared resource and the platform's id of
    its account; a text that still waits for an output passes as it is. `reads` is the way back: the fields of our
    model from what was registered (wire names), and the domain of a zone by its id. `remote_id` is the id that our
    platform knows the thing by, from the vendor's id and the registered inputs.

    Two defects of a vendor's provider are told here, because somebody else must do what it does not. `blind`: its Read
    does nothing, so Pulumi never sees what a hand edits, and no `up --refresh` puts it back: our own platform does,
    and Pulumi's state stays right. `stays`: its Delete does nothing, so what is declared no more lives on: the ledger
    goes on owning it until our own platform has deleted it.
    """

    token: str
    """`cloudflare:index/dnsRecord:DnsRecord`."""
    module: str
    """The package to import: `pulumi_cloudflare`."""
    name: str
    """The class in it: `DnsRecord`."""
    says: Callable[[Any, str], Mapping[str, Any]]
    reads: Callable[[Mapping[str, Any], Callable[[str], str]], Mapping[str, Any]]
    remote_id: Callable[[str, Mapping[str, Any]], str]
    import_id: Callable[[Any, str, str, Callable[[str], str]], str] | None = None
    """What `pulumi import` takes: from the live resource, our platform's id of it, the account's id, and the id of a
    zone by its domain. None where the vendor's provider imports none."""
    outputs: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Our field to the vendor's output (Python name), where they differ."""
    blind: bool = False
    stays: bool = False


def wire_names(value: Any) -> Any:
    """Arguments by their Python names, at every depth, as they are registered: `zone_id` is `zoneId`."""
    if isinstance(value, Mapping):
        return {wire_name(name): wire_names(each) for name, each in value.items()}
    return [wire_names(each) for each in value] if isinstance(value, list | tuple) else value


def python_names(value: Any) -> Any:
    """The way back."""
    if isinstance(value, Mapping):
        return {_HUMP.sub(r"_\1", name).lower(): python_names(each) for name, each in value.items()}
    return [python_names(each) for each in value] if isinstance(value, list | tuple) else value


def wire_name(name: str) -> str:
    """`min_tls` is `minTls`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
