"""A small repository and a pretend world in one process: what the stories are told with."""

import textwrap
from pathlib import Path
from typing import Any

import httpx

from reconcile.assemble import Workshop, begin_world
from reconcile.loop import Choice, Consent, Run
from reconcile.model.memory import Memory
from reconcile.model.resource import Address
from reconcile.model.verdict import Judged
from reconcile.sandbox.ready import Key, Ready
from reconcile.sandbox.world import World
from reconcile.settings import Settings
from reconcile.steps.adopt import adopt

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


class Estate:
    """One repository with one stack, its world, and a command of each kind as a method."""

    def __init__(self, root: Path, stack: str = SHOP, *, project: str = PROJECT, begin: bool = True) -> None:
        self.root = root
        (root / "stacks").mkdir(parents=True, exist_ok=True)
        self.write("_project", project)
        self.write("shop", stack)
        self.world: World = begin_world(root, empty=not begin, record_bodies=True)
        self.opened: list[Workshop] = []
        self.tokens = {(one.account, one.platform): one.token.reveal() for one in self.world.seeds}

    def write(self, name: str, text: str) -> None:
        (self.root / "stacks" / f"{name}.yaml").write_text(textwrap.dedent(text))

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
            ledger=str(self.root / "world.ledger.db"),
            platforms={name: f"http://127.0.0.1{self.world.mount(name).pretend.prefix}" for name in names},
            accounts=accounts,
            env={},
            control="none",
        )
        shop = Workshop(
            Settings(self.root, **settings),
            world=ready,
            transports={name: httpx.WSGITransport(app=self.world.wsgi(name)) for name in names},
            clock=self.world.now,
        )
        self.opened.append(shop)
        return shop

    def plan(self, *stacks: str, mode: str = "spec", choice: Choice | None = None) -> Judged:
        with self.workshop() as shop:
            return shop.reconciler().plan(stacks or shop.tree.stacks, mode=mode, choice=choice)  # type: ignore[arg-type]

    def drift(self, *stacks: str) -> Judged:
        return self.plan(*stacks, mode="drift")

    def apply(self, *stacks: str, mode: str = "spec", consent: Consent | None = None, **settings: Any) -> Run:
        with self.workshop(**settings) as shop:
            run = shop.reconciler().apply(
                stacks or tuple(shop.tree.stacks),
                command="apply",
                mode=mode,  # type: ignore[arg-type]
                ask=lambda judged: consent or Consent(),
            )
        assert run is not None
        return run

    def heal(self) -> Run:
        return self.apply(mode="drift")

    def adopt(self, *addresses: str) -> None:
        with self.workshop() as shop:
            adopt(shop.reconciler(), tuple(shop.tree.stacks), frozenset(map(Address.parse, addresses)))

    def memory(self) -> Memory:
        with self.workshop() as shop:
            return shop.ledger().memory()

    def live(self, kind: str = "record", platform: str = "cloudflare", account: str = "acme") -> list[dict[str, Any]]:
        found = self.world.things(platform, kind)
        return list(found.get(platform, {}).get(account, {}).get(kind, []))

    def record(self, name: str, type: str) -> dict[str, Any]:
        """The one live record of a name and type."""
        (found,) = [one for one in self.live() if one["name"] == name and one["type"] == type]
        return found

    def edit(self, name: str, type: str, **fields: str) -> None:
        self.world.edit("cloudflare", "record", name, "acme", {"where.type": type, **fields})

    def delete(self, name: str, type: str) -> None:
        self.world.delete("cloudflare", "record", name, "acme", {"type": type})

    def writes(self) -> list[dict[str, Any]]:
        return [one for one in self.world.calls() if one["method"] not in ("GET", "HEAD")]


def said(judged: Judged) -> list[tuple[str, str, str]]:
    """(verb, cause, logical name) of every change."""
    return [(change.verb, change.cause, change.address.leaf) for change in judged.plan.changes]
