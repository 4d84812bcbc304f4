"""One run: announced, done, concluded, remembered."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from reconcile.model.change import Came, FieldChange, Outcome, Status
from reconcile.model.errors import LedgerError, WrongAccount
from reconcile.model.memory import Owned
from reconcile.model.resource import Address
from reconcile.model.secret import SecretText
from reconcile.model.spec import Place as At
from reconcile.store import Ledger

from .places import Place
from .things import Variable, applied, change, outcome, owned, record

WWW = Address("toy", "record", "www")


def concluded(ledger: Ledger, *outcomes: Outcome) -> None:
    """One whole run with these outcomes."""
    changes = [one.change for one in outcomes]
    run = ledger.begin_run("apply", ["web"], "c0ffee", "somebody")
    ids = ledger.intend(run, 0, changes)
    ledger.conclude(run, list(zip(ids, outcomes, strict=True)), revision="c0ffee", project="runbooks")
    ledger.end_run(run, 0, {})


def test_a_created_thing_is_owned_and_its_fields_remembered(ledger: Ledger) -> None:
    made = change(record(ttl=300, tags=("a", "b"), modified="yesterday"))
    concluded(ledger, outcome(made, id="r1", resource=record(ttl=300, modified="now")))
    memory = ledger.memory()
    assert memory.owned == (Owned("acme", "toy.record", ("www", "192.0.2.1"), "r1", WWW, "web"),)
    kept = memory.applied[At("web", WWW)]
    assert kept.fields == {"name": "www", "content": "192.0.2.1", "ttl": 300, "tags": ["a", "b"]}
    assert (kept.revision, kept.at) == ("c0ffee", "2026-01-01T12:00:00Z")
    assert memory.intents == ()


def test_what_the_stack_leaves_undeclared_is_not_remembered_as_applied(ledger: Ledger) -> None:
    concluded(ledger, outcome(change(record()), id="r1", resource=record(ttl=60)))
    assert "ttl" not in ledger.memory().applied[At("web", WWW)].fields


def test_a_reference_is_remembered_as_text_and_as_what_it_resolved_to(ledger: Ledger) -> None:
    text = "${toy.host.api.target}"
    made = change(record(content=text), references={"content": text})
    concluded(ledger, outcome(made, id="r1", resource=record(content="t.example.")))
    memory = ledger.memory()
    kept = memory.applied[At("web", WWW)]
    assert (kept.fields["content"], kept.references) == ("t.example.", {"content": text})
    assert memory.owned[0].key == ("www", "t.example.")


def test_an_update_replaces_what_was_remembered(ledger: Ledger) -> None:
    concluded(ledger, outcome(change(record(ttl=300)), id="r1"))
    new = change(record(content="192.0.2.9"), before=record(), verb="update", id="r1")
    concluded(ledger, outcome(new))
    memory = ledger.memory()
    assert [(one.id, one.key) for one in memory.owned] == [("r1", ("www", "192.0.2.9"))]
    assert memory.applied[At("web", WWW)].fields == {"name": "www", "content": "192.0.2.9"}


def test_a_replaced_thing_is_owned_by_its_new_id_only(ledger: Ledger) -> None:
    concluded(ledger, outcome(change(record()), id="r1"))
    concluded(ledger, outcome(change(record(), before=record(), verb="replace", id="r1"), id="r2"))
    assert [one.id for one in ledger.memory().owned] == ["r2"]


def test_a_deleted_thing_is_neither_owned_nor_applied(ledger: Ledger) -> None:
    concluded(ledger, outcome(change(record()), id="r1"), outcome(change(record("mail")), id="r2"))
    concluded(ledger, outcome(change(before=record(), verb="delete", id="r1")))
    memory = ledger.memory()
    assert [one.id for one in memory.owned] == ["r2"]
    assert [str(address) for _, address in memory.applied] == ["toy.record.mail"]


def test_an_adopted_thing_is_remembered_as_it_lives(ledger: Ledger) -> None:
    live = record(ttl=60)
    concluded(ledger, outcome(change(record(ttl=300), before=live, verb="adopt", id="r1"), resource=live))
    assert ledger.memory().applied[At("web", WWW)].fields["ttl"] == 60


@pytest.mark.parametrize("status", ["failed", "held", "denied", "skipped"])
def test_what_had_no_effect_owns_nothing_and_stays_not_open(ledger: Ledger, status: Status) -> None:
    concluded(ledger, outcome(change(record()), status, error="no"))
    memory = ledger.memory()
    assert (memory.owned, memory.intents, dict(memory.applied)) == ((), (), {})
    assert ledger.history("web")[0].what == f"create {status}"


def test_what_came_along_is_remembered_until_somebody_owns_it(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    came = (Came("toy.record", ("first", "192.0.2.1"), "r2"), Came("toy.record", ("second", ""), "r3"))
    concluded(ledger, replace(outcome(change(record()), id="r1"), also=came))
    memory = ledger.memory()
    assert memory.came == {("acme", "toy.record", "r2"), ("acme", "toy.record", "r3")}
    assert memory.intents == (), "nothing of it is unanswered"
    assert [one.id for one in memory.owned] == ["r1"]
    ledger.own([owned(1, stack="other", id="r2")], [], "came")
    assert reopen().memory().came == {("acme", "toy.record", "r3")}
    concluded(ledger, outcome(change(record("second", "")), id="r3"))
    assert ledger.memory().came == frozenset()
    ledger.forget("other", [Address("toy", "record", "n1")], "forget")
    assert ledger.memory().came == frozenset()


def test_what_came_along_with_what_failed_is_not_remembered(ledger: Ledger) -> None:
    came = (Came("toy.record", ("first", ""), "r2"),)
    concluded(ledger, replace(outcome(change(record()), "failed"), also=came))
    assert ledger.memory().came == frozenset()


def test_an_unsure_outcome_leaves_its_intent_open(ledger: Ledger) -> None:
    concluded(
        ledger, outcome(change(record(ttl=300)), "unsure", error="timeout"), outcome(change(record("b")), id="r2")
    )
    (left,) = ledger.memory().intents
    assert (left.address, left.verb, left.key, left.account) == (WWW, "create", ("www", "192.0.2.1"), "acme")
    assert left.fields == {"name": "www", "content": "192.0.2.1", "ttl": 300}
    ledger.close_intents([left.id], "found")
    assert ledger.memory().intents == ()
    assert ledger.history("web")[0].detail == {"id": left.id, "result": "found"}


def test_a_process_that_dies_after_announcing_leaves_open_intents(ledger: Ledger, reopen: Callable[[], Ledger]) -> None:
    run = ledger.begin_run("apply", ["web"], "c0ffee", "somebody")
    ids = ledger.intend(run, 3, [change(record(f"n{number}")) for number in range(3)])
    ledger.close()
    found = reopen()
    assert [one.id for one in found.memory().intents] == ids
    assert [one.address.name for one in found.memory().intents] == ["n0", "n1", "n2"]
    assert (found.runs()[0].ended, found.runs()[0].exit_code) == (None, None)


def test_ids_of_intents_come_in_the_order_of_the_changes(ledger: Ledger) -> None:
    run = ledger.begin_run("apply", ["web"], "c0ffee", "somebody")
    changes = [change(record(f"n{number}")) for number in range(2500)]
    ids = ledger.intend(run, 0, changes)
    told = {one.id: one.address.name for one in ledger.memory().intents}
    assert [told[id] for id in ids] == [one.address.name for one in changes]


def test_a_conclusion_is_written_whole_or_not_at_all(ledger: Ledger, place: Place) -> None:
    run = ledger.begin_run("apply", ["web"], "c0ffee", "somebody")
    changes = [change(record(f"n{number}")) for number in range(3)]
    ids = ledger.intend(run, 0, changes)
    outcomes = [(id, outcome(one, id=f"r{id}")) for id, one in zip(ids, changes, strict=True)]
    before = ledger.memory(), ledger.heads()
    # The history is written last: everything before it must go with it.
    place.tamper("ALTER TABLE entry RENAME TO elsewhere")
    with pytest.raises(LedgerError):
        ledger.conclude(run, outcomes, revision="c0ffee", project="runbooks")
    place.tamper("ALTER TABLE elsewhere RENAME TO entry")
    assert (ledger.memory(), ledger.heads()) == before
    ledger.conclude(run, outcomes, revision="c0ffee", project="runbooks")
    assert len(ledger.memory().owned) == 3


def test_a_result_without_the_platforms_id_is_refused_before_anything_is_written(ledger: Ledger) -> None:
    run = ledger.begin_run("apply", ["web"], "c0ffee", "somebody")
    first, second = change(record("a")), change(record("b"))
    ids = ledger.intend(run, 0, [first, second])
    replaced = change(record("c"), before=record("c"), verb="replace", id="r9")
    with pytest.raises(ValueError, match=r"toy\.record\.c"):
        ledger.conclude(run, [(ids[0], outcome(replaced))], revision="c", project="runbooks")
    with pytest.raises(ValueError, match=r"toy\.record\.b"):
        ledger.conclude(
            run, [(ids[0], outcome(first, id="r1")), (ids[1], outcome(second))], revision="c", project="runbooks"
        )
    assert len(ledger.memory().intents) == 2


def test_runs_are_told_newest_first(ledger: Ledger) -> None:
    for number in range(3):
        run = ledger.begin_run("apply", ["web", "mail"], f"rev{number}", "somebody")
        ledger.end_run(run, number, {"changes": number})
    newest, before = ledger.runs(limit=2)
    assert (newest.revision, newest.exit_code, newest.summary) == ("rev2", 2, {"changes": 2})
    assert newest.stacks == ("web", "mail")
    assert before.revision == "rev1"


def test_the_history_tells_what_differed(ledger: Ledger) -> None:
    differs = (FieldChange("ttl", 60, 300), FieldChange("content", hidden=True))
    concluded(ledger, outcome(change(record(), before=record(), verb="update", id="r1", fields=differs)))
    (entry,) = ledger.history("web")
    assert entry.what == "update done"
    assert entry.detail["fields"] == {"ttl": {"before": 60, "after": 300}, "content": {"hidden": True}}
    assert (entry.detail["project"], entry.detail["revision"]) == ("runbooks", "c0ffee")


def test_a_thing_that_moves_takes_along_what_was_applied(ledger: Ledger) -> None:
    ledger.own([owned(1), owned(2)], [applied(1), applied(2)], "adopt")
    ledger.own([owned(3, id="id1")], [], "moved")
    memory = ledger.memory()
    assert {one.address.name: one.id for one in memory.owned} == {"n2": "id2", "n3": "id1"}
    assert {address.name: one.fields["name"] for (_, address), one in memory.applied.items()} == {
        "n2": "n2",
        "n3": "n1",
    }


def test_two_things_may_change_places(ledger: Ledger) -> None:
    ledger.own([owned(1), owned(2)], [applied(1), applied(2)], "adopt")
    ledger.own([owned(1, id="id2"), owned(2, id="id1")], [], "moved")
    memory = ledger.memory()
    assert {one.address.name: one.id for one in memory.owned} == {"n1": "id2", "n2": "id1"}
    assert {address.name: one.fields["name"] for (_, address), one in memory.applied.items()} == {
        "n1": "n2",
        "n2": "n1",
    }


def test_one_live_thing_has_one_owner(ledger: Ledger) -> None:
    ledger.own([owned(1, stack="web")], [], "adopt")
    ledger.own([owned(1, stack="mail")], [], "adopt")
    assert [one.stack for one in ledger.memory().owned] == ["mail"]
    with pytest.raises(LedgerError):
        ledger.own([owned(1, id="same"), owned(2, id="same")], [], "adopt")
    assert len(ledger.memory().owned) == 1


def test_forgetting_drops_ownership_and_keeps_the_history(ledger: Ledger) -> None:
    ledger.own([owned(1), owned(2)], [applied(1), applied(2)], "adopt")
    ledger.forget("web", [owned(1).address], "kept by another team")
    memory = ledger.memory()
    assert [one.id for one in memory.owned] == ["id2"]
    assert len(memory.applied) == 1
    assert [entry.what for entry in ledger.history("web")] == ["forgotten", "owned", "owned"]


def test_an_account_stays_pinned_to_its_first_id(ledger: Ledger) -> None:
    ledger.pin("acme", "toy", "w1")
    ledger.pin("acme", "toy", "w1")
    with pytest.raises(WrongAccount, match="pinned to w1; the credential opens w2"):
        ledger.pin("acme", "toy", "w2")
    assert ledger.memory().pins == {("acme", "toy"): "w1"}
    assert len(ledger.history("")) == 1


def test_an_approval_is_remembered_once(ledger: Ledger) -> None:
    ledger.approve("d1", "somebody")
    ledger.approve("d1", "somebody else")
    assert ledger.memory().approvals == {"d1"}
    assert [entry.detail["who"] for entry in ledger.history()] == ["somebody"]


def test_no_secret_reaches_any_table(ledger: Ledger, place: Place) -> None:
    canary = "canary-5f2e8a"
    secret = SecretText(canary, "api#8")
    thing = Variable(name="KEY", value=secret, seed=canary, note="plain note", headers={"Authorization": secret})
    differs = (
        FieldChange("value", secret, canary),
        FieldChange("seed", "", canary),
        FieldChange("headers", None, {"Authorization": secret}),
    )
    made = change(thing, fields=differs)
    concluded(ledger, outcome(made, id="v1", resource=thing))
    run = ledger.begin_run("apply", ["web"], "c0ffee", "somebody")
    ledger.intend(run, 0, [made])
    ledger.end_run(run, 1, {"secret": secret})
    held = place.rows()
    assert "plain note" in held
    assert canary not in held
    assert "api#8" not in held
    assert json.loads(json.dumps(ledger.memory().intents[0].fields))["headers"] == {"Authorization": {"hidden": True}}
