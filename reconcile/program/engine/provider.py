"""Whether our provider starts: it must answer with a port, as the engine expects."""

import os
import select
import shutil
import subprocess
import time
from contextlib import suppress

from ...model.errors import ReconcileError
from ..tokens import PACKAGE
from .project import Project

EXECUTABLE = f"pulumi-resource-{PACKAGE}"
_PATIENCE_SECONDS = 30.0


def port_of(project: Project) -> int:
    """Starts our provider, reads its first line, and lets it go. Raises ReconcileError where that is no port."""
    place = project.provider
    path = str(place / EXECUTABLE) if place is not None else shutil.which(EXECUTABLE) or ""
    if not os.access(path, os.X_OK):
        raise ReconcileError(
            f"{path or EXECUTABLE} is not there",
            advice="install this product into the environment that Pulumi.yaml names under `plugins`",
        )
    with subprocess.Popen(
        # Where the engine listens; a provider that is asked nothing never calls there.
        [path, "127.0.0.1:1"],
        cwd=project.root,
        env=dict(project.environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            line = _line(process)
        finally:
            with suppress(OSError):
                process.terminate()
    if not line.strip().isdigit():
        raise ReconcileError(
            f"{path} answers no port", advice="run it by hand: what it says on stderr is what is wrong"
        )
    return int(line)


def _line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        ready, _, _ = select.select([process.stdout], [], [], 0.1)
        if ready:
            return process.stdout.readline()
    return process.stdout.readline() if process.poll() is not None else ""
