"""Starting what was written quietly: one deployment an instance, of what is set there at that moment.

`serviceInstanceDeployV2` takes the instance's own source and variables and answers with the deployment's id. It knows
no key that tells two attempts apart: after a lost answer the instance's latest deployment tells whether it began.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...model.change import Change, Outcome
from ...model.errors import Missing, PlatformError, Unavailable
from ...wire.rest import PARTIAL
from . import documents
from .graph import Answer, Graph
from .kinds import Release

ROUNDS = 3
Raw = Mapping[str, Any]


@dataclass(frozen=True)
class Started:
    """What became of starting one instance. `deployment` None: it has no source, so nothing is to start. `error`: none
    is known to have begun; with `unsure` one may have."""

    service: str
    deployment: str | None = None
    error: PlatformError | None = None
    unsure: bool = False
    why: str = ""


@dataclass(eq=False)
class _Start:
    """A start under way. `before` is the instance's latest deployment as it was found, `error` why another is not
    known to have begun since."""

    service: str
    before: str | None
    error: PlatformError


@dataclass(frozen=True)
class Releaser:
    """Starts instances of one environment. `wait` sleeps that many seconds."""

    graph: Graph
    environment: str
    wait: Callable[[float], None]
    settle_seconds: float

    def apply(self, changes: Sequence[tuple[Change, str]]) -> Iterator[Outcome]:
        """One outcome a release, each given with its service's id."""
        asked = {service: change for change, service in changes}
        for one in self.start(list(asked)):
            change = asked[one.service]
            if one.error is None:
                want = change.after
                assert isinstance(want, Release)
                resource = want.model_copy(update={"deployment": one.deployment})
                yield Outcome(change, "done", f"{one.service}@{self.environment}", resource)
            else:
                code = max(one.error.exit_code, PARTIAL)
                yield Outcome(change, "unsure" if one.unsure else "failed", error=one.why, exit_code=code)

    def start(self, services: Sequence[str]) -> Iterator[Started]:
        """One answer each, by the service's id. An instance without a source has nothing to start, and is done."""
        told = self._latest()
        if isinstance(told, PlatformError):
            yield from (Started(service, error=told, why=str(told)) for service in services)
            return
        todo = []
        for service in services:
            node = told.get(service)
            if node is None:
                why = "there is no such instance"
                yield Started(service, error=Missing(why, platform="railway"), why=why)
            elif not node["deploys"]:
                yield Started(service)
            else:
                todo.append(_Start(service, node["latest"], Unavailable("not sent", platform="railway")))
        for _ in range(ROUNDS):
            yield from self._start(todo)
            for seconds in (0.0, self.settle_seconds):
                if todo:
                    yield from self._look(todo, seconds)
        yield from (Started(one.service, error=one.error, unsure=True, why=str(one.error)) for one in todo)

    def _start(self, todo: list[_Start]) -> Iterator[Started]:
        """Starts each; keeps in `todo` what is of unknown effect."""
        steps = [(documents.DEPLOY, {"e": self.environment, "s": one.service}) for one in todo]
        for one, answer in list(zip(todo, self.graph.together(steps), strict=True)) if steps else ():
            error = answer if isinstance(answer, PlatformError) else next(iter(answer.errors.values()), None)
            if isinstance(error, Unavailable) and error.unsure:
                one.error = error
                continue
            todo.remove(one)
            if error is not None:
                yield Started(one.service, error=error, why=str(error))
            elif isinstance(answer, Answer):
                yield Started(one.service, str(answer.data["serviceInstanceDeployV2"]))

    def _look(self, todo: list[_Start], seconds: float) -> Iterator[Started]:
        """Takes out of `todo` what has another deployment than before, or all of it where nothing can be seen."""
        if seconds:
            self.wait(seconds)
        told = self._latest()
        for one in list(todo):
            if isinstance(told, PlatformError):
                todo.remove(one)
                why = f"{one.error}; looking for it: {told}"
                yield Started(one.service, error=told, unsure=True, why=why)
                continue
            latest = told.get(one.service, {}).get("latest")
            if latest not in (None, one.before):
                todo.remove(one)
                yield Started(one.service, latest)

    def _latest(self) -> Mapping[str, Raw] | PlatformError:
        """By service, whether its instance has something to deploy, and its latest deployment."""
        try:
            told = self.graph.ask(documents.LATEST, e=self.environment)["environment"]
        except PlatformError as error:
            return error
        if told["serviceInstances"]["pageInfo"]["hasNextPage"]:
            return Unavailable("the environment has more instances than one listing holds", platform="railway")
        blobs = (told.get("config") or {}).get("services") or {}
        found = {}
        for edge in told["serviceInstances"]["edges"]:
            node = edge["node"]
            # The config is believed before the instance, as wherever both tell.
            sources = ((blobs.get(node["serviceId"]) or {}).get("source") or {}, node.get("source") or {})
            if not node.get("deletedAt"):
                deploys = any(one.get("repo") or one.get("image") for one in sources)
                found[node["serviceId"]] = {
                    "deploys": deploys,
                    "latest": (node.get("latestDeployment") or {}).get("id"),
                }
        return found
