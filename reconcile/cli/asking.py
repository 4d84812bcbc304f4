"""validate, status, show, output, history, coverage, schema, docs: questions that change nothing."""

import typer


def add_to(app: typer.Typer) -> None:
    for command in (validate, status, show, output, history, coverage, schema):
        app.command()(command)


def validate() -> None:
    """Check the stack files."""


def status() -> None:
    """Tell what the ledger knows of each stack."""


def show() -> None:
    """Tell everything about one address."""


def output() -> None:
    """Tell what platforms gave to what is declared."""


def history() -> None:
    """Tell what was done, newest first."""


def coverage() -> None:
    """Tell how much of the runbooks the stacks hold."""


def schema() -> None:
    """Write the JSON schema of stack files."""
