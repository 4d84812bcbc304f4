"""What only people can do: give a value, delete the old one, end a leak; and what is said to them meanwhile."""

from typing import Any

import pytest

from reconcile.model.rotated import ByHand, Issue, Schedule
from reconcile.steps.rotate import asking, schedule
from reconcile.steps.rotate.advance import advance
from tests.rotation.machine.estate import WorldEstate
from tests.rotation.machine.world import PREVIOUS

from .shop import DAY, MINUTE, Shop

BY_HAND: dict[str, Any] = {"source": ByHand("the dashboard", ("make a key", "copy it"), Issue("acme", "mail.key"))}
ISSUED: dict[str, Any] = {"source": Issue("acme", "mail.api-key")}


def by_hand() -> Shop:
    """The first value was given by a person."""
    shop = Shop("manual", **BY_HAND)
    shop.in_phase("issue")
    shop.gives(shop.world.make("by ann").value)
    shop.ended()
    shop.quiet()
    return shop


def issued(strategy: str, **fields: Any) -> Shop:
    shop = Shop(strategy, **fields)
    shop.ended()
    shop.quiet()
    return shop


def ask_now(shop: Shop) -> None:
    shop.says(lambda secret, state: asking.begin(secret, state, shop.now, "ann"))


def leaks(shop: Shop, *, revoke_first: bool = False) -> None:
    shop.says(lambda secret, state: asking.compromised(secret, state, shop.now, "ann", revoke_first=revoke_first))


def test_a_value_that_only_a_person_can_get_is_waited_for_and_then_distributed() -> None:
    shop = Shop("manual", **BY_HAND)
    step = shop.turns(lambda step: step.what == "waits")
    assert "the dashboard" in step.text and "rotate accept key" in step.text
    value = shop.world.make("by ann").value
    shop.gives(value)
    shop.ended()
    assert shop.runs() == {"api": value, "worker": value}


def test_a_person_is_reminded_two_weeks_and_three_days_before_and_daily_from_the_day_on() -> None:
    shop = by_hand()
    due = schedule.due(shop.secret, shop.state)
    assert due is not None
    told = len(shop.history("reminder"))
    days: list[tuple[int, object]] = []
    shop.world.pass_time(due - 20 * DAY)
    while shop.now < due + 3 * DAY:
        for _ in range(5):
            shop.turn()
        for entry in shop.history("reminder")[told + len(days) :]:
            days.append(((due - shop.now).days, entry["days"]))
        shop.wait(DAY / 4)
    assert days == [(14, 14), (3, 3), (0, 0), (-1, 0), (-2, 0), (-3, 0)] or days[:3] == [(14, 14), (3, 3), (0, 0)]
    assert 5 <= len(days) <= 7
    assert all(entry["steps"] == ["make a key", "copy it"] for entry in shop.history("reminder"))


def test_a_value_that_the_platform_refuses_goes_to_no_consumer() -> None:
    shop = by_hand()
    old = dict(shop.holds())
    ask_now(shop)
    shop.in_phase("issue")
    shop.gives("mistyped")
    shop.turns(lambda step: bool(shop.history("refused")))
    assert shop.holds() == old and shop.state.rotation is not None and shop.state.rotation.new is None
    shop.gives(shop.world.make("by ann").value)
    shop.in_phase("soak")


def test_the_old_value_is_ended_by_the_person_and_proven_by_the_platform() -> None:
    shop = by_hand()
    old = next(iter(shop.world.credentials.values()))
    ask_now(shop)
    shop.in_phase("issue")
    shop.gives(shop.world.make("by ann").value)
    step = shop.turns(lambda step: step.what == "waits" and step.text.startswith("delete the old value"))
    assert "the dashboard" in step.text
    shop.says(asking.acknowledge)
    step = shop.turns(lambda step: step.what == "waits")
    assert "still taken" in step.text
    shop.world.end(old.id)
    shop.ended()
    assert shop.how == "done" and [one.status for one in shop.state.versions] == ["revoked", "current"]


def test_where_no_platform_can_tell_the_word_of_a_person_ends_it() -> None:
    shop = by_hand()
    shop.issuer.takes = lambda value: None  # type: ignore[method-assign]
    ask_now(shop)
    shop.in_phase("issue")
    shop.gives("another")
    shop.turns(lambda step: step.text.startswith("delete the old value"))
    shop.wait(3 * DAY)
    assert shop.turn().what == "waits"
    shop.says(asking.acknowledge)
    shop.ended()
    assert shop.how == "done"


def test_a_credential_that_was_there_before_us_is_deleted_by_a_person() -> None:
    shop = Shop("two-key", **ISSUED)
    before = shop.world.make("somebody's")
    for unit in shop.world.units:
        shop.put(unit, before.value)
    shop.quiet()
    ask_now(shop)
    shop.turns(lambda step: step.text.startswith("delete the old value"))
    assert shop.world.credentials[before.id].live
    shop.world.end(before.id)
    shop.says(asking.acknowledge)
    shop.ended()
    assert shop.how == "done"


def test_a_leaked_value_is_replaced_everywhere_at_once_and_accepted_nowhere() -> None:
    shop = issued("overlap")
    leaked = shop.runs()["api"]
    began = shop.now
    leaks(shop)
    shop.ended()
    assert leaked not in {*shop.runs().values(), *shop.runs(PREVIOUS).values(), *shop.holds(PREVIOUS).values()}
    assert shop.now - began < 60 * MINUTE
    assert [(one.status, one.compromised) for one in shop.state.versions] == [("revoked", True), ("current", False)]


def test_revoke_first_ends_the_old_value_before_the_new_one_is_written() -> None:
    shop = issued("two-key", **ISSUED)
    leaked = shop.state.versions[0]
    leaks(shop, revoke_first=True)
    shop.in_phase("switch")
    assert not shop.world.credentials[leaked.id].live
    assert set(shop.holds().values()) == {shop.world.credentials[leaked.id].value}
    shop.ended()
    assert shop.how == "done" and all(shop.world.is_live(str(value)) for value in shop.runs().values())


@pytest.mark.parametrize("phase", ["accept", "switch", "soak", "retire"])
def test_a_leak_in_the_middle_of_a_rotation_ends_with_a_value_that_nobody_knew_then(phase: str) -> None:
    shop = issued("overlap")
    ask_now(shop)
    shop.in_phase(phase)
    shop.turn()
    known = {value for kept in shop.books.sealed.values() for value in kept.values()}
    leaks(shop)
    shop.turns(lambda step: step.what in ("nothing", "held") and shop.state.rotation is None)
    assert not known & set(shop.runs().values()) and not known & set(shop.holds(PREVIOUS).values())
    assert shop.state.current is not None and not shop.state.current.compromised


def test_a_leak_that_is_not_answered_in_a_quarter_of_an_hour_pages_with_those_that_still_hold_it() -> None:
    shop = issued("overlap")
    shop.world.likes, shop.world.refuses = frozenset({str(shop.runs()["api"])}), {"worker": "fails"}
    leaks(shop)
    shop.turns(lambda step: bool(shop.history("late")))
    (late,) = shop.history("late")
    assert late["pages"] and [str(one).rpartition(" ")[2] for one in late["consumers"]] == [  # type: ignore[attr-defined]
        "pad.variable.worker/API_SECRET"
    ]
    assert shop.runs()["worker"] in shop.world.likes


def test_nothing_returns_to_a_leaked_value_however_often_the_new_one_fails() -> None:
    shop = issued("overlap")
    leaked = shop.runs()["api"]
    shop.world.likes, shop.world.refuses = frozenset({str(leaked)}), {"worker": "fails"}
    leaks(shop)
    shop.turns(lambda step: step.what == "held")
    assert leaked not in shop.holds().values()
    shop.world.refuses = {}
    shop.says(asking.retry)
    shop.ended()
    assert shop.how == "done"


def test_a_consumer_that_is_declared_no_more_is_asked_about_before_the_old_value_is_revoked() -> None:
    shop = issued("two-key", **ISSUED)
    old = shop.state.versions[0].id
    ask_now(shop)
    shop.in_phase("switch")
    shop.declares("api")
    step = shop.turns(lambda step: step.what == "held")
    assert "worker" in step.text and shop.world.credentials[old].live
    shop.says(asking.acknowledge)
    shop.ended()
    assert not shop.world.credentials[old].live


def test_a_migration_without_its_hook_is_held() -> None:
    shop = issued("migrate", irreplaceable=True, hook="reencrypt")
    ask_now(shop)
    step = shop.turns(lambda step: step.what == "held")
    assert "reencrypt" in step.text and shop.state.rotation is not None and shop.state.rotation.phase == "migrate"


def test_issued_names_begin_with_the_owner_that_is_given() -> None:
    shop = Shop("two-key", **ISSUED)
    while not shop.world.credentials:
        estate = WorldEstate(shop.world, shop.books)
        advance(shop.secret, shop.books, estate, shop.issuer, shop.now, owner="runbooks-0f3c")
    (made,) = shop.world.credentials.values()
    assert made.name == f"runbooks-0f3c/key/1/{shop.state.fence}"


def test_an_old_value_that_is_still_used_is_not_revoked() -> None:
    levels = frozenset({"P0", "P1", "P6"})
    shop = issued("two-key", levels=levels, schedule=Schedule(every=90 * DAY), **ISSUED)
    old = shop.state.versions[0].id
    ask_now(shop)
    shop.in_phase("soak")
    found = shop.issuer.find
    uses = shop.now + DAY / 2

    def used(prefix: str) -> Any:
        from dataclasses import replace

        return [replace(one, used_at=uses.isoformat()) if one.id == old else one for one in found(prefix)]

    shop.issuer.find = used  # type: ignore[method-assign]
    shop.ended()
    assert shop.now >= uses + DAY and not shop.world.credentials[old].live


def test_a_new_value_does_not_end_under_who_was_taken_out_of_the_stacks_after_the_switch() -> None:
    shop = issued("two-key", **ISSUED)
    ask_now(shop)
    shop.in_phase("soak")
    taken = shop.runs()["worker"]
    shop.declares("api")
    shop.says(lambda secret, state: asking.turn_back(secret, state, shop.now, "ann"))
    step = shop.turns(lambda step: step.what in ("held", "ended"))
    assert step.what == "held" and step.text.startswith("no longer declared") and "new value" in step.text
    assert [one.live for one in shop.world.credentials.values() if one.value == taken] == [True]
    shop.says(asking.acknowledge)
    shop.ended()
    assert shop.how == "rolled back"
    assert [one.live for one in shop.world.credentials.values() if one.value == taken] == [False]
