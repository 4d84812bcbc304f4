"""What people see: tables and lines on stdout, waiting on stderr."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def console(*, no_color: bool = False, stderr: bool = False) -> "Console":
    """A console that colours only terminals and keeps whole lines elsewhere."""
    from rich.console import Console

    plain = no_color or bool(os.environ.get("NO_COLOR"))
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else 200
    return Console(
        file=stream,
        no_color=plain,
        color_system=None if plain else "auto",
        highlight=False,
        width=width,
        soft_wrap=True,
    )


@contextmanager
def waiting(*, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """A spinner on a terminal's stderr while calls are under way; nothing elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield lambda text: None
        return
    with console(stderr=True).status("starting") as status:
        yield lambda text: status.update(text)
