"""Two accounts on a pretend Vercel, a personal one and a team's, and what is asked of them."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from reconcile.model.change import Change, Outcome, Verb
from reconcile.model.observation import Observation, Scope, Seen
from reconcile.model.resource import Address, Resource
from reconcile.model.secret import SecretText
from reconcile.model.spec import Access
from reconcile.platforms import pretends
from reconcile.platforms.vercel import Check, Domain, Project, Variable, Vercel, Webhook
from reconcile.sandbox.world import AccountSeed, World
from reconcile.wire import Budget, CallLog, Client, Pool, Redactor

PERSON, TEAM = "u" * 24, "team_" + "t" * 24
SEEDS = (
    AccountSeed("acme", "vercel", PERSON, SecretText("token-of-acme"), "pro"),
    AccountSeed("crew", "vercel", TEAM, SecretText("token-of-crew"), "pro"),
)


@dataclass
class Bench:
    """One world. Waits are noted in `slept`, not waited."""

    world: World = field(default_factory=lambda: World({"vercel": pretends()["vercel"]}, SEEDS, record_bodies=True))
    pool: Pool = field(default_factory=lambda: Pool(4))
    slept: list[float] = field(default_factory=list)

    def vercel(self, account: str = "acme", *, id: str | None = None, token: str = "") -> Vercel:
        secret = SecretText(token or f"token-of-{account}", "token")
        client = Client(
            platform="vercel",
            account=account,
            base_url="http://sandbox.invalid",
            authorization=Vercel.authorization({"token": secret}),
            budget=Budget(1_000_000, 1),
            log=CallLog(),
            pool=self.pool,
            redactor=Redactor([secret]),
            read_error=Vercel.read_error,
            transport=httpx.WSGITransport(app=self.world.wsgi("vercel")),
            attempts=2,
            sleep=lambda seconds: None,
        )
        access = Access("vercel", id or {"acme": PERSON, "crew": TEAM}[account], {"token": "TOKEN"})
        return Vercel(client, account, access, self.world.now, settle_seconds=5, sleep=self.slept.append)

    def shelf(self, kind: str, account: str = "acme") -> list[dict[str, Any]]:
        return list(self.world.shelf("vercel", account, kind).values())

    def one(self, kind: str, name: str, account: str = "acme") -> dict[str, Any]:
        (found,) = [one for one in self.shelf(kind, account) if one["name"] == name]
        return found

    def by_hand(self, kind: str, name: str, account: str = "acme", /, **fields: str) -> dict[str, Any]:
        return self.world.create("vercel", kind, name, account, fields)

    def edit(self, kind: str, name: str, account: str = "acme", /, **fields: str) -> None:
        self.world.edit("vercel", kind, name, account, fields)

    def fault(self, text: str) -> None:
        self.world.fault("vercel", text)

    def calls(self, method: str = "", path: str = "") -> list[str]:
        told = (f"{call['method']} {call['path']}" for call in self.world.calls())
        return [call for call in told if call.startswith(method) and path in call]

    def sent(self, method: str, path: str) -> list[Any]:
        """The bodies of such calls."""
        return [
            call["request"] for call in self.world.calls() if call["method"] == method and path in str(call["path"])
        ]


def project(name: str = "web", **values: Any) -> Project:
    return Project.declared({"name": name, **values})


def variable(name: str = "API", value: Any = "1", **values: Any) -> Variable:
    told = {"project": "web", "name": name, **values}
    if isinstance(value, SecretText):
        return Variable.declared({**told, "from_env": "NAME"}).model_copy(update={"value": value})
    return Variable.declared({**told, "value": value})


def domain(host: str = "web.example", **values: Any) -> Domain:
    return Domain.declared({"project": "web", "host": host, **values})


def check(name: str = "tests", **values: Any) -> Check:
    return Check.declared({"project": "web", "name": name, "github": "tests", **values})


def webhook(url: str = "https://hooks.example.com/a", **values: Any) -> Webhook:
    return Webhook.declared({"url": url, "events": ["deployment.error"], **values})


def change(after: Resource | None, before: Seen | Outcome | None = None, verb: Verb | None = None) -> Change:
    """The change that a plan would hold."""
    was = before.resource if before is not None else None
    there = after if after is not None else was
    assert there is not None
    word = there.kind.partition(".")[2]
    return Change(
        stack="test",
        account="acme",
        address=Address("vercel", word, there.title().replace(" ", "-")),
        verb=verb or ("create" if was is None else "delete" if after is None else "update"),
        cause="git",
        key=there.keys()[0],
        container=there.container(),
        before=was,
        after=after,
        id=before.id if before is not None else "",
        marker="trueup:library/test/x" if was is None and type(there).marker_field else "",
    )


def done(vercel: Vercel, *changes: Change) -> list[Outcome]:
    """What became of changes that must be done, by as many calls as foretold."""
    outcomes = list(vercel.apply(changes))
    assert [one.error for one in outcomes if one.status != "done"] == []
    return outcomes


def make(vercel: Vercel, *wanted: Resource) -> list[Outcome]:
    return done(vercel, *(change(one) for one in wanted))


def look(vercel: Vercel, account: str = "acme") -> Observation:
    return vercel.observe(Scope(account))


def seen(vercel: Vercel, kind: type[Resource], account: str = "acme") -> dict[str, Seen]:
    """By title: all of a kind, nothing hidden."""
    told = look(vercel, account)
    assert told.gaps == ()
    return {one.resource.title(): one for one in told.seen if one.kind == kind.kind}
