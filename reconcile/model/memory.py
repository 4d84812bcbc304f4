"""What the ledger remembers, as values that a plan can read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .resource import Address, Key
from .spec import Place

ROTATED = "secret"
"""In `Applied.fields`: the secret that a rotation writes there."""
TOUCHED = "touched"
"""In `Applied.prints`: when the platform said, right after we wrote, that the thing was last written."""


@dataclass(frozen=True, slots=True)
class Owned:
    """A live thing that is ours. Unique by (account, kind, id)."""

    account: str
    kind: str
    key: Key
    id: str
    address: Address
    stack: str

    @property
    def place(self) -> Place:
        return Place(self.stack, self.address)


@dataclass(frozen=True, slots=True)
class Applied:
    """What was last applied at an address: resolved fields by name in JSON form, no secret values; `references` holds
    the text of the fields that refer; `prints` the fingerprints of secret fields; `at` is ISO 8601, UTC."""

    stack: str
    address: Address
    revision: str
    fields: Mapping[str, Any]
    references: Mapping[str, str] = field(default_factory=dict)
    prints: Mapping[str, str] = field(default_factory=dict)
    at: str = ""

    @property
    def place(self) -> Place:
        return Place(self.stack, self.address)

    @property
    def rotated(self) -> bool:
        """Whether a rotation wrote it, which is no part of what Pulumi builds."""
        return ROTATED in self.fields


@dataclass(frozen=True, slots=True)
class Sighting:
    """How a thing that is only seen was when it was last taken as right.

    `prints` are the fingerprints of what the platform shows of its secret fields, and when it was last written
    (`TOUCHED`). `noticed` is when somebody wrote it since, "" where nobody did. Times of writing are in the platform's
    own words; `at` is ISO 8601, UTC.
    """

    stack: str
    account: str
    address: Address
    id: str
    prints: Mapping[str, str] = field(default_factory=dict)
    noticed: str = ""
    at: str = ""

    @property
    def place(self) -> Place:
        return Place(self.stack, self.address)

    @property
    def touched(self) -> str:
        return self.prints.get(TOUCHED, "")


@dataclass(frozen=True, slots=True)
class Intent:
    """A change that was announced and has no result: the process died, or the platform never answered."""

    id: int
    stack: str
    account: str
    address: Address
    kind: str
    key: Key
    verb: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> Place:
        return Place(self.stack, self.address)


@dataclass(frozen=True)
class Memory:
    """The whole of what a plan may ask the ledger."""

    owned: tuple[Owned, ...] = ()
    applied: Mapping[Place, Applied] = field(default_factory=dict)
    intents: tuple[Intent, ...] = ()
    pins: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(account, platform) to the platform's id of the account."""
    came: frozenset[tuple[str, str, str]] = frozenset()
    """(account, kind, id) of what a platform made along with something of ours, and nobody owns yet."""
    approvals: frozenset[str] = frozenset()
    """Digests of approved plans."""
    sightings: Mapping[Place, Sighting] = field(default_factory=dict)
