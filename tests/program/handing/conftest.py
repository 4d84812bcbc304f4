"""A small estate on Railway, DNS and R2, a sandbox on loopback with the stand-in, and the vendor's command line."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reconcile.assemble import begin_world
from reconcile.cli import app
from reconcile.cli.handing import add_to
from reconcile.program.engine.command import Engine
from reconcile.program.engine.find import VARIABLE, Found, find
from reconcile.program.engine.project import pretend_project
from reconcile.program.standin import beside
from reconcile.sandbox.serve import serve
from reconcile.sandbox.world import World
from tests.cli.conftest import Repository
from tests.cli.conftest import repository as repository
from tests.cli.conftest import trueup as trueup

ROOT = Path(__file__).parents[3]
ID = "a0000000000000000000000000000001"
PROJECT = f"""
project: shop
ledger: {{id: 0f3c9a1e, home: .trueup/ledger.db}}
from_env: [APP_DSN, APP_JWT]
accounts:
  acme:
    railway: {{id: fef65949-87cf-45fa-a2db-f9616722e802, credentials: {{token: ACME_RAILWAY_TOKEN}}, tier: pro}}
    cloudflare: {{id: {ID}, credentials: {{token: ACME_CLOUDFLARE_TOKEN}}, tier: free}}
    r2: {{id: {ID}, credentials: {{token: ACME_R2_TOKEN}}}}
    betterstack: {{credentials: {{token: ACME_BETTERSTACK_TOKEN}}}}
"""
APP = """
account: acme
writer: trueup
railway:
  project: {shop: {name: shop}}
  service: {api: {project: shop}}
  environment: {production: {project: shop}}
  instance:
    api:
      service: api
      environment: production
      source: {image: "example/shop:1"}
      variables:
        COLOUR: blue
        DSN: {from_env: APP_DSN}
        JWT: {from_env: APP_JWT, sealed: true}
        ASSETS: "https://${r2.public-access.receipts.host}/"
cloudflare:
  zone: {main: {name: shop.example}}
  records:
    main:
      www: {type: A, content: 192.0.2.1}
      note: {type: TXT, content: "v=spf1 -all"}
r2:
  bucket:
    receipts: {name: shop-receipts, location: weur, storage_class: Standard}
  lifecycle:
    receipts: {bucket: receipts, rules: [{id: logs, prefix: logs/, delete_after: 2592000}]}
  public-access:
    receipts: {bucket: receipts, enabled: true}
  domain:
    files: {bucket: receipts, zone: "${cloudflare.zone.main.name}", host: files.shop.example, min_tls: "1.2"}
betterstack:
  heartbeat: {job: {period: 60}}
"""


@dataclass
class Estate:
    """Where everything is. `calls` tells what reached the platforms of the world since it was asked last."""

    repository: Repository
    world: World
    folder: Path
    engine: Engine | None = None

    @property
    def state(self) -> dict[str, Any]:
        """What Pulumi remembers of the stack."""
        (file,) = self.folder.glob("world.db.pulumi/state/.pulumi/stacks/*/app.json")
        latest: dict[str, Any] = json.loads(file.read_text())["checkpoint"]["latest"]
        return latest

    def agrees(self) -> bool:
        """Whether Pulumi finds nothing to do, and everything as its state says."""
        assert self.engine is not None
        words = ("preview", "--refresh", "--expect-no-changes", "--stack", "app")
        return self.engine.run(*words).code == 0

    def live(self) -> str:
        """Everything that the world holds."""
        kinds = {
            "railway": ("project", "service", "environment", "instance", "variable", "deployment"),
            "cloudflare": ("record",),
            "r2": ("bucket", "lifecycle", "access", "domain"),
        }
        shelves = {
            f"{platform}.{kind}": self.world.shelf(platform, "acme", kind)
            for platform, named in kinds.items()
            for kind in named
        }
        return json.dumps(shelves, indent=1, sort_keys=True, default=str)


@pytest.fixture(autouse=True, scope="session")
def _registered() -> None:
    if not any(one.name == "hand-over" for one in app.registered_commands):
        add_to(app)


@pytest.fixture
def estate(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Estate]:
    """Every command of the test talks to this one. Nothing of it is made yet."""
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(ROOT / name, repository.root)
    (repository.root / "stacks/web.yaml").unlink()
    repository.write("stacks/_project.yaml", PROJECT)
    repository.write("stacks/app.yaml", APP)
    world = begin_world(repository.root)
    served = serve(world, ready_file=tmp_path / "ready.json", ledger=tmp_path / "world.db", beside=beside)
    monkeypatch.setenv("TRUEUP_SANDBOX", str(tmp_path / "ready.json"))
    yield Estate(repository, world, tmp_path)
    served.stop()


@pytest.fixture(scope="session")
def installed() -> Found | None:
    return find()


@pytest.fixture
def cli(installed: Found | None, monkeypatch: pytest.MonkeyPatch) -> Found:
    """The vendor's command line."""
    if installed is None:
        pytest.skip(f"the Pulumi CLI is not found ({VARIABLE}, PATH, ~/.pulumi/bin)")
    monkeypatch.setenv(VARIABLE, str(installed.path))
    return installed


@pytest.fixture
def pulumi(estate: Estate, cli: Found) -> Estate:
    """The same, and the command line at work where the product has it work."""
    ready = json.loads((estate.folder / "ready.json").read_text())
    told = {**ready["env"], "TRUEUP_SANDBOX": str(estate.folder / "ready.json")}
    project = pretend_project(estate.repository.root, estate.folder / "world.db.pulumi", told)
    estate.engine = Engine(cli.path, project)
    return estate
