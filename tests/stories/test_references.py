"""Fields that refer to what other things give."""

import pytest

from reconcile.loop import Choice
from reconcile.model.errors import SpecError
from reconcile.model.resource import Address

from .conftest import Begin
from .estate import Estate, became, said, zone_of

JOB = "betterstack:\n  heartbeat: {job: {name: nightly, period: 3600}}"
STATUS = '"state=${betterstack.heartbeat.job.status}"'


def told(begin: Begin) -> Estate:
    return begin(zone_of(f"state: {{type: TXT, content: {STATUS}}}", more=JOB))


def test_what_is_referred_to_is_made_first_and_its_output_written(begin: Begin) -> None:
    estate = told(begin)
    judged = estate.plan()
    assert [(one.address.leaf, one.wave) for one in judged.plan.changes] == [("job", 0), ("state", 1)]
    (content,) = [one for one in judged.plan.changes[1].fields if one.name == "content"]
    assert "betterstack.heartbeat.job.status" in content.pending
    assert estate.apply().exit_code() == 0
    assert estate.record("state.shop.example", "TXT")["content"] == '"state=pending"'
    assert said(estate.plan()) == said(estate.drift()) == []


def test_an_output_that_moves_is_the_cause_of_the_change(begin: Begin) -> None:
    estate = told(begin)
    estate.apply()
    (job,) = estate.world.shelf("betterstack", "acme", "heartbeat").values()
    job["status"] = "up"
    assert said(estate.plan()) == said(estate.drift()) == [("update", "reference", "state")]
    assert estate.apply().exit_code() == 0
    assert estate.record("state.shop.example", "TXT")["content"] == '"state=up"'
    assert said(estate.plan()) == said(estate.drift()) == []


def test_a_hand_edit_of_a_field_that_refers_is_drift(begin: Begin) -> None:
    estate = told(begin)
    estate.apply()
    estate.edit("state.shop.example", "TXT", content='"state=hacked"')
    assert said(estate.plan()) == [("update", "drift", "state")]
    assert said(estate.drift()) == [("update", "drift", "state")]
    estate.heal()
    assert estate.record("state.shop.example", "TXT")["content"] == '"state=pending"'


def test_healing_follows_an_output_that_moved(begin: Begin) -> None:
    estate = told(begin)
    estate.apply()
    (job,) = estate.world.shelf("betterstack", "acme", "heartbeat").values()
    job["status"] = "up"
    # What the stack file says by now is not what was last applied, and healing does not know it.
    estate.write("shop", zone_of('state: {type: TXT, content: "no more"}', more=JOB))
    run = estate.heal()
    assert [(one.change.cause, one.status, one.verified) for one in run.outcomes] == [("reference", "done", True)]
    assert run.exit_code() == 0
    assert estate.record("state.shop.example", "TXT")["content"] == '"state=up"'
    assert said(estate.drift()) == []
    job["status"] = "down"
    assert said(estate.drift()) == [("update", "reference", "state")], "what was healed still refers"


def test_healing_makes_a_target_and_what_refers_to_it_anew(begin: Begin) -> None:
    estate = told(begin)
    estate.apply()
    (job,) = estate.world.shelf("betterstack", "acme", "heartbeat").values()
    job["status"] = "up"
    estate.heal()
    estate.world.delete("betterstack", "heartbeat", "nightly", "acme", {})
    assert sorted(said(estate.drift())) == [("create", "drift", "job"), ("update", "reference", "state")]
    assert estate.heal().exit_code() == 0
    assert estate.record("state.shop.example", "TXT")["content"] == '"state=pending"'
    assert said(estate.plan()) == said(estate.drift()) == []


def test_healing_without_sight_of_the_target_keeps_the_value_that_was_applied(begin: Begin) -> None:
    estate = told(begin)
    estate.apply()
    (job,) = estate.world.shelf("betterstack", "acme", "heartbeat").values()
    job["status"] = "up"
    estate.edit("state.shop.example", "TXT", content='"state=hacked"')
    estate.fault("500 GET /api/v2/heartbeats times=always", "betterstack")
    assert said(estate.drift()) == [("update", "drift", "state")]
    assert estate.heal().exit_code() == 17
    assert estate.record("state.shop.example", "TXT")["content"] == '"state=pending"'


def test_an_output_of_a_looked_up_thing_is_known_at_once(begin: Begin) -> None:
    estate = begin(zone_of('plan: {type: TXT, content: "plan=${cloudflare.zone.shop.plan}"}'))
    assert estate.apply().exit_code() == 0
    assert estate.record("plan.shop.example", "TXT")["content"] == '"plan=free"'
    estate.world.edit("cloudflare", "zone", "shop.example", "acme", {"plan": "pro"})
    assert said(estate.plan()) == said(estate.drift()) == [("update", "reference", "plan")]


def test_where_the_target_is_hidden_what_refers_waits(begin: Begin) -> None:
    estate = told(begin)
    estate.fault("500 GET /api/v2/heartbeats times=always", "betterstack")
    judged = estate.plan()
    assert said(judged) == []
    assert any("waits" in gap.reason for gap in judged.plan.gaps)
    assert estate.apply().exit_code() == 17
    assert estate.live() == []


def test_where_the_target_fails_what_refers_is_skipped_and_the_rerun_converges(begin: Begin) -> None:
    estate = told(begin)
    estate.fault("422 POST /api/v2/heartbeats times=1", "betterstack")
    run = estate.apply()
    assert [one.status for one in run.outcomes] == ["failed", "skipped"]
    assert run.exit_code() == 13
    assert estate.live() == []
    assert estate.apply().exit_code() == 0
    assert estate.record("state.shop.example", "TXT")


def test_what_refers_is_deleted_before_its_target(begin: Begin) -> None:
    estate = told(begin)
    estate.apply()
    estate.write(
        "shop", zone_of("keep: {type: A, content: 192.0.2.1}", more="betterstack:\n  heartbeat: {other: {period: 60}}")
    )
    judged = estate.plan()
    waves = {one.address.leaf: one.wave for one in judged.plan.changes if one.verb == "delete"}
    assert waves["state"] < waves["job"]
    assert estate.apply().exit_code() == 0


EDGE = "account: acme\nuses: [shop]\ncloudflare: {records: {shop: {other: {type: A, content: 192.0.2.2}%s}}}\n"
HELD = "betterstack.heartbeat.job"


def over_two_stacks(begin: Begin) -> Estate:
    """A record of the stack `edge` refers to a heartbeat of `shop`; then neither is declared any more."""
    other = "betterstack:\n  heartbeat: {other: {period: 60}%s}"
    estate = begin(zone_of("keep: {type: A, content: 192.0.2.1}", more=other % ", job: {period: 3600}"))
    estate.write("edge", EDGE % f", state: {{type: TXT, content: {STATUS}}}")
    assert estate.apply().exit_code() == 0
    estate.write("edge", EDGE % "")
    estate.write("shop", zone_of("keep: {type: A, content: 192.0.2.1}", more=other % ""))
    return estate


def test_what_a_record_of_another_stack_refers_to_stays_until_that_stack_is_applied(begin: Begin) -> None:
    estate = over_two_stacks(begin)
    judged = estate.plan("shop")
    assert said(judged) == []
    why = f"{HELD} stays: cloudflare.record.shop/state of stack edge refers to it and is not changed here"
    assert [gap.reason for gap in judged.plan.gaps] == [why]
    assert estate.apply("shop").exit_code() == 17
    assert estate.apply("edge").exit_code() == estate.apply("shop").exit_code() == 0
    assert [one["name"] for one in estate.live("heartbeat", "betterstack")] == ["other"]


def test_both_stacks_together_let_go_first(begin: Begin) -> None:
    estate = over_two_stacks(begin)
    assert [address for _, _, address in said(estate.plan())] == ["state", "job"]
    assert estate.apply().exit_code() == 0
    assert [one["name"] for one in estate.live("heartbeat", "betterstack")] == ["other"]


def test_what_a_stack_without_a_file_refers_to_stays(begin: Begin) -> None:
    estate = over_two_stacks(begin)
    (estate.root / "stacks" / "edge.yaml").unlink()
    assert estate.apply().exit_code() == 17
    assert len(estate.live("heartbeat", "betterstack")) == 2
    estate.forget("edge", "cloudflare.record.shop/state")
    assert estate.apply().exit_code() == 0
    assert [one["name"] for one in estate.live("heartbeat", "betterstack")] == ["other"]


def test_a_difference_that_is_let_be_still_refers(begin: Begin) -> None:
    estate = told(begin)
    estate.apply()
    ignore = (
        "ignore:\n  - {address: cloudflare.record.shop/state, field: content, owner: ops, reason: moving, "
        "expires: 2099-01-01}\n"
    )
    other = "betterstack:\n  heartbeat: {other: {period: 60}}\n"
    estate.write("shop", zone_of('state: {type: TXT, content: "no more"}', more=ignore + other))
    judged = estate.plan()
    assert [one.address.leaf for one in judged.plan.changes] == ["other"]
    assert any(HELD in gap.reason for gap in judged.plan.gaps)


def test_a_secret_output_does_not_flow_into_a_field_that_is_shown(begin: Begin) -> None:
    estate = begin(zone_of("ok: {type: A, content: 192.0.2.1}"))
    estate.write("shop", zone_of('leak: {type: TXT, content: "${betterstack.heartbeat.job.url}"}', more=JOB))
    with pytest.raises(SpecError, match="secret"):
        estate.plan()


@pytest.mark.parametrize("output", ["cloudflare.zone.shop.plan", "betterstack.heartbeat.job.status"])
def test_a_value_that_does_not_fit_stops_only_what_refers_to_it(begin: Begin, output: str) -> None:
    estate = begin(zone_of(f'a: {{type: A, content: "${{{output}}}"}}', "b: {type: A, content: 192.0.2.1}", more=JOB))
    run = estate.apply()
    assert run.exit_code() in (13, 17)
    assert estate.names() == ["b.shop.example A"]
    judged = estate.plan()
    assert said(judged) == []
    assert "does not fit" in judged.plan.gaps[0].reason


def test_an_escape_beside_a_reference_is_undone_once(begin: Begin) -> None:
    estate = begin(zone_of('a: {type: A, content: 192.0.2.1, comment: "$${x.y.z.w} of ${cloudflare.zone.shop.plan}"}'))
    assert estate.apply().exit_code() == 0
    assert estate.record("a.shop.example", "A")["comment"] == "${x.y.z.w} of free"
    assert said(estate.plan()) == said(estate.drift()) == []


def test_an_escape_alone_is_text(begin: Begin) -> None:
    estate = begin(zone_of('a: {type: A, content: 192.0.2.1, comment: "$${not.a.reference.really}"}'))
    assert estate.apply().exit_code() == 0
    assert estate.record("a.shop.example", "A")["comment"] == "${not.a.reference.really}"
    assert said(estate.plan()) == []
    estate.edit("a.shop.example", "A", comment="other")
    assert said(estate.plan()) == [("update", "drift", "a")]


def test_a_list_is_written_with_commas(begin: Begin) -> None:
    estate = begin(zone_of('ns: {type: TXT, content: "${cloudflare.zone.shop.name_servers}"}'))
    assert estate.apply().exit_code() == 0
    assert estate.record("ns.shop.example", "TXT")["content"] == '"art.ns.cloudflare.com,zoe.ns.cloudflare.com"'


def test_a_target_left_out_by_choice_leaves_what_refers_unmade_and_the_rest_done(begin: Begin) -> None:
    estate = begin(zone_of(f"state: {{type: TXT, content: {STATUS}}}", "b: {type: A, content: 192.0.2.1}", more=JOB))
    run = estate.apply(choice=Choice(excluded=frozenset({Address.parse("betterstack.heartbeat.job")})))
    assert became(run) == {"b": "done", "state": "skipped"}
    assert run.exit_code() == 11
    assert estate.apply().exit_code() == 0


def test_an_escape_in_a_text_record_is_text(begin: Begin) -> None:
    estate = begin(zone_of('a: {type: TXT, content: "$${not.a.reference.really}"}'))
    assert estate.apply().exit_code() == 0
    assert said(estate.plan()) == []
