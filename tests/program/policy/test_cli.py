"""The guards under the vendor's own command line, on a repository as a user has it, against the sandbox."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconcile.assemble import begin_world
from reconcile.platforms import kinds
from reconcile.program.engine.find import find
from reconcile.program.gate import Types, exit_code, judge_preview, read
from reconcile.program.pack import said_in
from reconcile.program.tokens import OWNERSHIP, by_token
from reconcile.rules import shipped
from reconcile.sandbox.serve import serve
from reconcile.steps.load import working_tree

FOUND = find()
pytestmark = [
    pytest.mark.tier("pulumi CLI"),
    pytest.mark.skipif(FOUND is None, reason="there is no Pulumi CLI here"),
]
ROOT = Path(__file__).parents[3]
PASSWORD = "hunter2-of-the-database"
PROJECT = """
project: trueup
ledger: {id: 0f3c9a1e, home: .trueup/ledger.db}
accounts:
  acme:
    railway: {id: w0000000-0000-4000-8000-000000000001, credentials: {token: ACME_RAILWAY_TOKEN}, tier: pro}
"""
STACK = """
account: acme
writer: pulumi
railway:
  project: {shop: {}}
  environment: {production: {project: shop}}
  service: {api: {project: shop}}
  instance:
    api:
      service: api
      environment: production
      source: {image: "registry.example/shop/api:1"}
      variables:
"""
MANY = "".join(f"        FLAG_{number}: 'on'\n" for number in range(12))


@dataclass
class Checkout:
    """A repository whose program, plugin and pack run in the tests' own environment."""

    root: Path
    environment: dict[str, str]

    def stack(self, variables: str) -> None:
        (self.root / "stacks" / "production.yaml").write_text(STACK + variables)

    def pulumi(self, *words: str) -> "subprocess.CompletedProcess[str]":
        assert FOUND is not None
        command = [str(FOUND.path), *words, "--non-interactive"]
        return subprocess.run(
            command, cwd=self.root, env=self.environment, capture_output=True, text=True, check=False, timeout=300
        )

    def preview(self) -> "subprocess.CompletedProcess[str]":
        return self.pulumi("preview", "--policy-pack", "policies")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    root = tmp_path_factory.mktemp("checkout")
    venv = str(Path(sys.prefix))
    (root / "stacks").mkdir()
    (root / "stacks" / "_project.yaml").write_text(PROJECT)
    project = (ROOT / "Pulumi.yaml").read_text()
    (root / "Pulumi.yaml").write_text(project.replace(".venv/bin", f"{venv}/bin").replace(": .venv", f": {venv}"))
    shutil.copy(ROOT / "__main__.py", root)
    shutil.copytree(ROOT / "policies", root / "policies", ignore=shutil.ignore_patterns("__pycache__"))
    pack = root / "policies" / "PulumiPolicy.yaml"
    pack.write_text(pack.read_text().replace("../.venv", venv))
    state = root / ".state"
    state.mkdir()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "TRUEUP_"))},
        "PULUMI_BACKEND_URL": state.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "for tests",
        "PULUMI_HOME": str(root / ".home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "TRUEUP_SANDBOX": str(root / "ready.json"),
    }
    one = Checkout(root, environment)
    one.stack(MANY)
    served = serve(begin_world(root), ready_file=root / "ready.json", ledger=root / "world.db")
    assert one.pulumi("stack", "init", "production").returncode == 0
    yield one
    served.stop()


def test_a_good_stack_passes_with_its_warning(checkout: Checkout) -> None:
    checkout.stack(MANY)
    told = checkout.preview()
    assert told.returncode == 0, told.stdout + told.stderr
    assert "[advisory]  known-risks  (trueup:railway:Instance: api)" in told.stdout
    assert "mandatory" not in told.stdout


def test_a_bad_stack_is_refused_before_anything_is_written(checkout: Checkout) -> None:
    checkout.stack(f"{MANY}        DATABASE_PASSWORD: {PASSWORD}\n")
    told = checkout.preview()
    assert told.returncode != 0
    assert "[mandatory]  no-literal-secret  (trueup:railway:Variable: api/DATABASE_PASSWORD)" in told.stdout
    assert "DATABASE_PASSWORD holds a secret in plain" in told.stdout
    up = checkout.pulumi("up", "--yes", "--skip-preview", "--policy-pack", "policies")
    assert up.returncode != 0
    assert "api/DATABASE_PASSWORD" not in checkout.pulumi("stack", "export").stdout


def test_what_a_stack_file_gives_a_reason_for_passes_the_pack_too(checkout: Checkout) -> None:
    checkout.stack(f"{MANY}        PUBLIC_KEY: {{literal: {PASSWORD}, because: printed on the website}}\n")
    told = checkout.preview()
    assert told.returncode == 0, told.stdout + told.stderr


def test_the_gate_holds_a_preview_that_takes_most_away(checkout: Checkout) -> None:
    checkout.stack(MANY)
    up = checkout.pulumi("up", "--yes", "--skip-preview")
    assert up.returncode == 0, up.stdout + up.stderr
    checkout.stack("        FLAG_0: 'on'\n")
    told = checkout.pulumi("preview", "--json", "--show-sames")
    assert told.returncode == 0, told.stderr
    preview = read(told.stdout, "preview.json")
    types = Types(by_token(kinds()), frozenset({OWNERSHIP, "trueup:railway:Release"}))
    judged = judge_preview(preview, types, shipped(), said_in(working_tree(checkout.root)), "preview.json")
    assert exit_code(judged, approved=False) == 11
    assert {change.verb for change in judged.plan.changes} == {"delete"} and len(judged.plan.changes) == 11
    assert "11 of 16 owned objects of railway in production" in judged.verdicts[0].reason
