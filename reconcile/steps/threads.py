"""One plain thread a platform and account (DESIGN D5): each only coordinates its own calls on the shared pool."""

import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


def side_by_side(work: Callable[[T], None], items: Iterable[T], what: str) -> None:
    """Works on every item at once; a single one without a thread. Raises the first defect after all have ended.

    Daemons: Ctrl-C leaves at once. What was under way stays announced in the ledger and is found again.
    """
    todo = list(items)
    defects: list[BaseException] = []

    def guarded(item: T) -> None:
        try:
            work(item)
        except BaseException as error:
            defects.append(error)

    if len(todo) == 1:
        guarded(todo[0])
    else:
        threads = [threading.Thread(target=guarded, args=(one,), name=f"{what} {one}", daemon=True) for one in todo]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if defects:
        raise defects[0]
