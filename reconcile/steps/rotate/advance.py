"""One transition of one secret: claim, look, at most one effect outside, save.

Nothing but the books remembers anything: whoever calls this next, on whatever machine, goes on from there. Told to
stop anywhere, by a crash or by a lost answer, the next call finds out what became of it.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace

from ...model.errors import PlatformError, Unavailable
from ...model.issuing import Hook, Issuer
from ...model.rotated import Secret
from ...model.rotation import Phase, Step
from . import phases
from .converge import PROVEN, gave_up
from .end import abort
from .idle import idle
from .issue import issue, preflight
from .ports import Books, Entry, Estate, LostRace, UnitBusy
from .revoke import revoke
from .turn import LIMIT, Turn, back_off

DEADLINE = dt.timedelta(minutes=15)
FORWARD: Mapping[Phase, Callable[[Turn], Step]] = {
    "preflight": preflight,
    "issue": issue,
    "accept": phases.accept,
    "switch": phases.switch,
    "migrate": phases.migrate,
    "soak": phases.soak,
    "retire": phases.retire,
    "revoke": revoke,
}
BACK: Mapping[Phase, Callable[[Turn], Step]] = {
    "switch": phases.back_switch,
    "migrate": phases.migrate,
    "accept": phases.back_accept,
    "issue": phases.back_issue,
    "preflight": phases.back_preflight,
}


def advance(
    secret: Secret,
    books: Books,
    estate: Estate,
    issuer: Issuer,
    now: dt.datetime,
    *,
    hook: Hook | None = None,
    owner: str = "trueup",
) -> Step:
    """One step of one secret, whatever is next.

    `owner` begins the names of issued credentials: it tells this repository's from those of another one that uses the
    same account. Raises nothing of a platform's errors: they are kept as attempts, and tried again.
    """
    turn = Turn(secret, books, estate, issuer, now, hook, owner, books.state(secret.name))
    try:
        try:
            return _one_or_failed(turn)
        except UnitBusy as busy:
            return _waits_for_unit(turn, str(busy))
    except LostRace:
        return turn.step("lost", "another run has it")


def _one_or_failed(turn: Turn) -> Step:
    try:
        return _one(turn)
    except PlatformError as error:
        return _failed(turn, error)


def _one(turn: Turn) -> Step:
    rotation = turn.state.rotation
    if rotation is None:
        return idle(turn)
    if rotation.held:
        return turn.step("held", rotation.held)
    if rotation.next_at is not None and turn.now < rotation.next_at:
        return turn.step("waits", rotation.why, rotation.next_at, trouble=True)
    turn.claim()
    step = (BACK if rotation.back else FORWARD)[rotation.phase](turn)
    if turn.state.rotation is not None:
        _tell_late(turn)
    return step


def _waits_for_unit(turn: Turn, why: str) -> Step:
    """Another secret's rotation is in the middle of a unit's change. This one stays where it is, with what it has."""
    return turn.waits(why) if turn.state.rotation is not None else turn.step("waits", why)


def _tell_late(turn: Turn) -> None:
    """A compromised value that still lives after a quarter of an hour: somebody is told, once, and who holds it."""
    rotation, told = turn.rotation, turn.state.told_at
    late = rotation.reason == "compromise" and turn.now - rotation.began_at >= DEADLINE
    if late and (told is None or told < rotation.began_at):
        without = [one for one in rotation.consumers if not rotation.proof.get(one, "").startswith(PROVEN)]
        entry = Entry("late", turn.detail() | {"consumers": without, "why": rotation.why, "pages": True})
        turn.save(replace(turn.state, told_at=turn.now), entry)


def _failed(turn: Turn, error: PlatformError) -> Step:
    """A platform said no, or nothing. An outage is waited for; what was refused counts as a failure of the phase."""
    why = str(error)
    after = error.after if isinstance(error, Unavailable) else None
    rotation = turn.state.rotation
    if rotation is None:
        return _failed_idle(turn, why, after)
    if isinstance(error, Unavailable):
        return turn.again(why, after=after)
    fails = rotation.fails + 1
    if fails <= LIMIT:
        return turn.again(why, fails=fails)
    if rotation.phase in ("preflight", "issue") and not rotation.back and not turn.issuer.in_place:
        return abort(turn, why)
    return gave_up(turn, why, fails)


def _failed_idle(turn: Turn, why: str, after: float | None) -> Step:
    attempts = turn.state.attempts + 1
    at = turn.now + max(back_off(attempts), dt.timedelta(seconds=after or 0))
    entry = Entry("failed", {"why": why, "attempt": attempts})
    turn.save(replace(turn.state, attempts=attempts, next_at=at, why=why), entry)
    return turn.step("waits", why, at, trouble=True)
