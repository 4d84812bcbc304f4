"""init, doctor, import, adopt, forget, recover: how a repository begins and takes over what lives already."""

from pathlib import Path
from typing import Annotated

import typer

from . import options as opt

Here = Path()


def add_to(app: typer.Typer) -> None:
    app.command()(init)
    app.command()(doctor)
    app.command("import")(import_)
    app.command()(adopt)
    app.command()(forget)
    app.command()(recover)


def init(
    project: Annotated[str | None, typer.Option("--project", help="Its name; the folder's when not given.")] = None,
    directory: opt.Directory = Here,
) -> None:
    """Begin a repository here: example files and an empty ledger. Never overwrites."""
    raise NotImplementedError


def doctor(as_json: opt.Json = False, directory: opt.Directory = Here) -> None:
    """Check credentials, rights, ledger and stack files. Reads only."""
    raise NotImplementedError


def import_(directory: opt.Directory = Here) -> None:
    """Write a stack file from what lives on the platforms, or from octoDNS zone files."""
    raise NotImplementedError


def adopt(directory: opt.Directory = Here) -> None:
    """Take ownership of what is declared and lives already. Changes no live field."""
    raise NotImplementedError


def forget(directory: opt.Directory = Here) -> None:
    """Stop managing addresses without deleting what lives."""
    raise NotImplementedError


def recover(directory: opt.Directory = Here) -> None:
    """After a lost ledger: begin a new one and read ownership back from our marks."""
    raise NotImplementedError
