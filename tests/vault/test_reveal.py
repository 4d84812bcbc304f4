"""From the environment into the tree, and what a plan makes of it."""

import pytest

from reconcile.model.errors import SpecError
from reconcile.model.resource import Address
from reconcile.model.secret import SecretText
from reconcile.model.spec import Declared, Location, Project, Spec, Tree
from reconcile.steps.load import load, working_tree
from reconcile.steps.reveal import Note, pretend_value, reveal, said

from .conftest import KINDS, PROJECT, Library, Setting, begin

API = Address("toy", "setting", "api")


def tree_of(*settings: Setting, stack: str = "web") -> Tree:
    found = [
        Declared(stack, "acme", Address("toy", "setting", one.name), one, Location("stacks/web.yaml", 4))
        for one in settings
    ]
    spec = Spec(stack, "acme", "trueup", (), {one.address: one for one in found})
    return Tree(Project("library", "l1", "home", {}), {stack: spec}, "r1")


def value_in(tree: Tree) -> SecretText | None:
    value = tree.stacks["web"].declared[API].resource.value  # type: ignore[attr-defined]
    assert value is None or isinstance(value, SecretText)
    return value


def test_the_value_goes_into_the_field_with_its_fingerprint() -> None:
    before = tree_of(Setting(name="api", from_env="API_KEY"), Setting(name="plain", value="hello"))
    tree, notes = reveal(before, {"API_KEY": "hunter2"}, lambda value: f"<{len(value)}>")
    value = value_in(tree)
    assert value is not None and value.is_same("hunter2") and value.print == "<7>" and value.label == "API_KEY"
    assert notes == [] and value_in(before) is None
    assert list(tree.stacks["web"].declared) == list(before.stacks["web"].declared)
    assert "hunter2" not in repr(tree) + str(tree.stacks["web"].declared[API].resource.model_dump(mode="json"))


def test_a_tree_that_names_nothing_is_the_same_tree() -> None:
    tree = tree_of(Setting(name="plain", value="hello"))
    assert reveal(tree, {"API_KEY": "hunter2"}, None)[0] is tree


@pytest.mark.parametrize("environment", [{}, {"API_KEY": ""}])
def test_a_variable_that_is_not_set_leaves_none_and_is_named(environment: dict[str, str]) -> None:
    tree, notes = reveal(tree_of(Setting(name="api", from_env="API_KEY")), environment, str)
    assert value_in(tree) is None
    assert notes == [Note("web", "environment variable API_KEY is not set: toy.setting.api is not compared")]


def test_a_sandbox_takes_a_pretend_value_for_what_is_not_set() -> None:
    tree, notes = reveal(tree_of(Setting(name="api", from_env="API_KEY")), {}, str, pretend=pretend_value)
    value = value_in(tree)
    assert (
        value is not None
        and value.reveal().startswith("pretend-API_KEY-")
        and repr(value) == "<secret pretend API_KEY>"
    )
    assert notes == [] and value.is_same(pretend_value("API_KEY"))
    tree, _ = reveal(tree_of(Setting(name="api", from_env="API_KEY")), {"API_KEY": "set"}, str, pretend=pretend_value)
    value = value_in(tree)
    assert value is not None and value.is_same("set")


def test_without_fingerprints_the_value_is_there_and_the_stack_is_told() -> None:
    tree, notes = reveal(tree_of(Setting(name="api", from_env="API_KEY")), {"API_KEY": "hunter2"}, None)
    value = value_in(tree)
    assert value is not None and value.print == ""
    (note,) = notes
    assert (note.stack, note.number) == ("web", 1) and "compared by time only" in note.text


def test_how_many_secrets_are_compared_by_time_only_is_said_once_for_all_chosen_stacks() -> None:
    one = tree_of(Setting(name="api", from_env="API_KEY"), Setting(name="unset", from_env="OTHER_KEY"))
    two = tree_of(Setting(name="more", exists=True), Setting(name="plain", value="hello"), stack="other")
    three = tree_of(Setting(name="api", from_env="API_KEY"), stack="not chosen")
    tree = Tree(one.project, {**one.stacks, **two.stacks, **three.stacks}, "r1")
    _, notes = reveal(tree, {"API_KEY": "hunter2"}, None, why="no runner key")
    told = said(notes, ("web", "other"))
    assert [text for text in told if "by time only" in text] == [
        "2 of the secrets can be compared by time only: no runner key"
    ]
    assert not any("by time only" in text for text in said(reveal(tree, {"API_KEY": "hunter2"}, str)[1], ("web",)))


def test_a_variable_that_the_project_does_not_open_is_refused_with_its_line(library: Library) -> None:
    library.write("web", "account: acme\ntoy:\n  setting:\n    api:\n      from_env: hunter2\n")
    with pytest.raises(SpecError) as caught:
        load(working_tree(library.root), KINDS)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == ("stacks/web.yaml", 5) and "_project.yaml" in problem.hint
    assert "hunter2" not in str(problem)
    library.write("_project", PROJECT.replace("OTHER_KEY", "hunter2"))
    assert load(working_tree(library.root), KINDS).stacks["web"].declared


# The story of one secret.


def verbs(library: Library, **more: str) -> list[tuple[str, str]]:
    return [(one.verb, one.address.leaf) for one in library.plan(**more).changes]  # type: ignore[arg-type]


def test_a_secret_is_sent_once_and_again_only_when_its_value_changes(keyed: Library) -> None:
    keyed.environment.setenv("API_KEY", "hunter2-first")
    assert verbs(keyed) == [("create", "api"), ("create", "plain")]
    run = keyed.apply()
    assert run.exit_code() == 0 and run.unproven == ()
    assert keyed.plan().changes == () and keyed.plan().warnings == ()

    keyed.environment.setenv("API_KEY", "hunter2-second")
    (change,) = keyed.plan().changes
    (field,) = change.fields
    assert (change.verb, change.cause, field.hidden, field.unknown) == ("update", "git", True, False)
    assert field.before is None and field.after is None and field.print
    assert keyed.apply().exit_code() == 0 and keyed.plan().changes == ()
    assert [one for one in keyed.toy.sent if one != "hello"] == ["hunter2-first", "hunter2-second"]
    assert b"hunter2" not in keyed.bytes_kept() and field.print.encode() in keyed.bytes_kept()


def test_a_secret_touched_behind_our_back_is_unknown_and_is_put_back(keyed: Library) -> None:
    keyed.environment.setenv("API_KEY", "hunter2")
    keyed.apply()
    keyed.toy.write("api", "somebody else's")
    (change,) = keyed.plan().changes
    (field,) = change.fields
    assert (change.cause, field.hidden, field.unknown, field.drifted) == ("drift", True, True, True)
    assert keyed.apply(mode="drift").exit_code() == 0
    assert keyed.toy.sent[-1] == "hunter2" and keyed.plan().changes == () and keyed.plan(mode="drift").changes == ()


def test_a_secret_is_not_healed_with_a_value_that_was_never_applied(keyed: Library) -> None:
    keyed.environment.setenv("API_KEY", "hunter2-first")
    keyed.apply()
    keyed.environment.setenv("API_KEY", "hunter2-second")
    del keyed.toy.held["api"]
    plan = keyed.plan(mode="drift")
    assert plan.changes == () and "not known here" in plan.gaps[0].reason
    assert verbs(keyed) == [("create", "api")]


def test_a_secret_whose_variable_is_not_set_is_never_sent_empty(keyed: Library) -> None:
    plan = keyed.plan()
    assert [(one.verb, one.address.leaf) for one in plan.changes] == [("create", "plain")]
    (gap,) = plan.gaps
    assert gap.exit_code == 14 and "environment variable API_KEY is not set" in gap.reason
    assert keyed.apply().exit_code() == 14 and keyed.toy.sent == ["hello"]


def test_a_variable_that_goes_away_plans_nothing_and_says_so(keyed: Library) -> None:
    keyed.environment.setenv("API_KEY", "hunter2")
    keyed.apply()
    keyed.environment.delenv("API_KEY")
    plan = keyed.plan()
    assert plan.changes == () and plan.gaps == () and "API_KEY is not set" in plan.warnings[0]
    keyed.write("web", "account: acme\ntoy: {setting: {api: {from_env: API_KEY, size: 2}, plain: {value: hello}}}\n")
    plan = keyed.plan()
    assert plan.changes == () and [gap.exit_code for gap in plan.gaps] == [14]


def test_only_the_chosen_stacks_are_warned_of(keyed: Library) -> None:
    keyed.write("other", "account: acme\ntoy: {setting: {other: {from_env: OTHER_KEY}}}\n")
    keyed.environment.setenv("API_KEY", "hunter2")
    assert keyed.plan("web").warnings == ()
    assert "OTHER_KEY" in keyed.plan("other").warnings[0]


def test_without_a_runner_key_secrets_are_made_and_then_compared_by_time_only(library: Library) -> None:
    library.environment.setenv("API_KEY", "hunter2-first")
    library.apply()
    assert library.toy.sent == ["hunter2-first", "hello"]
    library.environment.setenv("API_KEY", "hunter2-second")
    plan = library.plan()
    assert plan.changes == ()
    assert [one for one in plan.warnings if one.startswith("1 of the secrets can be compared by time only: ")]
    assert len(plan.warnings) == 1 and "no runner key" in plan.warnings[0]
    library.toy.write("api", "somebody else's")
    (change,) = library.plan().changes
    (field,) = change.fields
    assert (change.cause, field.hidden, field.unknown, field.drifted, field.print) == ("drift", True, True, True, "")
    assert library.apply().exit_code() == 0
    assert library.toy.sent[-1] == "hunter2-second" and library.plan().changes == ()


@pytest.mark.parametrize("key", [False, True])
def test_drift_says_what_was_written_since_where_the_applied_value_is_not_known(library: Library, key: bool) -> None:
    if key:
        begin(library)
    library.environment.setenv("API_KEY", "hunter2-first")
    library.apply()
    library.environment.setenv("API_KEY", "hunter2-second")
    assert library.plan(mode="drift").gaps == ()
    library.toy.write("api", "somebody else's")
    plan = library.plan(mode="drift")
    (gap,) = plan.gaps
    assert plan.changes == () and gap.exit_code == 14 and "toy.setting.api was written since" in gap.reason
    assert library.toy.sent[-1] == "somebody else's" and library.apply(mode="drift").exit_code() == 14
    assert library.toy.sent[-1] == "somebody else's"


def test_with_the_key_back_it_is_sent_once_more_and_compared_from_then_on(library: Library) -> None:
    library.environment.setenv("API_KEY", "hunter2")
    library.apply()
    begin(library)
    assert verbs(library) == [("update", "api")]
    library.apply()
    assert library.plan().changes == ()


def test_a_secret_that_the_platform_shows_is_compared_by_its_value(library: Library) -> None:
    library.environment.setenv("API_KEY", "hunter2")
    library.apply()
    library.toy.write("api", "edited", secret=False)
    assert verbs(library) == [("update", "api")]
    library.toy.write("api", "hunter2", secret=False)
    assert library.plan().changes == ()
