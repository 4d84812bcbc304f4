"""One sync of octoDNS in this process, its phases timed: `theirs.py CONFIG SPAWNED_AT`, JSON out."""

import json
import logging
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from octodns.manager import Manager
from octodns.provider.yaml import YamlProvider
from octodns_cloudflare import CloudflareProvider

_adding = threading.Lock()


def _timed(cls: type[Any], method: str, phases: dict[str, float], phase: str) -> None:
    """Adds up the seconds of a method over all zones (with several workers that is more than the wall's)."""
    original: Callable[..., Any] = getattr(cls, method)

    def timed(*args: Any, **options: Any) -> Any:
        began = time.perf_counter()
        try:
            return original(*args, **options)
        finally:
            with _adding:
                phases[phase] = phases.get(phase, 0.0) + time.perf_counter() - began

    setattr(cls, method, timed)


def main(config: str, spawned_at: str) -> None:
    phases = {"start": time.time() - float(spawned_at)}
    logging.disable(logging.CRITICAL)
    _timed(YamlProvider, "populate", phases, "load")
    _timed(CloudflareProvider, "plan", phases, "observe + plan")
    _timed(CloudflareProvider, "apply", phases, "apply")
    try:
        changes = Manager(config_file=config).sync(dry_run=False, force=True)
        error = ""
    except Exception as broken:
        changes, error = -1, type(broken).__name__
    print(json.dumps({"phases": phases, "changes": changes, "exit": int(bool(error)), "error": error}))


if __name__ == "__main__":
    main(*sys.argv[1:])
