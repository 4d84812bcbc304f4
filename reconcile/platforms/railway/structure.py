"""Writing what environments share: projects, environments, services and keys, each by an operation of its own."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...model.change import Came, Change, Outcome
from ...model.errors import Missing, PlatformError, RateLimited, Unavailable
from ...model.observation import Seen
from ...model.resource import Resource
from ...wire.rest import PARTIAL
from . import documents
from .graph import CREATE_PAUSE_SECONDS, Answer, Graph
from .kinds import Environment, Project, Service, SshKey
from .reader import Keys
from .reader import Project as Listed
from .reading import Named

KINDS: tuple[type[Resource], ...] = (Project, Environment, Service, SshKey)
ROUNDS = 3
FIRST_ENVIRONMENT = "production"
"""A project is never without an environment: Railway makes one with it, of this name where none is told."""
_DELETES: Mapping[type[Resource], str] = {
    Project: documents.PROJECT_DELETE,
    Environment: documents.ENVIRONMENT_DELETE,
    Service: documents.SERVICE_DELETE,
    SshKey: documents.SSH_KEY_DELETE,
}


@dataclass(eq=False)
class _Open:
    """A change that is not done yet. `why`: why its effect is not known."""

    change: Change
    sent: bool = False
    accepted: bool = False
    why: str = ""


@dataclass
class Structure:
    """One wave's changes of the kinds above. `relist` reads the workspace's projects anew, and `keys` tells the SSH
    keys that came with them."""

    graph: Graph
    workspace: str
    projects: Sequence[Listed]
    relist: Callable[[], Sequence[Listed] | PlatformError]
    wait: Callable[[float], None]
    settle_seconds: float
    keys: Callable[[], Keys]
    born: set[str] = field(default_factory=set)
    """Ids of projects that this run made: their first environment came with them."""

    def apply(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        """One outcome a change. What is of unknown effect is looked for in two listings before it is sent again."""
        todo = []
        for change in changes:
            error = self.keys() if change.kind is SshKey else None
            if isinstance(error, PlatformError):
                yield Outcome(change, "failed", error=str(error), exit_code=max(error.exit_code, PARTIAL))
                continue
            done = self._before(change)
            if done is not None:
                yield done
            else:
                todo.append(_Open(change))
        for _ in range(ROUNDS):
            for one, answer in self._send(todo):
                ended = _note(one, answer)
                if ended is not None:
                    todo.remove(one)
                    yield ended
            for seconds in (0.0, self.settle_seconds):
                if todo:
                    yield from self._look(todo, seconds)
        yield from (_unsure(one, one.why or "it was taken, and does not show") for one in todo)

    def _look(self, todo: list[_Open], seconds: float) -> Iterator[Outcome]:
        """Lists after a while; takes out of `todo` what is there as wanted, or all of it where nothing can be seen."""
        if seconds:
            self.wait(seconds)
        fresh = self.relist()
        told = self.keys()
        if not isinstance(fresh, PlatformError) and isinstance(told, PlatformError):
            unseen = [one for one in todo if one.change.kind is SshKey]
            yield from (_unsure(one, f"{one.why or 'it was taken'}; looking for it: {told}", told) for one in unseen)
            todo[:] = [one for one in todo if one not in unseen]
        if isinstance(fresh, PlatformError):
            yield from (_unsure(one, f"{one.why or 'it was taken'}; looking for it: {fresh}", fresh) for one in todo)
            todo.clear()
            return
        self.projects = fresh
        for one in list(todo):
            done = self._settled(one.change)
            if done is not None:
                todo.remove(one)
                yield done

    def _before(self, change: Change) -> Outcome | None:
        want = change.after
        if want is None:
            return None if self._by_id(change) else Outcome(change, "done", change.id)
        if isinstance(want, SshKey):
            return self._before_key(change, want)
        if isinstance(want, Environment | Service):
            homes = [one for one in self.projects if one.name == want.project]
            if len(homes) != 1:
                why = "is no project of that name" if not homes else "are several projects of that name"
                return _refused(change, f"{want.project}: there {why}")
            held = self._listed(change)
            if change.verb == "replace" and held is not None and held[0].id != homes[0].id:
                return _refused(change, "it cannot move to another project")
        named = self._by_name(want)
        if change.verb != "create":
            return self._settled(change)
        if named is None:
            return None
        project, thing = named
        if isinstance(want, Environment) and project.id in self.born:
            return Outcome(change, "done", thing.id, want)
        return _refused(change, f"{want.title()} is there already; make a new plan")

    def _settled(self, change: Change) -> Outcome | None:
        """The outcome if it is as wanted."""
        want = change.after
        if want is None:
            return None if self._by_id(change) else Outcome(change, "done", change.id)
        if isinstance(want, SshKey):
            live = self._key_of(want)
            done = live is not None and _is(live, want) and (not self._key_by_id(change) or live.id == change.id)
            return Outcome(change, "done", live.id, live.resource) if live is not None and done else None
        found = self._by_name(want)
        if found is None or (change.id and found[1].id != change.id):
            return None
        if isinstance(want, Project) and change.verb == "create":
            self.born.add(found[1].id)
            return Outcome(change, "done", found[1].id, want, also=tuple(_first(found[0], want)))
        return Outcome(change, "done", found[1].id, want)

    def _before_key(self, change: Change, want: SshKey) -> Outcome | None:
        """A key that is there under an id that is not the change's is somebody's: it is never taken over."""
        live = self._key_of(want)
        if live is not None and live.id != change.id:
            return _refused(change, f"{want.title()} is there already; make a new plan")
        return self._settled(change)

    def _key_of(self, want: SshKey) -> Seen | None:
        return next((one for one in self._keys() if one.key == want.keys()[0]), None)

    def _key_by_id(self, change: Change) -> Seen | None:
        return next((one for one in self._keys() if one.id == change.id), None)

    def _keys(self) -> Sequence[Seen]:
        told = self.keys()
        return () if told is None or isinstance(told, PlatformError) else told

    def _things(self, kind: type[Resource]) -> Iterator[tuple[Listed, Named]]:
        for project in self.projects:
            if kind is Project:
                yield project, project.named
            elif kind is Environment:
                yield from ((project, one) for one in project.environments)
            else:
                yield from ((project, Named(id, name)) for id, name in project.services.items())

    def _by_id(self, change: Change) -> object | None:
        return self._key_by_id(change) if change.kind is SshKey else self._listed(change)

    def _listed(self, change: Change) -> tuple[Listed, Named] | None:
        return next((one for one in self._things(change.kind) if one[1].id == change.id), None)

    def _by_name(self, want: Resource) -> tuple[Listed, Named] | None:
        home, name = getattr(want, "project", None), str(getattr(want, "name", ""))
        fitting = (one for one in self._things(type(want)) if one[1].name == name and home in (None, one[0].name))
        return next(fitting, None)

    def _send(self, todo: Sequence[_Open]) -> Iterator[tuple[_Open, Answer | PlatformError]]:
        """Projects and environments are made one by one: Railway allows one in 30 s."""
        open_ones = [one for one in todo if not one.accepted]
        slow = [one for one in open_ones if one.change.verb == "create" and one.change.kind in (Project, Environment)]
        quick = [one for one in open_ones if one not in slow]
        for one in slow:
            yield one, self._patiently(self._step(one.change))
        if quick:
            yield from zip(quick, self.graph.together([self._step(one.change) for one in quick]), strict=True)

    def _patiently(self, step: tuple[str, Mapping[str, Any]]) -> Answer | PlatformError:
        (answer,) = self.graph.together([step])
        for _ in range(2):
            # Of a budget that is spent the wire has told already; this is the pause between two of a kind.
            if not isinstance(answer, RateLimited) or answer.after != CREATE_PAUSE_SECONDS:
                break
            self.wait(answer.after)
            (answer,) = self.graph.together([step])
        return answer

    def _step(self, change: Change) -> tuple[str, Mapping[str, Any]]:
        want = change.after
        if want is None:
            return _DELETES[change.kind], {"id": change.id}
        name = str(getattr(want, "name", ""))
        if isinstance(want, SshKey):
            told_key = {"name": name, "publicKey": want.public_key, "workspaceId": self.workspace}
            if self._key_by_id(change) is None:
                return documents.SSH_KEY_CREATE, {"i": told_key}
            return documents.SSH_KEY_REPLACE, {"id": change.id, "i": told_key}
        if isinstance(want, Project):
            if change.verb != "create":
                return documents.PROJECT_UPDATE, {"id": change.id, "i": {"name": name}}
            told = {"name": name, "workspaceId": self.workspace, "defaultEnvironmentName": FIRST_ENVIRONMENT}
            return documents.PROJECT_CREATE, {"i": told}
        (home,) = [one for one in self.projects if one.name == getattr(want, "project", None)]
        if isinstance(want, Environment):
            if change.verb != "create":
                return documents.ENVIRONMENT_RENAME, {"id": change.id, "i": {"name": name}}
            return documents.ENVIRONMENT_CREATE, {"i": {"projectId": home.id, "name": name}}
        if change.verb != "create":
            return documents.SERVICE_UPDATE, {"id": change.id, "i": {"name": name}}
        # Without a source, so that nothing is deployed before its instance is as declared.
        return documents.SERVICE_CREATE, {"i": {"projectId": home.id, "name": name}}


def _is(live: Seen, want: SshKey) -> bool:
    return all(getattr(live.resource, name) == getattr(want, name) for name in want.comparable())


def _first(project: Listed, want: Project) -> Iterator[Came]:
    """The environment that came with a project."""
    for one in project.environments:
        if one.name == FIRST_ENVIRONMENT:
            yield Came(Environment.kind, Environment(project=want.name, name=one.name).keys()[0], one.id)


def _note(one: _Open, answer: Answer | PlatformError) -> Outcome | None:
    """The outcome of what was refused; None where its effect is to be looked for."""
    error = answer if isinstance(answer, PlatformError) else next(iter(answer.errors.values()), None)
    if error is None:
        one.sent, one.accepted, one.why = True, True, ""
        return None
    if (isinstance(error, Unavailable) and error.unsure) or (
        isinstance(error, Missing) and (one.change.after is None or one.change.kind is SshKey)
    ):
        one.sent, one.why = True, str(error)
        return None
    if one.sent:
        # It may be in its own way.
        one.why = str(error)
        return None
    return Outcome(one.change, "failed", error=str(error), exit_code=max(error.exit_code, PARTIAL))


def _unsure(one: _Open, why: str, error: PlatformError | None = None) -> Outcome:
    return Outcome(one.change, "unsure", error=why, exit_code=error.exit_code if error is not None else PARTIAL)


def _refused(change: Change, why: str) -> Outcome:
    return Outcome(change, "failed", error=why, exit_code=PARTIAL)
