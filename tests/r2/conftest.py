"""One estate with R2 and DNS in one account, in process, and served for the vendor's own clients."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reconcile.sandbox.serve import Served, serve
from tests.stories.estate import Estate

ID = "a0000000000000000000000000000001"
PROJECT = f"""
project: library
ledger: {{id: 0a1b2c3d, home: .trueup/ledger.db}}
accounts:
  acme:
    cloudflare: {{id: {ID}, credentials: {{token: ACME_CLOUDFLARE_TOKEN}}, tier: free}}
    r2: {{id: {ID}, credentials: {{token: ACME_R2_TOKEN}}}}
"""
BUCKET = """
account: acme
r2:
  bucket:
    receipts: {name: shop-receipts}
"""
WHOLE = """
account: acme
cloudflare:
  zone: {shop: {name: shop.example}}
r2:
  bucket:
    receipts: {name: shop-receipts, location: weur, storage_class: Standard}
    invoices: {name: shop-receipts, jurisdiction: eu}
  cors:
    receipts: {bucket: receipts, rules: [{origins: ["https://shop.example"], methods: [GET, HEAD], max_age: 3600}]}
  lifecycle:
    receipts: {bucket: receipts, rules: [{id: logs, prefix: logs/, delete_after: 2592000}]}
  lock:
    receipts: {bucket: receipts, rules: [{id: receipts, prefix: receipts/, seconds: 315360000}]}
  public-access:
    receipts: {bucket: receipts, enabled: false}
    invoices: {bucket: invoices, enabled: false}
  domain:
    files: {bucket: receipts, zone: "${cloudflare.zone.shop.name}", host: files.shop.example, min_tls: "1.2"}
"""


class Shop(Estate):
    """An estate that begins with a stack of its own."""

    def __init__(self, root: Path, stack: str = WHOLE, project: str = PROJECT) -> None:
        super().__init__(root, stack, project=project)

    def r2(self, kind: str) -> list[dict[str, Any]]:
        return self.live(kind, "r2")

    def hand(self, kind: str, name: str, **fields: str) -> None:
        self.world.edit("r2", kind, name, "acme", fields)

    def calls(self, method: str = "") -> list[str]:
        """`METHOD PATH` of the calls to R2 so far, paths from the bucket on."""
        told = ((one["method"], one["path"]) for one in self.world.calls() if one["platform"] == "r2")
        short = ((verb, path.rpartition("/r2/buckets")[2] or path) for verb, path in told)
        return [f"{verb} {path}" for verb, path in short if verb.startswith(method)]

    def quiet(self) -> None:
        """The next plan has nothing to do, and nothing to say."""
        plan = self.plan().plan
        told = [f"{one.verb} {one.address} {[field.name for field in one.fields]}" for one in plan.changes]
        assert (told, [gap.reason for gap in plan.gaps], plan.unmanaged) == ([], [], ())


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture
def begun(tmp_path: Path) -> Callable[[str], Shop]:
    """An estate with a given stack."""
    return lambda stack: Shop(tmp_path, stack)


@pytest.fixture
def served(shop: Shop) -> Iterator[Served]:
    """The whole shop, applied, on loopback."""
    assert shop.apply().exit_code() == 0
    shop.world.clear_calls()
    running = serve(shop.world)
    yield running
    running.stop()
