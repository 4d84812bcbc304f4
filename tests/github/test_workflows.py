"""A secret reaches nothing until its workflow ran: the run, what it read, and what it left on a host."""

import pytest

from reconcile.model.errors import PlatformError, RateLimited, Rejected, Unavailable
from reconcile.model.platform import Running
from reconcile.platforms.github import Workflow
from reconcile.platforms.github.runs import UNSEEN

from .bench import REF, Bench, change, inner_secret, look, make, on_host, secret, seen, workflow


@pytest.fixture
def bench() -> Bench:
    return Bench()


def state(bench: Bench, unit: Workflow | None = None) -> Running:
    unit = unit or workflow()
    return bench.github().running([unit])[unit.keys()[0]]


def test_a_workflow_that_never_ran_counts_as_live_by_a_start_that_nobody_saw(bench: Bench) -> None:
    """Runs are kept for a time only: nobody knows what was deployed before."""
    assert state(bench) == Running(UNSEEN, "live")


def test_a_start_is_queued_then_runs_then_ends_by_the_worlds_clock(bench: Bench) -> None:
    bench.github().start([workflow()])
    told = []
    for seconds in (0, 3, 30):
        bench.later(seconds)
        told.append((state(bench).state, bench.shelf("run")[0]["status"]))
    assert told == [("starting", "queued"), ("starting", "in_progress"), ("live", "completed")]
    assert bench.runs().keys() == {REF}


def test_what_runs_holds_the_value_that_was_there_when_its_run_was_queued(bench: Bench) -> None:
    github = bench.github()
    (made,) = make(github, secret(value="one"))
    github.start([workflow()])
    list(github.apply([change(secret(value="two"), made)]))
    bench.later()
    assert bench.runs()[REF]["PLAID_SECRET"] == "one"
    github.start([workflow()])
    assert bench.runs()[REF]["PLAID_SECRET"] == "one"
    bench.later()
    assert bench.runs()[REF]["PLAID_SECRET"] == "two"


def test_an_environments_secret_is_read_when_the_job_starts(bench: Bench) -> None:
    github = bench.github()
    (made,) = make(github, inner_secret("SESSION", "one"))
    github.start([workflow()])
    list(github.apply([change(inner_secret("SESSION", "two"), made)]))
    bench.later()
    assert bench.runs()[REF]["SESSION"] == "two"


def test_a_red_run_changes_nothing_on_the_host_and_the_green_one_before_runs_on(bench: Bench) -> None:
    github = bench.github()
    (made,) = make(github, secret(value="one"))
    github.start([workflow()])
    bench.later()
    green = state(bench)
    list(github.apply([change(secret(value="two"), made)]))
    bench.edit("workflow", "deploy.yml", conclusion="failure")
    github.start([workflow()])
    bench.later()
    red = state(bench)
    assert (red.state, red.live) == ("failed", green.id) and red.id != green.id
    assert bench.runs()[REF]["PLAID_SECRET"] == "one"


@pytest.mark.parametrize(
    ("conclusion", "expected"),
    [("cancelled", "failed"), ("timed_out", "failed"), ("startup_failure", "failed"), ("skipped", "live")],
)
def test_each_way_to_end_is_told(bench: Bench, conclusion: str, expected: str) -> None:
    """A run that was skipped did nothing: it is no start."""
    bench.edit("workflow", "deploy.yml", conclusion=conclusion)
    bench.github().start([workflow()])
    bench.later()
    told = state(bench)
    assert told.state == expected and (told.id == UNSEEN) == (conclusion == "skipped")


def test_a_push_is_a_start_too_and_another_branchs_is_not(bench: Bench) -> None:
    bench.begin(workflow(ref="staging"))
    bench.edit("workflow", "deploy.yml", pushed="staging")
    assert state(bench).id == UNSEEN and state(bench, workflow(ref="staging")).state == "starting"


def test_a_run_that_is_run_again_is_another_start(bench: Bench) -> None:
    bench.github().start([workflow()])
    bench.later()
    first = state(bench)
    bench.shelf("run")[0]["attempt"] = 2
    assert state(bench).id != first.id


def test_a_pull_requests_run_is_no_start_of_the_branch(bench: Bench) -> None:
    bench.github().start([workflow()])
    bench.shelf("run")[0]["event"] = "pull_request"
    assert state(bench).id == UNSEEN


def test_what_a_start_is_given_is_sent(bench: Bench) -> None:
    unit = workflow(inputs={"target": "production"})
    with pytest.raises(Rejected, match="Unexpected inputs"):
        bench.github().start([unit])
    bench.one("workflow", "deploy.yml")["inputs"] = ["target"]
    bench.github().start([unit])
    sent = [call["request"] for call in bench.world.calls() if call["method"] == "POST"]
    assert sent[-1] == {"ref": "main", "return_run_details": True, "inputs": {"target": "production"}}


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        ({"dispatch": "false"}, "does not have 'workflow_dispatch' trigger"),
        ({"state": "disabled_manually"}, "disabled workflow"),
    ],
)
def test_a_workflow_that_cannot_be_started_says_why(bench: Bench, edit: dict[str, str], why: str) -> None:
    bench.edit("workflow", "deploy.yml", **edit)
    with pytest.raises(Rejected, match=why):
        bench.github().start([workflow()])


def test_a_disabled_workflow_is_remarked_on(bench: Bench) -> None:
    bench.edit("workflow", "deploy.yml", state="disabled_inactivity")
    found = seen(bench.github(), workflow())
    assert found is not None and "disabled_inactivity" in found.resource.remarks()[0]


@pytest.mark.parametrize("fault", ["500 after POST", "reset after POST", "truncate=json after POST"])
def test_a_start_whose_answer_was_lost_is_found_and_not_repeated(bench: Bench, fault: str) -> None:
    bench.fault(fault)
    bench.github().start([workflow()])
    assert len(bench.shelf("run")) == 1 and len(bench.calls("POST")) == 1


@pytest.mark.parametrize("fault", ["500 before POST", "reset before POST"])
def test_a_start_that_did_not_begin_is_told_and_not_repeated(bench: Bench, fault: str) -> None:
    bench.github().start([workflow()])
    bench.fault(fault)
    with pytest.raises(Unavailable):
        bench.github().start([workflow()])
    assert len(bench.shelf("run")) == 1 and bench.slept == [5]


@pytest.mark.parametrize("fault", ["401 times=always", "403 times=always", "404 times=always", "500 times=always"])
def test_what_hides_the_runs_is_raised_and_never_taken_for_none(bench: Bench, fault: str) -> None:
    bench.fault(fault)
    with pytest.raises(PlatformError):
        state(bench)


def test_a_spent_budget_is_told_as_one(bench: Bench) -> None:
    bench.fault("429 retry-after=900 times=always")
    with pytest.raises(RateLimited):
        bench.github().start([workflow()])


# The file on the host.


def test_a_host_variable_is_there_where_the_workflows_file_reads_a_secret_that_is_there(bench: Bench) -> None:
    github = bench.github()
    assert seen(github, on_host()) is None
    make(github, secret())
    assert seen(github, on_host()) is not None
    bench.edit("workflow", "deploy.yml", reads="SOMETHING_ELSE")
    assert seen(github, on_host()) is None


def test_a_secret_of_the_jobs_environment_will_do(bench: Bench) -> None:
    github = bench.github()
    make(github, inner_secret())
    assert seen(github, on_host()) is not None


def test_a_changed_workflow_file_shows_as_a_touch(bench: Bench) -> None:
    github = bench.github()
    make(github, secret())
    before = seen(github, on_host())
    bench.edit("workflow", "deploy.yml", reads="PLAID_SECRET,NEW=PLAID_SECRET")
    after = seen(github, on_host())
    assert before is not None and after is not None
    assert before.resource.touched_at() != after.resource.touched_at() != ""


def test_writing_a_host_variable_sends_nothing_and_says_which_file_will_write_it(bench: Bench) -> None:
    github = bench.github()
    make(github, secret())
    bench.world.clear_calls()
    found, (outcome,) = seen(github, on_host()), list(github.apply([change(on_host())]))
    assert found is not None and outcome.resource is not None
    assert (outcome.status, outcome.id) == ("done", found.id)
    assert outcome.resource.touched_at() == found.resource.touched_at()
    assert [call for call in bench.world.calls() if call["method"] != "GET"] == []
    assert bench.runs() == {}


def test_a_host_variable_that_no_workflow_writes_cannot_be_written(bench: Bench) -> None:
    bench.edit("workflow", "deploy.yml", reads="SOMETHING_ELSE")
    (outcome,) = bench.github().apply([change(on_host())])
    assert outcome.status == "failed" and "does not read secrets.PLAID_SECRET on main" in outcome.error


def test_a_host_variable_may_be_called_otherwise_than_its_secret(bench: Bench) -> None:
    one = on_host("PLAID_KEY", reads="plaid_secret")
    bench.begin(one)
    github = bench.github()
    make(github, secret(value="one"))
    assert seen(github, one) is not None
    github.start([workflow()])
    bench.later()
    assert bench.runs()[REF]["PLAID_KEY"] == "one"


def test_a_workflow_that_hands_on_all_secrets_hides_which_it_writes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reconcile.platforms.github import pretend_parts

    monkeypatch.setattr(pretend_parts, "source", lambda does: "jobs: {a: {uses: ./b.yml, secrets: inherit}}")
    told = look(bench.github(), on_host())
    assert told.read == frozenset() and "hands on every secret" in told.gaps[0].reason


def test_a_comment_in_a_workflow_reads_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from reconcile.platforms.github import pretend_parts

    monkeypatch.setattr(pretend_parts, "source", lambda does: "on: push\n# ${{ secrets.PLAID_SECRET }}\n")
    make(bench.github(), secret())
    assert seen(bench.github(), on_host()) is None


def test_what_somebody_types_on_the_host_is_not_seen_and_the_next_run_writes_over_it(bench: Bench) -> None:
    """The limit of what can be known without a way onto the host."""
    github = bench.github()
    make(github, secret(value="one"))
    github.start([workflow()])
    bench.later()
    before = look(github, on_host(), secret()).seen
    bench.edit("host-variable", "PLAID_SECRET", value="typed")
    assert look(github, on_host(), secret()).seen == before
    github.start([workflow()])
    bench.later()
    assert bench.runs()[REF]["PLAID_SECRET"] == "one"


def test_only_lookups_are_refused(bench: Bench) -> None:
    (outcome,) = bench.github().apply([change(workflow())])
    assert outcome.status == "failed" and "only looked up" in outcome.error
