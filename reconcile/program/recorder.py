"""A Pulumi program that we did not write: its project file, its settings, and what it registers when it runs apart."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct

from ..model.errors import ReconcileError
from ..model.spec import Location
from .properties import UNKNOWN, UNKNOWN_TEXT, Concealed, decode

_RECORDING = Path(__file__).with_name("recording.py")
_GRACE_SECONDS = 5.0


@dataclass(frozen=True)
class Program:
    """One stack of a program in a folder, and the Python that runs it."""

    folder: Path
    start: Path
    """The file or folder that is run."""
    python: Path
    project: str
    stack: str
    config: Mapping[str, str]
    sealed: tuple[str, ...] = ()
    """Settings that are encrypted: not known here."""


@dataclass(frozen=True)
class Zone:
    """What a program that looks a zone up is told."""

    id: str
    name: str
    account: str
    """Its account's id."""


@dataclass(frozen=True)
class Answers:
    """What a program is told of what lives.

    `zones_whole`: every zone that it may ask for is among `zones`. `living`: by URN the id, and the outputs by their
    wire names.
    """

    zones: Sequence[Zone] = ()
    zones_whole: bool = True
    living: Mapping[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Registration:
    """One resource that a program registered; `inputs` decoded, empty for a type that nobody asked for."""

    urn: str
    type: str
    name: str
    inputs: Mapping[str, Any]
    at: Location | None = None
    import_id: str = ""
    ignored: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recording:
    """What one run registered: neither components nor providers, which are nowhere but in Pulumi."""

    registered: tuple[Registration, ...]
    looked_up: int = 0
    """How many things it only reads by their ids."""
    warnings: tuple[str, ...] = ()


def read_program(folder: Path, stack: str | None) -> Program:
    """Raises ReconcileError where the folder holds no Python program of Pulumi's, or the stack is not told."""
    folder = folder.resolve()
    told = _yaml(folder / "Pulumi.yaml") if (folder / "Pulumi.yaml").is_file() else None
    if told is None:
        raise ReconcileError(f"{folder} has no Pulumi.yaml", advice="give --program the folder of a Pulumi project")
    runtime = told.get("runtime")
    name, options = (runtime.get("name"), runtime.get("options")) if isinstance(runtime, dict) else (runtime, None)
    if name != "python" or not told.get("name"):
        raise ReconcileError(f"{folder / 'Pulumi.yaml'} is of no Python program (runtime {name})", advice=_ONLY_PYTHON)
    settings = folder / str(told.get("stackConfigDir") or "")
    stack = stack or _only_stack(folder, settings)
    project = str(told["name"])
    start = folder / str(told.get("main") or "")
    if start.is_dir() and not (start / "__main__.py").is_file():
        raise ReconcileError(f"{start} has no __main__.py", advice="`main:` in Pulumi.yaml says where the program is")
    config, sealed = _config(told, settings / f"Pulumi.{stack}.yaml", project)
    return Program(folder, start, _python(folder, options or {}), project, stack, config, sealed)


_ONLY_PYTHON = "only programs in Python can be recorded; `pulumi preview --refresh` tells the drift of others"


def record(program: Program, types: Sequence[str], answers: Answers, timeout_seconds: float) -> Recording:
    """Runs the program once. Of `types` alone the inputs leave its process. Raises ReconcileError."""
    order = {
        "folder": str(program.folder),
        "program": str(program.start),
        "project": program.project,
        "stack": program.stack,
        "config": dict(program.config),
        "secret_keys": list(program.sealed),
        "types": list(types),
        "whole": answers.zones_whole,
        "zones": [{"id": one.id, "name": one.name, "account": one.account} for one in answers.zones],
        "known": {urn: {"id": id, "outputs": dict(told)} for urn, (id, told) in answers.living.items()},
    }
    told = _run(program, json.dumps(order), timeout_seconds)
    if "error" in told:
        raise _failure(program, told, answers)
    registered = tuple(_registrations(told["registered"]))
    return Recording(registered, len(told["read"]), tuple(_warnings(program, told)))


def _run(program: Program, order: str, timeout_seconds: float) -> dict[str, Any]:
    """What the other process reports. Raises ReconcileError where it does not start, end, or report."""
    try:
        running = subprocess.Popen(
            [str(program.python), str(_RECORDING)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=program.folder,
            # Nothing is written anywhere, not even compiled modules.
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
    except OSError as error:
        raise ReconcileError(f"{program.python}: {error.strerror}", advice=_VENV) from error
    try:
        out, _ = running.communicate(order, timeout=timeout_seconds)
    except subprocess.TimeoutExpired:
        raise ReconcileError(
            f"the program in {program.folder} did not end within {timeout_seconds:g} s",
            advice="it may wait for something that only an engine gives; else give it longer by --timeout",
        ) from None
    finally:
        _end(running)
    try:
        told: dict[str, Any] = json.loads(out)
    except ValueError:
        raise ReconcileError(
            f"the program in {program.folder} ended with {running.returncode} before it had registered everything",
            advice="what it printed is above; run `python __main__.py` in its folder to see more",
        ) from None
    return told


def _end(running: "subprocess.Popen[str]") -> None:
    """Ends it and what it started, where it has not ended."""
    if running.poll() is not None:
        return
    for sent in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, sent)
        try:
            running.communicate(timeout=_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        return


_VENV = "`virtualenv` in Pulumi.yaml names the folder; make it and install what the program needs"


def _failure(program: Program, told: Mapping[str, Any], answers: Answers) -> ReconcileError:
    error = told["error"]
    if error["kind"] == "no SDK":
        return ReconcileError(f"{program.python} has not all of Pulumi's SDK: {error['message']}", advice=_VENV)
    where = f"the program in {program.folder} stopped" + (f" at {error['at']}" if error["at"] else "")
    what = error["message"] if error["kind"] == "Left" else f"{error['kind']}: {error['message']}".rstrip(": ")
    asked = ", ".join(told.get("unanswered") or ())
    if error["kind"] == "Left":
        advice = "what comes after that is not known; let the program run to its end"
    elif asked:
        advice = f"nothing here answers {asked}: use the form that gives an output (`…_output`), whose value may wait"
    elif not answers.zones_whole:
        advice = "not all zones could be read, so those that it looks up are not known: `trueup doctor`"
    elif program.sealed:
        advice = f"{', '.join(program.sealed)} is encrypted, so its value is not known here; else correct the program"
    else:
        advice = "correct the program; `pulumi preview` would stop there too, but for what only an engine gives"
    return ReconcileError(f"{where}: {what}", advice=advice)


def _registrations(told: Sequence[Mapping[str, Any]]) -> Iterator[Registration]:
    for one in told:
        if not one["custom"] or one["type"].startswith("pulumi:"):
            continue
        file, line = one["at"]
        yield Registration(
            one["urn"],
            one["type"],
            one["name"],
            _inputs(one["inputs"] or {}),
            Location(file, int(line)) if file else None,
            one["import_id"],
            tuple(one["ignored"]),
            tuple(one["needs"]),
        )


def _inputs(told: Mapping[str, Any]) -> dict[str, Any]:
    """Decoded; a secret is a SecretText from here on."""
    return {name: _settled(value) for name, value in decode(json_format.ParseDict(dict(told), Struct())).items()}


def _settled(value: Any) -> Any:
    """A text that was made of one that is not known is not known itself."""
    if isinstance(value, str):
        return UNKNOWN if UNKNOWN_TEXT in value else value
    if isinstance(value, Mapping):
        return {name: _settled(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_settled(each) for each in value]
    if isinstance(value, Concealed):
        return value if UNKNOWN_TEXT not in json.dumps(value.reveal(), default=lambda _: UNKNOWN_TEXT) else UNKNOWN
    reveal = getattr(value, "reveal", None)
    return UNKNOWN if callable(reveal) and UNKNOWN_TEXT in reveal() else value


def _warnings(program: Program, told: Mapping[str, Any]) -> Iterator[str]:
    yield from told["warnings"]
    if told["unanswered"]:
        yield f"nothing here answers {', '.join(told['unanswered'])}: what depends on it is not known"
    if program.sealed:
        yield f"encrypted settings are not known here: {', '.join(program.sealed)}"


def _python(folder: Path, options: Mapping[str, Any]) -> Path:
    """The virtual environment's that the project names, where it is there; else the one that runs this."""
    named = options.get("virtualenv") or (".venv" if options.get("toolchain") == "uv" else None)
    for place in ("bin/python", "Scripts/python.exe") if named else ():
        if (folder / str(named) / place).is_file():
            return folder / str(named) / place
    return Path(sys.executable)


def _only_stack(folder: Path, settings: Path) -> str:
    found = sorted(one.name.removeprefix("Pulumi.").removesuffix(".yaml") for one in settings.glob("Pulumi.*.yaml"))
    if len(found) == 1:
        return found[0]
    known = f"give --stack, one of {', '.join(found)}" if found else "give --stack NAME"
    raise ReconcileError(f"which stack of {folder}?", advice=known)


def _config(told: Mapping[str, Any], file: Path, project: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """The settings of a stack, and which of them are encrypted."""
    values: dict[str, Any] = {}
    for name, value in (told.get("config") or {}).items():
        if isinstance(value, dict):
            value = value.get("value", value.get("default"))
        if value is not None:
            values[name] = value
    stack = _yaml(file) if file.is_file() else {}
    values |= stack.get("config") or {}
    by_key = {name if ":" in name else f"{project}:{name}": value for name, value in values.items()}
    secret = tuple(name for name, value in by_key.items() if _is_sealed(value))
    return {name: _as_text(_opened(value)) for name, value in by_key.items()}, secret


def _is_sealed(value: Any) -> bool:
    if isinstance(value, dict):
        return "secure" in value or any(map(_is_sealed, value.values()))
    return isinstance(value, list) and any(map(_is_sealed, value))


def _opened(value: Any) -> Any:
    if isinstance(value, dict):
        return UNKNOWN_TEXT if "secure" in value else {name: _opened(each) for name, each in value.items()}
    return [_opened(each) for each in value] if isinstance(value, list) else value


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _yaml(path: Path) -> dict[str, Any]:
    """Raises ReconcileError for what is no mapping."""
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = f"{path}:{line + 1}" if line is not None else str(path)
        raise ReconcileError(f"{where}: it cannot be read as YAML", advice="correct it") from error
    if not isinstance(told, dict):
        raise ReconcileError(f"{path}: it is no mapping", advice="correct it")
    return told
