"""One kind of one platform in a pretend world, asked through the platform's own verbs."""

import datetime as dt
import inspect
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from reconcile.loop import history_of
from reconcile.model.change import Change, Outcome, Plan
from reconcile.model.memory import Applied, Memory, Owned
from reconcile.model.observation import Container, Observation, Scope, Seen
from reconcile.model.platform import Platform
from reconcile.model.pretend import PretendPlatform, Told
from reconcile.model.resource import Address, Resource
from reconcile.model.secret import SecretText
from reconcile.model.spec import Access, Declared, Location, Project, Spec, Tree
from reconcile.platforms import kinds, platforms, pretends
from reconcile.sandbox.world import AccountSeed, World
from reconcile.steps.plan import make_plan
from reconcile.steps.plan.applied import resource_of
from reconcile.wire import Budget, CallLog, Client, Pool, Redactor

from .examples_railway import living
from .samples import Sample, samples

ACCOUNT, NEIGHBOUR, STACK = "acme", "zeta", "contract"
TOKEN = "contract-canary-5fQ2vN8xLr"
Wrap = Callable[[Platform], Any]
"""Makes a platform into one with a defect."""

_POOL = Pool(4)


class Harness:
    """One kind, its samples declared, a fresh world, and one platform of the product that looks at it.

    `wrap` puts a defect around the platform. `echo`: the pretend vendor repeats the token in every refusal.
    """

    def __init__(
        self,
        kind: type[Resource],
        given: Sequence[Sample] | None = None,
        *,
        wrap: Wrap | None = None,
        echo: bool = False,
    ) -> None:
        self.kind = kind
        self.word = kind.kind.partition(".")[2]
        self.samples = samples(kind) if given is None else tuple(given)
        self.name = kind.kind.partition(".")[0]
        self.log = CallLog()
        self._memory = Memory()
        beside = dict.fromkeys(each for sample in self.samples for each in sample.beside())
        self.beside = {sample: sample.declared() for sample in beside}
        self.declare({sample.name: sample.declared() for sample in self.samples})
        pretend = pretends()[self.name]
        self.world = World({self.name: _echoing(pretend) if echo else pretend}, self._seeds(), record_bodies=True)
        self.world.begin(self.tree.declared(), self.tree.project)
        self._make_room()
        self.platform: Platform = self.opened()
        if wrap is not None:
            self.platform = wrap(self.platform)

    def _seeds(self) -> tuple[AccountSeed, ...]:
        return (
            AccountSeed(ACCOUNT, self.name, "a" * 32, SecretText(TOKEN, "canary"), "pro"),
            AccountSeed(NEIGHBOUR, self.name, "b" * 32, SecretText("the-other-account", "other"), "pro"),
        )

    def opened(self) -> Platform:
        """The platform as the product makes it, on a client that does not really wait."""
        cls: Any = platforms()[self.name]
        credentials = {one.name: SecretText(TOKEN, "canary") for one in cls.credentials}
        self.client = Client(
            platform=self.name,
            account=ACCOUNT,
            base_url=f"http://127.0.0.1{pretends()[self.name].prefix}",
            authorization=cls.authorization(credentials),
            budget=Budget(1_000_000, 1.0, sleep=lambda seconds: None),
            log=self.log,
            pool=_POOL,
            redactor=Redactor(credentials.values()),
            read_error=cls.read_error,
            transport=httpx.WSGITransport(app=self.world.wsgi(self.name)),
            sleep=lambda seconds: None,
        )
        access = Access(self.name, "a" * 32, {name: name.upper() for name in credentials}, "pro")
        # Some platforms wait for a listing to settle; a pretend one has nothing to settle.
        quick: dict[str, Any] = {"settle_seconds": 0.0} if "settle_seconds" in inspect.signature(cls).parameters else {}
        if "sleep" in inspect.signature(cls).parameters:
            quick["sleep"] = lambda seconds: None
        platform: Platform = cls(self.client, ACCOUNT, access, self.world.now, **quick)
        return platform

    def _make_room(self) -> None:
        """Makes what the samples need, layer by layer; takes away by hand what of the kind came with it."""
        platform = self.opened()
        left = [sample for sample in self.beside if not sample.kind.lookup]
        seen = [platform.observe(Scope(ACCOUNT, self.containers))]
        plan = make_plan(self.tree, (STACK,), seen, self._memory, kinds())
        while left:
            layer = [sample for sample in left if not set(sample.beside()) & set(left)]
            left = [sample for sample in left if sample not in layer]
            names = {(sample.kind, sample.name) for sample in layer}
            changes = [one for one in plan.changes if (one.kind, one.address.name) in names]
            assert len(changes) == len(layer)
            outcomes = list(platform.apply(changes))
            assert all(outcome.status == "done" for outcome in outcomes), said(outcomes)
            for outcome in outcomes:
                self._remember(outcome)
        self.empty()
        self.world.clear_calls()

    def empty(self) -> None:
        """Deletes by hand all that is there of the kind."""
        for _, id in list(living(self.kind.kind, self.world.shelf(self.name, ACCOUNT, self.word))):
            self.world.delete(self.name, self.word, id, ACCOUNT, {})

    # What is wanted.

    def declare(self, resources: Mapping[str, Resource]) -> None:
        """The stack now wants these, by logical name, and what they name."""
        self.wanted = dict(resources)
        declared: dict[Address, Declared] = {}
        beside = [(sample.name, resource) for sample, resource in self.beside.items()]
        for name, resource in (*self.wanted.items(), *beside):
            address = Address(self.name, resource.kind.partition(".")[2], name)
            declared[address] = Declared(STACK, ACCOUNT, address, resource, Location("stacks/contract.yaml", 1))
        access = {self.name: Access(self.name, "a" * 32, {"token": "TOKEN"}, "pro")}
        project = Project(STACK, "0a1b2c3d", "ledger.db", {ACCOUNT: access})
        self.tree = Tree(project, {STACK: Spec(STACK, ACCOUNT, "trueup", (), declared)}, "dirty:0")

    def address(self, name: str) -> Address:
        return Address(self.name, self.word, name)

    @property
    def containers(self) -> frozenset[Container]:
        """The listings that hold what is wanted, or was."""
        wanted = self.wanted or {sample.name: sample.declared() for sample in self.samples}
        found = {Container(self.kind.kind, one.container()) for one in wanted.values()}
        beside = {Container(one.kind, one.container()) for one in self.beside.values()}
        histories = (resource_of(one, kinds()) for one in self._memory.applied.values())
        owned = {Container(one.kind, one.container()) for one in histories if one is not None}
        return frozenset(found | beside | owned)

    # What the platform says and does.

    def observe(self) -> Observation:
        return self.platform.observe(Scope(ACCOUNT, self.containers))

    def seen(self) -> dict[str, Seen]:
        """What is seen of the kind, by the platform's id. AssertionError where anything hides it."""
        observation = self.observe()
        assert not observation.gaps, f"gaps: {[gap.reason for gap in observation.gaps]}"
        assert self.containers <= observation.read, f"read {sorted(observation.read)} of {sorted(self.containers)}"
        return {one.id: one for one in observation.seen if one.kind == self.kind.kind}

    def plan(self) -> Plan:
        return make_plan(self.tree, (STACK,), [self.observe()], self._memory, kinds())

    def apply(self, changes: Iterable[Change]) -> list[Outcome]:
        """What became of the changes; what was done is remembered as the product would."""
        wave = list(changes)
        outcomes = list(self.platform.apply(wave))
        told = [id(outcome.change) for outcome in outcomes]
        assert sorted(told) == sorted(map(id, wave)), "one outcome for every change"
        for outcome in outcomes:
            if outcome.status == "done":
                self._remember(outcome)
        return outcomes

    def settle(self) -> list[Outcome]:
        """Plans and applies once. AssertionError where anything fails."""
        outcomes = self.apply(self.plan().changes)
        assert all(outcome.status == "done" for outcome in outcomes), said(outcomes)
        return outcomes

    def _remember(self, outcome: Outcome) -> None:
        change, at = outcome.change, dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        owned = [row for row in self._memory.owned if row.address != change.address]
        applied: dict[tuple[str, Address], Applied] = dict(self._memory.applied)
        applied.pop((STACK, change.address), None)
        if outcome.change.after is not None:
            key = change.after.keys()[0] if change.after else change.key
            owned.append(Owned(ACCOUNT, change.address.full_kind, key, outcome.id, change.address, STACK))
            declared = self.tree.stacks[STACK].declared[change.address]
            applied[STACK, change.address] = history_of(declared, outcome.resource or declared.resource, "r", at)
        self._memory = Memory(tuple(owned), applied)

    # What is there, whatever the platform says.

    def live(self, account: str = ACCOUNT) -> dict[str, dict[str, Any]]:
        shelf = self.world.shelf(self.name, account, self.word)
        return {told: dict(shelf[id]) for told, id in living(self.kind.kind, shelf)}

    def on_shelf(self, id: str) -> str:
        """The world's own id of a thing, by the product's."""
        return dict(living(self.kind.kind, self.world.shelf(self.name, ACCOUNT, self.word)))[id]

    def id_of(self, name: str) -> str:
        return next(row.id for row in self._memory.owned if row.address == self.address(name))

    def fault(self, kind: str, methods: Iterable[str], more: str = "times=always") -> None:
        """A fault on every call of these methods that the vendor has."""
        routes = {route.method for route in pretends()[self.name]().routes()}
        routes |= {"GET" for route in pretends()[self.name]().routes() if route.reads is not None}
        for method in sorted(routes & set(methods)):
            self.world.fault(self.name, f"{kind} {method} {more}")

    def hand_over(self, own: Callable[[Sequence[Owned], Sequence[Applied], str], None]) -> None:
        """Lets a ledger know whose the things are that stand beside."""
        own(self._memory.owned, tuple(self._memory.applied.values()), "contract")

    def writes(self) -> int:
        """Calls so far that are no reading."""
        return sum(call["method"] not in ("GET", "HEAD") for call in self.world.calls())


def said(outcomes: Iterable[Outcome]) -> list[tuple[str, str, str]]:
    """(leaf, status, error) of each outcome."""
    return [(one.change.address.leaf, one.status, one.error) for one in outcomes]


READING, WRITING = ("GET",), ("POST", "PUT", "PATCH", "DELETE")


def _echoing(pretend: type[PretendPlatform]) -> type[PretendPlatform]:
    """The vendor, repeating the credential wherever it refuses: some do."""

    def refusal(self: Any, status: int, reason: str, retry_after: float | None = None) -> Told:
        told = pretend.refusal(self, status, reason, retry_after)
        return Told(told.status, _spoken(told.body), told.headers)

    echoing: type[PretendPlatform] = type("Echoing", (pretend,), {"refusal": refusal})
    return echoing


def _spoken(body: Any) -> Any:
    if isinstance(body, str):
        return f"{body} (you sent {TOKEN})"
    if isinstance(body, Mapping):
        return {name: _spoken(value) for name, value in body.items()}
    if isinstance(body, list):
        return [_spoken(value) for value in body]
    return body


def files_of(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file under a folder."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path, path.read_bytes()


def as_text(value: Any) -> str:
    """A value as a log would hold it: as JSON where it can be, and as Python shows it."""
    return f"{value!r} {json.dumps(value, default=str)}"
