"""Changes to records: few calls, one outcome each, nothing done twice."""

from collections.abc import Sequence
from typing import Any

import pytest

from reconcile.model.change import Change, Outcome
from reconcile.platforms.cloudflare import Record, Zone, batch

from .conftest import Bench, by_status, change, everything, record, same

MARK = "trueup:runbooks/acme/cloudflare.record.acme-example/x"


def address(number: int, **more: Any) -> Record:
    return record(name=f"h{number}", type="A", content=f"192.0.2.{number % 250}", **more)


def make(bench: Bench, *records: Record) -> list[Outcome]:
    outcomes = list(bench.cloudflare().apply([change(one) for one in records]))
    assert by_status(outcomes) == {"done": len(records)}, [one.error for one in outcomes]
    return outcomes


def to(outcome: Outcome, after: Record | None) -> Change:
    return change(after, outcome.resource, outcome.id)


def batches(bench: Bench) -> int:
    return len(bench.calls("POST", "/batch"))


def test_a_thousand_creates_are_five_calls(bench: Bench) -> None:
    bench.zone()
    cloudflare = bench.cloudflare()
    cloudflare.observe(everything())
    wave = [change(address(number)) for number in range(1_000)]
    assert cloudflare.predict(wave) == 5
    outcomes = list(cloudflare.apply(wave))
    assert by_status(outcomes) == {"done": 1_000}
    assert batches(bench) == 5
    assert len(bench.records()) == 1_000
    assert all(outcome.change.after is not None and outcome.resource is not None for outcome in outcomes)


def test_a_paid_plan_takes_them_in_one(bench: Bench) -> None:
    bench.zone(plan="pro")
    cloudflare = bench.cloudflare()
    cloudflare.observe(everything())
    wave = [change(address(number)) for number in range(1_000)]
    assert cloudflare.predict(wave) == 1
    list(cloudflare.apply(wave))
    assert batches(bench) == 1


def test_zones_are_looked_up_where_nothing_was_observed(bench: Bench) -> None:
    bench.zone()
    cloudflare = bench.cloudflare()
    wave = [change(address(1))]
    assert cloudflare.predict(wave) == 2
    (outcome,) = cloudflare.apply(wave)
    assert outcome.status == "done" and len(bench.calls()) == 2


def test_update_and_delete_and_create_share_one_transaction(bench: Bench) -> None:
    bench.zone()
    first, second = make(bench, address(1), address(2))
    wave = [change(address(3)), to(first, address(1, ttl=300)), to(second, None)]
    bench.world.clear_calls()
    outcomes = list(bench.cloudflare().apply(wave))
    assert by_status(outcomes) == {"done": 3} and batches(bench) == 1
    assert {(one["name"], one["ttl"]) for one in bench.records()} == {("h1.acme.example", 300), ("h3.acme.example", 1)}
    gone = next(outcome for outcome in outcomes if outcome.change.verb == "delete")
    assert gone.resource is None


def test_an_update_leaves_alone_what_is_undeclared(bench: Bench) -> None:
    bench.zone(plan="pro")
    (made,) = make(bench, address(1, comment="by ops", tags=["team:web"]))
    (outcome,) = bench.cloudflare().apply([to(made, address(1, ttl=300))])
    (live,) = bench.records()
    assert (live["ttl"], live["comment"], live["tags"]) == (300, "by ops", ["team:web"])
    assert outcome.id == made.id == live["id"]


def test_what_is_declared_empty_is_emptied(bench: Bench) -> None:
    bench.zone(plan="pro")
    (made,) = make(bench, address(1, comment="by ops", tags=["team:web"]))
    (outcome,) = bench.cloudflare().apply([to(made, address(1, comment="", tags=[]))])
    (live,) = bench.records()
    assert (live["comment"], live["tags"]) == (None, [])
    assert same(address(1, comment="", tags=[]), outcome.resource)  # type: ignore[arg-type]


def test_a_change_of_type_is_one_batch_and_hands_on_the_comment(bench: Bench) -> None:
    bench.zone()
    (made,) = make(bench, record(name="x", type="A", content="192.0.2.1", comment="by ops"))
    bench.world.clear_calls()
    (outcome,) = bench.cloudflare().apply([to(made, record(name="x", type="CNAME", content="y.example"))])
    (live,) = bench.records()
    assert (live["type"], live["comment"], live["id"]) == ("CNAME", "by ops", outcome.id)
    assert outcome.status == "done" and batches(bench) == 1


def test_a_cname_takes_the_place_of_several_addresses_at_once(bench: Bench) -> None:
    bench.zone()
    first, second = make(
        bench, *(record(name="x", type="A", content=content) for content in ("192.0.2.1", "192.0.2.2"))
    )
    wave = [to(first, record(name="x", type="CNAME", content="y.example")), to(second, None)]
    assert by_status(list(bench.cloudflare().apply(wave))) == {"done": 2}
    assert [one["type"] for one in bench.records()] == ["CNAME"]


def test_deletes_come_first_when_a_zone_needs_several_batches(bench: Bench) -> None:
    bench.zone()
    made = make(bench, *(record(name=f"x{number}", type="A", content="192.0.2.1") for number in range(150)))
    creates = [change(record(name=f"x{number}", type="CNAME", content="y.example")) for number in range(150)]
    outcomes = list(bench.cloudflare().apply([*creates, *(to(one, None) for one in made)]))
    assert by_status(outcomes) == {"done": 300}
    assert {one["type"] for one in bench.records()} == {"CNAME"}


@pytest.mark.parametrize(
    ("declared", "marker", "comment"),
    [(None, MARK, MARK), ("mine", MARK, "mine"), ("", MARK, None), (None, "trueup:" + "x" * 100, None)],
)
def test_the_mark_goes_where_no_comment_is_declared_and_only_if_it_fits(
    bench: Bench, declared: str | None, marker: str, comment: str | None
) -> None:
    bench.zone()
    (outcome,) = bench.cloudflare().apply([change(address(1, comment=declared), marker=marker)])
    assert outcome.status == "done", outcome.error
    assert bench.records()[0]["comment"] == comment


def test_one_bad_record_among_many_stands_alone_with_its_own_error(bench: Bench) -> None:
    bench.zone()
    make(bench, record(name="h7", type="CNAME", content="y.example"))
    outcomes = list(bench.cloudflare().apply([change(address(number)) for number in range(100)]))
    (bad,) = [outcome for outcome in outcomes if outcome.status != "done"]
    assert bad.status == "failed" and bad.exit_code == 13
    assert bad.change.after is not None and bad.change.after.keys()[0][1] == "h7.acme.example"
    assert "81054" in bad.error
    assert len(bench.records()) == 100
    # 1 whole, then two halves a level: far from one call a record.
    assert batches(bench) < 20


def test_every_bad_record_gets_its_own_outcome(bench: Bench) -> None:
    bench.zone()
    wave = [change(address(number, tags=["a"])) for number in range(5)] + [change(address(9))]
    outcomes = list(bench.cloudflare().apply(wave))
    assert by_status(outcomes) == {"failed": 5, "done": 1}
    assert all("exceeding the quota" in one.error for one in outcomes if one.status == "failed")


def test_a_delete_of_what_is_gone_is_done(bench: Bench) -> None:
    bench.zone()
    first, second = make(bench, address(1), address(2))
    bench.world.delete("cloudflare", "record", first.id, "acme", {})
    assert by_status(list(bench.cloudflare().apply([to(first, None), to(second, None)]))) == {"done": 2}
    assert bench.records() == []


def test_an_update_of_what_is_gone_fails(bench: Bench) -> None:
    bench.zone()
    (made,) = make(bench, address(1))
    bench.world.delete("cloudflare", "record", made.id, "acme", {})
    (outcome,) = bench.cloudflare().apply([to(made, address(1, ttl=300))])
    assert outcome.status == "failed" and "81044" in outcome.error


def test_a_record_that_the_platform_manages_is_refused_and_nothing_else(bench: Bench) -> None:
    bench.zone()
    fields = {"type": "A", "content": "192.0.2.9", "meta.read_only": "true"}
    bench.world.create("cloudflare", "record", "x.acme.example", "acme", fields)
    (seen,) = [one for one in bench.cloudflare().observe(everything()).seen if one.managed]
    outcomes = list(bench.cloudflare().apply([change(None, seen.resource, seen.id), change(address(1))]))
    assert by_status(outcomes) == {"failed": 1, "done": 1}
    assert "read only" in next(one.error for one in outcomes if one.status == "failed")


@pytest.mark.parametrize(
    ("fault", "moment"),
    [("500", "before"), ("500", "after"), ("reset", "before"), ("reset", "after"), ("truncate", "after")],
)
def test_a_batch_of_unknown_effect_is_looked_for_and_only_its_rest_sent_again(
    bench: Bench, fault: str, moment: str
) -> None:
    bench.zone()
    first, second, third = make(bench, address(1), address(2), record(name="t", type="A", content="192.0.2.1"))
    wave = [
        change(address(3), marker=MARK),
        to(first, address(1, ttl=300)),
        to(second, None),
        to(third, record(name="t", type="CNAME", content="y.example")),
    ]
    bench.world.clear_calls()
    bench.world.fault("cloudflare", f"{fault} {moment} POST /zones/*/dns_records/batch")
    outcomes = list(bench.cloudflare().apply(wave))
    assert by_status(outcomes) == {"done": 4}, [one.error for one in outcomes]
    assert batches(bench) == (2 if moment == "before" else 1)
    assert sorted((one["name"][0:2], one["type"], one["ttl"]) for one in bench.records()) == [
        ("h1", "A", 300),
        ("h3", "A", 1),
        ("t.", "CNAME", 1),
    ]
    assert {outcome.id for outcome in outcomes if outcome.resource} == {one["id"] for one in bench.records()}


def test_a_platform_that_never_answers_leaves_the_outcome_open_after_three_looks(bench: Bench) -> None:
    bench.zone()
    bench.world.fault("cloudflare", "500 before POST /zones/*/dns_records/batch times=always")
    (outcome,) = bench.cloudflare().apply([change(address(1))])
    assert (outcome.status, outcome.exit_code) == ("unsure", 13)
    assert batches(bench) == batch.ROUNDS
    assert bench.records() == []


def test_what_cannot_even_be_looked_for_is_left_open(bench: Bench) -> None:
    bench.zone()
    cloudflare = bench.cloudflare()
    cloudflare.observe(everything())
    bench.world.fault("cloudflare", "500 after POST /zones/*/dns_records/batch")
    bench.world.fault("cloudflare", "500 GET /zones/*/dns_records times=always")
    (outcome,) = cloudflare.apply([change(address(1))])
    assert outcome.status == "unsure" and len(bench.records()) == 1


def test_a_foreign_record_in_the_place_of_an_unsure_create_is_not_taken_for_ours(bench: Bench) -> None:
    bench.zone()
    cloudflare = bench.cloudflare()
    cloudflare.observe(everything())
    fields = {"type": "A", "content": "192.0.2.1", "comment": "somebody else's"}
    bench.world.create("cloudflare", "record", "h1.acme.example", "acme", fields)
    bench.world.fault("cloudflare", "500 before POST /zones/*/dns_records/batch")
    (outcome,) = cloudflare.apply([change(address(1), marker=MARK)])
    assert outcome.status != "done"
    assert bench.records()[0]["comment"] == "somebody else's"


def test_a_missing_right_stops_the_zone_and_not_the_others(bench: Bench) -> None:
    first = bench.zone()
    bench.zone("second.example")
    bench.world.fault("cloudflare", f"403 POST /zones/{first}/dns_records/batch times=always")
    wave = [change(address(number)) for number in range(250)]
    wave.append(change(Record.declared({"zone": "second.example", "name": "x", "type": "TXT", "content": "a"})))
    outcomes = list(bench.cloudflare().apply(wave))
    assert by_status(outcomes) == {"failed": 250, "done": 1}
    assert {one.exit_code for one in outcomes if one.status == "failed"} == {14}
    assert len(bench.calls("POST", f"/zones/{first}/")) == 1


def test_a_spent_budget_fails_what_is_left_without_asking_again(bench: Bench) -> None:
    bench.zone()
    bench.world.fault("cloudflare", "429 retry-after=900 POST /zones/*/dns_records/batch times=always")
    outcomes = list(bench.cloudflare().apply([change(address(number)) for number in range(250)]))
    assert by_status(outcomes) == {"failed": 250}
    assert {one.exit_code for one in outcomes} == {15}
    assert batches(bench) == 1


def test_what_is_only_looked_up_is_never_written(bench: Bench) -> None:
    bench.zone()
    zone = Zone.declared({"name": "acme.example"})
    cloudflare = bench.cloudflare()
    assert cloudflare.predict([change(zone)]) == 0
    (outcome,) = cloudflare.apply([change(zone)])
    assert outcome.status == "failed" and "only looked up" in outcome.error
    assert not bench.calls("POST")


def test_a_record_of_a_zone_that_is_not_there_fails_and_the_rest_goes_on(bench: Bench) -> None:
    bench.zone()
    lost = Record.declared({"zone": "gone.example", "name": "x", "type": "TXT", "content": "a"})
    outcomes = list(bench.cloudflare().apply([change(lost), change(address(1))]))
    assert by_status(outcomes) == {"failed": 1, "done": 1}


def test_zones_are_written_side_by_side(bench: Bench) -> None:
    names = [f"z{number}.example" for number in range(8)]
    for name in names:
        bench.zone(name)
    wave: Sequence[Change] = [
        change(Record.declared({"zone": name, "name": f"x{number}", "type": "TXT", "content": "a"}))
        for name in names
        for number in range(3)
    ]
    cloudflare = bench.cloudflare()
    cloudflare.observe(everything())
    assert cloudflare.predict(wave) == 8
    assert by_status(list(cloudflare.apply(wave))) == {"done": 24}
    assert batches(bench) == 8


def test_outcomes_name_the_very_change_that_was_given(bench: Bench) -> None:
    bench.zone()
    wave = [change(address(number)) for number in range(3)]
    assert {id(outcome.change) for outcome in bench.cloudflare().apply(wave)} == set(map(id, wave))
