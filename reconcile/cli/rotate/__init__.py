"""trueup rotate: secrets that change on schedule, what a person asks of them, and where each stands."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from . import asking, telling

FLAG = "--compromised"


class _Group(TyperGroup):
    """`rotate --compromised NAME…` is the command `rotate compromised NAME…`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if FLAG in args and not any(name in args for name in self.commands):
            args = ["compromised", *(one for one in args if one != FLAG)]
        return super().parse_args(ctx, args)


def add_to(app: typer.Typer) -> None:
    group = typer.Typer(cls=_Group, help=_rotate.__doc__, no_args_is_help=True)
    group.callback()(_rotate)
    reading = (telling.status, telling.plan)
    asked = (asking.now, asking.compromised, asking.back, asking.accept, asking.ack)
    for command in (*reading, *asked, asking.retry, asking.approve, asking.resume):
        group.command()(command)
    app.add_typer(group, name="rotate")


def _rotate(
    leaked: Annotated[
        bool, typer.Option(FLAG, help="Replace these secrets at once: somebody else may have them.", show_default=False)
    ] = False,
) -> None:
    """Secrets that change on schedule: where each stands, and what a person asks of them."""
