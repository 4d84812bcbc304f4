"""What a platform answered: things seen, and what could not be seen."""

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import ClassVar

from .resource import Key, Resource


@dataclass(frozen=True, order=True, slots=True)
class Container:
    """One listing: all things of a kind in one container. `name` is "" for what lists by account."""

    kind: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """What to read in one account. `containers` None: everything the credential can list."""

    account: str
    containers: frozenset[Container] | None = None
    known: frozenset[tuple[str, str, str]] = frozenset()
    """(kind, name, id) of what is ours and holds other things, by the name that the stacks have for it: a platform may
    have renamed it, and its listings are asked for by that name."""


@dataclass(frozen=True, slots=True)
class Mark:
    """An owner mark found on a live thing: `trueup:<project>/<stack>/<address>`."""

    project: str
    stack: str
    address: str

    PREFIX: ClassVar[str] = "trueup:"
    LIMIT: ClassVar[int] = 100
    """Characters a mark may have: Cloudflare's limit for a record's comment on the Free plan."""

    @classmethod
    def of(cls, project: str, stack: str, address: object) -> "Mark":
        """The mark of an address; a too long one carries a digest of the address in its place."""
        whole = cls(project, stack, str(address))
        if len(str(whole)) <= cls.LIMIT:
            return whole
        return cls(project, stack, "#" + hashlib.sha256(str(address).encode()).hexdigest()[:16])

    @classmethod
    def parse(cls, text: str | None) -> "Mark | None":
        """None where the text is not a mark of ours."""
        if not text or not text.startswith(cls.PREFIX):
            return None
        parts = text[len(cls.PREFIX) :].split("/", 2)
        return cls(*parts) if len(parts) == 3 and all(parts) else None

    def __str__(self) -> str:
        return f"{self.PREFIX}{self.project}/{self.stack}/{self.address}"


@dataclass(frozen=True, slots=True)
class Seen:
    """One live thing. `managed` names the platform's own product that made it ("" for none): that is no drift."""

    kind: str
    id: str
    key: Key
    resource: Resource
    owner: Mark | None = None
    managed: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """What could not be read, and why. It blocks create, delete and adopt in its scope, and only there.

    `container` "*": every container of the kind. `right` names the missing right where the platform said 403.
    """

    account: str
    kind: str
    container: str
    reason: str
    right: str = ""
    exit_code: int = 17


@dataclass(frozen=True)
class Observation:
    """What one platform answered for one account, when (UTC), and what it could not tell."""

    platform: str
    account: str
    at: dt.datetime
    seen: tuple[Seen, ...] = ()
    gaps: tuple[Gap, ...] = ()
    read: frozenset[Container] = frozenset()
    """The listings that were read whole."""
    account_id: str | None = None
    """The platform's id of the account that answered; None where it does not tell."""
    notes: tuple[str, ...] = ()
    """What a person must know of what was read; no gap."""
