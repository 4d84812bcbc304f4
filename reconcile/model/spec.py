"""What the repository wants: one Spec a stack, one Tree for all of them at one revision."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from .resource import Address, Reference, Resource

if TYPE_CHECKING:
    from .rotated import Secret

Writer = Literal["trueup", "pulumi"]


@dataclass(frozen=True, slots=True)
class Location:
    """Where in the repository a thing is declared; `file` is relative to its root, lines count from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Place(NamedTuple):
    """An address in a stack: two stacks may use the same names for different things."""

    stack: str
    address: Address

    def __str__(self) -> str:
        return str(self.address)


@dataclass(frozen=True, slots=True)
class Declared:
    """One resource that a stack declares.

    `references` maps a field to the text that the stack file holds, for fields that name another resource's output;
    such a field of `resource` still holds that text.
    """

    stack: str
    account: str
    address: Address
    resource: Resource
    at: Location
    covers: tuple[str, ...] = ()
    references: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[Place, ...] = ()
    """What must exist first: the group it stands in, and everything it names or whose output it refers to."""
    pinned: str = ""
    """The platform's own id of the thing, where the stack file says which one it is: no other will do, it is ours by
    that word, and it is never made."""
    beside: Address | None = None
    """Of what no stack file says: the rotated variable that it stands beside, for the second accepted value."""

    @property
    def place(self) -> Place:
        return Place(self.stack, self.address)

    def target_of(self, reference: Reference) -> Place | None:
        """Where the thing that a reference of this resource names is declared."""
        return target_among(self.needs, reference)


def target_among(needs: Iterable[Place], reference: Reference) -> Place | None:
    """The one of what a resource needs that a reference names; None where the reference is an input's."""
    return next((one for one in needs if one.address == reference.address), None)


@dataclass(frozen=True)
class Ignore:
    """A field that may differ, until a day. After `expires` (a date, UTC) the field counts again."""

    address: Address
    field: str
    owner: str
    reason: str
    expires: dt.date
    at: Location


@dataclass(frozen=True)
class Moved:
    """An address that changed its name; the thing itself stays."""

    before: Address
    after: Address
    at: Location


@dataclass(frozen=True)
class Spec:
    """Everything one stack wants."""

    name: str
    account: str
    writer: Writer
    uses: tuple[str, ...]
    declared: Mapping[Address, Declared]
    ignores: tuple[Ignore, ...] = ()
    moved: tuple[Moved, ...] = ()

    @property
    def said(self) -> tuple[Declared, ...]:
        """What the stack file itself says, without what stands beside it."""
        return tuple(one for one in self.declared.values() if one.beside is None)

    def ignored_at(self, address: Address, today: str) -> frozenset[str]:
        """The fields of a resource that may differ on a day (ISO 8601, UTC)."""
        return frozenset(
            rule.field for rule in self.ignores if rule.address == address and today <= rule.expires.isoformat()
        )


@dataclass(frozen=True)
class Access:
    """One account on one platform: its pinned id (None: not pinned in the file), where its credentials are, its tier.

    `credentials` maps a credential's name to the name of an environment variable.
    """

    platform: str
    id: str | None
    credentials: Mapping[str, str]
    tier: str = ""


@dataclass(frozen=True)
class Migration:
    """What re-encrypts data, by the name that a secret's `hook` says: addresses of the application, which holds both
    keys. `run` is posted to until `left` answers with 0 at `field`; `token` names the variable of what it asks for."""

    run: str
    left: str
    field: str = "left"
    token: str = ""


@dataclass(frozen=True)
class Project:
    """`stacks/_project.yaml`: never taken from a pull request."""

    name: str
    ledger_id: str
    ledger_home: str
    accounts: Mapping[str, Mapping[str, Access]]
    from_env: tuple[str, ...] = ()
    migrations: Mapping[str, Migration] = field(default_factory=dict)


@dataclass(frozen=True)
class Tree:
    """All stacks of the repository at one revision: a commit, or `dirty:<sha256 of the files>`."""

    project: Project
    stacks: Mapping[str, Spec]
    revision: str
    secrets: Mapping[str, "Secret"] = field(default_factory=dict)
    """Everything that changes on schedule, by name."""

    @property
    def dirty(self) -> bool:
        return self.revision.startswith("dirty:")

    def declared(self) -> Iterator[Declared]:
        """Everything that any stack declares."""
        for spec in self.stacks.values():
            yield from spec.declared.values()

    def in_order(self, names: frozenset[str]) -> tuple[str, ...]:
        """The named stacks, used ones first."""
        ordered: list[str] = []

        def visit(name: str) -> None:
            if name in ordered or name not in self.stacks:
                return
            for used in self.stacks[name].uses:
                visit(used)
            ordered.append(name)

        for name in sorted(names):
            visit(name)
        return tuple(name for name in ordered if name in names)
