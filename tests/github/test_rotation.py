"""A secret that rotates into a workflow: written, dispatched, run, and only then done; its host's file with it."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from reconcile.model.pretend import RunningUnit
from reconcile.model.rotation import Step
from tests.stories.estate import Estate

from .test_stories import PROJECT

STACK = """
account: acme
secrets:
  jwt: {strategy: replace, generate: {bytes: 64, as: base64}, every: 90d, prove: [P0, P1]}
github:
  repository:
    bunty:
      name: example/bunty
      secrets:
        JWT_SECRET: {secret: jwt, workflow: deploy}
  workflow:
    deploy:
      repository: bunty
      file: deploy.yml
      host: api.bunty.io
      path: /srv/bunty/.env
      writes:
        JWT_SECRET: {secret: jwt}
"""


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    return Estate(tmp_path, STACK, project=PROJECT)


def turn(estate: Estate, seconds: float = 20) -> Step:
    with estate.workshop() as shop:
        (step,) = shop.reconciler().rotate(list(shop.tree.stacks), command="rotate")
    estate.world.advance(dt.timedelta(seconds=seconds))
    return step


def until(estate: Estate, *what: str, most: int = 20) -> Step:
    for _ in range(most):
        step = turn(estate)
        if step.what in what:
            return step
    raise AssertionError(f"after {most} turns it is {step.what}: {step.text}")


def running(estate: Estate) -> RunningUnit:
    mount: Any = estate.world.mount("github")
    (unit,) = mount.pretend.running(mount.place, "acme")
    found: RunningUnit = unit
    return found


def value(estate: Estate) -> str:
    (secret,) = estate.world.shelf("github", "acme", "secret").values()
    return str(secret["value"])


def test_two_consumers_hold_the_first_value_after_one_write_and_one_run(estate: Estate) -> None:
    assert until(estate, "ended").text == "done"
    assert running(estate).values == {"JWT_SECRET": value(estate)}
    writes = [call["method"] for call in estate.world.calls() if call["method"] not in ("GET", "HEAD")]
    assert writes == ["PUT", "POST"]
    assert running(estate).hosts == ("api.bunty.io",)


def test_it_is_not_done_before_a_run_was_green(estate: Estate) -> None:
    estate.world.edit("github", "workflow", "deploy.yml", "acme", {"conclusion": "failure"})
    for _ in range(12):
        assert turn(estate).what != "ended"
    assert running(estate).values == {}


def test_a_workflow_that_no_longer_reads_the_secret_is_never_done(estate: Estate) -> None:
    estate.world.edit("github", "workflow", "deploy.yml", "acme", {"reads": "OTHER"})
    told = [turn(estate) for _ in range(12)]
    assert all(step.what != "ended" for step in told)
    assert any("does not read secrets.JWT_SECRET on main" in step.text for step in told)


def test_a_run_of_before_the_write_proves_nothing(estate: Estate) -> None:
    until(estate, "ended")
    first = running(estate)
    estate.world.advance(dt.timedelta(days=100))
    while value(estate) == first.values["JWT_SECRET"]:
        turn(estate)
    assert running(estate).id == first.id and running(estate).values == first.values
    assert until(estate, "ended").text == "done"
    assert running(estate).values == {"JWT_SECRET": value(estate)}


def test_a_value_typed_over_the_secret_is_put_back_and_run_again(estate: Estate) -> None:
    until(estate, "ended")
    before, first = value(estate), running(estate)
    estate.world.advance(dt.timedelta(days=1))
    estate.world.edit("github", "secret", "JWT_SECRET", "acme", {"value": "typed"})
    assert until(estate, "nothing").text == ""
    assert (value(estate), running(estate).values) == (before, first.values)
    assert running(estate).id != first.id
