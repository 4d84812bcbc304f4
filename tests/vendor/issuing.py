"""A served world with an account on every platform that makes credentials, and our own platforms at it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconcile.assemble import Workshop, begin_world
from reconcile.model.issuing import Issuer
from reconcile.platforms import issues
from reconcile.sandbox.ready import Ready
from reconcile.sandbox.serve import serve
from reconcile.sandbox.world import World
from reconcile.settings import Settings

CLIENT = "5f3b1c0d9e8a7b6c5d4e3f2a"
"""The id of the client at Plaid."""
PROJECT = f"""
project: library
ledger: {{id: 0a1b2c3d, home: .trueup/ledger.db}}
accounts:
  acme:
    sendgrid: {{credentials: {{token: ACME_SENDGRID_TOKEN}}}}
    resend: {{credentials: {{token: ACME_RESEND_TOKEN}}}}
    stripe: {{credentials: {{token: ACME_STRIPE_TOKEN}}}}
    plaid: {{id: {CLIENT}}}
    clerk: {{credentials: {{}}}}
"""


@dataclass
class Desk:
    """A world on loopback. `urls` are what a vendor's client takes as base; `tokens` open the accounts."""

    world: World
    ready: Ready
    shop: Workshop

    def url(self, platform: str) -> str:
        return str(self.ready.platforms[platform])

    def token(self, platform: str) -> str:
        return str(self.ready.accounts["acme"][platform].token)

    def issuer(self, kind: str, **options: Any) -> Issuer:
        """As the product makes it, with the product's own client on a real connection."""
        name, _, word = kind.partition(".")
        platforms, blind = self.shop.platforms()
        assert not blind
        platform: Any = platforms["acme", name]
        issuer: Issuer = platform.issuer(word, issues()[kind](**options))
        return issuer


@contextmanager
def desk(root: Path) -> Iterator[Desk]:
    (root / "stacks").mkdir(parents=True)
    (root / "stacks" / "_project.yaml").write_text(PROJECT)
    world = begin_world(root, record_bodies=True)
    served = serve(world)
    try:
        with Workshop(Settings(root), world=served.ready, sleep=lambda seconds: None) as shop:
            yield Desk(world, served.ready, shop)
    finally:
        served.stop()
