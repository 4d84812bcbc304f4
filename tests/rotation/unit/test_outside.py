"""Outside of a rotation: what is taken over, put right, held, swept and erased."""

from dataclasses import replace
from typing import Any

from reconcile.model.rotated import Issue, Schedule
from reconcile.steps.rotate import asking, schedule
from tests.rotation.machine.books import print_of
from tests.rotation.machine.makers import Issued
from tests.rotation.machine.world import PREVIOUS

from .shop import DAY, MINUTE, Shop

ISSUED: dict[str, Any] = {"source": Issue("acme", "mail.api-key")}


def taken_over(strategy: str = "overlap", **fields: Any) -> Shop:
    """Consumers hold one value that was there before us."""
    shop = Shop(strategy, **fields)
    for unit in shop.world.units:
        shop.put(unit, "from-before")
    shop.turn()
    return shop


def issued(strategy: str = "overlap", **fields: Any) -> Shop:
    """The first value is ours."""
    shop = Shop(strategy, **fields)
    shop.ended()
    shop.quiet()
    return shop


def test_the_first_value_is_written_and_started_everywhere() -> None:
    shop = Shop()
    shop.ended()
    values = set(shop.runs().values())
    assert len(values) == 1 and None not in values and set(shop.runs()) == {"api", "worker"}
    assert shop.state.done_at is not None and [one.status for one in shop.state.versions] == ["current"]


def test_a_value_that_all_consumers_hold_is_taken_over_and_not_touched() -> None:
    shop = taken_over()
    (version,) = shop.state.versions
    assert version.prints == {"value": print_of("from-before")} and not version.kept
    assert shop.turn().what == "nothing" and shop.holds() == {"api": "from-before", "worker": "from-before"}


def test_a_value_that_nobody_can_read_is_taken_over_without_a_fingerprint_and_then_replaced() -> None:
    shop = Shop()
    shop.unreadable = frozenset({"api", "worker"})
    for unit in shop.world.units:
        shop.put(unit, "from-before")
    shop.turn()
    assert [(one.status, one.prints) for one in shop.state.versions] == [("current", {})]
    shop.says(lambda secret, state: asking.begin(secret, state, shop.now, "ann"))
    shop.in_phase("switch")
    assert set(shop.runs().values()) == {"from-before"} and None not in shop.runs(PREVIOUS).values()
    shop.ended()
    assert len(set(shop.runs().values())) == 1 and "from-before" not in shop.runs().values()


def test_consumers_that_disagree_are_held_and_told() -> None:
    shop = Shop()
    shop.put("api", "one")
    shop.put("worker", "two")
    step = shop.turn()
    assert step.what == "held" and "api/API_SECRET" in step.text and "worker/API_SECRET" in step.text
    assert not shop.state.versions and shop.holds() == {"api": "one", "worker": "two"}


def test_a_consumer_without_the_value_that_others_hold_is_held_too() -> None:
    shop = Shop()
    shop.put("api", "one")
    step = shop.turn()
    assert step.what == "held" and shop.holds()["worker"] is None
    first, _, rest = step.text.partition(" none: ")
    assert "api/API_SECRET holds a value" in first and "worker/API_SECRET" in first and "rotate now key" in rest
    shop.put("worker", "one")
    assert shop.turn().text == "adopted the value that consumers hold"


def test_no_new_value_is_offered_over_one_that_data_may_need() -> None:
    shop = Shop(irreplaceable=True)
    shop.put("api", "one")
    assert "rotate now" not in shop.turn().text
    shop.put("worker", "two")
    assert "rotate now" not in shop.turn().text


def test_a_second_value_from_before_us_is_left_until_the_first_rotation_is_over() -> None:
    shop = Shop()
    for unit in shop.world.units:
        shop.put(unit, "older", PREVIOUS)
        shop.put(unit, "from-before")
    shop.quiet()
    assert shop.holds(PREVIOUS) == {"api": "older", "worker": "older"}
    shop.says(lambda secret, state: asking.begin(secret, state, shop.now, "ann"))
    shop.ended()
    assert shop.runs(PREVIOUS) == {"api": None, "worker": None}


def test_a_consumer_that_was_changed_by_hand_gets_the_current_value_again() -> None:
    shop = issued()
    right = shop.holds()["api"]
    shop.put("worker", "by-hand")
    shop.quiet()
    assert shop.runs() == {"api": right, "worker": right}


def test_a_value_that_does_not_stay_is_written_ever_more_seldom() -> None:
    shop = issued()
    writes = 0
    ends = shop.now + DAY
    while shop.now < ends:
        shop.put("worker", "by-another-tool", start=False)
        writes += shop.turn().text.startswith("wrote")
        shop.wait(5 * MINUTE)
    assert 3 <= writes < 60
    assert any(entry["pages"] for entry in shop.history("healed"))


def test_drift_of_a_value_that_is_not_kept_begins_a_repair() -> None:
    shop = taken_over()
    shop.put("worker", "by-hand")
    shop.turn()
    assert shop.state.rotation is not None and shop.state.rotation.reason == "repair"
    shop.ended()
    assert len(set(shop.runs().values())) == 1


def test_drift_of_a_key_to_data_that_is_not_kept_is_held() -> None:
    shop = taken_over("migrate", irreplaceable=True, hook="reencrypt")
    shop.put("worker", "by-hand")
    step = shop.turn()
    assert step.what == "held" and "not kept" in step.text and shop.state.rotation is None


def test_a_new_recipient_gets_nothing_and_no_rotation_starts_until_it_is_approved() -> None:
    shop = issued(units=("api", "worker", "cron"))
    shop.declares("api", "worker")
    shop.says(lambda secret, state: asking.begin(secret, state, shop.now, "ann"))
    shop.ended()
    shop.put("cron", None)
    shop.declares("api", "worker", "cron")
    shop.wait(200 * DAY)
    step = shop.quiet()
    assert step.what == "held" and step.text.startswith("NEW RECIPIENT") and "cron" in step.text
    assert shop.holds()["cron"] is None
    shop.says(lambda secret, state: asking.approve(secret, state, [str(one) for one in secret.consumers]))
    shop.turns(lambda step: shop.runs().get("cron") is not None)
    assert len(set(shop.runs().values())) == 1


def test_an_approved_recipient_that_never_ran_is_started_once_it_has_the_value() -> None:
    shop = issued(units=("api", "worker"))
    from tests.rotation.machine.world import Unit

    shop.world.units["cron"] = Unit("cron")
    shop.declares("api", "worker", "cron")
    shop.says(lambda secret, state: asking.approve(secret, state, [str(one) for one in secret.consumers]))
    shop.turns(lambda step: shop.runs().get("cron") is not None)
    shop.quiet()
    assert shop.runs()["cron"] == shop.runs()["api"] and not shop.state.unstarted


def test_a_leak_is_answered_although_a_recipient_is_not_approved() -> None:
    shop = issued(units=("api", "worker", "cron"))
    shop.declares("api", "worker")
    shop.says(lambda secret, state: asking.begin(secret, state, shop.now, "ann"))
    shop.ended()
    shop.put("cron", None)
    shop.declares("api", "worker", "cron")
    shop.says(lambda secret, state: asking.compromised(secret, state, shop.now, "ann"))
    shop.ended()
    assert shop.holds()["cron"] is None and shop.state.ended == "done"


def test_a_rotation_that_is_due_waits_for_its_window() -> None:
    from .test_schedule import window

    nights = Schedule(every=90 * DAY, window=window("Sun", "02:00", "04:00"))
    shop = issued(schedule=nights)
    due = schedule.due(shop.secret, shop.state)
    assert due is not None
    shop.world.pass_time(due.replace(hour=12) + DAY)
    step = shop.turns(lambda step: step.what in ("waits", "moved"))
    assert step.what == "waits" and step.at == schedule.opens_at(nights, shop.now)
    shop.ended()
    (committed,) = [entry for entry in shop.history("phase") if entry["to"] == "retire"]
    assert committed and shop.state.ended == "done"
    assert schedule.is_open(nights, shop.state.versions[0].ended_at or shop.now)


def test_a_rotation_that_a_person_wants_waits_for_no_window() -> None:
    from .test_schedule import window

    shop = issued(schedule=Schedule(every=90 * DAY, window=window("Sun", "02:00", "04:00")))
    shop.world.pass_time(shop.now.replace(hour=12) + 3 * DAY)
    shop.says(lambda secret, state: asking.begin(secret, state, shop.now, "ann"))
    began = shop.now
    shop.ended()
    assert shop.now - began < 2 * DAY


def test_after_a_rollback_nothing_starts_by_schedule_until_a_person_looked() -> None:
    shop = issued()
    old = dict(shop.runs())
    shop.world.likes, shop.world.refuses = frozenset({str(old["api"])}), {"worker": "fails"}
    shop.wait(100 * DAY)
    shop.ended()
    assert shop.how == "rolled back" and shop.runs() == old
    assert shop.turns(lambda step: step.what == "held").text == shop.state.paused
    shop.world.refuses = {}
    shop.says(lambda secret, state: asking.unpause(state))
    shop.ended()
    assert shop.how == "done"


def test_old_values_are_erased_a_week_after_their_end_and_keys_to_data_never() -> None:
    shop = issued()
    shop.says(lambda secret, state: asking.begin(secret, state, shop.now, "ann"))
    shop.ended()
    shop.wait(6 * DAY)
    shop.quiet()
    assert [number for _, number in shop.books.sealed] == [1, 2]
    shop.wait(DAY)
    shop.quiet()
    assert [number for _, number in shop.books.sealed] == [2]
    assert [one.kept for one in shop.state.versions] == [False, True]
    forever = issued(irreplaceable=True)
    forever.says(lambda secret, state: asking.begin(secret, state, forever.now, "ann"))
    forever.ended()
    forever.wait(40 * DAY)
    forever.quiet()
    assert len(forever.books.sealed) == 2


def test_a_credential_of_our_name_that_the_books_do_not_know_is_swept() -> None:
    shop = issued("two-key", **ISSUED)
    stray = shop.world.make("trueup/key/1/2")
    other = shop.world.make("trueup/key-of-others/1/1")
    shop.wait(2 * DAY)
    shop.quiet()
    assert not shop.world.credentials[stray.id].live and shop.world.credentials[other.id].live


def test_a_credential_of_a_newer_run_is_not_swept() -> None:
    shop = issued("two-key", **ISSUED)
    newer = shop.world.make(f"trueup/key/9/{shop.state.fence + 50}")
    shop.wait(2 * DAY)
    shop.quiet()
    assert shop.world.credentials[newer.id].live


def test_turns_with_nothing_to_do_keep_nothing() -> None:
    shop = issued()
    shop.wait(2 * DAY)
    shop.quiet()
    before, lines = shop.state, len(shop.books.history)
    for _ in range(5):
        shop.wait(MINUTE)
        assert shop.turn().what == "nothing"
    assert shop.state == before and len(shop.books.history) == lines


def test_the_daily_look_finds_that_somebody_ended_the_value_in_use() -> None:
    shop = issued("two-key", **ISSUED)
    (made,) = shop.world.credentials.values()
    shop.world.end(made.id)
    shop.wait(2 * DAY)
    shop.turns(lambda step: step.what == "moved")
    assert shop.state.rotation is not None and shop.state.rotation.reason == "repair"
    shop.ended()
    assert all(shop.world.is_live(str(value)) for value in shop.runs().values())


def test_in_place_a_value_that_was_ended_meanwhile_is_made_once_more() -> None:
    shop = issued("roll", **ISSUED)
    shop.issuer = Issued(shop.world, in_place=True, ceiling=1)
    shop.says(lambda secret, state: asking.begin(secret, state, shop.now, "ann"))
    shop.in_phase("revoke")
    shop.world.make("by a run that woke up", 0, True)
    shop.ended()
    assert shop.how == "done" and all(shop.world.is_live(str(value)) for value in shop.runs().values())
    assert [one.status for one in shop.state.versions] == ["revoked", "revoked", "current"]


def test_a_rollback_calls_a_person_once_however_often_it_is_looked_at() -> None:
    shop = issued()
    shop.world.likes, shop.world.refuses = frozenset({str(shop.runs()["api"])}), {"worker": "fails"}
    shop.wait(100 * DAY)
    shop.in_phase("switch")
    stuck = len(calls(shop))
    shop.ended()
    for _ in range(9):
        shop.wait(DAY)
        shop.turn()
    what = [what for what in calls(shop)[stuck:] if what != "stuck"]
    assert shop.state.paused and what == ["turned back"]


def calls(shop: Shop) -> list[str]:
    """What a person was called for."""
    return [entry.what for _, entry in shop.books.history if entry.detail.get("pages")]


def test_a_key_of_an_issuer_that_the_stack_names_no_more_is_a_persons_to_end() -> None:
    """Another vendor knows nothing of its id: gone there is not ended."""
    shop = issued("two-key", **ISSUED)
    before = shop.state.current
    assert before is not None and before.issuer == "acme mail.api-key"
    shop.secret = replace(shop.secret, source=Issue("acme", "post.api-key"))
    shop.says(lambda secret, state: asking.begin(secret, state, shop.now, "ann"))
    step = shop.turns(lambda step: "delete the old value" in step.text)
    assert "acme mail.api-key" in step.text
    assert {one.number: one.ended_at for one in shop.state.versions}[before.number] is None
