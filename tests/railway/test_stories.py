"""Two systems on Railway and DNS together, from an empty workspace on: what is applied, what follows, what is kept."""

from pathlib import Path

import pytest
import yaml

from reconcile.loop import Consent, plan_exit_code
from reconcile.model.errors import WrongAccount
from reconcile.platforms.railway import Variable
from tests.stories.estate import unmanaged

from .estate import BILKO, STACKS, Runbooks, changed, proved, settled
from .estate import built as built
from .estate import runbooks as runbooks

RECORDS = {
    "cloudflare.record.bilko-io/api",
    "cloudflare.record.bilko-io/api-verify",
}


def test_every_stack_applies_to_an_empty_world_in_the_order_of_uses(tmp_path: Path) -> None:
    estate = Runbooks(tmp_path)
    waiting = set()
    for stack in estate.stacks():
        run = estate.apply(stack)
        assert run.outcomes
        by_person = {gap.exit_code for gap in run.judged.plan.gaps}
        assert by_person <= {16}
        proved(run, 16 if by_person else 0)
        again = estate.plan(stack)
        assert changed(again) == []
        rotates = 2 if again.plan.astray else 0
        assert plan_exit_code(again, detailed=True) == (16 if by_person else rotates)
        waiting |= {stack} if by_person else set()
    assert waiting == set(estate.stacks()) - {"bilko", "bunty", "capliquify", "vendhub-production"}
    assert estate.by_hand() > 0
    last = estate.apply()
    assert (last.outcomes, last.exit_code()) == ((), 0)
    assert changed(estate.plan()) == changed(estate.drift()) == []
    assert estate.plan().plan.gaps == ()
    assert unmanaged(estate.plan()) == []
    # Railway makes a project's first environment with it: it is ours, whichever stack declares it, without a person.
    settled(estate.plan())


def test_an_environment_that_came_with_a_project_is_ours_and_one_that_a_person_made_is_not(tmp_path: Path) -> None:
    def to_adopt(stack: str) -> list[str]:
        return [str(one.address) for one in estate.plan(stack).plan.adopt]

    estate = Runbooks(tmp_path)
    proved(estate.apply("bilko"))
    came = {("bilko", "railway.environment", str(estate.one("environment", name="production")["id"]))}
    assert estate.memory().came == came
    estate.world.create("railway", "environment", "staging", "bilko", {"project": "bilko"})
    assert (to_adopt("bilko-production"), to_adopt("bilko-staging")) == ([], ["railway.environment.staging"])
    proved(estate.apply("bilko-production"), 16)
    assert estate.memory().came == set()
    # Who lets go of it does not get it back unasked.
    estate.forget("bilko-production", "railway.environment.production")
    assert to_adopt("bilko-production") == ["railway.environment.production"]


def test_an_environment_made_anew_by_hand_under_the_name_of_one_that_came_is_not_ours(tmp_path: Path) -> None:
    estate = Runbooks(tmp_path)
    proved(estate.apply("bilko"))
    estate.world.create("railway", "environment", "meanwhile", "bilko", {"project": "bilko"})
    estate.world.delete("railway", "environment", estate.one("environment", name="production")["id"], "bilko", {})
    estate.world.create("railway", "environment", "production", "bilko", {"project": "bilko"})
    adopt = [str(one.address) for one in estate.plan("bilko-production").plan.adopt]
    assert adopt == ["railway.environment.production"]


def test_all_stacks_apply_at_once(tmp_path: Path) -> None:
    estate = Runbooks(tmp_path)
    proved(estate.apply(), 16)
    assert estate.by_hand() > 0
    settled(estate.plan())
    assert changed(estate.drift()) == []


def test_each_instance_is_deployed_once_by_the_first_apply(tmp_path: Path) -> None:
    estate = Runbooks(tmp_path)
    proved(estate.apply(), 16)
    where = [(one["environment"], one["service"]) for one in estate.shelf("deployment", "capliquify")]
    # The application waits for the first values of its secrets.
    assert sorted(where) == [(one, "mcp-server") for one in ("development", "production", "testing")]


@pytest.mark.parametrize("stack", ["bilko-production", "bilko-staging"])
def test_an_environment_whose_project_is_not_applied_is_blocked(tmp_path: Path, stack: str) -> None:
    estate = Runbooks(tmp_path)
    run = estate.apply(stack)
    assert run.exit_code() == 17
    # What stands on other platforms waits for nobody, and its records with it.
    assert not [one.change.address for one in run.outcomes if one.change.address.platform == "railway"]
    assert {one.status for one in run.outcomes} <= {"done"}
    assert set(estate.operations()) == {"Projects"}
    assert {gap.exit_code for gap in run.judged.plan.gaps} == {16, 17}
    used = stack.partition("-")[0]
    proved(estate.apply(used))
    proved(estate.apply(stack), 16)


def test_a_domains_target_moves_and_its_record_follows(runbooks: Runbooks) -> None:
    before = runbooks.deploys()
    kept = [one for one in runbooks.live(account="bilko") if "api.bilko.io" not in one["name"]]
    domain = runbooks.one("domain", name="api.bilko.io")
    moved = {"target": "moved.up.railway.app", "token": "0" * 40}
    runbooks.world.edit("railway", "domain", domain["id"], "bilko", moved)
    judged = runbooks.plan()
    assert {(stack, verb, cause) for stack, verb, cause, _ in changed(judged)} == {
        ("bilko-production", "update", "reference")
    }
    assert {address for *_, address in changed(judged)} == RECORDS
    proved(runbooks.apply())
    assert runbooks.dns("api.bilko.io", "CNAME")["content"] == "moved.up.railway.app"
    assert runbooks.dns("_railway-verify.api.bilko.io", "TXT")["content"] == f'"railway-verify={"0" * 40}"'
    assert [one for one in runbooks.live(account="bilko") if "api.bilko.io" not in one["name"]] == kept
    assert runbooks.deploys() == before
    settled(runbooks.plan())


def test_healing_follows_a_moved_target_too(runbooks: Runbooks) -> None:
    domain = runbooks.one("domain", name="api.bilko.io")
    runbooks.world.edit("railway", "domain", domain["id"], "bilko", {"target": "moved.up.railway.app"})
    cname = ("bilko-production", "update", "reference", "cloudflare.record.bilko-io/api")
    assert changed(runbooks.drift()) == [cname]
    # What the stack files say since is not healing's to apply.
    runbooks.change("bilko-production", lambda held: held["railway"]["instance"]["api"].update(replicas=2))
    before = runbooks.deploys()
    proved(runbooks.heal())
    assert runbooks.dns("api.bilko.io", "CNAME")["content"] == "moved.up.railway.app"
    assert runbooks.deploys() == before
    assert changed(runbooks.drift()) == []


def test_healing_makes_a_domain_anew_and_its_records_follow(runbooks: Runbooks) -> None:
    runbooks.world.delete("railway", "domain", runbooks.one("domain", name="api-staging.bilko.io")["id"], "bilko", {})
    proved(runbooks.heal())
    made = runbooks.one("domain", name="api-staging.bilko.io")
    assert runbooks.dns("api-staging.bilko.io", "CNAME")["content"] == made["target"]
    assert made["token"] in runbooks.dns("_railway-verify.api-staging.bilko.io", "TXT")["content"]
    settled(runbooks.plan())


def test_a_domain_made_anew_takes_its_records_along(runbooks: Runbooks) -> None:
    runbooks.world.delete("railway", "domain", runbooks.one("domain", name="api-staging.bilko.io")["id"], "bilko", {})
    old = runbooks.dns("api-staging.bilko.io", "CNAME")["content"]
    assert ("bilko-staging", "create", "drift", "railway.domain.api") in changed(runbooks.plan())
    proved(runbooks.apply())
    made = runbooks.one("domain", name="api-staging.bilko.io")
    assert made["target"] != old
    assert runbooks.dns("api-staging.bilko.io", "CNAME")["content"] == made["target"]
    assert made["token"] in runbooks.dns("_railway-verify.api-staging.bilko.io", "TXT")["content"]
    settled(runbooks.plan())


def test_a_record_edited_by_hand_is_put_back_to_its_domain(runbooks: Runbooks) -> None:
    target = runbooks.one("domain", name="api.bilko.io")["target"]
    runbooks.world.edit("cloudflare", "record", "api.bilko.io", "bilko", {"content": "elsewhere.example.net"})
    assert changed(runbooks.plan()) == [
        ("bilko-production", "update", "drift", "cloudflare.record.bilko-io/api"),
    ]
    proved(runbooks.apply())
    assert runbooks.dns("api.bilko.io", "CNAME")["content"] == target


def test_a_foreign_service_is_shown_and_left_alone(runbooks: Runbooks) -> None:
    where = {"project": "bilko", "environment": "production"}
    runbooks.world.create("railway", "service", "metabase", "bilko", {"project": "bilko"})
    runbooks.world.create("railway", "variable", "MINE", "bilko", {**where, "service": "metabase", "value": "x"})
    runbooks.world.create("railway", "variable", "THEIRS", "bilko", {**where, "service": "api", "value": "x"})
    there = runbooks.everything()
    judged = runbooks.plan()
    assert changed(judged) == []
    shown = {(one.account, one.seen.kind, one.seen.resource.title()) for one in judged.plan.unmanaged}
    assert shown >= {
        ("bilko", "railway.service", "bilko metabase"),
        ("bilko", "railway.instance", "bilko/production metabase"),
        ("bilko", "railway.variable", "bilko/production/metabase MINE"),
        ("bilko", "railway.variable", "bilko/production/api THEIRS"),
    }
    proved(runbooks.apply())
    assert runbooks.everything() == there
    runbooks.edit_variable("api", "NODE_ENV", value="development")
    proved(runbooks.apply())
    assert runbooks.value("metabase", "MINE") == runbooks.value("api", "THEIRS") == "x"
    assert runbooks.deploys() == len(there["bilko"]["deployment"]) + 1
    assert not runbooks.shelf("deployment", service="metabase")


NAMES = tuple(sorted(path.stem for path in STACKS.glob("*.yaml") if not path.name.startswith("_")))


def test_there_are_shared_stacks_and_stacks_of_environments() -> None:
    assert len(NAMES) == 10
    assert {"bilko", "bilko-staging", "capliquify", "capliquify-testing"} <= set(NAMES)


def edit_everywhere(runbooks: Runbooks) -> set[str]:
    """A person edits one plain variable that each stack declares. Returns the stacks that declare any."""
    edited = set()
    with runbooks.workshop() as shop:
        declared = list(shop.tree.declared())
    for one in declared:
        held = one.resource
        if isinstance(held, Variable) and isinstance(held.value, str) and one.stack not in edited:
            environment, service = held.instance.split("/")[1:]
            where = {"environment": environment, "service": service, "name": held.name}
            live = runbooks.one("variable", one.account, **where)
            runbooks.world.edit("railway", "variable", live["id"], one.account, {"value": "by hand"})
            edited.add(one.stack)
    return edited


def test_a_plan_of_one_stack_is_of_that_stack_alone(runbooks: Runbooks) -> None:
    """Whatever moved elsewhere, and whoever declares the rest: nothing of another stack is planned or unmanaged."""
    edited, moved = edit_everywhere(runbooks), set()
    assert edited == set(NAMES) - {"bilko", "bunty", "capliquify"}
    for stack in NAMES:
        for judged in (runbooks.plan(stack), runbooks.drift(stack)):
            assert {one for one, *_ in changed(judged)} <= {stack}
            assert (unmanaged(judged), judged.plan.gaps, judged.plan.adopt) == ([], (), ())
            moved |= {one for one, *_ in changed(judged)}
    assert moved == edited == {one for one, *_ in changed(runbooks.plan())}


def test_what_nobody_declares_is_unmanaged_in_its_own_environments_plan(runbooks: Runbooks) -> None:
    where = {"project": "bilko", "environment": "staging", "service": "api", "value": "x"}
    runbooks.world.create("railway", "variable", "THEIRS", "bilko", where)
    shown = {stack: unmanaged(runbooks.plan(stack)) for stack in BILKO}
    assert shown == {"bilko": [], "bilko-production": [], "bilko-staging": ["bilko/staging/api THEIRS"]}


def test_a_project_in_a_workspace_of_which_nothing_is_declared_is_shown(runbooks: Runbooks) -> None:
    runbooks.world.create("railway", "project", "side-project", "bunty", {})
    judged = runbooks.plan()
    assert unmanaged(judged) == ["side-project"]
    assert changed(judged) == []
    assert unmanaged(runbooks.plan("bunty")) == [], "a pass of one stack looks at nothing but its own"


def asked_of(runbooks: Runbooks, account: str) -> list[str]:
    return [
        str(one["path"]) for one in runbooks.world.calls() if (one["account"], one["platform"]) == (account, "railway")
    ]


def test_a_workspace_that_no_stack_uses_costs_one_call_and_only_where_all_stacks_are_planned(
    runbooks: Runbooks,
) -> None:
    runbooks.world.create("railway", "project", "side-project", "bunty", {})
    runbooks.plan()
    assert asked_of(runbooks, "bunty") == ["/graphql/v2?query=Projects"]
    runbooks.world.clear_calls()
    for stack in runbooks.stacks():
        runbooks.plan(stack)
    assert asked_of(runbooks, "bunty") == []


@pytest.mark.parametrize("status", [401, 403, 500])
def test_a_workspace_that_no_stack_uses_and_that_cannot_be_read_fails_nothing(runbooks: Runbooks, status: int) -> None:
    runbooks.fault(f"{status} POST times=always account=bunty", "railway")
    judged = runbooks.plan()
    settled(judged)
    assert plan_exit_code(judged, detailed=True) == 0
    (told,) = [one for one in judged.plan.warnings if "bunty" in one]
    assert told.startswith("account bunty on railway, which no stack uses, was not looked at: ")
    proved(runbooks.apply())


def test_a_workspace_that_no_stack_uses_and_whose_credential_is_not_set_fails_nothing(runbooks: Runbooks) -> None:
    with runbooks.workshop() as shop:
        reconciler = shop.reconciler()
        del reconciler.platforms["bunty", "railway"]  # type: ignore[attr-defined]
        reconciler.blind = {("bunty", "railway"): "environment variable BUNTY_RAILWAY_TOKEN is not set"}
        judged = reconciler.plan(shop.tree.stacks)
    settled(judged)
    assert any(one.endswith("BUNTY_RAILWAY_TOKEN is not set") for one in judged.plan.warnings)
    assert plan_exit_code(judged, detailed=True) == 0


def test_the_token_of_another_workspace_is_refused_even_where_no_stack_uses_it(runbooks: Runbooks) -> None:
    runbooks.tokens["bunty", "railway"] = runbooks.tokens["bilko", "railway"]
    with pytest.raises(WrongAccount, match="account bunty opens railway account"):
        runbooks.plan()


def test_a_variable_taken_from_staging_stays_in_production(runbooks: Runbooks) -> None:
    production = runbooks.of_environment("production")
    runbooks.change("bilko-staging", lambda held: held["railway"]["instance"]["api"]["variables"].pop("NODE_ENV"))
    assert changed(runbooks.plan()) == [("bilko-staging", "delete", "git", "railway.variable.api/NODE_ENV")]
    proved(runbooks.apply())
    assert not runbooks.shelf("variable", environment="staging", service="api", name="NODE_ENV")
    assert runbooks.of_environment("production") == production
    settled(runbooks.plan())


def test_a_variable_taken_from_one_of_three_environments_stays_in_the_others(runbooks: Runbooks) -> None:
    others = [runbooks.of_environment(one, "capliquify") for one in ("development", "production")]
    name = "VITE_CLERK_PUBLISHABLE_KEY"
    runbooks.change("capliquify-testing", lambda held: held["railway"]["instance"]["app"]["variables"].pop(name))
    assert changed(runbooks.plan()) == [("capliquify-testing", "delete", "git", f"railway.variable.app/{name}")]
    proved(runbooks.apply())
    assert not runbooks.shelf("variable", "capliquify", environment="testing", name=name)
    assert [runbooks.of_environment(one, "capliquify") for one in ("development", "production")] == others


def test_a_domain_under_another_address_is_the_same_domain(runbooks: Runbooks) -> None:
    def rename(held: dict[str, dict[str, dict[str, object]]]) -> None:
        text = yaml.safe_dump(held).replace("railway.domain.api.", "railway.domain.web.")
        held.update(yaml.safe_load(text))
        held["railway"]["domain"] = {"web": held["railway"]["domain"]["api"]}
        held["moved"] = [{"from": "railway.domain.api", "to": "railway.domain.web"}]  # type: ignore[assignment]

    there = runbooks.everything(), runbooks.everything("cloudflare")
    runbooks.change("bilko-staging", rename)
    judged = runbooks.plan()
    assert changed(judged) == []
    moves = [(one.stack, str(one.before), str(one.address)) for one in judged.plan.owning if one.before]
    assert moves == [("bilko-staging", "railway.domain.api", "railway.domain.web")]
    proved(runbooks.apply())
    assert (runbooks.everything(), runbooks.everything("cloudflare")) == there
    settled(runbooks.plan())
    assert [one for one in runbooks.plan().plan.owning if one.before] == []
    # What was remembered of the records names the new address, so that they still follow.
    domain = runbooks.one("domain", name="api-staging.bilko.io")
    runbooks.world.edit("railway", "domain", domain["id"], "bilko", {"target": "moved.up.railway.app"})
    cname = ("bilko-staging", "update", "reference", "cloudflare.record.bilko-io/api-staging")
    assert changed(runbooks.plan()) == changed(runbooks.drift()) == [cname]


def test_an_instance_taken_from_staging_stays_in_production(runbooks: Runbooks) -> None:
    def without(held: dict[str, dict[str, dict[str, object]]]) -> None:
        del held["railway"]["instance"]["api"]
        del held["railway"]["domain"]
        del held["secrets"]
        # One record stays: a stack that declares nothing more on a platform is refused, and that is another story.
        held["cloudflare"]["records"] = {"bilko-io": {"old-staging": {"type": "CNAME", "content": "bilko.io"}}}

    production = runbooks.of_environment("production")
    records = [one for one in runbooks.live(account="bilko") if "staging" not in one["name"]]
    runbooks.change("bilko-staging", without)
    judged = runbooks.plan()
    assert {stack for stack, *_ in changed(judged)} == {"bilko-staging"}
    run = runbooks.apply(consent=Consent(judged.plan.digest, approve=True, confirm_destructive=True))
    proved(run)
    assert not runbooks.shelf("instance", environment="staging", service="api")
    assert not runbooks.shelf("domain", environment="staging")
    assert runbooks.one("service", name="api")
    assert runbooks.of_environment("production") == production
    assert [one for one in runbooks.live(account="bilko") if "staging" not in one["name"]] == records
    settled(runbooks.plan())


def test_a_destroyed_staging_leaves_production_as_it_is(runbooks: Runbooks) -> None:
    production = runbooks.of_environment("production")
    others = {account: held for account, held in runbooks.everything().items() if account != "bilko"}
    judged = runbooks.plan("bilko-staging", mode="destroy")
    assert {(stack, verb) for stack, verb, *_ in changed(judged)} == {("bilko-staging", "delete")}
    run = runbooks.apply(
        "bilko-staging",
        mode="destroy",
        consent=Consent(judged.plan.digest, approve=True, confirm_destructive=True),
    )
    kept = {str(one.change.address): one.status for one in run.outcomes if one.status != "done"}
    # The volume is deleted by hand only, and so is what it is mounted at.
    assert kept == dict.fromkeys(
        ("railway.environment.staging", "railway.instance.postgres", "railway.volume.postgres"), "denied"
    )
    left = {kind: things for kind, things in runbooks.of_environment("staging").items() if things}
    assert left.keys() == {"volume", "instance", "variable", "deployment", "changeset", "patch"}
    assert [one["name"] for one in left["variable"]] == ["POSTGRES_PASSWORD"], "a person's value is not ours to delete"
    assert sorted(one["name"] for one in runbooks.shelf("service")) == ["Postgres", "api"]
    assert runbooks.of_environment("production") == production
    assert {account: held for account, held in runbooks.everything().items() if account != "bilko"} == others
    assert changed(runbooks.plan("bilko", "bilko-production")) == []


def test_a_service_renamed_by_hand_is_named_back_and_nothing_of_it_is_made_anew(runbooks: Runbooks) -> None:
    def kept() -> list[tuple[str, object]]:
        held = [*runbooks.shelf("instance"), *runbooks.shelf("variable"), *runbooks.shelf("domain")]
        return [(str(one["id"]), one.get("value")) for one in held]

    before, deploys = kept(), runbooks.deploys()
    id = runbooks.one("service", name="api")["id"]
    runbooks.world.edit("railway", "service", id, "bilko", {"name": "backend"})
    assert changed(runbooks.plan()) == [("bilko", "update", "drift", "railway.service.api")]
    proved(runbooks.apply())
    assert runbooks.one("service", name="api")["id"] == id
    assert (kept(), runbooks.deploys()) == (before, deploys)
    settled(runbooks.plan())


def test_an_environment_deleted_by_hand_is_built_again_and_its_records_follow(runbooks: Runbooks) -> None:
    production = runbooks.of_environment("production")
    runbooks.world.delete("railway", "environment", runbooks.one("environment", name="staging")["id"], "bilko", {})
    proved(runbooks.apply(), 16)
    made = runbooks.one("domain", name="api-staging.bilko.io")
    assert runbooks.dns("api-staging.bilko.io", "CNAME")["content"] == made["target"]
    assert runbooks.of_environment("production") == production
    assert runbooks.by_hand() == 3
    settled(runbooks.plan())
