"""The engine's own verbs on one stack: is it there, what would happen, do it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import yaml

from ...model import exits
from ...model.errors import ReconcileError, StalePlan
from .command import Done, Engine, EngineFailed, failure, with_code
from .lock import EngineLocked, folder_of, forget_begun
from .preview import Preview, read_preview
from .project import plain_config

PENDING = "pending operations"
"""What the command line warns of when a dead run had begun something."""
_NO_STACK = "no stack named"
_EXISTS = "already exists"
_EXCEEDS, _MISSED = "violates plan", "expected resource operations for"
"""What it says where it would do more than the plan, and of each thing of the plan that it did not come to: also of all
that waits for a thing that failed."""
_LOCKED = "the stack is currently locked"


def ensure(engine: Engine, stack: str) -> None:
    """Sees to it that Pulumi knows the stack; a pretend world's is begun. Raises EngineFailed, ReconcileError."""
    project = engine.project
    if project.virtualenv is not None and not project.pretend and not project.virtualenv.is_dir():
        raise ReconcileError(
            f"{project.virtualenv} is not there, and Pulumi would make one without what the program needs",
            advice="make it (`python -m venv .venv`, then install this product into it), or correct Pulumi.yaml",
        )
    if not project.pretend:
        return
    folder = folder_of(project.backend, project.folder)
    assert folder is not None
    if (folder / ".pulumi" / "stacks" / project.name / f"{stack}.json").exists():
        return
    begun = engine.run("stack", "init", stack, "--no-select")
    if begun.code != exits.NOTHING and _EXISTS not in begun.said:
        # Another run may just have begun it.
        raise failure(begun, f"stack init {stack}")
    config = plain_config(project, stack)
    if config:
        file = project.config_dir / f"Pulumi.{stack}.yaml"
        told = yaml.safe_load(file.read_text()) or {}
        file.write_text(yaml.safe_dump({**told, "config": {**config, **(told.get("config") or {})}}))


def preview(
    engine: Engine,
    stack: str,
    *,
    refresh: bool = False,
    targets: Sequence[str] = (),
    dependents: bool = False,
    environment: Mapping[str, str] | None = None,
    save: Path | None = None,
) -> Preview:
    """What an `up` would do; takes no lock. `dependents`: also to what depends on the targets. `save`: where to keep
    the plan, which `up` then cannot exceed. Raises EngineFailed.
    """
    words = ["preview", "--json", "--show-sames", "--stack", stack, *_aimed(refresh, targets)]
    words.extend(["--target-dependents"] if dependents else [])
    if save is not None:
        words.extend(["--save-plan", str(save)])
    done = engine.run(*words, environment=environment)
    if done.code != exits.NOTHING:
        raise _failed(engine, done, stack, "preview")
    return read_preview(done.out)


def up(
    engine: Engine,
    stack: str,
    *,
    refresh: bool = False,
    targets: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    plan: Path | None = None,
    taken_over: bool = False,
    tell: Callable[[str], None] | None = None,
) -> None:
    """Does it. `plan`: of a preview, and no more than that. `taken_over`: what a dead run had begun is struck from
    the state afterwards. Raises EngineFailed, EngineLocked, StalePlan.
    """
    words = ["up", "--yes", "--skip-preview", "--suppress-outputs", "--stack", stack, *_aimed(refresh, targets)]
    if plan is not None:
        words.extend(["--plan", str(plan)])
    done = engine.run(*words, tell=tell, environment=environment)
    if done.code != exits.NOTHING:
        raise _failed(engine, done, stack, "up")
    if taken_over or PENDING in done.said:
        forget_begun(engine, stack)


def _aimed(refresh: bool, targets: Sequence[str]) -> list[str]:
    return [*(["--refresh"] if refresh else []), *(word for urn in targets for word in ("--target", urn))]


def _failed(engine: Engine, done: Done, stack: str, command: str) -> ReconcileError:
    if _NO_STACK in done.said:
        return EngineFailed(
            f"Pulumi knows no stack {stack} where its state is kept",
            advice=f"`pulumi stack init {stack}` begins it; PULUMI_BACKEND_URL says where the state is",
        )
    if _LOCKED in done.said:
        return EngineLocked(f"{stack}: " + "; ".join(_lines_of_lock(done.said)))
    missed = [line for line in done.errors if line.startswith(_MISSED)]
    if _EXCEEDS in done.said or (missed and len(missed) == len(done.errors)):
        return StalePlan(f"{stack}: what Pulumi was about to do is no longer what it said it would")
    told = _diagnosed(done)
    if not told:
        return failure(done, f"{command} of {stack}", [line for line in done.errors if line not in missed])
    return with_code(EngineFailed(f"pulumi {command} of {stack}: " + "; ".join(map(engine.redact, told))))


def _lines_of_lock(said: str) -> list[str]:
    """What the command line tells of a lock that it alone can see."""
    lines = [line.strip().removeprefix("error: ") for line in said.splitlines()]
    return [line for line in lines if _LOCKED in line or "created by" in line]


def _diagnosed(done: Done) -> list[str]:
    """What a document on stdout tells of errors."""
    try:
        errors = read_preview(done.out).errors
    except ReconcileError:
        return []
    return [_essence(one) for one in errors]


def _essence(message: str) -> str:
    """Of a program's traceback its last line: what was raised."""
    lines = [line for line in message.removeprefix("error: ").splitlines() if line.strip()]
    return lines[-1].strip() if any(line.startswith("Traceback") for line in lines) else " ".join(lines)
