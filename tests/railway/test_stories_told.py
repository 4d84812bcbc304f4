"""What a plan says besides its changes, and what waits for a person: config files, staged changes, ended services."""

import json

from reconcile.loop import Consent, plan_exit_code
from reconcile.model.verdict import Judged

from .documents import DOCUMENTS
from .estate import Runbooks, changed, proved, settled
from .estate import built as built
from .estate import runbooks as runbooks
from .talk import Talk

FILE = {"deploy": {"startCommand": "from-the-file", "healthcheckPath": "/from-the-file"}}


def with_a_file(runbooks: Runbooks) -> None:
    """The api of Bilko's production carries a railway.json; Railway still reads such files."""
    pretend = runbooks.world.mount("railway").pretend
    pretend.files_until = "9999-12-31"  # type: ignore[attr-defined]
    id = runbooks.one("instance", environment="production", service="api")["id"]
    runbooks.world.edit("railway", "instance", id, "bilko", {"repositoryFile": json.dumps(FILE)})


def notes(judged: Judged) -> list[str]:
    return [one for one in judged.plan.warnings if one.startswith("bilko/")]


def test_a_service_whose_repository_carries_a_config_file_is_told_not_fought(runbooks: Runbooks) -> None:
    assert notes(runbooks.plan("bilko-production")) == []
    with_a_file(runbooks)
    judged = runbooks.plan("bilko-production")
    (note,) = notes(judged)
    assert "bilko/production/api: /railway.json" in note and "healthcheck_path, start_command" in note
    assert "2026-12-01" in note and "`trueup import railway.json`" in note
    assert (changed(judged), plan_exit_code(judged, detailed=True)) == ([], 0)
    assert changed(runbooks.drift("bilko-production")) == []
    deploys = runbooks.deploys()
    assert runbooks.apply("bilko-production").outcomes == ()
    assert runbooks.deploys() == deploys


def test_what_the_file_leaves_open_is_still_put_back(runbooks: Runbooks) -> None:
    with_a_file(runbooks)
    id = runbooks.one("instance", environment="production", service="api")["id"]
    runbooks.world.edit("railway", "instance", id, "bilko", {"numReplicas": "7", "startCommand": "by-hand"})
    assert changed(runbooks.plan()) == [("bilko-production", "update", "drift", "railway.instance.api")]
    proved(runbooks.apply())
    config = runbooks.one("instance", environment="production", service="api")["config"]
    assert config["deploy"]["startCommand"] == "by-hand", "the settings below the file are not ours to fight over"
    settled(runbooks.plan())


def test_a_note_is_told_for_the_chosen_stacks_alone(runbooks: Runbooks) -> None:
    with_a_file(runbooks)
    assert notes(runbooks.plan("bilko-staging")) == notes(runbooks.plan("bilko")) == []


def test_a_staged_change_of_a_person_is_told_and_outlives_an_apply(runbooks: Runbooks) -> None:
    talk = Talk(runbooks.world, "bilko")
    talk.http.headers["Authorization"] = f"Bearer {runbooks.tokens['bilko', 'railway']}"
    environment = runbooks.one("environment", name="production")["id"]
    service = runbooks.one("service", name="api")["id"]
    patch = {"services": {service: {"variables": {"MINE": {"value": "not-yet"}}}}}
    talk.send(DOCUMENTS["Stage"], "Stage", e=environment, p=patch)
    (note,) = notes(runbooks.plan())
    assert note.startswith("bilko/production: a staged change waits") and "not-yet" not in note
    runbooks.edit_variable("api", "NODE_ENV", value="development")
    proved(runbooks.apply())
    (staged,) = runbooks.shelf("patch", status="STAGED")
    assert staged["patch"] == patch
    assert not runbooks.shelf("variable", name="MINE")
    assert "CommitStaged" not in runbooks.operations()


def test_an_instance_taken_out_of_a_stack_waits_for_a_person_with_all_that_stands_in_it(runbooks: Runbooks) -> None:
    def without(held: dict[str, dict[str, dict[str, object]]]) -> None:
        del held["railway"]["instance"]["api"]
        del held["railway"]["domain"]
        del held["secrets"]
        held["cloudflare"]["records"] = {"bilko-io": {"old-staging": {"type": "CNAME", "content": "bilko.io"}}}

    kept, records = runbooks.of_environment("staging"), runbooks.live(account="bilko")
    runbooks.change("bilko-staging", without)
    judged = runbooks.plan("bilko-staging")
    assert plan_exit_code(judged, detailed=False) == 11
    run = runbooks.apply("bilko-staging")
    assert run.exit_code() == 11
    held = {str(one.change.address) for one in run.outcomes if one.status == "held"}
    why = {
        str(one.change.address): one.reason for one in judged.verdicts if one.change and one.rule.startswith("ending")
    }
    assert why.keys() == held == {str(one.address) for one in judged.plan.changes if one.verb == "delete"}
    assert {address for address in held if address.startswith("cloudflare.")} == {
        *("cloudflare.record.bilko-io/api-staging", "cloudflare.record.bilko-io/api-staging-verify")
    }
    assert "deleting it ends the service there" in why["railway.instance.api"]
    assert "railway.instance.api" in why["railway.domain.api"]
    assert runbooks.of_environment("staging") == kept
    left = runbooks.live(account="bilko")
    assert [one for one in records if one not in left] == [], "its names still lead to it"
    again = runbooks.plan("bilko-staging")
    proved(runbooks.apply("bilko-staging", consent=Consent(again.plan.digest, approve=True, confirm_destructive=True)))
    assert not runbooks.shelf("instance", environment="staging", service="api")


def test_an_agreement_to_what_is_destructive_alone_does_not_end_a_service(runbooks: Runbooks) -> None:
    def without(held: dict[str, dict[str, dict[str, object]]]) -> None:
        del held["railway"]["instance"]["api"]
        del held["railway"]["domain"]
        del held["secrets"]
        held["cloudflare"]["records"] = {}

    runbooks.change("bilko-staging", without)
    run = runbooks.apply("bilko-staging", consent=Consent(confirm_destructive=True))
    assert {one.status for one in run.outcomes if one.change.address.platform == "railway"} == {"held"}
    assert runbooks.shelf("instance", environment="staging", service="api")
