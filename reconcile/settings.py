"""What an operator can set: by option, else by environment, else the default here."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

SANDBOX = "TRUEUP_SANDBOX"
"""Path of a sandbox's ready-file: every command then talks to that world."""
STACKS = "TRUEUP_STACKS"
"""A folder to read stack files from, in place of `stacks/`."""
PARALLELISM = "TRUEUP_PARALLELISM"
"""As `--parallelism`. `trueup up` hands these to the provider that Pulumi starts, as does who runs `pulumi up`."""
MAX_CALLS = "TRUEUP_MAX_CALLS"
"""As `--max-calls`, for each process by itself."""
LOCK_TIMEOUT = "TRUEUP_LOCK_TIMEOUT"
"""As `--lock-timeout`, in seconds."""
LOG_FILE = "TRUEUP_LOG_FILE"
"""As `--log-file`."""

Number = TypeVar("Number", int, float)


@dataclass(frozen=True)
class Settings:
    """One command's settings."""

    root: Path
    """The repository: the folder that holds `stacks/`."""
    stacks_dir: str | None = None
    """Another folder for the stack files; None: `stacks/`."""
    sandbox: Path | None = None
    """Ready-file of the sandbox to talk to; None: the live platforms."""
    parallelism: int = 32
    """HTTP calls under way at once, over all platforms."""
    max_calls: int | None = None
    """Calls after which the command stops with 15; None: no limit of our own."""
    log_file: Path | None = None
    """Where to append one JSON line a call; None: nowhere."""
    lock_timeout_seconds: float = 0.0
    """How long to wait for another run's lease."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ, **options: Any) -> "Settings":
        """Options that a command was given, the environment for the rest. Raises ValueError for a bad number."""
        ready = environment.get(SANDBOX)
        log_file = environment.get(LOG_FILE)
        told: dict[str, Any] = {
            "root": Path.cwd(),
            "parallelism": _number(environment, PARALLELISM, int, 1),
            "max_calls": _number(environment, MAX_CALLS, int, 0),
            "lock_timeout_seconds": _number(environment, LOCK_TIMEOUT, float, 0.0),
            "log_file": Path(log_file) if log_file else None,
        }
        for name, value in told.items():
            if value is not None:
                options.setdefault(name, value)
        return cls(
            stacks_dir=environment.get(STACKS) or None,
            sandbox=Path(ready) if ready else None,
            **options,
        )


def _number(environment: Mapping[str, str], name: str, kind: type[Number], least: Number) -> Number | None:
    text = environment.get(name)
    if not text:
        return None
    try:
        value = kind(text)
    except ValueError:
        value = least - 1
    # What is no number at all compares with nothing.
    if not value >= least:
        raise ValueError(f"${name} is no number from {least}")
    return value
