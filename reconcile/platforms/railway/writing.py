"""Writing one environment: what is open is sent as one commit, looked for, and only what is missing is sent again."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...model.change import Change, Outcome
from ...model.errors import Missing, PlatformError, Unavailable
from ...model.observation import Seen
from ...model.resource import Resource
from ...model.secret import SecretText
from ...wire.rest import PARTIAL
from . import documents
from .changeset import Part, Unspeakable, change_set, needs_patch, patch
from .graph import Answer, Graph, StaleBase
from .kinds import Domain, Instance, ServiceDomain, SharedVariable, TcpProxy, Variable, Volume
from .reading import Reading

ROUNDS = 3
"""How often what is of unknown effect, or refused as stale, is looked for and its rest sent again."""
POLLS = 40
"""How often an apply that goes on is asked for; the last waits are a second each."""
MESSAGE = "trueup"
_STEPS = 12
"""More than the steps that any change takes: a loop that gets here goes nowhere."""
_MOVED = "moved since the plan was made"
Step = tuple[str, Mapping[str, Any]]
"""An operation of its own, and its variables."""


@dataclass(eq=False)
class Item:
    """One change on its way."""

    change: Change
    base: Seen | None = None
    """The thing as it lived before anything was sent."""
    made: str = ""
    """Its id, where a step of its own made it."""
    sent: bool = False
    accepted: bool = False
    """Whether what was sent was taken: then a value that nobody can read counts as written."""
    why: str = ""
    """Why its effect is not known."""
    rounds: int = 0
    old_gone: bool = False
    """Of a replace: whether the old one is away."""

    @property
    def want(self) -> Resource | None:
        return self.change.after

    def live(self, reading: Reading) -> Seen | None:
        """The thing now, by what we know of it: its own id, else its name."""
        kind = self.change.kind.kind
        fresh = self.change.verb == "replace" and self.want is not None
        id = self.made or ("" if fresh else self.change.id)
        if id and (kind, id) in reading.by_id:
            return reading.by_id[kind, id]
        if self.want is None:
            return None
        found = reading.by_key.get((kind, self.want.keys()[0]))
        return None if found is not None and fresh and found.id == self.change.id else found


@dataclass
class Writer:
    """Writes one environment. `read` reads it anew, `wait` sleeps that many seconds."""

    graph: Graph
    reading: Reading
    read: Callable[[], Reading | PlatformError]
    wait: Callable[[float], None]
    _base: Reading = field(init=False)

    def __post_init__(self) -> None:
        self._base = self.reading

    @property
    def id(self) -> str:
        return self.reading.place.environment.id

    def apply(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        """One outcome a change."""
        todo: list[Item] = []
        for change in changes:
            item = Item(change)
            item.base = item.live(self.reading)
            done = self._before(item)
            if done is not None:
                yield done
            else:
                todo.append(item)
        for _ in range(_STEPS):
            if not todo:
                return
            ended = [*self._send(todo)]
            yield from ended
            todo = _without(todo, ended)
            if not todo:
                return
            fresh = self._look(todo)
            if isinstance(fresh, PlatformError):
                yield from (_unsure(item, fresh) if item.sent else _failed(item, fresh) for item in todo)
                return
            ended = [one for item in todo if (one := self._after(item)) is not None]
            yield from ended
            todo = _without(todo, ended)
        yield from (_given_up(item) for item in todo)

    def _before(self, item: Item) -> Outcome | None:
        """The outcome of what needs no sending, or must not be sent: it is as wanted, or it moved."""
        change, live = item.change, item.base
        if change.verb == "delete":
            if live is None:
                return Outcome(change, "done", change.id)
        elif change.verb == "create":
            if live is not None and not _holds(item, live):
                return _refused(item, f"{change.key[-1]} is there already")
        elif live is None and change.verb == "update":
            return _refused(item, f"{change.key[-1]} is gone")
        if change.before is not None and live is not None and not _same(change.before, live.resource):
            return _refused(item, _MOVED)
        unsealed = isinstance(item.want, Variable | SharedVariable) and item.want.sealed is False
        if unsealed and live is not None and getattr(live.resource, "sealed", False):
            return _refused(item, "a sealed variable is never unsealed: delete it and make it anew", PARTIAL)
        return self._settled(item)

    def _after(self, item: Item) -> Outcome | None:
        """The outcome of what is there now as wanted, or can no longer become so."""
        done = self._settled(item)
        if done is not None:
            return done
        if not item.sent and not _unmoved(item.base, item.live(self.reading)):
            return _refused(item, _MOVED)
        return _given_up(item) if item.rounds >= ROUNDS else None

    def _settled(self, item: Item) -> Outcome | None:
        live, change = item.live(self.reading), item.change
        if item.want is None:
            return Outcome(change, "done", change.id) if live is None else None
        if live is None or not _holds(item, live):
            return None
        if change.verb == "replace" and (change.kind.kind, change.id) in self.reading.by_id and live.id != change.id:
            return None
        return Outcome(change, "done", live.id, live.resource)

    def _look(self, items: Sequence[Item]) -> Reading | PlatformError:
        """The environment anew; again after a while where something that was taken does not show yet."""
        for seconds in (0.0, 0.5, 2.0):
            if seconds:
                self.wait(seconds)
            fresh = self.read()
            if isinstance(fresh, PlatformError):
                return fresh
            self.reading = fresh
            for item in items:
                _recognise(item, self._base, fresh)
            waiting = [one for one in items if one.accepted and not _next_step(one, fresh) and not self._settled(one)]
            if not waiting:
                break
        return self.reading

    def _send(self, todo: Sequence[Item]) -> Iterator[Outcome]:
        """Sends the next step of each: those with a step of their own first, else all as one commit."""
        steps = [(item, step) for item in todo if (step := _next_step(item, self.reading)) is not None]
        if not steps:
            yield from self._commit(list(todo))
            return
        answers = self.graph.together([step for _, step in steps])
        for (item, (text, _)), answer in zip(steps, answers, strict=True):
            yield from self._note(item, answer)
            if isinstance(answer, Answer) and text in (documents.DOMAIN_CREATE, documents.SERVICE_DOMAIN_CREATE):
                item.made = str(next(iter(answer.data.values()))["id"])
            if text in (documents.DOMAIN_DELETE, documents.SERVICE_DOMAIN_DELETE, documents.TCP_PROXY_DELETE):
                item.old_gone = isinstance(answer, Answer | Missing)

    def _note(self, item: Item, answer: Answer | PlatformError) -> Iterator[Outcome]:
        """What an answer says of one item; nothing where its effect must be looked for."""
        if isinstance(answer, Answer) and not answer.errors:
            item.sent, item.accepted, item.why = True, True, ""
            item.rounds += 1 if _is_committed(item) else 0
            return
        error = answer if isinstance(answer, PlatformError) else next(iter(answer.errors.values()))
        if isinstance(error, StaleBase) or (isinstance(error, Missing) and item.want is None):
            item.rounds += 1
            item.why = str(error)
        elif isinstance(error, Unavailable) and error.unsure:
            item.rounds += 1
            item.sent, item.why = True, str(error)
        else:
            yield _failed(item, error)

    def _commit(self, items: list[Item]) -> Iterator[Outcome]:
        """One commit of all. One that is refused is halved until the bad change stands alone: by service first, so
        that what belongs to one service stays together as long as it can."""
        spoken: list[tuple[Item, Part]] = []
        for item in items:
            part = Part(item.change, item.live(self.reading))
            try:
                (patch if needs_patch(part, self.reading) else change_set)([part], self.reading)
            except Unspeakable as why:
                yield _refused(item, str(why), PARTIAL)
            else:
                spoken.append((item, part))
        alone = [one for one in spoken if isinstance(one[1].there, Volume) and one[1].want is not None]
        rest = [one for one in spoken if one not in alone]
        if not any(needs_patch(part, self.reading) for _, part in rest):
            alone, rest = [], spoken
        for group in (alone, rest):
            if group:
                yield from self._halving(group)

    def _halving(self, group: list[tuple[Item, Part]]) -> Iterator[Outcome]:
        answer = self._one([part for _, part in group])
        refused = isinstance(answer, PlatformError) and not isinstance(answer, StaleBase | Unavailable)
        if not refused or len(group) == 1 or getattr(answer, "exit_code", 0) == 14:
            for item, _ in group:
                yield from self._note(item, answer)
            return
        services = list(dict.fromkeys(part.service for _, part in group))
        if len(services) > 1:
            first = set(services[: len(services) // 2])
            halves = [[one for one in group if (one[1].service in first) is side] for side in (True, False)]
        else:
            halves = [group[: len(group) // 2], group[len(group) // 2 :]]
        for half in halves:
            if half is not halves[0]:
                fresh = self.read()
                self.reading = fresh if isinstance(fresh, Reading) else self.reading
            yield from self._halving(half)

    def _one(self, parts: Sequence[Part]) -> Answer | PlatformError:
        """One commit: a change set with the token of what was read, or a patch after a look at the token."""
        try:
            if any(needs_patch(part, self.reading) for part in parts):
                if self.reading.etag != self._etag():
                    return StaleBase("the environment changed since it was read", platform="railway")
                body = patch(parts, self.reading)
                return Answer(self.graph.ask(documents.PATCH_COMMIT, e=self.id, p=body, m=MESSAGE), {})
            body = change_set(parts, self.reading)
            told = self.graph.ask(documents.APPLY, e=self.id, i=body, m=MESSAGE, b=self.reading.etag, w=False)
            return self._finished(told["environmentApplyChangeSet"])
        except PlatformError as error:
            return error

    def _etag(self) -> str:
        return self.graph and self._etags()[self.id]

    def _etags(self) -> dict[str, str]:
        data = self.graph.ask(documents.etags(1), e0=self.id)
        return {self.id: str(data["e0"]["configEtag"])}

    def _finished(self, told: Mapping[str, Any]) -> Answer | PlatformError:
        """Waits for an apply. Raises PlatformError."""
        seconds = 0.05
        for _ in range(POLLS):
            if told["status"] != "applying":
                break
            self.wait(seconds)
            seconds = min(1.0, seconds * 2)
            try:
                data = self.graph.ask(documents.APPLY_STATUS, e=self.id, id=told["id"])
            except PlatformError as error:
                return Unavailable(f"an apply went on, and then: {error}", platform="railway", unsure=True)
            told = data["environmentChangeSetApply"]
        if told["status"] == "applied":
            return Answer(told, {})
        return Unavailable(f"the apply ended as {told['status']}", platform="railway", unsure=True)
