"""The one bounded set of threads, for leaf HTTP calls only.

A pooled task never waits on the pool: with every thread waiting for a task that no thread is left to run, the
process would stand still for ever. So a nested `run` is an error at once, not a deadlock one day.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from reconcile.model.errors import PlatformError

T = TypeVar("T")

_here = threading.local()


def _mark_thread() -> None:
    _here.pooled = True


class Pool:
    """`size` threads shared by all clients of a run."""

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ValueError("a pool has at least one thread")
        self.size = size
        self._interrupted = threading.Event()
        self._executor = ThreadPoolExecutor(size, thread_name_prefix="wire", initializer=_mark_thread)

    @property
    def interrupted(self) -> bool:
        """Whether the person pressed Ctrl-C during a `run`: what is under way then stops trying again."""
        return self._interrupted.is_set()

    def run(self, thunks: Sequence[Callable[[], T]]) -> list[T | PlatformError]:
        """All results in the order of `thunks`; a PlatformError is a result.

        Any other exception is a mistake of ours: it cancels what has not started and is raised. KeyboardInterrupt
        does the same. Raises RuntimeError when called from a thread of a pool.
        """
        if getattr(_here, "pooled", False):
            raise RuntimeError("a pooled task must not wait on the pool; run leaf calls only")
        futures: list[Future[T | PlatformError]] = []
        try:
            for thunk in thunks:
                futures.append(self._executor.submit(_outcome, thunk))
            return [future.result() for future in futures]
        except BaseException as stop:
            if isinstance(stop, KeyboardInterrupt):
                self._interrupted.set()
            for future in futures:
                future.cancel()
            raise

    def close(self) -> None:
        """Lets the threads end. What has not started is dropped."""
        self._executor.shutdown(wait=False, cancel_futures=True)


def _outcome(thunk: Callable[[], T]) -> T | PlatformError:
    try:
        return thunk()
    except PlatformError as error:
        return error
