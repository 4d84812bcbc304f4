"""A project, an environment or a service gets another name, at the console or in the stack file: one update."""

from typing import Any

import pytest

from reconcile.loop import plan_exit_code

from .estate import Runbooks, changed, proved, settled
from .estate import built as built
from .estate import runbooks as runbooks

STACK = {"project": "bilko", "environment": "bilko-staging", "service": "bilko"}
OLD = {"project": "bilko", "environment": "staging", "service": "api"}


def kept(runbooks: Runbooks) -> list[tuple[str, str, object]]:
    """What must not be made anew: ids and values."""
    kinds = ("project", "environment", "service", "instance", "variable", "shared-variable", "domain", "volume")
    return [(kind, str(one["id"]), one.get("value")) for kind in kinds for one in runbooks.shelf(kind)]


@pytest.mark.parametrize("kind", OLD)
def test_a_name_that_a_person_changed_is_put_back_and_all_below_stays(runbooks: Runbooks, kind: str) -> None:
    before, deploys, records = kept(runbooks), runbooks.deploys(), runbooks.live(account="bilko")
    id = runbooks.one(kind, name=OLD[kind])["id"]
    runbooks.world.edit("railway", kind, id, "bilko", {"name": "renamed"})
    for mode in ("spec", "drift"):
        judged = runbooks.plan(mode=mode)
        (one,) = changed(judged)
        assert one[:3] == (STACK[kind], "update", "drift") and one[3].startswith(f"railway.{kind}.")
        assert plan_exit_code(judged, detailed=True) == 2
        assert [field.name for change in judged.plan.changes for field in change.fields] == ["name"]
    proved(runbooks.apply())
    assert runbooks.one(kind, name=OLD[kind])["id"] == id
    assert (kept(runbooks), runbooks.deploys(), runbooks.live(account="bilko")) == (before, deploys, records)
    settled(runbooks.plan())
    assert changed(runbooks.drift()) == []


@pytest.mark.parametrize("kind", OLD)
def test_a_name_that_the_stack_file_changes_is_one_update(runbooks: Runbooks, kind: str) -> None:
    def rename(held: dict[str, Any]) -> None:
        entries = held["railway"][kind]
        entries[OLD[kind]] = {**(entries[OLD[kind]] or {}), "name": "renamed"}

    before, deploys = kept(runbooks), runbooks.deploys()
    id = runbooks.one(kind, name=OLD[kind])["id"]
    runbooks.change(STACK[kind], rename)
    (one,) = changed(runbooks.plan())
    assert one[:3] == (STACK[kind], "update", "git")
    proved(runbooks.apply())
    assert runbooks.one(kind, name="renamed")["id"] == id
    assert (kept(runbooks), runbooks.deploys()) == (before, deploys)
    settled(runbooks.plan())
    # What is remembered goes along: nothing drifts, and what is edited now is told as that.
    assert changed(runbooks.drift()) == []
    environment = "renamed" if kind == "environment" else "staging"
    runbooks.edit_variable("renamed" if kind == "service" else "api", "NODE_ENV", environment, value="by-hand")
    assert [one[1:] for one in changed(runbooks.plan())] == [("update", "drift", "railway.variable.api/NODE_ENV")]
    proved(runbooks.apply())


def test_what_is_edited_below_a_renamed_service_is_put_back_with_its_name(runbooks: Runbooks) -> None:
    id = runbooks.one("service", name="api")["id"]
    runbooks.world.edit("railway", "service", id, "bilko", {"name": "renamed"})
    runbooks.edit_variable("renamed", "NODE_ENV", value="by-hand")
    assert [one[1:] for one in changed(runbooks.plan())] == [
        ("update", "drift", "railway.service.api"),
        ("update", "drift", "railway.variable.api/NODE_ENV"),
    ]
    proved(runbooks.apply())
    assert runbooks.value("api", "NODE_ENV") != "by-hand"
    settled(runbooks.plan())


@pytest.mark.parametrize("kind", ["environment", "project"])
def test_what_is_taken_out_below_a_renamed_thing_is_deleted_after_the_name_is_back(
    runbooks: Runbooks, kind: str
) -> None:
    id = runbooks.one(kind, name=OLD[kind])["id"]
    runbooks.world.edit("railway", kind, id, "bilko", {"name": "renamed"})
    runbooks.change("bilko-staging", lambda held: held["railway"]["instance"]["api"]["variables"].pop("NODE_ENV"))
    verbs = [(one.verb, one.wave) for one in runbooks.plan().plan.changes]
    assert verbs == [("update", 0), ("delete", 1)]
    proved(runbooks.apply())
    assert not runbooks.shelf("variable", environment="staging", service="api", name="NODE_ENV")
    settled(runbooks.plan())


def test_what_another_stack_renamed_is_no_change_of_the_stacks_that_use_it(runbooks: Runbooks) -> None:
    id = runbooks.one("service", name="api")["id"]
    runbooks.world.edit("railway", "service", id, "bilko", {"name": "renamed"})
    judged = runbooks.plan("bilko-production")
    assert (changed(judged), judged.plan.gaps) == ([], ())


def test_a_name_that_somebody_took_meanwhile_is_not_fought_for_below(runbooks: Runbooks) -> None:
    """Two services and one name: the plan still shows what it would have to make anew, and holds it."""
    id = runbooks.one("service", name="api")["id"]
    runbooks.world.edit("railway", "service", id, "bilko", {"name": "renamed"})
    runbooks.world.create("railway", "service", "api", "bilko", {"project": "bilko"})
    before = kept(runbooks)
    run = runbooks.apply()
    assert run.exit_code() != 0
    assert not [one for one in run.outcomes if one.status == "done" and one.change.verb in ("replace", "delete")]
    assert kept(runbooks) == before
