"""What consumers are to hold in each phase, strategy and direction."""

from dataclasses import replace

import pytest

from reconcile.model.rotated import Strategy
from reconcile.model.rotation import UNREADABLE, Phase, Standing
from reconcile.model.secret import SecretText
from reconcile.steps.rotate.desired import Holds, holds, matches, wanted_of
from reconcile.steps.rotate.ports import Wanted

from .secrets_of_tests import API, WORKER, a_secret, a_version, settled, under_way

OLD, NEW = 1, 2


@pytest.mark.parametrize("strategy", ["overlap", "migrate"])
@pytest.mark.parametrize(
    ("phase", "back", "first", "second"),
    [
        ("accept", False, OLD, NEW),
        ("switch", False, NEW, OLD),
        ("migrate", False, NEW, OLD),
        ("soak", False, NEW, OLD),
        ("retire", False, NEW, None),
        ("revoke", False, NEW, None),
        ("switch", True, OLD, NEW),
        ("migrate", True, OLD, NEW),
        ("accept", True, OLD, None),
        ("issue", True, OLD, None),
    ],
)
def test_two_values_are_held_while_both_are_accepted(
    strategy: Strategy, phase: Phase, back: bool, first: int, second: int | None
) -> None:
    assert holds(a_secret(strategy), under_way(phase, back=back)) == Holds(first, second)


@pytest.mark.parametrize("strategy", ["replace", "two-key", "alternate", "roll", "manual"])
@pytest.mark.parametrize(
    ("phase", "back", "first"), [("switch", False, NEW), ("soak", False, NEW), ("switch", True, OLD)]
)
def test_one_value_is_held_where_the_strategy_has_one(strategy: Strategy, phase: Phase, back: bool, first: int) -> None:
    assert holds(a_secret(strategy), under_way(phase, back=back)) == Holds(first, None)


@pytest.mark.parametrize("phase", ["preflight", "issue"])
def test_before_there_is_a_new_value_nothing_is_changed(phase: Phase) -> None:
    assert holds(a_secret(), under_way(phase)) == Holds(None, None)


def test_outside_of_a_rotation_the_current_value_is_held_alone() -> None:
    assert holds(a_secret(), settled()) == Holds(OLD, None)


def test_a_compromised_value_is_accepted_no_more_unless_data_needs_it() -> None:
    state = under_way("switch", old=a_version(1, compromised=True))
    assert holds(a_secret("overlap"), state) == Holds(NEW, None)
    assert holds(a_secret("migrate"), state) == Holds(NEW, OLD)


def test_an_old_value_that_is_not_kept_stays_where_it_is_and_is_put_nowhere() -> None:
    unknown = a_version(1, prints={}, kept=False)
    assert holds(a_secret(), under_way("accept", old=unknown)) == Holds(None, NEW)
    assert holds(a_secret(), under_way("switch", old=unknown)) == Holds(NEW, None)


def test_a_consumer_without_a_place_for_a_second_value_is_judged_by_the_first() -> None:
    state, wanted = under_way("accept"), Holds(OLD, NEW)
    assert not matches(state, API, Standing("print-1"), wanted)
    assert matches(state, API, Standing("print-1", "print-2"), wanted)
    assert matches(state, WORKER, Standing("print-1"), wanted)


@pytest.mark.parametrize("there", [None, UNREADABLE, "print-9"])
def test_what_is_missing_unreadable_or_another_value_does_not_match(there: str | None) -> None:
    assert not matches(settled(), API, Standing(there), Holds(OLD))


def test_a_version_that_nobody_could_read_is_matched_by_whatever_stands_there() -> None:
    state = settled(versions=(a_version(1, prints={}, kept=False),))
    assert matches(state, API, Standing(UNREADABLE), Holds(OLD))
    assert not matches(state, API, Standing(None), Holds(OLD))


def test_a_second_value_that_is_left_over_does_not_match() -> None:
    assert not matches(settled(), API, Standing("print-1", "print-9"), Holds(OLD))
    assert matches(settled(), API, Standing("print-1", "print-9"), Holds(OLD), second=False)


def test_only_the_field_that_differs_is_written() -> None:
    one, two = SecretText("one"), SecretText("two")
    values = {OLD: {"value": one}, NEW: {"value": two}}
    state = under_way("accept")
    assert wanted_of(state, API, Standing("print-1"), Holds(OLD, NEW), values) == Wanted(None, two)
    assert wanted_of(state, API, Standing("print-9"), Holds(OLD, NEW), values) == Wanted(one, two)
    assert wanted_of(state, WORKER, Standing("print-9"), Holds(OLD, NEW), values) == Wanted(one, None)


def test_a_part_that_is_not_kept_cannot_be_written() -> None:
    other = replace(API, part="refresh")
    assert (
        wanted_of(under_way("switch"), other, Standing(None), Holds(NEW), {NEW: {"value": SecretText("two")}}) is None
    )
