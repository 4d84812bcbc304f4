"""A Pulumi program run in this process, as often as one likes, with nothing left behind."""

import asyncio
import contextvars
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pulumi.runtime import settings
from pulumi.runtime.config import set_all_config
from pulumi.runtime.mocks import MockEngine
from pulumi.runtime.stack import run_in_stack

from .recorder import Recorder

Program = Callable[[], object]
_AT_ONCE = 16


def record(
    program: Program,
    *,
    project: str,
    stack: str,
    zones: Mapping[str, str] | None = None,
    preview: bool = False,
) -> Recorder:
    """What a program registers, as it would be registered by an engine that builds nothing."""
    recorder = Recorder(project, stack, zones)
    run(program, recorder, preview=preview)
    return recorder


def run(program: Program, monitor: Recorder, *, preview: bool, config: Mapping[str, str] | None = None) -> None:
    """Runs a program against a monitor, to its end. Raises what the program or the monitor raised first."""
    # A thread and a context of its own: the SDK keeps its settings in context variables, asyncio its loop in a thread.
    with ThreadPoolExecutor(1) as apart:
        apart.submit(contextvars.copy_context().run, _run, program, monitor, preview, config or {}).result()


def _run(program: Program, monitor: Recorder, preview: bool, config: Mapping[str, str]) -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    pool = ThreadPoolExecutor(_AT_ONCE)
    loop.set_default_executor(pool)
    # One failure fails every output that waited for it; it is raised once, from here.
    loop.set_exception_handler(lambda loop, context: None)
    try:
        settings.reset_options(
            project=monitor.project,
            stack=monitor.stack,
            organization="organization",
            parallel=_AT_ONCE,
            preview=preview,
        )
        inside: Any = settings.SETTINGS
        inside.monitor, inside.engine = monitor, MockEngine(logging.getLogger("pulumi.program"))
        set_all_config(dict(config), [])

        def started() -> None:
            # What a program returns is no promise to wait for.
            program()

        loop.run_until_complete(run_in_stack(started))
    finally:
        # After a failure others are still waiting for what will never come.
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        pool.shutdown(wait=True)
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()
