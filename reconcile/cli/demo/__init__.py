"""demo: the main job on the sandbox, told in a screenful.

Every figure comes from the JSON of the commands it runs or from the sandbox: its call log, what it holds.
"""

import json
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .. import options as opt
from ..leaving import Leave

if TYPE_CHECKING:
    from ...sandbox.world import World


def add_to(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    as_json: opt.Json = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the pretend world running at the end.")] = False,
    no_color: opt.NoColor = False,
    directory: opt.Directory = Path(),
) -> None:
    """Take over a live estate, build the rest, edit it behind our back, put it back. On the sandbox; no account."""
    from ...assemble import Workshop, begin_world
    from ...sandbox.serve import serve
    from ...settings import Settings
    from .pulumi import Writers, begin_project, stand_in
    from .shown import show
    from .story import Story, copied, refuse_without_records

    with _ended_by_term(), tempfile.TemporaryDirectory(prefix="trueup-demo-") as folder:
        # The story adds variables to a stack file: to a copy.
        root = copied(directory.resolve(), Path(folder) / "repository")
        with Workshop(Settings(root)) as shop:
            tree = shop.tree
        refuse_without_records(tree)
        writers = Writers.of(tree)
        world = begin_world(root)
        ready = Path(folder) / "ready.json"
        if writers.stack:
            begin_project(root, tree.project.name)
        _build_at_once(world)
        beside = stand_in if writers.stack else None
        served = serve(world, ready_file=ready, ledger=Path(folder) / "ledger.db", beside=beside)
        try:
            told = Story.begin(root, ready, world, tree, writers).tell()
            if as_json:
                print(json.dumps(told, indent=2, ensure_ascii=False))
            else:
                show(told, no_color=no_color)
            _complain(told)
            if keep:
                typer.echo(f"the world stays until Ctrl-C: {served.page_url}\n  export TRUEUP_SANDBOX={ready}")
                typer.echo(f"  cd {root}")
                served.wait()
        except KeyboardInterrupt:
            raise Leave(0) from None
        finally:
            served.stop()
    raise Leave(0 if told["ended_well"] else 1)


def _build_at_once(world: "World") -> None:
    """A start takes no time: nobody is to watch a pretend build."""
    for name in world.platforms:
        pretend: Any = world.mount(name).pretend
        if hasattr(pretend, "pace"):
            pretend.pace = 0.0


@contextmanager
def _ended_by_term() -> Iterator[None]:
    """TERM ends a demo as Ctrl-C does: what it began is seen to its end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _complain(told: dict[str, Any]) -> None:
    """Says on stderr which claims did not hold."""
    from ..plain import harmless

    sys.stdout.flush()
    for one in told["claims"]:
        if not one["held"]:
            print(f"error: not so: {harmless(one['claim'])}: {harmless(one['figure'])}", file=sys.stderr)
