"""From what somebody clicked together to the stack files of an empty repository."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from reconcile.assemble import begin_world
from reconcile.sandbox.serve import serve
from reconcile.sandbox.world import World
from tests.takeover.repository import trueup

from .bench import TEAM

PROJECT = f"""\
project: library
ledger: {{id: 0a1b2c3d, home: .trueup/ledger.db}}
accounts:
  acme:
    vercel: {{id: {TEAM}, credentials: {{token: ACME_VERCEL_TOKEN}}}}
"""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A team with two projects, served; `tmp_path` is the repository."""
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "_project.yaml").write_text(PROJECT)
    world = begin_world(tmp_path)

    def made(kind: str, name: str, **fields: str) -> None:
        world.create("vercel", kind, name, "acme", fields)

    made("project", "shop-web", framework="nextjs", rootDirectory="apps/web", nodeVersion="20.x")
    world.edit("vercel", "project", "shop-web", "acme", {"gitRepository.repo": "example/shop"})
    made("project", "blog")
    made("variable", "NEXT_PUBLIC_API_URL", project="shop-web", value="https://api.shop.example")
    made("variable", "NEXT_PUBLIC_API_URL", project="shop-web", value="https://next.shop.example", target="preview")
    made("variable", "STRIPE_SECRET_KEY", project="shop-web", value="sk_live_51Habcdefghijklmnop", type="sensitive")
    made("variable", "SESSION", project="blog", value="8f7a6b5c4d3e2f1a0b9c", type="encrypted")
    made("domain", "shop.example", project="shop-web")
    made("domain", "www.shop.example", project="shop-web", redirect="shop.example", redirectStatusCode="308")
    made("domain", "shop-web.vercel.app", project="shop-web")
    made("check", "tests", project="shop-web")
    made("webhook", "https://hooks.example.com/v", events="deployment.error,deployment.canceled")
    served = serve(world, ready_file=tmp_path / "ready.json", ledger=tmp_path / "sandbox.db")
    monkeypatch.setenv("TRUEUP_SANDBOX", str(tmp_path / "ready.json"))
    yield world
    served.stop()


def test_an_imported_team_plans_nothing_and_holds_no_secret(world: World, tmp_path: Path) -> None:
    here = ("--dir", str(tmp_path))
    said = trueup("import", "vercel", *here)
    assert said.code == 0, said.err
    written = "".join(path.read_text() for path in (tmp_path / "stacks").glob("*.yaml"))
    assert "sk_live" not in written and "8f7a6b5c" not in written
    stack = yaml.safe_load((tmp_path / "stacks" / "acme.yaml").read_text())
    assert set(stack["vercel"]) == {"project", "variables", "domain", "check", "webhook"}
    assert set(stack["vercel"]["domain"]) == {"shop-web-shop-example", "shop-web-www-shop-example"}
    variables = stack["vercel"]["variables"]["shop-web"]
    assert {name for name in variables if "API" in name} == {
        "NEXT_PUBLIC_API_URL_preview",
        "NEXT_PUBLIC_API_URL_production",
    }
    assert variables["STRIPE_SECRET_KEY"] == {"type": "sensitive", "exists": True}
    plan = trueup("plan", "--json", *here).json
    assert (plan["changes"], plan["gaps"], plan["unmanaged"]) == ([], [], [])
    # All but the two secrets, which only have to be there, and the domain that Vercel gave.
    assert len(plan["adopt"]) == 8
