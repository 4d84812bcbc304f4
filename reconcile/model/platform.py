"""The seam: the verbs a platform must have."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from .change import Change, Outcome
from .issuing import IssueOptions, Issuer
from .observation import Observation, Scope
from .resource import Key, Resource


@dataclass(frozen=True)
class Credential:
    """What a person must get before the platform lets us in."""

    name: str
    rights: str
    where: str


@dataclass(frozen=True)
class Rate:
    """A vendor's limit: `calls` in any `seconds`. Source in the platform's file."""

    calls: int
    seconds: float


class Platform(Protocol):
    """One account on one platform. It says what it holds, makes changes, and foretells what they cost."""

    name: ClassVar[str]
    kinds: ClassVar[tuple[type[Resource], ...]]
    releases: ClassVar[tuple[type[Resource], ...]]
    """What only a Pulumi program has: a kind that starts anew, once, what quiet changes were written for. It names the
    one it starts by its only reference and holds a `digest` of what is to run; no listing shows it."""
    credentials: ClassVar[tuple[Credential, ...]]
    rate: ClassVar[Rate]
    rates: ClassVar[Mapping[str, Rate]]
    """By an account's tier, where the vendor's limit depends on it; `rate` for the rest."""
    waits_itself: ClassVar[bool]
    """Whether it is made with `settle_seconds` and `sleep`, to wait for its own writes."""
    settle_seconds: ClassVar[float]
    """How long a listing may lag behind a write: the wait before a create of unknown outcome counts as absent."""

    def observe(self, scope: Scope) -> Observation:
        """Everything in scope, all pages. What could not be read is a gap, never an absence. Raises nothing of the
        error tree: a refused credential is a gap over all kinds."""

    def apply(self, wave: Sequence[Change]) -> Iterator[Outcome]:
        """Make independent changes; one outcome each, failures as outcomes. A batch that fails whole is replayed
        singly; a write of unknown effect is looked for before it is sent again."""

    def predict(self, wave: Sequence[Change]) -> int:
        """How many calls `apply` would make if nothing failed."""


@dataclass(frozen=True)
class Running:
    """The newest start of a unit. `id` tells it from every other; "" where it was never started."""

    id: str
    state: str
    """`live`, `starting`, `failed`, `none`, or `old`: a person brought back what an earlier start had read."""
    started_at: str = ""
    """By the platform's clock; "" where it does not tell."""
    live: str = ""
    """The id of the start that runs now, where that is not the newest."""


class Starts(Protocol):
    """A platform whose consumers read their values when they start: an instance, a deployment, a workflow's run."""

    starts: ClassVar[frozenset[str]]
    """Kinds of what starts: `railway.instance`."""

    def running(self, units: Sequence[Resource]) -> Mapping[Key, Running]:
        """What each does, by its strongest key; one that is not there is left out. Raises PlatformError."""

    def start(self, units: Sequence[Resource]) -> None:
        """Starts each anew with what is written now. Raises PlatformError where one is not known to have begun."""


class Issues(Protocol):
    """A platform that makes credentials, or tells whether one is taken."""

    issues: ClassVar[Mapping[str, type[IssueOptions]]]
    """Kinds of credentials by their word: `api-key`. A stack says `sendgrid.api-key`."""

    def issuer(self, word: str, options: IssueOptions) -> Issuer:
        """What makes, lists, ends and checks one kind."""
