"""Who may do what in the sandbox's Railway, and how often: project tokens, pauses between creations."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from railway import RailwayClient, RailwayError

from reconcile.platforms.railway import Environment, Project
from reconcile.sandbox.serve import Served, serve
from tests.railway.platform_bench import Bench, apply, bench, change
from tests.railway.talk import Talk, set_variable, world_of

__all__ = ["bench"]
TOKEN_CREATE = "mutation ($i: ProjectTokenCreateInput!) { projectTokenCreate(input: $i) }"
MINE = "{ projectToken { projectId environmentId name displayToken environment { name } project { name } } }"


@pytest.fixture
def talk() -> Talk:
    """A project with two environments, and a token of production's."""
    talk = Talk(world_of()).begin()
    talk.ids["staging"] = talk.environment("staging")
    return talk


@pytest.fixture
def bound(talk: Talk) -> Talk:
    """The same world, spoken to with production's token."""
    asked = {"projectId": talk.ids["p"], "environmentId": talk.ids["e"], "name": "ci"}
    given = talk.send(TOKEN_CREATE, i=asked).json()["data"]["projectTokenCreate"]
    narrow = Talk(talk.world)
    narrow.http.headers = httpx.Headers({"Project-Access-Token": given})
    narrow.ids = dict(talk.ids)
    return narrow


def test_a_project_token_tells_the_environment_that_it_is_bound_to(bound: Talk) -> None:
    told = bound.send(MINE).json()["data"]["projectToken"]
    assert (told["projectId"], told["environmentId"]) == (bound.ids["p"], bound.ids["e"])
    assert (told["name"], told["environment"]["name"], told["project"]["name"]) == ("ci", "production", "bilko")
    assert told["displayToken"] != bound.http.headers["Project-Access-Token"]


def test_a_project_token_reads_and_writes_its_environment(bound: Talk) -> None:
    bound.patch_service({"variables": {"A": {"value": "1"}}})
    assert bound.apply(set_variable("B", "2"))["status"] == "applied"
    assert set(bound.variables()) == {"A", "B"}
    assert [edge["node"]["name"] for edge in bound.snapshot()["project"]["environments"]["edges"]] == ["production"]


@pytest.mark.parametrize("name", ["PatchCommit", "CommitStaged", "StageAndCommit", "Staged", "Patches"])
def test_a_project_token_opens_no_other_environment(bound: Talk, name: str) -> None:
    assert bound.wrong(name, e=bound.ids["staging"], p={})["message"] == "Not Authorized"


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("WhoAmI", {}),
        ("Projects", {"w": "workspace-acme"}),
        ("RL", {"w": "workspace-acme"}),
        ("ProjectCreate", {"i": {"name": "more"}}),
        ("ProjectDelete", {"id": "PROJECT"}),
        ("EnvironmentCreate", {"i": {"projectId": "PROJECT", "name": "more"}}),
        ("ServiceDelete", {"id": "SERVICE"}),
    ],
)
def test_a_project_token_may_nothing_beyond_its_environment(bound: Talk, name: str, variables: dict[str, Any]) -> None:
    told = {"PROJECT": bound.ids["p"], "SERVICE": bound.ids["s"]}
    given = {key: told.get(str(one), one) for key, one in variables.items()}
    if "projectId" in given.get("i", {}):
        given["i"] = {**given["i"], "projectId": bound.ids["p"]}
    assert bound.wrong(name, **given)["message"] == "Not Authorized"
    assert bound.send(MINE).status_code == 200


def test_a_project_token_that_nobody_made_is_told_as_such(bound: Talk) -> None:
    bound.http.headers = httpx.Headers({"project-access-token": "never-made"})
    assert bound.wrong("WhoAmI")["message"] == "Project Token not found"


def test_a_project_token_goes_with_its_environment(talk: Talk, bound: Talk) -> None:
    talk.ask("EnvironmentDelete", id=talk.ids["e"])
    assert "Project Token not found" in bound.send(MINE).text


def test_a_console_does_not_show_a_project_token(bound: Talk) -> None:
    pretend: Any = bound.world.mount("railway").pretend
    (held,) = bound.world.shelf("railway", "acme", "project-token").values()
    assert held["token"] not in str(pretend.shown("project-token", held))


def test_projects_and_environments_are_made_with_a_pause_between_them() -> None:
    talk = Talk(world_of())
    pretend: Any = talk.world.mount("railway").pretend
    pretend.create_pause = 30.0
    talk.begin()
    assert "creating projects too quickly" in talk.wrong("ProjectCreate", i={"name": "crm"})["message"]
    talk.environment("staging")
    more = {"projectId": talk.ids["p"], "name": "test"}
    assert "creating environments too quickly" in talk.wrong("EnvironmentCreate", i=more)["message"]
    talk.world.advance(dt.timedelta(seconds=30))
    talk.environment("test")
    talk.ask("ProjectCreate", i={"name": "crm"})
    # Another account's makings do not count.
    Talk(talk.world, "other").ask("ProjectCreate", i={"name": "theirs"})


def test_our_own_client_waits_for_the_pause_and_makes_each_once(bench: Bench) -> None:
    pretend: Any = bench.world.mount("railway").pretend
    pretend.create_pause = 30.0
    railway = bench.railway()
    railway._wait = lambda seconds: bench.waits.append(seconds) or bench.world.advance(dt.timedelta(seconds=seconds))  # type: ignore
    apply(railway, change(Project(name="bilko")), change(Project(name="crm")))
    apply(railway, *(change(Environment(project="bilko", name=name)) for name in ("one", "two", "three")))
    assert [one["name"] for one in bench.shelf("environment") if one["project"] == "bilko"] == [
        *("production", "one", "two", "three")
    ]
    assert [seconds for seconds in bench.waits if seconds] == [30.0] * 3


@pytest.fixture
def served() -> Iterator[Served]:
    served = serve(world_of())
    yield served
    served.stop()


@pytest.mark.tier("vendor-client")
def test_pypis_client_makes_a_project_token_and_speaks_with_it(served: Served) -> None:
    endpoint = f"{served.platform_urls['railway'].rstrip('/')}/graphql/v2"
    account: Any
    with RailwayClient(api_token="token-acme", endpoint=endpoint) as account:
        project = account.project_create(name="bilko")
        environment = account.project(project.id).base_environment_id
        given = account.project_token_create(environment, "ci", project.id)
        assert len(account.project_tokens(project.id).edges) == 1
        own: Any
        with RailwayClient(project_token=given, endpoint=endpoint) as own:
            told = own.project_token()
            assert (told.project_id, told.environment_id) == (project.id, environment)
            assert own.environment(environment).name == "production"
            with pytest.raises(RailwayError, match="Not Authorized"):
                own.project_create(name="more")
        assert account.project_token_delete(told.id)
        with RailwayClient(project_token=given, endpoint=endpoint) as gone, pytest.raises(RailwayError, match="Token"):
            gone.project_token()
