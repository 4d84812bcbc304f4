"""What a project's production runs: deployments keep the variables that they were made with, and ours starts them."""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconcile.model.errors import Denied, Missing, Unavailable
from reconcile.model.pretend import RunningUnit
from reconcile.model.secret import SecretText
from reconcile.platforms.vercel import Variable
from tests.vendor.openapi import Document

from .bench import Bench, change, domain, done, make, project, seen, variable

WEB, KEY = project(), ("web",)
SPEC = Path(__file__).parents[2].parent / "shared" / "specs" / "vercel.json"


@pytest.fixture
def bench() -> Bench:
    """A project with a variable for production and one for previews, deployed once by a push."""
    bench = Bench()
    make(bench.vercel(), WEB)
    make(bench.vercel(), variable(), variable("P", "2", targets=["preview"]), domain())
    bench.edit("project", "web", deployment="push")
    return bench


def _unit(bench: Bench) -> RunningUnit:
    mount = bench.world.mount("vercel")
    pretend: Any = mount.pretend
    (one,) = pretend.running(mount.place, "acme")
    return one  # type: ignore[no-any-return]


def _write(bench: Bench, value: str) -> None:
    vercel = bench.vercel()
    live = seen(vercel, Variable)["web API production"]
    done(vercel, replace(change(variable("API", value), live), quiet=True))


def test_writing_a_variable_starts_nothing_and_a_start_takes_what_is_written(bench: Bench) -> None:
    before = _unit(bench)
    assert (before.name, dict(before.values), before.hosts) == ("web", {"API": "1"}, ("web.example",))
    _write(bench, "9")
    assert _unit(bench) == before and len(bench.shelf("deployment")) == 1
    bench.vercel().start([WEB])
    assert dict(_unit(bench).values) == {"API": "9"} and _unit(bench).id != before.id


def test_a_sensitive_value_is_kept_and_shown_to_nobody(bench: Bench) -> None:
    make(bench.vercel(), variable("S", SecretText("hush-hush", "S")))
    bench.vercel().start([WEB])
    assert _unit(bench).values["S"] == "hush-hush" and "hush-hush" not in repr(_unit(bench))
    assert "hush-hush" not in str(bench.world.things("vercel", "deployment"))


def test_the_newest_start_is_told_and_which_one_is_live_until_it_is_ready(bench: Bench) -> None:
    vercel = bench.vercel()
    before = vercel.running([WEB])[KEY]
    assert (before.state, before.live, before.started_at[-1]) == ("live", "", "Z")
    pretend: Any = bench.world.mount("vercel").pretend
    pretend.pace = 10.0
    bench.world.advance(dt.timedelta(minutes=1))
    vercel.start([WEB])
    now = vercel.running([WEB])[KEY]
    assert (now.state, now.live) == ("starting", before.id) and _unit(bench).starting
    bench.world.advance(dt.timedelta(minutes=1))
    after = vercel.running([WEB])[KEY]
    assert (after.id, after.state, after.live) == (now.id, "live", "") and _unit(bench).id == now.id


def test_what_fails_leaves_what_ran(bench: Bench) -> None:
    before = bench.vercel().running([WEB])[KEY]
    bench.edit("project", "web", fails="build")
    bench.vercel().start([WEB])
    now = bench.vercel().running([WEB])[KEY]
    assert (now.state, now.live) == ("failed", before.id) and _unit(bench).id == before.id
    bench.edit("project", "web", fails="no", health="ill")
    assert not _unit(bench).well


def test_a_rollback_by_hand_holds_until_somebody_promotes(bench: Bench) -> None:
    first = _unit(bench).id
    _write(bench, "9")
    bench.vercel().start([WEB])
    bench.edit("project", "web", deployment="previous")
    assert (_unit(bench).id, _unit(bench).values["API"]) == (first, "1")
    told = bench.vercel().running([WEB])[KEY]
    assert (told.live, told.state) == (first, "starting")
    bench.vercel().start([WEB])
    newest = bench.vercel().running([WEB])[KEY]
    assert (newest.live, newest.state) == (first, "starting") and newest.id not in (first, told.id)
    bench.edit("project", "web", promote="latest")
    assert _unit(bench).values["API"] == "9"
    assert bench.vercel().running([WEB])[KEY].state == "live"
    bench.vercel().start([WEB])
    after = bench.vercel().running([WEB])[KEY]
    assert after.state == "live" and after.id == _unit(bench).id != newest.id


def test_what_never_was_deployed_starts_from_its_repository_or_not_at_all() -> None:
    bench = Bench()
    git = {"repo": "example/site", "branch": "release"}
    make(bench.vercel(), WEB, project("site", git=git))
    told = bench.vercel().running([WEB, project("site"), project("none")])
    assert {key: one.state for key, one in told.items()} == {KEY: "none", ("site",): "none"}
    bench.vercel().start([WEB, project("site")])
    assert [one["name"] for one in bench.shelf("deployment")] == ["site"]
    (sent,) = bench.sent("POST", "/v13/deployments")
    assert sent["gitSource"] == {"type": "github", "org": "example", "repo": "site", "ref": "release"}
    with pytest.raises(Missing, match="none"):
        bench.vercel().start([project("none")])


@pytest.mark.parametrize(
    "fault", ["500 after POST /v13/deployments times=1", "reset after POST /v13/deployments times=1"]
)
def test_a_start_whose_answer_was_lost_is_looked_for_and_not_sent_again(bench: Bench, fault: str) -> None:
    bench.fault(fault)
    bench.vercel().start([WEB])
    assert len(bench.shelf("deployment")) == 2


def test_a_start_that_was_lost_on_the_way_is_sent_again_and_one_that_never_comes_is_unsure(bench: Bench) -> None:
    bench.fault("500 before POST /v13/deployments times=1")
    bench.vercel().start([WEB])
    assert len(bench.shelf("deployment")) == 2
    bench.fault("500 before POST /v13/deployments times=always")
    with pytest.raises(Unavailable) as lost:
        bench.vercel().start([WEB])
    assert lost.value.unsure and len(bench.shelf("deployment")) == 2


def test_a_refused_start_is_an_error_and_so_is_a_listing_that_cannot_be_read(bench: Bench) -> None:
    bench.fault("403 POST /v13/deployments times=1")
    with pytest.raises(Denied):
        bench.vercel().start([WEB])
    bench.fault("403 GET /v7/deployments times=1")
    with pytest.raises(Denied):
        bench.vercel().running([WEB])


def test_every_exchange_fits_the_published_description(bench: Bench) -> None:
    if not SPEC.is_file():
        pytest.skip("not run: ../shared/specs/vercel.json is not here")
    bench.vercel().running([WEB])
    bench.vercel().start([WEB])
    bench.edit("project", "web", deployment="previous")
    bench.vercel().running([WEB])
    document = Document(SPEC, "")
    calls = [one for one in bench.world.calls() if "deployments" in str(one["path"])]
    wrong = [line for one in calls for line in document.check(one) or ()]
    assert len(calls) == 4 and wrong == []
