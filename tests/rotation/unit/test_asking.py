"""What a person may ask of a secret in which state, and what becomes of it."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from reconcile.model.rotated import Strategy
from reconcile.model.rotation import Phase, Rotation, State
from reconcile.steps.rotate import asking
from reconcile.steps.rotate.asking import NotNow

from .secrets_of_tests import API, NOW, WORKER, a_secret, a_version, consumer, settled, under_way

LATER = NOW + dt.timedelta(hours=1)


def rotation_of(state: State) -> Rotation:
    assert state.rotation is not None
    return state.rotation


def with_rotation(state: State, **fields: Any) -> State:
    return replace(state, rotation=replace(rotation_of(state), **fields))


def test_a_rotation_that_a_person_begins_starts_although_rotations_are_paused() -> None:
    state = asking.begin(a_secret(), settled(paused="it turned back"), LATER, "ann")
    begun = rotation_of(state)
    assert (begun.reason, begun.phase, begun.old, begun.who, state.paused) == ("manual", "preflight", 1, "ann", "")
    assert begun.consumers == (str(API), str(WORKER))


def test_a_second_rotation_does_not_begin() -> None:
    with pytest.raises(NotNow, match="under way"):
        asking.begin(a_secret(), under_way("soak"), LATER, "ann")


def test_a_rotation_does_not_begin_while_a_recipient_is_not_approved() -> None:
    secret = a_secret(consumers=(API, WORKER, consumer("cron")))
    with pytest.raises(NotNow, match=r"NEW RECIPIENT .*cron"):
        asking.begin(secret, settled(), LATER, "ann")
    approved = asking.approve(secret, settled(), [str(consumer("cron"))])
    assert str(consumer("cron")) in rotation_of(asking.begin(secret, approved, LATER, "ann")).consumers


def test_another_field_under_an_approved_name_is_a_new_recipient() -> None:
    """A stack file that swaps what its names mean hands a secret to somebody else."""
    first, other = (replace(WORKER, key=key) for key in ("shop/worker/KEY", "elsewhere/worker/KEY"))
    approved = asking.approve(a_secret(consumers=(first,)), settled(recipients=()), [str(first)])
    assert asking.strangers(a_secret(consumers=(first,)), approved) == ()
    assert asking.strangers(a_secret(consumers=(other,)), approved) == (str(other),)


def test_nobody_is_approved_whom_no_stack_declares() -> None:
    with pytest.raises(NotNow, match="no consumer"):
        asking.approve(a_secret(), settled(), ["production pad.variable.elsewhere/KEY"])


def test_an_approval_lets_a_rotation_go_on_that_was_held_for_it() -> None:
    secret = a_secret(consumers=(API, WORKER, consumer("cron")))
    held = with_rotation(under_way("revoke"), held=f"{asking.STRANGER} cron: it may hold the old value")
    assert rotation_of(asking.approve(secret, held, [str(consumer("cron"))])).held == ""
    other = with_rotation(under_way("revoke"), held="no hook")
    assert rotation_of(asking.approve(secret, other, [str(consumer("cron"))])).held == "no hook"


def test_the_first_rotation_approves_the_consumers_that_there_are() -> None:
    state = asking.begun(a_secret(), State("key"), NOW, "first")
    assert state.recipients == (str(API), str(WORKER)) and rotation_of(state).old is None


@pytest.mark.parametrize(
    ("phase", "goes_on"),
    [
        ("preflight", "preflight"),
        ("issue", "preflight"),
        ("accept", "accept"),
        ("switch", "switch"),
        ("migrate", "switch"),
        ("soak", "switch"),
    ],
)
def test_turning_back_goes_on_where_consumers_stand(phase: Phase, goes_on: Phase) -> None:
    state = asking.turn_back(a_secret("migrate"), under_way(phase), LATER, "ann")
    turned = rotation_of(state)
    assert (turned.back, turned.phase, turned.changed_at) == (True, goes_on, LATER)
    assert "ann" in state.paused


def test_turning_back_makes_the_old_version_the_current_one_again() -> None:
    versions = (a_version(1, "previous"), a_version(2, "current"))
    state = asking.turn_back(a_secret(), replace(under_way("soak"), versions=versions), LATER, "ann")
    assert [one.status for one in state.versions] == ["current", "pending"]


@pytest.mark.parametrize("phase", ["retire", "revoke"])
def test_after_the_soak_nothing_turns_back(phase: Phase) -> None:
    with pytest.raises(NotNow, match="only forward"):
        asking.turn_back(a_secret(), under_way(phase), LATER, "ann")


def test_nothing_turns_back_to_a_compromised_value() -> None:
    with pytest.raises(NotNow, match="never put back"):
        asking.turn_back(a_secret(), under_way("switch", old=a_version(1, compromised=True)), LATER, "ann")


def test_nothing_turns_back_to_a_value_that_is_not_kept() -> None:
    unknown = a_version(1, prints={}, kept=False)
    with pytest.raises(NotNow, match="not kept"):
        asking.turn_back(a_secret(), under_way("switch", old=unknown), LATER, "ann")
    assert rotation_of(asking.turn_back(a_secret(), under_way("accept", old=unknown), LATER, "ann")).back


def test_nothing_turns_back_where_the_issuer_has_ended_the_old_value() -> None:
    with pytest.raises(NotNow, match="ended the old value"):
        asking.turn_back(a_secret("roll"), under_way("switch"), LATER, "ann")


def test_a_compromised_value_is_marked_and_replaced() -> None:
    state = asking.compromised(a_secret(), settled(), LATER, "ann", revoke_first=True)
    begun = rotation_of(state)
    assert (begun.reason, begun.revoke_first, begun.who) == ("compromise", True, "ann")
    assert state.version(1) == replace(a_version(1), compromised=True)


def test_data_still_needs_the_value_that_would_be_revoked_first() -> None:
    with pytest.raises(NotNow, match="data"):
        asking.compromised(a_secret("migrate"), settled(), LATER, "ann", revoke_first=True)


def test_a_leak_before_anything_was_written_does_not_touch_the_new_value() -> None:
    state = asking.compromised(a_secret(), under_way("issue"), LATER, "ann")
    assert rotation_of(state).new == 2
    assert [one.compromised for one in state.versions] == [True, False]


@pytest.mark.parametrize(
    ("strategy", "phase", "back", "goes_on"),
    [
        ("overlap", "accept", False, "switch"),
        ("overlap", "switch", False, "switch"),
        ("overlap", "switch", True, "switch"),
        ("overlap", "accept", True, "switch"),
        ("migrate", "accept", False, "accept"),
        ("migrate", "accept", True, "accept"),
        ("migrate", "migrate", False, "migrate"),
        ("migrate", "migrate", True, "switch"),
    ],
)
def test_a_leak_while_values_are_written_goes_forward_and_remembers_that_the_new_one_may_be_known(
    strategy: Strategy, phase: Phase, back: bool, goes_on: Phase
) -> None:
    state = asking.compromised(a_secret(strategy), under_way(phase, back=back), LATER, "ann")
    now = rotation_of(state)
    assert (now.phase, now.new, now.back, now.reason, now.new_leaked) == (goes_on, 2, False, "compromise", True)
    assert [one.compromised for one in state.versions] == [True, False]


def test_a_leak_while_the_new_value_is_being_revoked_asks_for_another_one() -> None:
    state = asking.compromised(a_secret(), under_way("issue", back=True), LATER, "ann")
    now = rotation_of(state)
    assert (now.phase, now.new, now.back) == ("issue", None, False)
    assert [(one.status, one.ended_at) for one in state.versions] == [("current", None), ("abandoned", LATER)]


def test_a_leak_in_the_middle_can_revoke_the_old_value_first() -> None:
    state = asking.compromised(a_secret("two-key"), under_way("switch"), LATER, "ann", revoke_first=True)
    assert (rotation_of(state).phase, rotation_of(state).revoke_first) == ("revoke", True)


def test_a_leak_in_the_soak_ends_the_soak() -> None:
    soaking = with_rotation(under_way("soak"), soak_until=LATER + dt.timedelta(days=1))
    now = rotation_of(asking.compromised(a_secret(), soaking, LATER, "ann"))
    assert (now.phase, now.soak_until, now.new) == ("soak", LATER, 2)


def test_a_leak_frees_a_rotation_that_was_held() -> None:
    now = rotation_of(
        asking.compromised(a_secret(), with_rotation(under_way("switch"), held="x", fails=9), LATER, "ann")
    )
    assert (now.held, now.fails) == ("", 0)


def test_a_value_given_by_hand_is_the_next_version_and_goes_on() -> None:
    waiting = under_way("issue", new=False)
    state, number = asking.accept(a_secret("manual"), waiting, {"value": "print-7"}, LATER)
    assert number == 2 and rotation_of(state).new == 2
    given = state.version(2)
    assert given is not None and given.kept and given.status == "pending" and given.prints == {"value": "print-7"}


@pytest.mark.parametrize(
    ("state", "prints", "why"),
    [
        (settled(), {"value": "p"}, "no value is waited for"),
        (under_way("switch"), {"value": "p"}, "no value is waited for"),
        (under_way("issue", new=False), {}, "missing"),
        (under_way("issue", new=False), {"value": "print-1"}, "in use"),
    ],
)
def test_a_value_that_nobody_waits_for_or_that_is_none_is_not_taken(
    state: State, prints: dict[str, str], why: str
) -> None:
    with pytest.raises(NotNow, match=why):
        asking.accept(a_secret("manual"), state, prints, LATER)


def test_a_compromised_value_is_not_taken_again() -> None:
    leaked = a_version(1, "revoked", compromised=True, prints={"value": "leaked"})
    state = under_way("issue", new=False)
    state = replace(state, versions=(leaked, replace(a_version(3), prints={"value": "x"})))
    with pytest.raises(NotNow, match="compromised"):
        asking.accept(a_secret("manual"), state, {"value": "leaked"}, LATER)


def test_an_acknowledgement_is_of_the_value_that_was_to_be_deleted() -> None:
    state = asking.acknowledge(a_secret("manual"), under_way("revoke"))
    assert [one.status for one in state.versions] == ["revoked", "pending"]
    state = asking.acknowledge(a_secret("manual"), under_way("issue", back=True))
    assert [one.status for one in state.versions] == ["current", "revoked"]
    with pytest.raises(NotNow):
        asking.acknowledge(a_secret("manual"), under_way("soak"))


def test_an_acknowledgement_lets_go_of_consumers_that_are_declared_no_more() -> None:
    held = with_rotation(under_way("revoke"), held="no longer declared")
    state = asking.acknowledge(a_secret(consumers=(API,)), held)
    assert rotation_of(state).consumers == (str(API),) and rotation_of(state).held == ""


def test_a_retry_is_at_once_and_counts_from_none() -> None:
    stuck = with_rotation(under_way("switch"), held="x", attempts=9, fails=9, next_at=LATER)
    now = rotation_of(asking.retry(a_secret(), stuck))
    assert (now.held, now.attempts, now.fails, now.next_at) == ("", 0, 0, None)
    assert asking.retry(a_secret(), settled(attempts=4, next_at=LATER)).next_at is None
