"""A pretend world without stacks, and real platforms that reach it in process."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from reconcile.model.change import Change, Outcome, Verb
from reconcile.model.observation import Container, Observation, Scope
from reconcile.model.resource import Address, Resource
from reconcile.model.secret import SecretText
from reconcile.model.spec import Access
from reconcile.platforms import platforms, pretends
from reconcile.platforms.betterstack import BetterStack, Heartbeat
from reconcile.platforms.cloudflare import Cloudflare, Record
from reconcile.sandbox.world import AccountSeed, World
from reconcile.wire import Budget, CallLog, Client, Pool, Redactor

ACME, OTHER = "a" * 32, "b" * 32


@dataclass
class Bench:
    """One world, and a client for each platform of an account."""

    world: World
    pool: Pool

    def client(self, platform: str, account: str = "acme", token: str | None = None) -> Client:
        kind: Any = platforms()[platform]
        secret = SecretText(token or f"token-of-{account}", "token")
        return Client(
            platform=platform,
            account=account,
            base_url=f"http://sandbox.invalid{pretends()[platform].prefix}",
            authorization=kind.authorization({"token": secret}),
            budget=Budget(1_000_000, 1),
            log=CallLog(),
            pool=self.pool,
            redactor=Redactor([secret]),
            read_error=kind.read_error,
            transport=httpx.WSGITransport(app=self.world.wsgi(platform)),
            attempts=2,
            sleep=lambda seconds: None,
        )

    def cloudflare(self, account: str = "acme", *, id: str | None = ACME, token: str | None = None) -> Cloudflare:
        access = Access("cloudflare", id, {"token": "TOKEN"})
        return Cloudflare(self.client("cloudflare", account, token), account, access, self.world.now)

    def betterstack(self, account: str = "acme", sleep: Callable[[float], None] = lambda seconds: None) -> BetterStack:
        access = Access("betterstack", None, {"token": "TOKEN"})
        return BetterStack(
            self.client("betterstack", account), account, access, self.world.now, settle_seconds=5, sleep=sleep
        )

    def zone(self, name: str = "acme.example", account: str = "acme", plan: str = "free") -> str:
        """A zone made by hand, in the account that its token opens."""
        thing = self.world.create("cloudflare", "zone", name, account, {"plan": plan})
        thing["account"]["id"] = {"acme": ACME, "other": OTHER}[account]
        return str(thing["id"])

    def records(self, account: str = "acme") -> list[dict[str, Any]]:
        return list(self.world.shelf("cloudflare", account, "record").values())

    def calls(self, method: str = "", path: str = "") -> list[str]:
        told = (f"{call['method']} {call['path']}" for call in self.world.calls())
        return [call for call in told if call.startswith(method) and path in call]


@pytest.fixture
def bench() -> Iterator[Bench]:
    seeds = [
        AccountSeed(account, platform, id, SecretText(f"token-of-{account}"), "free")
        for account, id in (("acme", ACME), ("other", OTHER))
        for platform in pretends()
    ]
    pool = Pool(4)
    yield Bench(World(pretends(), seeds, record_bodies=True), pool)
    pool.close()


def record(**values: Any) -> Record:
    return Record.declared({"zone": "acme.example", **values})


def heartbeat(**values: Any) -> Heartbeat:
    return Heartbeat.declared({"name": "nightly", "period": 3600, **values})


def change(
    after: Resource | None,
    before: Resource | None = None,
    id: str = "",
    *,
    verb: Verb | None = None,
    marker: str = "",
    name: str = "thing",
) -> Change:
    """The change that a plan would hold, its verb told by what is there."""
    resource = after if after is not None else before
    assert resource is not None
    platform, _, kind = resource.kind.partition(".")
    guessed: Verb = "create" if before is None else "delete" if after is None else "update"
    return Change(
        stack="test",
        account="acme",
        address=Address(platform, kind, name),
        verb=verb or guessed,
        cause="git",
        key=resource.keys()[0],
        container=resource.container(),
        before=before,
        after=after,
        id=id,
        marker=marker,
    )


def everything(account: str = "acme") -> Scope:
    return Scope(account)


def only(*zones: str) -> Scope:
    return Scope("acme", frozenset(Container("cloudflare.record", zone) for zone in zones))


def by_status(outcomes: Sequence[Outcome]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for outcome in outcomes:
        found[outcome.status] = found.get(outcome.status, 0) + 1
    return found


def same(want: Resource, have: Resource) -> bool:
    """Equal as a plan compares: what is declared as None is not compared."""
    return all(getattr(want, name) in (None, getattr(have, name)) for name in want.comparable())


def live(observation: Observation) -> list[Resource]:
    return [seen.resource for seen in observation.seen if not seen.resource.lookup]


def utc() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
