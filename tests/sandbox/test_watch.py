"""Nothing that runs on a refused value escapes the sandbox, and nothing that does not is blamed."""

import json

import httpx
import pytest

from reconcile.sandbox import client
from reconcile.sandbox.serve import serve
from reconcile.sandbox.services import key_id

from .pretend_mill import Person

OLD, NEW = "old-key-of-other", "new-key-of-other"


@pytest.fixture
def person() -> Person:
    """An application that runs on a key of another vendor's, which works."""
    person = Person()
    person.key(OLD)
    person.start("api", KEY=OLD, MODE="plain")
    return person


def test_a_key_that_is_ended_while_it_runs_is_noted_once_with_what_ended_it(person: Person) -> None:
    assert person.refused() == []
    person.key(OLD, works=False)
    person.key("something-else")
    person.later(hours=1)
    assert person.refused() == [("api", "KEY", f"other PUT /keys/{OLD}", False)]
    (one,) = person.world.watched()["refused"]
    assert (one["platform"], one["account"]) == ("mill", "acme")


def test_what_is_started_on_a_dead_key_is_noted_too(person: Person) -> None:
    person.key(NEW, works=False)
    person.start("worker", KEY=NEW)
    assert person.refused() == [("worker", "KEY", "mill PUT /apps/worker", False)]


def test_it_is_over_when_another_value_runs_and_noted_again_when_it_comes_back(person: Person) -> None:
    person.key(NEW)
    person.key(OLD, works=False)
    person.start("api", KEY=NEW)
    assert person.refused() == [("api", "KEY", f"other PUT /keys/{OLD}", True)]
    person.start("api", KEY=OLD)
    assert [one[3] for one in person.refused()] == [True, False]


def test_a_key_that_is_replaced_before_it_ends_is_no_refusal(person: Person) -> None:
    person.key(NEW)
    person.start("api", KEY=NEW)
    person.key(OLD, works=False)
    assert person.refused() == []


def test_a_start_that_came_up_by_the_clock_alone_counts_before_the_old_key_ends(person: Person) -> None:
    person.key(NEW)
    person.pretend("mill").pace = 60.0
    person.later(minutes=2)
    person.start("api", KEY=NEW)
    person.key("something-else")
    person.slip(minutes=2)
    person.key(OLD, works=False)
    assert person.refused() == []


def test_a_start_that_is_not_up_yet_leaves_the_old_key_in_use(person: Person) -> None:
    person.key(NEW)
    person.pretend("mill").pace = 60.0
    person.later(minutes=2)
    person.start("api", KEY=NEW)
    person.key(OLD, works=False)
    assert [one[3] for one in person.refused()] == [False]
    person.later(minutes=2)
    assert [one[3] for one in person.refused()] == [True]


def test_what_one_account_refuses_another_may_take(person: Person) -> None:
    person.key(OLD, account="zeta")
    person.key(OLD, works=False)
    assert person.refused() == []
    person.key(OLD, works=False, account="zeta")
    assert [one[0] for one in person.refused()] == ["api"]


def test_a_persons_hand_is_seen(person: Person) -> None:
    person.world.edit("other", "key", OLD, "acme", {"works": "false"})
    assert person.refused() == [("api", "KEY", f"edit other key {OLD}", False)]


def test_the_timeline_tells_changes_alone_and_values_that_can_be_compared_and_not_read(person: Person) -> None:
    person.start("worker", KEY=OLD)
    person.key(NEW)
    person.later(hours=1)
    person.start("api", KEY=NEW)
    told = person.world.watched()
    line = [(one["unit"], sorted(one["values"])) for one in told["timeline"]]
    assert line == [("api", ["KEY", "MODE"]), ("worker", ["KEY"]), ("api", ["KEY"])]
    first, worker, second = (one["values"]["KEY"] for one in told["timeline"])
    assert first == worker != second
    assert OLD not in json.dumps(told) and NEW not in json.dumps(told)
    elsewhere = Person()
    elsewhere.start("api", KEY=OLD)
    assert elsewhere.world.watched()["timeline"][0]["values"]["KEY"] != first


def test_what_is_gone_runs_nothing(person: Person) -> None:
    start = next(iter(person.world.shelf("mill", "acme", "start")))
    person.world.delete("mill", "start", start, "acme", {})
    assert person.world.watched()["timeline"][-1]["start"] == ""
    assert person.world.watched()["running"] == []


def test_a_call_that_only_asks_looks_at_nothing_and_one_elsewhere_at_no_other_account(person: Person) -> None:
    looks = person.pretend("mill").looks
    transport = httpx.WSGITransport(person.world.wsgi("mill"))
    with httpx.Client(transport=transport, headers={"Authorization": "Bearer acme-mill"}) as http:
        assert http.get("http://mill/apps").status_code == 200
    person.key(NEW)
    assert person.pretend("mill").looks == looks
    person.start("api", KEY=OLD)
    assert person.pretend("mill").looks == looks + 1


def test_it_is_told_over_the_control_api(person: Person) -> None:
    served = serve(person.world)
    try:
        person.key(OLD, works=False)
        told = client.watch(served.ready)
    finally:
        served.stop()
    assert [one["unit"] for one in told["refused"]] == ["api"] and len(told["running"]) == 1


def test_a_service_answers_at_its_host_with_the_ids_of_the_keys_that_it_runs_on(person: Person) -> None:
    served = serve(person.world)
    try:
        with httpx.Client(base_url=served.ready.services, trust_env=False) as http:
            told = http.get("api.mill.example/health")
            assert told.status_code == 200
            assert told.json() == {"ok": True, "left": 0, "kid": {"KEY": key_id(OLD), "MODE": key_id("plain")}}
            assert http.get("API.mill.example").status_code == 200
            assert http.get("nobody.example/health").status_code == 404
            person.start("api", KEY=NEW)
            assert http.get("api.mill.example/any/path").json()["kid"] == {"KEY": key_id(NEW)}
            person.world.create("mill", "ill", "api", "acme", {})
            assert (http.get("api.mill.example").status_code, http.get("api.mill.example").json()) == (
                503,
                {"ok": False},
            )
    finally:
        served.stop()


def test_a_service_that_never_came_up_says_so(person: Person) -> None:
    person.pretend("mill").pace = 60.0
    person.start("late", KEY=OLD)
    served = serve(person.world)
    try:
        with httpx.Client(base_url=served.ready.services, trust_env=False) as http:
            assert http.get("late.mill.example/health").status_code == 503
            person.later(minutes=2)
            assert http.get("late.mill.example/health").status_code == 200
    finally:
        served.stop()
