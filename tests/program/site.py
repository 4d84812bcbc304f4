"""A repository, its world, and an engine of every stack: what the scenarios are played on."""

import contextlib
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from reconcile.declare import nodes_of
from reconcile.model.resource import Resource
from reconcile.model.spec import Place, Tree
from reconcile.platforms import kinds, platforms
from reconcile.plugin import Provider
from reconcile.program.provider.servicer import Servicer
from reconcile.program.register import register
from reconcile.program.standin import serve as stand_in
from reconcile.program.tokens import Urn, address_of, by_token
from tests.railway.estate import Runbooks

from .mini import Adopted, Launch, MiniEngine, Told, attached, serving

PROJECT = "runbooks"


class Engine(Protocol):
    """The commands of one stack, of whichever engine."""

    def up(self, *, refresh: bool = False, targets: Collection[str] = (), expect_no_changes: bool = False) -> Told: ...

    def preview(
        self, *, refresh: bool = False, targets: Collection[str] = (), expect_no_changes: bool = False
    ) -> Told: ...

    def destroy(self) -> Told: ...

    def import_(self, wanted: Iterable[Adopted], *, protect: bool = True) -> Told: ...


@dataclass
class Site:
    """What the scenarios need. `estate` is edited and asked without any engine."""

    estate: Runbooks
    engine: Callable[[str], Engine]
    """A stack's: the same each time."""
    forget: Callable[[str, Collection[str]], None]
    """The engine loses what it remembers of some URNs of a stack."""
    remembered: Callable[[str], str]
    """What the engine stored of a stack, as text; for whoever looks for secrets in it."""
    ids: Callable[[str], dict[str, str]]
    """By URN, the ids of what it built of a stack."""
    standing: set[str]
    """The stacks that are built."""

    @property
    def tree(self) -> Tree:
        with self.estate.workshop() as shop:
            return shop.tree

    def address(self, urn: str) -> str:
        """What we call it; "" for a component, for the ledger's books, and for what is no thing of ours."""
        parsed = Urn.parse(urn)
        kind = _by_token().get(parsed.type)
        return str(address_of(kind, parsed.name)) if kind is not None else ""

    def things(self, urns: Iterable[str]) -> list[str]:
        """Sorted addresses of what stands on a platform: neither components nor books nor releases."""
        found = {self.address(urn) for urn in urns}
        return sorted(one for one in found if one and one.split(".")[1] != "release")

    def drifted(self, stack: str) -> list[str]:
        """What `trueup drift` names, sorted."""
        plan = self.estate.drift(stack).plan
        assert plan.gaps == (), plan.gaps
        return sorted(str(one.address) for one in plan.changes)

    def urn(self, place: Place) -> str:
        """Where the engine has a thing."""
        (found,) = [urn for urn in self.ids(place.stack) if self.address(urn) == str(place.address)]
        return found


@cache
def _by_token() -> dict[str, type[Resource]]:
    releases = [kind for platform in platforms().values() for kind in platform.releases]
    return by_token({**kinds(), **{kind.kind: kind for kind in releases}})


@dataclass
class MiniSite:
    """A site whose engines are in this process, as are its world and the stand-in for Cloudflare's plugin."""

    root: Path
    engines: dict[str, MiniEngine] = field(default_factory=dict)
    standing: set[str] = field(default_factory=set)

    @contextlib.contextmanager
    def open(self) -> Iterator[Site]:
        self.estate = Runbooks(self.root)
        with self.estate.workshop() as shop:
            ready, transports = shop.world, shop.transports
        assert ready is not None
        beside = stand_in(ready, transports)
        self.launches = {"trueup": self._ours, "cloudflare": attached(f"127.0.0.1:{beside.port}")}
        for engine in self.engines.values():
            self._equip(engine)
        try:
            yield Site(self.estate, self.engine, self._forget, self._remembered, self._ids, self.standing)
        finally:
            beside.stop()

    def copy(self, root: Path) -> "MiniSite":
        """The same estate a second time, at rest: what happens there is not seen here."""
        self.estate.world.save()
        shutil.copytree(self.root, root)
        engines = {
            name: MiniEngine(one.program, {}, one.project, name, state=one.state.copy())
            for name, one in self.engines.items()
        }
        return MiniSite(root, engines, set(self.standing))

    def engine(self, stack: str) -> MiniEngine:
        if stack not in self.engines:
            self.engines[stack] = self._equip(MiniEngine(lambda: None, {}, PROJECT, stack))
        return self.engines[stack]

    def _equip(self, engine: MiniEngine) -> MiniEngine:
        engine.launches = self.launches
        engine.program = lambda: self._declare(engine.stack)
        return engine

    def _declare(self, stack: str) -> None:
        """What `__main__.py` does, in this world."""
        with self.estate.workshop() as shop:
            nodes, revision = nodes_of(shop, stack), shop.tree.revision
        register(stack, nodes, revision)

    @property
    def _ours(self) -> Launch:
        @contextlib.contextmanager
        def opened() -> Iterator[str]:
            with self.estate.workshop() as shop:
                servicer = Servicer(Provider(shop).parts())
                with serving(lambda: servicer)() as address:
                    yield address

        return opened

    def _forget(self, stack: str, urns: Collection[str]) -> None:
        for urn in urns:
            self.engine(stack).state.drop(urn)

    def _remembered(self, stack: str) -> str:
        return self.engine(stack).state.told()

    def _ids(self, stack: str) -> dict[str, str]:
        return {one.urn: one.id for one in self.engine(stack).state.custom()}


def deploys(site: Site) -> int:
    """How many deployments Railway made so far."""
    accounts = site.estate.world.things("railway", "deployment").get("railway", {})
    return sum(len(shelves.get("deployment", ())) for shelves in accounts.values())


def written(site: Site) -> list[str]:
    """What the platforms were asked to change since the log was cleared."""
    return [f"{one['method']} {one['path']}" for one in site.estate.world.calls() if _writes(one)]


def _writes(call: Any) -> bool:
    if "query=" in call["path"]:
        body = call.get("body")
        return "mutation" in str(body)
    return call["method"] not in ("GET", "HEAD")


def counts(accounts: Any) -> dict[str, dict[str, int]]:
    """How many things of each kind an account holds, but for deployments."""
    return {
        account: {kind: len(things) for kind, things in shelves.items() if kind != "deployment"}
        for account, shelves in accounts.items()
    }
