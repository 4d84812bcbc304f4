"""What others do meanwhile: deploys of their own, edits by hand, a deploy rolled back, a consumer more or less."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from reconcile.model.rotated import Secret
from reconcile.model.rotation import State
from reconcile.steps.rotate import asking

from . import people
from .cases import Case, consumer
from .drive import Ending, Stage, drive, judge
from .points import Point
from .schedules import again, clean
from .world import CURRENT, PREVIOUS, Start, Unit

Deed = Callable[[Stage], None]


def deploy(unit: str) -> Deed:
    """Somebody starts a service: whatever is written is published."""
    return lambda stage: stage.world.begin(unit)


def deploy_at_once(unit: str) -> Deed:
    """The same, and it runs at once."""

    def deed(stage: Stage) -> None:
        stage.world.begin(unit)
        stage.world.units[unit].starts[-1].ends_at = stage.world.now
        stage.world.pass_time(stage.world.now)

    return deed


def restore(unit: str, *, start: bool) -> Deed:
    """Somebody writes the value from before the rotation again."""

    def deed(stage: Stage) -> None:
        by_hand(stage, unit, next(iter(stage.world.likes)), start=start)

    return deed


def edit(unit: str, *, start: bool) -> Deed:
    """Somebody writes a value of their own."""
    return lambda stage: by_hand(stage, unit, "by-hand", start=start)


def by_hand(stage: Stage, unit: str, value: str, *, start: bool) -> None:
    stage.world.by_hand += 1
    place = stage.world.units[unit]
    place.lagging = (dict(place.variables), dict(place.stamps))
    place.variables[CURRENT] = value
    stage.world.serial += 1
    place.stamps[CURRENT] = stage.world.serial
    stage.world.tell(f"       by hand: {unit} {place.variables}")
    if start:
        stage.world.begin(unit)


def roll_back(unit: str, *, as_new: bool = False) -> Deed:
    """Somebody takes the deploy before the one that runs: its variables come back. On some platforms that one runs
    again, on others (`as_new`) it is a new start that only what it runs with tells from any other."""

    def deed(stage: Stage) -> None:
        place = stage.world.units[unit]
        came_up = [one for one in place.starts if one.state == "live" and one is not place.live]
        if not came_up or place.live is None:
            return
        stage.world.by_hand += 1
        place.lagging_starts = place.standing()
        place.live = came_up[-1]
        if as_new:
            stage.world.serial += 1
            place.live = Start(f"start-{stage.world.serial:05}", came_up[-1].holds, stage.world.now, "live")
            place.starts.append(place.live)
        stage.world.tell(f"       rolled back: {unit} {place.live.holds}")

    return deed


def leak(stage: Stage) -> None:
    """Somebody else has what consumers hold."""
    _asked(stage, asking.compromised)


def turn_back(stage: Stage) -> None:
    """A person wants the old value back."""
    _asked(stage, asking.turn_back)


def restore_and_turn_back(stage: Stage) -> None:
    """A person writes the old value everywhere, starts nothing, and turns the rotation back."""
    for unit in stage.world.units:
        restore(unit, start=False)(stage)
    turn_back(stage)


def _asked(stage: Stage, ask: Callable[[Secret, State, dt.datetime, str], State]) -> None:
    try:
        after = ask(stage.secret, stage.books.state(stage.secret.name), stage.world.now, "ann")
    except asking.NotNow:
        return
    people.save(stage, after, "asked")


def one_more(stage: Stage) -> None:
    """The stacks name a consumer more."""
    stage.world.units["cron"] = Unit("cron")
    stage.world.needs["cron"] = CURRENT
    two = stage.case.strategy in ("overlap", "migrate")
    declare(stage, (*stage.secret.consumers, consumer("cron", previous=PREVIOUS if two else None)))


def one_less(stage: Stage) -> None:
    """The stacks name `worker` no more, and it is taken down."""
    del stage.world.units["worker"]
    stage.world.happened("taken down")
    declare(stage, tuple(one for one in stage.secret.consumers if one.unit.address.name != "worker"))


def declare(stage: Stage, consumers: tuple[object, ...]) -> None:
    stage.secret = stage.guard.secret = replace(stage.secret, consumers=consumers)  # type: ignore[arg-type]


def at_tick(case: Case, tick: int, deed: Deed) -> Ending:
    """A rotation in which somebody does something before one of its turns."""
    stage = again(clean(case).copies[tick])
    return judge(stage, drive(stage, each=lambda stage, number: deed(stage) if number == 0 else None))


def at_point(case: Case, number: int, deed: Deed, *more: tuple[int, Deed]) -> Ending:
    """A rotation in which somebody does something at one of its moments, and perhaps at another."""
    stage = clean(case).before(number)
    deeds = {number: deed} | dict(more)

    def on_point(point: Point) -> None:
        found = deeds.pop(point.number, None)
        if found is not None:
            stage.world.tell(f"       !! {point.label}: somebody else")
            found(stage)

    stage.world.on_point = on_point
    ended = drive(stage)
    stage.world.on_point = None
    return judge(stage, ended)


def ticks(case: Case) -> range:
    """Turns of a rotation in which nothing happens."""
    return range(len(clean(case).copies))
