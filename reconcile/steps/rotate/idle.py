"""Outside of a rotation: what is there is taken over, kept right, swept, and renewed when it is due."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from ...model.rotated import ByHand, Consumer
from ...model.rotation import UNREADABLE, Reason, Standing, Step, Version
from ...model.spec import Place
from . import schedule
from .asking import STRANGER, begun, guards_data, next_number, strangers
from .converge import Standings, names, units_of, verdict
from .desired import holds, wanted_of
from .foreign import asked_about, foreign
from .issue import orphans, revoke_orphan
from .ports import Entry
from .turn import LIMIT, Turn, back_off

DAY = dt.timedelta(days=1)
RETENTION = dt.timedelta(days=7)
"""How long a value is kept after its end."""
LEASE = dt.timedelta(minutes=15)
"""After this long a run that was overtaken has done the last it could do."""
REMIND = (dt.timedelta(days=14), dt.timedelta(days=3))
"""Before it is due, a person who must get a new value is told."""


def idle(turn: Turn) -> Step:
    """One thing that is to be done outside of a rotation."""
    state = turn.state
    if state.next_at is not None and turn.now < state.next_at:
        return turn.step("waits", state.why, state.next_at, trouble=True)
    if state.current is None:
        return _take_over(turn)
    if state.current.compromised:
        return _begin(turn, "compromise")
    return _erase(turn) or _keep_right(turn) or _sweep(turn) or _renew(turn)


def _begin(turn: Turn, reason: Reason) -> Step:
    if turn.state.paused and reason != "compromise":
        return turn.step("held", turn.state.paused)
    after = begun(turn.secret, turn.state, turn.now, reason)
    assert after.rotation is not None
    entry = Entry("began", {"rotation": after.rotation.number, "reason": reason, "old": after.rotation.old})
    turn.save(after, entry)
    return turn.step("moved", f"began: {reason}")


def _take_over(turn: Turn) -> Step:
    """No value of ours yet: consumers hold none, or one that was there before us."""
    if not turn.secret.consumers:
        return turn.step("nothing", "nobody holds it")
    found = turn.estate.look(turn.secret.consumers)
    if all(one.current is None for one in found.values()):
        return _begin(turn, "first")
    prints, odd = _common(found)
    if odd:
        return turn.step("held", _odd(turn, odd))
    version = Version(next_number(turn.state), "current", prints, current_at=turn.now)
    everybody = tuple(one.recipient for one in turn.secret.consumers)
    versions = (*turn.state.versions, version)
    after = replace(turn.state, versions=versions, recipients=everybody, attempts=0, next_at=None, why="")
    turn.save(
        after, Entry("adopted", {"version": version.number, "prints": dict(prints), "consumers": list(everybody)})
    )
    return turn.step("acted", "adopted the value that consumers hold")


def _odd(turn: Turn, odd: Mapping[Consumer, str | None]) -> str:
    """What a person is to do where consumers disagree from before us. We know fingerprints of what they hold, and can
    give a value that is not ours to nobody."""
    without = [one for one, print in odd.items() if print is None]
    there = {one: print for one, print in odd.items() if print is not None}
    if without and len(set(there.values())) == 1:
        text = f"{names(there)} holds a value from before us, {names(without)} none: write that value there too"
    else:
        held = (f"{one} {'none' if print is None else print[:6]}" for one, print in odd.items())
        text = f"consumers hold different values: {', '.join(held)}; make them equal"
    text += ", and the next pass takes it over"
    return text if guards_data(turn.secret) else f"{text}; or all get a new one: `trueup rotate now {turn.secret.name}`"


def _common(found: Mapping[Consumer, Standing]) -> tuple[dict[str, str], Mapping[Consumer, str | None]]:
    """The fingerprints that all consumers of a part share, or what those of a part hold that disagree. A part of which
    one consumer cannot be read has none."""
    prints: dict[str, str] = {}
    for part in dict.fromkeys(one.part for one in found):
        held = {one: standing.current for one, standing in found.items() if one.part == part}
        known = {print for print in held.values() if print != UNREADABLE}
        if len(known) > 1 or None in known:
            return {}, held
        if len(set(held.values())) == 1 and known:
            prints[part] = str(next(iter(known)))
    return prints, {}


def _erase(turn: Turn) -> Step | None:
    """Values whose time is over are destroyed; those of what cannot be replaced never are."""
    if turn.secret.irreplaceable:
        return None
    over = [
        one.number
        for one in turn.state.versions
        if one.kept and one.ended_at is not None and turn.now - one.ended_at >= RETENTION
    ]
    if not over:
        return None
    versions = tuple(replace(one, kept=False) if one.number in over else one for one in turn.state.versions)
    turn.save(replace(turn.state, versions=versions), Entry("erased", {"versions": over}), erase=over)
    return turn.step("acted", f"erased version {names(over)}")


def _sweep(turn: Turn) -> Step | None:
    """Orphans are looked for once after the last run that may have been overtaken is over, and once a day."""
    state = turn.state
    swept = state.swept_at
    times = [at for one in state.versions for at in (one.current_at, one.ended_at) if at is not None]
    at = swept + DAY if swept is not None else max(times, default=turn.now) + LEASE
    if turn.now < at:
        return None
    # A name tells the run it is of: this one must have a newer fence than all before it.
    turn.claim()
    orphaned = orphans(turn)
    if orphaned:
        return revoke_orphan(turn, orphaned[0])
    after = replace(turn.state, swept_at=turn.now)
    if state.current is None or turn.takes(state.current) is not False:
        turn.save(after)
        return None
    turn.save(after, Entry("refused", {"version": state.current.number, "pages": True}))
    return _begin(turn, "repair")


def _keep_right(turn: Turn) -> Step | None:
    """One effect towards the current value, where a consumer does not hold it or does not run on it."""
    state = turn.state
    wanted = holds(turn.secret, state)
    # Before our first rotation a second value that stands somewhere is not ours to remove.
    second = state.cycle > 0
    standings = turn.look()
    found = {one: verdict(turn, one, standings[one], wanted, second) for one in turn.holders}
    wrong = [one for one in turn.holders if found[one] not in ("proven", "unwell")]
    taken = turn.taken(wrong) if wrong else {}
    free = [one for one in wrong if one not in taken]
    writing = [one for one in free if found[one] == "write"]
    if writing:
        return _write(turn, standings, writing)
    stale = units_of(free, found, "start")
    if stale:
        return _start(turn, stale)
    failed = units_of(free, found, "failed")
    if failed:
        return _start_again(turn, failed)
    if wrong:
        return turn.step("waits", next(iter(taken.values()), "starts"))
    if state.attempts or state.foreign or state.overwrite:
        text = "all hold the current value again"
        after = replace(state, attempts=0, next_at=None, why="", foreign=(), overwrite=())
        turn.save(after, Entry("healed", {"text": text}))
        return turn.step("acted", text)
    return None


def _start(turn: Turn, stale: tuple[Place, ...]) -> Step:
    turn.before_effect()
    turn.estate.start(stale)
    left = tuple(str(one) for one in turn.holders if one.unit not in stale and str(one) in turn.state.unstarted)
    text = f"started {names(stale)}"
    turn.save(replace(turn.state, unstarted=left), Entry("healed", {"text": text}))
    return turn.step("acted", text)


def _write(turn: Turn, standings: Standings, writing: list[Consumer]) -> Step:
    wanted = holds(turn.secret, turn.state)
    values = turn.values(wanted.current)
    texts = {one: wanted_of(turn.state, one, standings[one], wanted, values) for one in writing}
    known = {one: text for one, text in texts.items() if text is not None}
    if len(known) < len(texts):
        without = [one for one in writing if texts[one] is None]
        lost = f"{names(without)} does not hold the current value, which is not kept"
        return turn.step("held", lost) if guards_data(turn.secret) else _begin(turn, "repair")
    if turn.state.current is not None and turn.takes(turn.state.current) is False:
        # Ours is dead: the ledger is older than what consumers hold, or somebody ended it elsewhere.
        return _begin(turn, "repair")
    strange = foreign(turn, standings, writing, wanted)
    if strange:
        return _ask_about(turn, strange)
    turn.before_effect()
    turn.estate.write(known)
    never = [str(one) for one in writing if standings[one].run == "none"]
    attempts = turn.state.attempts + 1
    text = f"wrote {names(writing)}"
    after = replace(
        turn.state,
        attempts=attempts,
        # What does not stay is written again ever more seldom: somebody else writes there, or nothing does.
        next_at=turn.now + back_off(attempts) if attempts > 1 else None,
        why=f"looks again whether it stays: {text}",
        unstarted=tuple(dict.fromkeys((*turn.state.unstarted, *never))),
    )
    turn.save(after, Entry("healed", {"text": text, "pages": attempts == LIMIT}))
    return turn.step("acted", text, after.next_at)


def _ask_about(turn: Turn, strange: tuple[str, ...]) -> Step:
    """Once for each value."""
    why = asked_about(turn, strange)
    if turn.state.foreign != strange:
        turn.save(replace(turn.state, foreign=strange, why=why), Entry("held", {"why": why, "pages": True}))
    return turn.step("held", why)


def _start_again(turn: Turn, failed: tuple[Place, ...]) -> Step:
    """A few times soon, then once a day: what fails may be none of our doing."""
    attempts = turn.state.attempts + 1
    at = turn.now + (back_off(attempts) if attempts <= LIMIT else DAY)
    why = f"did not start: {names(failed)}"
    turn.before_effect()
    turn.estate.start(failed)
    after = replace(turn.state, attempts=attempts, next_at=at, why=why)
    turn.save(after, Entry("failed", {"why": why, "attempt": attempts, "pages": attempts == LIMIT}))
    return turn.step("acted", why, at, trouble=True)


def _renew(turn: Turn) -> Step:
    """By schedule: at once when it is due and a window is open."""
    at = schedule.due(turn.secret, turn.state)
    new = strangers(turn.secret, turn.state)
    if new:
        return turn.step("held", f"{STRANGER} {', '.join(new)}", at)
    if at is None:
        return turn.step("nothing")
    if turn.now < at:
        return _remind(turn, at) or turn.step("nothing", at=at)
    opens = schedule.opens_at(turn.secret.schedule, turn.now, schedule.room_for(turn.secret))
    if opens > turn.now:
        return turn.step("waits", "for its window", opens)
    taken = turn.taken(turn.holders)
    if taken:
        return turn.step("waits", next(iter(taken.values())))
    return _begin(turn, "schedule")


def _remind(turn: Turn, due: dt.datetime) -> Step | None:
    """Who must get a new value by hand is told before it is due."""
    source = turn.secret.source
    if not isinstance(source, ByHand):
        return None
    passed = [before for before in REMIND if due - before <= turn.now]
    if not passed:
        return None
    nearest = min(passed)
    told = turn.state.told_at
    if told is not None and told >= due - nearest:
        return None
    detail = {"where": source.where, "steps": list(source.steps), "days": nearest.days, "due": due.isoformat()}
    turn.save(replace(turn.state, told_at=turn.now), Entry("reminder", detail))
    return turn.step("acted", f"reminded: due in {nearest.days} days")
