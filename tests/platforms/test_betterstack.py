"""Heartbeats: the second platform, written as a plain REST collection."""

import json
import pickle
from typing import Any

import pytest
from pydantic import ValidationError

from reconcile.model.observation import Container, Scope
from reconcile.platforms.betterstack import BetterStack, Heartbeat

from .conftest import Bench, by_status, change, everything, heartbeat, same

KIND = "betterstack.heartbeat"
LISTING = Container(KIND)


def shelf(bench: Bench) -> list[dict[str, Any]]:
    return list(bench.world.shelf("betterstack", "acme", "heartbeat").values())


def by_hand(bench: Bench, name: str, **fields: str) -> None:
    bench.world.create("betterstack", "heartbeat", name, "acme", fields)


def test_nothing_is_seen_in_an_empty_team_and_that_is_known(bench: Bench) -> None:
    found = bench.betterstack().observe(everything())
    assert not found.seen and not found.gaps and found.read == {LISTING}


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"grace": 600, "call": True, "email": False, "critical_alert": True, "team_wait": 60},
        {"paused": True},
        {"policy_id": 17, "sort_index": 3, "heartbeat_group_id": 4},
        {"maintenance_from": "1:00", "maintenance_to": "03:00:00", "maintenance_days": ["sun", "mon"]},
        {"server_timezone": "Europe/Berlin"},
    ],
)
def test_a_created_heartbeat_is_then_seen_and_equal(bench: Bench, values: dict[str, Any]) -> None:
    want = heartbeat(**values)
    (outcome,) = bench.betterstack().apply([change(want)])
    assert outcome.status == "done", outcome.error
    (seen,) = bench.betterstack().observe(everything()).seen
    assert same(want, seen.resource) and seen.id == outcome.id and seen.key == ("nightly",)


def test_a_hand_edit_is_seen_and_put_back(bench: Bench) -> None:
    betterstack, want = bench.betterstack(), heartbeat(grace=600)
    list(betterstack.apply([change(want)]))
    bench.world.edit("betterstack", "heartbeat", "nightly", "acme", {"grace": "60", "paused": "true"})
    (seen,) = betterstack.observe(everything()).seen
    assert (seen.resource.grace, seen.resource.paused) == (60, True)  # type: ignore[attr-defined]
    (outcome,) = betterstack.apply([change(want, seen.resource, seen.id)])
    assert outcome.status == "done" and same(want, outcome.resource)  # type: ignore[arg-type]
    assert (shelf(bench)[0]["grace"], shelf(bench)[0]["status"]) == (600, "pending")


def test_a_delete_is_harmless_twice(bench: Bench) -> None:
    betterstack = bench.betterstack()
    (made,) = betterstack.apply([change(heartbeat())])
    for _ in range(2):
        (outcome,) = betterstack.apply([change(None, made.resource, made.id)])
        assert outcome.status == "done" and outcome.resource is None
    assert shelf(bench) == []


def test_every_page_is_read(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BetterStack, "per_page", 4)
    for number in range(9):
        by_hand(bench, f"job-{number}")
    found = bench.betterstack().observe(everything())
    assert len(found.seen) == 9 and not found.gaps
    # Twice, because no total is announced: only so is a thing missed that somebody's delete moved to a page read.
    assert len(bench.calls("GET")) == 6


@pytest.mark.parametrize("fault", ["shift", "shift=repeat"])
def test_a_page_that_shifts_is_a_gap(bench: Bench, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    monkeypatch.setattr(BetterStack, "per_page", 4)
    for number in range(9):
        by_hand(bench, f"job-{number}")
    bench.world.fault("betterstack", f"{fault} GET /api/v2/heartbeats")
    found = bench.betterstack().observe(everything())
    assert "page shifted" in found.gaps[0].reason and not found.read


def test_two_of_one_name_hide_the_kind_and_neither_is_seen(bench: Bench) -> None:
    for name in ("nightly", "nightly", "hourly"):
        by_hand(bench, name)
    found = bench.betterstack().observe(everything())
    (gap,) = found.gaps
    assert (gap.kind, gap.container) == (KIND, "") and "nightly" in gap.reason
    assert [seen.key for seen in found.seen] == [("hourly",)] and not found.read


def test_a_kind_out_of_scope_is_not_asked_for(bench: Bench) -> None:
    found = bench.betterstack().observe(Scope("acme", frozenset({Container("betterstack.monitor")})))
    assert (found.seen, found.gaps, bench.calls()) == ((), (), [])


@pytest.mark.parametrize(
    ("fault", "exit_code"), [("401", 14), ("403", 17), ("429 retry-after=900", 15), ("500", 17), ("reset", 17)]
)
def test_what_hides_the_kind_is_a_gap_with_its_exit_code(bench: Bench, fault: str, exit_code: int) -> None:
    bench.world.fault("betterstack", f"{fault} times=always")
    (gap,) = bench.betterstack().observe(everything()).gaps
    assert (gap.kind, gap.container, gap.exit_code) == (KIND, "*", exit_code)
    assert bool(gap.right) == (fault == "403")


@pytest.mark.parametrize("fault", ["500 after POST", "reset after POST", "truncate after POST"])
def test_a_create_that_had_its_effect_is_found_and_not_repeated(bench: Bench, fault: str) -> None:
    bench.world.fault("betterstack", fault)
    (outcome,) = bench.betterstack().apply([change(heartbeat())])
    assert outcome.status == "done" and len(shelf(bench)) == 1
    assert len(bench.calls("POST")) == 1


def test_a_create_that_had_none_is_sent_again_only_after_two_listings(bench: Bench) -> None:
    waits: list[float] = []
    bench.world.fault("betterstack", "500 before POST")
    (outcome,) = bench.betterstack(sleep=waits.append).apply([change(heartbeat())])
    assert outcome.status == "done" and len(shelf(bench)) == 1
    assert [call.split()[0] for call in bench.calls()] == ["POST", "GET", "GET", "POST"]
    assert waits == [5]


def test_a_listing_that_lags_does_not_make_a_second_one(bench: Bench) -> None:
    bench.world.fault("betterstack", "500 after POST")
    bench.world.fault("betterstack", "stale=1")
    (outcome,) = bench.betterstack().apply([change(heartbeat())])
    assert outcome.status == "done" and len(shelf(bench)) == 1


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("verb", ["PATCH", "DELETE"])
def test_an_unsure_update_or_delete_ends_done(bench: Bench, verb: str, moment: str) -> None:
    betterstack = bench.betterstack()
    (made,) = betterstack.apply([change(heartbeat())])
    bench.world.fault("betterstack", f"500 {moment} {verb}")
    after = heartbeat(grace=600) if verb == "PATCH" else None
    (outcome,) = betterstack.apply([change(after, made.resource, made.id)])
    assert outcome.status == "done"
    assert [one["grace"] for one in shelf(bench)] == ([600] if verb == "PATCH" else [])


def test_a_platform_that_never_answers_leaves_the_outcome_open(bench: Bench) -> None:
    bench.world.fault("betterstack", "500 before POST times=always")
    (outcome,) = bench.betterstack().apply([change(heartbeat())])
    assert (outcome.status, outcome.exit_code, len(bench.calls("POST"))) == ("unsure", 13, 2)


def test_a_change_of_team_makes_a_new_one(bench: Bench) -> None:
    betterstack = bench.betterstack()
    (made,) = betterstack.apply([change(heartbeat(team_name="web"))])
    moved = change(heartbeat(team_name="ops"), made.resource, made.id, verb="replace")
    assert betterstack.predict([moved]) == 2
    (outcome,) = betterstack.apply([moved])
    assert outcome.status == "done" and outcome.id != made.id
    assert [one["team_name"] for one in shelf(bench)] == ["ops"]


def test_one_refused_heartbeat_does_not_stop_the_others(bench: Bench) -> None:
    betterstack = bench.betterstack()
    wave = [
        change(heartbeat().model_copy(update={"period": 5})),
        *(change(heartbeat(name=f"job-{number}")) for number in range(3)),
    ]
    assert betterstack.predict(wave) == 4
    outcomes = list(betterstack.apply(wave))
    assert by_status(outcomes) == {"failed": 1, "done": 3}
    (bad,) = [one for one in outcomes if one.status == "failed"]
    assert "period: must be greater" in bad.error and bad.exit_code == 13


def test_the_address_of_a_heartbeat_is_never_shown(bench: Bench) -> None:
    (made,) = bench.betterstack().apply([change(heartbeat())])
    found = made.resource
    assert isinstance(found, Heartbeat) and found.url is not None
    address = shelf(bench)[0]["url"]
    assert found.url.reveal() == address
    shown = [repr(found), str(found), str(found.model_dump()), found.model_dump_json(), repr(made)]
    shown.append(json.dumps(found.model_dump(mode="json")))
    assert all(address not in text and address[-24:] not in text for text in shown)
    assert all("<secret" in text for text in shown)
    with pytest.raises(TypeError):
        pickle.dumps(found)


def test_a_json_schema_can_be_made_of_it() -> None:
    fields = Heartbeat.model_json_schema(mode="validation")["properties"]
    assert fields["url"]["readOnly"] is True and fields["period"]["minimum"] == 30


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"period": 29}, "period"),
        ({"grace": -1}, "grace"),
        ({"maintenance_from": "25:00"}, "maintenance_from"),
        ({"maintenance_days": ["someday"]}, "maintenance_days"),
        ({"name": ""}, "name"),
        ({"colour": "red"}, "colour"),
        ({"period": 60, "server_timezone": "Europe/Berlin"}, "server_timezone"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(values: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        heartbeat(**values)
    assert [one["loc"][0] for one in refused.value.errors()] == [field]
