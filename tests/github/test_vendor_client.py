"""PyGithub drives the sandbox: every endpoint that we use, in the words of a client that others wrote."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import github
import pytest
from github.Auth import AppAuthToken
from github.GithubException import GithubException
from github.Repository import Repository

from reconcile.sandbox.serve import serve

from .bench import REPO, Bench, workflow
from .test_published import calls as calls

pytestmark = pytest.mark.tier("github-client")


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench()


def _client(url: str, token: str) -> github.Github:
    """Without the client's own waits between calls."""
    quick: Any = {"seconds_between_requests": None, "seconds_between_writes": None}
    return github.Github(auth=AppAuthToken(token), base_url=url, retry=None, **quick)


@pytest.fixture(scope="module")
def client(bench: Bench) -> Iterator[github.Github]:
    served = serve(bench.world)
    try:
        # Bearer: the other word that GitHub takes, `token`, is not known to the sandbox.
        yield _client(served.platform_urls["github"], "token-of-bunty")
    finally:
        served.stop()


@pytest.fixture(scope="module")
def repo(client: github.Github) -> Repository:
    return client.get_repo(REPO)


def test_a_repository_is_read(repo: Repository) -> None:
    assert (repo.full_name, repo.default_branch, repo.archived, repo.owner.login) == (REPO, "main", False, "example")


def test_repositories_are_listed(client: github.Github) -> None:
    assert [one.full_name for one in client.get_user().get_repos()] == [REPO]


def test_a_secret_that_the_client_sealed_is_opened(repo: Repository, bench: Bench) -> None:
    assert repo.create_secret("PLAID_SECRET", "sealed by PyGithub").name == "PLAID_SECRET"
    assert bench.one("secret", "PLAID_SECRET")["value"] == "sealed by PyGithub"
    before = repo.get_secret("PLAID_SECRET").updated_at
    bench.later(5)
    repo.create_secret("PLAID_SECRET", "again")
    assert repo.get_secret("PLAID_SECRET").updated_at > before
    assert [one.name for one in repo.get_secrets()] == ["PLAID_SECRET"]


def test_an_environments_secret_too(repo: Repository, bench: Bench) -> None:
    (place,) = repo.get_environments()
    place.create_secret("SESSION", "inner")
    assert bench.one("environment-secret", "SESSION")["value"] == "inner"
    assert [one.name for one in place.get_secrets()] == ["SESSION"]
    place.delete_secret("SESSION")
    assert list(place.get_secrets()) == []


def test_a_workflow_is_started_and_its_run_followed(repo: Repository, bench: Bench) -> None:
    (does,) = repo.get_workflows()
    assert (does.path, does.state) == (".github/workflows/deploy.yml", "active")
    assert does.create_dispatch("main", throw=True)
    (run,) = does.get_runs(branch="main", event="workflow_dispatch")
    assert (run.status, run.head_branch) == ("queued", "main") and not run.conclusion
    bench.later()
    again = repo.get_workflow_run(run.id)
    assert (again.status, again.conclusion, again.run_attempt) == ("completed", "success", 1)
    assert again.run_started_at <= bench.world.now() + dt.timedelta(seconds=1)
    assert [one.id for one in repo.get_workflow_runs(status="success")] == [run.id]


def test_a_dispatch_tells_its_run_where_that_is_asked(repo: Repository) -> None:
    told = repo.get_workflow("deploy.yml").create_dispatch("main", throw=True, return_run_details=True)
    assert told.id == next(iter(repo.get_workflow("deploy.yml").get_runs())).id


def test_a_workflows_file_is_read(repo: Repository) -> None:
    found: Any = repo.get_contents(".github/workflows/deploy.yml", ref="main")
    assert b"PLAID_SECRET: ${{ secrets.PLAID_SECRET }}" in found.decoded_content


@pytest.mark.parametrize("ref", ["nowhere", "main"])
def test_what_cannot_be_dispatched_is_refused(repo: Repository, bench: Bench, ref: str) -> None:
    if ref == "main":
        bench.edit("workflow", "deploy.yml", dispatch="false")
    with pytest.raises(GithubException) as refused:
        repo.get_workflow("deploy.yml").create_dispatch(ref, throw=True)
    bench.edit("workflow", "deploy.yml", dispatch="true")
    assert refused.value.status == 422


def test_what_is_not_there_is_not_found(client: github.Github, repo: Repository) -> None:
    for ask in (
        lambda: client.get_repo("example/none"),
        lambda: repo.get_secret("NONE").updated_at,
        lambda: repo.get_workflow("none.yml"),
        lambda: repo.get_contents(".github/workflows/deploy.yml", ref="nowhere"),
    ):
        with pytest.raises(GithubException) as refused:
            ask()
        assert refused.value.status == 404


def test_a_key_id_of_yesterday_and_a_box_for_somebody_else_are_refused(client: github.Github, repo: Repository) -> None:
    key = repo.get_public_key()
    other = "T" * 43 + "="
    for key_id, sealed in (("1", key.encrypt("x")), (key.key_id, other), (key.key_id, key.encrypt("x" * 50_000))):
        with pytest.raises(GithubException) as refused:
            client.requester.requestJsonAndCheck(
                "PUT", f"/repos/{REPO}/actions/secrets/X", input={"key_id": key_id, "encrypted_value": sealed}
            )
        assert refused.value.status == 422


def test_a_dead_token_is_told(client: github.Github) -> None:
    dead = _client(client.requester.base_url, "dead")
    with pytest.raises(github.BadCredentialsException):
        dead.get_repo(REPO)


def test_every_endpoint_that_we_use_is_driven(bench: Bench, repo: Repository, calls: list[dict[str, Any]]) -> None:
    """Last in its file: what went before is what was driven."""
    repo.delete_secret("PLAID_SECRET")
    driven = {(call["method"], call["route"]) for call in bench.world.calls()}
    used = {(call["method"], call["route"]) for call in calls}
    assert used - driven == set() and len(used) >= 14
    assert workflow().file == "deploy.yml"
