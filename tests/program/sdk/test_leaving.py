"""A stack that `declare` built goes on under the ejected program, on a real engine, with nothing to do."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from reconcile.cli.eject import add_to
from reconcile.program.engine.find import find

ROOT = Path(__file__).parents[3]
FOUND = find()
PROJECT = """
project: library
ledger: {id: 0a1b2c3d, home: .trueup/ledger.db}
accounts:
  acme:
    cloudflare: {id: a0000000000000000000000000000001, credentials: {token: ACME_CLOUDFLARE_TOKEN}, tier: free}
    railway: {credentials: {token: ACME_RAILWAY_TOKEN}, tier: pro}
from_env: [SHOP_KEY]
"""
SHOP = """
account: acme
writer: pulumi
cloudflare:
  zone: {shop: {name: shop.example}}
  records:
    shop:
      www: {type: CNAME, content: "${railway.domain.www.target}"}
railway:
  project: {shop: {}}
  environment: {production: {project: shop}}
  service: {api: {project: shop}}
  instance:
    api:
      service: api
      environment: production
      source: {image: "registry.example/api:1"}
      variables: {PORT: "3000", KEY: {from_env: SHOP_KEY}}
  domain: {www: {instance: api, host: www.shop.example}}
"""

pytestmark = [
    pytest.mark.tier("pulumi CLI"),
    pytest.mark.skipif(FOUND is None, reason="there is no Pulumi CLI here"),
]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    (root / "stacks").mkdir(parents=True)
    (root / "stacks" / "_project.yaml").write_text(PROJECT)
    (root / "stacks" / "shop.yaml").write_text(SHOP)
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(ROOT / name, root)
    _with_packages(root)
    return root


def _with_packages(folder: Path) -> None:
    """A virtualenv where Pulumi.yaml says: the one that the tests run in."""
    (folder / ".venv").symlink_to(sys.prefix, target_is_directory=True)


@pytest.fixture
def environment(repository: Path, tmp_path: Path) -> Iterator[dict[str, str]]:
    """What a shell exports to work on a pretend world in a process of its own."""
    ready = tmp_path / "world.json"
    order = [sys.executable, "-m", "reconcile", "sandbox", "--ready-file", str(ready), "-C", str(repository)]
    with subprocess.Popen(order, stdout=subprocess.DEVNULL, cwd=ROOT) as world:
        try:
            deadline = time.monotonic() + 60
            while not ready.exists():
                assert world.poll() is None and time.monotonic() < deadline, "the sandbox did not start"
                time.sleep(0.05)
            assert FOUND is not None
            yield {
                **os.environ,
                **json.loads(ready.read_text())["env"],
                "PATH": f"{FOUND.path.parent}{os.pathsep}{os.environ['PATH']}",
                "TRUEUP_SANDBOX": str(ready),
                "SHOP_KEY": "hush-hush",
                "PULUMI_HOME": str(tmp_path / "home"),
                "PULUMI_BACKEND_URL": f"file://{tmp_path}",
                "PULUMI_CONFIG_PASSPHRASE": "none",
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            }
        finally:
            world.send_signal(signal.SIGINT)


def _pulumi(folder: Path, environment: dict[str, str], *order: str) -> None:
    assert FOUND is not None
    done = subprocess.run(
        [FOUND.path, *order, "--stack", "shop"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_declare_built_is_quiet_under_the_ejected_program(
    repository: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    _pulumi(repository, environment, "stack", "init")
    _pulumi(repository, environment, "up", "--yes", "--skip-preview")
    out = tmp_path / "plain"
    app = typer.Typer()
    add_to(app)
    told = CliRunner().invoke(app, ["shop", "-C", str(repository), "--out", str(out)], env=environment)
    assert told.exit_code == 0, told.output
    assert "hush-hush" not in (out / "__main__.py").read_text()
    _with_packages(out)
    assert not (out / "stacks" / "shop.yaml").exists()
    _pulumi(out, environment, "preview", "--refresh", "--expect-no-changes")
