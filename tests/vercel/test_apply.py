"""What is sent, in how many calls, and what becomes of it where something fails."""

from typing import Any

import pytest

from reconcile.model.change import Change
from reconcile.model.secret import SecretText
from reconcile.platforms.vercel import Domain, Project, Variable, Vercel, Webhook

from .bench import Bench, change, check, domain, done, make, project, seen, variable, webhook

GIT = {"repo": "example/web", "branch": "main"}
NAMES = {project: "other", variable: "OTHER", domain: "other.example", check: "other", webhook: "https://other.example"}
HUSH = SecretText("hush-5f2a", "TOKEN", "print-of-hush")


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def vercel(bench: Bench) -> Vercel:
    """A personal account with the project `web`."""
    bench.by_hand("project", "web")
    return bench.vercel()


def told(bench: Bench) -> list[str]:
    """Calls since the log was cleared, ids taken out."""
    ids = {str(one["id"]): "ID" for one in bench.shelf("project")}
    calls = [f"{call['method']} {str(call['path']).partition('?')[0]}" for call in bench.world.calls()]
    for id, word in ids.items():
        calls = [call.replace(id, word) for call in calls]
    return calls


def foretold(bench: Bench, vercel: Vercel, *changes: Change) -> list[Any]:
    """Done, by as many calls as were foretold."""
    bench.world.clear_calls()
    calls = vercel.predict(changes)
    outcomes = done(vercel, *changes)
    assert len(bench.calls()) == calls
    return outcomes


# Projects.


def test_a_project_takes_a_call_to_be_made_one_for_the_rest_and_one_for_its_branch(bench: Bench) -> None:
    want = project(git=GIT, framework="nextjs", node_version="20.x", auto_assign_domains=False)
    (made,) = foretold(bench, bench.vercel(), change(want))
    assert told(bench) == ["POST /v11/projects", "PATCH /v9/projects/ID", "PATCH /v9/projects/ID/branch"]
    assert bench.sent("POST", "/v11/projects") == [
        {"name": "web", "framework": "nextjs", "gitRepository": {"type": "github", "repo": "example/web"}}
    ]
    assert bench.sent("PATCH", "/v9/projects/")[0] == {"nodeVersion": "20.x", "autoAssignCustomDomains": False}
    assert isinstance(made.resource, Project) and made.resource.git == want.git


def test_a_project_with_a_name_alone_takes_one_call(bench: Bench) -> None:
    foretold(bench, bench.vercel(), change(project()))
    assert told(bench) == ["POST /v11/projects"]


@pytest.mark.parametrize(
    ("was", "git", "calls"),
    [
        (None, GIT, ["POST /v9/projects/ID/link", "PATCH /v9/projects/ID/branch"]),
        (GIT, {**GIT, "branch": "next"}, ["PATCH /v9/projects/ID/branch"]),
        (
            GIT,
            {**GIT, "repo": "example/site"},
            ["DELETE /v9/projects/ID/link", "POST /v9/projects/ID/link", "PATCH /v9/projects/ID/branch"],
        ),
    ],
)
def test_a_repository_is_linked_by_calls_of_its_own(bench: Bench, was: Any, git: Any, calls: list[str]) -> None:
    vercel = bench.vercel()
    (made,) = make(vercel, project(git=was))
    (moved,) = foretold(bench, vercel, change(project(git=git), made))
    assert told(bench) == calls
    assert moved.resource.git == project(git=git).git


def test_settings_are_put_back_with_one_call_and_null_is_what_vercel_finds_out(bench: Bench) -> None:
    vercel = bench.vercel()
    (made,) = make(vercel, project(build_command="make", protection="preview", function_regions=["fra1"]))
    want = project(build_command="", protection="none", function_regions=["iad1", "cdg1"])
    (after,) = foretold(bench, vercel, change(want, made))
    assert told(bench) == ["PATCH /v9/projects/ID"]
    thing = bench.one("project", "web")
    assert (thing["buildCommand"], thing["ssoProtection"]) == (None, None)
    assert thing["resourceConfig"]["functionDefaultRegions"] == ["cdg1", "iad1"]
    assert thing["resourceConfig"]["fluid"] is True and after.resource.protection == "none"


def test_a_project_that_is_only_half_made_is_found_again_as_ours(bench: Bench) -> None:
    vercel = bench.vercel()
    bench.fault("403 PATCH /v9/projects/*")
    (outcome,) = vercel.apply([change(project(node_version="20.x"))])
    assert (outcome.status, outcome.exit_code) == ("unsure", 14) and "403" in outcome.error
    (live,) = seen(vercel, Project).values()
    (healed,) = done(vercel, change(project(node_version="20.x"), live))
    assert healed.resource is not None and bench.one("project", "web")["nodeVersion"] == "20.x"


def test_a_host_without_vercels_app_refuses_the_project(bench: Bench) -> None:
    (outcome,) = bench.vercel().apply([change(project(git={**GIT, "repo": "uninstalled/web"}))])
    assert (outcome.status, outcome.exit_code, bench.shelf("project")) == ("failed", 13, [])
    assert "install the GitHub integration" in outcome.error and "repo_not_found" in outcome.error


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("call", ["POST /v11/projects", "PATCH /v9/projects/*", "PATCH /v9/projects/*/branch"])
@pytest.mark.parametrize("fault", ["500", "reset"])
def test_a_step_of_unknown_effect_is_looked_for(bench: Bench, fault: str, moment: str, call: str) -> None:
    vercel, want = bench.vercel(), project(git={**GIT, "branch": "next"}, node_version="20.x")
    bench.fault(f"{fault} {moment} {call}")
    (outcome,) = done(vercel, change(want))
    assert len(bench.shelf("project")) == 1 and outcome.resource is not None
    again = 1 if moment == "before" else 0
    assert len(bench.calls(call.partition(" ")[0])) == (1 if "POST" in call else 2) + again
    assert bench.slept == [5.0] * again


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("verb", ["DELETE", "POST"])
def test_a_link_of_unknown_effect_is_looked_for(bench: Bench, moment: str, verb: str) -> None:
    vercel = bench.vercel()
    (made,) = make(vercel, project(git=GIT))
    bench.fault(f"500 {moment} {verb} /v9/projects/*/link")
    (outcome,) = done(vercel, change(project(git={**GIT, "repo": "example/site"}), made))
    assert bench.one("project", "web")["link"]["repo"] == "site" and outcome.id == made.id


def test_a_project_that_never_answers_is_left_open_after_two_tries(bench: Bench) -> None:
    bench.fault("500 POST /v11/projects times=always")
    (outcome,) = bench.vercel().apply([change(project())])
    assert (outcome.status, len(bench.calls("POST"))) == ("unsure", 2)


def test_a_name_that_is_taken_is_refused_and_nothing_is_touched(bench: Bench, vercel: Vercel) -> None:
    (outcome,) = vercel.apply([change(project(framework="vite"))])
    assert outcome.status == "failed" and "already exists" in outcome.error
    assert bench.one("project", "web")["framework"] is None


# Variables.


def test_the_variables_of_a_project_are_one_upsert(bench: Bench, vercel: Vercel) -> None:
    wanted = [variable("A"), variable("A", targets=["preview"]), variable("B", HUSH)]
    wanted.append(variable("C", HUSH, targets=["development"]))
    outcomes = foretold(bench, vercel, *map(change, wanted))
    assert bench.calls() == ["POST /v10/projects/web/env?upsert=true"]
    assert {(one["name"], *one["target"], one["type"]) for one in bench.shelf("variable")} == {
        ("A", "production", "plain"),
        ("A", "preview", "plain"),
        ("B", "production", "sensitive"),
        ("C", "development", "encrypted"),
    }
    assert {one["comment"] for one in bench.shelf("variable")} == {"trueup:library/test/x"}
    assert all(one.id == bench.world.shelf("vercel", "acme", "variable")[one.id]["id"] for one in outcomes)
    assert all(HUSH.reveal() not in repr(one) for one in outcomes)


def test_one_that_fails_in_a_201_fails_alone(bench: Bench, vercel: Vercel) -> None:
    bench.by_hand("variable", "TAKEN", project="web", value="1", target="production,preview")
    wanted = [variable("A"), variable("TAKEN", "2"), variable("B")]
    outcomes = {one.change.key[1]: one for one in vercel.apply([change(one) for one in wanted])}
    assert {name: one.status for name, one in outcomes.items()} == {"A": "done", "B": "done", "TAKEN": "failed"}
    assert "ENV_CONFLICT" in outcomes["TAKEN"].error and outcomes["TAKEN"].exit_code == 13
    assert len(bench.calls("POST")) == 1 and bench.one("variable", "TAKEN")["value"] == "1"


def test_an_upsert_that_is_refused_whole_is_sent_one_by_one(bench: Bench, vercel: Vercel) -> None:
    wanted = [variable("A"), variable("B"), variable("C")]
    bench.fault("400 POST /v10/projects/*/env")
    outcomes = list(vercel.apply([change(one) for one in wanted]))
    assert [one.status for one in outcomes] == ["done"] * 3 and len(bench.calls("POST")) == 4


@pytest.mark.parametrize("fault", ["500", "500 after", "reset", "reset after", "truncate after"])
def test_an_upsert_of_unknown_effect_makes_each_once(bench: Bench, vercel: Vercel, fault: str) -> None:
    wanted = [variable("A"), variable("B", HUSH)]
    bench.fault(f"{fault} POST /v10/projects/*/env")
    outcomes = list(vercel.apply([change(one) for one in wanted]))
    assert [one.status for one in outcomes] == ["done"] * 2 and len(bench.shelf("variable")) == 2


def test_a_new_value_is_upserted_and_all_else_changed_by_id(bench: Bench, vercel: Vercel) -> None:
    for name in "ABC":
        bench.by_hand("variable", name, project="web", value="1", comment="a person's")
    live = seen(vercel, Variable)
    changes = [
        change(variable("A", "2"), live["web A production"]),
        change(variable("B", "2"), live["web B production"]),
        change(variable("C", "1", targets=["production", "preview"], type="encrypted"), live["web C production"]),
    ]
    outcomes = foretold(bench, vercel, *changes)
    assert [call.partition(" ")[0] for call in told(bench)] == ["PATCH", "POST"]
    assert {one["name"]: one["value"] for one in bench.shelf("variable")} == {"A": "2", "B": "2", "C": "1"}
    assert {one["comment"] for one in bench.shelf("variable")} == {"a person's"}
    assert {one.id for one in outcomes} == {one["id"] for one in bench.shelf("variable")}


def test_deletes_are_one_call_and_harmless_twice(bench: Bench, vercel: Vercel) -> None:
    for name in "ABC":
        bench.by_hand("variable", name, project="web", value="1")
    live = list(seen(vercel, Variable).values())
    foretold(bench, vercel, *(change(None, one) for one in live))
    assert told(bench) == ["DELETE /v1/projects/ID/env"] and bench.shelf("variable") == []
    assert [one.status for one in vercel.apply([change(None, one) for one in live])] == ["done"] * 3


@pytest.mark.parametrize("fault", ["500", "500 after", "reset after"])
def test_deletes_of_unknown_effect_are_looked_for(bench: Bench, vercel: Vercel, fault: str) -> None:
    bench.by_hand("variable", "A", project="web", value="1")
    (live,) = seen(vercel, Variable).values()
    bench.fault(f"{fault} DELETE")
    assert [one.status for one in vercel.apply([change(None, live)])] == ["done"] and bench.shelf("variable") == []


def test_what_somebody_made_sensitive_is_made_anew_to_be_readable(bench: Bench, vercel: Vercel) -> None:
    make(vercel, variable("A", type="plain"))
    bench.edit("variable", "A", type="sensitive")
    (live,) = seen(vercel, Variable).values()
    (outcome,) = foretold(bench, vercel, change(variable("A", type="plain"), live))
    assert [call.partition(" ")[0] for call in told(bench)] == ["DELETE", "POST"]
    (thing,) = bench.shelf("variable")
    assert (thing["type"], thing["value"], outcome.id != live.id, outcome.id) == ("plain", "1", True, thing["id"])


def test_a_value_that_cannot_be_taken_away_is_not_made_anew(bench: Bench, vercel: Vercel) -> None:
    bench.by_hand("variable", "A", project="web", value="1", type="sensitive")
    (live,) = seen(vercel, Variable).values()
    bench.fault("403 DELETE")
    (outcome,) = vercel.apply([change(variable("A", type="plain"), live)])
    assert (outcome.status, outcome.exit_code, len(bench.calls("POST"))) == ("failed", 14, 0)


def test_a_freed_target_can_be_taken_in_the_same_pass(bench: Bench, vercel: Vercel) -> None:
    bench.by_hand("variable", "A", project="web", value="1", target="production,preview")
    (live,) = seen(vercel, Variable).values()
    done(vercel, change(variable("A", "1"), live), change(variable("A", "2", targets=["preview"])))
    assert sorted((one["value"], one["target"]) for one in bench.shelf("variable")) == [
        ("1", ["production"]),
        ("2", ["preview"]),
    ]


def test_variables_of_a_project_that_is_not_there_fail(bench: Bench) -> None:
    (outcome,) = bench.vercel().apply([change(variable())])
    assert (outcome.status, outcome.exit_code) == ("failed", 13) and "Project not found" in outcome.error


def test_many_projects_and_kinds_in_one_wave_take_as_many_calls_as_foretold(bench: Bench, vercel: Vercel) -> None:
    bench.by_hand("project", "blog")
    bench.by_hand("variable", "OLD", project="blog", value="1")
    (old,) = seen(vercel, Variable).values()
    wave = [change(variable(name, project=where)) for name in "AB" for where in ("web", "blog")]
    wave += [change(None, old), change(domain()), change(check()), change(webhook(projects=["web"]))]
    foretold(bench, vercel, *wave, change(project("new", git=GIT)))


# Domains, checks, webhooks.


def test_a_new_domain_gives_its_records_at_once(bench: Bench, vercel: Vercel) -> None:
    (made,) = foretold(bench, vercel, change(domain()))
    assert isinstance(made.resource, Domain) and str(made.resource.target).endswith(".vercel-dns-017.com")
    (moved,) = foretold(bench, vercel, change(domain(branch="next"), made))
    assert moved.resource.target == made.resource.target and moved.resource.branch == "next"


def test_a_domain_whose_records_cannot_be_asked_for_is_made_all_the_same(bench: Bench, vercel: Vercel) -> None:
    bench.fault("403 GET /v6/domains/*/config")
    (made,) = done(vercel, change(domain()))
    assert isinstance(made.resource, Domain) and made.resource.target is None


def test_a_redirect_is_taken_off_with_null(bench: Bench, vercel: Vercel) -> None:
    (made,) = make(vercel, domain(redirect="www.web.example", redirect_status=307))
    foretold(bench, vercel, change(domain(), made))
    assert bench.sent("PATCH", "/domains/") == [{"gitBranch": None, "redirect": None, "redirectStatusCode": None}]
    assert bench.one("domain", "web.example")["redirect"] is None


def test_a_domain_of_another_project_is_refused(bench: Bench, vercel: Vercel) -> None:
    bench.by_hand("project", "blog")
    bench.by_hand("domain", "web.example", project="blog")
    (outcome,) = vercel.apply([change(domain())])
    assert outcome.status == "failed" and "domain_already_in_use" in outcome.error


def test_the_source_of_a_check_is_sent_once(bench: Bench, vercel: Vercel) -> None:
    (made,) = make(vercel, check())
    assert "source" in bench.sent("POST", "/checks")[0]
    foretold(bench, vercel, change(check(timeout=60), made))
    assert "source" not in bench.sent("PATCH", "/checks")[0]
    (new,) = foretold(bench, vercel, change(check(github="other"), made, "replace"))
    assert new.id != made.id and len(bench.shelf("check")) == 1


def test_a_webhook_is_replaced_and_gives_its_secret_once(bench: Bench, vercel: Vercel) -> None:
    (made,) = make(vercel, webhook(projects=["web"]))
    assert isinstance(made.resource, Webhook) and made.resource.secret is not None
    wider = webhook(events=["deployment.error", "deployment.canceled"], projects=["web"])
    (new,) = foretold(bench, vercel, change(wider, made, "replace"))
    assert new.resource.secret is not None and not new.resource.secret.is_same(made.resource.secret)
    assert [len(one["events"]) for one in bench.shelf("webhook")] == [2]
    assert new.resource.secret.reveal() not in repr(new)


@pytest.mark.parametrize("fault", ["500", "500 after", "reset", "reset after", "truncate after"])
def test_a_webhook_of_unknown_effect_is_made_once(bench: Bench, vercel: Vercel, fault: str) -> None:
    bench.fault(f"{fault} POST /v1/webhooks")
    (made,) = done(vercel, change(webhook()))
    assert len(bench.shelf("webhook")) == 1 and made.id == bench.shelf("webhook")[0]["id"]
    bench.fault(f"{fault} DELETE /v1/webhooks/*")
    done(vercel, change(None, made))
    assert bench.shelf("webhook") == []


@pytest.mark.parametrize(("fault", "code"), [("401", 14), ("403", 14), ("400", 13), ("429 retry-after=900", 15)])
@pytest.mark.parametrize("kind", [project, variable, domain, check, webhook])
def test_a_refused_write_is_an_outcome_that_says_why(
    bench: Bench, vercel: Vercel, fault: str, code: int, kind: Any
) -> None:
    bench.fault(f"{fault} POST times=always")
    (outcome,) = vercel.apply([change(kind(NAMES[kind]))])
    assert (outcome.status, outcome.exit_code) == ("failed", code) and outcome.error


@pytest.mark.parametrize("answer", [{"created": [], "failed": []}, {"created": [{}], "failed": []}, [], {"failed": 5}])
def test_an_answer_that_tells_of_nothing_is_looked_for_and_never_trusted(
    bench: Bench, vercel: Vercel, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    real = vercel._client.together  # what arrives is spoilt on the way
    monkeypatch.setattr(vercel._client, "together", lambda calls: [answer for _ in real(calls)])
    (found,) = vercel.apply([change(variable())])
    assert (found.status, len(bench.calls("POST"))) == ("done", 1)
    monkeypatch.setattr(vercel._client, "together", lambda calls: [answer for _ in calls])
    (lost,) = vercel.apply([change(variable("B"))])
    assert (lost.status, lost.exit_code) == ("unsure", 13)
