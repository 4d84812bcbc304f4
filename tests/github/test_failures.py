"""What goes wrong, and what is said of it."""

import httpx
import pytest

from reconcile.model.resource import Resource

from .bench import REPO, Bench, change, environment, inner_secret, look, make, on_host, repository, secret, workflow


@pytest.fixture
def bench() -> Bench:
    return Bench()


ALL = (repository(), environment(), workflow(), secret(), inner_secret(), on_host())
EXIT = {"401": 14, "403": 17, "429 retry-after=900": 15, "500": 17, "reset": 17, "truncate=json after": 17}


@pytest.mark.parametrize("fault", EXIT)
@pytest.mark.parametrize("one", ALL, ids=lambda one: one.kind)
def test_what_cannot_be_read_is_a_gap_with_its_exit_code_and_right(bench: Bench, one: Resource, fault: str) -> None:
    bench.fault(f"{fault} GET times=always")
    told = look(bench.github(), one)
    (gap,) = told.gaps
    assert (told.seen, told.read) == ((), frozenset())
    assert (gap.kind, gap.container, gap.exit_code) == (one.kind, one.container(), EXIT[fault])
    assert bool(gap.right) == (fault == "403")


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.kind)
def test_a_404_names_the_right_that_may_lack(bench: Bench, one: Resource) -> None:
    bench.fault("404 GET times=always")
    (gap,) = look(bench.github(), one).gaps
    assert gap.right and "it is not there, or the token may not see it" in gap.reason


@pytest.mark.parametrize("fault", ["401", "403", "400", "422", "429 retry-after=900"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_refused_write_is_an_outcome(bench: Bench, method: str, fault: str) -> None:
    bench.fault(f"{fault} {method} times=always")
    outcomes = list(bench.github().apply([change(secret()), change(inner_secret())]))
    assert [one.status for one in outcomes] == ["failed", "failed"] and all(one.error for one in outcomes)
    assert {one.exit_code for one in outcomes} == {{"401": 14, "403": 14, "429 retry-after=900": 15}.get(fault, 13)}
    assert bench.shelf("secret") == bench.shelf("environment-secret") == []


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("fault", ["500", "reset", "truncate=json"])
def test_a_write_whose_answer_was_lost_is_sent_again(bench: Bench, fault: str, moment: str) -> None:
    """Writing a value twice is writing it once."""
    moment = "after" if fault.startswith("truncate") else moment
    bench.fault(f"{fault} {moment} PUT")
    (outcome,) = bench.github().apply([change(secret())])
    assert outcome.status == "done" and [one["value"] for one in bench.shelf("secret")] == ["issued"]


def test_a_write_that_never_gets_an_answer_is_unsure(bench: Bench) -> None:
    bench.fault("500 after PUT times=always")
    (outcome,) = bench.github().apply([change(secret())])
    assert (outcome.status, outcome.exit_code) == ("unsure", 13)


def test_one_refused_secret_stops_no_other(bench: Bench) -> None:
    bench.fault(f"422 PUT /repos/{REPO}/actions/secrets/BROKEN times=always")
    outcomes = bench.github().apply([change(secret(name)) for name in ("GOOD", "BROKEN", "ALSO_GOOD")])
    assert {one.change.key[-1]: one.status for one in outcomes} == {
        "GOOD": "done",
        "BROKEN": "failed",
        "ALSO_GOOD": "done",
    }


def test_a_listing_that_fails_after_a_write_leaves_it_done_and_its_time_unknown(bench: Bench) -> None:
    bench.fault(f"500 GET /repos/{REPO}/actions/secrets times=always")
    (outcome,) = bench.github().apply([change(secret())])
    assert outcome.status == "done" and outcome.resource is not None and outcome.resource.touched_at() == ""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_unsure_delete_ends_done(bench: Bench, moment: str) -> None:
    github = bench.github()
    (made,) = make(github, secret())
    bench.fault(f"500 {moment} DELETE")
    (outcome,) = github.apply([change(None, made)])
    assert outcome.status == "done" and bench.shelf("secret") == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_403_about_the_pace_is_no_missing_right(bench: Bench, method: str) -> None:
    """GitHub refuses what comes too fast with a 403 as well as with a 429."""
    github = bench.github()
    (made,) = make(github, secret())
    body = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}
    through = httpx.WSGITransport(app=bench.world.wsgi("github"))

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == method:
            return httpx.Response(403, json=body, headers={"retry-after": "60"})
        return through.handle_request(request)

    slow = bench.github(transport=httpx.MockTransport(answer))
    if method == "GET":
        (gap,) = look(slow, secret()).gaps
        assert (gap.exit_code, gap.right) == (15, "")
    after = None if method == "DELETE" else secret(value="2")
    (outcome,) = slow.apply([change(after, made)])
    assert (outcome.status, outcome.exit_code) == ("failed", 15)


def test_a_renamed_repository_is_a_gap_and_no_credential_is_sent_elsewhere(bench: Bench) -> None:
    moved = httpx.Response(
        301, headers={"location": "https://api.github.com/repositories/1"}, json={"message": "Moved"}
    )
    (gap,) = look(bench.github(transport=httpx.MockTransport(lambda request: moved)), repository()).gaps
    assert "redirect" in gap.reason


def test_the_budget_is_githubs_and_told_in_its_headers() -> None:
    from reconcile.platforms import pretends
    from reconcile.sandbox.world import World

    from .bench import SEEDS

    world = World({"github": pretends()["github"]}, SEEDS, rate_limits=True)
    client = httpx.Client(transport=httpx.WSGITransport(app=world.wsgi("github")), base_url="http://sandbox.invalid")
    told = client.get("/user/repos", headers={"authorization": "Bearer token-of-bunty"})
    assert (told.headers["x-ratelimit-limit"], told.headers["x-ratelimit-remaining"]) == ("5000", "4999")
