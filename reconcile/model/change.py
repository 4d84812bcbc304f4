"""What differs, what is to be done about it, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from .memory import Sighting
from .observation import Gap, Seen
from .resource import Address, Key, Resource
from .rotation import Astray
from .spec import Declared, Ignore, Location, Place

Verb = Literal["create", "update", "replace", "delete", "adopt"]
Cause = Literal["git", "drift", "rotation", "reference", "unknown"]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs. `after` of a pending field is the reference's text; hidden values are never kept."""

    name: str
    before: Any = None
    after: Any = None
    pending: str = ""
    hidden: bool = False
    print: str = ""
    """Fingerprint of a hidden value that is wanted; "" where there is none."""
    unknown: bool = False
    """The live value cannot be read, so nobody knows whether it differs; only that it was touched."""
    drifted: bool = False
    """Live differs from what was last applied, whatever else moved."""


@dataclass(frozen=True, slots=True)
class Change:
    """One verb on one address.

    `before` is None only for a create, `after` only for a delete. `id` is the platform's own; "" before a create.
    `container` is the listing the thing stands in. `wave` orders: all of one wave are independent of each other.
    """

    stack: str
    account: str
    address: Address
    verb: Verb
    cause: Cause
    key: Key
    container: str
    before: Resource | None
    after: Resource | None
    id: str = ""
    fields: tuple[FieldChange, ...] = ()
    wave: int = 0
    marker: str = ""
    """Owner mark to leave on the platform, with a create or in place of an outdated one; "" for none."""
    references: Mapping[str, str] = field(default_factory=dict)
    managed: str = ""
    """The platform's own product that manages the live thing; "" for none."""
    needs: tuple[Place, ...] = ()
    """What must exist first."""
    held_by: tuple[Place, ...] = ()
    """Of a delete: what refers to it, or to what goes with it, and must be gone or changed first."""
    left: tuple[str, ...] = ()
    """Fields that an ignore rule accepts as they live: sent as they are, remembered as declared."""
    quiet: bool = False
    """Written without starting what runs on it anew, where the platform can: a release that follows does that."""
    at: Location | None = None
    rotated: bool = False
    """Of a delete: a rotation wrote it, so that nobody else knows of it."""

    @property
    def place(self) -> Place:
        return Place(self.stack, self.address)

    @property
    def in_pulumi(self) -> bool:
        """Whether Pulumi makes it where the stack is Pulumi's."""
        return self.kind.in_pulumi and not self.rotated

    @property
    def kind(self) -> type[Resource]:
        resource = self.after if self.after is not None else self.before
        assert resource is not None
        return type(resource)

    @property
    def only_marks(self) -> bool:
        """Whether all that is written is our own mark."""
        names = {one.name for one in self.fields}
        return self.verb == "update" and bool(self.marker) and names == {self.kind.marker_field}

    @property
    def also_drifted(self) -> bool:
        return self.cause != "drift" and any(one.drifted for one in self.fields)

    @property
    def destructive(self) -> bool:
        """Any replace, or a delete of what is protected or runs (DESIGN D13)."""
        return self.verb == "replace" or (self.verb == "delete" and (self.kind.protected or self.kind.runs))


@dataclass(frozen=True, slots=True)
class Accepted:
    """A difference that an ignore rule accepts; it stays visible."""

    stack: str
    address: Address
    field: FieldChange
    rule: Ignore


@dataclass(frozen=True, slots=True)
class Owning:
    """Ownership that the facts show and the ledger does not hold yet. The next apply writes it, and nothing live."""

    stack: str
    account: str
    address: Address
    seen: Seen
    declared: Declared | None
    reason: Literal["marker", "intent", "came", "moved", "agreed", "pinned"]
    """`came`: the platform made it along with something that we made. `pinned`: the stack file names its id.
    `agreed`: it is ours and lives as declared, but the ledger remembers it otherwise."""
    before: Address | None = None
    """The address that it is moved from; None for the other reasons."""

    @property
    def place(self) -> Place:
        return Place(self.stack, self.address)


@dataclass(frozen=True, slots=True)
class Touched:
    """Somebody wrote what is declared and only seen. `before` is what was taken as right, `now` what would be instead.

    Only a person can say whether it is right: the value is not ours, and what it was nobody kept.
    """

    before: Sighting
    now: Sighting
    known: bool
    """Whether the fingerprint says that the value is another one; else only the time of the last writing moved."""
    at: Location | None = None

    @property
    def place(self) -> Place:
        return self.now.place

    @property
    def verdict(self) -> str:
        return "value changed" if self.known else "touched, value unknown"


@dataclass(frozen=True, slots=True)
class Unmanaged:
    """It exists and no stack declares it. `orphan`: it carries our mark, or the ledger knows it, without a history."""

    account: str
    seen: Seen
    orphan: str = ""


@dataclass(frozen=True)
class Plan:
    """Changes in order, and everything that is not a change but must be said."""

    stacks: tuple[str, ...]
    revision: str
    observed_at: str
    changes: tuple[Change, ...]
    adopt: tuple[Change, ...] = ()
    """Declared, present, not ours and identical: no change, not in the digest."""
    accepted: tuple[Accepted, ...] = ()
    unmanaged: tuple[Unmanaged, ...] = ()
    gaps: tuple[Gap, ...] = ()
    owning: tuple[Owning, ...] = ()
    gone: tuple[Place, ...] = ()
    """(stack, address) of what the ledger owns, no stack declares and the platform no longer holds."""
    touched: tuple[Touched, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    """What the ledger is to remember of things that are only seen."""
    unsighted: tuple[Place, ...] = ()
    """Where it need not remember any: nothing that is only seen is declared there any more."""
    let_go: tuple[Place, ...] = ()
    """(stack, address) of what is ours by the ledger, and only seen by the stack file."""
    along: tuple[Change, ...] = ()
    """What Pulumi would do besides, because of the changes: no stack file and no drift asks for it. Not in the digest,
    since only Pulumi knows it."""
    astray: tuple[Astray, ...] = ()
    """Consumers of secrets that do not hold what they should: a turn of the rotation puts them right, no change."""
    warnings: tuple[str, ...] = ()
    digest: str = ""
    predicted_calls: int = 0
    owned_counts: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """How many objects we own, by (stack, platform): what a blast radius is measured against."""
    declared_counts: Mapping[tuple[str, str], int] = field(default_factory=dict)


class Came(NamedTuple):
    """A live thing that the platform made along with another, unasked."""

    kind: str
    key: Key
    id: str


Status = Literal["done", "failed", "unsure", "held", "denied", "skipped"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one change. `resource` is the thing as the platform now describes it; None after a delete."""

    change: Change
    status: Status
    id: str = ""
    resource: Resource | None = None
    error: str = ""
    exit_code: int = 0
    also: tuple[Came, ...] = ()
    """What came into being with it. Whichever stack declares such a thing owns it without a person's word."""
    verified: bool | None = None
    """Seen on the platform afterwards; None: not looked at yet."""
