"""Where the vendor's command line is. Nothing of it is shipped, so it may be nowhere."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ...model.errors import ReconcileError

VARIABLE = "TRUEUP_PULUMI"
"""Path of the binary, for whoever keeps it at a place of their own."""
_VERSION = re.compile(r"v?(\d+(?:\.\d+)+\S*)")


@dataclass(frozen=True)
class Found:
    """A command line and how it was found: `$TRUEUP_PULUMI`, `PATH`, or `~/.pulumi/bin`."""

    path: Path
    how: str


def find(environment: Mapping[str, str] = os.environ) -> Found | None:
    """The command line, or None. Raises ReconcileError where `$TRUEUP_PULUMI` names what cannot be run."""
    named = environment.get(VARIABLE)
    if named:
        path = Path(named).expanduser()
        if not (path.is_file() and os.access(path, os.X_OK)):
            raise ReconcileError(
                f"${VARIABLE} names {named}, which is no program", advice="correct it, or unset it to search PATH"
            )
        return Found(path.absolute(), f"${VARIABLE}")
    on_path = shutil.which("pulumi", path=environment.get("PATH", ""))
    if on_path is not None:
        return Found(Path(on_path).absolute(), "PATH")
    home = environment.get("HOME")
    usual = Path(home, ".pulumi", "bin", "pulumi") if home else None
    if usual is not None and usual.is_file() and os.access(usual, os.X_OK):
        return Found(usual, "~/.pulumi/bin")
    return None


def version_of(found: Found) -> str:
    """`3.260.0`. Raises ReconcileError where it does not answer as Pulumi's command line does."""
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        answer = subprocess.run(
            [str(found.path), "version"], capture_output=True, text=True, timeout=60, check=True, env=environment
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ReconcileError(
            f"{found.path} does not tell its version ({type(error).__name__})", advice="install it anew"
        ) from None
    told = _VERSION.match(answer.stdout.strip())
    if told is None:
        raise ReconcileError(f"{found.path} is not Pulumi's command line", advice=f"correct ${VARIABLE} or PATH")
    return told[1]
