"""A world kept in a file, so that it outlives its process."""

import json
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..model.errors import ReconcileError
from .shelves import Shelves

_FORMAT = 1


@dataclass
class State:
    """All that a world must remember. `seeded` names what a platform's seed has been given: never twice."""

    offset_seconds: float = 0
    ids: int = 0
    seeded: list[str] = field(default_factory=list)
    platforms: dict[str, Shelves] = field(default_factory=dict)


def load(path: Path) -> State:
    """The state in the file; a fresh one if there is no file. Raises ReconcileError on a file that is no state."""
    if not path.exists():
        return State()
    try:
        told: dict[str, Any] = json.loads(path.read_bytes())
        if told.pop("format") != _FORMAT:
            raise ValueError("another format")
        return State(**told)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ReconcileError(
            f"{path} does not hold a sandbox's state: {error}",
            advice="name another file with --state, or remove this one to begin a new world",
        ) from None


def document(state: State) -> bytes:
    """The file's content. Raises TypeError if a thing is not JSON."""
    return json.dumps({"format": _FORMAT, **vars(state)}, separators=(",", ":")).encode()


def write_private(path: Path, content: bytes) -> None:
    """Replace a file whole, mode 0600: a crash leaves the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp makes the file 0600 from the start, so its secrets are never readable by others, not even for a moment.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
