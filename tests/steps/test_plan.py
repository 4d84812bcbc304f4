"""One verb for every difference, one reason for everything that is not a change."""

import datetime as dt
from dataclasses import replace

import pytest

from reconcile.model.errors import SpecError
from reconcile.model.memory import Intent, Memory
from reconcile.model.observation import Container, Gap, Mark
from reconcile.model.resource import Address
from reconcile.model.spec import Ignore, Location, Moved, Place
from reconcile.steps.plan import make_plan

from .conftest import KINDS, Book, Toy, Vault

MOBY = Book(shelf="oak", name="moby", text="whale", pages=600)


def plan(tree, observation, memory=None, **more):
    return make_plan(tree, more.pop("stacks", ("a",)), [observation], memory or Memory(), KINDS, **more)


def verbs(found):
    return [(change.verb, change.cause, change.address.leaf) for change in found.changes]


def test_declared_and_absent_is_created_because_of_git(toy: Toy) -> None:
    found = plan(toy.tree(toy.declared(MOBY)), toy.observation())
    assert verbs(found) == [("create", "git", "moby")]
    assert found.changes[0].marker == "trueup:library/a/toy.book.oak/moby"
    assert {one.name: one.after for one in found.changes[0].fields}["pages"] == 600


def test_a_declared_note_leaves_no_room_for_the_mark(toy: Toy) -> None:
    found = plan(toy.tree(toy.declared(MOBY.model_copy(update={"note": "mine"}))), toy.observation())
    assert found.changes[0].marker == ""


def test_owned_and_alike_is_nothing(toy: Toy) -> None:
    one = toy.declared(MOBY)
    found = plan(toy.tree(one), toy.observation(toy.seen(MOBY, "7")), toy.memory((one, "7")))
    assert found.changes == () and found.adopt == () and found.unmanaged == ()


@pytest.mark.parametrize(
    ("live", "was", "cause", "drifted"),
    [
        pytest.param(1, 600, "drift", True, id="the platform moved"),
        pytest.param(500, 500, "git", False, id="the spec moved"),
        pytest.param(1, 500, "git", True, id="both moved: git, also drifted"),
    ],
)
def test_the_cause_says_who_moved(toy: Toy, live: int, was: int, cause: str, drifted: bool) -> None:
    one = toy.declared(MOBY)
    seen = toy.seen(MOBY.model_copy(update={"pages": live}), "7")
    found = plan(toy.tree(one), toy.observation(seen), toy.memory((one, "7"), was={"pages": was}))
    assert verbs(found) == [("update", cause, "moby")]
    assert found.changes[0].fields[0].drifted is drifted
    assert found.changes[0].also_drifted is (cause == "git" and drifted)


def test_without_a_history_the_cause_is_unknown(toy: Toy) -> None:
    one = toy.declared(MOBY)
    seen = toy.seen(MOBY.model_copy(update={"pages": 1}), "7")
    found = plan(toy.tree(one), toy.observation(seen), toy.memory((one, "7"), history=False))
    assert verbs(found) == [("update", "unknown", "moby")]


def test_an_owned_thing_that_vanished_is_made_again_as_drift(toy: Toy) -> None:
    one = toy.declared(MOBY)
    found = plan(toy.tree(one), toy.observation(), toy.memory((one, "7")))
    assert verbs(found) == [("create", "drift", "moby")]


def test_an_immutable_field_replaces(toy: Toy) -> None:
    one = toy.declared(MOBY.model_copy(update={"binding": "cloth"}))
    found = plan(toy.tree(one), toy.observation(toy.seen(MOBY, "7")), toy.memory((one, "7")))
    assert verbs(found)[0][0] == "replace" and found.changes[0].destructive


def test_an_undeclared_optional_field_is_left_alone(toy: Toy) -> None:
    one = toy.declared(MOBY)
    seen = toy.seen(MOBY.model_copy(update={"note": "somebody's"}), "7")
    assert plan(toy.tree(one), toy.observation(seen), toy.memory((one, "7"))).changes == ()


def test_identical_and_not_ours_is_listed_and_no_change(toy: Toy) -> None:
    found = plan(toy.tree(toy.declared(MOBY)), toy.observation(toy.seen(MOBY, "7")))
    assert found.changes == () and [one.verb for one in found.adopt] == ["adopt"]
    assert found.digest == plan(toy.tree(), toy.observation()).digest


def test_different_and_not_ours_is_a_change_to_hold(toy: Toy) -> None:
    found = plan(toy.tree(toy.declared(MOBY)), toy.observation(toy.seen(MOBY.model_copy(update={"pages": 2}), "7")))
    assert verbs(found) == [("adopt", "unknown", "moby")]


def test_our_mark_is_ownership_that_the_ledger_learns(toy: Toy) -> None:
    mark = Mark.of("library", "a", "toy.book.oak/moby")
    found = plan(toy.tree(toy.declared(MOBY)), toy.observation(toy.seen(MOBY, "7", owner=mark)))
    assert found.changes == () and [one.reason for one in found.owning] == ["marker"]


def test_another_projects_mark_is_not_ours(toy: Toy) -> None:
    mark = Mark.of("other", "a", "toy.book.oak/moby")
    found = plan(toy.tree(toy.declared(MOBY)), toy.observation(toy.seen(MOBY, "7", owner=mark)))
    assert [one.address.leaf for one in found.adopt] == ["moby"]


def test_an_announced_create_without_an_answer_is_claimed(toy: Toy) -> None:
    one = toy.declared(MOBY)
    intent = Intent(1, "a", "acme", one.address, "toy.book", MOBY.keys()[0], "create")
    found = plan(toy.tree(one), toy.observation(toy.seen(MOBY, "7")), toy.memory(intents=[intent]))
    assert found.changes == () and found.adopt == () and [one.reason for one in found.owning] == ["intent"]


def test_owned_and_no_longer_declared_is_deleted(toy: Toy) -> None:
    one = toy.declared(MOBY)
    found = plan(toy.tree(), toy.observation(toy.seen(MOBY, "7")), toy.memory((one, "7")))
    assert verbs(found) == [("delete", "git", "moby")]


def test_an_orphan_without_history_is_shown_and_never_pruned(toy: Toy) -> None:
    one = toy.declared(MOBY)
    found = plan(toy.tree(), toy.observation(toy.seen(MOBY, "7")), toy.memory((one, "7"), history=False))
    assert found.changes == () and "without a history" in found.unmanaged[0].orphan


def test_what_lost_its_stack_file_is_shown_and_never_pruned(toy: Toy) -> None:
    one = toy.declared(MOBY, stack="gone")
    found = plan(toy.tree(), toy.observation(toy.seen(MOBY, "7")), toy.memory((one, "7")))
    assert found.changes == () and "which is gone" in found.unmanaged[0].orphan


def test_a_thing_of_a_stack_not_chosen_is_neither_touched_nor_unmanaged(toy: Toy) -> None:
    other = toy.declared(MOBY, stack="b")
    tree = toy.tree(other, stacks=("a", "b"))
    found = plan(tree, toy.observation(toy.seen(MOBY, "7")), toy.memory((other, "7")))
    assert found.changes == () and found.unmanaged == ()


def test_nobody_declares_it_so_it_is_unmanaged(toy: Toy) -> None:
    found = plan(toy.tree(), toy.observation(toy.seen(MOBY, "7")))
    assert found.changes == () and [one.seen.id for one in found.unmanaged] == ["7"]


def test_what_the_platform_manages_itself_is_not_unmanaged(toy: Toy) -> None:
    assert plan(toy.tree(), toy.observation(toy.seen(MOBY, "7", managed="Printing Press"))).unmanaged == ()


@pytest.mark.parametrize("declares", [True, False], ids=["create", "delete"])
def test_a_gap_blocks_create_and_delete_in_its_scope(toy: Toy, declares: bool) -> None:
    one = toy.declared(MOBY)
    gap = Gap("acme", "toy.book", "oak", "no answer")
    observation = toy.observation(gaps=[gap], read=[Container("toy.shelf"), Container("toy.vault")])
    memory = Memory() if declares else toy.memory((one, "7"))
    found = plan(toy.tree(*([one] if declares else [])), observation, memory)
    assert found.changes == () and found.gaps == (gap,)


def test_a_gap_blocks_nothing_outside_its_scope(toy: Toy) -> None:
    vault = toy.declared(Vault(name="deep"))
    gap = Gap("acme", "toy.book", "oak", "no answer")
    observation = toy.observation(gaps=[gap], read=[Container("toy.shelf"), Container("toy.vault")])
    found = plan(toy.tree(toy.declared(MOBY), vault), observation)
    assert verbs(found) == [("create", "git", "deep")]


def test_a_listing_that_was_never_asked_for_is_a_gap_not_an_absence(toy: Toy) -> None:
    found = plan(toy.tree(toy.declared(MOBY)), toy.observation(read=[Container("toy.shelf")]))
    assert found.changes == () and [gap.reason for gap in found.gaps] == ["not read"]


def test_a_looked_up_thing_that_is_not_there_is_a_gap_and_never_made(toy: Toy) -> None:
    found = plan(toy.tree(), toy.observation(shelf=False))
    assert found.changes == () and "not in this account" in found.gaps[0].reason


def test_a_renamed_address_keeps_its_thing_with_moved(toy: Toy) -> None:
    old, new = toy.declared(MOBY, logical="old"), toy.declared(MOBY, logical="new")
    moved = Moved(old.address, new.address, Location("stacks/a.yaml", 3))
    found = plan(toy.tree(new, moved=[moved]), toy.observation(toy.seen(MOBY, "7")), toy.memory((old, "7")))
    assert found.changes == () and [one.reason for one in found.owning] == ["moved"]


def test_a_rename_without_moved_is_refused_with_the_line_to_add(toy: Toy) -> None:
    old, new = toy.declared(MOBY, logical="old"), toy.declared(MOBY, logical="new")
    with pytest.raises(SpecError, match=r"add `moved:` with `\{from: toy\.book\.oak/old, to: toy\.book\.oak/new\}`"):
        plan(toy.tree(new), toy.observation(toy.seen(MOBY, "7")), toy.memory((old, "7")))


def test_a_weaker_key_matches_only_where_one_and_one_are_left(toy: Toy) -> None:
    other = MOBY.model_copy(update={"text": "shark"})
    third = MOBY.model_copy(update={"text": "squid"})
    one = toy.declared(MOBY)
    single = plan(toy.tree(one), toy.observation(toy.seen(other, "7")))
    assert verbs(single) == [("adopt", "unknown", "moby")]
    several = plan(toy.tree(one), toy.observation(toy.seen(other, "7"), toy.seen(third, "8")))
    assert verbs(several) == [("create", "git", "moby")] and len(several.unmanaged) == 2


def test_an_ignored_field_is_accepted_and_stays_visible_until_its_day(toy: Toy) -> None:
    one = toy.declared(MOBY)
    seen = toy.seen(MOBY.model_copy(update={"pages": 1}), "7")
    rule = Ignore(one.address, "pages", "ops", "misprint", dt.date(2026, 3, 1), Location("stacks/a.yaml", 9))
    found = plan(toy.tree(one, ignores=[rule]), toy.observation(seen), toy.memory((one, "7")))
    assert found.changes == () and [item.field.name for item in found.accepted] == ["pages"]
    over = replace(rule, expires=dt.date(2026, 2, 28))
    found = plan(toy.tree(one, ignores=[over]), toy.observation(seen), toy.memory((one, "7")))
    assert verbs(found) == [("update", "drift", "moby")] and "ended on 2026-02-28" in found.warnings[0]


def test_drift_compares_with_what_was_last_applied_and_not_with_the_spec(toy: Toy) -> None:
    one = toy.declared(MOBY.model_copy(update={"pages": 700}))
    memory = toy.memory((one, "7"), was={"pages": 600})
    quiet = plan(toy.tree(one), toy.observation(toy.seen(MOBY, "7")), memory, mode="drift")
    assert quiet.changes == ()
    edited = toy.seen(MOBY.model_copy(update={"pages": 1}), "7")
    found = plan(toy.tree(one), toy.observation(edited), memory, mode="drift")
    assert verbs(found) == [("update", "drift", "moby")] and found.changes[0].fields[0].after == 600


def test_drift_before_the_first_apply_says_so(toy: Toy) -> None:
    found = plan(toy.tree(toy.declared(MOBY)), toy.observation(), mode="drift")
    assert found.changes == () and "never applied" in found.gaps[0].reason and found.gaps[0].exit_code == 17


def test_owned_undeclared_and_gone_is_forgotten_without_a_change(toy: Toy) -> None:
    one = toy.declared(MOBY)
    found = plan(toy.tree(), toy.observation(), toy.memory((one, "7")))
    assert found.changes == () and found.gone == (("a", one.address),)


def test_the_digest_is_over_changes_and_not_over_the_revision(toy: Toy) -> None:
    one = toy.declared(MOBY)
    first = plan(toy.tree(one, revision="r1"), toy.observation())
    same = plan(toy.tree(one, revision="r2"), toy.observation())
    other = plan(toy.tree(toy.declared(MOBY.model_copy(update={"pages": 1}))), toy.observation())
    assert first.digest == same.digest != other.digest


class TestReferences:
    """`${…}` to an output: an edge, a wave, a cause."""

    def reader(self, toy: Toy):
        text = "${toy.book.oak/moby.number}"
        reader = toy.declared(Book(shelf="oak", name="index", text=text), references={"text": text})
        return replace(reader, needs=(Place("a", Address("toy", "book", "oak/moby")),))

    def test_the_same_name_in_another_stack_is_another_thing(self, toy: Toy) -> None:
        """Two stacks may both have an `oak/moby`; a reference means the one that it was linked to."""
        reader, moby = self.reader(toy), toy.declared(MOBY)
        other = MOBY.model_copy(update={"name": "moby-of-b", "number": "wrong"})
        namesake = toy.declared(other, stack="b", logical="moby")
        live = MOBY.model_copy(update={"number": "right"})
        tree = toy.tree(reader, moby, namesake, stacks=("a", "b"))
        found = plan(tree, toy.observation(toy.seen(other, "9"), toy.seen(live, "7")), toy.memory((moby, "7")))
        assert {one.name: one.after for one in found.changes[0].fields}["text"] == "right"

    def test_an_output_to_come_is_pending_and_in_a_later_wave(self, toy: Toy) -> None:
        reader = self.reader(toy)
        found = plan(toy.tree(reader, toy.declared(MOBY)), toy.observation())
        assert [(one.address.leaf, one.wave) for one in found.changes] == [("moby", 0), ("index", 1)]
        pending = {one.name: one.pending for one in found.changes[1].fields}
        assert pending["text"] == "${toy.book.oak/moby.number}"

    def test_a_known_output_is_filled_in_and_a_moved_one_is_the_cause(self, toy: Toy) -> None:
        reader, moby = self.reader(toy), toy.declared(MOBY)
        live = MOBY.model_copy(update={"number": "n2"})
        index = Book(shelf="oak", name="index", text="n1")
        memory = toy.memory((reader, "8"), was={"text": "n1"})
        memory = replace(memory, owned=memory.owned + toy.memory((moby, "7")).owned)
        found = plan(toy.tree(reader, moby), toy.observation(toy.seen(live, "7"), toy.seen(index, "8")), memory)
        assert verbs(found) == [("update", "reference", "index")]
        assert found.changes[0].fields[0].after == "n2"

    def test_an_output_nobody_will_give_blocks_and_says_so(self, toy: Toy) -> None:
        reader, moby = self.reader(toy), toy.declared(MOBY)
        found = plan(toy.tree(reader, moby), toy.observation(toy.seen(MOBY, "7")), toy.memory((moby, "7")))
        assert found.changes == () and "has no value yet" in found.gaps[0].reason


def test_destroy_plans_every_owned_thing_and_keeps_what_is_looked_up(toy: Toy) -> None:
    one = toy.declared(MOBY)
    found = plan(toy.tree(one), toy.observation(toy.seen(MOBY, "7")), toy.memory((one, "7")), mode="destroy")
    assert verbs(found) == [("delete", "git", "moby")]


def test_deletes_of_what_is_referred_to_wait_for_what_refers(toy: Toy) -> None:
    moby = toy.declared(MOBY)
    reader = TestReferences().reader(toy)
    index = Book(shelf="oak", name="index", text="n1")
    memory = toy.memory((moby, "7"), (reader, "8"))
    found = plan(toy.tree(), toy.observation(toy.seen(MOBY, "7"), toy.seen(index, "8")), memory)
    assert [(one.address.leaf, one.wave) for one in found.changes] == [("index", 0), ("moby", 1)]
