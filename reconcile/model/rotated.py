"""A secret that changes on schedule, as the stacks declare it: where its values come from, who holds them, when."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .resource import Address
from .spec import Location, Place

Strategy = Literal["overlap", "replace", "two-key", "alternate", "roll", "migrate", "manual"]
PROMISES = frozenset({"overlap", "two-key", "alternate", "migrate"})
"""Strategies under which no consumer ever runs on a value that its issuer or its peers refuse."""
TWO_VALUES = frozenset({"overlap", "migrate"})
"""Strategies under which a consumer holds a second accepted value for a while, where it has a place for one."""
Level = Literal["P0", "P1", "P2", "P3", "P4", "P5", "P6"]
"""P0 read back and equal; P1 what runs was started after the write; P2 its health address answers; P3 it shows the key
id of the value; P4 the issuer takes the new value; P5 the issuer refuses the old one; P6 nobody used the old one."""
VALUE = "value"
"""The part of a secret that is one text."""
PAIR = ("private", "public")
"""The parts of a key pair."""
NO_PREVIOUS = "none"
"""What a variable says that has no place for a second value."""


@dataclass(frozen=True, slots=True)
class Generate:
    """A value that we make: random bytes, a password by rule, or half of a key pair.

    `form` is how bytes are written (base64, base64url, hex), or the kind of key (rsa, ed25519). A pair is alone in its
    secret and has two parts, `private` and `public`, in PEM.
    """

    kind: Literal["bytes", "password", "pair"]
    form: str = "base64"
    size: int = 32
    """Bytes, characters of a password, or bits of an RSA key."""
    alphabet: str = ""
    """Of a password; "": letters and digits."""


@dataclass(frozen=True, slots=True)
class Issue:
    """A value that a platform makes: which kind of credential (`sendgrid.api-key`), and what the stack says of it."""

    account: str
    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ByHand:
    """A value that a person gets somewhere: where, and how, step by step."""

    where: str = ""
    steps: tuple[str, ...] = ()
    check: Issue | None = None
    """A kind of credential whose platform can tell whether a value is taken; None: nobody can."""
    parts: tuple[str, ...] = (VALUE,)
    """What the person is asked for, each alone."""


Source = Mapping[str, Generate] | Issue | ByHand
"""Generators are by part."""


@dataclass(frozen=True, slots=True)
class Window:
    """When a rotation may start, and the old value may be revoked: weekdays (Monday 0; empty: each), from, to. An end
    before its beginning is on the next day. Times are in the schedule's zone."""

    days: frozenset[int]
    begins: dt.time
    ends: dt.time


@dataclass(frozen=True, slots=True)
class Schedule:
    """When it is due. `every` counts from the last rotation's end, `cron` is in `zone`; neither: only when asked.

    `max_age` is the age at which a value is overdue; None: 1.25 times the interval. `jitter` is the most that a due
    time is put off, the same for one secret and cycle however often it is computed.
    """

    every: dt.timedelta | None = None
    cron: str = ""
    max_age: dt.timedelta | None = None
    window: Window | None = None
    jitter: dt.timedelta = dt.timedelta(0)
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Probe:
    """An address that tells of a running consumer: its health (P2) or its key id (P3).

    `unit` is the one whose consumers it speaks for; "" speaks for all. `times` in a row it must be well. `shows` is
    what a JSON answer of P2 must hold; for P3 the name of the field that shows the key id.
    """

    level: Level
    url: str
    unit: str = ""
    times: int = 1
    shows: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, order=True, slots=True)
class Consumer:
    """One field that holds one part of a secret.

    `previous` is where the second accepted value stands while there is one; None: it has no place for it. `unit` is
    what must start anew to read either: an instance, a project's deployment, a workflow.
    """

    stack: str
    account: str
    address: Address
    part: str
    previous: Address | None
    unit: Place
    shared: bool = False
    """Several units may read the one field: each is a consumer of its own."""
    key: str = field(default="", compare=False)
    """What the platform knows the field by: under the same name in a stack another one may be meant tomorrow."""

    @property
    def place(self) -> Place:
        return Place(self.stack, self.address)

    @property
    def recipient(self) -> str:
        """Whom an approval names: this field of this account, whatever the stacks call it."""
        return f"{self} at {self.account}/{self.key}" if self.key else str(self)

    def __str__(self) -> str:
        return f"{self.stack} {self.address}" + (f" for {self.unit}" if self.shared else "")


@dataclass(frozen=True)
class Secret:
    """One secret of a repository. Its name is unique in it; its consumers may stand in any stack."""

    name: str
    stack: str
    account: str
    strategy: Strategy
    source: Source
    consumers: tuple[Consumer, ...]
    schedule: Schedule
    at: Location
    soak: dt.timedelta = dt.timedelta(hours=24)
    """How long both values live after every consumer was proven on the new one."""
    skip_accept: bool = False
    """Switch at once: peers may disagree while they start, or everybody may be logged out."""
    levels: frozenset[Level] = frozenset({"P0", "P1"})
    probes: tuple[Probe, ...] = ()
    irreplaceable: bool = False
    """Its loss destroys data: its values are kept, and sealed to the recovery key always."""
    hook: str = ""
    """Of a migration: the registered name of what re-encrypts."""
    says: str = ""
    """What users are told when it changes."""
    route: str = ""
    covers: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        """Parts that consumers name, each once, in order."""
        return tuple(dict.fromkeys(one.part for one in self.consumers))

    @property
    def units(self) -> tuple[Place, ...]:
        """What must start anew, each once, in order: the first is the canary."""
        return tuple(dict.fromkeys(one.unit for one in self.consumers))
