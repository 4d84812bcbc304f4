"""A small stack whose first `pulumi up` comes to a bad end: what was made is found again, nothing is made twice."""

import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from reconcile.program.engine.command import end_session, ended

from .shop import STACK, Shop

pytestmark = pytest.mark.tier("pulumi CLI")


def at_the_first(shop: Shop, operation: str, act: Callable[[], None], when: str = "after") -> threading.Event:
    """Has something done once, in the middle of a call to Railway. The event tells that it was."""
    done = threading.Event()

    def on_call(number: int, moment: str) -> None:
        if done.is_set() or moment != when:
            return
        asked = [one for one in shop.world.calls() if one["n"] == number]
        if asked and asked[0]["path"].endswith(f"query={operation}"):
            done.set()
            act()

    shop.world.on_call = on_call
    return done


def test_a_create_that_fails_stops_the_rest_and_the_next_up_makes_what_is_left(shop: Shop) -> None:
    shop.world.fault("railway", "400 before POST /graphql/v2?query=CustomDomainCreate times=always")
    said = shop.up(code=1)
    assert "api.shop.example" in said or "Domain" in said, said
    made = shop.ids
    assert "Variable::api/COLOUR" in made and "Domain::api" not in made and "Variable::api/TARGET" not in made
    assert not shop.deployment.get("pending_operations") and not shop.locks
    shop.world.clear_faults()
    shop.up()
    assert {name: id for name, id in shop.ids.items() if name in made} == made
    shop.everything_is_there_once()
    shop.agrees()


def test_who_is_asked_to_end_finishes_its_calls_and_keeps_what_they_made(shop: Shop) -> None:
    process = shop.typed("up", "--yes", "--skip-preview")
    asked = at_the_first(shop, "ServiceCreate", lambda: process.send_signal(signal.SIGTERM))
    said = shop.ended(process)
    assert asked.is_set() and said.code != 0, said.text
    assert not shop.deployment.get("pending_operations") and not shop.locks
    made = shop.ids
    assert len([name for name in made if name.startswith("Service::")]) == len(shop.live("service")) > 0
    shop.world.on_call = None
    shop.up()
    assert {name: id for name, id in shop.ids.items() if name in made} == made
    shop.everything_is_there_once()
    shop.agrees()


def test_who_is_killed_leaves_a_lock_and_orphans_and_the_next_up_makes_nothing_twice(shop: Shop) -> None:
    process = shop.typed("up", "--yes", "--skip-preview")
    killed = at_the_first(shop, "ServiceCreate", lambda: os.kill(process.pid, signal.SIGKILL))
    assert shop.ended(process).code == -signal.SIGKILL
    assert killed.is_set()
    # Its provider ends its calls, and then itself: the command line that held its stdin is dead.
    end_session(process.pid)
    assert not _session(process.pid)
    shop.world.on_call = None
    assert len(shop.live("service")) > 0 and shop.deployment.get("pending_operations") and len(shop.locks) == 1
    assert "currently locked" in shop.up(code=1)
    shop.pulumi("cancel", "--yes", STACK)
    assert not shop.locks
    assert "pending operations" in shop.up()
    shop.everything_is_there_once()
    shop.pulumi("refresh", "--yes", "--skip-preview", "--clear-pending-creates")
    assert not shop.deployment.get("pending_operations")
    shop.agrees()


def test_the_second_of_two_ups_is_told_who_is_at_work_and_touches_nothing(shop: Shop) -> None:
    held, second = threading.Event(), threading.Event()

    def wait() -> None:
        held.set()
        second.wait(120)

    at_the_first(shop, "ProjectCreate", wait, "before")
    first = shop.typed("up", "--yes", "--skip-preview")
    assert held.wait(120)
    said = shop.up(code=1)
    second.set()
    assert "currently locked by 1 lock" in said and f"pid {first.pid}" in said, said
    done = shop.ended(first)
    assert done.code == 0, done.text
    shop.everything_is_there_once()
    shop.world.on_call = None
    shop.agrees()


def _session(leader: int) -> list[int]:
    """Processes that live of the session that one led."""
    found = []
    for pid in [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]:
        with suppress(OSError):
            if os.getsid(pid) == leader and not ended(pid):
                found.append(pid)
    return found
