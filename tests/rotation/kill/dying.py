"""A rotation whose process is killed by the system at a numbered call, and what must hold once another one went on.

The process is one of its own, begun from a server that has imported the command line and nothing else: it runs what the
console script runs. It is killed by the sandbox, before or after the effect of a call; what it had sent by then and had
not arrived has no effect.
"""

import datetime as dt
import functools
import multiprocessing
import os
import shutil
import signal
import threading
import time
from multiprocessing.context import ForkServerContext
from pathlib import Path

from waitress.channel import ClientDisconnected  # type: ignore[import-untyped]

from tests.rotation.cli.fleet import PROJECT, stack
from tests.rotation.cli.stage import Stage

from .typed import typed

SESSION = "  session: {strategy: overlap, generate: {bytes: 32, as: base64}, every: 30d, soak: 1h}"
MAIL = "  mail: {strategy: two-key, issue: {sendgrid.api-key: {}}, every: 180d, soak: 1h, prove: [P0, P1, P4, P5]}"
HELD = {"session": "API_SECRET", "mail": "SENDGRID_API_KEY"}
STACKS = {
    "session": stack(SESSION, "{API_SECRET: {secret: session}}", "{API_SECRET: {secret: session}}"),
    "mail": stack(MAIL, "{SENDGRID_API_KEY: {secret: mail}}", "{SENDGRID_API_KEY: {secret: mail}}"),
}
SOAKED = dt.timedelta(hours=2)


class Doomed(Stage):
    """A shop with one secret, in a folder that is there already or is begun."""

    def __init__(self, root: Path, secret: str) -> None:
        self.secret = secret
        super().__init__(root, STACKS[secret], PROJECT)

    def killed(self, words: tuple[str, ...], call: int, moment: str) -> int:
        """Runs a command line in a process of its own, killed at that point; returns how it ended."""
        self.world.clear_calls()
        process = _processes().Process(target=typed, args=((*words, "--dir", str(self.root)), str(self.ready_file)))

        dead = threading.Event()

        def on_call(number: int, when: str) -> None:
            if (number, when) == (call, moment):
                assert process.pid is not None
                os.kill(process.pid, signal.SIGKILL)
                _gone(process.pid)
                dead.set()
            if dead.is_set():
                raise ClientDisconnected

        self.world.on_call = on_call
        try:
            process.start()
            process.join(timeout=120)
            time.sleep(0.05)  # what was on its way when it died may still arrive
        finally:
            self.world.on_call = None
        assert process.exitcode is not None
        return process.exitcode

    def goes_on(self) -> None:
        """Passes of other processes, until nothing is under way."""
        for _ in range(12):
            said = self.run("apply", "--all", "--yes")
            self.run("rotate", "retry", self.secret)
            if said.code == 0 and self.state(self.secret).rotation is None:
                return
            self.world.advance(dt.timedelta(hours=1))
        raise AssertionError(self.run("rotate", "status").flat)

    def is_whole(self) -> None:
        """All hold and run the one value that lives, nobody ever ran on a refused one, and nothing is left over."""
        name, state = HELD[self.secret], self.state(self.secret)
        alive = [one for one in state.versions if one.ended_at is None]
        assert [one.status for one in alive] == ["current"], state.versions
        held = {self.runs_with("api", name), self.runs_with("worker", name), self.value("api", name)}
        assert len(held) == 1 and self.value("worker", name) in held
        assert f"{name}_PREVIOUS" not in {*self.variables("api"), *self.variables("worker")}
        with self.workshop() as shop:
            books = shop.books()
            assert alive[0].prints == {"value": books.fingerprint(next(iter(held)))}
            kept = books.value(self.secret, alive[0].number)
            assert kept is not None and kept["value"].reveal() in held
            assert sum(shop.ledger().verify().values()) > 0
        keys = self.world.things("sendgrid", "api-key").get("sendgrid", {}).get("acme", {}).get("api-key", [])
        assert [one["id"] for one in keys] == ([alive[0].id] if self.secret == "mail" else [])
        assert self.refused() == []
        assert self.run("drift", "--detailed-exitcode").code == 0


def ready(folder: Path, secret: str, step: str, base: Path) -> Doomed:
    """A shop right before a step: `first` (nothing is there), `switch` (a value is to be replaced), `revoke` (it soaks
    long enough)."""
    root = folder / "shop"
    if step != "first":
        shutil.copytree(_before(secret, step, base), root)
    return Doomed(root, secret)


WORDS = {
    "first": lambda secret: ("up", "--all", "--yes"),
    "switch": lambda secret: ("rotate", "now", secret, "--yes"),
    "revoke": lambda secret: ("rotate", "retry", secret),
}


@functools.cache
def _before(secret: str, step: str, base: Path) -> Path:
    root = base / f"{secret}-{step}"
    if step == "revoke":
        shutil.copytree(_before(secret, "switch", base), root)
    shop = Doomed(root, secret)
    try:
        if step == "switch":
            shop.up()
        else:
            assert shop.run("rotate", "now", secret, "--yes").code == 0
            shop.world.advance(SOAKED)
        shop.world.save()
    finally:
        shop.close()
    return root


def _gone(pid: int) -> None:
    """Waits until a process is no more. Whoever began it waits for its code: this must not take that away."""
    while True:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.002)


@functools.cache
def _processes() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.rotation.kill.typed"])
    return context
