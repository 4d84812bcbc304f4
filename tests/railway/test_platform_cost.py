"""How many requests a change takes, foretold for each kind and verb and counted in the sandbox."""

from collections.abc import Callable, Mapping, Sequence

import pytest

from reconcile.model.change import Change
from reconcile.model.observation import Observation
from reconcile.model.resource import Resource
from reconcile.model.secret import SecretText
from reconcile.platforms.railway import Domain, Environment, Project, Service, ServiceDomain, SshKey, TcpProxy, Volume
from tests.railway.platform_bench import (
    API,
    DATABASE,
    STAGING,
    Bench,
    apply,
    bench,
    change,
    domain,
    found,
    instance,
    look,
    proxy,
    service_domain,
    shared,
    variable,
    volume,
)
from tests.sampled import one_in

__all__ = ["bench"]
SECRET = SecretText("s3cr3t-of-the-test", "s")
BODY = "AAAAC3NzaC1lZDI1NTE5AAAAIKb3FPI08r1yyNN4a0qAJvYXwqLAyJUsoNYJKAcCFib"
KEY, OTHER_KEY = (SshKey(name="deploy", public_key=f"ssh-ed25519 {BODY}{last}") for last in "fg")
LIVING: tuple[Resource, ...] = (
    variable("A", "1"),
    variable("S", SECRET, sealed=True),
    shared("X", "1"),
    domain("a.bilko.example", 3000),
    service_domain("bilko-a", 3000),
    proxy(5432),
    volume("data", "/data", "DAILY"),
    instance("Postgres", STAGING, source={"image": "postgres:16"}),
    KEY,
)
"""What lives before a case, besides what a bench builds."""
CREATES: Mapping[str, Resource] = {
    "project": Project(name="crm"),
    "environment": Environment(project="bilko", name="test"),
    "service": Service(project="bilko", name="site"),
    "variable": variable("B", "1"),
    "sealed variable": variable("T", SECRET, sealed=True),
    "empty variable": variable("EMPTY", ""),
    "shared-variable": shared("Y", "1"),
    "domain": domain("b.bilko.example"),
    "service-domain": service_domain("bilko-b"),
    "tcp-proxy": TcpProxy.declared({"instance": API, "port": 80}),
    "volume": volume("files", "/files", "WEEKLY", at=API),
    "ssh-key": OTHER_KEY,
}
UPDATES: Mapping[str, tuple[Resource, Resource]] = {
    "project": (Project(name="bilko"), Project(name="crm")),
    "environment": (Environment(project="bilko", name="staging"), Environment(project="bilko", name="test")),
    "service": (Service(project="bilko", name="api"), Service(project="bilko", name="site")),
    "instance": (instance(), instance(replicas=3)),
    "variable": (variable("A", "1"), variable("A", "2")),
    "sealed variable": (variable("S", None, sealed=True), variable("S", SecretText("other", "s"), sealed=True)),
    "shared-variable": (shared("X", "1"), shared("X", "2")),
    "domain": (domain("a.bilko.example", 3000), domain("a.bilko.example", 4000)),
    "service-domain": (service_domain("bilko-a", 3000), service_domain("bilko-a", 4000)),
    "renamed service-domain": (service_domain("bilko-a", 3000), service_domain("bilko-z", 3000)),
    "volume's name": (volume("data", "/data", "DAILY"), volume("store", "/data", "DAILY")),
    "volume's mount": (volume("data", "/data", "DAILY"), volume("data", "/store", "DAILY")),
    "volume's backups": (volume("data", "/data", "DAILY"), volume("data", "/data", "WEEKLY")),
    "volume, whole": (volume("data", "/data", "DAILY"), volume("store", "/store", "WEEKLY")),
    "volume without backups": (volume("data", "/data", "DAILY"), volume("store", "/store")),
}
REPLACES: Mapping[str, tuple[Resource, Resource]] = {
    "domain": (domain("a.bilko.example", 3000), domain("c.bilko.example", 3000)),
    "domain elsewhere": (domain("a.bilko.example", 3000), domain("a.bilko.example", 3000, at=DATABASE)),
    "service-domain": (
        service_domain("bilko-a", 3000),
        ServiceDomain.declared({"instance": DATABASE, "host": "bilko-a.up.railway.app"}),
    ),
    "tcp-proxy": (proxy(5432), proxy(6432)),
    "ssh-key": (KEY, OTHER_KEY),
    "renamed ssh-key": (KEY, SshKey(name="desk", public_key=KEY.public_key)),
}
DELETES: Mapping[str, Resource] = {
    "project": Project(name="bilko"),
    "environment": Environment(project="bilko", name="staging"),
    "service": Service(project="bilko", name="api"),
    "instance": instance(),
    "variable": variable("A", "1"),
    "sealed variable": variable("S", None),
    "shared-variable": shared("X", "1"),
    "domain": domain("a.bilko.example"),
    "service-domain": service_domain("bilko-a"),
    "tcp-proxy": proxy(5432),
    "volume": volume("data", "/data"),
    "ssh-key": KEY,
}
Make = Callable[[Observation], Sequence[Change]]


def _replaced(live: Observation, old: Resource, new: Resource) -> Change:
    return change(new, found(live, old), "replace")


def _created(new: Resource) -> Make:
    return lambda live: [change(new)]


def _updated(old: Resource, new: Resource) -> Make:
    return lambda live: [change(new, found(live, old))]


def _made_anew(old: Resource, new: Resource) -> Make:
    return lambda live: [_replaced(live, old, new)]


def _deleted(old: Resource) -> Make:
    return lambda live: [change(None, found(live, old))]


CASES: Mapping[str, Make] = {
    **{f"create {name}": _created(one) for name, one in CREATES.items()},
    "create instance": _created(instance("web", source={"image": "example/web:1"})),
    **{f"update {name}": _updated(*pair) for name, pair in UPDATES.items()},
    **{f"replace {name}": _made_anew(*pair) for name, pair in REPLACES.items()},
    **{f"delete {name}": _deleted(one) for name, one in DELETES.items()},
    "volume beside a patch": lambda live: [change(CREATES["volume"]), change(shared("Y", "1"))],
    "all that is new": lambda live: [change(one) for one in CREATES.values()],
    "replaces together": lambda live: [
        _replaced(live, *REPLACES["domain"]),
        _replaced(live, *REPLACES["tcp-proxy"]),
        change(variable("A", "2"), found(live, variable("A", "1"))),
    ],
    "two environments": lambda live: [change(variable("B", "1")), change(variable("B", "1", at=f"{STAGING}/api"))],
}


# Odd, so that what was read before and what was not take turns.
@pytest.mark.parametrize(
    ("case", "fresh"),
    one_in(3, [(case, fresh) for case in CASES for fresh in (False, True)]),
    ids=[f"{case}-{read}" for case in CASES for read in ("read", "unread")],
)
def test_the_requests_of_each_kind_and_verb_are_foretold(bench: Bench, case: str, fresh: bool) -> None:
    railway = bench.railway()
    bench.build(railway)
    apply(railway, change(Service(project="bilko", name="web")))
    apply(railway, *(change(one) for one in LIVING))
    wave = CASES[case](look(railway))
    asked = bench.railway() if fresh else railway
    foretold = asked.predict(wave)
    bench.calls()
    bench.waits.clear()
    apply(asked, *wave)
    made = bench.calls()
    assert foretold == len(made), made
    assert sum(bench.waits) < 0.5, "nothing was waited for in vain"


def test_a_projects_first_environment_comes_with_it_and_costs_nothing(bench: Bench) -> None:
    railway = bench.railway()
    look(railway)
    waves = [[change(Project(name="crm"))], [change(Environment(project="crm", name="production"))]]
    foretold = [railway.predict(wave) for wave in waves]
    made = []
    for wave in waves:
        bench.calls()
        apply(railway, *wave)
        made.append(len(bench.calls()))
    assert foretold == made == [2, 0]


def test_a_workspace_that_is_not_pinned_is_asked_for_first(bench: Bench) -> None:
    railway = bench.railway(id=None)
    wave = [change(Project(name="crm"))]
    foretold = railway.predict(wave)
    apply(railway, *wave)
    assert bench.calls() == ["WhoAmI", "Projects", "ProjectCreate", "Projects"] and foretold == 4


def test_what_cannot_move_costs_nothing(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway, variable("A", "1"), volume("data", "/data"))
    live = look(railway)
    wave = [
        _replaced(live, variable("A", "1"), variable("A", "1", at=DATABASE)),
        _replaced(live, volume("data", "/data"), volume("data", "/data", at=API)),
    ]
    foretold = railway.predict(wave)
    bench.calls()
    assert {one.status for one in railway.apply(wave)} == {"failed"}
    assert len(bench.calls()) == foretold == 0


def test_every_kind_is_foretold_in_each_verb_that_it_can_have() -> None:
    from reconcile.platforms.railway import Railway

    made = {one.kind for one in CREATES.values()} | {"railway.instance"}
    assert made == {one.kind for one in Railway.kinds} == {one.kind for one in DELETES.values()}
    assert {new.kind for _, new in UPDATES.values()} == made - {TcpProxy.kind, SshKey.kind}
    assert {new.kind for _, new in REPLACES.values()} == {Domain.kind, ServiceDomain.kind, TcpProxy.kind, SshKey.kind}
    assert Volume.kind in made
