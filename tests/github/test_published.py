"""What we send and what the sandbox answers, held against GitHub's own description."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconcile.model.observation import Scope
from tests.conftest import CLOSING
from tests.vendor.openapi import Document

from .bench import (
    REF,
    Bench,
    change,
    done,
    environment,
    inner_secret,
    look,
    make,
    on_host,
    repository,
    secret,
    workflow,
)

SPEC = Path(__file__).parents[2].parent / "shared" / "specs" / "github.json"
UNDESCRIBED = {"/user/repos": "the part of GitHub's description that is kept here has it not"}


@pytest.fixture(scope="module")
def calls() -> list[dict[str, Any]]:
    """Every call that the product makes."""
    bench = Bench()
    github = bench.github()
    one, two = make(github, secret(), inner_secret())
    look(github, repository(), environment(), workflow(), secret(), inner_secret(), on_host())
    github.start([workflow()])
    bench.later(3)
    github.running([workflow()])
    bench.later()
    github.running([workflow()])
    done(github, change(secret(value="2"), one), change(inner_secret(value="2"), two), change(on_host()))
    done(github, change(None, one), change(None, two))
    github.observe(Scope("bunty"))
    look(github, repository("example/none"), secret(repository="example/none"))
    look(bench.github("stranger"), repository())
    list(github.apply([change(secret(repository="example/none"))]))
    assert bench.runs().keys() == {REF}
    return bench.world.calls()


@pytest.mark.tier("specs")
def test_every_exchange_fits_the_published_description(
    calls: list[dict[str, Any]], record_property: Callable[[str, object], None]
) -> None:
    if not SPEC.is_file():
        pytest.skip("not run: ../shared/specs/github.json is not here")
    document = Document(SPEC, "")
    wrong: list[str] = []
    undescribed: list[str] = []
    checked = 0
    for call in calls:
        if str(call["path"]).partition("?")[0] in UNDESCRIBED:
            continue
        found = document.check(_described(call))
        checked += found is not None
        wrong += found or []
        undescribed += [f"{call['method']} {call['path']} {call['status']}"] if found is None else []
    record_property(CLOSING, f"specs: github.json: validated {checked} of {len(calls)} exchanges")
    assert not wrong, "\n".join(sorted(set(wrong)))
    # Of most operations no refusal is described.
    assert all(text.endswith(" 404") for text in undescribed)
    assert checked > 25


def test_a_wrong_body_is_seen(calls: list[dict[str, Any]]) -> None:
    """The check itself can fail."""
    if not SPEC.is_file():
        pytest.skip("not run: ../shared/specs/github.json is not here")
    document = Document(SPEC, "")
    put = next(call for call in calls if call["method"] == "PUT")
    assert document.check(put) == []
    assert document.check({**put, "request": {**put["request"], "value": "x"}})
    run = next(call for call in calls if str(call["route"]).endswith("/runs") and call["response"]["workflow_runs"])
    first = {**run["response"]["workflow_runs"][0], "id": "text"}
    assert document.check(_described({**run, "response": {**run["response"], "workflow_runs": [first]}}))


def _described(call: dict[str, Any]) -> dict[str, Any]:
    """A file's path as one segment; the runs of one workflow as all runs, which are told alike."""
    path, sign, query = str(call["path"]).partition("?")
    if "/contents/" in path:
        path = path.partition("/contents/")[0] + "/contents/file"
    if "/actions/workflows/" in path and path.endswith("/runs"):
        path = path.partition("/workflows/")[0] + "/runs"
    return {**call, "path": f"{path}{sign}{query}"}
