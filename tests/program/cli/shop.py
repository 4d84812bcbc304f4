"""A small repository as a user has it: Pulumi's command line is typed in it, in a shell that a sandbox's exports are
in."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconcile.assemble import begin_world
from reconcile.program.engine.find import Found
from reconcile.program.engine.preview import read_preview
from reconcile.program.standin import beside
from reconcile.sandbox.serve import serve
from reconcile.sandbox.world import World

ROOT = Path(__file__).parents[3]
STACK = "app"
PROJECT = """
project: shop
ledger: {id: 0f3c9a1e, home: .trueup/ledger.db}
from_env: [APP_DSN]
accounts:
  acme:
    railway: {id: fef65949-87cf-45fa-a2db-f9616722e802, credentials: {token: ACME_RAILWAY_TOKEN}, tier: pro}
"""
APP = """
account: acme
writer: pulumi
railway:
  project: {shop: {name: shop}}
  environment: {production: {project: shop}}
  service: {api: {project: shop}, web: {project: shop}}
  instance:
    api:
      service: api
      environment: production
      source: {image: "example/shop:1"}
      variables:
        COLOUR: blue
        MODE: production
        DSN: {from_env: APP_DSN}
        TARGET: "https://${railway.domain.api.target}/"
    web: {service: web, environment: production, source: {image: "example/web:1"}}
  domain: {api: {instance: api, host: api.shop.example}}
"""
DSN = "https://7c1d0bb2e94f@planted.example/42"
PASSPHRASE = "passphrase-of-this-shop"
KINDS = ("project", "environment", "service", "instance", "variable", "domain")
CHANGES_NOT_EXPECTED = 7


@dataclass(frozen=True)
class Said:
    code: int
    text: str
    """Everything that was printed."""


@dataclass
class Shop:
    """Its folder holds all that there is of it: repository, world, ledger, Pulumi's state and home."""

    folder: Path
    found: Found
    world: World = field(init=False)
    environment: dict[str, str] = field(init=False)

    @property
    def root(self) -> Path:
        return self.folder / "repository"

    @contextmanager
    def open(self) -> Iterator["Shop"]:
        if not self.root.exists():
            self._begin()
        self.world = begin_world(self.root, state=self.folder / "world.json")
        ready, ledger = self.folder / "ready.json", self.folder / "world.db"
        served = serve(self.world, ready_file=ready, ledger=ledger, beside=beside)
        own = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}
        self.environment = {
            **own,
            **served.ready.env,
            "APP_DSN": DSN,
            "PATH": f"{self.found.path.parent}{os.pathsep}{own['PATH']}",
            "PULUMI_BACKEND_URL": f"file://{self.folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_HOME": str(self.folder / "home"),
        }
        try:
            if not self.state_file.exists():
                self.pulumi("stack", "init", STACK)
            yield self
            self.world.save()
        finally:
            self.world.on_call = None
            served.stop()

    def _begin(self) -> None:
        for each in (self.root / "stacks", self.folder / "state", self.folder / "home"):
            each.mkdir(parents=True)
        for name in ("Pulumi.yaml", "__main__.py"):
            shutil.copy(ROOT / name, self.root)
        (self.root / ".venv").symlink_to(sys.prefix)
        self.write(APP)
        (self.root / "stacks" / "_project.yaml").write_text(PROJECT)

    def write(self, text: str) -> None:
        (self.root / "stacks" / f"{STACK}.yaml").write_text(text)

    def pulumi(self, *words: str, code: int = 0) -> str:
        """What a command printed, typed on the stack; it must end with `code`."""
        with self.typed(*words) as process:
            said = self.ended(process)
        assert said.code == code, said.text
        return said.text

    def typed(self, *words: str) -> "subprocess.Popen[str]":
        """A command that runs, in a session of its own."""
        own = [] if words[0] in ("stack", "cancel") else ["--stack", STACK]
        return subprocess.Popen(
            [str(self.found.path), *words, *own, "--non-interactive", "--color=never"],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def ended(self, process: "subprocess.Popen[str]") -> Said:
        text, _ = process.communicate()
        return Said(process.returncode, text)

    def up(self, code: int = 0) -> str:
        return self.pulumi("up", "--yes", "--skip-preview", code=code)

    def previewed(self, *words: str) -> dict[str, str]:
        """What a preview would write, as `ids` names it; a replacement is one."""
        said = self.pulumi("preview", "--json", *words)
        return {
            f"{one.type.rpartition(':')[2]}::{one.name}": "replace" if one.replaces else one.op
            for one in read_preview(said[said.index("{") :]).changes
        }

    def agrees(self) -> None:
        """Pulumi finds nothing to do, and everything as its state says."""
        self.pulumi("preview", "--refresh", "--expect-no-changes")

    @property
    def state_file(self) -> Path:
        return self.folder / "state" / ".pulumi" / "stacks" / "trueup" / f"{STACK}.json"

    @property
    def deployment(self) -> dict[str, Any]:
        return dict(json.loads(self.state_file.read_text())["checkpoint"].get("latest") or {})

    @property
    def ids(self) -> dict[str, str]:
        """By name and type's last word, as `Variable::api/COLOUR`: what stands on a platform."""
        resources = [one for one in self.deployment.get("resources") or () if one.get("id")]
        return {
            f"{one['type'].rpartition(':')[2]}::{one['urn'].rpartition('::')[2]}": one["id"]
            for one in resources
            if not one["type"].startswith("pulumi:")
        }

    def urn(self, name: str) -> str:
        """`Variable::api/COLOUR` as the state has it."""
        (found,) = [one["urn"] for one in self.deployment["resources"] if one["urn"].endswith(f":{name}")]
        return str(found)

    @property
    def locks(self) -> list[Path]:
        return list((self.folder / "state" / ".pulumi" / "locks").rglob("*.json"))

    def live(self, kind: str) -> list[dict[str, Any]]:
        return [dict(one) for one in self.world.shelf("railway", "acme", kind).values()]

    def value(self, name: str) -> str:
        (found,) = [one for one in self.live("variable") if one["name"] == name]
        return str(found["value"])

    def edit(self, name: str, value: str) -> None:
        """A variable, at the console."""
        self.world.edit("railway", "variable", name, None, {"value": value})

    def everything_is_there_once(self) -> None:
        counts = {kind: Counter(str(one["name"]) for one in self.live(kind)) for kind in KINDS}
        assert counts == {
            "project": {"shop": 1},
            "environment": {"production": 1},
            "service": {"api": 1, "web": 1},
            "instance": {"api": 1, "web": 1},
            "variable": {"COLOUR": 1, "MODE": 1, "DSN": 1, "TARGET": 1},
            "domain": {"api.shop.example": 1},
        }
