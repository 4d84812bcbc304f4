"""Our Railway against the sandbox's, in process: a workspace, its platform object, and what a plan would ask of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from reconcile.model.change import Change, Outcome, Verb
from reconcile.model.observation import Container, Observation, Scope, Seen
from reconcile.model.resource import Address, Resource
from reconcile.model.secret import SecretText
from reconcile.model.spec import Access
from reconcile.platforms.railway import (
    Domain,
    Environment,
    Instance,
    Project,
    Railway,
    Service,
    ServiceDomain,
    SharedVariable,
    TcpProxy,
    Variable,
    Volume,
)
from reconcile.sandbox.world import World
from reconcile.wire import Budget, CallLog, Client, Pool, Redactor
from tests.railway.talk import world_of

PRODUCTION, STAGING = "bilko/production", "bilko/staging"
API, DATABASE = f"{PRODUCTION}/api", f"{PRODUCTION}/Postgres"
FIRST: tuple[Resource, ...] = (Project(name="bilko"),)
SECOND: tuple[Resource, ...] = (
    Environment(project="bilko", name="production"),
    Environment(project="bilko", name="staging"),
    Service(project="bilko", name="api"),
    Service(project="bilko", name="Postgres"),
)


@dataclass
class Refusing(httpx.BaseTransport):
    """The sandbox, but for answers that Railway is known to give and that no hand can bring about there.

    `answers` holds, by operation, what comes in place of the next calls' data; `lacks` takes an alias out of an answer
    and puts an error with its path beside it.
    """

    inner: httpx.BaseTransport
    answers: dict[str, list[dict[str, Any]]]
    lacks: dict[str, str]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        operation = str(request.url.params.get("query"))
        if waiting := self.answers.get(operation):
            return httpx.Response(200, json={"data": None, "errors": [waiting.pop(0)]})
        response = self.inner.handle_request(request)
        alias = self.lacks.get(operation)
        if alias is None:
            return response
        response.read()
        body = response.json()
        body["data"][alias] = None
        body["errors"] = [{"message": "Not Authorized", "path": [alias, "config"], "extensions": {"code": "X"}}]
        return httpx.Response(200, json=body)


@dataclass
class Bench:
    """A world and who talks to it."""

    world: World
    pool: Pool
    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    lacks: dict[str, str] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)
    log: CallLog = field(default_factory=CallLog)
    _heard: int = 0

    def railway(self, account: str = "acme", *, id: str | None = "", token: str = "") -> Railway:
        """A platform object of its own, which has read nothing yet."""
        secret = SecretText(token or f"token-{account}", "token")
        client = Client(
            platform="railway",
            account=account,
            base_url="http://sandbox.invalid",
            authorization=Railway.authorization({"token": secret}),
            budget=Budget(1_000_000, 1),
            log=self.log,
            pool=self.pool,
            redactor=Redactor([secret]),
            read_error=Railway.read_error,
            transport=Refusing(httpx.WSGITransport(app=self.world.wsgi("railway")), self.answers, self.lacks),
            attempts=2,
            sleep=lambda seconds: None,
        )
        access = Access("railway", f"workspace-{account}" if id == "" else id, {"token": "TOKEN"})
        return Railway(client, account, access, self.world.now, settle_seconds=0, sleep=self.waits.append)

    def shelf(self, kind: str) -> list[dict[str, Any]]:
        return list(self.world.shelf("railway", "acme", kind).values())

    def deployments(self, service: str = "", environment: str = "") -> int:
        """How many there were so far."""
        return len(
            [
                one
                for one in self.shelf("deployment")
                if service in ("", one["service"]) and environment in ("", one["environment"])
            ]
        )

    def calls(self) -> list[str]:
        """The operations since the last time this was asked."""
        whole = [str(call["path"]).partition("?query=")[2] for call in self.world.calls()]
        new, self._heard = whole[self._heard :], len(whole)
        return new

    def edit(self, kind: str, called: str, **fields: str) -> None:
        """What a person does in the console, in production where the thing stands in an environment."""
        (id,) = [
            one["id"]
            for one in self.shelf(kind)
            if one["name"] == called and one.get("environment", "production") == "production"
        ]
        self.world.edit("railway", kind, id, "acme", fields)

    def build(self, railway: Railway, *more: Resource) -> None:
        """The project with two environments and two services, the api running in both, Postgres in production."""
        apply(railway, *(change(one) for one in FIRST))
        apply(railway, *(change(one) for one in SECOND))
        told = [instance(), instance(environment=STAGING), postgres(), *more]
        apply(railway, *(change(one) for one in told))
        self.calls()


@pytest.fixture
def bench() -> Iterator[Bench]:
    pool = Pool(4)
    yield Bench(world_of(record_bodies=True), pool)
    pool.close()


def instance(service: str = "api", environment: str = PRODUCTION, **values: Any) -> Instance:
    source = {"repo": "example/bilko", "branch": "main"}
    return Instance.declared(
        {"service": f"bilko/{service}", "environment": environment, "source": source, "region": "us-west", **values}
    )


def postgres(**values: Any) -> Instance:
    return instance("Postgres", source={"image": "postgres:16"}, **values)


def variable(name: str, value: Any, at: str = API, **values: Any) -> Variable:
    return Variable.remembered({"instance": at, "name": name, "value": value, **values})


def shared(name: str, value: Any, **values: Any) -> SharedVariable:
    return SharedVariable.remembered({"environment": PRODUCTION, "name": name, "value": value, **values})


def domain(host: str, port: int | None = None, at: str = API) -> Domain:
    return Domain.declared({"instance": at, "host": host, "port": port})


def service_domain(name: str, port: int | None = None) -> ServiceDomain:
    return ServiceDomain.declared({"instance": API, "host": f"{name}.up.railway.app", "port": port})


def proxy(port: int) -> TcpProxy:
    return TcpProxy.declared({"instance": DATABASE, "port": port})


def volume(name: str, mount: str, *backups: str, at: str = DATABASE) -> Volume:
    return Volume.declared({"instance": at, "name": name, "mount": mount, "backups": backups})


def change(after: Resource | None, live: Seen | None = None, verb: Verb | None = None) -> Change:
    """The change that a plan would hold."""
    before = live.resource if live is not None else None
    resource = after if after is not None else before
    assert resource is not None
    guessed: Verb = "create" if before is None else "delete" if after is None else "update"
    platform, _, kind = resource.kind.partition(".")
    return Change(
        stack="test",
        account="acme",
        address=Address(platform, kind, "thing"),
        verb=verb or guessed,
        cause="git",
        key=resource.keys()[0],
        container=resource.container(),
        before=before,
        after=after,
        id=live.id if live is not None else "",
    )


def apply(railway: Railway, *changes: Change) -> list[Outcome]:
    """Outcomes of a wave that must succeed whole."""
    outcomes = list(railway.apply(changes))
    assert [(one.status, one.error) for one in outcomes] == [("done", "")] * len(changes)
    return outcomes


def look(railway: Railway, *containers: tuple[str, str]) -> Observation:
    """Everything, or some listings."""
    scope = frozenset(Container(f"railway.{kind}", name) for kind, name in containers) if containers else None
    return railway.observe(Scope("acme", scope))


def found(observation: Observation, wanted: Resource) -> Seen:
    """The live thing of the same natural key."""
    (one,) = [seen for seen in observation.seen if seen.kind == wanted.kind and seen.key == wanted.keys()[0]]
    return one


def there(observation: Observation, wanted: Resource) -> bool:
    return any(seen.kind == wanted.kind and seen.key == wanted.keys()[0] for seen in observation.seen)


def differing(want: Resource, have: Resource) -> list[str]:
    """Fields that a plan would find."""

    def equal(one: Any, other: Any) -> bool:
        return other.is_same(one) if isinstance(other, SecretText) else bool(one == other)

    return [
        name
        for name in want.comparable()
        if getattr(want, name) is not None and not equal(getattr(want, name), getattr(have, name))
    ]


def settled(observation: Observation, wanted: Sequence[Resource]) -> None:
    """A plan of these would be empty."""
    assert observation.gaps == ()
    assert {one.title(): differing(one, found(observation, one).resource) for one in wanted} == {
        one.title(): [] for one in wanted
    }
