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
from reconcile.model.rotation import Step
from reconcile.model.verdict import Judged
from reconcile.platforms.github.kinds import Secret as GitHubSecret
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

    def by_hand(self, *stacks: str, secrets: bool = True) -> int:
        """A person sets what stacks (none: all) declare as `{exists: true}`, or hold of a secret, and is not there.
        Returns how many."""
        made = 0
        with self.workshop() as shop:
            declared = [one for one in shop.tree.declared() if not stacks or one.stack in stacks]
        for one in declared:
            resource = one.resource
            if getattr(resource, "rotated", False) and (not secrets or one.beside is not None):
                continue
            if isinstance(resource, GitHubSecret) and resource.rotated:
                there = {one["name"] for one in self.world.shelf("github", one.account, "secret").values()}
                if resource.name not in there:
                    fields = {"repository": resource.repository, "value": f"{BY_HAND}-{resource.secret}"}
                    self.world.create("github", "secret", resource.name, one.account, fields)
                    made += 1
            if not isinstance(resource, Variable | SharedVariable) or not resource.only_seen:
                continue
            place = resource.instance if isinstance(resource, Variable) else resource.environment
            words = dict(zip(("project", "environment", "service"), place.split("/"), strict=False))
            kind = resource.kind.partition(".")[2]
            at = {name: value for name, value in words.items() if name != "project"}
            if any(
                one["project"] == words["project"] for one in self.shelf(kind, one.account, name=resource.name, **at)
            ):
                continue
            value = f"{BY_HAND}-{resource.secret or f'{made:03}'}{resource.part or ''}{resource.ending or ''}"
            if resource.part == "id":
                # Which key it is, and no secret: whoever writes a stack file may say it.
                value = f"id-of-{resource.secret}"
            self.world.create("railway", kind, resource.name, one.account, {**words, "value": value})
            made += 1
        return made

    def turn(self, *secrets: str, until_quiet: bool = False) -> dict[str, Step]:
        """One transition of some secrets (none: all), or as many as there are."""
        with self.workshop() as shop:
            held = [shop.tree.secrets[name].stack for name in secrets] or list(shop.tree.stacks)
            turned = shop.reconciler().rotate(held, command="rotate", only=secrets, until_quiet=until_quiet)
        return {one.secret: one for one in turned}

    def deploy_what_waited(self) -> None:
        """A person deploys what the first apply left alone, because its secrets had no value."""
        with self.workshop() as shop:
            reconciler = shop.reconciler()
            units = {unit for one in shop.tree.secrets.values() for unit in one.units}
            for unit in sorted(units):
                declared = shop.tree.stacks[unit.stack].declared[unit.address]
                if unit.address.platform == "railway":
                    platform: Any = reconciler.platforms[declared.account, "railway"]
                    platform.start([declared.resource])

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
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a repository that was applied whole and whose secrets have no value yet."""
    return _bare(tmp_path_factory.getbasetemp())


@cache
def _bare(base: Path) -> Path:
    """Once a session, however many modules have the fixture."""
    estate = Runbooks(base / "bare-runbooks")
    estate.apply()
    estate.by_hand(secrets=False)
    estate.world.save()
    return estate.root


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a repository that was applied whole, whose person did their part, and that is at rest."""
    return _build(tmp_path_factory.getbasetemp())


@cache
def _build(base: Path) -> Path:
    """Once a session, however many modules have the fixture. Its secrets are a person's, and taken over as they are."""
    shutil.copytree(_bare(base), base / "built-runbooks")
    estate = Runbooks(base / "built-runbooks")
    estate.by_hand()
    assert {one.text for one in estate.turn().values()} == {"adopted the value that consumers hold"}
    estate.deploy_what_waited()
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
