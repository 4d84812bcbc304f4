"""eject: a stack as a plain Pulumi program, for whoever wants to go on without stack files."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options as opt

if TYPE_CHECKING:
    from ..assemble import Workshop
    from ..model.spec import Place, Tree

Here = Path()


def add_to(app: typer.Typer) -> None:
    app.command()(eject)


def eject(
    stack: Annotated[str, typer.Argument(help="Whose program.", metavar="STACK")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Write __main__.py and Pulumi.yaml into this folder.", file_okay=False)
    ] = None,
    rev: opt.Rev = None,
    directory: opt.Directory = Here,
) -> None:
    """Print a stack as a plain Pulumi program with the typed classes. Asks no platform, tells no secret."""
    with opt.workshop(directory, rev=rev) as shop:
        text, needed = program(shop, stack)
        if out is None:
            print(text, end="")
        else:
            _write(out, text, shop.settings.root, stack, shop.project.name)
    if needed:
        print(f"it reads its secrets from {', '.join(needed)}", file=sys.stderr)


def program(shop: "Workshop", stack: str) -> tuple[str, tuple[str, ...]]:
    """The program's text, and the environment variables that it reads. Raises SpecError, ReconcileError."""
    from ..declare import nodes_in
    from ..model.errors import ReconcileError
    from ..program.eject import eject as written

    tree = _filled(shop)
    variables = _variables(tree, stack)
    nodes = nodes_in(shop, tree, stack, "there is no program to write")
    try:
        text = written(stack, nodes, tree.revision, variables)
    except LookupError as error:
        raise ReconcileError(str(error.args[0]), advice="say it by `from_env` in the stack file") from error
    read = {name for fields in variables.values() for name in fields.values()}
    return text, tuple(sorted(read))


def _filled(shop: "Workshop") -> "Tree":
    """The tree with its secrets, and with empty ones in place of those that are not set here: only names are told."""
    from ..model.errors import ReconcileError
    from ..model.secret import SecretText
    from ..steps.reveal import pretend_value, reveal

    try:
        fingerprint = shop.fingerprint()[0]
    except ReconcileError:
        # Without a ledger or its key the digests of what runs differ from those that the provider saw last.
        fingerprint = None
    pretend = pretend_value if shop.world is not None else lambda name: SecretText("", name)
    return reveal(shop.tree, os.environ, fingerprint, pretend=pretend)[0]


def _variables(tree: "Tree", stack: str) -> "Mapping[Place, Mapping[str, str]]":
    from ..steps.reveal import wanted_of

    found: dict[Any, dict[str, str]] = {}
    for one in wanted_of(tree):
        if one.declared.stack == stack:
            found.setdefault(one.declared.place, {})[one.field] = one.variable
    return found


def _write(out: Path, text: str, root: Path, stack: str, project: str) -> None:
    """The program, its project file, and what Pulumi and our provider read beside it: settings and accounts.

    Raises ReconcileError where one of them is there.
    """
    from ..model.errors import ReconcileError
    from ..program.eject import project_file

    files = {"__main__.py": text, "Pulumi.yaml": project_file(_pulumi_project(root) or project)}
    kept = {f"Pulumi.{stack}.yaml": f"Pulumi.{stack}.yaml", "_project.yaml": "stacks/_project.yaml"}
    try:
        for name, place in kept.items():
            if (root / "stacks" / name).exists():
                files[place] = (root / "stacks" / name).read_text(encoding="utf-8")
        there = [name for name in files if (out / name).exists()]
        if there:
            raise ReconcileError(f"{out / there[0]} is there already", advice="choose another folder with --out")
        for name, content in files.items():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).write_text(content, encoding="utf-8")
            print(f"wrote {out / name}")
    except OSError as error:
        raise ReconcileError(f"{out}: {error.strerror}", advice="choose another folder with --out") from error
    print("our provider still keeps the ledger that stacks/_project.yaml names: take it along", file=sys.stderr)


def _pulumi_project(root: Path) -> str | None:
    """The name in the repository's own Pulumi.yaml: what Pulumi knows its resources by holds it."""
    import yaml

    path = root / "Pulumi.yaml"
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else None
    except (yaml.YAMLError, UnicodeDecodeError):
        return None
    return str(told["name"]) if isinstance(told, dict) and told.get("name") else None
