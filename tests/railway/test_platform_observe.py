"""What our Railway reads: few calls, gaps instead of guesses, values that nobody can print."""

import datetime as dt
import pickle
from typing import Any

import pytest

from reconcile.model.observation import Container
from reconcile.model.secret import SecretText
from reconcile.platforms.railway import Instance, TcpProxy, Variable
from tests.railway.platform_bench import (
    FIRST,
    PRODUCTION,
    SECOND,
    STAGING,
    Bench,
    apply,
    bench,
    change,
    domain,
    found,
    instance,
    look,
    postgres,
    proxy,
    shared,
    there,
    variable,
)

__all__ = ["bench"]
INNER = ("instance", "variable", "shared-variable", "domain", "service-domain", "tcp-proxy", "volume")


def test_an_empty_workspace_is_one_call_and_no_gap(bench: Bench) -> None:
    seen = look(bench.railway())
    assert (seen.seen, seen.gaps, seen.account_id) == ((), (), "workspace-acme")
    assert bench.calls() == ["Projects"]


def test_a_project_is_read_with_all_its_environments_at_once(bench: Bench) -> None:
    bench.build(bench.railway(), *(variable(f"V{number}", "x") for number in range(30)))
    inner = [(kind, place) for kind in ("instance", "variable") for place in (PRODUCTION, STAGING)]
    look(bench.railway(), ("service", "bilko"), *inner)
    assert bench.calls() == ["Projects", "Snapshot"]
    look(bench.railway(), *inner, ("tcp-proxy", PRODUCTION))
    assert bench.calls() == ["Projects", "Snapshot", "PerService"]


def test_what_projects_share_needs_no_environment_to_be_read(bench: Bench) -> None:
    bench.build(bench.railway())
    seen = look(bench.railway(), ("project", ""), ("environment", "bilko"), ("service", "bilko"))
    assert bench.calls() == ["Projects"]
    assert {one.kind for one in seen.seen} == {"railway.project", "railway.environment", "railway.service"}


def test_only_what_is_in_scope_is_seen(bench: Bench) -> None:
    bench.build(bench.railway(), variable("A", "1"))
    seen = look(bench.railway(), ("variable", PRODUCTION))
    assert [one.kind for one in seen.seen] == ["railway.variable"]
    assert seen.read == {Container("railway.variable", PRODUCTION)}
    bench.calls()
    assert bench.railway().observe(type(_scope())("acme", frozenset())).seen == () and bench.calls() == []


def _scope() -> Any:
    from reconcile.model.observation import Scope

    return Scope("acme")


def test_a_project_or_environment_that_is_not_there_is_read_and_empty(bench: Bench) -> None:
    bench.build(bench.railway())
    absent = [("service", "other"), ("instance", "other/production"), ("variable", "bilko/none")]
    seen = look(bench.railway(), *absent)
    assert (seen.seen, seen.gaps) == ((), ())
    assert seen.read == {Container(f"railway.{kind}", name) for kind, name in absent}


def test_two_projects_of_one_name_are_a_gap_and_neither_is_seen(bench: Bench) -> None:
    bench.build(bench.railway())
    bench.world.create("railway", "project", "bilko", "acme", {})
    seen = look(bench.railway(), ("project", ""), ("service", "bilko"), ("variable", PRODUCTION))
    assert (seen.seen, seen.read) == ((), frozenset())
    assert {(one.kind, one.exit_code) for one in seen.gaps} == {
        (f"railway.{kind}", 17) for kind in ("project", "service", "variable")
    }


def test_a_token_of_another_workspace_tells_its_account_and_nothing_else(bench: Bench) -> None:
    bench.build(bench.railway())
    seen = look(bench.railway("acme", token="token-other"), ("project", ""), ("variable", PRODUCTION))
    assert seen.account_id == "workspace-other"
    assert (seen.seen, seen.read) == ((), frozenset())
    assert {one.exit_code for one in seen.gaps} == {14}


def test_a_dead_token_is_a_gap_over_all_that_was_asked_and_never_an_absence(bench: Bench) -> None:
    seen = look(bench.railway(token="revoked"), ("project", ""), ("variable", PRODUCTION))
    assert (seen.seen, seen.read, seen.account_id) == ((), frozenset(), None)
    assert [(one.kind, one.container, one.exit_code) for one in seen.gaps] == [
        ("railway.project", "", 14),
        ("railway.variable", PRODUCTION, 14),
    ]


def test_a_token_without_a_pin_opens_its_only_workspace(bench: Bench) -> None:
    assert look(bench.railway(id=None)).account_id == "workspace-acme"


def test_an_outage_is_a_gap(bench: Bench) -> None:
    bench.build(bench.railway())
    bench.world.fault("railway", "502 POST /graphql/v2?query=Snapshot times=always")
    seen = look(bench.railway(), ("project", ""), ("variable", PRODUCTION))
    assert [one.kind for one in seen.seen] == ["railway.project"]
    assert [(one.kind, one.container) for one in seen.gaps] == [("railway.variable", PRODUCTION)]


def test_a_spent_budget_is_told_as_one(bench: Bench) -> None:
    bench.world.fault("railway", "429 times=always retry-after=3000")
    assert {one.exit_code for one in look(bench.railway(), ("project", "")).gaps} == {15}


def test_live_values_are_secrets_and_sealed_ones_are_unknown(bench: Bench) -> None:
    bench.build(bench.railway(), variable("A", "canary-1"), variable("S", SecretText("canary-2", "s"), sealed=True))
    seen = look(bench.railway())
    plain, sealed = found(seen, variable("A", "x")).resource, found(seen, variable("S", "x")).resource
    assert isinstance(plain, Variable) and isinstance(plain.value, SecretText) and plain.value.is_same("canary-1")
    assert isinstance(sealed, Variable) and (sealed.value, sealed.sealed) == (None, True) and sealed.updated_at
    assert "canary" not in repr(seen) + str([one.resource.model_dump(mode="json") for one in seen.seen])
    with pytest.raises(TypeError):
        pickle.dumps(plain.value)


def test_an_empty_value_is_told_from_one_that_is_masked(bench: Bench) -> None:
    bench.build(bench.railway(), variable("EMPTY", ""), shared("NOTHING", ""))
    seen = look(bench.railway(), ("variable", PRODUCTION), ("shared-variable", PRODUCTION))
    values = [found(seen, one).resource.value for one in (variable("EMPTY", ""), shared("NOTHING", ""))]  # type: ignore[attr-defined]
    assert all(isinstance(one, SecretText) and one.is_same("") for one in values)


def test_variables_that_railway_provides_are_not_seen(bench: Bench) -> None:
    bench.build(bench.railway(), variable("EMPTY", ""), variable("RAILWAY_RUN_UID", "0"))
    names = {one.key[-1] for one in look(bench.railway(), ("variable", PRODUCTION)).seen}
    assert names == {"EMPTY", "RAILWAY_RUN_UID"}


def test_a_config_file_that_the_repository_carries_is_told(bench: Bench) -> None:
    bench.build(bench.railway())
    bench.edit("instance", "api", railwayConfigFile="railway.json")
    told = found(look(bench.railway()), instance()).resource
    assert isinstance(told, Instance) and told.config_file == "railway.json"


def test_several_regions_differ_from_each_that_could_be_declared(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway)
    for one in bench.shelf("instance"):
        one["config"].setdefault("deploy", {})["multiRegionConfig"] = {
            "us-west2": {"numReplicas": 1},
            "europe-west4-drams3a": {"numReplicas": 2},
        }
    told = found(look(railway), instance()).resource
    assert isinstance(told, Instance) and (told.region, told.replicas) == ("europe-west4-drams3a+us-west2", 3)


def test_a_second_look_at_the_same_is_one_poll(bench: Bench) -> None:
    bench.build(bench.railway(), variable("A", "1"))
    railway = bench.railway()
    inner = [("service", "bilko"), ("instance", PRODUCTION), ("variable", PRODUCTION), ("domain", PRODUCTION)]
    first = look(railway, *inner)
    bench.calls()
    second = look(railway, *inner)
    assert bench.calls() == ["Poll"]
    assert second.seen == first.seen and second.read == first.read


@pytest.mark.parametrize(
    ("kind", "name", "fields"),
    [
        ("variable", "A", {"value": "moved"}),
        ("variable", "S", {"value": "moved"}),
        ("instance", "api", {"startCommand": "moved"}),
        ("domain", "api.bilko.example", {"target": "moved.up.railway.app"}),
        ("domain", "api.bilko.example", {"targetPort": "4000"}),
        ("service", "api", {"name": "moved"}),
        ("project", "bilko", {"name": "moved"}),
    ],
)
def test_a_poll_shows_whatever_a_person_moved(bench: Bench, kind: str, name: str, fields: dict[str, str]) -> None:
    railway = bench.railway()
    bench.build(railway, variable("A", "1"), variable("S", SecretText("x", "s"), sealed=True))
    apply(railway, change(domain("api.bilko.example", 3000)))
    inner = [(one, PRODUCTION) for one in INNER if one not in ("tcp-proxy", "volume")]
    first = look(railway, ("project", ""), ("service", "bilko"), *inner)
    bench.world.advance(dt.timedelta(seconds=5))
    bench.edit(kind, name, **fields)
    second = look(railway, ("project", ""), ("service", "bilko"), *inner)

    def told(one: Any) -> str:
        value = getattr(one.resource, "value", None)
        return f"{one.id} {one.resource} {value.reveal() if value else ''}"

    assert sorted(map(told, first.seen)) != sorted(map(told, second.seen))


def test_nothing_is_taken_from_a_poll_after_a_write_or_of_another_scope(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway)
    look(railway, ("variable", PRODUCTION))
    apply(railway, change(variable("A", "1")))
    assert there(look(railway, ("variable", PRODUCTION)), variable("A", "1"))
    bench.calls()
    look(railway, ("variable", STAGING))
    assert bench.calls() == ["Projects", "Snapshot"]


def test_proxies_that_a_poll_would_not_show_are_read_each_time(bench: Bench) -> None:
    railway = bench.railway()
    wanted = proxy(5432)
    bench.build(railway, postgres())
    apply(railway, change(wanted))
    look(railway, ("tcp-proxy", PRODUCTION))
    bench.world.edit("railway", "tcp-proxy", "5432", "acme", {"domain": "moved.proxy.rlwy.net"})
    told = found(look(railway, ("tcp-proxy", PRODUCTION)), wanted).resource
    assert isinstance(told, TcpProxy) and told.public_host == "moved.proxy.rlwy.net"


def test_more_variables_than_a_page_holds_are_all_read(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway)
    model = {one["service"]: one for one in bench.shelf("instance") if one["environment"] == "production"}["api"]
    shelf = bench.world.shelf("railway", "acme", "variable")
    where = {name: model[name] for name in ("projectId", "environmentId", "serviceId", "project", "createdAt")}
    for number in range(1_001):
        shelf[f"v{number}"] = {
            **{"id": f"v{number}", "name": f"V{number}", "value": "x", "isSealed": False, **where},
            "updatedAt": model["updatedAt"],
        }
    seen = look(bench.railway(), ("variable", PRODUCTION))
    assert bench.calls() == ["Projects", "Snapshot", "More"]
    assert len(seen.seen) == 1_001 and all(one.resource.touched_at() for one in seen.seen)


def test_everything_is_every_listing_there_is(bench: Bench) -> None:
    bench.build(bench.railway())
    read = look(bench.railway()).read
    inner = {Container(f"railway.{kind}", place) for kind in INNER for place in (PRODUCTION, STAGING)}
    assert read == inner | {Container("railway.project"), Container("railway.environment", "bilko"),
                            Container("railway.service", "bilko"), Container("railway.ssh-key")}  # fmt: skip
    assert len(FIRST) + len(SECOND) < len(read)
