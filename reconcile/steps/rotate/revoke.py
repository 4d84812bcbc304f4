"""The end of the old value: only after everything was proven once more, and after the point of no return is kept."""

import datetime as dt
from dataclasses import replace

from ...model.rotated import ByHand, Issue
from ...model.rotation import UNREADABLE, State, Status, Step, Version
from . import schedule
from .asking import STRANGER
from .converge import converge, soak_of
from .end import finish
from .issue import another
from .ports import Entry
from .turn import LIMIT, Turn

DAY = dt.timedelta(days=1)


def revoke(turn: Turn) -> Step:
    """Looks at everything again, commits, revokes by id, proves that the old value is refused."""
    rotation = turn.rotation
    first = rotation.revoke_first and _is_unused(turn)
    if not first:
        step = converge(turn, turn.look()) or _unseen(turn) or _unproven(turn)
        if step is not None:
            return step
        if rotation.soak_until is None:
            # Something had to be put right after the soak: it is over when that has lived as long.
            return turn.acted("soaks again", "soak", soak_until=turn.now + soak_of(turn))
        if turn.now < rotation.soak_until:
            return turn.waits("soaks again", rotation.soak_until)
    target = _target(turn.state)
    if target is None:
        return _next(turn, turn.state)
    if rotation.reason == "schedule" and rotation.committed_at is None:
        opens = schedule.opens_at(turn.secret.schedule, turn.now)
        if opens > turn.now:
            return turn.waits("the old value is revoked in a window", opens)
    if rotation.committed_at is None:
        # Kept in a turn of its own: between the look of the next one and its call nothing else happens.
        turn.save(
            turn.with_rotation(committed_at=turn.now, why="", proof=turn.proof),
            Entry("committed", turn.detail() | {"proof": turn.proof}),
        )
        return turn.step("acted", "committed")
    if needs_person(turn, target):
        return wait_for_person(turn, target) or _ended(turn, target)
    return _by_id(turn, target)


def _is_unused(turn: Turn) -> bool:
    """Whether the new value is still nowhere: it is written after the old one is revoked."""
    new = turn.state.new
    return new is not None and new.status == "pending"


def _target(state: State) -> Version | None:
    """The next version that must die: every one that lives beside the new one."""
    rotation = state.rotation
    assert rotation is not None
    return next((one for one in state.versions if one.number != rotation.new and one.ended_at is None), None)


def _unseen(turn: Turn) -> Step | None:
    """Consumers that may run on the old value although nobody proves that they do not."""
    step = undeclared(turn) if turn.rotation.committed_at is None else None
    if step is not None:
        return step
    if turn.strangers and turn.rotation.committed_at is None:
        old = turn.state.old
        for one, standing in turn.estate.look(turn.strangers).items():
            known = old.prints.get(one.part) if old else None
            if standing.current is not None and (standing.current == UNREADABLE or standing.current == known):
                return turn.held(f"{STRANGER} {one}: it may hold the old value")
    return None


def undeclared(turn: Turn) -> Step | None:
    """Who had the secret when it began and is declared no more: nobody sees whether it runs on what is to die."""
    declared = {str(one) for one in turn.secret.consumers}
    gone = [one for one in turn.rotation.consumers if one not in declared]
    if not gone:
        return None
    dying = "new" if turn.rotation.back else "old"
    return turn.held(
        f"no longer declared, and may still run on the {dying} value: {', '.join(gone)}; "
        f"if not: `trueup rotate ack {turn.secret.name}`"
    )


def _unproven(turn: Turn) -> Step | None:
    declared = "P4" in turn.secret.levels or turn.issuer.in_place
    if not declared or turn.rotation.committed_at is not None:
        return None
    value = turn.value(turn.rotation.new)
    if not value or turn.issuer.takes(value) is not False:
        return None
    why, fails = "the issuer refuses the new value", turn.rotation.fails + 1
    # In place there is nothing to return to: whoever made the last one, by hand or by a run that was overtaken, has
    # ended ours.
    return another(turn, why) if turn.issuer.in_place and fails > LIMIT else turn.again(why, fails=fails)


def needs_person(turn: Turn, target: Version) -> bool:
    """Where nobody but a person can delete: made by hand, or there before us under an id that we do not know."""
    return not turn.issuer.makes or not turn.is_its(target) or (isinstance(turn.secret.source, Issue) and not target.id)


def _by_id(turn: Turn, target: Version) -> Step:
    new = turn.state.new
    value = turn.value(target.number)
    # In place, the new value has ended the old one and bears its id.
    if target.id and not turn.issuer.in_place and (new is None or new.id != target.id):
        turn.before_effect()
        turn.issuer.revoke(target.id, value)
    if turn.takes(target):
        return turn.again("the issuer still takes the old value")
    return _ended(turn, target)


def wait_for_person(turn: Turn, target: Version) -> Step | None:
    """Until somebody has deleted it and says so, or the platform refuses it; None: that is so."""
    taken = turn.takes(target)
    said = target.status == "revoked"
    if taken is False or (said and taken is None):
        return None
    source = turn.secret.source
    where = source.where if isinstance(source, ByHand) else ""
    which = "new" if turn.rotation.back else "old"
    where = where or ("" if turn.is_its(target) else target.issuer)
    why = f"delete the {which} value{f' at {where}' if where else ''}, then `trueup rotate ack {turn.secret.name}`"
    if said:
        why = f"it is still taken; {why}"
    told = turn.state.told_at
    if said or told is None or told < turn.rotation.changed_at or turn.now - told >= DAY:
        status: Status = "pending" if turn.rotation.back else "previous"
        versions = tuple(replace(one, status=status) if one is target else one for one in turn.state.versions)
        after = replace(turn.with_rotation(why=why), versions=versions, told_at=turn.now)
        turn.save(after, Entry("reminder", turn.detail() | {"where": where, "delete": target.number}))
        return turn.step("waits", why, turn.now + DAY)
    return turn.waits(why, told + DAY)


def _ended(turn: Turn, target: Version) -> Step:
    versions = tuple(
        replace(one, status="revoked", ended_at=turn.now) if one is target else one for one in turn.state.versions
    )
    after = replace(turn.state, versions=versions)
    entry = Entry(
        "revoked", turn.detail() | {"version": target.number, "id": target.id, "refused": _refused(turn, target)}
    )
    if _target(after) is not None:
        assert after.rotation is not None
        turn.save(replace(after, rotation=replace(after.rotation, attempts=0, next_at=None, why="")), entry)
        return turn.step("acted", f"revoked version {target.number}")
    return _next(turn, after, entry)


def _refused(turn: Turn, target: Version) -> bool | None:
    """What the history says of P5; None: nobody can tell."""
    taken = turn.takes(target)
    return None if taken is None else not taken


def _next(turn: Turn, after: State, *entries: Entry) -> Step:
    """Done; or, where the old value was revoked first, consumers get the new one now."""
    if not _is_unused(turn):
        return finish(turn, after, "done", *entries)
    turn.save(after, *entries)
    return turn.moved("switch")
