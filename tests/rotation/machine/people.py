"""What people do: ask for a rotation, give a value by hand, mend a service, tell the machine to go on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconcile.model.books import Entry
from reconcile.model.rotated import VALUE
from reconcile.model.rotation import State, Step
from reconcile.steps.rotate import asking

from .books import print_of
from .invariants import SOMEBODYS
from .makers import secret
from .world import CURRENT

if TYPE_CHECKING:
    from .drive import Stage


def ask(stage: Stage) -> None:
    """Before the rotation: most wait for the schedule, an emergency does not."""
    if stage.case.variant == "compromised":
        state = stage.books.state(stage.secret.name)
        save(stage, asking.compromised(stage.secret, state, stage.world.now, "ann"), "compromised")
    if stage.case.variant == "full":
        stage.world.make(SOMEBODYS)


def react(stage: Stage, step: Step | None) -> None:
    """After a turn: whatever waits for a person is done by one. Nothing goes wrong with that."""
    world = stage.world
    faults, seen, watcher = world.faults, world.seen, world.on_point
    world.faults, world.seen, world.on_point = {}, None, None
    _react(stage, step)
    world.faults, world.seen, world.on_point = faults, seen, watcher


def _react(stage: Stage, step: Step | None) -> None:
    state = stage.books.state(stage.secret.name)
    if stage.case.strategy == "manual":
        _by_hand(stage, state)
        state = stage.books.state(stage.secret.name)
    if _is_stuck(stage):
        stage.world.refuses.clear()
    if step is None or step.what != "held":
        return
    if asking.STRANGER in step.text:
        names = [str(one) for one in stage.secret.consumers]
        save(stage, asking.approve(stage.secret, state, names), "approved")
    elif step.text.startswith("no longer declared"):
        save(stage, asking.acknowledge(stage.secret, state), "acknowledged")
    elif state.rotation is None and stage.case.strategy == "migrate":
        _put_right(stage, state)
    elif state.rotation is not None:
        # Whatever ails the service is mended, and it is told to go on.
        stage.world.refuses.clear()
        save(stage, asking.retry(stage.secret, state), "retry")


def _put_right(stage: Stage, state: State) -> None:
    """Who gave a service a key of their own moves the data back under the current one, and gives that again."""
    current = stage.books.sealed.get((state.secret, state.current.number if state.current else 0), {}).get(VALUE)
    for unit in stage.world.units.values():
        if current is not None and unit.variables.get(CURRENT) != current:
            stage.world.rows = [current] * len(stage.world.rows)
            unit.variables[CURRENT] = current
            stage.world.begin(unit.name)


def _by_hand(stage: Stage, state: State) -> None:
    rotation = state.rotation
    if rotation is None:
        return
    if rotation.phase == "issue" and rotation.new is None and not rotation.back:
        made = stage.world.make("by ann")
        after, number = asking.accept(stage.secret, state, {VALUE: print_of(made.value)}, stage.world.now)
        stage.books.save(state, after, [Entry("accepted")], seal={number: {VALUE: secret(made.value)}})
    elif rotation.phase == "revoke" and rotation.committed_at is not None:
        _delete(stage, rotation.old)
    elif rotation.phase == "issue" and rotation.back:
        _delete(stage, rotation.new)


def _delete(stage: Stage, version: int | None) -> None:
    """A person ends a credential where only people can."""
    value = stage.books.sealed.get((stage.secret.name, version or 0), {}).get(VALUE)
    for one in stage.world.credentials.values():
        if one.value == value and one.live:
            stage.world.end(one.id)
            stage.world.happened("ended by a person")


def save(stage: Stage, after: State, what: str) -> None:
    before = stage.books.state(stage.secret.name)
    stage.books.save(before, replace(after, turn=before.turn, fence=before.fence), [Entry(what, {"who": "ann"})])


def _is_stuck(stage: Stage) -> bool:
    """Whether somebody was called because it goes on trying, for ever, what only mending can bring about."""
    return stage.case.strategy == "roll" and any(entry.what == "stuck" for _, entry in stage.books.history[-2:])
