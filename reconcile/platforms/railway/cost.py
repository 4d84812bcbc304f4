"""How many requests a wave takes: foretold from its changes and from what was read already."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence

from ...model.change import Change
from .kinds import Domain, Instance, ServiceDomain, SharedVariable, TcpProxy, Variable, Volume
from .structure import KINDS as SHARED

_CHANGE_SET, _PATCH = 3, 2
"""A change set is sent and asked for twice; before a patch the environment's token is read."""


def predicted(wave: Sequence[Change], listed: bool, knows: Callable[[str, Collection[str]], bool]) -> int:
    """`listed`: whether the workspace's projects are known; `knows` the same of an environment, by path and kinds."""
    if not wave:
        return 0
    by_place: dict[str, list[Change]] = defaultdict(list)
    single = 0
    for change in wave:
        there = change.after if change.after is not None else change.before
        if change.kind in SHARED or there is None:
            single += 1
        else:
            by_place[there.container()].append(change)
    total = int(not listed) + single + bool(single) + sum(_of_place(changes) for changes in by_place.values())
    unread: dict[str, int] = {}
    for path, changes in by_place.items():
        if single or not knows(path, {change.kind.kind for change in changes}):
            # Unread environments of one project are read together.
            project = path.partition("/")[0]
            unread[project] = max(unread.get(project, 0), _look(changes))
    return total + sum(unread.values())


def _look(changes: Sequence[Change]) -> int:
    """A reading of an environment; with its small things it is two requests."""
    return 2 if any(change.kind in (TcpProxy, Volume) for change in changes) else 1


def _of_place(changes: Sequence[Change]) -> int:
    """A commit, own steps, and a reading that tells what became of them."""
    rest = [change for change in changes if not _is_own_step(change)]
    total = len(changes) - len(rest) + _look(changes)
    total += sum(change.kind is ServiceDomain and change.verb == "create" for change in changes)
    if rest:
        total += _PATCH if any(_is_patched(change) for change in rest) else _CHANGE_SET
    return total


def _is_own_step(change: Change) -> bool:
    if change.kind in (Domain, ServiceDomain):
        return True
    if change.kind is Volume and change.after is not None and change.before is not None:
        return getattr(change.before, "mount", "") == getattr(change.after, "mount", "")
    return change.kind is TcpProxy and change.after is None


def _is_patched(change: Change) -> bool:
    if change.kind is SharedVariable or (change.after is None and change.kind in (Instance, Volume)):
        return True
    if change.kind is Instance:
        return change.before is None
    sealed = [getattr(one, "sealed", None) for one in (change.after, change.before)]
    return change.kind is Variable and change.after is not None and any(sealed)
