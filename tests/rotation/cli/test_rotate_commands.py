"""What a person says to a secret, by the command line, against platforms that answer on loopback."""

import datetime as dt

import pytest

from .conftest import Open
from .fleet import HOLDS_ALL, JWT, SESSION, stack
from .stage import Stage, until_done

API = "shop railway.variable.api/API_SECRET"
WORKER = "shop railway.variable.worker/API_SECRET"


# Passes


def test_up_goes_on_until_first_values_stand_and_deploys_each_service_once(empty: Stage) -> None:
    said = empty.run("up", "--all", "--yes", "--json")
    assert (said.code, [one["text"] for one in said.json["rotations"]]) == (0, ["done"])
    assert empty.value("api") == empty.value("worker") == empty.runs_with("api") == empty.runs_with("worker")
    assert len(empty.value("api")) == 44
    assert (empty.deployments("api"), empty.deployments("worker")) == (1, 1)


def test_apply_makes_one_transition_of_each_secret(empty: Stage) -> None:
    told = [empty.run("apply", "--all", "--yes", "--json").json["rotations"] for _ in range(8)]
    assert [[one["what"] for one in turns] for turns in told] == [
        *([["moved"], ["moved"], ["acted"], ["moved"], ["acted"], ["acted"], ["ended"], ["nothing"]]),
    ]
    assert empty.runs_with("api") == empty.runs_with("worker")


@pytest.mark.proof
def test_an_apply_of_a_part_leaves_secrets_alone(empty: Stage) -> None:
    said = empty.run("apply", "--all", "--yes", "--json", "--target", "railway.project.shop")
    assert said.json["rotations"] == []


@pytest.mark.proof
def test_a_rotation_that_is_due_goes_through_by_passes_alone(shop: Stage) -> None:
    old = shop.value("api")
    shop.world.advance(dt.timedelta(days=30, minutes=1))
    for _ in range(14):
        assert shop.run("apply", "--all", "--yes").code == 0
    assert shop.value("api") != old
    assert "API_SECRET_PREVIOUS" in shop.variables("api")
    until_done(shop)
    assert "API_SECRET_PREVIOUS" not in shop.variables("api")
    assert shop.runs_with("api") == shop.runs_with("worker") == shop.value("api")
    assert shop.refused() == []


# Status


def test_status_prints_each_secrets_age(shop: Stage) -> None:
    shop.world.advance(dt.timedelta(days=12))
    assert "session overlap, version 1, 12 d old, due " in shop.run("rotate", "status").flat
    assert "secret session overlap, version 1, 12 d old, due " in shop.run("status").flat
    (one,) = shop.run("status", "--json").json["stacks"][0]["secrets"]
    assert (one["secret"], one["age_days"], one["version"], one["problem"]) == ("session", 12, 1, None)
    assert [each["address"] for each in one["consumers"]] == [API[5:], WORKER[5:]]


def test_status_of_what_never_had_a_value_leaves_with_16(empty: Stage) -> None:
    for words in (("rotate", "status"), ("status",)):
        said = empty.run(*words)
        assert (said.code, "never had a value of ours" in said.flat) == (16, True)
        assert empty.run(*words, "--json").json["exit"] == 16


def test_status_of_what_is_overdue_leaves_with_16(shop: Stage) -> None:
    shop.world.advance(dt.timedelta(days=37))
    assert shop.run("status").code == 0
    shop.world.advance(dt.timedelta(days=1))
    for words in (("rotate", "status"), ("status",)):
        said = shop.run(*words)
        assert said.code == 16 and "overdue since" in said.flat


def test_status_of_what_is_stuck_leaves_with_16_and_says_of_what(shop: Stage) -> None:
    shop.fault("500 POST times=always", "railway")
    assert shop.run("rotate", "now", "session", "--yes").code == 13
    said = shop.run("rotate", "status")
    assert said.code == 16 and "stuck in accept after" in said.flat
    assert shop.run("status").code == 16


def test_status_needs_no_platform(calm: Stage) -> None:
    calm.world.clear_calls()
    calm.run("status")
    calm.run("rotate", "status")
    assert calm.world.calls() == []


def test_a_stack_that_there_is_not_is_one_clear_error(calm: Stage) -> None:
    for words in (("rotate", "status"), ("rotate", "plan"), ("rotate", "compromised", "--all", "--yes")):
        said = calm.run(*words, "--stack", "shpo")
        assert said.code == 1 and "there is no such stack" in said.err and "known: shop" in said.err
        assert said.err.count("error:") == 1


# Plan


def test_plan_says_what_the_next_pass_would_do_and_writes_nothing(shop: Stage) -> None:
    shop.world.clear_calls()
    assert "session nothing before " in shop.run("rotate", "plan").flat
    shop.world.advance(dt.timedelta(days=30, minutes=1))
    assert "session begins, as soon as a window is open" in shop.run("rotate", "plan").flat
    shop.run("rotate", "now", "session", "--yes", "--once")
    shop.world.clear_calls()
    said = shop.run("rotate", "plan", "--json")
    assert (said.json["schema"], said.secrets["session"]["next"]) == ("trueup.rotate-plan/1", "goes on with issue")
    assert (shop.deployments("api"), shop.deployments("worker")) == (
        1,
        1,
    ) and "API_SECRET_PREVIOUS" not in shop.variables("api")


def test_an_old_value_that_is_restored_by_hand_is_seen_by_drift_and_put_right_by_apply(shop: Stage) -> None:
    old = shop.value("api")
    shop.run("rotate", "now", "session", "--yes")
    until_done(shop)
    now = shop.value("api")
    shop.by_hand("worker", "API_SECRET", old)
    drift = shop.run("drift", "--detailed-exitcode", "--json")
    assert drift.code == 2
    assert drift.json["astray"] == [
        {"secret": "session", "stack": "shop", "address": WORKER[5:], "verdict": "another value"}
    ]
    assert f"{WORKER[5:]} another value: session is put right by apply" in shop.run("plan").flat
    assert "session puts right" in shop.run("rotate", "plan").flat
    for _ in range(3):
        assert shop.run("apply", "--all", "--yes").code == 0
    assert shop.value("worker") == shop.runs_with("worker") == shop.runs_with("api") == now
    assert shop.run("drift", "--detailed-exitcode").code == 0


# Now


def test_now_goes_on_until_there_is_something_to_wait_for(shop: Stage) -> None:
    old = shop.value("api")
    said = shop.run("rotate", "now", "session", "--yes", "--json")
    one = said.secrets["session"]
    assert (said.code, said.json["schema"], one["what"], one["text"]) == (0, "trueup.rotate/1", "waits", "soaks")
    assert shop.value("api") == shop.value("worker") != old
    assert shop.variables("api")["API_SECRET_PREVIOUS"] == old
    status = shop.run("rotate", "status", "--json").secrets["session"]
    assert (status["phase"], [one["status"] for one in status["versions"]]) == ("soak", ["previous", "current"])
    assert all(one["proof"] for one in status["consumers"])


@pytest.mark.proof
def test_now_makes_one_transition_with_once(shop: Stage) -> None:
    said = shop.run("rotate", "now", "session", "--yes", "--once", "--json")
    assert (said.code, said.secrets["session"]["what"]) == (0, "moved")
    assert "API_SECRET_PREVIOUS" not in shop.variables("api")


def test_now_of_what_is_under_way_goes_on_with_that_and_begins_no_other(shop: Stage) -> None:
    shop.run("rotate", "now", "session", "--yes", "--once")
    said = shop.run("rotate", "now", "session", "--yes", "--json")
    assert (said.code, said.secrets["session"]["text"]) == (0, "soaks")
    assert [one.number for one in shop.state().versions] == [1, 2]


def test_what_a_refused_request_left_with_is_what_history_says(shop: Stage) -> None:
    assert shop.run("rotate", "back", "session", "--yes").code == 16
    last = shop.run("history", "--json").json["runs"][0]
    assert (last["command"], last["exit"]) == ("rotate back", 16)


@pytest.mark.proof
def test_now_of_two_that_one_service_reads_does_one_after_the_other(opened: Open) -> None:
    shop = opened(stack(f"{SESSION}\n{JWT}".replace("overlap", "replace"), HOLDS_ALL)).up()
    before = dict(shop.variables("api"))
    said = shop.run("rotate", "now", "jwt", "session", "--yes", "--json")
    assert (said.code, {one["what"] for one in said.json["secrets"]}) == (0, {"ended"}), said.out
    assert all(shop.variables("api")[name] != value for name, value in before.items())


@pytest.mark.parametrize(
    "words",
    [
        ("now", "session"),
        ("compromised", "session"),
        ("--compromised", "session"),
        ("--compromised", "--all"),
        ("back", "session"),
        ("ack", "session"),
        ("approve", "session"),
    ],
)
def test_nothing_happens_where_nobody_agrees(calm: Stage, words: tuple[str, ...]) -> None:
    before = calm.state()
    for stdin, terminal in (("", False), ("yes\n", False), ("", True), ("no\n", True)):
        said = calm.run("rotate", *words, stdin=stdin, terminal=terminal)
        assert said.code == 11 and "nobody agreed" in said.err
    assert calm.state() == before


def test_a_person_at_a_terminal_may_agree(shop: Stage) -> None:
    assert shop.run("rotate", "now", "session", "--once", stdin="yes\n", terminal=True).code == 0
    assert shop.state().rotation is not None


@pytest.mark.parametrize(
    "words",
    [
        ("rotate", "now", "sesion", "--yes"),
        ("rotate", "now", "session", "sesion", "--yes"),
        ("rotate", "--compromised", "sesion", "--yes"),
        ("rotate", "back", "sesion", "--yes"),
        ("rotate", "accept", "sesion", "--stdin"),
        ("rotate", "ack", "sesion", "--yes"),
        ("rotate", "retry", "sesion"),
        ("rotate", "resume", "sesion"),
        ("rotate", "approve", "sesion"),
    ],
)
def test_a_misspelt_secret_is_one_clear_error(calm: Stage, words: tuple[str, ...]) -> None:
    before = calm.state()
    said = calm.run(*words)
    assert (said.code, said.out) == (1, "")
    assert said.err.splitlines() == [
        "error: no stack declares a secret sesion",
        "  what to do: nearest: session; nothing was changed",
    ]
    assert calm.run(*words, "--json").json["error"] == "ReconcileError"
    assert calm.state() == before


def test_another_run_that_holds_a_stack_leaves_with_12(calm: Stage) -> None:
    with calm.workshop() as other, other.ledger().lease(("shop",), holder="another", timeout_seconds=0):
        for words in (("now", "session"), ("back", "session"), ("ack", "session"), ("--compromised", "--all")):
            said = calm.run("rotate", *words, "--yes")
            assert said.code == 12 and "what to do:" in said.err
        assert calm.run("rotate", "retry", "session").code == 12
        assert calm.run("rotate", "status").code == 0


def test_an_outage_leaves_with_13_and_retry_goes_on_once_it_is_over(shop: Stage) -> None:
    shop.fault("500 POST times=always", "railway")
    said = shop.run("rotate", "now", "session", "--yes", "--json")
    assert (said.code, said.secrets["session"]["what"]) == (13, "waits")
    shop.world.clear_faults()
    assert shop.run("apply", "--all", "--yes").code == 13, "its next try is not due yet"
    assert "soaks" in shop.run("rotate", "retry", "session").flat
    assert shop.runs_with("api") == shop.runs_with("worker")


# Back


def test_back_returns_to_the_old_value_and_rotations_pause_until_a_person_resumes(shop: Stage) -> None:
    old = shop.value("api")
    shop.run("rotate", "now", "session", "--yes")
    said = shop.run("rotate", "back", "session", "--yes")
    assert said.code == 0 and "rolled back" in said.flat
    assert shop.value("api") == shop.value("worker") == shop.runs_with("api") == shop.runs_with("worker") == old
    assert "API_SECRET_PREVIOUS" not in shop.variables("api")
    status = shop.run("status")
    assert status.code == 16 and "`trueup rotate resume session`" in status.flat
    assert shop.run("rotate", "resume", "session").code == 0
    assert shop.run("status").code == 0


def test_back_of_what_is_not_under_way_says_so(calm: Stage) -> None:
    said = calm.run("rotate", "back", "session", "--yes")
    assert said.code == 16 and "no rotation is under way" in said.err
