"""What doctor looks at where Pulumi writes. Reads only, but for the installer that somebody asks for."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from ...model import exits
from ...model.errors import ReconcileError
from ...program.engine.command import Engine
from ...program.engine.find import find, version_of
from ...program.engine.lock import folder_of
from ...program.engine.project import Project
from ...program.engine.provider import port_of
from .writers import INSTALL, project_of

if TYPE_CHECKING:
    from ...assemble import Workshop

Told = tuple[str, int, str, str]
"""Subject, exit code, message, advice."""


def engine_checks(shop: "Workshop", stacks: Sequence[str]) -> Iterator[Told]:
    """`stacks`: those that Pulumi writes; without any only the command line itself is told of."""
    engine: Engine | None = None
    project: Project | None = None
    if stacks:
        try:
            project = project_of(shop)
            yield "pulumi project", 0, f"{project.name}, settings of stacks in {project.config_dir}", ""
        except ReconcileError as error:
            yield "pulumi project", exits.INCOMPLETE if _is_needed(shop) else 0, str(error), error.advice
    try:
        found = find()
        if found is None:
            yield _not_found(shop, stacks)
        else:
            yield "pulumi CLI", 0, f"{version_of(found)} at {found.path} ({found.how})", ""
            engine = Engine(found.path, project) if project is not None else None
    except ReconcileError as error:
        yield "pulumi CLI", exits.INCOMPLETE if stacks else 0, str(error), error.advice
    if project is not None:
        yield _virtualenv(project)
        yield _provider(project)
        if not project.pretend:
            yield _folder(project)
            yield from _backend(project, engine, stacks)


def _is_needed(shop: "Workshop") -> bool:
    """Whether Pulumi would be run: in a sandbox without a command line nobody does."""
    try:
        return shop.world is None or find() is not None
    except ReconcileError:
        return True


def _not_found(shop: "Workshop", stacks: Sequence[str]) -> Told:
    if not stacks:
        return "pulumi CLI", 0, "not found; no stack needs it", ""
    if shop.world is not None:
        return "pulumi CLI", 0, "not found: in this sandbox trueup writes what Pulumi would", INSTALL
    return "pulumi CLI", exits.INCOMPLETE, f"not found, and Pulumi writes {', '.join(stacks)}", INSTALL


def _virtualenv(project: Project) -> Told:
    place = project.virtualenv
    if place is None:
        return "pulumi program", 0, "Pulumi.yaml names no virtualenv: the first python3 on PATH runs it", ""
    if any((place / folder / name).exists() for folder, name in (("bin", "python"), ("Scripts", "python.exe"))):
        return "pulumi program", 0, f"run by {place}", ""
    advice = f"`python -m venv {place}` and install this product there; Pulumi itself would make an empty one"
    return "pulumi program", exits.INCOMPLETE, f"there is no Python environment at {place}", advice


def _provider(project: Project) -> Told:
    try:
        port_of(project)
    except ReconcileError as error:
        return "pulumi provider", exits.INCOMPLETE, str(error), error.advice
    return "pulumi provider", 0, "ours starts and answers a port", ""


def _folder(project: Project) -> Told:
    if project.config_dir.is_dir():
        return "pulumi settings", 0, f"{project.config_dir} is there", ""
    advice = "`stackConfigDir: stacks` in Pulumi.yaml keeps them beside the stack files"
    return "pulumi settings", exits.INCOMPLETE, f"{project.config_dir} is not there", advice


def _backend(project: Project, engine: Engine | None, stacks: Sequence[str]) -> Iterator[Told]:
    backend = project.backend or (_asked(engine) if engine is not None else "")
    subject = "pulumi backend"
    if not backend:
        advice = "set PULUMI_BACKEND_URL (file://…, s3://…), or `pulumi login`"
        yield subject, exits.AUTH, "nothing says where Pulumi keeps its state", advice
        return
    folder = folder_of(backend, project.folder)
    if folder is not None and not folder.is_dir():
        yield subject, exits.INCOMPLETE, f"{backend}: there is no such folder", "make it, or correct PULUMI_BACKEND_URL"
    else:
        yield subject, 0, _without_userinfo(backend), ""
    if not backend.startswith("https://"):
        yield from _passphrase(project, stacks)


def _passphrase(project: Project, stacks: Sequence[str]) -> Iterator[Told]:
    """Of what no service keeps the key."""
    needing = [name for name in stacks if not _has_other_key(project.config_dir / f"Pulumi.{name}.yaml")]
    environment: Mapping[str, str] = project.environment
    file = environment.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    if not needing:
        return
    if "PULUMI_CONFIG_PASSPHRASE" in environment or (file and Path(file).is_file()):
        yield "pulumi passphrase", 0, "set", ""
    else:
        advice = "set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE where Pulumi runs"
        yield "pulumi passphrase", exits.AUTH, f"not set; needed by {', '.join(needing)}", advice


def _has_other_key(file: Path) -> bool:
    try:
        told = yaml.safe_load(file.read_text())
    except (OSError, yaml.YAMLError):
        return False
    return isinstance(told, dict) and str(told.get("secretsprovider", "passphrase")) not in ("passphrase", "default")


def _asked(engine: Engine) -> str:
    done = engine.run("whoami", "--verbose", "--json")
    try:
        return str(json.loads(done.out)["url"]) if done.code == 0 else ""
    except (ValueError, KeyError, TypeError):
        return ""


def _without_userinfo(url: str) -> str:
    head, sign, rest = url.partition("://")
    return f"{head}{sign}{rest.rpartition('@')[2]}"


def install(say: Callable[[str], None]) -> None:
    """Asks the vendor's installer, where our search finds what it made. Raises ReconcileError."""
    from pulumi.automation import PulumiCommand

    place = Path.home() / ".pulumi"
    say(f"asking the vendor's installer for Pulumi's command line, into {place}")
    try:
        made = PulumiCommand.install(root=str(place))
    except Exception as error:
        # The installer raises whatever its download and its shell do.
        raise ReconcileError(
            f"the vendor's installer did not get it ({type(error).__name__}): is there a way to the internet?",
            advice="install it as pulumi.com/docs/install says, or name one with TRUEUP_PULUMI",
        ) from None
    say(f"installed {made.version or 'it'}")
