"""How many requests a wave takes: foretold from its changes alone."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from ...model.change import Change
from ...model.resource import Resource
from .kinds import Domain, Instance, ServiceDomain, SharedVariable, TcpProxy, Variable, Volume

_CHANGE_SET, _PATCH = 3, 2
"""A change set is sent and asked for twice; before a patch the environment's token is read."""


def predicted(wave: Sequence[Change], listed: bool, shared: Collection[type[Resource]]) -> int:
    """`listed`: whether the workspace's projects are known; `shared`: the kinds that stand in no environment."""
    if not wave:
        return 0
    by_place: dict[str, list[Change]] = defaultdict(list)
    single = 0
    for change in wave:
        there = change.after if change.after is not None else change.before
        if change.kind in shared or there is None:
            single += 1
        else:
            by_place[there.container()].append(change)
    return int(not listed) + single + bool(single) + sum(_of_place(changes) for changes in by_place.values())


def _of_place(changes: Sequence[Change]) -> int:
    """Own steps, then a commit; after each the environment is read, in two requests where its small things count."""
    look = 2 if any(change.kind in (TcpProxy, Volume) for change in changes) else 1
    own = [change for change in changes if _is_own_step(change)]
    rest = [change for change in changes if not _is_own_step(change)]
    renamed = any(change.kind is ServiceDomain and change.verb in ("create", "replace") for change in own)
    total = len(own) + look * bool(own)
    if renamed:
        total += sum(change.kind is ServiceDomain and change.verb == "create" for change in own) + look
    if rest:
        total += (_PATCH if any(_is_patched(change) for change in rest) else _CHANGE_SET) + look
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
