"""How a rotation ends."""

from dataclasses import replace

from ...model.rotation import End, State, Step
from .asking import reversed_at
from .ports import Entry
from .turn import LIMIT, Turn, back_off


def finish(turn: Turn, state: State, end: End, *entries: Entry, paused: str | None = None) -> Step:
    """Nothing is left to do. `state` is what the last effect came to; it is kept in the same save."""
    rotation = turn.rotation
    still = {one.recipient for one in turn.secret.consumers}
    if rotation.new_leaked:
        versions = tuple(
            replace(one, compromised=True) if one.number == rotation.new else one for one in state.versions
        )
        state = replace(state, versions=versions)
    after = replace(
        state,
        rotation=None,
        cycle=state.cycle + 1,
        done_at=turn.now if end == "done" else state.done_at,
        ended=end,
        paused=state.paused if paused is None else paused,
        # Who is no longer declared must be approved anew if it comes back.
        recipients=tuple(one for one in state.recipients if one in still),
        swept_at=None,
        foreign=(),
        overwrite=(),
        attempts=0,
        # What cannot begin is not begun again at once, however urgent it is.
        next_at=turn.now + back_off(LIMIT) if end == "aborted" else None,
        why="",
    )
    detail = turn.detail() | {"end": end, "who": rotation.who, "proof": turn.proof or dict(rotation.proof)}
    said = turn.secret.says if end == "done" else after.paused or rotation.why
    if end != "done":
        # Whoever turned it back was told then, or is a person.
        detail |= {"why": said, "pages": not rotation.back}
    elif said:
        detail["says"] = said
    turn.save(after, *entries, Entry("ended", detail))
    return turn.step("ended", f"{end}: {said}" if said else end)


def abort(turn: Turn, why: str) -> Step:
    """It cannot begin. What was made for it, if anything, is revoked first."""
    rotation = turn.rotation
    if rotation.new is None and not rotation.announced:
        return finish(turn, turn.state, "aborted", paused=why)
    turn.save(reversed_at(turn.state, turn.now, why), Entry("turned back", turn.detail() | {"why": why, "pages": True}))
    return turn.step("moved", f"back: {why}")
