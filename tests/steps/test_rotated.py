"""A plan leaves alone what rotates: it is matched, and neither made, changed, watched nor missed, until it is gone."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from reconcile.model.change import Plan
from reconcile.model.memory import TOUCHED, Applied, Memory, Owned, Sighting
from reconcile.model.observation import Container, Observation, Seen
from reconcile.model.resource import Address
from reconcile.model.secret import SecretText
from reconcile.model.spec import Declared, Location, Place, Project, Spec, Tree
from reconcile.model.variable import EnvironmentVariable
from reconcile.rules.blast import empty_desired_state
from reconcile.steps.plan import Mode, make_plan
from reconcile.store import kept_fields

from .conftest import AT


class Setting(EnvironmentVariable):
    kind: ClassVar[str] = "toy.setting"
    vendor: ClassVar[str] = "Toy"


MODES: tuple[Mode, ...] = ("spec", "drift", "destroy")
ROTATED = Setting(name="KEY", secret="s")
SECOND = Setting(name="KEY_PREVIOUS", secret="s", previous="none")
LISTING = Container("toy.setting")


def declared(resource: Setting, **more: Any) -> Declared:
    return Declared("a", "acme", address(resource), resource, Location("stacks/a.yaml", 3), **more)


def address(resource: Setting) -> Address:
    return Address("toy", "setting", resource.name)


def seen(name: str, value: str = "x", at: str = "t1") -> Seen:
    live = Setting(name=name, value=SecretText(value, name), updated_at=at)
    return Seen("toy.setting", f"id-{name}", live.keys()[0], live)


def memory(*resources: Setting, sightings: Sequence[str] = ()) -> Memory:
    """What a rotation wrote at the time t1."""
    owned = tuple(Owned("acme", "toy.setting", one.keys()[0], f"id-{one.name}", address(one), "a") for one in resources)
    applied = {
        Place("a", address(one)): Applied(
            "a", address(one), "r1", kept_fields(one), prints={TOUCHED: "t1", "value": "p"}
        )
        for one in resources
    }
    watched = {
        Place("a", Address("toy", "setting", name)): Sighting(
            "a", "acme", Address("toy", "setting", name), f"id-{name}"
        )
        for name in sightings
    }
    return Memory(owned, applied, sightings=watched)


def planned(
    ones: Sequence[Declared], live: Sequence[Seen], known: Memory, mode: Mode = "spec", *, read: bool = True
) -> Plan:
    tree = Tree(
        Project("library", "id", "home", {}),
        {"a": Spec("a", "acme", "trueup", (), {one.address: one for one in ones})},
        "r2",
    )
    observation = Observation("toy", "acme", AT, tuple(live), (), frozenset({LISTING} if read else ()))
    return make_plan(tree, ["a"], [observation], known, {"toy.setting": Setting}, mode=mode)


BOTH = (declared(ROTATED), declared(SECOND, beside=address(ROTATED)))


@pytest.mark.parametrize("mode", MODES)
def test_what_is_not_there_yet_is_no_gap_and_no_change(mode: Mode) -> None:
    plan = planned(BOTH, (), Memory(), mode)
    assert (plan.changes, plan.gaps, plan.unmanaged, plan.adopt) == ((), (), (), ())


def test_what_could_not_be_seen_is_a_gap_all_the_same() -> None:
    (gap,) = planned(BOTH, (), Memory(), read=False).gaps
    assert gap.reason == "not read"


@pytest.mark.parametrize("mode", ["spec", "drift"])
@pytest.mark.parametrize("known", [Memory(), memory(ROTATED, SECOND)], ids=["somebody's", "ours"])
def test_what_lives_is_matched_whoever_wrote_it_and_when(mode: Mode, known: Memory) -> None:
    plan = planned(BOTH, (seen("KEY", "by hand", "t9"), seen("KEY_PREVIOUS", "by hand", "t9")), known, mode)
    assert (plan.changes, plan.gaps, plan.unmanaged, plan.adopt, plan.owning) == ((), (), (), (), ())
    assert (plan.touched, plan.sightings, plan.let_go, plan.gone, plan.warnings) == ((), (), (), (), ())


@pytest.mark.parametrize("mode", ["spec", "drift"])
def test_what_of_ours_was_deleted_by_hand_is_not_made_by_a_plan(mode: Mode) -> None:
    plan = planned(BOTH, (), memory(ROTATED, SECOND), mode)
    assert (plan.changes, plan.gaps, plan.gone) == ((), (), ())


def test_an_entry_that_left_its_stack_is_deleted_with_its_second_value() -> None:
    plan = planned((), (seen("KEY"), seen("KEY_PREVIOUS")), memory(ROTATED, SECOND))
    assert [(one.verb, one.address.name, one.rotated) for one in plan.changes] == [
        ("delete", "KEY", True),
        ("delete", "KEY_PREVIOUS", True),
    ]
    assert not any(one.in_pulumi for one in plan.changes)


def test_an_entry_that_left_its_stack_and_is_not_ours_is_only_unmanaged() -> None:
    plan = planned((), (seen("KEY"),), Memory())
    assert plan.changes == () and [one.seen.id for one in plan.unmanaged] == ["id-KEY"]


@pytest.mark.parametrize("live", [(), (seen("KEY", "by hand", "t9"),)], ids=["gone", "written"])
def test_drift_tells_nothing_of_an_entry_that_left_its_stack(live: tuple[Seen, ...]) -> None:
    plan = planned((), live, memory(ROTATED), "drift")
    assert (plan.changes, plan.gaps, plan.touched) == ((), (), ())


def test_an_end_of_the_stack_takes_what_a_rotation_made_and_leaves_what_a_person_did() -> None:
    other = Setting(name="OTHER", secret="s")
    ones = (*BOTH, declared(other))
    plan = planned(ones, (seen("KEY"), seen("KEY_PREVIOUS"), seen("OTHER")), memory(ROTATED, SECOND), "destroy")
    assert [one.address.name for one in plan.changes] == ["KEY", "KEY_PREVIOUS"]
    assert plan.unmanaged == ()


def test_a_value_that_was_plain_becomes_rotated_without_a_change_and_stays_ours() -> None:
    was = Setting(name="KEY", value="plain")
    for mode in MODES[:2]:
        plan = planned(BOTH, (seen("KEY", "plain"),), memory(was), mode)
        assert (plan.changes, list(plan.let_go), plan.gaps) == ((), [], ())


def test_a_rotated_value_that_becomes_somebodys_is_let_go() -> None:
    plan = planned((declared(Setting(name="KEY", exists=True)),), (seen("KEY"),), memory(ROTATED))
    assert plan.changes == () and [place.address.name for place in plan.let_go] == ["KEY"]


def test_a_rotated_value_that_becomes_plain_is_written_because_of_git() -> None:
    (change,) = planned((declared(Setting(name="KEY", value="plain")),), (seen("KEY"),), memory(ROTATED)).changes
    assert (change.verb, [one.name for one in change.fields], change.in_pulumi) == ("update", ["value"], True)


def test_what_was_watched_while_it_was_somebodys_is_watched_no_more() -> None:
    plan = planned(BOTH, (seen("KEY", at="t9"),), memory(sightings=["KEY"]))
    assert plan.touched == () and [place.address.name for place in plan.unsighted] == ["KEY"]


def test_a_stack_that_declares_nothing_but_rotated_values_is_not_empty() -> None:
    plan = planned(BOTH, (seen("KEY"), seen("OLD")), memory(ROTATED, Setting(name="OLD", secret="s")))
    assert [one.address.name for one in plan.changes] == ["OLD"]
    assert list(empty_desired_state(plan)) == []


def test_the_digest_of_a_plan_does_not_know_of_what_rotates() -> None:
    plain = declared(Setting(name="PORT", value="80"))
    one, other = planned((plain,), (), Memory()), planned((plain, *BOTH), (seen("KEY"),), memory(ROTATED))
    assert one.digest == other.digest and len(one.changes) == 1


def test_the_ledger_remembers_that_a_rotation_wrote_it_and_no_value() -> None:
    kept = kept_fields(ROTATED.model_copy(update={"value": SecretText("v", "KEY")}))
    assert kept == {"name": "KEY", "secret": "s"}
    row = replace(memory(ROTATED).applied[Place("a", address(ROTATED))], fields=kept)
    assert row.rotated and Setting.remembered(row.fields).rotated
