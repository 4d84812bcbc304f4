"""Writing one environment: what is open is sent as one commit, looked for, and only what is missing is sent again.

What is quiet is a commit of its own, before the others. Railway commits without deploying only what is staged first
(`environmentPatchCommitStaged(skipDeploys)`, in the published schema: "Skip deploys for services affected by this
patch"), and an environment has one staged patch, which it shares with a person at the dashboard. So both are one
request, whose fields GraphQL executes in their order, sent only where a look before it found nothing staged; and what
is staged is set, never merged into, so that it is ours alone that is committed; what a person stages between that look
and the request is lost to them. `variableCollectionUpsert(skipDeploys)` makes no instance and seals nothing, and
`serviceInstanceUpdate` writes to all environments that are no forks (its own words in the schema).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...model.change import Change, Outcome
from ...model.errors import Denied, Missing, PlatformError, Unavailable
from ...wire.rest import PARTIAL
from . import documents
from .changeset import Body, Part, Unspeakable, change_set, named_in, needs_patch, patch, quiet_ones
from .graph import Answer, Graph, Staged, StaleBase
from .item import Item, Step, next_step, operation_of, place_differs, same, service_domain_step, unmoved
from .kinds import Instance, ServiceDomain, SharedVariable, Variable, Volume
from .reading import Reading

ROUNDS = 3
"""How often what is of unknown effect, or refused as stale, is looked for and its rest sent again."""
POLLS = 120
"""How often an apply that goes on is asked for, a second apart in the end: the vendor's own client does the same."""
MESSAGE = "trueup"
_STEPS = 12
"""More than the steps that any change takes: a loop that gets here goes nowhere."""
_MOVED = "it moved since it was read"
_CREATES = (documents.DOMAIN_CREATE, documents.SERVICE_DOMAIN_CREATE)


@dataclass
class Writer:
    """Writes one environment. `read` reads it anew, `wait` sleeps that many seconds."""

    graph: Graph
    reading: Reading
    read: Callable[[], Reading | PlatformError]
    wait: Callable[[float], None]
    settle_seconds: float = 0.0
    _base: Reading = field(init=False)
    _coming: set[str] = field(default_factory=set)
    """Services that this wave makes an instance of."""
    _quiet: frozenset[int] = frozenset()
    """Changes that are committed without deploying, by their `id()`."""
    _left: Body = field(default_factory=dict)
    """The patch that we staged, and that nobody knows to be committed."""

    def __post_init__(self) -> None:
        self._base = self.reading

    def apply(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        """One outcome a change."""
        todo = [Item(change) for change in changes]
        self._quiet = quiet_ones(changes)
        self._coming = {item.service for item in todo if isinstance(item.want, Instance)}
        for item in todo:
            item.begin(self.reading)
        ended = [one for item in todo if (one := self._before(item)) is not None]
        yield from ended
        todo = _without(todo, ended)
        for _ in range(_STEPS):
            if not todo:
                return
            ended = list(self._send(todo))
            yield from ended
            todo = _without(todo, ended)
            error = self._look(todo) if todo else None
            if error is not None:
                yield from (_unseen(item, error) for item in todo)
                return
            ended = [one for item in todo if (one := self._after(item)) is not None]
            yield from ended
            todo = _without(todo, ended)
        yield from (item.given_up() for item in todo)

    def _before(self, item: Item) -> Outcome | None:
        """The outcome of what needs no sending, or must not be sent: it is as wanted, or it moved."""
        change, live, want = item.change, item.base, item.want
        if want is None:
            moved = live is not None and change.before is not None and not same(change.before, live.resource)
            return item.refused(_MOVED) if moved else item.settled(self.reading)
        if item.service and (missing := self._missing(item.service)):
            return item.refused(missing, PARTIAL)
        if place_differs(item, self.reading):
            return item.refused("it cannot move: take it away here and declare it there", PARTIAL)
        if live is None:
            return None if change.verb in ("create", "replace") else item.refused("it is gone")
        if change.verb == "create" and not item.holds(live):
            return item.refused("it is there already")
        if change.before is not None and not item.holds(live) and not same(change.before, live.resource):
            return item.refused(_MOVED)
        if isinstance(want, Variable | SharedVariable) and want.sealed is False and _is_sealed(live.resource):
            return item.refused("a sealed variable is never unsealed: delete it and make it anew", PARTIAL)
        return item.settled(self.reading)

    def _missing(self, service: str) -> str:
        """Why nothing can be written at a service here; "" where it can."""
        id = self.reading.service_id(service)
        if id is None:
            return f"the project has no service {service}"
        if id not in self.reading.nodes and service not in self._coming:
            return f"{service} has no instance in {self.reading.place.path}"
        return ""

    def _after(self, item: Item) -> Outcome | None:
        """The outcome of what is there now as wanted, or can no longer become so."""
        done = item.settled(self.reading)
        if done is not None:
            return done
        if not item.sent and not unmoved(item.base, item.live(self.reading)):
            return item.refused(_MOVED)
        return item.given_up() if item.rounds >= ROUNDS else None

    def _look(self, items: Sequence[Item]) -> PlatformError | None:
        """Reads the environment anew; again after a while where something that was taken does not show yet, or where
        the effect of something is not known: that counts as absent after two readings."""
        doubted = False
        for number, seconds in enumerate((0.0, 0.5, 2.0)):
            if number:
                self.wait(max(seconds, self.settle_seconds if doubted else 0.0))
            fresh = self.read()
            if isinstance(fresh, PlatformError):
                return fresh
            self.reading = fresh
            for item in items:
                item.recognise(self._base, fresh)
            open_ones = [one for one in items if one.sent and not one.settled(fresh)]
            doubted = any(not one.accepted for one in open_ones) and number == 0
            if not doubted and not any(one.awaits(fresh) for one in open_ones):
                break
        return None

    def _send(self, todo: Sequence[Item]) -> Iterator[Outcome]:
        """Sends the next step of each: one commit of all that has no step of its own, then those steps at once."""
        steps = []
        for item in todo:
            step = next_step(item, self.reading)
            item.sent_as = operation_of(step)
            if step is not None:
                steps.append((item, step))
        alone = {id(item) for item, _ in steps}
        yield from self._commit([item for item in todo if id(item) not in alone])
        if not steps:
            return
        answers = self.graph.together([step for _, step in steps])
        made: list[tuple[Item, Step]] = []
        for (item, (text, _)), answer in zip(steps, answers, strict=True):
            if isinstance(answer, Answer) and text in _CREATES and not answer.errors:
                thing = next(iter(answer.data.values()))
                item.made = str(thing["id"])
                if isinstance(item.want, ServiceDomain) and thing["domain"] != item.want.host:
                    made.append((item, service_domain_step(item.want, item.made, self.reading)))
            yield from self._note(item, answer)
        # A generated domain is given its name at once, not after another reading.
        for (item, _), answer in zip(
            made, self.graph.together([step for _, step in made]) if made else (), strict=True
        ):
            yield from self._note(item, answer)

    def _note(self, item: Item, answer: Answer | PlatformError) -> Iterator[Outcome]:
        """What an answer says of one item; nothing where its effect must be looked for."""
        item.rounds += 1
        if isinstance(answer, Answer) and not answer.errors:
            item.sent, item.accepted, item.why = True, True, ""
            return
        error = answer if isinstance(answer, PlatformError) else next(iter(answer.errors.values()))
        if isinstance(error, StaleBase):
            item.stale, item.why = True, str(error)
        elif isinstance(error, Missing) and (item.want is None or item.remakes):
            item.sent, item.why = True, str(error)
        elif isinstance(error, Unavailable) and error.unsure:
            item.sent, item.accepted, item.why = True, False, str(error)
        elif item.sent and not item.accepted:
            # It may be in its own way: what is of unknown effect is looked for once more.
            item.why, item.rounds = str(error), ROUNDS
        else:
            yield item.failed(error)

    def _commit(self, items: Sequence[Item]) -> Iterator[Outcome]:
        """One commit of all: a patch where one needs it. Only volumes can be made by no patch, and go before it; what
        is quiet goes before either, for it may make the instance that the rest is of."""
        spoken: list[tuple[Item, Part]] = []
        for item in items:
            part = Part(item.change, item.live(self.reading), quiet=id(item.change) in self._quiet)
            try:
                (patch if needs_patch(part, self.reading) else change_set)([part], self.reading)
            except Unspeakable as why:
                yield item.refused(str(why), PARTIAL)
            else:
                spoken.append((item, part))
        quiet, loud = ([one for one in spoken if one[1].quiet is which] for which in (True, False))
        made = [one for one in loud if isinstance(one[1].there, Volume) and one[1].want is not None]
        rest = [one for one in loud if one not in made]
        apart = any(needs_patch(part, self.reading) for _, part in rest)
        groups = [group for group in (quiet, *((made, rest) if apart else (loud,))) if group]
        for number, group in enumerate(groups):
            if number:
                self._again()
            yield from self._halving(group)

    def _halving(self, group: list[tuple[Item, Part]]) -> Iterator[Outcome]:
        """One that is refused is halved until the bad change stands alone: by service first, so that what belongs to
        one service stays together as long as it can."""
        answer = self._one([part for _, part in group])
        whole = not isinstance(answer, PlatformError) or isinstance(answer, StaleBase | Staged | Unavailable | Denied)
        if whole or len(group) == 1:
            for item, _ in group:
                yield from self._note(item, answer)
            return
        services = list(dict.fromkeys(part.service for _, part in group))
        if len(services) > 1:
            some = set(services[: len(services) // 2])
            first = [one for one in group if one[1].service in some]
        else:
            # What makes the instance must not come after what stands in it.
            group = sorted(group, key=lambda one: not isinstance(one[1].there, Instance))
            first = group[: len(group) // 2]
        for half in (first, [one for one in group if one not in first]):
            yield from self._halving(half)
            self._again()

    def _one(self, parts: Sequence[Part]) -> Answer | PlatformError:
        """One commit: a change set with the token of what was read, or a patch after a look at the token."""
        id = self.reading.place.environment.id
        try:
            if any(part.quiet for part in parts):
                return self._quietly(id, patch(parts, self.reading))
            if any(needs_patch(part, self.reading) for part in parts):
                (now,) = self.graph.ask(documents.etags(1), e0=id).values()
                if now["configEtag"] != self.reading.etag:
                    return StaleBase("the environment changed since it was read", platform="railway")
                body = patch(parts, self.reading)
                return Answer(self.graph.ask(documents.PATCH_COMMIT, e=id, p=body, m=MESSAGE), {})
            body = change_set(parts, self.reading)
            told = self.graph.ask(documents.APPLY, e=id, i=body, m=MESSAGE, b=self.reading.etag, w=False)
            return self._finished(id, told["environmentApplyChangeSet"])
        except PlatformError as error:
            return error

    def _quietly(self, id: str, body: Body) -> Answer:
        """One commit that deploys nothing. Raises PlatformError, and then takes back what it staged."""
        if self._left:
            self._unstage(id)
        now = self.graph.ask(documents.STAGED_BASE, e=id)["environment"]
        if now["configEtag"] != self.reading.etag:
            raise StaleBase("the environment changed since it was read", platform="railway")
        if now["unmergedChangesCount"]:
            told = f"staged changes wait in {self.reading.place.path}, which quiet ones would take the place of"
            raise Staged(f"{told}: {Staged.advice}", platform="railway")
        self._left = body
        try:
            data = self.graph.ask(documents.QUIET_COMMIT, e=id, p=body, m=MESSAGE)
        except PlatformError:
            self._unstage(id)
            raise
        self._left = {}
        return Answer(data, {})

    def _unstage(self, id: str) -> None:
        """Empties the staged patch where it is ours alone. Where that cannot be told, the next quiet change is refused
        as over a person's."""
        try:
            staged = self.graph.ask(documents.STAGED, e=id)["environmentStagedChanges"]
            names = named_in(staged["patch"] or {}) if staged["status"] == "STAGED" else frozenset()
            if names and names <= named_in(self._left):
                self.graph.ask(documents.UNSTAGE, e=id, p={})
        except PlatformError:
            return
        self._left = {}

    def _finished(self, id: str, told: Mapping[str, Any]) -> Answer | PlatformError:
        """What became of an apply that may go on for a while."""
        seconds = 0.05
        for _ in range(POLLS):
            if told["status"] != "applying":
                break
            self.wait(seconds)
            seconds = min(1.0, seconds * 2)
            try:
                data = self.graph.ask(documents.APPLY_STATUS, e=id, id=told["id"])
            except PlatformError as error:
                return Unavailable(f"the apply went on, and then: {error}", platform="railway", unsure=True)
            told = data["environmentChangeSetApply"]
        if told["status"] == "applied":
            return Answer(told, {})
        return Unavailable(f"the apply ended as {told['status']}", platform="railway", unsure=True)

    def _again(self) -> None:
        """Reads the environment between two commits; where that fails, the next one is refused as stale."""
        fresh = self.read()
        if isinstance(fresh, Reading):
            self.reading = fresh


def _unseen(item: Item, error: PlatformError) -> Outcome:
    """The outcome of a change whose environment cannot be read any more."""
    if not item.sent:
        return item.failed(error)
    why = f"{item.why or 'it was taken'}; looking for it: {error}"
    return Outcome(item.change, "unsure", error=why, exit_code=error.exit_code)


def _is_sealed(resource: object) -> bool:
    return bool(getattr(resource, "sealed", False))


def _without(items: Sequence[Item], ended: Sequence[Outcome]) -> list[Item]:
    over = {id(one.change) for one in ended}
    return [item for item in items if id(item.change) not in over]
