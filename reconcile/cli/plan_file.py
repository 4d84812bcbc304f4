"""The file of `plan --out`, which `apply PLANFILE` applies exactly."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..loop import Choice
    from ..steps.plan import Mode


def write_plan(path: Path, document: dict[str, Any], mode: str, choice: "Choice") -> None:
    """The plan and how it was asked for; 0600, whole or not at all. Raises ReconcileError."""
    import os
    import tempfile

    from ..model.errors import ReconcileError

    whole = {
        **document,
        "mode": mode,
        "targets": sorted(map(str, choice.targets)),
        "excluded": sorted(map(str, choice.excluded)),
    }
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise ReconcileError(f"{path}: {error.strerror}", advice="choose another place with --out") from error
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(whole, file, indent=2, ensure_ascii=False)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_plan(path: Path) -> "tuple[str, list[str], Mode, Choice]":
    """Digest, stacks, mode and choice of a plan file. Raises ReconcileError."""
    from ..loop import Choice
    from ..model.errors import ReconcileError
    from . import options as opt
    from .documents import PLAN_SCHEMA

    try:
        found = json.loads(path.read_text())
        if found["schema"] != PLAN_SCHEMA or found["mode"] not in ("spec", "drift"):
            raise ValueError(f"schema {found['schema']}")
        choice = Choice(opt.addresses(found["targets"]), opt.addresses(found["excluded"]))
        return str(found["digest"]), [str(name) for name in found["stacks"]], found["mode"], choice
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReconcileError(
            f"{path}: not a plan of this product ({type(error).__name__}: {error})",
            advice="make one with `trueup plan --out FILE`",
        ) from error
