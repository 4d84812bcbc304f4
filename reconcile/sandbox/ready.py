"""The ready file: where a running sandbox is, and what opens it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..model.errors import ReconcileError
from .statefile import write_private

_LOOPBACK = frozenset(("127.0.0.1", "localhost", "::1"))


def is_loopback(url: str) -> bool:
    """Whether an http URL leads to this machine."""
    try:
        parts = urlsplit(url)
        return parts.scheme == "http" and parts.hostname in _LOOPBACK
    except ValueError:
        return False


class Key(BaseModel):
    """What opens one account on one platform of a sandbox: worthless anywhere else."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    token: str = Field(repr=False)


class Ready(BaseModel):
    """What the file holds. `platforms` are the addresses that a vendor's client takes as its base; `env` is what a
    shell exports to send those clients there; `control` opens the control endpoints on the page's port."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    page: str
    clock: str
    pid: int
    ledger: str | None
    platforms: Mapping[str, str]
    accounts: Mapping[str, Mapping[str, Key]]
    env: Mapping[str, str] = Field(repr=False)
    control: str = Field(repr=False)
    services: str = ""
    """Where deployed services answer: `https://HOST/PATH` at `HOST/PATH` below it."""

    @classmethod
    def read(cls, path: Path) -> "Ready":
        """Raises ReconcileError if there is no such file, or it is another."""
        advice = "start one with `trueup sandbox --ready-file F` and set TRUEUP_SANDBOX=F"
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise ReconcileError(f"no sandbox at {path}: {error.strerror}", advice=advice) from None
        except ValidationError:
            # Without the cause: it would quote the file, tokens and all.
            raise ReconcileError(f"{path} is not a sandbox's ready file", advice=advice) from None

    def write(self, path: Path) -> None:
        """In one step, mode 0600."""
        write_private(path, (self.model_dump_json(indent=1) + "\n").encode())

    @property
    def alive(self) -> bool:
        """Whether its process still runs on this machine."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True


def shell_environment(pretend: Any, url: str, token: str) -> dict[str, str]:
    """What a Pretend says its vendor's clients read, if it says so: `environment(url, token)` is optional."""
    told = getattr(pretend, "environment", None)
    return dict(told(url, token)) if told is not None else {}
