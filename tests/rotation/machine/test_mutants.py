"""Is the net tight? Bugs put into the machine on purpose, each of which the test named beside it must find.

The world that a run begins in was made by the sound machine.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from reconcile.steps.rotate import advance, converge, end, idle, issue, phases, revoke
from reconcile.steps.rotate.ports import Wanted
from reconcile.steps.rotate.turn import Turn

from .cases import Case
from .drive import ready, run
from .record import keep
from .schedules import clean, first_faults, go_on
from .strangers import at_tick, restore, ticks
from .test_frozen import frozen

Patch = pytest.MonkeyPatch


def revokes_early(patch: Patch) -> None:
    sound = phases.switch

    def switch(turn: Turn) -> Any:
        old = turn.state.old
        if old is not None and old.id:
            turn.issuer.revoke(old.id, None)
        return sound(turn)

    patch.setitem(advance.FORWARD, "switch", switch)


def skips_soak(patch: Patch) -> None:
    for module in (phases, converge):
        patch.setattr(module, "soak_of", lambda turn: dt.timedelta(0))


def writes_before_sealing(patch: Patch) -> None:
    sound = Turn.save

    def save(turn: Turn, after: Any, *entries: Any, seal: Any = None, **more: Any) -> None:
        for value in (seal or {}).values():
            wanted = {one: issue_wanted(value[one.part]) for one in turn.holders}
            turn.estate.write(wanted)
        sound(turn, after, *entries, seal=seal, **more)

    patch.setattr(Turn, "save", save)


def issue_wanted(text: Any) -> Any:
    return Wanted(text)


def announces_nothing(patch: Patch) -> None:
    sound = Turn.with_rotation

    def with_rotation(turn: Turn, **changes: Any) -> Any:
        return sound(turn, **(changes | ({"announced": ""} if "announced" in changes else {})))

    patch.setattr(Turn, "with_rotation", with_rotation)


def looks_for_no_orphans(patch: Patch) -> None:
    for module in (issue, idle, phases):
        patch.setattr(module, "orphans", lambda turn: ())


def does_not_look_again_before_it_revokes(patch: Patch) -> None:
    patch.setattr(revoke, "converge", lambda turn, standings: None)


def does_not_try_a_failed_start_again(patch: Patch) -> None:
    patch.setattr(converge, "_start_again", lambda turn, units, standings: turn.waits("did not start"))


def skips_accept(patch: Patch) -> None:
    patch.setattr(issue, "_after_issue", lambda turn: "switch")


def has_no_barrier(patch: Patch) -> None:
    patch.setattr(converge, "_group", lambda turn, found, canary: turn.holders[:1])


def keeps_the_second_value(patch: Patch) -> None:
    patch.setitem(advance.FORWARD, "retire", lambda turn: turn.moved("revoke"))
    patch.setattr(revoke, "converge", lambda turn, standings: None)
    patch.setattr(idle, "_keep_right", lambda turn: None)


def restores_what_is_compromised(patch: Patch) -> None:
    patch.setattr(converge, "can_turn_back", lambda turn: not turn.rotation.back and turn.rotation.phase == "switch")


def checks_no_fence(patch: Patch) -> None:
    def claim(turn: Turn) -> None:
        if not turn.claimed:
            kept = turn.books.claim(turn.secret.name)
            turn.state = replace(turn.state, fence=kept.fence, turn=kept.turn)
            turn.claimed = True

    def save(turn: Turn, after: Any, *entries: Any, **more: Any) -> None:
        claim(turn)
        now = turn.books.state(turn.secret.name)
        after = replace(after, turn=now.turn, fence=now.fence)
        turn.state = turn.books.save(now, after, entries, **more)

    patch.setattr(Turn, "claim", claim)
    patch.setattr(Turn, "save", save)
    patch.setattr(Turn, "before_effect", claim)


def erases_at_once(patch: Patch) -> None:
    patch.setattr(idle, "RETENTION", dt.timedelta(0))


def forgets_what_runs(patch: Patch) -> None:
    sound = converge.verdict

    def verdict(*words: Any, **more: Any) -> Any:
        found = sound(*words, **more)
        return "proven" if found in ("start", "starting") else found

    patch.setattr(converge, "verdict", verdict)


def rolls_back_without_undoing(patch: Patch) -> None:
    patch.setitem(advance.BACK, "issue", lambda turn: end.finish(turn, turn.state, "rolled back"))


def no_fault(case: Case) -> Callable[[], bool]:
    return lambda: bool(run(case).violations)


def one_of(case: Case, kind: str) -> Callable[[], bool]:
    """Some fault of a kind finds it."""
    return lambda: _any(go_on(clean(case), one).violations for one in first_faults(case) if one.kind == kind)


def restored(case: Case) -> Callable[[], bool]:
    """Somebody writes the old value again, and starts what reads it: that is not to be revoked under it."""

    def found() -> bool:
        runs = (at_tick(case, tick, restore("worker", start=True)) for tick in ticks(case))
        return any("ended while" in one.text for ending in runs for one in ending.violations)

    return found


def woken(case: Case, turns: int) -> Callable[[], bool]:
    return lambda: _any(frozen(case, one.number, turns).violations for one in clean(case).seen)


def _any(found: Iterator[Any]) -> bool:
    return any(bool(one) for one in found)


@dataclass(frozen=True)
class Mutant:
    """A bug, a run that must show it, and the test that makes that run."""

    seed: Callable[[Patch], None]
    case: Case
    found: Callable[[], bool]
    test: str


def _mutant(seed: Callable[[Patch], None], case: Case, how: Callable[..., Callable[[], bool]], *more: Any) -> Any:
    tests = {"no_fault": "test_points", "one_of": "test_points", "restored": "test_foreign", "woken": "test_frozen"}
    name = tests[how.__name__]
    return pytest.param(Mutant(seed, case, how(case, *more), name), id=f"{seed.__name__}, found by {name}")


TWO_KEY = Case("two-key")
OVERLAP = Case("overlap")
MUTANTS = [
    _mutant(revokes_early, TWO_KEY, no_fault),
    _mutant(skips_soak, TWO_KEY, no_fault),
    _mutant(writes_before_sealing, OVERLAP, no_fault),
    _mutant(announces_nothing, TWO_KEY, no_fault),
    _mutant(looks_for_no_orphans, TWO_KEY, one_of, "lost reply"),
    _mutant(does_not_look_again_before_it_revokes, TWO_KEY, restored),
    _mutant(does_not_try_a_failed_start_again, TWO_KEY, one_of, "fails"),
    _mutant(skips_accept, OVERLAP, no_fault),
    _mutant(has_no_barrier, OVERLAP, no_fault),
    _mutant(keeps_the_second_value, OVERLAP, no_fault),
    _mutant(restores_what_is_compromised, Case("two-key", "fails", "compromised"), no_fault),
    _mutant(checks_no_fence, TWO_KEY, woken, 12),
    _mutant(erases_at_once, TWO_KEY, no_fault),
    _mutant(forgets_what_runs, TWO_KEY, no_fault),
    _mutant(rolls_back_without_undoing, Case("two-key", "fails"), no_fault),
]


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_seeded_bug_is_found(mutant: Mutant, monkeypatch: Patch) -> None:
    ready(mutant.case)
    clean.cache_clear()
    try:
        assert not mutant.found(), "the sound machine is found guilty"
        clean.cache_clear()
        mutant.seed(monkeypatch)
        assert mutant.found()
        keep("seeded bugs", mutant.seed.__name__.replace("_", " "), mutant.test, runs=1, seconds=0.0, broken={})
    finally:
        monkeypatch.undo()
        clean.cache_clear()
