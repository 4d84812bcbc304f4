"""What is shown while waiting."""

import io

from rich.console import Console

from reconcile.cli.screen import BAR, Spinner


def test_a_bar_says_how_much_is_behind_us() -> None:
    drawn = Console(file=io.StringIO(), force_terminal=True, width=100)
    with drawn.status("starting") as status:
        spinner = Spinner(status)
        spinner.count("apply", 1, 4)
        shown = str(status.renderable.text)  # type: ignore[attr-defined]
    assert "apply" in shown and "1 of 4" in shown and shown.count("━") == BAR


def test_off_a_terminal_there_is_nothing_to_show() -> None:
    spinner = Spinner(None)
    spinner.count("apply", 0, 0)
    with spinner.paused():
        pass
