"""What people see: tables and lines on stdout, waiting on stderr."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status


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


BAR = 30
"""How wide a bar is, in characters."""


class Spinner:
    """What is under way, on a terminal's stderr; nothing elsewhere."""

    def __init__(self, status: "Status | None") -> None:
        self._status = status

    def __call__(self, text: str) -> None:
        """Says what is waited for now."""
        if self._status is not None:
            self._status.update(text)

    def count(self, what: str, done: int, total: int) -> None:
        """The same with a bar: how much of it is behind us."""
        filled = BAR * done // max(total, 1)
        self(f"{what} [green]{'━' * filled}[/][dim]{'━' * (BAR - filled)}[/] {done} of {total}")

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Out of the way while something else is printed or asked."""
        if self._status is None:
            yield
            return
        self._status.stop()
        yield
        self._status.start()


@contextmanager
def waiting(*, quiet: bool = False, no_color: bool = False) -> Iterator[Spinner]:
    """A spinner while calls are under way."""
    if quiet or not sys.stderr.isatty():
        yield Spinner(None)
        return
    with console(no_color=no_color, stderr=True).status("starting") as status:
        yield Spinner(status)
