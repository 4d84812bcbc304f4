"""With the vendor's command line: up, drift put back through it, a run killed in the middle, two at once."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from reconcile.program.engine.command import Engine
from reconcile.program.engine.lock import locks
from reconcile.sandbox.world import World
from tests.cli.conftest import Command, Repository

from .conftest import APP, COLOUR

pytestmark = pytest.mark.tier("pulumi CLI")


def in_pulumi(document: Any) -> dict[str, str]:
    """What Pulumi was to do in the only stack, by address."""
    (stack,) = document["stacks"]
    return {one["address"]: one["verb"] for one in stack["pulumi"]["changes"]}


def agrees(engine: Engine) -> bool:
    """Whether Pulumi finds nothing to do, and everything as its state says."""
    words = ("preview", "--refresh", "--expect-no-changes", "--stack", "app")
    return engine.run(*words).code == 0


def values(world: World) -> dict[str, Any]:
    return {one["name"]: one["value"] for one in world.shelf("railway", "acme", "variable").values()}


def test_up_builds_both_halves_and_is_quiet_the_second_time(
    engine: Engine, world: World, shop: Repository, trueup: Command
) -> None:
    before = sorted(shop.root.rglob("*"))
    seen = trueup("preview", "-s", "app", "--json", "--detailed-exitcode")
    assert seen.code == 2
    assert set(in_pulumi(seen.json).values()) == {"create"} and COLOUR in in_pulumi(seen.json)
    assert not world.shelf("railway", "acme", "project")
    first = trueup("up", "-s", "app", "--yes", "--json")
    assert first.code == 0, first.err
    assert in_pulumi(first.json) == in_pulumi(seen.json)
    (ours,) = first.json["stacks"][0]["trueup"]["changes"]
    assert (ours["address"], ours["outcome"]["status"]) == ("betterstack.heartbeat.job", "done")
    assert values(world) == {"COLOUR": "blue", "MODE": "production"}
    again = trueup("up", "-s", "app", "--yes", "--json")
    assert (again.code, in_pulumi(again.json), again.json["stacks"][0]["trueup"]["changes"]) == (0, {}, [])
    assert agrees(engine)
    assert trueup("drift", "--detailed-exitcode").code == 0
    # Neither state nor settings of the pretend world come to lie in the repository.
    assert sorted(path for path in shop.root.rglob("*") if "__pycache__" not in path.parts) == before


def test_drift_is_put_back_through_pulumi_from_what_was_last_applied(
    engine: Engine, world: World, shop: Repository, trueup: Command, tmp_path: Path
) -> None:
    commit = shop.commit()
    assert trueup("up", "-s", "app", "--yes").code == 0
    assert trueup("sandbox", "edit", "railway", "variable", "COLOUR", "value=red").code == 0
    assert trueup("sandbox", "delete", "railway", "variable", "MODE").code == 0
    shop.write("stacks/app.yaml", APP.replace("COLOUR: blue", "COLOUR: violet"))
    assert shop.commit() != commit
    refused = trueup("apply", "-s", "app", "--yes")
    assert refused.code == 1 and "trueup up -s app" in refused.err
    assert values(world) == {"COLOUR": "red"}
    put_back = trueup("apply", "-s", "app", "--drift-only", "--yes", "--json")
    assert put_back.code == 0, put_back.err
    assert {one["address"]: (one["verb"], one["outcome"]["verified"]) for one in put_back.json["changes"]} == {
        COLOUR: ("update", True),
        "railway.variable.api/MODE": ("create", True),
    }
    assert values(world) == {"COLOUR": "blue", "MODE": "production"}
    shop.write("stacks/app.yaml", APP)
    shop.commit()
    assert agrees(engine)
    assert trueup("drift", "--detailed-exitcode").code == 0


def test_a_gate_that_denies_stops_before_pulumi_does_anything(
    engine: Engine, world: World, shop: Repository, trueup: Command
) -> None:
    shop.write("policies/never.py", NEVER)
    told = trueup("up", "-s", "app", "--yes", "--json")
    assert told.code == 10
    assert told.json["stacks"][0]["built"] is False
    assert "no-railway: not here" in told.err
    assert not world.shelf("railway", "acme", "project")


NEVER = '''
from reconcile.model.verdict import rule


@rule
def no_railway(plan):
    """Nothing may be built there."""
    for change in plan.changes:
        if change.address.platform == "railway":
            yield "deny", change, "not here"
'''


def test_what_a_killed_run_had_begun_is_found_and_not_made_twice(
    engine: Engine, world: World, trueup: Command, tmp_path: Path
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    killed: list[int] = []

    def on_call(number: int, when: str) -> None:
        found = locks(engine, "app")
        if not killed and found and when == "after" and world.shelf("railway", "acme", "service"):
            killed.append(found[0].pid)
            os.kill(found[0].pid, signal.SIGKILL)
            started[0].kill()

    world.on_call = on_call
    words = [sys.executable, "-m", "reconcile", "up", "-s", "app", "--yes"]
    started.append(subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
    assert started[0].stdout is not None
    said = started[0].stdout.read()
    assert started[0].wait() == -signal.SIGKILL, said
    world.on_call = None
    while not all(lock.dead for lock in locks(engine, "app")):
        time.sleep(0.01)
    told = trueup("up", "-s", "app", "--yes")
    assert told.code == 0, told.err
    assert f"pid {killed[0]}" in told.err and "is dead" in told.err
    for kind in ("project", "service", "variable"):
        names = Counter(str(one["name"]) for one in world.shelf("railway", "acme", kind).values())
        assert names and set(names.values()) == {1}, (kind, names)
    (state,) = tmp_path.glob("world.db.pulumi/state/.pulumi/stacks/*/app.json")
    assert not json.loads(state.read_text())["checkpoint"]["latest"].get("pending_operations")
    assert agrees(engine)


def test_while_somebody_is_at_work_there_up_and_repair_wait_so_long_and_then_name_them(
    engine: Engine, world: World, trueup: Command, tmp_path: Path
) -> None:
    assert trueup("up", "-s", "app", "--yes").code == 0
    folder = tmp_path / "world.db.pulumi/state/.pulumi/locks/organization/trueup/app"
    folder.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        owner = {"pid": other.pid, "username": "ops", "hostname": socket.gethostname(), "timestamp": NOW}
        (folder / "a.json").write_text(json.dumps(owner))
        told = trueup("up", "-s", "app", "--yes", "--lock-timeout", "0.1")
        assert told.code == 11
        assert f"ops@{socket.gethostname()}, pid {other.pid}, for " in told.err
        assert trueup("sandbox", "edit", "railway", "variable", "COLOUR", "value=red").code == 0
        told = trueup("apply", "-s", "app", "--yes")
        assert (told.code, values(world)["COLOUR"]) == (11, "red")
    assert trueup("apply", "-s", "app", "--yes").code == 0, "its owner is dead now"
    assert values(world)["COLOUR"] == "blue"
    assert not locks(engine, "app")


def test_two_ups_at_once_build_everything_once(engine: Engine, world: World, trueup: Command) -> None:
    words = [sys.executable, "-m", "reconcile", "up", "-s", "app", "--yes"]
    both = [
        subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [one.communicate()[1] for one in both]
    codes = [one.returncode for one in both]
    assert 0 in codes and set(codes) <= {0, 11}, (codes, said)
    for kind in ("project", "service", "variable"):
        names = Counter(str(one["name"]) for one in world.shelf("railway", "acme", kind).values())
        assert names and set(names.values()) == {1}, (kind, names)
    assert agrees(engine)


NOW = "2099-01-01T00:00:00.123456789Z"
"""After any process of the test began: a lock that is older than its owner's birth is another process's."""
