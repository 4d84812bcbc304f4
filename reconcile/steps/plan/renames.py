"""What was renamed is still the same: things are told by the names that the stacks have for what they belong to.

A path such as `bilko/production/api` says by name what a thing belongs to. Where a project, environment or service that
is ours by its recorded id has another name on the platform than in the stack file, that is one difference, its own.
What stands below is told under the declared name, so that it is matched by key as before and shows nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ...model.change import Change
from ...model.memory import Owned
from ...model.observation import Observation, Seen
from ...model.resource import Immutable, Resource
from ...model.spec import Declared, Place

Names = Mapping[tuple[str, str], str]
"""(kind, the name on the platform) to the declared name, in one account."""
_DEEPEST = 8
"""More than any path has parts."""


def under_declared_names(
    desired: Iterable[Declared], observations: Sequence[Observation], owned_at: Mapping[Place, Owned]
) -> Sequence[Observation]:
    """The observations, the same ones where nothing is called otherwise than declared."""
    ours: dict[str, list[tuple[Declared, str]]] = defaultdict(list)
    for one in desired:
        row = owned_at.get(one.place)
        if row is not None and row.account == one.account:
            ours[one.account].append((one, row.id))
    found = []
    for observation in observations:
        names = _renamed(ours.get(observation.account, ()), observation.seen)
        seen = tuple(_told(one, names) for one in observation.seen) if names else observation.seen
        found.append(replace(observation, seen=seen) if names else observation)
    return found


def renamed_above(change: Change, changes: Sequence[Change]) -> list[int]:
    """The renames, by index, of what a thing stands in: until they are done, its listing has another name."""
    return [
        index
        for index, other in enumerate(changes)
        if other.verb == "update"
        and other.account == change.account
        and other.before is not None
        and other.after is not None
        and other.before.referred_as() != other.after.referred_as()
        and f"{change.container}/".startswith(f"{other.after.referred_as()}/")
    ]


def _renamed(ours: Iterable[tuple[Declared, str]], seen: Sequence[Seen]) -> Names:
    """Round by round from the top: what hangs below a renamed thing has another path, too."""
    holding = {kind for cls in {type(one.resource) for one in seen} for kind in cls.refers().values()}
    live = {(one.kind, one.id): one.resource for one in seen if one.kind in holding}
    pairs = [(one.resource, live[one.resource.kind, id]) for one, id in ours if (one.resource.kind, id) in live]
    names: dict[tuple[str, str], str] = {}
    for _ in range(_DEEPEST):
        more = {
            (have.kind, have.referred_as()): want.referred_as()
            for want, have in pairs
            if want.referred_as() != have.referred_as() and _is_same_one(want, _at_declared(have, names))
        }
        if more == names:
            break
        names = more
    return _without_taken(names, live.values())


def _is_same_one(want: Resource, have: Resource) -> bool:
    """Whether it differs in nothing that cannot be edited."""
    return all(getattr(want, name) == getattr(have, name) for name in want.having(Immutable))


def _without_taken(names: Names, live: Iterable[Resource]) -> Names:
    """A name that something else has meanwhile stays that one's: two things must not be told by one name."""
    held = {(one.kind, one.referred_as()) for one in live}
    return {(kind, old): new for (kind, old), new in names.items() if (kind, new) not in held or (kind, new) in names}


def _told(one: Seen, names: Names) -> Seen:
    resource = _at_declared(one.resource, names)
    if resource is one.resource:
        return one
    return replace(one, resource=resource, key=resource.keys()[0] if one.key == one.resource.keys()[0] else one.key)


def _at_declared(resource: Resource, names: Names) -> Resource:
    changed = {
        name: names[kind, getattr(resource, name)]
        for name, kind in resource.refers().items()
        if (kind, getattr(resource, name)) in names
    }
    return resource.model_copy(update=changed) if changed else resource
