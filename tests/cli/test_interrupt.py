"""Ctrl-C in the middle of an apply over sockets, and the run after it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from reconcile.sandbox.world import World

from .conftest import Command, Repository

ROOT = Path(__file__).parents[2]
BATCH = "/dns_records/batch"


def _wait_for_the_batch(world: World) -> None:
    for _ in range(200):
        if any(call["path"].endswith(BATCH) for call in world.calls()):
            return
        time.sleep(0.05)
    raise AssertionError("the batch was never asked for")


def test_ctrl_c_in_an_apply_leaves_with_130_and_the_next_run_resumes(
    repository: Repository, world: World, trueup: Command
) -> None:
    world.fault("cloudflare", f"slow=1s after POST /zones/*{BATCH} times=1")
    running = subprocess.Popen(
        [sys.executable, "-m", "reconcile", "apply", "--all", "--yes", "--dir", str(repository.root)],
        cwd=ROOT,
        env=os.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell in the background starts its children deaf to it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    _wait_for_the_batch(world)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert running.returncode == 130
    assert said == "interrupted; run the same command again, it resumes\n"
    assert "exit 130" in trueup("history").out
    assert trueup("apply", "--all", "--yes").code == 0
    assert trueup("plan", "--detailed-exitcode").code == 0
    assert len(world.shelf("cloudflare", "acme", "record")) == 2
    assert len(world.shelf("betterstack", "acme", "heartbeat")) == 1
