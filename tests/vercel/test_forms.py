"""What a stack file may say of Vercel, and a whole repository on it: web on Vercel, its DNS by reference."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from reconcile.model.errors import SpecError
from reconcile.platforms.vercel import Domain, Project, Variable, Webhook
from tests.stories.estate import Estate

from .bench import TEAM, domain, project, variable, webhook

STACK = """
account: acme
cloudflare:
  zone: {shop: {name: shop.example}}
  records:
    shop:
      apex: {name: "@", type: A, content: "${vercel.domain.apex.ipv4}"}
      www: {type: CNAME, content: "${vercel.domain.www.target}"}
vercel:
  project:
    web: {framework: nextjs, root_directory: apps/web, git: {repo: example/shop, branch: main}, node_version: 24.x}
  variables:
    web:
      NEXT_PUBLIC_API_URL: https://api.shop.example
      RETRIES: 3
      SENTRY_DSN: {from_env: SHOP_SENTRY_DSN}
      PUBLIC_KEY: {literal: "pk_live_x", because: publishable}
      STRIPE_KEY: {exists: true}
      API_PREVIEW: {name: NEXT_PUBLIC_API_URL, value: "https://next.shop.example", targets: [preview]}
      API_STAGING: {name: NEXT_PUBLIC_API_URL, value: "https://s.shop.example", targets: [preview], branch: staging}
  domain:
    apex: {project: web, host: shop.example}
    www: {project: web, host: www.shop.example, redirect: shop.example, redirect_status: 308}
  check: {tests: {project: web, github: tests}}
  webhook: {errors: {url: "https://hooks.example.com/v", events: [deployment.error], projects: [web]}}
"""
PROJECT = f"""
project: library
ledger: {{id: 0a1b2c3d, home: .trueup/ledger.db}}
from_env: [SHOP_SENTRY_DSN]
accounts:
  acme:
    cloudflare: {{id: a0000000000000000000000000000001, credentials: {{token: ACME_CLOUDFLARE_TOKEN}}, tier: free}}
    vercel: {{id: {TEAM}, credentials: {{token: ACME_VERCEL_TOKEN}}}}
"""


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    return Estate(tmp_path, STACK, project=PROJECT)


def shelf(estate: Estate, kind: str) -> list[dict[str, Any]]:
    return list(estate.world.shelf("vercel", "acme", kind).values())


def by_hand(estate: Estate) -> None:
    """A person sets what must be there and is not ours."""
    told = {"project": "web", "value": "sk-by-a-person", "type": "sensitive"}
    estate.world.create("vercel", "variable", "STRIPE_KEY", "acme", told)


def test_a_whole_front_end_is_made_in_one_pass_and_then_quiet(estate: Estate) -> None:
    run = estate.apply()
    assert {one.status for one in run.outcomes} == {"done"} and all(one.verified for one in run.outcomes)
    assert run.exit_code() == 16  # a person is waited for: STRIPE_KEY
    by_hand(estate)
    plan = estate.plan().plan
    assert (plan.changes, plan.gaps, plan.unmanaged) == ((), (), ())


def test_records_hold_what_the_domains_asked_for(estate: Estate) -> None:
    estate.apply()
    assert estate.record("shop.example", "A")["content"] == "216.198.79.1"
    assert str(estate.record("www.shop.example", "CNAME")["content"]).endswith(".vercel-dns-017.com")


def test_one_name_stands_for_each_target_and_branch(estate: Estate) -> None:
    estate.apply()
    found = [one for one in shelf(estate, "variable") if one["name"] == "NEXT_PUBLIC_API_URL"]
    assert {(*one["target"], one["gitBranch"]): one["value"] for one in found} == {
        ("production", None): "https://api.shop.example",
        ("preview", None): "https://next.shop.example",
        ("preview", "staging"): "https://s.shop.example",
    }


def test_a_secret_that_somebody_overwrote_is_put_back_though_nobody_can_read_it(estate: Estate) -> None:
    estate.apply()
    by_hand(estate)
    (secret,) = [one for one in shelf(estate, "variable") if one["name"] == "SENTRY_DSN"]
    was = secret["value"]
    assert secret["type"] == "sensitive" and was
    estate.world.edit("vercel", "variable", secret["id"], "acme", {"value": "another"})
    (change,) = estate.plan().plan.changes
    assert [(one.name, one.hidden, one.unknown) for one in change.fields] == [("value", True, True)]
    assert estate.apply().exit_code() == 0
    (healed,) = [one for one in shelf(estate, "variable") if one["name"] == "SENTRY_DSN"]
    assert healed["value"] == was and estate.plan().plan.changes == ()


def test_what_a_person_writes_to_what_is_not_ours_is_noticed(estate: Estate) -> None:
    estate.apply()
    by_hand(estate)
    estate.apply()
    (theirs,) = [one for one in shelf(estate, "variable") if one["name"] == "STRIPE_KEY"]
    estate.world.edit("vercel", "variable", theirs["id"], "acme", {"value": "sk-of-somebody"})
    plan = estate.plan().plan
    assert [(str(one.place), one.known) for one in plan.touched] == [("vercel.variable.web/STRIPE_KEY", False)]
    assert plan.changes == ()


def test_a_renamed_project_is_named_back_and_its_variables_stay(estate: Estate) -> None:
    estate.apply()
    by_hand(estate)
    before = {one["id"] for one in shelf(estate, "variable")}
    estate.world.edit("vercel", "project", "web", "acme", {"name": "site"})
    run = estate.apply()
    assert [(str(one.change.address), one.status) for one in run.outcomes] == [("vercel.project.web", "done")]
    assert {one["id"] for one in shelf(estate, "variable")} == before
    assert [one["name"] for one in shelf(estate, "project")] == ["web"] and estate.plan().plan.changes == ()


def test_a_variable_and_a_domain_made_by_hand_are_told(estate: Estate) -> None:
    estate.apply()
    by_hand(estate)
    estate.world.create("vercel", "variable", "EXTRA", "acme", {"project": "web", "value": "1"})
    estate.world.create("vercel", "domain", "extra.example", "acme", {"project": "web"})
    told = {one.seen.resource.title() for one in estate.plan().plan.unmanaged}
    assert told == {"web EXTRA production", "extra.example"}


def test_a_project_is_never_deleted_by_a_plan(estate: Estate) -> None:
    estate.apply()
    left = yaml.safe_load(STACK)
    del left["vercel"], left["cloudflare"]["records"]
    estate.write("shop", yaml.safe_dump(left))
    run = estate.apply()
    statuses = {one.change.address.kind: one.status for one in run.outcomes}
    assert statuses["project"] == "denied" and len(shelf(estate, "project")) == 1


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": "Web"}, "lower-case"),
        ({"function_regions": ["frankfurt"]}, "short words"),
        ({"git": {"repo": "example/web"}}, "branch"),
        ({"deployment": "READY", "colour": "red"}, "colour"),
    ],
)
def test_a_project_that_cannot_be_is_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        project(**values)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"value": None}, "say one of"),
        ({"exists": True}, "say one of"),
        ({"value": None, "literal": "pk_live_x"}, "because"),
        ({"branch": "next"}, "a branch is for"),
        ({"targets": ["staging"]}, "none of production"),
        ({"targets": []}, "at least 1"),
        ({"type": "system"}, "the type is one of"),
        ({"type": "sensitive"}, "comes from the runner"),
        ({"type": "sensitive", "targets": ["development"]}, "no sensitive variable for development"),
        ({"name": "no-name"}, "letters, digits"),
    ],
)
def test_a_variable_that_cannot_be_is_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        variable(**values)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"host": "web"}, "no domain"),
        ({"host": "web.vercel.app"}, "itself"),
        ({"redirect": "web.example"}, "to itself"),
        ({"redirect": "www.web.example", "branch": "next"}, "either"),
        ({"redirect_status": 308}, "needs `redirect`"),
        ({"redirect": "www.web.example", "redirect_status": 303}, "308"),
    ],
)
def test_a_domain_that_cannot_be_is_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        domain(**values)


def test_a_webhook_needs_an_address_and_its_events_have_no_order() -> None:
    with pytest.raises(ValidationError, match="begins with"):
        webhook("hooks.example.com")
    assert webhook(events=["b", "a", "b"]).events == ("a", "b")


def test_names_are_told_as_vercel_tells_them() -> None:
    assert domain("WWW.Web.Example.").host == "www.web.example"
    assert variable(targets=["development", "production"]).targets == ("production", "development")
    told = {"key": "A", "value": "1", "type": "plain", "target": "preview", "project": "web"}
    assert Variable.answered(told).targets == ("preview",)


def test_what_an_answer_holds_beyond_what_we_know_is_read(estate: Estate) -> None:
    """A new framework, a node version of tomorrow, a custom environment, a secret of the old kind."""
    told = Project.answered({"name": "web", "framework": "tomorrow", "nodeVersion": "30.x", "resourceConfig": None})
    assert (told.framework, told.node_version, told.git) == ("tomorrow", "30.x", None)
    old = {
        "key": "A",
        "value": "x",
        "type": "secret",
        "target": [],
        "customEnvironmentIds": ["env_1"],
        "project": "web",
    }
    assert (Variable.answered(old).targets, Variable.answered(old).value) == (("env_1",), None)
    assert Domain.answered({"name": "a.example", "project": "web", "verified": True}).verify_name is None
    assert Webhook.answered({"url": "x", "events": ["budget.reset"]}).secret is None


def test_a_name_that_stands_nowhere_is_refused(tmp_path: Path) -> None:
    stack = STACK.replace("project: web, host: shop", "project: site, host: shop")
    with pytest.raises(SpecError, match=r"no vercel\.project"):
        Estate(tmp_path, stack, project=PROJECT)
