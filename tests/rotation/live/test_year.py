"""A year of every secret of the runbooks: each on schedule, and on the way an outage, a crash, and a hand that puts an
old value back."""

import datetime as dt
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconcile.model.rotated import PROMISES, ByHand, Secret
from tests.railway.estate import Runbooks
from tests.railway.estate import bare as bare

from .year import Year, crash_of, outage_of, restored_by_hand

LEGACY = ("legacyvideo-api", "legacyvideo-master", "legacyvideo-resend", "legacyvideo-s3")
SLACK = dt.timedelta(days=21)
"""How long a rotation may take from its due time: a week until the window, a week's soak, and another rotation of the
same service before it."""
SHARED = ("API_SECRET", "API_SECRET_PREVIOUS")


@pytest.fixture
def estate(bare: Path, tmp_path: Path) -> Runbooks:
    shutil.copytree(bare, tmp_path / "runbooks")
    return Runbooks(tmp_path / "runbooks")


def gone_through(estate: Runbooks, names: tuple[str, ...], days: float) -> tuple[Year, list[str]]:
    """The time, with an accident of each kind in it; and what happened."""
    happened: list[str] = []
    year = Year(estate, names)
    year.accidents = [
        outage_of("railway", "legacyvideo-api", happened),
        crash_of("legacyvideo-master", happened),
        restored_by_hand("legacyvideo-resend", happened),
    ]
    year.begin()
    year.go(days)
    assert Counter(happened) == Counter(["outage of railway", "crash", "restored by hand"])
    return year, happened


def ended(year: Year) -> dict[str, list[Any]]:
    """The ends of each secret's rotations after its first value."""
    found: dict[str, list[Any]] = defaultdict(list)
    for entry in year.passes.history():
        if entry.what == "ended" and entry.detail["reason"] != "first" and entry.detail["old"] is not None:
            found[entry.address.removeprefix("secret.")].append(entry)
    return found


def interval(secret: Secret) -> dt.timedelta:
    return secret.schedule.every or dt.timedelta(days=92)


def on_schedule(year: Year, days: float) -> None:
    """Each rotated as often as it had to, and never grew too old; who began it, when, and how far it was proven."""
    assert year.overdue == []
    found = ended(year)
    for name in year.names:
        secret = year.passes.secrets[name]
        assert {one.detail["end"] for one in found[name]} == {"done"}, name
        # A person gives a value when reminded, before the schedule begins without one.
        reason = "manual" if isinstance(secret.source, ByHand) else "schedule"
        assert {one.detail["reason"] for one in found[name]} == {reason}, name
        least = dt.timedelta(days=days) // (interval(secret) + SLACK)
        most = dt.timedelta(days=days) // (interval(secret) - SLACK) + 1
        assert max(1, least) <= len(found[name]) <= most, f"{name}: {len(found[name])}, not {least} to {most}"
        consumers = {str(one) for one in secret.consumers}
        for one in found[name]:
            assert one.detail["proof"].keys() == consumers, name
            assert all(proof.startswith("proven P0 P1") for proof in one.detail["proof"].values()), name
            assert one.at and "who" in one.detail


def nothing_refused(year: Year) -> None:
    """Nothing ran on a value that its issuer refuses: of what promises that, nor of anything else."""
    told = year.estate.world.watched()
    assert told["refused"] == []
    assert any(year.passes.secrets[name].strategy in PROMISES for name in year.names)
    assert len(told["timeline"]) > len(year.names)


def peers_agree(year: Year) -> None:
    """At every moment each of the two services accepts what the other one signs with."""
    at: dict[str, dict[str, str]] = {}
    moments = 0
    for ran in year.estate.world.watched()["timeline"]:
        service = ran["unit"].rpartition("/")[2]
        if ran["account"] == "legacyvideo" and service in ("api", "worker"):
            at[service] = {name: ran["values"][name] for name in SHARED if name in ran["values"]}
            if all(at.get(one, {}).get("API_SECRET") for one in ("api", "worker")):
                api, worker = at["api"], at["worker"]
                assert api["API_SECRET"] in worker.values() and worker["API_SECRET"] in api.values(), ran["at"]
                moments += 1
    assert moments > 3


def all_hold_the_current_value(year: Year) -> None:
    year.estate.world.advance(dt.timedelta(hours=1))
    plan = year.estate.plan().plan
    mine = [one for one in plan.astray if one.secret in year.names]
    assert (mine, plan.changes, plan.unmanaged) == ([], (), ())


def test_a_quarter_of_legacyvideo(estate: Runbooks) -> None:
    year, _ = gone_through(estate, LEGACY, 108)
    with year.passes:
        on_schedule(year, 108)
        nothing_refused(year)
        peers_agree(year)
        all_hold_the_current_value(year)


@pytest.fixture
def everybody(estate: Runbooks) -> Iterator[tuple[str, ...]]:
    """Those that need a person first: they hold their service until they have a value."""
    with estate.workshop() as shop:
        secrets = shop.tree.secrets
        yield tuple(sorted(secrets, key=lambda name: (not isinstance(secrets[name].source, ByHand), name)))


@pytest.mark.proof
def test_a_year_of_every_stack(estate: Runbooks, everybody: tuple[str, ...]) -> None:
    days = 390
    year, _ = gone_through(estate, everybody, days)
    with year.passes:
        on_schedule(year, days)
        nothing_refused(year)
        peers_agree(year)
        all_hold_the_current_value(year)
        assert {year.passes.secrets[name].stack for name in everybody} == {
            one for one in year.passes.stacks if one not in ("bilko", "capliquify")
        }
