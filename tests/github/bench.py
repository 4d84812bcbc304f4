"""Two accounts on a pretend GitHub, and what is asked of them."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import httpx

from reconcile.model.change import Change, Outcome, Verb
from reconcile.model.observation import Container, Observation, Scope, Seen
from reconcile.model.resource import Address, Resource
from reconcile.model.secret import SecretText
from reconcile.model.spec import Access, Declared, Location, Project
from reconcile.platforms import pretends
from reconcile.platforms.github import (
    Environment,
    EnvironmentSecret,
    GitHub,
    HostVariable,
    Repository,
    Secret,
    Workflow,
)
from reconcile.sandbox.world import AccountSeed, World
from reconcile.wire import Budget, CallLog, Client, Pool, Redactor

REPO, REF = "example/bunty", "example/bunty/deploy.yml@main"
PRODUCTION = f"{REPO}:production"
SEEDS = tuple(
    AccountSeed(name, "github", name, SecretText(f"token-of-{name}"), "free") for name in ("bunty", "stranger")
)


@dataclass
class Bench:
    """One world. Waits are noted in `slept`, not waited."""

    world: World = field(default_factory=lambda: World({"github": pretends()["github"]}, SEEDS, record_bodies=True))
    pool: Pool = field(default_factory=lambda: Pool(4))
    slept: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.begin(repository(), environment(), workflow(), secret(), inner_secret("SESSION"), on_host())

    def begin(self, *wanted: Resource) -> None:
        """Puts there what stacks look up."""
        declared = [
            Declared("test", "bunty", Address("github", one.kind.partition(".")[2], _named(one)), one, Location("x", 1))
            for one in wanted
        ]
        self.world.begin(declared, Project("test", "0a1b2c3d", "ledger.db", {}))

    def github(self, account: str = "bunty", *, token: str = "", attempts: int = 2, transport: Any = None) -> GitHub:
        secret = SecretText(token or f"token-of-{account}", "token")
        client = Client(
            platform="github",
            account=account,
            base_url="http://sandbox.invalid",
            authorization=GitHub.authorization({"token": secret}),
            budget=Budget(1_000_000, 1),
            log=CallLog(),
            pool=self.pool,
            redactor=Redactor([secret]),
            read_error=GitHub.read_error,
            transport=transport or httpx.WSGITransport(app=self.world.wsgi("github")),
            attempts=attempts,
            sleep=lambda seconds: None,
        )
        access = Access("github", None, {"token": "TOKEN"})
        return GitHub(client, account, access, self.world.now, settle_seconds=5, sleep=self.slept.append)

    def shelf(self, kind: str) -> list[dict[str, Any]]:
        return list(self.world.shelf("github", "bunty", kind).values())

    def one(self, kind: str, name: str) -> dict[str, Any]:
        (found,) = [one for one in self.shelf(kind) if one["name"] == name]
        return found

    def by_hand(self, kind: str, name: str, /, **fields: str) -> dict[str, Any]:
        return self.world.create("github", kind, name, "bunty", fields)

    def edit(self, kind: str, name: str, /, **fields: str) -> None:
        self.world.edit("github", kind, name, "bunty", fields)

    def fault(self, text: str) -> None:
        self.world.fault("github", text)

    def later(self, seconds: float = 60) -> None:
        self.world.advance(dt.timedelta(seconds=seconds))

    def calls(self, method: str = "", path: str = "") -> list[str]:
        told = (f"{call['method']} {call['path']}" for call in self.world.calls())
        return [call for call in told if call.startswith(method) and path in call]

    def runs(self) -> dict[str, dict[str, str]]:
        """What runs, by unit: the values that it was started with."""
        pretend: Any = self.world.mount("github").pretend
        found = pretend.running(self.world.mount("github").place, "bunty")
        return {one.name: dict(one.values) for one in found if one.id}


def repository(name: str = REPO) -> Repository:
    return Repository.declared({"name": name})


def environment(name: str = "production") -> Environment:
    return Environment.declared({"repository": REPO, "name": name})


def workflow(**values: Any) -> Workflow:
    told = {"repository": REPO, "file": "deploy.yml", "host": "api.bunty.io", "path": "/srv/bunty/.env"}
    return Workflow.declared({**told, **values})


def secret(name: str = "PLAID_SECRET", value: str | None = "issued", repository: str = REPO) -> Secret:
    one = Secret.declared({"repository": repository, "name": name, "from_env": "NAME", "workflow": REF})
    return one.model_copy(update={"value": SecretText(value, name) if value is not None else None})


def inner_secret(name: str = "PLAID_SECRET", value: str = "issued") -> EnvironmentSecret:
    told = {"environment": PRODUCTION, "name": name, "from_env": "NAME", "workflow": REF}
    return EnvironmentSecret.declared(told).model_copy(update={"value": SecretText(value, name)})


def on_host(name: str = "PLAID_SECRET", **values: Any) -> HostVariable:
    return HostVariable.declared({"workflow": REF, "name": name, "secret": "bunty-plaid", **values})


def change(after: Resource | None, before: Seen | Outcome | None = None, verb: Verb | None = None) -> Change:
    """The change that a plan would hold."""
    was = before.resource if before is not None else None
    there = after if after is not None else was
    assert there is not None
    return Change(
        stack="test",
        account="bunty",
        address=Address("github", there.kind.partition(".")[2], there.title().replace(" ", "-")),
        verb=verb or ("create" if was is None else "delete" if after is None else "update"),
        cause="git",
        key=there.keys()[0],
        container=there.container(),
        before=was,
        after=after,
        id=before.id if before is not None else "",
    )


def done(github: GitHub, *changes: Change) -> list[Outcome]:
    outcomes = list(github.apply(changes))
    assert [one.error for one in outcomes if one.status != "done"] == []
    return outcomes


def make(github: GitHub, *wanted: Resource) -> list[Outcome]:
    return done(github, *(change(one) for one in wanted))


def look(github: GitHub, *wanted: Resource) -> Observation:
    """What stands where these would."""
    where = frozenset(Container(one.kind, one.container()) for one in wanted)
    return github.observe(Scope("bunty", where))


def seen(github: GitHub, one: Resource) -> Seen | None:
    told = look(github, one)
    assert told.gaps == () and Container(one.kind, one.container()) in told.read
    return next((each for each in told.seen if each.key == one.keys()[0]), None)


def _named(one: Resource) -> str:
    return f"{one.title()} {getattr(one, 'name', '')}"
