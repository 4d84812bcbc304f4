"""ledger backup, restore, verify, show; unlock."""

import typer


def add_to(app: typer.Typer) -> None:
    group = typer.Typer(name="ledger", help="Keep, check and bring back the ledger.", no_args_is_help=True)
    for command in (backup, restore, verify, show):
        group.command()(command)
    app.add_typer(group)
    app.command()(unlock)


def backup() -> None:
    """Write the ledger as one file."""


def restore() -> None:
    """Bring a backup back."""


def verify() -> None:
    """Recompute the history's chains."""


def show() -> None:
    """Tell where the ledger is and what is in it."""


def unlock() -> None:
    """Take a stack's lease away from a run that is dead."""
