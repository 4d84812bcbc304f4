"""The nouns of the pretend world: what a platform's `class Pretend` is written in.

A Pretend is the vendor's behaviour, written by hand from the vendor's docs and never derived from our own client. It
imports this layer only. The sandbox finds it, gives it a shelf of things, and serves its routes on loopback.
"""

import datetime as dt
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from .spec import Declared

Thing = dict[str, Any]


@dataclass(frozen=True)
class Caller:
    """The account whose token came with a request: its name in the stacks, its id on the platform, its tier."""

    account: str
    id: str
    tier: str = "free"


@dataclass(frozen=True)
class Asked:
    """One request, after authentication. `path` holds the route's placeholders; `query` the last value of each name."""

    caller: Caller
    method: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """One answer."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class World(Protocol):
    """What a Pretend may ask of the world it lives in."""

    def shelf(self, account: str, kind: str) -> MutableMapping[str, Thing]:
        """The things of one kind in one account, by id, in order of making. Kept with the world's state."""

    def shelves(self, kind: str) -> Mapping[str, MutableMapping[str, Thing]]:
        """The same for all accounts, by account name: for telling another account's thing from none."""

    def account_id(self, account: str) -> str:
        """The platform's id of an account, by its name in the stacks: what its token answers for. Raises KeyError."""

    def now(self) -> dt.datetime:
        """The world's clock, UTC."""

    def new_id(self, digits: int = 32) -> str:
        """A fresh lower-case hex id; repeatable from the world's seed."""


Handler = Callable[[World, Asked], Told]


@dataclass(frozen=True)
class Route:
    """`GET /zones/{zone}/dns_records`. A placeholder matches one segment. `fields` names the query parameters that
    the vendor knows: an unknown one is refused with the vendor's own words where it does so, else 422; with
    `any_query` none is. `reads` tells of a body whether the call only asks, though its method is not GET: it then
    answers to faults as a GET does, too."""

    method: str
    path: str
    handler: Handler
    query: frozenset[str] = frozenset()
    any_query: bool = False
    reads: Callable[[Any], bool] | None = None


class PretendPlatform(Protocol):
    """The vendor, as far as we use it. Found by discovery: `class Pretend` at the end of a platform's file.

    Four more it may have: `environment(url, token)`, what a shell exports for the vendor's clients; `rates`, by tier
    what `rate` is for the others; `budget(limit, left, reset)`, the vendor's headers in place of the standard's, where
    `reset` is in seconds since 1970; `shown(kind, thing)`, a thing without the values that a world keeps to itself.
    """

    name: ClassVar[str]
    prefix: ClassVar[str]
    """What the vendor's own client takes after the host: "/client/v4"."""
    rate: ClassVar[tuple[int, float]]
    """Calls in seconds, enforced with `--rate-limits real`."""
    # Optional: `request_id: ClassVar[str]`, the header in which the vendor names each request.

    def routes(self) -> Sequence[Route]: ...

    def refusal(self, status: int, reason: str, retry_after: float | None = None) -> Told:
        """The vendor's error body for what never reaches a handler: 401 bad token, 403 foreign account, 404 unknown
        path, 422/400 unknown field or broken JSON, 429, 5xx."""

    def seed(self, world: World, caller: Caller, wanted: Sequence[Declared]) -> None:
        """What must exist before the first apply: looked-up kinds and pinned ids, nothing else."""

    def edit(self, world: World, account: str, kind: str, id: str, fields: Mapping[str, str]) -> Thing:
        """A person's edit in the console, behind our back. Raises ValueError on a field the thing does not have."""

    def create(self, world: World, account: str, kind: str, fields: Mapping[str, str]) -> Thing:
        """A thing made by hand. Raises ValueError where the vendor would refuse it."""

    def delete(self, world: World, account: str, kind: str, id: str) -> None:
        """A thing deleted by hand."""

    def title(self, kind: str, thing: Thing) -> str:
        """What a console shows as its name."""

    def kinds(self) -> Sequence[str]:
        """Kinds the world can hold: last words, as in `trueup sandbox edit PLATFORM KIND NAME`."""
