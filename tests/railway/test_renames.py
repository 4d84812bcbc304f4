"""A project, an environment or a service under another name: what stands below is the same as before."""

import datetime as dt
from collections.abc import Sequence

import pytest

from reconcile.model.memory import Owned
from reconcile.model.observation import Container, Observation, Scope, Seen
from reconcile.model.resource import Address, Resource
from reconcile.model.spec import Declared, Location, Place
from reconcile.platforms.railway import Domain, Environment, Instance, Project, Service, Variable
from reconcile.steps.plan.renames import under_declared_names
from tests.railway.platform_bench import Bench, bench, change, found, instance, look, variable

__all__ = ["bench"]
AT = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)


def estate(project: str = "bilko", environment: str = "production", service: str = "api") -> list[Resource]:
    """One of each, by names of their own."""
    place = f"{project}/{environment}/{service}"
    return [
        Project(name=project),
        Environment(project=project, name=environment),
        Service(project=project, name=service),
        Instance.declared({"service": f"{project}/{service}", "environment": f"{project}/{environment}"}),
        Variable.declared({"instance": place, "name": "A", "value": "1"}),
        Domain.declared({"instance": place, "host": "a.example"}),
    ]


def declared(resources: Sequence[Resource]) -> list[Declared]:
    return [
        Declared(
            "stack", "acme", Address("railway", one.kind.partition(".")[2], f"n{number}"), one, Location("f.yaml", 1)
        )
        for number, one in enumerate(resources)
    ]


def seen(resources: Sequence[Resource], ids: str = "id") -> list[Seen]:
    return [Seen(one.kind, f"{ids}{number}", one.keys()[0], one) for number, one in enumerate(resources)]


def told(wanted: Sequence[Declared], live: Sequence[Seen], *, owned: Sequence[int] = range(6)) -> list[Seen]:
    rows = {
        Place(one.stack, one.address): Owned(
            "acme", one.resource.kind, one.resource.keys()[0], f"id{number}", one.address, one.stack
        )
        for number, one in enumerate(wanted)
        if number in owned
    }
    (found,) = under_declared_names(wanted, [Observation("railway", "acme", AT, tuple(live))], rows)
    return list(found.seen)


@pytest.mark.parametrize(
    "names",
    [
        {"service": "backend"},
        {"environment": "live"},
        {"project": "crm"},
        {"project": "crm", "environment": "live", "service": "backend"},
    ],
)
def test_a_rename_shows_in_the_name_of_the_renamed_thing_alone(names: dict[str, str]) -> None:
    wanted, live = declared(estate()), seen(estate(**names))
    found = told(wanted, live)
    differing = {
        (one.kind, name)
        for one, want in zip(found, wanted, strict=True)
        for name in want.resource.comparable()
        if getattr(one.resource, name) != getattr(want.resource, name)
    }
    assert differing == {(f"railway.{kind}", "name") for kind in names}
    assert [one.key for one in found[3:]] == [one.resource.keys()[0] for one in wanted[3:]]
    assert [one.id for one in found] == [one.id for one in live]


def test_nothing_is_told_otherwise_where_names_are_as_declared() -> None:
    live = seen(estate())
    assert told(declared(estate()), live) == live


def test_what_a_person_keeps_below_a_renamed_service_is_found_by_its_declared_path() -> None:
    """A variable whose value is not ours has no recorded id: it is matched by its path alone."""
    found = told(declared(estate()), seen(estate(service="backend")), owned=range(4))
    assert found[4].key == ("bilko/production/api", "A")


def test_what_is_not_ours_keeps_the_name_it_has() -> None:
    live = seen(estate(service="backend"))
    assert told(declared(estate()), live, owned=(0, 1)) == live


def test_a_name_that_another_thing_took_meanwhile_is_not_told_for_ours() -> None:
    """The service was renamed and somebody made one of its old name: both have an instance and must not be mixed up."""
    live = [*seen(estate(service="backend")), *seen(estate()[2:], "theirs")]
    assert told(declared(estate()), live) == live


def test_two_services_that_swapped_their_names_are_told_apart_by_their_ids() -> None:
    wanted = declared([*estate(), *estate(service="web")[2:]])
    live = seen([*estate(service="web"), *estate()[2:]])
    found = told(wanted, live, owned=range(10))
    below = [3, 4, 5, 7, 8, 9]
    assert [found[one].key for one in below] == [wanted[one].resource.keys()[0] for one in below]


def test_what_moved_for_good_is_not_taken_for_renamed() -> None:
    """A service of another project is another thing, and so is what stands in it."""
    live = seen([Project(name="bilko"), *estate(project="other")[1:]])
    assert told(declared(estate()), live) == live


def test_another_accounts_names_are_its_own() -> None:
    wanted, live = declared(estate()), seen(estate(service="backend"))
    rows = {wanted[2].place: Owned("acme", "railway.service", (), "id2", wanted[2].address, "stack")}
    other = Observation("railway", "other", AT, tuple(live))
    assert under_declared_names(wanted, [other], rows) == [other]


@pytest.mark.parametrize(("kind", "old"), [("environment", "production"), ("project", "bilko")])
def test_a_listing_is_found_by_the_id_of_what_holds_it(bench: Bench, kind: str, old: str) -> None:
    railway = bench.railway()
    bench.build(railway, variable("A", "1"))
    (id,) = [one["id"] for one in bench.shelf(kind) if one["name"] == old]
    (project,) = [one["id"] for one in bench.shelf("project")]
    bench.edit(kind, old, name="renamed")
    container = Container("railway.variable", "bilko/production")
    scope = Scope("acme", frozenset({container}))
    assert bench.railway().observe(scope).seen == ()
    path = {"environment": "bilko/production", "project": "bilko"}[kind]
    known = frozenset({(f"railway.{kind}", path, id), ("railway.project", "bilko", project)})
    found = bench.railway().observe(Scope("acme", frozenset({container}), known))
    assert found.read == {container} and found.gaps == ()
    assert [one.resource.name for one in found.seen if isinstance(one.resource, Variable)] == ["A"]


def test_an_id_that_is_gone_leaves_the_name_to_whoever_has_it(bench: Bench) -> None:
    bench.build(bench.railway())
    known = frozenset({("railway.project", "bilko", "gone"), ("railway.environment", "bilko/production", "gone")})
    container = Container("railway.instance", "bilko/production")
    found = bench.railway().observe(Scope("acme", frozenset({container}), known))
    assert instance().keys()[0] in [one.key for one in found.seen]
    assert look(bench.railway(), ("instance", "bilko/production")).seen == found.seen


def test_a_delete_under_a_name_that_is_no_more_is_not_taken_for_done(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway, variable("A", "1"))
    live = found(look(railway), variable("A", "1"))
    bench.edit("environment", "production", name="renamed")
    (outcome,) = bench.railway().apply([change(None, live)])
    assert (outcome.status, outcome.exit_code) == ("failed", 11) and "called renamed" in outcome.error
    assert bench.shelf("variable")
