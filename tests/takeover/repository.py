"""A repository of a user and a served pretend world, driven by the commands a person types."""

import io
import json
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconcile.assemble import begin_world
from reconcile.cli import main
from reconcile.sandbox.serve import Served, serve
from reconcile.sandbox.world import World

PROJECT = """\
# the shop's repository
project: library
ledger: {id: 0a1b2c3d, home: .trueup/ledger.db}   # kept in git
accounts:
  acme:
    cloudflare: {id: a0000000000000000000000000000001, credentials: {token: ACME_CLOUDFLARE_TOKEN}, tier: free}
    betterstack: {credentials: {token: ACME_BETTERSTACK_TOKEN}}
"""
ESTATE: tuple[tuple[str, dict[str, str]], ...] = (
    ("shop.example", {"type": "A", "content": "192.0.2.10"}),
    ("shop.example", {"type": "MX", "content": "mx1.example.net", "priority": "10"}),
    ("shop.example", {"type": "MX", "content": "mx2.example.net", "priority": "20"}),
    ("shop.example", {"type": "TXT", "content": '"v=spf1 -all"'}),
    ("www.shop.example", {"type": "CNAME", "content": "shop.example", "proxied": "true"}),
    ("api.shop.example", {"type": "A", "content": "192.0.2.20", "ttl": "300", "comment": "the API"}),
    ("_dmarc.shop.example", {"type": "TXT", "content": '"v=DMARC1; p=none"'}),
)
"""What somebody typed into the console over the years."""


@dataclass(frozen=True)
class Said:
    """What a command left with and wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def trueup(*arguments: str) -> Said:
    """The console script in this process."""
    out, err = io.StringIO(), io.StringIO()
    before = sys.argv
    sys.argv = ["trueup", *arguments]
    try:
        with redirect_stdout(out), redirect_stderr(err):
            try:
                main()
            except SystemExit as leaving:
                code = int(leaving.code or 0)
    finally:
        sys.argv = before
    return Said(code, out.getvalue(), err.getvalue())


class Repository:
    """The folder, the world behind it, and `do`: a command in that folder. `use` says which world commands talk to."""

    def __init__(self, root: Path, use: Callable[[Path], None]) -> None:
        self.root = root
        (root / "stacks").mkdir(parents=True)
        self.project_file = root / "stacks" / "_project.yaml"
        self.project_file.write_text(PROJECT)
        self.world: World = begin_world(root)
        self.world.create("cloudflare", "zone", "shop.example", "acme", {})
        for thing in self.world.shelf("cloudflare", "acme", "zone").values():
            thing["account"] = {"id": "a0000000000000000000000000000001", "name": "acme"}
        self.ledger = root / "sandbox.db"
        self.served: Served = serve(self.world, ready_file=root / "ready.json", ledger=self.ledger)
        use(root / "ready.json")

    def stock(self) -> None:
        """Everything of `ESTATE`, made by hand."""
        for name, fields in ESTATE:
            self.make(name, **fields)

    def make(self, name: str, **fields: str) -> dict[str, Any]:
        return self.world.create("cloudflare", "record", name, "acme", fields)

    def records(self) -> dict[str, dict[str, Any]]:
        return dict(self.world.shelf("cloudflare", "acme", "record"))

    def write(self, stack: str, text: str) -> Path:
        path = self.root / "stacks" / f"{stack}.yaml"
        path.write_text(text)
        return path

    def do(self, *arguments: str) -> Said:
        return trueup(*arguments, "--dir", str(self.root))

    def plan(self, *arguments: str) -> Any:
        return self.do("plan", "--json", *arguments).json

    def verbs(self) -> dict[str, str]:
        return {one["address"]: one["verb"] for one in self.plan()["changes"]}
