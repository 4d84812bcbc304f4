"""A small repository, a sandbox on loopback, and the command line run in this process."""

import json
import subprocess
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reconcile.assemble import begin_world
from reconcile.cli import main
from reconcile.sandbox.serve import serve
from reconcile.sandbox.world import World

PROJECT = """
project: shop
ledger: {id: 0f3c9a1e, home: .trueup/ledger.db}
accounts:
  acme:
    cloudflare: {id: a0000000000000000000000000000001, credentials: {token: ACME_CLOUDFLARE_TOKEN}, tier: free}
    betterstack: {credentials: {token: ACME_BETTERSTACK_TOKEN}}
"""

WEB = """
account: acme
cloudflare:
  zone: {main: {name: shop.example}}
  records:
    main:
      www: {type: A, content: 192.0.2.1, covers: [shop-001]}
      note: {type: TXT, content: "[red]hello[/]"}
betterstack:
  heartbeat: {job: {period: 60}}
ignore:
  - {address: cloudflare.record.main/www, field: ttl, owner: ops, reason: "load test", expires: 2099-01-31}
"""

WWW = "cloudflare.record.main/www"


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Answer]


class Repository:
    """A folder with stacks/."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("stacks/_project.yaml", PROJECT)
        self.write("stacks/web.yaml", WEB)

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))

    def commit(self) -> str:
        """Everything in a commit; its hash."""

        def git(*words: str) -> str:
            who = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
            return subprocess.run(
                ["git", *who, *words], cwd=self.root, check=True, capture_output=True, text=True
            ).stdout

        git("init", "-q")
        git("add", "-A")
        git("commit", "-q", "-m", "all")
        return git("rev-parse", "HEAD").strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    for name in ("TRUEUP_SANDBOX", "TRUEUP_STACKS", "ACME_CLOUDFLARE_TOKEN", "ACME_BETTERSTACK_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / "repository"
    root.mkdir()
    monkeypatch.chdir(root)
    return Repository(root)


@pytest.fixture
def world(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Every command of the test talks to this one."""
    world = begin_world(repository.root)
    ready = tmp_path / "ready.json"
    served = serve(world, ready_file=ready, ledger=tmp_path / "world.db")
    monkeypatch.setenv("TRUEUP_SANDBOX", str(ready))
    yield world
    served.stop()


@pytest.fixture
def trueup(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """`trueup("status", "--json")`: the console script, as a shell would start it."""

    def run(*words: str) -> Answer:
        capsys.readouterr()
        monkeypatch.setattr("sys.argv", ["trueup", *words])
        with pytest.raises(SystemExit) as left:
            main()
        told = capsys.readouterr()
        code = left.value.code
        return Answer(code if isinstance(code, int) else 0, told.out, told.err)

    return run


@pytest.fixture
def applied(world: World, trueup: Command) -> World:
    """The stack, applied."""
    assert trueup("apply", "--all", "--yes").code == 0
    return world
