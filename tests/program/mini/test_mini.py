"""The engine of these tests does what a real one does: the same calls to a provider, the same state afterwards."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from pulumi.runtime import settings

from . import Call, MiniEngine, Op, record, serving
from .providers import methods
from .recorder import make_urn
from .shelf import TOKEN, Shelf, ShelfProvider, Thing
from .told import Adopted, Verb

HELD = "spanner-in-the-works"


class Bench:
    """A shelf, the engine that fills it, and a program for each step of a story."""

    def __init__(self) -> None:
        self.shelf = Shelf()
        self.engine = MiniEngine(lambda: None, {"shelf": serving(lambda: ShelfProvider(self.shelf))})

    def says(self, program: Callable[[], object]) -> MiniEngine:
        self.engine.program = program
        return self.engine

    def up(self, program: Callable[[], object], **options: Any) -> list[tuple[Verb, str]]:
        """Builds, and returns the steps by name."""
        told = self.says(program).up(**options)
        assert told.code == 0, self.engine.failure
        return names(told.ops)

    def calls(self) -> list[tuple[str, str]]:
        return [(one.method, one.urn.rpartition("::")[2]) for one in self.engine.calls if one.urn]


def names(ops: tuple[Op, ...]) -> list[tuple[Verb, str]]:
    return [(one.op, one.urn.rpartition("::")[2]) for one in ops]


def urn(name: str) -> str:
    return make_urn("test", "runbooks", "", TOKEN, name)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def pair(**of_a: Any) -> Callable[[], None]:
    """A thing, and one whose text refers to what only the first can tell."""

    def program() -> None:
        a = Thing("a", **of_a)
        Thing("b", about=a.serial)

    return program


def nested(**of_a: Any) -> Callable[[], None]:
    """A thing, one inside it that cannot outlive it, and one beside that only waits."""

    def program() -> None:
        a = Thing("a", **of_a)
        Thing("b", inside=a.id)
        Thing("c", opts=pulumi.ResourceOptions(depends_on=[a]))

    return program


def test_what_is_new_is_checked_and_created_after_what_it_refers_to(bench: Bench) -> None:
    assert bench.up(pair(size=1)) == [("create", "a"), ("create", "b")]
    assert bench.calls() == [("Check", "a"), ("Create", "a"), ("Check", "b"), ("Create", "b")]
    b = bench.engine.state.entries[urn("b")]
    assert (b.dependencies, dict(b.property_dependencies)) == ((urn("a"),), {"about": (urn("a"),)})
    assert bench.shelf.things["thing-2"]["about"] == "THING-1"


def test_what_has_not_changed_is_compared_and_left(bench: Bench) -> None:
    bench.up(pair(size=1))
    assert bench.up(pair(size=1)) == [("same", "a"), ("same", "b")]
    assert bench.calls() == [("Check", "a"), ("Diff", "a"), ("Check", "b"), ("Diff", "b")]


def test_what_says_otherwise_is_updated_in_place(bench: Bench) -> None:
    bench.up(pair(size=1))
    assert bench.up(pair(size=2)) == [("update", "a"), ("same", "b")]
    assert bench.calls()[:3] == [("Check", "a"), ("Diff", "a"), ("Update", "a")]
    assert bench.shelf.things["thing-1"]["size"] == 2


def test_another_name_is_another_thing_made_before_the_old_one_goes(bench: Bench) -> None:
    bench.up(lambda: Thing("a", size=1))
    assert bench.up(lambda: Thing("z", size=1)) == [("create", "z"), ("delete", "a")]
    assert bench.calls() == [("Check", "z"), ("Create", "z"), ("Delete", "a")]


def test_another_name_with_the_old_one_as_alias_is_the_same_thing(bench: Bench) -> None:
    bench.up(pair(size=1))

    def renamed() -> None:
        z = Thing("z", label="a", size=1, opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="a")]))
        Thing("b", about=z.serial)

    assert bench.up(renamed) == [("same", "z"), ("same", "b")]
    assert bench.engine.state.entries[urn("z")].id == "thing-1"
    assert bench.engine.state.entries[urn("b")].dependencies == (urn("z"),)
    assert urn("a") not in bench.engine.state.entries


def test_a_thing_that_moves_under_a_component_is_the_same_where_it_says_so(bench: Bench) -> None:
    bench.up(lambda: Thing("a"))

    def program() -> None:
        around = pulumi.ComponentResource("shelf:index:Row", "row")
        root = pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)
        Thing("a", opts=pulumi.ResourceOptions(parent=around, aliases=[root]))

    assert bench.up(program) == [("create", "row"), ("same", "a")]
    assert list(bench.engine.state.entries)[1] == f"urn:pulumi:test::runbooks::shelf:index:Row${TOKEN}::a"


def test_a_replacement_is_made_first_and_the_old_one_goes_at_the_end(bench: Bench) -> None:
    bench.up(nested(place="left"))
    assert sorted(bench.up(nested(place="right"))) == [("replace", "a"), ("replace", "b"), ("same", "c")]
    assert Counter(bench.calls()) == Counter(
        [
            *(("Check", "a"), ("Diff", "a"), ("Check", "a"), ("Create", "a")),
            *(("Check", "b"), ("Diff", "b"), ("Check", "b"), ("Create", "b")),
            *(("Check", "c"), ("Diff", "c")),
            *(("Delete", "b"), ("Delete", "a")),
        ]
    )
    assert bench.calls()[-2:] == [("Delete", "b"), ("Delete", "a")]
    assert sorted(one["label"] for one in bench.shelf.things.values()) == ["a", "b", "c"]


def test_what_must_go_before_its_successor_comes_takes_its_dependents_along(bench: Bench) -> None:
    bench.up(nested(box="wood"))
    assert bench.up(nested(box="tin"))[:1] == [("replace", "a")]
    asked = bench.calls()
    # Whether b falls is asked with what it takes from a not known yet; c only waits for a, so it stays.
    assert asked[:2] == [("Check", "a"), ("Diff", "a")]
    assert asked.index(("Delete", "b")) < asked.index(("Delete", "a")) < asked.index(("Create", "a"))
    assert [asked.count(one) for one in (("Diff", "b"), ("Diff", "c"), ("Delete", "c"))] == [1, 1, 0]
    assert {one["label"] for one in bench.shelf.things.values()} == {"a", "b", "c"}
    assert {op for op, _ in bench.up(nested(box="tin"))} == {"same"}


def test_what_the_program_leaves_out_is_deleted_dependents_first_and_comes_back_anew(bench: Bench) -> None:
    bench.up(pair(size=1))
    assert bench.up(lambda: None) == [("delete", "b"), ("delete", "a")]
    assert bench.calls() == [("Delete", "b"), ("Delete", "a")]
    assert bench.up(pair(size=1)) == [("create", "a"), ("create", "b")]


def test_a_preview_tells_the_same_steps_and_writes_nothing(bench: Bench) -> None:
    first = bench.says(pair(size=1)).preview()
    assert (names(first.ops), bench.shelf.things, bench.engine.state.entries) == (
        [("create", "a"), ("create", "b")],
        {},
        {},
    )
    bench.up(pair(size=1))
    told = bench.says(pair(size=2)).preview()
    assert names(told.changes) == [("update", "a")]
    assert bench.shelf.things["thing-1"]["size"] == 1
    assert bench.says(pair(size=1)).preview(expect_no_changes=True).code == 0


def test_what_depends_on_an_output_to_come_is_previewed_with_it_unknown(bench: Bench) -> None:
    """No id, no serial: the dependent's diff sees the marker of an unknown, not None."""
    seen: list[Any] = []

    def program() -> None:
        a = Thing("a", place="left")
        Thing("b", inside=a.id)
        a.serial.apply(seen.append)

    bench.says(program).preview()
    assert seen == []
    assert bench.up(program) == [("create", "a"), ("create", "b")]
    assert seen == ["THING-1"]


def test_an_edit_by_hand_is_seen_by_a_refreshing_preview_only_and_repaired_by_a_refreshing_up(bench: Bench) -> None:
    bench.up(pair(size=1))
    bench.shelf.things["thing-1"]["size"] = 9
    assert bench.engine.preview(expect_no_changes=True).code == 0
    told = bench.engine.preview(refresh=True, expect_no_changes=True)
    assert (told.code, names(told.refreshed), names(told.changes)) == (7, [("update", "a")], [("update", "a")])
    assert Counter(methods(bench.engine.calls)) == {"Read": 2, "Diff": 4, "Check": 2, "Update": 1}
    assert bench.shelf.things["thing-1"]["size"] == 9
    assert bench.up(pair(size=1), refresh=True) == [("update", "a"), ("same", "b")]
    assert bench.shelf.things["thing-1"]["size"] == 1
    assert bench.engine.preview(refresh=True, expect_no_changes=True).code == 0


def test_a_secret_edited_by_hand_is_seen_though_nobody_can_read_it(bench: Bench) -> None:
    def program() -> None:
        Thing("a", note=pulumi.Output.secret(HELD))

    bench.up(program)
    assert bench.engine.preview(refresh=True, expect_no_changes=True).code == 0
    bench.shelf.things["thing-1"]["note"] = "something else"
    assert names(bench.engine.preview(refresh=True).changes) == [("update", "a")]
    bench.up(program, refresh=True)
    assert bench.shelf.things["thing-1"]["note"] == HELD
    assert HELD not in bench.engine.state.told() and "[secret]" in bench.engine.state.told()


def test_a_refresh_takes_what_lives_for_right(bench: Bench) -> None:
    bench.up(pair(size=1))
    bench.shelf.things["thing-1"]["size"] = 9
    assert bench.engine.refresh(preview_only=True, expect_no_changes=True).code == 7
    assert bench.engine.refresh(expect_no_changes=True).code == 7
    assert bench.engine.refresh(expect_no_changes=True).code == 0
    assert names(bench.engine.preview().changes) == [("update", "a")]


def test_what_is_gone_is_made_anew_and_so_is_what_stood_in_it(bench: Bench) -> None:
    bench.up(nested())
    del bench.shelf.things["thing-1"]
    told = bench.engine.preview(refresh=True)
    assert names(told.refreshed) == [("delete", "a")]
    assert {name: op for op, name in names(told.ops)} == {"a": "create", "b": "replace", "c": "same"}
    assert ("create", "a") in bench.up(nested(), refresh=True)
    assert {one["label"] for one in bench.shelf.things.values()} == {"a", "b", "c"}


def test_destroy_deletes_dependents_first(bench: Bench) -> None:
    bench.up(pair(size=1))
    assert names(bench.engine.destroy().ops) == [("delete", "b"), ("delete", "a")]
    assert (bench.shelf.things, bench.engine.state.entries) == ({}, {})


def test_what_is_protected_is_neither_deleted_nor_replaced(bench: Bench) -> None:
    def program() -> None:
        a = Thing("a", place="left", opts=pulumi.ResourceOptions(protect=True))
        Thing("b", about=a.serial)

    bench.up(program)
    for told in (bench.engine.destroy(), bench.says(lambda: None).up(), bench.says(lambda: None).preview()):
        assert told.code == 1 and "cannot be deleted because it is protected" in told.error
    told = bench.says(pair(place="right")).up()
    assert told.code == 1 and "unable to replace resource" in told.error
    assert set(methods(bench.engine.calls)) == {"Check", "Diff"}
    assert len(bench.shelf.things) == 2
    bench.up(pair(place="left"))
    bench.up(lambda: None)


def test_what_is_retained_is_left_where_it_is(bench: Bench) -> None:
    bench.up(lambda: Thing("a", opts=pulumi.ResourceOptions(retain_on_delete=True)))
    assert bench.up(lambda: None) == [("delete", "a")]
    assert list(bench.shelf.things) == ["thing-1"]


def test_a_failed_create_stops_the_rest_and_the_next_up_makes_it(bench: Bench) -> None:
    bench.shelf.refused["a"] = "422 the shelf is full"
    told = bench.says(pair(size=1)).up()
    assert (told.code, told.error) == (1, "422 the shelf is full")
    assert bench.shelf.things == {}
    bench.shelf.refused.clear()
    assert bench.up(pair(size=1)) == [("create", "a"), ("create", "b")]


def test_one_failure_of_many_leaves_what_was_made_in_the_state(bench: Bench) -> None:
    def program() -> None:
        for number in range(20):
            Thing(f"n{number:02}")

    bench.shelf.refused["n07"] = "no"
    assert bench.says(program).up().code == 1
    assert len(bench.engine.state.entries) == len(bench.shelf.things) < 20
    bench.shelf.refused.clear()
    bench.up(program)
    assert len(bench.shelf.things) == 20


def test_what_was_made_half_way_is_in_the_state_and_finished_by_an_update(bench: Bench) -> None:
    bench.shelf.half["a"] = "the deploy did not start"
    told = bench.says(pair(size=1)).up()
    assert told.code == 1 and "the deploy did not start" in told.error
    a = bench.engine.state.entries[urn("a")]
    assert (a.id, a.init_errors) == ("thing-1", ("the deploy did not start",))
    bench.shelf.half.clear()
    assert bench.up(pair(size=1)) == [("update", "a"), ("create", "b")]
    assert bench.calls()[:3] == [("Check", "a"), ("Diff", "a"), ("Update", "a")]
    assert bench.engine.state.entries[urn("a")].init_errors == ()
    assert len(bench.shelf.things) == 2


def test_refused_inputs_name_the_property_before_anything_is_written(bench: Bench) -> None:
    bench.shelf.wrong["b"] = "must be short"
    told = bench.says(pair(size=1)).preview()
    assert (told.code, told.error) == (1, "label: must be short")


def test_an_import_of_equal_inputs_writes_nothing_and_of_others_updates(bench: Bench) -> None:
    bench.shelf.put({"label": "a", "size": 1})

    def program(size: int) -> Callable[[], object]:
        return lambda: Thing("a", size=size, opts=pulumi.ResourceOptions(import_="thing-1"))

    assert names(bench.says(program(2)).preview().ops) == [("import", "a"), ("update", "a")]
    assert bench.up(program(1)) == [("import", "a")]
    assert bench.calls() == [("Read", "a"), ("Check", "a"), ("Diff", "a")]
    assert bench.up(program(1)) == [("same", "a")]


def test_importing_what_is_not_there_is_refused(bench: Bench) -> None:
    told = bench.says(lambda: Thing("a", opts=pulumi.ResourceOptions(import_="thing-77"))).up()
    assert (told.code, told.error) == (1, "resource 'thing-77' does not exist")
    told = bench.engine.import_([Adopted(TOKEN, "a", "thing-77")])
    assert (told.code, told.error) == (1, "resource 'thing-77' does not exist")


def test_an_import_by_command_is_protected_and_the_program_then_finds_nothing_to_do(bench: Bench) -> None:
    bench.shelf.put({"label": "a", "size": 1})
    assert names(bench.engine.import_([Adopted(TOKEN, "a", "thing-1")]).ops) == [("import", "a")]
    assert bench.engine.state.entries[urn("a")].protect
    assert bench.says(lambda: Thing("a", size=1)).preview(expect_no_changes=True).code == 0


def test_an_ignored_field_is_seen_by_a_refresh_and_changes_nothing(bench: Bench) -> None:
    def program() -> None:
        Thing("a", size=1, opts=pulumi.ResourceOptions(ignore_changes=["size"]))

    bench.up(program)
    bench.shelf.things["thing-1"]["size"] = 9
    told = bench.engine.preview(refresh=True, expect_no_changes=True)
    assert (told.code, names(told.refreshed)) == (0, [("update", "a")])


def test_only_what_is_aimed_at_is_read_and_written(bench: Bench) -> None:
    bench.up(pair(size=1))
    for one in bench.shelf.things.values():
        one["label"] = "by hand"
    assert names(bench.engine.up(refresh=True, targets=[urn("b")]).changes) == [("update", "b")]
    assert {one.urn for one in bench.engine.calls if one.urn} == {urn("b")}
    assert [one["label"] for one in bench.shelf.things.values()] == ["by hand", "b"]


def test_two_programs_of_one_process_know_nothing_of_each_other(bench: Bench) -> None:
    first = record(pair(size=1), project="one", stack="x")
    with pytest.raises(ZeroDivisionError):
        record(lambda: 1 / 0, project="two", stack="y")
    second = record(pair(size=2), project="three", stack="z")
    assert [urn.split("::")[1] for urn in (*first.requests, *second.requests)] == ["one", "one", "three", "three"]
    assert (settings.get_root_resource(), settings.get_monitor()) == (None, None)


def test_a_provider_is_told_that_the_command_begins_and_ends(bench: Bench) -> None:
    bench.up(pair(size=1))
    about = [one.method for one in bench.engine.calls if not one.urn]
    assert about == ["Handshake", "CheckConfig", "Configure", "Cancel"]
    assert Call("Cancel") == bench.engine.calls[-1]
