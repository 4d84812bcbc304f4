"""Starting what was written quietly: one deployment an instance, of what is set there at that moment.

`serviceInstanceDeployV2` takes the instance's own source and variables and answers with the deployment's id. It knows
no key that tells two attempts apart: after a lost answer the instance's latest deployment tells whether it began.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...model.change import Change, Outcome
from ...model.errors import PlatformError, Unavailable
from ...wire.rest import PARTIAL
from . import documents
from .graph import Answer, Graph
from .kinds import Release

ROUNDS = 3
Raw = Mapping[str, Any]


@dataclass(eq=False)
class _Start:
    """A release under way. `before` is the instance's latest deployment as it was found, `why` why another is not
    known to have begun since."""

    change: Change
    service: str
    before: str | None = None
    why: str = ""


@dataclass(frozen=True)
class Releaser:
    """Starts instances of one environment. `wait` sleeps that many seconds."""

    graph: Graph
    environment: str
    wait: Callable[[float], None]
    settle_seconds: float

    def apply(self, changes: Sequence[tuple[Change, str]]) -> Iterator[Outcome]:
        """One outcome a release, each given with its service's id. An instance without a source has nothing to start,
        and is done."""
        told = self._latest()
        if isinstance(told, PlatformError):
            yield from (_failed(change, told) for change, _ in changes)
            return
        todo = []
        for change, service in changes:
            node = told.get(service)
            if node is None:
                yield Outcome(change, "failed", error="there is no such instance", exit_code=PARTIAL)
            elif not node["deploys"]:
                yield self._done(change, service, None)
            else:
                todo.append(_Start(change, service, node["latest"]))
        for _ in range(ROUNDS):
            yield from self._start(todo)
            for seconds in (0.0, self.settle_seconds):
                if todo:
                    yield from self._look(todo, seconds)
        yield from (_unsure(one, one.why) for one in todo)

    def _start(self, todo: list[_Start]) -> Iterator[Outcome]:
        """Starts each; keeps in `todo` what is of unknown effect."""
        steps = [(documents.DEPLOY, {"e": self.environment, "s": one.service}) for one in todo]
        for one, answer in list(zip(todo, self.graph.together(steps), strict=True)) if steps else ():
            error = answer if isinstance(answer, PlatformError) else next(iter(answer.errors.values()), None)
            if isinstance(error, Unavailable) and error.unsure:
                one.why = str(error)
                continue
            todo.remove(one)
            if error is not None:
                yield _failed(one.change, error)
            elif isinstance(answer, Answer):
                yield self._done(one.change, one.service, str(answer.data["serviceInstanceDeployV2"]))

    def _look(self, todo: list[_Start], seconds: float) -> Iterator[Outcome]:
        """Takes out of `todo` what has another deployment than before, or all of it where nothing can be seen."""
        if seconds:
            self.wait(seconds)
        told = self._latest()
        for one in list(todo):
            if isinstance(told, PlatformError):
                todo.remove(one)
                yield _unsure(one, f"{one.why}; looking for it: {told}", told.exit_code)
                continue
            latest = told.get(one.service, {}).get("latest")
            if latest not in (None, one.before):
                todo.remove(one)
                yield self._done(one.change, one.service, latest)

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

    def _done(self, change: Change, service: str, deployment: str | None) -> Outcome:
        want = change.after
        assert isinstance(want, Release)
        resource = want.model_copy(update={"deployment": deployment})
        return Outcome(change, "done", f"{service}@{self.environment}", resource)


def _failed(change: Change, error: PlatformError) -> Outcome:
    return Outcome(change, "failed", error=str(error), exit_code=max(error.exit_code, PARTIAL))


def _unsure(one: _Start, why: str, exit_code: int = PARTIAL) -> Outcome:
    return Outcome(one.change, "unsure", error=why, exit_code=exit_code)
