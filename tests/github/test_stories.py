"""Whole passes over a stack that declares a repository, its secrets and the workflow that reads them."""

from pathlib import Path

import pytest

from tests.stories.estate import Estate

PROJECT = """
project: library
ledger: {id: 0a1b2c3d, home: .trueup/ledger.db}
from_env: [DOCKER_TOKEN]
accounts:
  acme:
    github: {credentials: {token: ACME_GITHUB_TOKEN}}
"""
STACK = """
account: acme
github:
  repository:
    shop:
      name: example/shop
      secrets:
        DOCKER_TOKEN: {from_env: DOCKER_TOKEN}
        SSH_KEY: {exists: true}
  environment:
    production:
      repository: shop
      name: production
      secrets:
        SESSION: {from_env: DOCKER_TOKEN}
  workflow:
    deploy: {repository: shop, file: deploy.yml, host: api.example, path: /srv/.env}
"""


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    estate = Estate(tmp_path, STACK, project=PROJECT)
    fields = {"repository": "example/shop", "value": "x"}
    estate.world.create("github", "secret", "SSH_KEY", "acme", fields)
    return estate


def test_secrets_are_made_and_then_all_is_quiet(estate: Estate) -> None:
    assert estate.apply().exit_code() == 0
    names = [one["name"] for one in estate.world.shelf("github", "acme", "secret").values()]
    assert names == ["SSH_KEY", "DOCKER_TOKEN"]
    plan = estate.plan().plan
    assert (plan.changes, plan.gaps, plan.unmanaged, plan.touched) == ((), (), (), ())


def test_a_value_typed_by_somebody_is_drift_and_is_written_over(estate: Estate) -> None:
    estate.apply()
    secret = next(iter(estate.world.shelf("github", "acme", "environment-secret").values()))
    value = secret["value"]
    secret["updated_at"] = "2020-01-01T00:00:00Z"
    estate.apply()
    estate.world.edit("github", "environment-secret", "SESSION", "acme", {"value": "typed"})
    secret["updated_at"] = "2031-01-01T00:00:00Z"
    (change,) = estate.drift().plan.changes
    assert (str(change.address), change.cause) == ("github.environment-secret.production/SESSION", "drift")
    estate.heal()
    assert secret["value"] == value


def test_a_secret_deleted_by_somebody_is_made_again(estate: Estate) -> None:
    estate.apply()
    estate.world.delete("github", "secret", "DOCKER_TOKEN", "acme", {})
    (change,) = estate.drift().plan.changes
    assert (change.verb, change.cause) == ("create", "drift")


def test_somebody_elses_secret_is_noticed_when_it_is_written_and_missed_when_it_is_gone(estate: Estate) -> None:
    estate.apply()
    one = next(one for one in estate.world.shelf("github", "acme", "secret").values() if one["name"] == "SSH_KEY")
    one["updated_at"] = "2031-01-01T00:00:00Z"
    (touched,) = estate.plan().plan.touched
    assert str(touched.place) == "github.secret.shop/SSH_KEY"
    estate.world.delete("github", "secret", "SSH_KEY", "acme", {})
    (gap,) = estate.plan().plan.gaps
    assert gap.exit_code == 16 and "SSH_KEY" in gap.reason


def test_a_secret_that_no_stack_declares_is_shown(estate: Estate) -> None:
    estate.apply()
    fields = {"repository": "example/shop", "value": "x"}
    estate.world.create("github", "secret", "STRAY", "acme", fields)
    assert [one.seen.id for one in estate.plan().plan.unmanaged] == ["example/shop/STRAY"]


def test_a_repository_that_is_gone_blocks_and_deletes_nothing(estate: Estate) -> None:
    estate.apply()
    estate.world.delete("github", "repository", "example/shop", "acme", {})
    plan = estate.plan().plan
    assert plan.changes == () and {gap.exit_code for gap in plan.gaps} == {17}
