"""Several stack files that use each other: one for what environments share, one for each environment (DESIGN D14)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...model.resource import Resource
from .names import slug
from .page import Drafted, Found, Known, draft

Home = tuple[str, str]
"""Kind and, as the platform refers to it, the thing with a stack of its own; ("", ""): what is shared."""
_SHARED: Home = ("", "")


@dataclass(frozen=True)
class File:
    """A stack to be, by its name."""

    stack: str
    drafted: Drafted


def draft_files(
    found: Sequence[Found],
    *,
    account: str,
    stack: str,
    known: Mapping[tuple[str, str], Known],
    remarks: Sequence[str] = (),
) -> tuple[File, ...]:
    """Files that together declare what was found; used ones first. One, called `stack`, where nothing stands apart.

    Of a project with several environments each has a file `STACK-ENVIRONMENT`, with all that stands in it and with
    what follows its outputs. Files that declare nothing are left out, but for the first.
    """
    homes = _Homes(found)
    by_home: dict[Home, list[Found]] = {_SHARED: []}
    for one in found:
        by_home.setdefault(homes.of(one), []).append(one)
    shared = draft(by_home.pop(_SHARED), account=account, known=known, remarks=remarks)
    declared = {**known, **{at: Known(stack, name) for at, name in shared.names.items()}}
    names = _stacks(stack, list(by_home))
    files = [File(stack, shared)]
    for home, inside in by_home.items():
        drafted = draft(inside, account=account, known=declared)
        files.append(File(names[home], drafted))
    return tuple(files[:1] + [one for one in files[1:] if one.drafted.written or one.drafted.left_out])


class _Homes:
    """Which file a thing belongs in."""

    def __init__(self, found: Sequence[Found]) -> None:
        live = [one.resource for one in found if not one.why_not]
        self._named = {(one.kind, one.referred_as()): one for one in live if one.referred_as()}
        self._keyed = {(one.kind, one.keys()[0]): one for one in live}
        apart = [one for one in live if type(one).apart]
        several = Counter((one.kind, one.container()) for one in apart)
        self._apart = {(one.kind, one.referred_as()) for one in apart if several[one.kind, one.container()] > 1}

    def of(self, found: Found) -> Home:
        home = self._of(found.resource)
        for one in found.follows.values() if home == _SHARED else ():
            source = self._keyed.get((one.kind, one.key))
            if source is not None and self._of(source) != _SHARED:
                return self._of(source)
        return home

    def _of(self, resource: Resource) -> Home:
        here = (resource.kind, resource.referred_as())
        if here in self._apart:
            return here
        named = [(kind, one) for field, kind in type(resource).refers().items() for one in resource.named_by(field)]
        for there in named:
            if there in self._apart:
                return there
            target = self._named.get(there)
            home = self._of(target) if target is not None else _SHARED
            if home != _SHARED:
                return home
        return _SHARED


def _stacks(stack: str, homes: Sequence[Home]) -> dict[Home, str]:
    """A name for each file: the environment's own behind the stack's, with its project's where two are alike."""
    short = {home: slug(home[1].rpartition("/")[2]) for home in homes}
    counted = Counter(short.values())
    names: dict[Home, str] = {}
    for home in homes:
        word = short[home] if counted[short[home]] == 1 else slug(home[1])
        name, number = f"{stack}-{word}" if word else stack, 1
        while name in (stack, *names.values()):
            number += 1
            name = f"{stack}-{word or 'environment'}-{number}"
        names[home] = name
    return names
