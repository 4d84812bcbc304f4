"""A shop with two services that share a secret, its world, and a pass as a method: what live rotation is told with."""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from reconcile.model.rotation import State, Step
from tests.stories.estate import Estate

PROJECT = """
project: library
ledger: {id: 0a1b2c3d, home: .trueup/ledger.db}
accounts:
  acme:
    railway: {id: a0000000-0000-0000-0000-000000000001, credentials: {token: ACME_RAILWAY_TOKEN}, tier: pro}
"""

SHOP = """
account: acme
secrets:
  session: {strategy: overlap, generate: {bytes: 32, as: base64}, every: 30d, soak: 1h}
railway:
  project: {shop: {name: shop}}
  environment: {production: {project: shop}}
  service: {api: {project: shop}, worker: {project: shop}}
  instance:
    api:
      service: api
      environment: production
      source: {repo: example/shop, branch: main}
      healthcheck_path: /health
      replicas: 2
      variables:
        NODE_ENV: production
        API_SECRET: {secret: session}
    worker:
      service: worker
      environment: production
      source: {repo: example/shop, branch: main}
      healthcheck_path: /health
      replicas: 2
      variables:
        API_SECRET: {secret: session}
"""


class Shop(Estate):
    """The shop and its world. Deployments are at once."""

    def __init__(self, root: Path, stack: str = SHOP, project: str = PROJECT) -> None:
        super().__init__(root, stack, project=project)
        pretend: Any = self.world.mount("railway").pretend
        pretend.pace = 0.0

    def rotate(self, *only: str, until_quiet: bool = False) -> dict[str, Step]:
        """One transition of each secret, or as many as there are."""
        with self.workshop() as shop:
            turned = shop.reconciler().rotate(
                tuple(shop.tree.stacks), command="rotate", only=only, until_quiet=until_quiet
            )
        return {one.secret: one for one in turned}

    def built(self) -> "Shop":
        """Everything applied, first values in place."""
        self.apply()
        self.rotate(until_quiet=True)
        return self

    def state(self, secret: str = "session") -> State:
        with self.workshop() as shop:
            return shop.books().state(secret)

    def passes(self, days: float, *, every_hours: float = 6.0) -> list[Step]:
        """Moves the world's clock on, with a pass every so many hours."""
        steps = []
        for _ in range(int(days * 24 / every_hours)):
            self.world.advance(dt.timedelta(hours=every_hours))
            steps.extend(self.rotate().values())
        return steps

    def variables(self, service: str) -> dict[str, str]:
        """What the platform holds, values and all."""
        names = {one["id"]: one["name"] for one in self.shelf("service")}
        return {
            one["name"]: one["value"]
            for one in self.shelf("variable")
            if names.get(one["service"], one["service"]) == service
        }

    def shelf(self, kind: str) -> Iterable[dict[str, Any]]:
        return list(self.world.shelf("railway", "acme", kind).values())

    def deployments(self, service: str) -> int:
        names = {one["id"]: one["name"] for one in self.shelf("service")}
        return sum(names.get(one["service"], one["service"]) == service for one in self.shelf("deployment"))
