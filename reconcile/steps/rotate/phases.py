"""The phases in which consumers change, forward and back. Between two of them every consumer is proven."""

import datetime as dt
from dataclasses import replace

from ...model.rotated import TWO_VALUES
from ...model.rotation import End, Phase, State, Step
from . import schedule
from .converge import converge, has_soak, soak_of
from .desired import accepts_old
from .end import finish
from .issue import orphans, revoke_orphan
from .revoke import needs_person, undeclared, wait_for_person
from .turn import Turn


def _canary(turn: Turn) -> bool:
    """One unit before the others: not where consumers disagree while they start, nor where it burns."""
    rotation = turn.rotation
    calm = rotation.reason != "compromise" and turn.secret.strategy not in ("replace", "roll")
    return calm and not rotation.back and rotation.old is not None


def accept(turn: Turn) -> Step:
    """The old value is used, both are accepted."""
    return converge(turn, turn.look(), canary=_canary(turn)) or turn.moved("switch")


def switch(turn: Turn) -> Step:
    """The new value is used. It is the current one from here on."""
    step = converge(turn, turn.look(), canary=_canary(turn))
    if step is not None:
        return step
    promoted = _promoted(turn)
    if turn.rotation.old is None and not _others(promoted):
        return finish(turn, promoted, "done")
    phase = _after_switch(turn)
    soak_until = turn.now + soak_of(turn) if phase == "soak" else turn.now
    return turn.moved(phase, versions=promoted.versions, soak_until=soak_until)


def _promoted(turn: Turn) -> State:
    rotation = turn.rotation
    versions = tuple(
        replace(one, status="current", current_at=turn.now)
        if one.number == rotation.new
        else replace(one, status="previous")
        if one.status == "current"
        else one
        for one in turn.state.versions
    )
    return replace(turn.state, versions=versions)


def _others(state: State) -> bool:
    """Whether another version than the new one still lives."""
    rotation = state.rotation
    return rotation is not None and any(one.number != rotation.new and one.ended_at is None for one in state.versions)


def _after_switch(turn: Turn) -> Phase:
    if turn.secret.strategy == "migrate":
        return "migrate"
    return "soak" if has_soak(turn) and not turn.rotation.revoke_first else "revoke"


def migrate(turn: Turn) -> Step:
    """The hook moves data; what is left is counted by somebody else, and only that count is proof."""
    step = converge(turn, turn.look())
    if step is not None:
        return step
    rotation = turn.rotation
    origin, target = (rotation.new, rotation.old) if rotation.back else (rotation.old, rotation.new)
    values = turn.values(origin, target)
    if turn.hook is None:
        return turn.held(f"no hook is registered as {turn.secret.hook or '(none)'}")
    if origin is None or target is None or origin not in values or target not in values:
        return turn.held("data cannot be moved: one of the two values is not kept")
    turn.before_effect()
    turn.hook.run(values[origin], values[target])
    left = turn.hook.left()
    if left:
        return turn.acted(f"{left} left to move", "migrated")
    if rotation.back:
        return turn.moved("accept")
    return turn.moved("soak", soak_until=turn.now + soak_of(turn))


def soak(turn: Turn) -> Step:
    """Both values live. Whatever does not hold the new one is put right, and the clock begins anew."""
    step = converge(turn, turn.look())
    if step is not None:
        return step
    rotation = turn.rotation
    until = rotation.soak_until
    if until is None:
        return turn.acted("soaks", "soak", soak_until=turn.now + soak_of(turn))
    if rotation.fails:
        return turn.acted("all are well again", "well", fails=0)
    if turn.now < until:
        return turn.waits("soaks", until)
    used = _last_use(turn)
    if used is not None and used + soak_of(turn) > turn.now:
        return turn.acted(
            "the old value was used", "used", why="the old value was used", soak_until=used + soak_of(turn)
        )
    opens = _opens_at(turn)
    if opens > turn.now:
        return turn.waits("the old value is revoked in a window", opens)
    return turn.moved(
        "retire" if turn.secret.strategy in TWO_VALUES and accepts_old(turn.secret, turn.state) else "revoke"
    )


def _last_use(turn: Turn) -> dt.datetime | None:
    """When the old credential was last used after consumers left it (P6); None: not since, or nobody can tell."""
    old, until = turn.state.old, turn.rotation.soak_until
    if "P6" not in turn.secret.levels or old is None or not old.id or until is None:
        return None
    used = next((one.used_at for one in turn.issuer.find(old.name) if one.id == old.id), "")
    at = dt.datetime.fromisoformat(used) if used else None
    return at if at is not None and at > until - soak_of(turn) else None


def _opens_at(turn: Turn) -> dt.datetime:
    """Only what the schedule began waits for a window, in which the old value is accepted no more and revoked."""
    if turn.rotation.reason != "schedule":
        return turn.now
    room = schedule.room_for_end(turn.secret) if accepts_old(turn.secret, turn.state) else dt.timedelta(0)
    return schedule.opens_at(turn.secret.schedule, turn.now, room)


def retire(turn: Turn) -> Step:
    """The old value is accepted no more."""
    return converge(turn, turn.look(), canary=_canary(turn)) or turn.moved("revoke")


def back_switch(turn: Turn) -> Step:
    """The old value is used again, both are accepted."""
    step = converge(turn, turn.look())
    return step or turn.moved("migrate" if turn.secret.strategy == "migrate" else "accept", why=turn.rotation.why)


def back_accept(turn: Turn) -> Step:
    """The new value is accepted no more."""
    return converge(turn, turn.look()) or turn.moved("issue")


def back_issue(turn: Turn) -> Step:
    """The new value is revoked, after one more look at every consumer."""
    return converge(turn, turn.look()) or undeclared(turn) or _undo(turn, "rolled back")


def back_preflight(turn: Turn) -> Step:
    """What was made for a rotation that never began is revoked; no consumer should hold it."""
    step = converge(turn, turn.look()) if turn.rotation.new is not None else None
    return step or _undo(turn, "aborted")


def _undo(turn: Turn, end: End) -> Step:
    new = turn.state.new
    if new is None:
        orphaned = orphans(turn)
        if orphaned:
            return revoke_orphan(turn, orphaned[0])
        return finish(turn, turn.state, "aborted")
    if needs_person(turn, new):
        waiting = wait_for_person(turn, new)
        if waiting is not None:
            return waiting
    elif new.id:
        turn.before_effect()
        turn.issuer.revoke(new.id, turn.value(new.number))
    versions = tuple(
        replace(one, status="abandoned", ended_at=turn.now) if one is new else one for one in turn.state.versions
    )
    after = replace(turn.state, versions=versions)
    return finish(turn, after, end)
