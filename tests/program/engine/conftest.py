"""A small repository that Pulumi writes, a sandbox on loopback, and the vendor's command line where it is found."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconcile.assemble import begin_world
from reconcile.program.engine.command import Engine
from reconcile.program.engine.find import VARIABLE, Found, find
from reconcile.program.engine.project import pretend_project
from reconcile.sandbox.serve import serve
from reconcile.sandbox.world import World
from tests.cli.conftest import Repository
from tests.cli.conftest import repository as repository
from tests.cli.conftest import trueup as trueup

ROOT = Path(__file__).parents[3]
PROJECT = """
project: shop
ledger: {id: 0f3c9a1e, home: .trueup/ledger.db}
accounts:
  acme:
    railway: {id: fef65949-87cf-45fa-a2db-f9616722e802, credentials: {token: ACME_RAILWAY_TOKEN}, tier: pro}
    betterstack: {credentials: {token: ACME_BETTERSTACK_TOKEN}}
"""
APP = """
account: acme
writer: pulumi
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
        MODE: production
betterstack:
  heartbeat: {job: {period: 60}}
"""
COLOUR = "railway.variable.api/COLOUR"


@pytest.fixture
def shop(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Its environment has no command line: `cli` gives it one."""
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(ROOT / name, repository.root)
    (repository.root / "stacks/web.yaml").unlink()
    repository.write("stacks/_project.yaml", PROJECT)
    repository.write("stacks/app.yaml", APP)
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("HOME", str(repository.root / "nobody"))
    folders = os.environ["PATH"].split(os.pathsep)
    without = [folder for folder in folders if not Path(folder, "pulumi").exists()]
    monkeypatch.setenv("PATH", os.pathsep.join(without))
    return repository


@pytest.fixture
def world(shop: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Every command of the test talks to this one."""
    world = begin_world(shop.root)
    served = serve(world, ready_file=tmp_path / "ready.json", ledger=tmp_path / "world.db")
    monkeypatch.setenv("TRUEUP_SANDBOX", str(tmp_path / "ready.json"))
    yield world
    served.stop()


@pytest.fixture(scope="session")
def installed() -> Found | None:
    return find()


@pytest.fixture
def cli(shop: Repository, installed: Found | None, monkeypatch: pytest.MonkeyPatch) -> Found:
    """The vendor's command line."""
    if installed is None:
        pytest.skip(f"the Pulumi CLI is not found ({VARIABLE}, PATH, ~/.pulumi/bin)")
    monkeypatch.setenv(VARIABLE, str(installed.path))
    return installed


@pytest.fixture
def engine(cli: Found, world: World, shop: Repository, tmp_path: Path) -> Engine:
    """The command line at work where the product has it work."""
    ready = json.loads((tmp_path / "ready.json").read_text())
    told = {**ready["env"], "TRUEUP_SANDBOX": str(tmp_path / "ready.json")}
    return Engine(cli.path, pretend_project(shop.root, tmp_path / "world.db.pulumi", told))
