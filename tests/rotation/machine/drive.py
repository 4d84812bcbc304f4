"""One rotation from beginning to end: turn after turn, with the faults, people and runners that a test lets in."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from reconcile.model.errors import ReconcileError
from reconcile.model.issuing import Hook, Issuer
from reconcile.model.rotated import Secret
from reconcile.model.rotation import Step
from reconcile.steps.rotate import advance as machine

from . import people
from .books import MemoryBooks
from .cases import EVERY, Case
from .estate import WorldEstate
from .invariants import Guard, Violation, unfinished
from .makers import Reencryption
from .points import Crash, Fault, Point
from .world import CURRENT, ROWS, World

TURNS = 150
"""Bound on the turns of one rotation (liveness): several times what the longest one takes with two faults."""
BETWEEN = dt.timedelta(minutes=1)
AFTERWARDS = tuple(dt.timedelta(hours=hours) for hours in (1, 2, 12, 25, 50, 24 * 8, 24 * 9, 24 * 10, 24 * 11))
"""When it is looked at again after its end: sweeps, notices, the end of the retention."""


@dataclass
class Stage:
    """A world, its books, and who looks."""

    case: Case
    world: World
    books: MemoryBooks
    guard: Guard
    secret: Secret
    turns: int = 0
    was_held: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def copy(self) -> "Stage":
        world = self.world.copy()
        books = self.books.copy(world)
        return stage_of(self.case, world, books, self.secret)

    @property
    def issuer(self) -> Issuer:
        return self.case.issuer(self.world)

    @property
    def hook(self) -> Hook | None:
        return Reencryption(self.world) if self.case.strategy == "migrate" else None


def stage_of(case: Case, world: World, books: MemoryBooks, secret: Secret | None = None) -> Stage:
    guard = Guard(case, world, books, secret or case.secret)
    guard.attach()
    return Stage(case, world, books, guard, secret or case.secret)


@dataclass
class Ending:
    """How a run went."""

    stage: Stage
    points: int
    violations: list[Violation]

    @property
    def ended(self) -> str | None:
        return self.stage.books.state(self.stage.secret.name).ended


def turn(stage: Stage) -> Step | None:
    """One call of the machine, by a process of its own. None: it died or raised."""
    stage.turns += 1
    before = (stage.world.acts, len(stage.books.history))
    shows = stage.case.variant == "shown"
    estate = WorldEstate(stage.world, stage.books, stage.case.unreadable, shows=shows)
    secret = stage.secret
    try:
        step = machine.advance(secret, stage.books, estate, stage.issuer, stage.world.now, hook=stage.hook)
    except Crash:
        stage.world.tell("--- the process died")
        return None
    except ReconcileError as error:
        # As a pass does: what one secret cannot do now is told, and the next pass tries again.
        stage.errors.append(str(error))
        stage.world.tell(f"--- {type(error).__name__}: {error}")
        return None
    stage.world.tell(f"--- turn {stage.turns} {stage.world.now:%d %H:%M}: {step.what} {step.text}")
    acted = stage.world.acts > before[0]
    if acted and step.what != "lost" and len(stage.books.history) == before[1]:
        stage.guard.found.append(Violation("I11", f"an effect without a line in the history: {step}"))
    return step


def between(stage: Stage, step: Step | None) -> None:
    """Time until the next turn: a minute, or as long as the machine has nothing to do."""
    now = stage.world.now
    to = now + BETWEEN
    if step is not None and step.what in ("waits", "nothing"):
        event = stage.world.next_event()
        until = [one for one in (step.at, event) if one is not None and one > to]
        if until:
            to = min(until)
    stage.world.pass_time(to)


def drive(
    stage: Stage,
    *,
    turns: int = TURNS,
    each: Callable[[Stage, int], None] | None = None,
    keep: Callable[[Stage], None] | None = None,
) -> bool:
    """Turns until the rotation has ended. False: it had not after so many. `each` comes before every turn."""
    begun = stage.books.state(stage.secret.name).cycle
    for number in range(turns):
        if each is not None:
            each(stage, number)
        if keep is not None:
            keep(stage)
        step = turn(stage)
        if step is not None and step.what == "held":
            stage.was_held.append(step.text)
        state = stage.books.state(stage.secret.name)
        if state.cycle > begun and state.rotation is None:
            return True
        people.react(stage, step)
        between(stage, step)
    return False


def finish(stage: Stage) -> None:
    """What comes after the end, until all is as it must be, and the claims about it."""
    ended = stage.world.now
    for after in AFTERWARDS:
        stage.world.pass_time(ended + after)
        for _ in range(6):
            step = turn(stage)
            before = stage.books.state(stage.secret.name)
            people.react(stage, step)
            asked = stage.books.state(stage.secret.name) != before
            if step is not None and step.what in ("nothing", "waits", "held") and not asked:
                break
            stage.world.pass_time(stage.world.now + BETWEEN * 3)
    acts = stage.world.acts
    for _ in range(2):
        turn(stage)
    if stage.world.acts != acts:
        stage.guard.found.append(Violation("I7", "turns without anything to do have effects"))
    for text in unfinished(stage.guard):
        stage.guard.found.append(Violation("I6", text))


_ready: dict[Case, Stage] = {}


def empty(case: Case) -> Stage:
    """Before the first value: nothing is written, nothing runs."""
    world = World()
    world.needs = {"api": CURRENT, "worker": CURRENT}
    return stage_of(case, world, MemoryBooks(world))


def ready(case: Case) -> Stage:
    """A world in which the secret is due: its first value came by the machine's own first rotation, long ago."""
    if case.mood == "first":
        return empty(case)
    if case not in _ready:
        stage = empty(case)
        if not drive(stage) or stage.guard.found:
            raise AssertionError(f"{case.name}: no first rotation: {[str(one) for one in stage.guard.found]}")
        finish(stage)
        if stage.guard.found:
            raise AssertionError(f"{case.name}: after the first rotation: {[str(one) for one in stage.guard.found]}")
        world = stage.world
        holds = {unit: dict(found) for unit, found in world.running()}
        world.likes = frozenset(found[CURRENT] for found in holds.values())
        if case.mood in ("fails", "sick"):
            world.refuses = {"worker": case.mood}
        if case.strategy == "migrate":
            world.rows = [holds["api"][CURRENT]] * ROWS
        world.pass_time(world.now + EVERY)
        people.ask(stage)
        _ready[case] = stage
    stage = _ready[case].copy()
    stage.world.count = 0
    return stage


def run(
    case: Case,
    faults: Mapping[int, str] | tuple[Fault, ...] = (),
    *,
    seen: list[Point] | None = None,
    story: list[str] | None = None,
    keep: Callable[[Stage], None] | None = None,
    leaks: bool = False,
    start: Stage | None = None,
) -> Ending:
    """One rotation with faults at numbered points, judged at every effect and at its end."""
    stage = start or ready(case)
    world = stage.world
    world.faults = dict(faults)
    world.seen, world.story = seen, story
    stage.guard.leaks = leaks
    stage.guard.orphans = 1 + sum(kind in ("stale", "slow") for kind in world.faults.values())
    return judge(stage, drive(stage, turns=TURNS - stage.turns, keep=keep))


def judge(stage: Stage, ended: bool) -> Ending:
    """Goes on to the end and says what was broken on the way."""
    world, points = stage.world, stage.world.count
    world.faults, world.seen = {}, None
    if not ended:
        state = stage.books.state(stage.secret.name)
        stage.guard.found.append(Violation("liveness", f"not at an end after {stage.turns} turns: {state.rotation}"))
    else:
        finish(stage)
    return Ending(stage, points, stage.guard.found)
