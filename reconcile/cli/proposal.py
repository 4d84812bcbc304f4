"""proposal: what a pull request proposes, as a folder to plan from."""

from pathlib import Path
from typing import Annotated

import typer

from . import options as opt

Here = Path()


def add_to(app: typer.Typer) -> None:
    app.command()(proposal)


def proposal(
    head: Annotated[str, typer.Argument(help="The pull request's commit, best as merged; fetched, never checked out.")],
    into: Annotated[Path, typer.Option("--into", help="A folder that is not there yet, for TRUEUP_STACKS.")],
    directory: opt.Directory = Here,
) -> None:
    """Write the stack files that a pull request proposes, with `_project.yaml` from here. Runs none of its code."""
    from ..model.errors import ReconcileError
    from ..steps.load.proposal import proposal as proposed

    files = proposed(directory.resolve(), head)
    try:
        into.mkdir(mode=0o700, parents=True)
        for name, data in files.items():
            (into / name).write_bytes(data)
    except OSError as error:
        raise ReconcileError(f"{into}: {error.strerror}", advice="give a folder that is not there yet") from error
    typer.echo(f"{len(files)} files; `export TRUEUP_STACKS={into.resolve()}` plans with them")
