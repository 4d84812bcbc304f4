"""Bringing consumers to what they are to hold: look, act once, prove. The barrier between phases is here."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

from ...model.rotated import TWO_VALUES, Consumer
from ...model.rotation import Standing, Step
from ...model.spec import Place
from .asking import reversed_at
from .desired import Holds, holds, matches, wanted_of
from .foreign import asked_about, foreign
from .kid import kid
from .ports import Entry, Wanted
from .turn import HOPELESS, LIMIT, UNWELL, Turn

Verdict = Literal["write", "start", "starting", "failed", "unwell", "proven"]
Standings = Mapping[Consumer, Standing]
PROVEN = "proven"
"""How a consumer's proof begins once nothing is missing; the levels it is proven by follow."""


def verdict(turn: Turn, consumer: Consumer, standing: Standing, wanted: Holds, second: bool = True) -> Verdict:
    """What is missing until this consumer is proven to run on what it is to hold."""
    if not matches(turn.state, consumer, standing, wanted, second):
        return "write"
    match standing.run:
        case "stale":
            return "start"
        case "starting" | "failed":
            return standing.run
        case "none" if _is_to_start(turn, consumer):
            return "start"
        case "fresh" if _is_unseen(turn, consumer):
            return "start"
    if standing.healthy is False:
        return "unwell"
    if standing.shows is not None and wanted.current is not None:
        value = turn.value(wanted.current)
        if value is not None and consumer.part in value and standing.shows != kid(value[consumer.part].reveal()):
            return "failed"
    return "proven"


def _is_to_start(turn: Turn, consumer: Consumer) -> bool:
    """Whether a unit that never ran is to: it waited for this value. Told to start once, it is left alone: it may be
    one that only starts when somebody needs it."""
    rotation = turn.state.rotation
    if rotation is None:
        return str(consumer) in turn.state.unstarted
    return rotation.old is None and rotation.proof.get(str(consumer), "") in ("", "written")


def _is_unseen(turn: Turn, consumer: Consumer) -> bool:
    """Whether it holds what this phase brings although this phase wrote nothing there: somebody else did, perhaps after
    what runs was started. Only a start of ours proves then what it runs with."""
    rotation = turn.state.rotation
    if rotation is None or rotation.proof.get(str(consumer)):
        return False
    both = consumer.previous is not None and turn.secret.strategy in TWO_VALUES
    return rotation.phase == "switch" or (both and rotation.phase in ("accept", "retire"))


def converge(turn: Turn, standings: Standings, *, canary: bool = False) -> Step | None:
    """One effect towards what consumers are to hold in this phase; None once every one of them is proven.

    With `canary` the first unit is proven alone before any other is touched.
    """
    wanted = holds(turn.secret, turn.state)
    found = {one: verdict(turn, one, standings[one], wanted) for one in turn.holders}
    turn.proof = _so_far(turn, found, standings)
    unproven = [one for one in _group(turn, found, canary) if found[one] != "proven"]
    taken = turn.taken(unproven) if unproven else {}
    group = [one for one in unproven if one not in taken]
    writing = [one for one in group if found[one] == "write"]
    if writing:
        return _write(turn, standings, writing, wanted)
    failed = units_of(group, found, "failed")
    if failed:
        return _start_again(turn, failed, standings)
    stale = units_of(group, found, "start")
    if stale:
        return _start(turn, stale)
    if units_of(group, found, "starting"):
        why = f"starts: {names(units_of(group, found, 'starting'))}"
        return turn.waits(why)
    unwell = [one for one in group if found[one] == "unwell"]
    if unwell:
        return _unwell(turn, unwell, standings)
    return turn.waits(next(iter(taken.values()))) if taken else None


def _group(turn: Turn, found: Mapping[Consumer, Verdict], canary: bool) -> Sequence[Consumer]:
    if canary and turn.holders:
        first = [one for one in turn.holders if one.unit == turn.holders[0].unit]
        if any(found[one] != "proven" for one in first):
            return first
    return turn.holders


def units_of(group: Sequence[Consumer], found: Mapping[Consumer, Verdict], what: Verdict) -> tuple[Place, ...]:
    """Units of which a consumer lacks that, each once."""
    return tuple(dict.fromkeys(one.unit for one in group if found[one] == what))


def names(places: Collection[object]) -> str:
    """As a sentence names them."""
    return ", ".join(str(one) for one in places)


def _so_far(turn: Turn, found: Mapping[Consumer, Verdict], standings: Standings) -> dict[str, str]:
    """How far each consumer is, as it was just seen: what was done to it in this phase, or by what it is proven."""
    before = turn.rotation.proof
    return {
        str(one): _proven_by(standings[one]) if what == "proven" else _undone(before.get(str(one), ""))
        for one, what in found.items()
    }


def _proven_by(standing: Standing) -> str:
    levels = ["P0", "P1"] if standing.run == "fresh" else ["P0"]
    if standing.healthy:
        levels.append("P2")
    if standing.shows is not None:
        levels.append("P3")
    return f"{PROVEN} {' '.join(levels)}"


def _undone(before: str) -> str:
    return "" if before.startswith(PROVEN) else before


def _clock(turn: Turn) -> dict[str, Any]:
    """A soak begins anew once everything is proven again, whenever something had to be put right in it."""
    if turn.rotation.phase in ("soak", "revoke") and not turn.rotation.back and has_soak(turn):
        return {"soak_until": None}
    return {}


def has_soak(turn: Turn) -> bool:
    """Whether both values live on for a while: not where one start is all there is, nor where it burns."""
    old = turn.state.old
    return turn.secret.strategy not in ("replace", "roll") and old is not None and not old.compromised


def soak_of(turn: Turn) -> dt.timedelta:
    """How long both values live. Not at all once somebody else may have the old one."""
    old = turn.state.old
    return dt.timedelta(0) if old is not None and old.compromised else turn.secret.soak


def _write(turn: Turn, standings: Standings, writing: Sequence[Consumer], wanted: Holds) -> Step:
    values = turn.values(wanted.current, wanted.previous)
    texts: dict[Consumer, Wanted] = {}
    for one in writing:
        text = wanted_of(turn.state, one, standings[one], wanted, values)
        if text is None:
            return turn.held(f"{one}: part {one.part} of the value it is to hold is not kept")
        texts[one] = text
    strange = foreign(turn, standings, writing, wanted)
    if strange:
        return turn.held(asked_about(turn, strange), foreign=strange)
    proof = turn.rotation.proof
    # Written in this phase, never proven since, and not there any more: it does not stay.
    fails = turn.rotation.fails + any(proof.get(str(one)) in ("written", "started") for one in writing)
    if fails > LIMIT:
        return gave_up(turn, f"what is written does not stay: {names(writing)}", fails)
    turn.before_effect()
    turn.estate.write(texts)
    done = {str(one): "written" for one in writing}
    changes: dict[str, Any] = {"fails": fails, "proof": turn.proof | done} | _clock(turn)
    return turn.acted(f"wrote {names(writing)}", "written", **changes)


def _start(turn: Turn, units: Sequence[Place]) -> Step:
    turn.before_effect()
    turn.estate.start(units)
    done = {str(one): "started" for one in turn.holders if one.unit in units}
    changes: dict[str, Any] = {"proof": turn.proof | done} | _clock(turn)
    return turn.acted(f"started {names(units)}", "started", **changes)


def _start_again(turn: Turn, units: Sequence[Place], standings: Standings) -> Step:
    """A start that failed is made again, up to a limit; only then the phase failed."""
    fails = turn.rotation.fails + 1
    said = "; ".join(dict.fromkeys(one.detail for one in standings.values() if one.run == "failed" and one.detail))
    ran = all(one.run == "fresh" for consumer, one in standings.items() if consumer.unit in units)
    why = f"{'shows another key id' if ran else 'did not start'}: {names(units)}" + (f" ({said})" if said else "")
    if fails > LIMIT and can_turn_back(turn):
        return turn_back(turn, why)
    if fails > HOPELESS:
        return turn.held(why)
    turn.before_effect()
    turn.estate.start(units)
    done = {str(one): "started" for one in turn.holders if one.unit in units}
    return turn.again(why, fails=fails, proof=turn.proof | done, **_clock(turn))


def _unwell(turn: Turn, unwell: Sequence[Consumer], standings: Standings) -> Step:
    fails = turn.rotation.fails + 1
    said = "; ".join(dict.fromkeys(standings[one].detail for one in unwell if standings[one].detail))
    why = f"unhealthy: {names(unwell)}" + (f" ({said})" if said else "")
    if fails > UNWELL:
        return gave_up(turn, why, fails)
    return turn.again(why, fails=fails)


def can_turn_back(turn: Turn) -> bool:
    """Whether consumers can return to the old value: it lives, is known to us and to nobody else."""
    rotation, old = turn.rotation, turn.state.old
    return (
        not rotation.back
        and rotation.phase in ("accept", "switch", "migrate", "soak")
        and rotation.committed_at is None
        and old is not None
        and not old.compromised
        and not turn.issuer.in_place
        and (old.kept or rotation.phase == "accept")
    )


def gave_up(turn: Turn, why: str, fails: int) -> Step:
    """A phase failed: back to the old value where that is possible, else again, later; a person is called at last.

    Only what must die is tried for ever: nobody is to believe that it is dead.
    """
    if can_turn_back(turn):
        return turn_back(turn, why)
    if fails > HOPELESS and turn.rotation.phase != "revoke":
        return turn.held(why)
    return turn.again(why, fails=fails)


def turn_back(turn: Turn, why: str) -> Step:
    """Reverses the rotation."""
    after = reversed_at(turn.state, turn.now, why)
    turn.save(after, Entry("turned back", turn.detail() | {"why": why, "pages": True}))
    return turn.step("moved", f"back: {why}")
