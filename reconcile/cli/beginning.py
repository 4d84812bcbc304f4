"""init: the files of a new repository, its ledger, and the keys of what it keeps sealed."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from . import options as opt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..assemble import Workshop
    from ..model.secret import SecretText

Here = Path()
SCHEMA = "trueup.init/1"


@dataclass(frozen=True)
class _Keys:
    """The runner's key in words, whether its file is new, and the recovery key where it was made just now."""

    told: str
    made: bool
    recovery: "SecretText | None"


def init(
    project: Annotated[
        str | None, typer.Option("--project", help="The project's name; the folder's where it is left out.")
    ] = None,
    ci: Annotated[Literal["github"] | None, typer.Option("--ci", help="Its workflows too.")] = None,
    as_json: opt.Json = False,
    directory: opt.Directory = Here,
) -> None:
    """Begin a repository: example files, a schema for the editor, an empty ledger, its keys. Never overwrites."""
    from ..assemble import Workshop
    from ..settings import Settings
    from ..steps import begin

    root = directory.resolve()
    shop = Workshop(Settings(root=root))
    written: list[str] = []
    kept: list[str] = []
    # Before the first file: a folder that is refused stays as it was.
    ledger_id = _ledger_id(shop, root)
    texts = {
        begin.PROJECT: lambda: begin.project_file(_checked(project) or begin.project_name(root.name), ledger_id),
        begin.EXAMPLE: begin.example_file,
        begin.POLICIES: begin.policies_file,
        begin.PACK: begin.pack_file,
        begin.PACK_PROGRAM: begin.pack_program,
        begin.PULUMI: lambda: begin.pulumi_file(_checked(project) or begin.project_name(root.name)),
        begin.PROGRAM: begin.program_file,
    }
    if (root / begin.PROJECT).exists() or any((root / "stacks").glob("[!_]*.yaml")):
        # The example belongs to the example account of a new project file.
        del texts[begin.EXAMPLE]
    with shop:
        for name, text in texts.items():
            (written if _write_new(root / name, text()) else kept).append(name)
        for name, whole in _workflows(shop) if ci == "github" else ():
            (written if _write_new(root / name, whole) else kept).append(name)
        (written if _ignore(root / ".gitignore", begin.ignore_lines) else kept).append(".gitignore")
        begun = _ledger(shop, root)
        (written if begun else kept).append(f"the ledger, {shop.ledger().location}")
        _schema(shop, root / ".trueup" / "schema.json")
        keys = _keys(shop)
        (written if keys.made else kept).append(keys.told)
        _tell(shop, written, kept, keys, lost=begun and begin.PROJECT in kept, as_json=as_json)


def _workflows(shop: "Workshop") -> "Iterator[tuple[str, str]]":
    """The workflows that a repository on GitHub has, by file, with the secrets that its accounts name by now."""
    from ..reference.ci import FOLDER, WORKFLOWS, secrets_of, workflow

    install = install_line(shop.project.ledger_home)
    for name in WORKFLOWS:
        yield f"{FOLDER}/{name}.yml", workflow(name, install, secrets_of(shop.project))


def install_line(ledger_home: str) -> str:
    """What puts `trueup` into a runner's .venv, with the extra that reaches its ledger."""
    from .. import __version__

    extra = {"s3": "[s3]", "postgresql": "[postgresql]"}.get(ledger_home.partition(":")[0], "")
    return f"python -m venv .venv && .venv/bin/pip install trueup{extra}=={__version__}"


def _keys(shop: "Workshop") -> _Keys:
    """Makes what is missing of runner key, recovery key and pepper.

    A runner key is made only for a pepper that is not there yet: any other key would not open the one that is.
    """
    from ..store.vault import KEY_FILE, KEY_VARIABLE, PEPPER, begin_vault, make_runner_key, open_vault

    ledger = shop.ledger()
    key, made = shop.runner_key(), False
    if key is None and PEPPER in ledger.sealed():
        return _Keys(f"no runner key: this ledger's goes into {KEY_VARIABLE} or {KEY_FILE}", False, None)
    if key is None:
        key = make_runner_key(shop.key_file)
        made = key is not None
        # None: another `init` was faster.
        key = key or shop.runner_key()
    assert key is not None
    recovery = begin_vault(ledger, key)
    open_vault(ledger, key)
    where = KEY_FILE if made or shop.key_file.exists() else KEY_VARIABLE
    return _Keys(f"the runner key, {where}", made, recovery)


def _tell(shop: "Workshop", written: list[str], kept: list[str], keys: _Keys, *, lost: bool, as_json: bool) -> None:
    from ..reference.ci import FOLDER, secrets_of

    recovery = keys.recovery.reveal() if keys.recovery is not None else None
    if as_json:
        document = {
            "schema": SCHEMA,
            "project": shop.project.name,
            "ledger": shop.project.ledger_id,
            "wrote": written,
            "kept": kept,
            "recovery_key": recovery,
        }
        print(json.dumps(document, indent=2, ensure_ascii=False))
        return
    for verb, names in (("wrote", written), ("kept ", kept)):
        for name in names:
            typer.echo(f"{verb}  {name}")
    typer.echo(f"project {shop.project.name}, ledger {shop.project.ledger_id}")
    if recovery is not None:
        typer.echo("recovery key, shown this once and kept nowhere:")
        typer.echo(f"    {recovery}")
        typer.echo(
            "store it offline; as TRUEUP_KEY it stands in for a lost runner key (.trueup/key, or CI's TRUEUP_KEY)"
        )
    if lost:
        typer.echo("was there a ledger elsewhere? `trueup ledger restore` brings it back, `trueup recover` ownership")
    if any(name.startswith(FOLDER) for name in written) and not secrets_of(shop.project):
        typer.echo(f"the workflows name no secrets yet: name the accounts, delete {FOLDER}/*.yml, run this again")
    typer.echo("next: name an account in stacks/_project.yaml, then `trueup doctor` and `trueup import`")


def _checked(project: str | None) -> str | None:
    from ..model.errors import ReconcileError
    from ..model.resource import LOGICAL_NAME

    if project is not None and not LOGICAL_NAME.match(project):
        raise ReconcileError(
            f"{project!r} is no name for a project", advice="lower-case letters, digits and `-`; nothing was written"
        )
    return project


def _ledger_id(shop: "Workshop", root: Path) -> str:
    """The id for a new project file. Raises LedgerBroken where a ledger is there that the project does not name."""
    from ..model.errors import LedgerBroken
    from ..steps import begin

    if (root / begin.PROJECT).exists():
        if _home_is_there(shop, root):
            shop.ledger()
        return shop.project.ledger_id
    if (root / begin.LEDGER_HOME).exists():
        raise LedgerBroken(
            f"{begin.LEDGER_HOME} is there, and no {begin.PROJECT} names it",
            advice=f"bring {begin.PROJECT} back from git, or move the ledger away; nothing was written",
        )
    return begin.new_ledger_id()


def _home_is_there(shop: "Workshop", root: Path) -> bool:
    """Whether the named home, where it is a file, exists; other homes are asked by opening them."""
    home = shop.project.ledger_home
    return "://" not in home and (root / home).exists()


def _ledger(shop: "Workshop", root: Path) -> bool:
    """Opens the ledger; True where it had to be begun."""
    from ..model.errors import LedgerBroken

    if _home_is_there(shop, root):
        shop.ledger()
        return False
    if "://" in shop.project.ledger_home:
        try:
            shop.ledger()
            return False
        except LedgerBroken:
            pass  # absent, or another: beginning tells which
    shop.ledger(begin=True)
    return True


def _write_new(path: Path, text: str) -> bool:
    """Writes a file that is not there yet; False where it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True


def _ignore(path: Path, missing: Callable[[str], str]) -> bool:
    existing = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = missing(existing)
    if lines:
        with path.open("a", encoding="utf-8") as file:
            file.write(lines)
    return bool(lines)


def _schema(shop: "Workshop", path: Path) -> None:
    """Made anew each time: it follows the product, not the repository."""
    from ..reference.schema import schema

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(schema(shop.kinds, None, shop.issues), indent=1) + "\n", encoding="utf-8")
