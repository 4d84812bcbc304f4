"""Looking at a workspace: which listings a scope asks for, what was read of them, what could not be."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...model.errors import Denied, PlatformError, RateLimited
from ...model.observation import Container, Gap, Observation, Scope, Seen
from ...model.resource import Resource
from ...model.spec import Access
from . import kinds
from .notes import notes_of
from .reader import Found, Keys, Project, Reader, Wanted
from .reading import Named, Raw, Reading

INNER: tuple[type[Resource], ...] = tuple(kind for kind in kinds.KINDS[3:] if kind is not kinds.SshKey)
"""What stands in an environment."""
_OF_PROJECT = (kinds.Environment.kind, kinds.Service.kind)
_PULSE = ("id", "name", "deletedAt", "unmergedChangesCount", "configEtag")
PULL_REQUESTS = "pull request environments"


@dataclass(frozen=True)
class Sight:
    """One look, and what a later poll is held against."""

    scope: Scope
    observation: Observation
    kinds: frozenset[str]
    projects: Sequence[Project] | None = None
    readings: Mapping[str, Reading] = field(default_factory=dict)
    keys: Keys = None

    @property
    def whole(self) -> bool:
        """Whether a poll can tell that all of it still holds: no gap, and nothing that a poll does not show."""
        polled = all(
            not (one.extras.proxies or one.extras.schedules or one.has_files) for one in self.readings.values()
        )
        return self.projects is not None and not self.observation.gaps and polled


class Survey:
    """Reads a workspace by scope."""

    def __init__(self, reader: Reader, account: str, access: Access) -> None:
        self._reader = reader
        self._account = account
        self._access = access
        self.workspace = access.id or ""
        self.keys: Keys = None
        """The SSH keys as the last listing told them."""

    def projects(self, *, keys: bool = False) -> Sequence[Project]:
        """With `keys` the SSH keys are read anew, too. Raises PlatformError."""
        if not self.workspace:
            opened = self._reader.workspaces()
            if len(opened) != 1:
                raise Denied("pin the workspace with `id:`", platform="railway", account=self._account)
            self.workspace = opened[0]
        opened, projects, self.keys = self._reader.projects(self.workspace, keys=keys)
        if self.workspace not in opened:
            raise Denied(f"the token opens {', '.join(opened)}", platform="railway", account=self._account)
        return projects

    def holds(self, sight: Sight) -> bool:
        """Whether one poll shows everything as it was."""
        try:
            asked = sight.keys is not None
            projects, environments, keys = self._reader.poll(self.workspace, list(sight.readings), keys=asked)
        except PlatformError:
            return False
        before = {id: pulse(one.raw) for id, one in sight.readings.items()}
        same = projects == list(sight.projects or ()) and keys == sight.keys
        return same and {id: pulse(one) for id, one in environments.items()} == before

    def look(self, scope: Scope, at: dt.datetime) -> Sight:
        """Everything in scope. Raises nothing of the error tree."""
        asked = frozenset(one.kind for one in scope.containers) if scope.containers is not None else None
        told = asked if asked is not None else frozenset(kind.kind for kind in kinds.KINDS)
        opened = self._open(kinds.SshKey.kind in told)
        if isinstance(opened, _Shut):
            gaps = tuple(self._gap(one, opened.why, opened.right, opened.exit_code) for one in _containers(scope))
            return Sight(scope, Observation("railway", self._account, at, gaps=gaps, account_id=opened.id), told)
        look = _Look(self._account, opened, {(kind, name): id for kind, name, id in scope.known}, self.keys)
        wanted = look.choose(_containers(scope) if scope.containers is not None else _all(opened))
        found = self._reader.environments(list(wanted.values()), told)
        look.fill(wanted, found)
        readings = {id: one for id, one in found.items() if isinstance(one, Reading)}
        observation = Observation(
            *("railway", self._account, at, tuple(look.seen), tuple(look.gaps), frozenset(look.read)),
            account_id=self.workspace,
            notes=tuple(note for one in readings.values() for note in notes_of(one, told)),
        )
        return Sight(scope, observation, told, opened, readings, self.keys)

    def _open(self, keys: bool) -> "Sequence[Project] | _Shut":
        """The workspace's projects, or why they cannot be told. A wrong credential is told by what it opens."""
        try:
            if not self.workspace:
                opened = self._reader.workspaces()
                if len(opened) > 1:
                    why = f"the token opens the workspaces {', '.join(opened)}: pin one with `id:` in _project.yaml"
                    return _Shut(why, exit_code=14)
                if not opened:
                    return _Shut("the token opens no workspace", exit_code=14)
                self.workspace = opened[0]
            opened, projects, self.keys = self._reader.projects(self.workspace, keys=keys)
        except PlatformError as error:
            return self._shut(error)
        return projects if self.workspace in opened else self._other(opened)

    def _shut(self, error: PlatformError) -> "_Shut":
        if not isinstance(error, Denied):
            return _Shut(str(error), exit_code=_code_of(error))
        try:
            opened = self._reader.workspaces()
        except PlatformError as refused:
            return _Shut(str(refused), exit_code=max(refused.exit_code, 14) if isinstance(refused, Denied) else 17)
        if self.workspace not in opened:
            return self._other(opened)
        return _Shut(str(error), f"access to the workspace {self.workspace}", 17)

    def _other(self, opened: Sequence[str]) -> "_Shut":
        why = f"the token opens {', '.join(opened) or 'no workspace'}, not {self.workspace}"
        return _Shut(why, exit_code=14, id=opened[0] if opened else None)

    def _gap(self, container: Container, why: str, right: str, exit_code: int) -> Gap:
        return Gap(self._account, container.kind, container.name, why, right, exit_code)


@dataclass(frozen=True)
class _Shut:
    """Why nothing of a workspace can be told. `id` is the workspace that the token opens instead."""

    why: str
    right: str = ""
    exit_code: int = 17
    id: str | None = None


@dataclass
class _Look:
    """Gathers what is told of the listings that were asked for."""

    account: str
    projects: Sequence[Project]
    known: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Ids of what is ours, by kind and by the name that a listing is asked for."""
    keys: Keys = None
    seen: list[Seen] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    read: set[Container] = field(default_factory=set)
    _open: dict[str, list[Container]] = field(default_factory=lambda: defaultdict(list))
    """Listings to be filled, by the path of their environment."""

    def choose(self, containers: Sequence[Container]) -> dict[str, Wanted]:
        """Fills what the workspace's own listing tells; returns the environments to read, by path."""
        by_name: dict[str, list[Project]] = defaultdict(list)
        for project in self.projects:
            by_name[project.name].append(project)
        wanted: dict[str, Wanted] = {}
        for container in containers:
            if container.kind == kinds.Project.kind:
                self._fill_projects(container, by_name)
                continue
            if container.kind == kinds.SshKey.kind:
                self._fill_keys(container)
                continue
            project_name = container.name.partition("/")[0]
            fitting = self._called(project_name, by_name)
            if len(fitting) > 1:
                self._gap(container, _several(project_name))
            elif not fitting:
                self.read.add(container)
            elif container.kind in _OF_PROJECT:
                self._fill_project(container, fitting[0])
            elif (environment := self._environment(fitting[0], container.name)) is None:
                self.read.add(container)
            elif environment.id in fitting[0].closed:
                self._gap(container, f"{container.name} may not be opened", f"access to {container.name}")
            else:
                wanted[container.name] = (fitting[0], environment)
                self._open[container.name].append(container)
        return wanted

    def _called(self, name: str, by_name: Mapping[str, list[Project]]) -> list[Project]:
        """The projects that a name may mean: one that is ours, whatever it is called by now, before all others."""
        id = self.known.get((kinds.Project.kind, name))
        return [one for one in self.projects if id is not None and one.id == id] or by_name.get(name, [])

    def _environment(self, project: Project, path: str) -> Named | None:
        id = self.known.get((kinds.Environment.kind, path))
        ours = (one for one in project.environments if id is not None and one.id == id)
        return next(ours, None) or project.environment(path.partition("/")[2])

    def fill(self, wanted: Mapping[str, Wanted], found: Found) -> None:
        """Fills the listings of environments, or says why they cannot be told."""
        for path, (_, environment) in wanted.items():
            reading = found[environment.id]
            for container in self._open[path]:
                if isinstance(reading, PlatformError):
                    right = f"access to {path} and its variables" if isinstance(reading, Denied) else ""
                    self._gap(container, str(reading), right, 17 if right else _code_of(reading))
                    continue
                self._fill(container, [one for one in reading.seen if one.kind == container.kind])
                unread = [one.reason for one in reading.unread if one.kind == container.kind]
                if unread:
                    self.read.discard(container)
                    self._gap(container, "; ".join(unread[:3]))

    def _fill(self, container: Container, seen: Sequence[Seen]) -> None:
        """Two live things of one natural key make their listing a gap, and neither is seen."""
        twice = {key for key, count in Counter(one.key for one in seen).items() if count > 1}
        self.seen += [one for one in seen if one.key not in twice]
        if twice:
            self._gap(container, f"there is more than one {', '.join(sorted(' '.join(key) for key in twice))}")
        else:
            self.read.add(container)

    def _fill_projects(self, container: Container, by_name: Mapping[str, Sequence[Project]]) -> None:
        for name, fitting in by_name.items():
            if len(fitting) == 1:
                self.seen.append(Seen(container.kind, fitting[0].id, (name,), kinds.Project(name=name)))
        several = [name for name, fitting in by_name.items() if len(fitting) > 1]
        if several:
            self._gap(container, _several(", ".join(sorted(several))))
        else:
            self.read.add(container)

    def _fill_keys(self, container: Container) -> None:
        if isinstance(self.keys, PlatformError):
            right = "access to the workspace's SSH keys" if isinstance(self.keys, Denied) else ""
            self._gap(container, str(self.keys), right, 17 if right else _code_of(self.keys))
        else:
            self._fill(container, self.keys or ())

    def _fill_project(self, container: Container, project: Project) -> None:
        if container.kind in project.cut:
            self._gap(container, f"{project.name} has more than one listing holds")
            return
        found = []
        if container.kind == kinds.Service.kind:
            for id, name in project.services.items():
                service = kinds.Service(project=project.name, name=name)
                found.append(Seen(container.kind, id, service.keys()[0], service))
        else:
            for one in project.environments:
                environment = kinds.Environment(project=project.name, name=one.name)
                managed = PULL_REQUESTS if one.id in project.passing else ""
                found.append(Seen(container.kind, one.id, environment.keys()[0], environment, None, managed))
        self._fill(container, found)

    def _gap(self, container: Container, why: str, right: str = "", exit_code: int = 17) -> None:
        self.gaps.append(Gap(self.account, container.kind, container.name, why, right, exit_code))


def pulse(raw: Raw) -> dict[str, Any]:
    """What of an environment a poll tells, out of a poll or a snapshot."""

    def nodes(name: str) -> list[Any]:
        return [edge["node"] for edge in (raw.get(name) or {}).get("edges") or ()]

    instances = [{key: one.get(key) for key in ("id", "serviceId", "deletedAt", "domains")} for one in
                 nodes("serviceInstances")]  # fmt: skip
    told = {key: raw.get(key) for key in _PULSE}
    return {**told, "v": nodes("variables"), "i": instances, "d": nodes("volumeInstances")}


def _containers(scope: Scope) -> list[Container]:
    """The listings of a scope; for all there is, one of each kind that stands for all."""
    if scope.containers is not None:
        return sorted(scope.containers)
    return [Container(kind.kind, "*") for kind in kinds.KINDS]


def _all(projects: Sequence[Project]) -> list[Container]:
    """Every listing there is; what pull requests bring and take away is left out."""
    found = [Container(kinds.Project.kind), Container(kinds.SshKey.kind)]
    for name in dict.fromkeys(project.name for project in projects):
        found += [Container(kind, name) for kind in _OF_PROJECT]
    for project in projects:
        for one in project.environments:
            if one.id not in project.passing:
                found += [Container(kind.kind, f"{project.name}/{one.name}") for kind in INNER]
    return found


def _several(name: str) -> str:
    return f"more than one project is called {name}: rename all but one, none is touched"


def _code_of(error: PlatformError) -> int:
    return RateLimited.exit_code if isinstance(error, RateLimited) else 17
