"""Where the engine works: the repository's Pulumi project, or a copy of it that belongs to a pretend world."""

import os
import secrets
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ...model.errors import ReconcileError
from ..tokens import PACKAGE

FILE = "Pulumi.yaml"
_DISABLED = {"PULUMI_SKIP_UPDATE_CHECK": "true"}


@dataclass(frozen=True)
class Project:
    """One project as a command line is to run it. `backend` is "" where only the command line knows it."""

    root: Path
    """The repository."""
    folder: Path
    """What holds the Pulumi.yaml."""
    name: str
    config_dir: Path
    """Where the `Pulumi.<stack>.yaml` are."""
    virtualenv: Path | None
    """The Python environment of the program; None: whichever `python3` is found."""
    provider: Path | None
    """The folder that our provider is run from; None: it is searched on PATH."""
    backend: str
    pretend: bool
    environment: Mapping[str, str] = field(repr=False)

    def root_urn(self, stack: str) -> str:
        """The URN of the stack itself."""
        return f"urn:pulumi:{stack}::{self.name}::pulumi:pulumi:Stack::{self.name}-{stack}"


def live_project(root: Path, environment: Mapping[str, str] = os.environ) -> Project:
    """The project of the repository, with the caller's backend and passphrase. Raises ReconcileError."""
    told = _read(root)
    backend = environment.get("PULUMI_BACKEND_URL") or str((told.get("backend") or {}).get("url") or "")
    return Project(
        root=root,
        folder=root,
        name=str(told["name"]),
        config_dir=root / str(told.get("stackConfigDir") or "."),
        virtualenv=_virtualenv(told, root),
        provider=_provider_folder(told, root),
        backend=backend,
        pretend=False,
        environment={**environment, **_DISABLED},
    )


def pretend_project(
    root: Path, home: Path, told_by_world: Mapping[str, str], environment: Mapping[str, str] = os.environ
) -> Project:
    """A copy in `home` with state, settings and passphrase of its own, so that nothing of the user's is touched.

    `told_by_world` is what a shell exports to send vendors' clients there. Raises ReconcileError.
    """
    told = _read(root)
    folder, state = home / "project", home / "state"
    passphrase = home / "passphrase"
    for each in (home, folder, state):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not passphrase.exists():
        _begin(passphrase, secrets.token_urlsafe(24))
    moved = _moved(told, root)
    text, file = yaml.safe_dump(moved, sort_keys=False), folder / FILE
    if not file.exists() or file.read_text() != text:
        file.unlink(missing_ok=True)
        _begin(file, text)
    # Whatever of Pulumi's the user has set is for the live estate.
    kept = {name: value for name, value in environment.items() if not name.startswith("PULUMI_")}
    backend = f"file://{state}"
    return Project(
        root=root,
        folder=folder,
        name=str(told["name"]),
        config_dir=folder / "config",
        virtualenv=_virtualenv(moved, root),
        provider=_provider_folder(moved, root),
        backend=backend,
        pretend=True,
        environment={
            **kept,
            **told_by_world,
            **_DISABLED,
            "PULUMI_BACKEND_URL": backend,
            "PULUMI_HOME": str(home / "home"),
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase),
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        },
    )


def _begin(file: Path, text: str) -> None:
    """A file of its owner's, whole at once; one that another run has just begun stays."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    with os.fdopen(descriptor, "w") as half:
        half.write(text)
    with suppress(FileExistsError):
        Path(file).hardlink_to(name)
    Path(name).unlink()


def plain_config(project: Project, stack: str) -> dict[str, Any]:
    """What a stack's settings in the repository hold in the clear: a pretend world has them too, its secrets not."""
    told = _read(project.root)
    file = project.root / str(told.get("stackConfigDir") or ".") / f"Pulumi.{stack}.yaml"
    try:
        config = (yaml.safe_load(file.read_text()) or {}).get("config") or {}
    except (OSError, yaml.YAMLError, AttributeError):
        return {}
    return {name: value for name, value in config.items() if not (isinstance(value, dict) and "secure" in value)}


def _read(root: Path) -> dict[str, Any]:
    file = root / FILE
    try:
        told = yaml.safe_load(file.read_text())
    except OSError as error:
        raise ReconcileError(f"{file}: {error.strerror}", advice="`trueup init` writes it") from None
    except yaml.YAMLError:
        raise ReconcileError(f"{file} is no YAML", advice="correct it; `trueup init` shows how it looks") from None
    if not isinstance(told, dict) or not isinstance(told.get("name"), str):
        raise ReconcileError(f"{file} names no project", advice="`trueup init` shows how it looks")
    return told


def _options(told: Mapping[str, Any]) -> dict[str, Any]:
    runtime = told.get("runtime")
    options = runtime.get("options") if isinstance(runtime, dict) else None
    return options if isinstance(options, dict) else {}


def _virtualenv(told: Mapping[str, Any], root: Path) -> Path | None:
    named = _options(told).get("virtualenv")
    return root / str(named) if named else None


def _provider_folder(told: Mapping[str, Any], root: Path) -> Path | None:
    plugins = told.get("plugins")
    providers = plugins.get("providers") if isinstance(plugins, dict) else None
    for one in providers if isinstance(providers, list) else ():
        if isinstance(one, dict) and one.get("name") == PACKAGE and isinstance(one.get("path"), str):
            return root / str(one["path"])
    return None


def _moved(told: Mapping[str, Any], root: Path) -> dict[str, Any]:
    """The same project from another folder. Where the repository has no environment of its own, ours runs it."""
    moved: dict[str, Any] = {name: value for name, value in told.items() if name != "backend"}
    moved["main"] = str(root / str(told.get("main") or "."))
    moved["stackConfigDir"] = "config"
    virtualenv = _virtualenv(told, root)
    if virtualenv is not None:
        options = {**_options(told), "virtualenv": str(virtualenv if virtualenv.is_dir() else Path(sys.prefix))}
        moved["runtime"] = {**told["runtime"], "options": options}
    plugins = told.get("plugins")
    if isinstance(plugins, dict) and isinstance(plugins.get("providers"), list):
        moved["plugins"] = {**plugins, "providers": [_provider(one, root) for one in plugins["providers"]]}
    return moved


def _provider(one: Any, root: Path) -> Any:
    if not isinstance(one, dict) or not isinstance(one.get("path"), str):
        return one
    path = root / one["path"]
    return {**one, "path": str(path if path.exists() else Path(sys.prefix, "bin"))}
