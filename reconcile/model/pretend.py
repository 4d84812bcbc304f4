"""The nouns of the pretend world: what a platform's `class Pretend` is written in.

A Pretend is the vendor's behaviour, written by hand from the vendor's docs and never derived from our own client. It
imports this layer only. The sandbox finds it, gives it a shelf of things, and serves its routes on loopback.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol

from .spec import Declared

Thing = dict[str, Any]


@dataclass(frozen=True)
class Caller:
    """The account whose token came with a request: its name in the stacks, its id on the platform, its tier."""

    account: str
    id: str
    tier: str = "free"
    token: str = ""
    """The id of a token of the vendor's own making that came in place of the account's; "" for the account's."""


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


class Neighbour(Protocol):
    """Another platform of the same world, to which something on this one reaches: a person's hands, and eyes."""

    def shelf(self, account: str, kind: str) -> Mapping[str, Thing]:
        """The things of one kind in one account, by id."""

    def create(self, account: str, kind: str, fields: Mapping[str, str]) -> Thing:
        """As `PretendPlatform.create`. Raises ValueError."""

    def delete(self, account: str, kind: str, id: str) -> None:
        """As `PretendPlatform.delete`."""


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

    def beside(self, platform: str) -> Neighbour | None:
        """Another platform of this world; None where it is not there."""


@dataclass(frozen=True)
class ObjectKey:
    """An access key of a platform's S3 side: whose it is, in which place of it, and what it may do with which bucket
    ("*": all). `admin` also makes, lists and deletes buckets."""

    account: str
    place: str
    secret: str = field(repr=False)
    rights: Mapping[str, Literal["read", "write", "admin"]]


class PretendObjects(Protocol):
    """The S3 side of a platform: its keys and buckets. The objects themselves are kept by the sandbox."""

    def places(self) -> Sequence[str]:
        """What stands after `/s3/` in an address of it."""

    def key(self, world: World, place: str, id: str, tokens: Mapping[str, str]) -> ObjectKey | None:
        """`tokens` are the accounts' own, by account name. None: there is no such key."""

    def buckets(self, world: World, key: ObjectKey) -> Sequence[str]: ...

    def make(self, world: World, key: ObjectKey, name: str) -> str:
        """The S3 error code where it is refused, or ""."""

    def remove(self, world: World, key: ObjectKey, name: str) -> str:
        """As `make`."""

    def count(self, world: World, key: ObjectKey, name: str, objects: int) -> None:
        """How many objects a bucket holds now."""

    def emptied(self, world: World) -> None:
        """No bucket holds an object: they end with the process."""


@dataclass(frozen=True)
class RunningUnit:
    """What was started on a platform with values that it then keeps: an instance, a project's production, a server.

    `kind` is a full kind (`railway.instance`) and `name` what stacks refer to it by (`bilko/production/api`). `id` is
    that of the start which runs now, "" where none does; another start has another.
    """

    kind: str
    name: str
    id: str = ""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By variable, references resolved."""
    starting: bool = False
    """A newer start is under way: what runs may change by the clock alone."""
    hosts: tuple[str, ...] = ()
    """Where it answers."""
    well: bool = True
    """False: a person made it ill, so that it answers and says that it does not work."""


def key_hash(key: str) -> str:
    """What a world keeps of a key that its vendor tells once."""
    return hashlib.sha256(key.encode()).hexdigest()


def bearer_of(world: World, kind: str, headers: Mapping[str, str]) -> Caller | None:
    """Who speaks by a key of the vendor's own making, a thing of this kind with its `hash`; `token` is its id. None
    where the request holds no such key."""
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    print = key_hash(key.strip())
    for account, shelf in list(world.shelves(kind).items()):
        for id, thing in list(shelf.items()):
            if thing["hash"] == print:
                return Caller(account, world.account_id(account), token=id)
    return None


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

    More it may have: `running(world, account) -> Iterable[RunningUnit]`, what it runs for an account;
    `takes(world, account, value) -> bool | None`, whether a value is a credential that works (False: it was one, None:
    it never was); `objects`, its S3 side (`PretendObjects`); `caller(world, headers)`, who speaks where a
    request's headers, by lower-case name, hold another credential than the account's token, None where they do not;
    `environment(url, token)`, what a shell exports for the vendor's clients; `rates`, by tier what `rate` is for the
    others; `budget(limit, left, reset)`, the vendor's headers in place of the standard's, where `reset` is in seconds
    since 1970; `shown(kind, thing)`, a thing without the values that a world keeps to itself; `forms`, true where
    bodies are web forms: a handler then gets a mapping of the form's fields.
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
