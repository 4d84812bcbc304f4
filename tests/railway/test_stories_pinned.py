"""A thing that the stack file names by its id: it is taken over, never made, and nothing else takes its place."""

from pathlib import Path

import pytest

from reconcile.model.errors import SpecError
from reconcile.model.resource import Address
from reconcile.model.spec import Place
from tests.stories.estate import Estate

PROJECT = """
project: library
ledger: {id: 0a1b2c3d, home: .trueup/ledger.db}
accounts:
  acme: {railway: {id: fef65949-87cf-45fa-a2db-f9616722e802, credentials: {token: ACME_RAILWAY_TOKEN}, tier: pro}}
"""
ID = "6d1ca9b2-75e2-46c6-86a8-ed05161112fe"
STACK = f"""
account: acme
railway:
  project: {{shop: {{name: shop, id: {ID}}}}}
  environment: {{live: {{project: shop}}}}
"""
AT = Place("shop", Address.parse("railway.project.shop"))


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    return Estate(tmp_path, STACK, project=PROJECT)


def test_a_pinned_thing_that_lives_as_declared_is_ours_with_the_first_apply(estate: Estate) -> None:
    run = estate.apply()
    assert run.exit_code() == 0
    assert [(one.change.verb, str(one.change.address)) for one in run.outcomes] == [
        ("create", "railway.environment.live")
    ]
    assert {row.place: row.id for row in estate.memory().owned}[AT] == ID
    again = estate.plan()
    assert (again.plan.changes, again.plan.adopt, again.plan.gaps) == ((), (), ())


def test_what_a_person_renames_is_drift_of_the_pinned_thing(estate: Estate) -> None:
    estate.apply()
    estate.world.edit("railway", "project", "shop", "acme", {"name": "bazaar"})
    (change,) = estate.drift().plan.changes
    assert (change.verb, change.cause, change.id, str(change.address)) == (
        "update",
        "drift",
        ID,
        "railway.project.shop",
    )


def test_another_thing_of_that_name_does_not_take_its_place(estate: Estate) -> None:
    estate.apply()
    estate.world.delete("railway", "project", "shop", "acme", {})
    estate.world.create("railway", "project", "shop", "acme", {})
    for mode in ("spec", "drift"):
        judged = estate.plan(mode=mode)
        assert not [one for one in judged.plan.changes if one.address == AT.address]
        (gap,) = [one for one in judged.plan.gaps if ID in one.reason]
        assert gap.exit_code == 16
        assert "take `id` out of the stack file" in gap.reason
    assert [
        one.seen.resource.title() for one in estate.plan().plan.unmanaged if one.seen.kind == "railway.project"
    ] == ["shop"]
    run = estate.apply()
    assert run.exit_code() == 17  # what is to stand in it was not seen either
    assert len(estate.world.shelf("railway", "acme", "project")) == 1


def test_a_pinned_thing_that_is_gone_is_never_made_anew(estate: Estate) -> None:
    estate.world.delete("railway", "project", "shop", "acme", {})
    run = estate.apply()
    assert run.exit_code() == 17  # what is to stand in it was not seen either
    assert run.outcomes == ()
    assert not estate.world.shelf("railway", "acme", "project")


def test_a_pinned_thing_that_differs_waits_for_a_person_and_is_not_changed(estate: Estate) -> None:
    estate.world.edit("railway", "project", "shop", "acme", {"name": "bazaar"})
    judged = estate.plan()
    (change,) = [one for one in judged.plan.changes if one.address == AT.address]
    assert (change.verb, judged.decision(change)) == ("adopt", "hold")
    estate.apply()
    assert estate.world.shelf("railway", "acme", "project")[ID]["name"] == "bazaar"


@pytest.mark.parametrize("written", ["7", "'${railway.project.shop.name}'", "''", "[a]"])
def test_an_id_that_is_no_text_of_its_own_is_told_with_its_line(estate: Estate, written: str) -> None:
    estate.write("shop", STACK.replace(ID, written))
    with pytest.raises(SpecError) as told:
        estate.plan()
    (problem,) = told.value.problems
    assert (problem.file, problem.line) == ("stacks/shop.yaml", 4)
    assert "must be the platform's id of the thing" in problem.message
