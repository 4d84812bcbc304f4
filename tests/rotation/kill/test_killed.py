"""A rotation is killed at a numbered call by the system, with no chance to say a word, and another process goes on: on
the first values, on the way to the soak, and on the way to the end. Some points always, all with `make proof`."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .dying import WORDS, Doomed, ready

CALLS = {
    ("session", "first"): 34,
    ("session", "switch"): 59,
    ("session", "revoke"): 37,
    ("mail", "first"): 39,
    ("mail", "switch"): 36,
    ("mail", "revoke"): 11,
}
"""How many calls each takes that nobody kills."""
POINTS = [
    (secret, step, call, moment)
    for (secret, step), calls in CALLS.items()
    for call in range(1, calls + 1)
    for moment in ("before", "after")
]
ONE_IN = 37
"""Odd, so that deaths before and after an effect take turns."""
CHOSEN = [
    pytest.param(*point, marks=() if number % ONE_IN == ONE_IN // 2 else pytest.mark.proof)
    for number, point in enumerate(POINTS)
]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("before")


@pytest.fixture
def opened(tmp_path: Path, base: Path) -> Iterator[list[Doomed]]:
    shops: list[Doomed] = []
    yield shops
    for shop in shops:
        shop.close()


@pytest.mark.parametrize(("secret", "step", "call", "moment"), CHOSEN)
def test_killed_at_a_call(
    tmp_path: Path, base: Path, opened: list[Doomed], secret: str, step: str, call: int, moment: str
) -> None:
    shop = ready(tmp_path, secret, step, base)
    opened.append(shop)
    assert shop.killed(WORDS[step](secret), call, moment) == -signal.SIGKILL
    shop.goes_on()
    shop.is_whole()


@pytest.mark.parametrize(
    ("secret", "step"), [pytest.param(*one, marks=() if one[1] == "switch" else pytest.mark.proof) for one in CALLS]
)
def test_a_run_that_nobody_kills_takes_so_many_calls(
    tmp_path: Path, base: Path, opened: list[Doomed], secret: str, step: str
) -> None:
    shop = ready(tmp_path, secret, step, base)
    opened.append(shop)
    assert shop.killed(WORDS[step](secret), CALLS[secret, step] + 1, "before") == 0
    assert len(shop.world.calls()) == CALLS[secret, step]
    shop.goes_on()
    shop.is_whole()


@pytest.mark.proof
def test_passes_that_are_all_killed_in_turn_still_end_it(tmp_path: Path, base: Path, opened: list[Doomed]) -> None:
    """Each pass dies a few calls later than the one before; only what they kept brings the next one further."""
    shop = ready(tmp_path, "session", "switch", base)
    opened.append(shop)
    assert shop.run("rotate", "now", "session", "--yes", "--once").code == 0
    codes = [shop.killed(("apply", "--all", "--yes"), call, "after") for call in range(2, 10)]
    assert codes.count(-signal.SIGKILL) >= 5
    shop.goes_on()
    shop.is_whole()


@pytest.mark.proof
@pytest.mark.parametrize("call", range(5, 59, 6))
def test_the_console_script_is_killed_and_run_again(
    tmp_path: Path, base: Path, opened: list[Doomed], call: int
) -> None:
    """Without the shortcut of processes begun from a server."""
    shop = ready(tmp_path, "session", "switch", base)
    opened.append(shop)
    environment = {**os.environ, "TRUEUP_SANDBOX": str(shop.ready_file), "PYTHONPATH": str(Path.cwd())}

    def begun(*words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "reconcile", *words, "--dir", str(shop.root)]
        quiet = subprocess.DEVNULL
        return subprocess.Popen(command, env=environment, stdin=quiet, stdout=quiet, stderr=quiet)

    def on_call(number: int, moment: str) -> None:
        if (number, moment) == (call, "after"):
            os.kill(process.pid, signal.SIGKILL)
            process.wait()

    shop.world.clear_calls()
    shop.world.on_call = on_call
    process = begun("rotate", "now", "session", "--yes")
    assert process.wait(timeout=120) == -signal.SIGKILL
    shop.world.on_call = None
    assert begun("rotate", "retry", "session").wait(timeout=120) == 0
    shop.goes_on()
    shop.is_whole()
