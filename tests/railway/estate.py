"""A whole repository over Railway and DNS, its world, a person at its consoles: what the stories are told with."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconcile.assemble import begin_world
from reconcile.loop import Run
from reconcile.model.pretend import Thing
from reconcile.model.verdict import Judged
from reconcile.platforms.railway import SharedVariable, Variable
from tests.stories.estate import Estate

STACKS = Path(__file__).parents[2] / "stacks"
BILKO = ("bilko", "bilko-staging", "bilko-production")
BY_HAND = "set-by-a-person"
"""What a person's secrets begin with."""
Edit = Callable[[dict[str, Any]], None]


class Runbooks(Estate):
    """The repository of `stacks` in a folder of its own, or one that stands there already. Its world is begun from,
    and saved to, `world.json` there."""

    home = "bilko"
    """The account that is meant where none is named."""

    def __init__(self, root: Path) -> None:
        self.root = root
        if not (root / "stacks").exists():
            shutil.copytree(STACKS, root / "stacks")
        self.ledger_file = root / "world.ledger.db"
        self.world = begin_world(root, state=root / "world.json", record_bodies=True)
        self.tokens = {(one.account, one.platform): one.token.reveal() for one in self.world.seeds}
        self.slept: list[float] = []
        for platform in self.world.platforms:
            pretend: Any = self.world.mount(platform).pretend
            if platform == "railway":
                pretend.pace = 0.0

    def keep_ledger(self, name: str) -> Path:
        """Beside the ledger its runner's key, which no crash takes away."""
        copy = super().keep_ledger(name)
        key = self.ledger_file.with_name(f"{self.ledger_file.name}.key")
        if key.exists():
            shutil.copy2(key, copy.with_name(f"{copy.name}.key"))
        return copy

    def stacks(self, *chosen: str) -> tuple[str, ...]:
        """Stacks, used ones first; all where none is chosen."""
        with self.workshop() as shop:
            return shop.tree.in_order(frozenset(chosen or shop.tree.stacks))

    def change(self, stack: str, edit: Edit) -> None:
        """Edits a stack file, parsed."""
        path = self.root / "stacks" / f"{stack}.yaml"
        held = yaml.safe_load(path.read_text())
        edit(held)
        path.write_text(yaml.safe_dump(held))

    def shelf(self, kind: str, account: str = "", **where: Any) -> list[Thing]:
        """Live things as they are, values of variables among them."""
        found = self.world.shelf("railway", account or self.home, kind).values()
        return [one for one in found if all(one.get(name) == value for name, value in where.items())]

    def one(self, kind: str, account: str = "", **where: Any) -> Thing:
        (found,) = self.shelf(kind, account, **where)
        return found

    def value(self, service: str, name: str, environment: str = "production") -> str:
        return str(self.one("variable", environment=environment, service=service, name=name)["value"])

    def edit_variable(self, service: str, name: str, environment: str = "production", **fields: str) -> None:
        """What a person does in the console."""
        id = self.one("variable", environment=environment, service=service, name=name)["id"]
        self.world.edit("railway", "variable", id, self.home, fields)

    def deploys(self, account: str = "") -> int:
        """How many deployments there were so far."""
        return len(self.shelf("deployment", account))

    def of_environment(self, environment: str, account: str = "") -> dict[str, list[Thing]]:
        """A copy of everything that stands in an environment."""
        held = self.world.things("railway")["railway"][account or self.home]
        return {kind: [one for one in things if one.get("environment") == environment] for kind, things in held.items()}

    def everything(self, platform: str = "railway") -> dict[str, Any]:
        """A copy of all that a platform holds."""
        return self.world.things(platform)[platform]

    def by_hand(self, *stacks: str) -> int:
        """A person sets what stacks (none: all) declare as `{exists: true}` and is not there. Returns how many."""
        made = 0
        with self.workshop() as shop:
            declared = [one for one in shop.tree.declared() if not stacks or one.stack in stacks]
        for one in declared:
            resource = one.resource
            if not isinstance(resource, Variable | SharedVariable) or not resource.exists:
                continue
            place = resource.instance if isinstance(resource, Variable) else resource.environment
            words = dict(zip(("project", "environment", "service"), place.split("/"), strict=False))
            kind = resource.kind.partition(".")[2]
            at = {name: value for name, value in words.items() if name != "project"}
            if any(
                one["project"] == words["project"] for one in self.shelf(kind, one.account, name=resource.name, **at)
            ):
                continue
            value = f"{BY_HAND}-{made:03}{resource.ending or ''}"
            self.world.create("railway", kind, resource.name, one.account, {**words, "value": value})
            made += 1
        return made

    def operations(self) -> list[str]:
        """What Railway was asked since the log was cleared, in order of arrival."""
        return [str(one["path"]).partition("?query=")[2] for one in self.world.calls() if one["platform"] == "railway"]

    def dns(self, name: str, type: str, account: str = "") -> Mapping[str, Any]:
        (found,) = [
            one for one in self.live(account=account or self.home) if (one["name"], one["type"]) == (name, type)
        ]
        return found


def settled(judged: Judged) -> None:
    """Nothing to do and nothing unseen."""
    plan = judged.plan
    changes = [(one.stack, str(one.address), one.verb, one.cause) for one in plan.changes]
    assert (changes, plan.gaps, plan.adopt) == ([], (), ())


def proved(run: Run, code: int = 0) -> Run:
    """Everything was done and seen afterwards."""
    wrong = [
        (str(one.change.address), one.status, one.error)
        for one in run.outcomes
        if one.status != "done" or not one.verified
    ]
    assert (wrong, run.exit_code()) == ([], code)
    return run


def changed(judged: Judged) -> list[tuple[str, str, str, str]]:
    """(stack, verb, cause, address) of every change."""
    return [(one.stack, one.verb, one.cause, str(one.address)) for one in judged.plan.changes]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a repository that was applied whole, whose person did their part, and that is at rest."""
    return _build(tmp_path_factory.getbasetemp())


@cache
def _build(base: Path) -> Path:
    """Once a session, however many modules have the fixture."""
    estate = Runbooks(base / "built-runbooks")
    estate.apply()
    estate.by_hand()
    settled(estate.plan())
    estate.world.save()
    return estate.root


@pytest.fixture
def runbooks(built: Path, tmp_path: Path) -> Iterator[Runbooks]:
    """A copy of that, its call log empty. Whatever a story did, the chain of every ledger it leaves must hold."""
    shutil.copytree(built, tmp_path / "runbooks")
    estate = Runbooks(tmp_path / "runbooks")
    estate.world.clear_calls()
    yield estate
    estate.entries()
