"""The world on loopback: a port for its page, one for each platform."""

import logging
import os
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from waitress.adjustments import Adjustments  # type: ignore[import-untyped]
from waitress.task import ThreadedTaskDispatcher  # type: ignore[import-untyped]

from ..model.errors import ReconcileError
from ..settings import SANDBOX
from .doors import Server, by_socket
from .mount import LARGEST_BODY
from .page import page
from .ready import Key, Ready, shell_environment
from .world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_HOST = "127.0.0.1"
_SAVE_SECONDS = 0.5
_THREADS = 64
"""Calls that one platform answers at once; with a latency each sleeps in its thread."""


@dataclass(frozen=True)
class Beside:
    """What was started for a world beside it: what a shell exports to be sent there, how it ends, a line that tells."""

    env: Mapping[str, str]
    stop: Callable[[], None]
    told: str = ""


class _Terminated(BaseException):
    """SIGTERM came while the world was waited for."""


@dataclass
class _Listener:
    """One server in one thread, on a socket that listens already."""

    app: "WSGIApplication"
    listening: socket.socket
    threads: int

    def start(self) -> None:
        adjustments = Adjustments(
            sockets=[self.listening],
            threads=self.threads,
            connection_limit=1000,
            backlog=1024,
            max_request_body_size=LARGEST_BODY,
            # Whole listings stay in memory: a temporary file for each would be measured as our slowness.
            outbuf_overflow=64 * 1024 * 1024,
            asyncore_use_poll=True,
            ident=None,
        )
        self._dispatcher = ThreadedTaskDispatcher()
        self._dispatcher.set_thread_count(self.threads)
        address = self.listening.getsockname()
        self._server = Server(
            self.app,
            {},
            _sock=self.listening,
            dispatcher=self._dispatcher,
            adj=adjustments,
            sockinfo=(self.listening.family, self.listening.type, self.listening.proto, address),
            bind_socket=False,
        )
        self._thread = threading.Thread(target=self._server.run, name=f"sandbox-{address[1]}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        def close() -> None:
            for dispatcher in list(self._server._map.values()):
                dispatcher.close()

        # In the server's own thread, where nothing else touches its sockets; its loop ends when none is left.
        self._server.trigger.pull_trigger(close)
        self._thread.join(timeout=5)
        self._dispatcher.shutdown(timeout=1)


@dataclass
class Served:
    """A world that answers. `platform_urls` end in the platform's prefix: what a vendor's client takes as base."""

    world: World
    ready: Ready
    page_url: str
    platform_urls: dict[str, str]
    listeners: list[_Listener]
    ready_file: Path | None = None
    beside: Beside | None = None
    _ended: threading.Event = field(default_factory=threading.Event)

    def wait(self) -> None:
        """Until `stop` is called from elsewhere, Ctrl-C, or SIGTERM (only seen in the main thread). Then stops."""

        def leave(number: int, frame: object) -> NoReturn:
            # Raised, not set: an Event set from a signal could wait for the lock that the interrupted wait holds.
            raise _Terminated

        in_main = threading.current_thread() is threading.main_thread()
        before = signal.signal(signal.SIGTERM, leave) if in_main else None
        try:
            self._ended.wait()
        except _Terminated:
            pass
        finally:
            if in_main:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
            self.stop()
            if in_main:
                signal.signal(signal.SIGTERM, before)

    def stop(self) -> None:
        """Close every port, save the state, take the ready file away."""
        if self.ready_file is not None and self._is_ours(self.ready_file):
            self.ready_file.unlink(missing_ok=True)
        beside, self.beside = self.beside, None
        if beside is not None:
            beside.stop()
        listeners, self.listeners = self.listeners, []
        for listener in listeners:
            listener.stop()
        self._ended.set()
        self.world.save()

    def _is_ours(self, file: Path) -> bool:
        """Whether the ready file still speaks of this world: another may have been started on the same file."""
        try:
            return Ready.read(file) == self.ready
        except ReconcileError:
            return False

    def keep_saving(self) -> None:
        """Save the state twice a second while it changes, in a thread of its own."""

        def save() -> None:
            while not self._ended.wait(_SAVE_SECONDS):
                self.world.save()

        threading.Thread(target=save, name="sandbox-state", daemon=True).start()


def serve(
    world: World,
    *,
    port: int = 0,
    ready_file: Path | None = None,
    ledger: Path | None = None,
    beside: Callable[[Ready], Beside | None] | None = None,
) -> Served:
    """Open the page on `port` and the platforms, by name, on those after it (0: free ports), on loopback.

    `ledger` is only written into the ready file. `beside` starts what belongs to the world and is no platform, once all
    of them listen, and is stopped with it. The ready file is written last: who reads it finds everything listening.
    Raises ReconcileError if a port is taken.
    """
    logging.getLogger("waitress").setLevel(logging.ERROR)
    names = sorted(world.platforms)
    sockets = _listen(port, len(names) + 1)
    ports = [each.getsockname()[1] for each in sockets]
    page_url = f"http://{_HOST}:{ports[0]}/"
    urls = {
        name: f"http://{_HOST}:{at}{world.mount(name).pretend.prefix}"
        for name, at in zip(names, ports[1:], strict=True)
    }
    ready = _ready(world, page_url, urls, ledger)
    apps: list[tuple[WSGIApplication, int]] = [(page(world, ready.control, urls), 4)]
    apps += [(by_socket(world.mount(name).app()), _THREADS) for name in names]
    listeners = [_Listener(app, at, threads) for (app, threads), at in zip(apps, sockets, strict=True)]
    for listener in listeners:
        listener.start()
    started = beside(ready) if beside is not None else None
    ready = ready.model_copy(update={"env": _exports(ready, started, ready_file)})
    served = Served(world, ready, page_url, urls, listeners, ready_file, started)
    served.keep_saving()
    if ready_file is not None:
        ready.write(ready_file)
    return served


def _exports(ready: Ready, started: Beside | None, ready_file: Path | None) -> dict[str, str]:
    """All that a shell exports to be in this world."""
    itself = {} if ready_file is None else {SANDBOX: str(ready_file.resolve())}
    return {**ready.env, **(started.env if started is not None else {}), **itself}


def _listen(port: int, count: int) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    try:
        for number in range(count):
            at = port + number if port else 0
            made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            sockets.append(made)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((_HOST, at))
            made.listen(1024)
    except (OSError, OverflowError) as error:
        for made in sockets:
            made.close()
        raise ReconcileError(
            f"cannot listen on {_HOST}:{at}: {getattr(error, 'strerror', error)}",
            advice=f"{count} ports in a row are needed; choose another with --port, or --port 0 for free ones",
        ) from None
    return sockets


def _ready(world: World, page_url: str, urls: dict[str, str], ledger: Path | None) -> Ready:
    accounts: dict[str, dict[str, Key]] = {}
    environment: dict[str, str] = {}
    for seed in world.seeds:
        if seed.platform not in urls:
            continue
        token = seed.token.reveal()
        # A shell has one token of each name: the first account's.
        if not any(seed.platform in keys for keys in accounts.values()):
            environment |= shell_environment(world.mount(seed.platform).pretend, urls[seed.platform], token)
        accounts.setdefault(seed.account, {})[seed.platform] = Key(id=seed.id, token=token)
    return Ready(
        page=page_url,
        clock=f"{page_url}clock",
        pid=os.getpid(),
        ledger=str(ledger) if ledger else None,
        platforms=urls,
        accounts=accounts,
        env=environment,
        control=secrets.token_urlsafe(32),
        services=f"{page_url}services/",
    )
