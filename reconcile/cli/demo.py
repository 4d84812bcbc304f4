"""demo: the main job on the sandbox, told in a screenful."""

import typer


def add_to(app: typer.Typer) -> None:
    pass
