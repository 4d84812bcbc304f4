"""The executable `pulumi-resource-trueup`: the engine starts it, reads a port, and speaks to it until it ends."""

import os
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from . import __version__
from .assemble import Workshop, whoami
from .model.errors import LedgerError
from .model.platform import Platform
from .model.secret import SecretText
from .program.provider.parts import Parts
from .program.provider.servicer import Servicer
from .settings import Settings
from .steps.observe import Pair
from .steps.plan.seen import Fingerprint
from .store import Ledger

WORKERS = 64
"""Calls at once: the engine sends up to `--parallel` of them, and a wave waits for all."""
_UNBOUNDED = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))


class Provider:
    """A workshop's parts, made once and one at a time: the engine's calls come from many threads."""

    def __init__(self, shop: Workshop) -> None:
        self.shop = shop
        self._lock = threading.RLock()

    def parts(self, **options: Any) -> Parts:
        """`options` override what a Parts takes."""
        shop = self.shop
        given: dict[str, Any] = {
            "kinds": shop.kinds,
            "releases": shop.releases,
            "project": lambda: self._once("project"),
            "tree": lambda: self._once("tree"),
            "platforms": lambda: self._once("platforms"),
            "ledger": lambda: self._once("ledger"),
            "fingerprint": lambda: self._once("fingerprint"),
            "credentials": lambda: self._once("credentials"),
            "clock": shop.clock,
            "who": whoami,
            "version": __version__,
            "settle": shop.world is None,
            "sleep": shop.sleep,
            "lock_timeout_seconds": shop.settings.lock_timeout_seconds,
        }
        return Parts(**{**given, **options})

    def _once(self, name: str) -> Any:
        with self._lock:
            return getattr(self, name)

    @cached_property
    def project(self) -> Any:
        return self.shop.project

    @cached_property
    def tree(self) -> Any:
        return self.shop.tree

    @cached_property
    def platforms(self) -> tuple[Mapping[Pair, Platform], Mapping[Pair, str]]:
        return self.shop.platforms()

    @cached_property
    def ledger(self) -> Ledger:
        return self.shop.ledger()

    @cached_property
    def fingerprint(self) -> Fingerprint | None:
        vault, _ = self.shop.vault()
        return vault.fingerprint if vault is not None else None

    @cached_property
    def credentials(self) -> tuple[SecretText, ...]:
        return tuple(credentials(self.shop))


def credentials(shop: Workshop) -> Iterator[SecretText]:
    """What opens the accounts, so that no message repeats it."""
    if shop.world is not None:
        for by_platform in shop.world.accounts.values():
            yield from (SecretText(key.token) for key in by_platform.values())
        return
    for accesses in shop.project.accounts.values():
        for access in accesses.values():
            values = (os.environ.get(variable) for variable in access.credentials.values())
            yield from (SecretText(value) for value in values if value)


def serve(servicer: Servicer, port: int = 0) -> tuple[grpc.Server, int]:
    """A started server on loopback, and its port."""
    server = grpc.server(ThreadPoolExecutor(WORKERS, "provider"), options=_UNBOUNDED)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server, port


def main() -> None:
    """`pulumi-resource-trueup ENGINE`: prints its port, and ends with the engine, whose death closes our stdin."""
    try:
        settings = Settings.from_environment(root=Path.cwd().resolve())
    except ValueError as error:
        raise SystemExit(f"trueup: {error}") from None
    with Workshop(settings) as shop:
        servicer = Servicer(Provider(shop).parts())
        server, port = serve(servicer)
        print(port, flush=True)
        try:
            while sys.stdin.buffer.read(4096):
                pass
        except (KeyboardInterrupt, OSError):
            pass
        # What is under way ends and is told to the ledger; nothing new begins.
        server.stop(grace=None)
        _end(servicer)
    os._exit(0)


def _end(servicer: Servicer) -> None:
    try:
        servicer.end()
    except LedgerError as error:
        print(f"trueup: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
