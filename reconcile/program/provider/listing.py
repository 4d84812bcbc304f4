"""What an account holds on a platform, read once for all who ask: a refresh of 500 resources is a few calls."""

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...model.change import Outcome
from ...model.errors import Denied, Incomplete, ReconcileError
from ...model.observation import Container, Mark, Observation, Scope, Seen
from ...model.platform import Platform
from ...model.resource import Resource
from ...steps.accounts import accounts_seen
from ...steps.observe import Pair, observe
from ...steps.reach import scopes
from .books import Books
from .parts import Parts

_EVERYTHING = Container("*", "*")


@dataclass
class Listing:
    """One pair of account and platform. Whoever makes calls there holds `turn`: a platform is no two threads'."""

    pair: Pair
    platform: Platform
    parts: Parts
    books: Books
    wanted: set[Container]
    """What the stack file says that it needs; what is asked for besides comes in."""
    known: frozenset[tuple[str, str, str]]
    turn: threading.RLock = field(default_factory=threading.RLock)
    account_id: str = ""
    """The platform's id of the account, once it answered; "" where it does not tell."""
    _gate: threading.Lock = field(default_factory=threading.Lock)
    _found: Observation | None = None
    _asked: frozenset[Container] = frozenset()
    _by_id: dict[tuple[str, str], Seen] = field(default_factory=dict)

    def look(self, containers: Collection[Container]) -> Observation:
        """What is there now, with all of some listings, or a gap for each. Raises WrongAccount, ReconcileError."""
        with self._gate:
            news = not self.wanted.issuperset(containers)
            self.wanted.update(containers)
        with self.turn:
            if self._found is None or not self._has(containers):
                if news:
                    # Others ask at the same moment, and their listings come with the same calls.
                    self.parts.sleep(self.parts.gather_seconds)
                self._read()
            assert self._found is not None
            return self._found

    def everything(self) -> Observation:
        """All that the credential can list: to find what is known by its id alone."""
        return self.look([_EVERYTHING])

    def by_id(self, kind: str, id: str) -> Seen | None:
        """Of what was read last."""
        with self.turn:
            return self._by_id.get((kind, id))

    def why_not(self, container: Container) -> ReconcileError | None:
        """Why nothing can be said of what is not in a listing; None where it was read whole."""
        with self.turn:
            found = self._found
            if found is None or container in found.read:
                return None
            for gap in found.gaps:
                if gap.kind in (container.kind, "*") and gap.container in (container.name, "*"):
                    right = f" (missing right: {gap.right})" if gap.right else ""
                    where = f"{container.kind} of {container.name or self.pair[0]}"
                    return _Unread(f"{where} cannot be read: {gap.reason}{right}", gap.exit_code)
            return Incomplete(f"{container.kind} of {container.name or self.pair[0]} was not read")

    def drop(self) -> None:
        """Whatever was read is of before."""
        with self.turn:
            self._found = None
            self._by_id = {}

    def written(self, outcomes: Sequence[Outcome]) -> None:
        """What our own writes made of it. Where they are not told whole, it is read again."""
        with self.turn:
            if self._found is None or any(one.status != "done" or one.also for one in outcomes):
                self.drop()
                return
            for one in outcomes:
                kind = one.change.kind.kind
                for id in {one.change.id, one.id}:
                    self._by_id.pop((kind, id), None)
                if one.change.verb != "delete" and one.resource is not None and one.id:
                    mark = Mark.parse(one.change.marker) if one.change.marker else None
                    seen = Seen(kind, one.id, one.resource.keys()[0], one.resource, mark)
                    self._by_id[kind, one.id] = seen
            self._found = replace(self._found, seen=tuple(self._by_id.values()))

    def _has(self, containers: Collection[Container]) -> bool:
        return _EVERYTHING in self._asked or self._asked.issuperset(containers)

    def _read(self) -> None:
        with self._gate:
            asked = frozenset(self.wanted)
        containers = None if _EVERYTHING in asked else asked
        scope = Scope(self.pair[0], containers, self.known)
        (found,) = observe({self.pair: self.platform}, {self.pair: scope}, self.parts.clock)
        pins = self.books.history().pins
        self.account_id = accounts_seen([found], self.parts.project(), pins).get(self.pair, "")
        self._found, self._asked = found, asked
        self._by_id = {(one.kind, one.id): one for one in found.seen}


class _Unread(Incomplete):
    """A listing that could not be read, with the code of its gap."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        if exit_code == Denied.exit_code:
            self.advice = Denied.advice


class Listings:
    """Every listing of this process."""

    def __init__(self, parts: Parts, books: Books) -> None:
        self._parts = parts
        self._books = books
        self._lock = threading.Lock()
        self._made: dict[Pair, Listing] = {}
        self._scopes: dict[str, Mapping[Pair, Scope]] = {}

    def of(self, pair: Pair, stack: str) -> Listing:
        """Raises Denied where the pair cannot be asked."""
        with self._lock:
            platforms, blind = self._parts.platforms()
            if pair not in platforms:
                why = blind.get(pair, f"the project names no account {pair[0]} on {pair[1]}")
                raise Denied(why, platform=pair[1], account=pair[0])
            if stack not in self._scopes:
                self._scopes[stack] = self._of_stack(stack)
            scope = self._scopes[stack].get(pair, Scope(pair[0], frozenset()))
            if pair not in self._made:
                known = scope.known
                self._made[pair] = Listing(pair, platforms[pair], self._parts, self._books, set(), known)
            listing = self._made[pair]
            listing.wanted.update(scope.containers or ())
            return listing

    def drop(self) -> None:
        with self._lock:
            self._scopes = {}
            for one in self._made.values():
                one.drop()

    def _of_stack(self, stack: str) -> Mapping[Pair, Scope]:
        tree = self._parts.tree()
        if stack not in tree.stacks:
            return {}
        return scopes(tree, [stack], self._books.history(), self._parts.kinds)


def container_of(resource: Resource) -> Container:
    return Container(resource.kind, resource.container())
