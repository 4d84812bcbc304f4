"""A small repository and a pretend world in one process: what the stories are told with."""

import shutil
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask
import httpx

from reconcile.assemble import SERVICES, Workshop, begin_world
from reconcile.loop import Choice, Consent, Run
from reconcile.model.memory import Memory
from reconcile.model.resource import Address
from reconcile.model.verdict import Judged
from reconcile.sandbox.ready import Key, Ready
from reconcile.sandbox.services import services
from reconcile.sandbox.world import World
from reconcile.settings import Settings
from reconcile.steps.adopt import keep, take_over
from reconcile.steps.plan import Mode

PROJECT = """
project: library
ledger: {id: 0a1b2c3d, home: .trueup/ledger.db}
accounts:
  acme:
    cloudflare: {id: a0000000000000000000000000000001, credentials: {token: ACME_CLOUDFLARE_TOKEN}, tier: free}
    betterstack: {credentials: {token: ACME_BETTERSTACK_TOKEN}}
"""

SHOP = """
account: acme
cloudflare:
  zone: {shop: {name: shop.example}}
  records:
    shop:
      apex: {name: "@", type: A, content: 192.0.2.10}
      www: {type: CNAME, content: shop.example, proxied: true}
      mail: {name: "@", type: MX, content: mx.example.net, priority: 10}
      spf: {name: "@", type: TXT, content: "v=spf1 -all"}
      api: {type: A, content: 192.0.2.20, ttl: 300}
"""


def zone_of(*lines: str, more: str = "") -> str:
    """A stack with the zone shop.example and some records, each a line of YAML; `more` stands at the top level."""
    records = "".join(f"\n      {line}" for line in lines)
    held = f"\n  records:\n    shop:{records}" if lines else ""
    return f"account: acme\n{textwrap.dedent(more)}\ncloudflare:\n  zone: {{shop: {{name: shop.example}}}}{held}\n"


class Estate:
    """One repository, its world, and a command of each kind as a method. Waits are noted in `slept`, not waited."""

    _answering: flask.Flask | None = None

    def __init__(self, root: Path, stack: str = SHOP, *, project: str = PROJECT, begin: bool = True) -> None:
        self.root = root
        (root / "stacks").mkdir(parents=True, exist_ok=True)
        self.write("_project", project)
        self.write("shop", stack)
        self.ledger_file = root / "world.ledger.db"
        self.slept: list[float] = []
        self.world: World = begin_world(root, empty=not begin, record_bodies=True)
        self.tokens = {(one.account, one.platform): one.token.reveal() for one in self.world.seeds}

    def write(self, name: str, text: str) -> None:
        (self.root / "stacks" / f"{name}.yaml").write_text(textwrap.dedent(text))

    def begin_more(self) -> None:
        """Puts there what stacks written since look up."""
        with self.workshop() as shop:
            self.world.begin(shop.tree.declared(), shop.tree.project)

    def workshop(self, **settings: Any) -> Workshop:
        accounts: dict[str, dict[str, Key]] = {}
        for seed in self.world.seeds:
            key = Key(id=seed.id, token=self.tokens[seed.account, seed.platform])
            accounts.setdefault(seed.account, {})[seed.platform] = key
        names = self.world.platforms
        ready = Ready(
            page="http://127.0.0.1/",
            clock="http://127.0.0.1/clock",
            pid=1,
            ledger=str(self.ledger_file),
            platforms={name: f"http://127.0.0.1{self.world.mount(name).pretend.prefix}" for name in names},
            accounts=accounts,
            env={},
            control="none",
            services=f"http://127.0.0.1/{SERVICES}/",
        )
        return Workshop(
            Settings(self.root, **settings),
            world=ready,
            transports={
                SERVICES: httpx.WSGITransport(app=self.answering()),
                **{name: httpx.WSGITransport(app=self.world.wsgi(name)) for name in names},
            },
            clock=self.world.now,
            sleep=self.slept.append,
        )

    def answering(self) -> flask.Flask:
        """What the world's applications answer."""
        if self._answering is None:
            self._answering = flask.Flask("services", static_folder=None)
            self._answering.register_blueprint(services(self.world))
        return self._answering

    def plan(self, *stacks: str, mode: Mode = "spec", choice: Choice | None = None, **settings: Any) -> Judged:
        with self.workshop(**settings) as shop:
            return shop.reconciler().plan(stacks or tuple(shop.tree.stacks), mode=mode, choice=choice)

    def drift(self, *stacks: str) -> Judged:
        return self.plan(*stacks, mode="drift")

    def apply(
        self,
        *stacks: str,
        mode: Mode = "spec",
        consent: Consent | None = None,
        choice: Choice | None = None,
        lock_timeout_seconds: float = 0.0,
        **settings: Any,
    ) -> Run:
        with self.workshop(**settings) as shop:
            run = shop.reconciler().apply(
                stacks or tuple(shop.tree.stacks),
                command="destroy" if mode == "destroy" else "apply",
                mode=mode,
                choice=choice,
                ask=lambda judged: consent or Consent(),
                lock_timeout_seconds=lock_timeout_seconds,
            )
        assert run is not None
        return run

    def heal(self) -> Run:
        return self.apply(mode="drift")

    def approve(self, judged: Judged) -> Run:
        """Applies exactly a plan that a person read and approved."""
        return self.apply(*judged.plan.stacks, consent=Consent(judged.plan.digest, approve=True))

    def adopt(self, *addresses: str) -> None:
        with self.workshop() as shop:
            plan = shop.reconciler().plan(shop.tree.stacks).plan
            wanted = frozenset(map(Address.parse, addresses))
            taken = take_over(plan, shop.tree, shop.ledger().memory(), self.world.now(), wanted)
            keep(shop.ledger(), taken)

    def forget(self, stack: str, *addresses: str) -> None:
        with self.workshop() as shop:
            shop.ledger().forget(stack, [Address.parse(one) for one in addresses], "forget")

    def memory(self) -> Memory:
        with self.workshop() as shop:
            return shop.ledger().memory()

    def entries(self) -> int:
        """How many lines of history there are, every chain recomputed."""
        with self.workshop() as shop:
            return sum(shop.ledger().verify().values())

    def lose_ledger(self) -> None:
        for name in ("", "-wal", "-shm"):
            self.ledger_file.with_name(self.ledger_file.name + name).unlink(missing_ok=True)

    def keep_ledger(self, name: str) -> Path:
        """Copies the ledger as a crash at this moment would leave it; the -shm file is rebuilt. Returns the copy."""
        copy = self.root / f"{name}.db"
        for end in ("", "-wal"):
            source = self.ledger_file.with_name(self.ledger_file.name + end)
            if source.exists():
                shutil.copyfile(source, copy.with_name(copy.name + end))
        return copy

    def live(self, kind: str = "record", platform: str = "cloudflare", account: str = "acme") -> list[dict[str, Any]]:
        found = self.world.things(platform, kind)
        return list(found.get(platform, {}).get(account, {}).get(kind, []))

    def names(self) -> list[str]:
        """`NAME TYPE` of every live record of acme, sorted."""
        return sorted(f"{one['name']} {one['type']}" for one in self.live())

    def record(self, name: str, type: str) -> dict[str, Any]:
        """The one live record of a name and type."""
        (found,) = [one for one in self.live() if one["name"] == name and one["type"] == type]
        return found

    def edit(self, name: str, type: str, **fields: str) -> None:
        self.world.edit("cloudflare", "record", name, "acme", {"where.type": type, **fields})

    def create(self, name: str, type: str, content: str, **fields: str) -> None:
        self.world.create("cloudflare", "record", name, "acme", {"type": type, "content": content, **fields})

    def delete(self, name: str, type: str) -> None:
        self.world.delete("cloudflare", "record", name, "acme", {"type": type})

    def fault(self, text: str, platform: str = "cloudflare") -> None:
        self.world.fault(platform, text)

    def writes(self) -> list[dict[str, Any]]:
        return [one for one in self.world.calls() if one["method"] not in ("GET", "HEAD")]

    def only(self, work: Callable[[], Any]) -> list[dict[str, Any]]:
        """The calls that some work makes."""
        self.world.clear_calls()
        work()
        return self.world.calls()


def said(judged: Judged) -> list[tuple[str, str, str]]:
    """(verb, cause, logical name) of every change."""
    return [(change.verb, change.cause, change.address.leaf) for change in judged.plan.changes]


def became(run: Run) -> dict[str, str]:
    """Logical name to status of every outcome."""
    return {one.change.address.leaf: one.status for one in run.outcomes}


def unmanaged(judged: Judged) -> list[str]:
    return sorted(one.seen.resource.title() for one in judged.plan.unmanaged)
