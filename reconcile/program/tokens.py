"""Names on either side: our kinds and addresses, Pulumi's types and URNs."""

from collections.abc import Mapping
from typing import NamedTuple

from ..model.resource import Address, Resource

PACKAGE = "trueup"
"""Our provider's name: `pulumi-resource-trueup`."""
OWNERSHIP = f"{PACKAGE}:index:Ownership"
"""What tells the ledger what a vendor's own provider built."""


class Urn(NamedTuple):
    """The parts of `urn:pulumi:<stack>::<project>::<parent types>$<type>::<name>`; `type` without those of parents."""

    stack: str
    project: str
    type: str
    name: str

    @classmethod
    def parse(cls, text: str) -> "Urn":
        """Raises ValueError where the text is no URN."""
        parts = text.split("::", 3)
        head = parts[0].split(":", 2)
        if len(parts) != 4 or head[:2] != ["urn", "pulumi"]:
            raise ValueError(f"{text!r} is no URN")
        return cls(head[2], parts[1], parts[2].rpartition("$")[2], parts[3])


def token_of(kind: str) -> str:
    """`railway.service-domain` is `trueup:railway:ServiceDomain`."""
    platform, _, word = kind.partition(".")
    return f"{PACKAGE}:{platform}:{class_of(word)}"


def class_of(word: str) -> str:
    return "".join(part.capitalize() for part in word.split("-"))


def component_of(platform: str) -> str:
    """The type of the component that holds what a stack has on a platform."""
    return f"{PACKAGE}:platform:{class_of(platform)}"


def by_token(kinds: Mapping[str, type[Resource]]) -> dict[str, type[Resource]]:
    """Every kind by its type in Pulumi: the vendor's where the vendor's own provider writes it, else ours."""
    return {kind.bridge.token if kind.bridge else token_of(name): kind for name, kind in kinds.items()}


def address_of(kind: type[Resource], name: str) -> Address:
    """Where a Pulumi resource of that name is in our words. A user's own program may call it as it likes."""
    platform, _, word = kind.kind.partition(".")
    return Address(platform, word, name)
