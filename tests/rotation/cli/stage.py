"""A shop whose world answers on loopback, and our command line as a user types it: what was said, and how it ended."""

import contextlib
import datetime as dt
import io
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconcile.assemble import begin_world
from reconcile.cli import main
from reconcile.sandbox.serve import serve
from tests.rotation.live.shop import PROJECT, SHOP, Shop


@dataclass(frozen=True)
class Said:
    """How one command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def secrets(self) -> dict[str, Any]:
        """The document's secrets, by name."""
        return {one["secret"]: one for one in self.json["secrets"]}

    @property
    def flat(self) -> str:
        """All that was said, lines that a screen wrapped joined again."""
        return " ".join((self.out + self.err).split())


class Stage(Shop):
    """The shop over loopback."""

    def __init__(
        self, root: Path, stack: str = SHOP, project: str = PROJECT, more: Mapping[str, str] | None = None
    ) -> None:
        """In a folder that is there already, a shop of before, or in one that is begun. `more`: other stacks, by
        name."""
        self.root, self.slept = root, []
        if not (root / "stacks").exists():
            (root / "stacks").mkdir(parents=True)
            for name, text in {"_project": project, "shop": stack, **(more or {})}.items():
                self.write(name, text)
        self.ledger_file, self.ready_file = root / "world.ledger.db", root / "ready.json"
        self.world = begin_world(root, state=root / "world.json")
        self.tokens = {(one.account, one.platform): one.token.reveal() for one in self.world.seeds}
        pretend: Any = self.world.mount("railway").pretend
        pretend.pace = 0.0
        self.served = serve(self.world, ready_file=self.ready_file, ledger=self.ledger_file)

    def up(self) -> "Stage":
        """Everything applied, first values in place."""
        said = self.run("up", "--all", "--yes", "--concise")
        assert said.code == 0, said.flat
        return self

    def close(self) -> None:
        self.served.stop()

    def run(self, *words: str, stdin: str = "", terminal: bool = False) -> Said:
        """One command line, in this process. `terminal`: whoever reads `stdin` takes it for a person."""
        out, err = io.StringIO(), io.StringIO()
        where = [] if words[0] in ("sandbox",) else ["--dir", str(self.root)]
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), self._as_typed([*words, *where]):
            kept, sys.stdin = sys.stdin, _Typed(stdin, terminal)
            code: Any = 0
            try:
                main()
            except SystemExit as left:
                code = left.code
            finally:
                sys.stdin = kept
        return Said(int(code or 0), out.getvalue(), err.getvalue())

    @contextlib.contextmanager
    def _as_typed(self, words: list[str]) -> Iterator[None]:
        kept, sys.argv = sys.argv, ["trueup", *words]
        before = {name: os.environ.get(name) for name in ("TRUEUP_SANDBOX", "COLUMNS")}
        os.environ.update(TRUEUP_SANDBOX=str(self.ready_file), COLUMNS="200")
        try:
            yield
        finally:
            sys.argv = kept
            for name, value in before.items():
                os.environ.pop(name, None) if value is None else os.environ.update({name: value})

    def value(self, service: str, name: str = "API_SECRET") -> str:
        """What the platform holds."""
        return self.variables(service)[name]

    def by_hand(self, service: str, name: str, value: str) -> None:
        """What a person does in the console."""
        services = {one["id"]: one["name"] for one in self.shelf("service")}
        (id,) = [
            one["id"]
            for one in self.shelf("variable")
            if one["name"] == name and services.get(one["service"], one["service"]) == service
        ]
        self.world.edit("railway", "variable", id, "acme", {"value": value})

    def runs_with(self, service: str, name: str = "API_SECRET") -> str:
        """What the unit that runs was started with."""
        (unit,) = [
            one
            for units in self.world.running().values()
            for one in units
            if one.name.rpartition("/")[2] == service and one.kind == "railway.instance"
        ]
        return unit.values[name]

    def refused(self) -> list[Any]:
        """Every moment in which something ran on a value that is refused."""
        return list(self.world.watched()["refused"])


class _Typed(io.StringIO):
    def __init__(self, text: str, terminal: bool) -> None:
        super().__init__(text)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def until_done(stage: Stage, hours: float = 2.0) -> None:
    """Passes until nothing is under way."""
    stage.world.advance(dt.timedelta(hours=hours))
    for _ in range(30):
        if stage.run("apply", "--all", "--yes").flat.count("ended done"):
            return
    raise AssertionError(stage.run("rotate", "status").flat)
