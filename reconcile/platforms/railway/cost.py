"""How many requests a wave takes where nothing fails: foretold from its changes and from what was read already."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from ...model.change import Change
from ...model.resource import Immutable
from . import documents
from .changeset import Part, needs_patch, quiet_ones
from .kinds import (
    Domain,
    Environment,
    Instance,
    Release,
    ServiceDomain,
    SharedVariable,
    TcpProxy,
    Variable,
    Volume,
)
from .reader import Project
from .reading import Reading
from .structure import FIRST_ENVIRONMENT
from .structure import KINDS as SHARED

_CHANGE_SET, _PATCH = 3, 2
"""A change set is sent and asked for twice; before a patch the environment's token is read."""
Act = int | Literal["set", "patch", "volume", "quiet"]
"""What a change does in one round: so many requests of its own, or its part of the commit. `volume`: only a change set
can make one; `quiet`: it is committed apart, like a patch."""
_BY_PLACE = (Instance, Variable, SharedVariable, Volume)
"""What is known by its place does not move: a replace is refused, or nothing is left to do."""


@dataclass(frozen=True)
class Known:
    """What needs no request any more: `listing` is what the workspace's projects still cost."""

    listing: int
    projects: Sequence[Project]
    reading: Callable[[str, Collection[str]], Reading | None]
    """An environment as it was read last, by path, where that covers some kinds."""


def predicted(wave: Sequence[Change], known: Known) -> int:
    wave = [change for change in wave if change.kind is not Release or change.after is not None]
    if not wave:
        return 0
    by_place: dict[str, list[Change]] = defaultdict(list)
    started: dict[str, int] = defaultdict(int)
    shared = 0
    for change in wave:
        there = change.after if change.after is not None else change.before
        if isinstance(there, Release):
            started[there.container()] += 1
        elif change.kind in SHARED or there is None:
            shared += not _comes_by_itself(change, known)
        else:
            by_place[there.container()].append(change)
    afresh = any(change.kind in SHARED for change in wave)
    # A release is a look at what its environment's instances run, and a start of each.
    total = known.listing + shared + bool(shared) + len(started) + sum(started.values())
    unread: dict[str, list[Change]] = {}
    for path, changes in by_place.items():
        reading = None if afresh else known.reading(path, {change.kind.kind for change in changes})
        if reading is None:
            unread[path] = changes
        total += _of_place(changes, reading)
    return total + _first_reading(unread)


def _comes_by_itself(change: Change, known: Known) -> bool:
    """Whether it is the environment that Railway makes with a project, which is yet to be made."""
    want = change.after
    if change.verb != "create" or not isinstance(want, Environment) or want.name != FIRST_ENVIRONMENT:
        return False
    return not known.listing and all(one.name != want.project for one in known.projects)


def _first_reading(unread: Mapping[str, Sequence[Change]]) -> int:
    """Environments of one project are read together, and the small things of all of them."""
    projects: dict[str, int] = defaultdict(int)
    for path in unread:
        projects[path.partition("/")[0]] += 1
    snapshots = sum(-(-count // documents.ENVIRONMENTS_PER_CALL) for count in projects.values())
    return snapshots + any(_small(changes) for changes in unread.values())


def _of_place(changes: Sequence[Change], reading: Reading | None) -> int:
    """Round by round a commit, steps of their own, and a reading that tells what became of them."""
    mounted = [one for one in changes if one.kind is Volume and one.before is not None]
    quiet = quiet_ones(changes)
    total, volumes = 0, len(reading.volumes if reading is not None else mounted)
    for acts in zip_longest(*(_acts(change, reading, id(change) in quiet) for change in changes)):
        done = [act for act in acts if act is not None]
        before = _look(changes, reading, volumes)
        volumes += done.count("volume")
        total += sum(act for act in done if isinstance(act, int))
        total += _commit(done, before, _look(changes, reading, volumes))
        volumes -= sum(one.after is None and one.kind is Volume for one in changes)
        total += _look(changes, reading, volumes)
    return total


def _commit(acts: Collection[Act], before: int, after: int) -> int:
    """What the commits of a round take, with a reading between each two: so many requests before and after volumes
    were made."""
    loud = {"set", "patch", "volume"} & set(acts)
    quiet = _PATCH + (before if loud else 0) if "quiet" in acts else 0
    if "patch" in acts:
        return quiet + _PATCH + (_CHANGE_SET + after if "volume" in acts else 0)
    return quiet + (_CHANGE_SET if loud else 0)


def _look(changes: Iterable[Change], reading: Reading | None, volumes: int) -> int:
    """A reading of an environment; with its small things it is two requests."""
    kinds = {change.kind for change in changes}
    masked = reading is not None and any(True for _ in reading.masked())
    unsaid = any(getattr(change.after, "value", None) == "" for change in changes)
    return 2 if TcpProxy in kinds or (Volume in kinds and volumes) or masked or unsaid else 1


def _small(changes: Iterable[Change]) -> bool:
    return any(change.kind in (TcpProxy, Volume) for change in changes)


def _acts(change: Change, reading: Reading | None, quiet: bool) -> list[Act]:
    """What one change does, round by round."""
    kind, remade = change.kind, _is_remade(change)
    if remade and kind in _BY_PLACE:
        return []
    if kind is Domain:
        return [1, 1] if remade else [1]
    if kind is ServiceDomain:
        made = 2  # it is made, and then given its name
        return [1, made] if remade else [made if change.before is None else 1]
    if kind is TcpProxy:
        return [1, "set"] if remade else [1] if change.after is None else ["set"]
    if kind is Volume:
        return _volume_acts(change)
    if quiet:
        return ["quiet"]
    return ["patch" if _is_patched(change, reading) else "set"]


def _is_remade(change: Change) -> bool:
    if change.verb != "replace" or change.before is None or change.after is None:
        return False
    return any(getattr(change.before, name) != getattr(change.after, name) for name in change.kind.having(Immutable))


def _volume_acts(change: Change) -> list[Act]:
    want, have = change.after, change.before
    if not isinstance(want, Volume):
        return ["patch"]
    if not isinstance(have, Volume):
        return ["volume"]
    acts: list[Act] = [1] if want.name != have.name else []
    if want.mount != have.mount:
        # The mount is given whole, its backups among it.
        return [*acts, "volume"]
    return [*acts, 1] if want.backups is not None and want.backups != have.backups else acts


def _is_patched(change: Change, reading: Reading | None) -> bool:
    """The form that `changeset` will find, as far as it can be told before the environment is read."""
    if reading is not None:
        return needs_patch(Part(change, reading.by_id.get((change.kind.kind, change.id))), reading)
    if change.kind is Instance:
        return change.before is None or change.after is None
    sealed = [getattr(one, "sealed", None) for one in (change.after, change.before)]
    return change.kind is SharedVariable or (change.after is not None and any(sealed))
