"""One Railway workspace: what its projects hold, and changes to it."""

import datetime as dt
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ...model.change import Change, Outcome
from ...model.errors import PlatformError
from ...model.issuing import IssueOptions, Issuer
from ...model.observation import Observation, Scope
from ...model.platform import Credential, Rate, Running
from ...model.resource import Key, Resource
from ...model.secret import SecretText
from ...model.spec import Access
from ...wire import Client
from ...wire.rest import PARTIAL, bearer
from .cost import Known, predicted
from .graph import Graph, StaleBase, read_error
from .kinds import KINDS, Instance, Release, SshKey, TcpProxy, Volume
from .reader import Project, Reader, Wanted
from .reading import Reading
from .releasing import Releaser
from .sight import Sight, Survey
from .starting import Units
from .structure import KINDS as SHARED
from .structure import Structure
from .tokens import ProjectTokenOptions, ProjectTokens
from .writing import Writer

EXTRA_KINDS = frozenset({TcpProxy.kind, Volume.kind})
"""What a snapshot does not tell whole."""


@dataclass(frozen=True)
class _Known:
    """An environment as this object read it last, and the kinds of `EXTRA_KINDS` that were read with it."""

    reading: Reading
    extras: frozenset[str]


class Railway:
    """Projects of one workspace. `access.id` pins it; a token that opens several needs that.

    `settle_seconds` takes the place of the class's where given (0 in a sandbox); `sleep` is for every wait.
    """

    name: ClassVar[str] = "railway"
    kinds: ClassVar[tuple[type[Resource], ...]] = KINDS
    releases: ClassVar[tuple[type[Resource], ...]] = (Release,)
    credentials: ClassVar[tuple[Credential, ...]] = (
        Credential("token", "a workspace token of the workspace", "https://railway.com/account/tokens"),
    )
    rate: ClassVar[Rate] = Rate(10_000, 3600)
    rates: ClassVar[Mapping[str, Rate]] = {
        "free": Rate(100, 3600),
        "hobby": Rate(1_000, 3600),
        "pro": Rate(10_000, 3600),
    }
    """By plan (API docs, rate limits, 2026-08); `rate` is the Pro plan's."""
    starts: ClassVar[frozenset[str]] = frozenset({Instance.kind})
    issues: ClassVar[Mapping[str, type[IssueOptions]]] = {"project-token": ProjectTokenOptions}
    base_url: ClassVar[str] = "https://backboard.railway.com"
    waits_itself: ClassVar[bool] = True
    settle_seconds: ClassVar[float] = 5.0
    """How long a listing may lag behind a write is not told; this is for a request still under way."""

    def __init__(
        self,
        client: Client,
        account: str,
        access: Access,
        clock: Callable[[], dt.datetime],
        *,
        settle_seconds: float | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._account = account
        self._clock = clock
        self._wait = sleep
        self._settle = self.settle_seconds if settle_seconds is None else settle_seconds
        self._graph = Graph(client, account)
        self._reader = Reader(self._graph)
        self._survey = Survey(self._reader, account, access)
        self._last: Sight | None = None
        self._projects: Sequence[Project] | None = None
        self._known: dict[str, _Known] = {}
        self._born: set[str] = set()

    @staticmethod
    def authorization(credentials: Mapping[str, SecretText]) -> SecretText:
        """The value of the Authorization header."""
        return bearer(credentials["token"])

    @staticmethod
    def read_error(status: int, body: Any) -> tuple[str, str]:
        """Code and message of the first error."""
        return read_error(status, body)

    def observe(self, scope: Scope) -> Observation:
        """Projects with one request, and one more for each project whose environments are in scope. Where this object
        read the same before, wrote nothing since, and one poll shows that nothing moved, that reading still holds."""
        at = self._clock()
        if scope.containers is not None and not scope.containers:
            return Observation(self.name, self._account, at)
        if self._last is None or self._last.scope != scope or not self._survey.holds(self._last):
            sight = self._survey.look(scope, at)
            self._last = sight if sight.whole else None
            self._projects = sight.projects
            extras = EXTRA_KINDS & sight.kinds
            self._known = {id: _Known(one, extras) for id, one in sight.readings.items()}
            return sight.observation
        return replace(self._last.observation, at=at)

    def apply(self, wave: Sequence[Change]) -> Iterator[Outcome]:
        """What environments share first, each by itself; then, environment by environment, one commit, and at last the
        releases.

        Quiet changes of variables, shared variables and instances are a commit of their own, which deploys nothing.
        Volumes, TCP proxies and domains are written as if they were loud, and so is every delete.
        """
        yield from (Outcome(change, "done", change.id) for change in wave if _ends_a_release(change))
        wave = [change for change in wave if not _ends_a_release(change)]
        if not wave:
            return
        self._last = None
        shared = [change for change in wave if change.kind in SHARED]
        try:
            keys = any(change.kind is SshKey for change in shared)
            known = self._projects if not keys or self._survey.keys is not None else None
            projects = known if known is not None else self._relisted(keys)
        except PlatformError as error:
            yield from (_failed(change, str(error), max(error.exit_code, PARTIAL)) for change in wave)
            return
        if shared:
            structure = Structure(
                *(self._graph, self._survey.workspace, projects, lambda: self._relist(keys), self._wait, self._settle),
                *(lambda: self._survey.keys, self._born),
            )
            self._known.clear()
            yield from structure.apply(shared)
        by_place: dict[str, list[Change]] = defaultdict(list)
        for change in wave:
            if change.kind not in SHARED:
                there = change.after if change.after is not None else change.before
                assert there is not None
                by_place[there.container()].append(change)
        yield from self._write(by_place)

    def predict(self, wave: Sequence[Change]) -> int:
        """Requests where nothing fails, the readings that tell the outcomes among them."""
        lacks = self._survey.keys is None and any(change.kind is SshKey for change in wave)
        listing = 0 if self._projects is not None and not lacks else 1 if self._survey.workspace else 2
        return predicted(wave, Known(listing, self._projects or (), self._reading_of))

    def running(self, units: Sequence[Resource]) -> Mapping[Key, Running]:
        """As `Starts`: the newest deployment of each instance, and the one that is live. Raises PlatformError."""
        return self._units().running(units) if units else {}

    def start(self, units: Sequence[Resource]) -> None:
        """As `Starts`: a deployment of what is set there now; an instance without a source has nothing to start."""
        if units:
            # What was read before does not tell the deployment that comes now.
            self._last = None
            self._known.clear()
            self._units().start(units)

    def issuer(self, word: str, options: IssueOptions) -> Issuer:
        """As `Issues`: project tokens."""
        assert word == "project-token" and isinstance(options, ProjectTokenOptions)
        return ProjectTokens(self._graph, self._listed, options)

    def _units(self) -> Units:
        return Units(self._graph, self._listed(), self._wait, self._settle)

    def _listed(self) -> Sequence[Project]:
        """The workspace's projects as they were last told. Raises PlatformError."""
        return self._projects if self._projects is not None else self._relisted(False)

    def _write(self, by_place: Mapping[str, Sequence[Change]]) -> Iterator[Outcome]:
        places: dict[str, Wanted] = {}
        for path, changes in by_place.items():
            project_name, _, name = path.partition("/")
            fitting = [one for one in self._projects or () if one.name == project_name]
            environment = fitting[0].environment(name) if len(fitting) == 1 else None
            if environment is not None:
                places[path] = (fitting[0], environment)
                continue
            if len(fitting) > 1:
                yield from (_failed(change, f"several projects are called {project_name}") for change in changes)
            else:
                yield from (self._nowhere(change, path) for change in changes)
        written = {path: [one for one in by_place[path] if one.kind is not Release] for path in places}
        yield from self._write_known({path: places[path] for path, changes in written.items() if changes}, written)
        for path, wanted in places.items():
            yield from self._release(wanted, [one for one in by_place[path] if one.kind is Release])

    def _write_known(self, places: Mapping[str, Wanted], by_place: Mapping[str, Sequence[Change]]) -> Iterator[Outcome]:
        needed = {path: EXTRA_KINDS & {change.kind.kind for change in by_place[path]} for path in places}
        unknown = [path for path, (_, one) in places.items() if not self._is_known(one.id, needed[path])]
        asked = frozenset().union(*(needed[path] for path in unknown))
        found = self._reader.environments([places[path] for path in unknown], asked) if unknown else {}
        for path, wanted in places.items():
            reading = found.get(wanted[1].id) or self._known[wanted[1].id].reading
            if isinstance(reading, PlatformError):
                code = max(reading.exit_code, PARTIAL)
                yield from (_failed(change, str(reading), code) for change in by_place[path])
                continue
            yield from self._write_one(wanted, reading, needed[path], by_place[path])

    def _write_one(
        self, wanted: Wanted, reading: Reading, extras: frozenset[str], changes: Sequence[Change]
    ) -> Iterator[Outcome]:
        def read() -> Reading | PlatformError:
            return self._reader.environments([wanted], extras)[wanted[1].id]

        writer = Writer(self._graph, reading, read, self._wait, self._settle)
        # Until its outcomes are all told, nothing that was read before holds.
        self._known.pop(wanted[1].id, None)
        yield from writer.apply(changes)
        self._known[wanted[1].id] = _Known(writer.reading, extras)

    def _release(self, wanted: Wanted, changes: Sequence[Change]) -> Iterator[Outcome]:
        project, environment = wanted
        found = []
        for change in changes:
            assert isinstance(change.after, Release)
            name = change.after.instance.rpartition("/")[2]
            service = project.service_id(name)
            if service is None:
                yield _failed(change, f"the project has no service {name}")
            else:
                found.append((change, service))
        if found:
            # What a repository's own file decides is told by its latest deployment.
            self._known.pop(environment.id, None)
            yield from Releaser(self._graph, environment.id, self._wait, self._settle).apply(found)

    def _nowhere(self, change: Change, path: str) -> Outcome:
        if change.after is not None:
            return _failed(change, f"there is no environment {path}")
        there = [one.name for project in self._projects or () for one in project.environments if one.id in change.id]
        if there:
            return _failed(change, f"{path} is called {there[0]} by now; make a new plan", StaleBase.exit_code)
        return Outcome(change, "done", change.id)

    def _reading_of(self, path: str, kinds: Collection[str]) -> Reading | None:
        """The environment of that path, where it was read as far as writing such kinds needs."""
        needed = EXTRA_KINDS & set(kinds)
        fitting = (one for one in self._known.values() if one.reading.place.path == path and one.extras >= needed)
        return next((one.reading for one in fitting), None)

    def _is_known(self, id: str, extras: Collection[str]) -> bool:
        return id in self._known and self._known[id].extras >= set(extras)

    def _relist(self, keys: bool) -> Sequence[Project] | PlatformError:
        try:
            return self._relisted(keys)
        except PlatformError as error:
            return error

    def _relisted(self, keys: bool) -> Sequence[Project]:
        self._projects = self._survey.projects(keys=keys)
        return self._projects


def _ends_a_release(change: Change) -> bool:
    """It takes nothing away: what was started runs on."""
    return change.kind is Release and change.after is None


def _failed(change: Change, why: str, exit_code: int = PARTIAL) -> Outcome:
    return Outcome(change, "failed", error=why, exit_code=exit_code)
