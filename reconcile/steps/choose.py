"""Which live things an import is about: what to read, and what of it to write down."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ..model.memory import Memory
from ..model.observation import Container, Observation, Scope, Seen
from ..model.resource import Resource
from ..model.spec import Tree
from .draft import Found, Known, relative
from .plan import make_plan

Kinds = Mapping[str, type[Resource]]


@dataclass(frozen=True)
class Filter:
    """What is asked for. Empty: everything. `containers` are zones; `projects` are what other things belong to in the
    end; `names` are globs; `kind` is a full kind."""

    containers: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()
    kind: str = ""
    projects: frozenset[str] = frozenset()

    def scope(self, account: str, platform: str, kinds: Kinds) -> Scope | None:
        """What to read; None where a platform holds nothing of what is asked for."""
        here = [cls for name, cls in kinds.items() if name.partition(".")[0] == platform]
        wanted = [cls for cls in here if self._takes(cls)]
        if not wanted:
            return None
        if not self.containers and not self.kind:
            return Scope(account)
        found = set()
        for cls in wanted:
            if not cls.refers():
                found.add(Container(cls.kind))
            elif self.containers:
                found.add(Container(cls.refers()[cls.group_by]))
                found.update(Container(cls.kind, name) for name in self.containers)
            else:
                return Scope(account)
        return Scope(account, frozenset(found))

    def _takes(self, cls: type[Resource]) -> bool:
        return (not self.kind or cls.kind == self.kind) and (not self.containers or cls.in_dns)

    def chooses(self, resource: Resource) -> bool:
        """Whether a thing is asked for by itself."""
        cls = type(resource)
        if not self._takes(cls) or (self.containers and resource.container() not in self.containers):
            return False
        top = resource.container().partition("/")[0] or resource.title()
        if self.projects and top not in self.projects:
            return False
        if not self.names:
            return True
        known_as = {relative(resource), str(getattr(resource, "name", "")), resource.title()}
        return any(fnmatchcase(name.lower(), glob.lower()) for name in known_as for glob in self.names)


def to_import(
    observations: Sequence[Observation], tree: Tree, memory: Memory, kinds: Kinds, asked: Filter
) -> list[Found]:
    """What was seen, is asked for, and no stack declares. What others refer to comes along where they need it."""
    plan = make_plan(tree, (), observations, memory, kinds)
    undeclared = {(one.account, one.seen.kind, one.seen.id) for one in plan.unmanaged}
    declared = {(one.account, one.address.full_kind, one.resource.keys()[0]) for one in tree.declared()}
    found: list[Found] = []
    rest: list[Seen] = []
    for observation in observations:
        for seen in observation.seen:
            managed = f"managed by {seen.managed}" if seen.managed else ""
            if managed and (observation.account, seen.kind, seen.key) in declared:
                continue
            if not managed and (observation.account, seen.kind, seen.id) not in undeclared:
                continue
            if asked.chooses(seen.resource):
                found.append(Found(seen.resource, managed))
            else:
                rest.append(seen)
    return found + [Found(one) for one in _needed([one.resource for one in found if not one.why_not], rest)]


def _needed(resources: Sequence[Resource], rest: Iterable[Seen]) -> list[Resource]:
    """Of the rest what the resources refer to, and what that refers to."""
    others = {(one.kind, one.resource.referred_as()): one.resource for one in rest if not one.managed}
    needed: dict[tuple[str, str], Resource] = {}
    wanted = list(needed_by(resources))
    while wanted:
        place = wanted.pop()
        if place in others and place not in needed:
            needed[place] = others[place]
            wanted += needed_by([others[place]])
    return list(needed.values())


def undeclared_of(resources: Iterable[Resource], tree: Tree, account: str) -> list[Found]:
    """Of things that are written down elsewhere those that no stack of the account declares."""
    declared = {(one.address.full_kind, one.resource.keys()[0]) for one in tree.declared() if one.account == account}
    return [Found(one) for one in resources if (one.kind, one.keys()[0]) not in declared]


def needed_by(resources: Iterable[Resource]) -> Iterable[tuple[str, str]]:
    """(kind, the platform's own name) of everything that some things refer to."""
    for resource in resources:
        for name, kind in type(resource).refers().items():
            yield from ((kind, one) for one in resource.named_by(name))


def declared_elsewhere(tree: Tree, account: str) -> dict[tuple[str, str], Known]:
    """Everything that an account's stacks declare, by kind and as the platform refers to it, or where it stands."""
    return {
        (one.address.full_kind, one.resource.referred_as() or f"{one.stack}/{one.address.name}"): Known(
            one.stack, one.address.leaf, one.resource.keys()[0]
        )
        for one in tree.declared()
        if one.account == account
    }


def unseen(observations: Iterable[Observation], kinds: Collection[str]) -> list[str]:
    """What could not be read, as remarks for the file."""

    def told(kind: str, container: str) -> str:
        return "everything" if kind == "*" else kind if container in ("", "*") else f"{kind} {container}"

    return [
        f"{told(gap.kind, gap.container)} of account {gap.account} could not be read: {gap.reason}"
        for one in observations
        for gap in one.gaps
        if gap.kind in kinds or gap.kind == "*"
    ]
