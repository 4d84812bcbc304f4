"""A value that is not ours: whoever writes it is told, nobody changes it, and a person says when it is right."""

import pytest

from reconcile.loop import Choice, plan_exit_code
from reconcile.model.change import Plan
from reconcile.model.resource import Address
from reconcile.model.spec import Place
from reconcile.model.verdict import Judged
from reconcile.steps.plan import Mode

from .conftest import Library, begin

TOKEN = Place("web", Address("toy", "setting", "token"))
MODES: tuple[Mode, ...] = ("spec", "drift")
DECLARED = "account: acme\ntoy: {setting: {token: {exists: true}}}\n"


@pytest.fixture
def seen(keyed: Library) -> Library:
    """A token that a person made, declared as there, and applied once."""
    return watched(keyed)


def watched(library: Library, *, shown: bool = False) -> Library:
    library.toy.write("token", "of a person", shown=shown)
    library.write("web", DECLARED)
    assert library.plan().touched == ()
    assert library.apply().exit_code() == 0
    return library


def verdicts(plan: Plan) -> list[tuple[Place, str]]:
    return [(one.place, one.verdict) for one in plan.touched]


def test_what_is_seen_first_is_taken_as_right_in_silence(seen: Library) -> None:
    for mode in MODES:
        plan = seen.plan(mode=mode)
        assert (plan.changes, plan.touched, plan.gaps, plan.sightings, plan.warnings) == ((), (), (), (), ())
    assert seen.memory().owned == () and TOKEN not in seen.memory().applied
    assert seen.memory().sightings[TOKEN].touched == "2026-01-01T00:00:01Z"


@pytest.mark.parametrize("mode", MODES)
def test_a_touch_is_told_with_its_times_and_needs_a_person(seen: Library, mode: Mode) -> None:
    seen.toy.write("token", "of somebody else")
    plan = seen.plan(mode=mode)
    assert verdicts(plan) == [(TOKEN, "touched, value unknown")] and plan.changes == ()
    (one,) = plan.touched
    assert (one.before.touched, one.now.touched) == ("2026-01-01T00:00:01Z", "2026-01-01T00:00:02Z")
    assert str(one.at) == "stacks/web.yaml:2"
    assert plan_exit_code(Judged(plan, ()), detailed=False) == 16
    assert seen.apply(mode=mode).exit_code() == 16
    assert seen.toy.sent[-1] == "of somebody else"


def test_an_apply_does_not_make_a_touch_right_and_tells_it_once_in_the_history(seen: Library) -> None:
    seen.toy.write("token", "of somebody else")
    for _ in range(3):
        seen.apply()
        assert verdicts(seen.plan()) == [(TOKEN, "touched, value unknown")]
    assert seen.memory().sightings[TOKEN].noticed == "2026-01-01T00:00:02Z"
    assert [one.what for one in seen.entries()] == ["seen", "touched"]
    seen.toy.write("token", "once more")
    seen.apply()
    assert [one.what for one in seen.entries()] == ["seen", "touched", "touched"]


def test_a_value_that_the_platform_shows_is_compared_by_its_fingerprint(keyed: Library) -> None:
    watched(keyed, shown=True)
    keyed.toy.write("token", "of a person", shown=True)
    assert keyed.plan().touched == ()
    keyed.toy.write("token", "of somebody else", shown=True)
    assert verdicts(keyed.plan()) == [(TOKEN, "value changed")]
    keyed.toy.write("token", "of a person", shown=True)
    assert keyed.plan().touched == ()
    assert b"of a person" not in keyed.bytes_kept()


def test_a_touch_that_is_put_right_by_hand_is_no_longer_told(keyed: Library) -> None:
    watched(keyed, shown=True)
    keyed.toy.write("token", "of somebody else", shown=True)
    keyed.apply()
    assert keyed.memory().sightings[TOKEN].noticed
    keyed.toy.write("token", "of a person", shown=True)
    assert keyed.apply().exit_code() == 0
    assert keyed.memory().sightings[TOKEN].noticed == ""


def test_once_nobody_can_read_it_the_time_is_compared(keyed: Library) -> None:
    watched(keyed, shown=True)
    keyed.toy.write("token", "of a person")
    assert verdicts(keyed.plan()) == [(TOKEN, "touched, value unknown")]


def test_without_a_key_the_time_is_compared_and_the_fingerprint_is_kept_for_later(
    keyed: Library, library: Library
) -> None:
    watched(keyed, shown=True)
    print = keyed.memory().sightings[TOKEN].prints["value"]
    with keyed.shop as shop:
        shop.key_file.rename(shop.key_file.with_name("away"))
    assert keyed.apply().exit_code() == 0
    assert keyed.memory().sightings[TOKEN].prints["value"] == print
    keyed.toy.write("token", "of a person", shown=True)
    plan = keyed.plan()
    assert verdicts(plan) == [(TOKEN, "touched, value unknown")]
    assert any(one.startswith("1 of the secrets can be compared by time only") for one in plan.warnings)


def test_a_fingerprint_is_added_once_there_is_a_key(library: Library) -> None:
    watched(library, shown=True)
    assert set(library.memory().sightings[TOKEN].prints) == {"touched"}
    begin(library)
    library.apply()
    assert set(library.memory().sightings[TOKEN].prints) == {"touched", "value"}


def test_without_time_and_value_nothing_is_told(keyed: Library) -> None:
    keyed.toy.tells_time = False
    watched(keyed)
    keyed.toy.write("token", "of somebody else")
    assert keyed.plan().touched == ()


def test_what_is_gone_is_missing_and_its_successor_is_a_touch(seen: Library) -> None:
    del seen.toy.held["token"]
    plan = seen.plan()
    assert plan.touched == () and [gap.exit_code for gap in plan.gaps] == [16]
    seen.apply()
    seen.toy.write("token", "made anew")
    assert verdicts(seen.plan()) == [(TOKEN, "touched, value unknown")]


def test_what_is_no_longer_declared_is_forgotten_and_never_deleted(seen: Library) -> None:
    seen.write("web", "account: acme\ntoy: {setting: {plain: {value: hello}}}\n")
    assert seen.apply().exit_code() == 0
    assert "token" in seen.toy.held and seen.memory().sightings == {}
    seen.toy.write("token", "of somebody else")
    seen.write("web", DECLARED.replace("{token", "{plain: {value: hello}, token"))
    assert seen.plan().touched == ()


def test_a_new_name_does_not_hide_who_wrote_it(seen: Library) -> None:
    seen.toy.write("token", "of somebody else")
    seen.write("web", "account: acme\ntoy: {setting: {renamed: {name: token, exists: true}}}\n")
    renamed = Place("web", Address("toy", "setting", "renamed"))
    assert verdicts(seen.plan()) == [(renamed, "touched, value unknown")]
    seen.apply()
    assert list(seen.memory().sightings) == [renamed]
    assert verdicts(seen.plan()) == [(renamed, "touched, value unknown")]


def test_what_was_ours_and_is_only_seen_now_is_let_go_and_never_deleted(keyed: Library) -> None:
    keyed.environment.setenv("API_KEY", "hunter2")
    keyed.write("web", DECLARED.replace("exists: true", "from_env: API_KEY"))
    keyed.apply()
    keyed.write("web", DECLARED)
    plan = keyed.plan()
    assert plan.changes == () and any("lets it go" in one for one in plan.warnings)
    keyed.apply()
    assert keyed.memory().owned == () and TOKEN in keyed.memory().sightings
    assert keyed.plan().warnings == () and keyed.plan(mode="drift").changes == ()
    keyed.write("web", "account: acme\ntoy: {setting: {plain: {value: hello}}}\n")
    assert [one.verb for one in keyed.plan().changes] == ["create"]
    keyed.apply()
    assert "token" in keyed.toy.held


def test_what_was_only_seen_and_is_ours_now_has_no_history_of_that(seen: Library) -> None:
    seen.environment.setenv("API_KEY", "hunter2")
    seen.write("web", DECLARED.replace("exists: true", "from_env: API_KEY"))
    plan = seen.plan()
    assert [(one.verb, one.cause) for one in plan.changes] == [("adopt", "unknown")]
    seen.apply()
    assert seen.memory().sightings == {}


def test_an_end_of_a_stack_neither_tells_nor_forgets_what_is_only_seen(seen: Library) -> None:
    seen.toy.write("token", "of somebody else")
    assert seen.plan(mode="destroy").touched == ()
    seen.apply(mode="destroy")
    assert "token" in seen.toy.held and TOKEN in seen.memory().sightings


def test_a_pass_over_other_addresses_neither_tells_nor_remembers_it(seen: Library) -> None:
    seen.toy.write("token", "of somebody else")
    chosen = Choice(excluded=frozenset([TOKEN.address]))
    assert seen.plan(choice=chosen).touched == ()
    assert seen.apply(choice=chosen).exit_code() == 0
    assert seen.memory().sightings[TOKEN].noticed == ""
    assert verdicts(seen.plan()) == [(TOKEN, "touched, value unknown")]
