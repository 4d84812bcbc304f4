"""What an operator can set: by option, else by environment, else the default here."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SANDBOX = "TRUEUP_SANDBOX"
"""Path of a sandbox's ready-file: every command then talks to that world."""
STACKS = "TRUEUP_STACKS"
"""A folder to read stack files from, in place of `stacks/`."""


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
        """Options that a command was given, the environment for the rest."""
        ready = environment.get(SANDBOX)
        options.setdefault("root", Path.cwd())
        return cls(
            stacks_dir=environment.get(STACKS) or None,
            sandbox=Path(ready) if ready else None,
            **options,
        )
