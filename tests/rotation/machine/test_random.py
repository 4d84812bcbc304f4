"""Long sequences of whatever can happen, made by Hypothesis: faults, deploys and edits of other people, services that
break and heal, leaks, runners that freeze. Once all is quiet again, everything must come to a good end."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as some
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from reconcile.model.errors import ReconcileError
from reconcile.model.rotated import Strategy
from reconcile.steps.rotate import asking

from . import people
from .books import print_of
from .cases import EVERY, Case
from .drive import Stage, between, drive, empty, finish, turn
from .points import Point
from .strangers import by_hand
from .test_frozen import other_runner
from .world import CURRENT

UNIT = some.sampled_from(("api", "worker"))
KIND = some.sampled_from(
    ("crash", "lost request", "lost reply", "500", "429", "403", "stale", "slow", "partial", "fails")
)
STRATEGIES: tuple[Strategy, ...] = ("overlap", "two-key", "alternate", "migrate", "replace", "roll")


class Anything(RuleBasedStateMachine):
    """One secret of one strategy, from its first value on."""

    strategy: Strategy
    stage: Stage

    @initialize()
    def begin(self) -> None:
        self.stage = empty(Case(self.strategy))
        assert drive(self.stage)
        world = self.stage.world
        values = {holds[CURRENT] for _, holds in world.running()}
        if self.strategy == "migrate":
            world.rows = list(values) * 2
        world.pass_time(world.now + EVERY)
        self.stage.guard.orphans = 50

    @rule(times=some.integers(1, 6))
    def turns(self, times: int) -> None:
        for _ in range(times):
            self._turn()

    @rule(after=some.integers(1, 14), kind=KIND)
    def turn_with_a_fault(self, after: int, kind: str) -> None:
        world = self.stage.world
        # A kind that cannot come at that point comes at none.
        world.faults = {world.count + after: kind}
        self._turn()
        world.faults = {}

    @rule(after=some.integers(1, 14), turns=some.integers(1, 12))
    def freeze(self, after: int, turns: int) -> None:
        world = self.stage.world
        number = world.count + after

        def on_point(point: Point) -> None:
            if point.number == number:
                world.on_point = None
                other_runner(self.stage, turns)

        world.on_point = on_point
        self._turn()
        world.on_point = None

    @rule(minutes=some.sampled_from((1, 5, 30, 60 * 24, 60 * 24 * 8)))
    def time_passes(self, minutes: int) -> None:
        self.stage.world.pass_time(self.stage.world.now + dt.timedelta(minutes=minutes))

    @rule(unit=UNIT)
    def somebody_deploys(self, unit: str) -> None:
        self.stage.world.begin(unit)

    @precondition(lambda self: self.strategy in ("two-key", "alternate", "roll"))
    @rule(unit=UNIT)
    def somebody_restores_what_still_works(self, unit: str) -> None:
        world = self.stage.world
        alive = [one.value for one in world.credentials.values() if one.live and one.name]
        known = {print for one in self.stage.guard.state.versions for print in one.prints.values()}
        working = [value for value in alive if print_of(value) in known]
        if working:
            by_hand(self.stage, unit, working[0], start=False)

    @rule(unit=UNIT, mode=some.sampled_from(("fails", "sick")))
    def a_service_dislikes_new_values(self, unit: str, mode: str) -> None:
        world = self.stage.world
        world.likes = frozenset(holds[CURRENT] for _, holds in world.running())
        world.refuses[unit] = mode

    @rule()
    def services_heal(self) -> None:
        self.stage.world.refuses.clear()

    @rule()
    def somebody_wants_it_now(self) -> None:
        self._asked(lambda: asking.begin(self.stage.secret, self._state(), self.stage.world.now, "ann"))

    @rule()
    def somebody_turns_it_back(self) -> None:
        self._asked(lambda: asking.turn_back(self.stage.secret, self._state(), self.stage.world.now, "ann"))

    @rule()
    def it_leaks(self) -> None:
        self._asked(lambda: asking.compromised(self.stage.secret, self._state(), self.stage.world.now, "ann"))

    @invariant()
    def nothing_is_broken(self) -> None:
        if hasattr(self, "stage"):
            assert not self.stage.guard.found, [str(one) for one in self.stage.guard.found]

    def teardown(self) -> None:
        if not hasattr(self, "stage"):
            return
        stage = self.stage
        stage.world.refuses.clear()
        for _ in range(200):
            step = self._turn()
            people.react(stage, step)
            state = self._state()
            if state.paused and state.rotation is None:
                self._asked(lambda: asking.unpause(self._state()))
            if state.rotation is None and step is not None and step.what == "nothing":
                break
        else:
            raise AssertionError(f"no end: {step} {self._state().rotation}")
        finish(stage)
        self.nothing_is_broken()

    def _state(self) -> Any:
        return self.stage.books.state(self.stage.secret.name)

    def _turn(self) -> Any:
        step = turn(self.stage)
        between(self.stage, step)
        return step

    def _asked(self, ask: Any) -> None:
        try:
            after = ask()
        except asking.NotNow:
            return
        try:
            people.save(self.stage, after, "asked")
        except ReconcileError:
            return


def _machine(chosen: Strategy) -> type[Anything]:
    return type(f"Any_{chosen}", (Anything,), {"strategy": chosen})


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_any_sequence(strategy: Strategy) -> None:
    run_state_machine_as_test(
        _machine(strategy),
        settings=settings(
            max_examples=8,
            stateful_step_count=25,
            derandomize=True,
            # What is found is made short by `make proof`: that takes minutes.
            phases=[Phase.generate],
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.proof
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_many_sequences(strategy: Strategy) -> None:
    run_state_machine_as_test(
        _machine(strategy),
        settings=settings(
            max_examples=800,
            stateful_step_count=40,
            deadline=None,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
