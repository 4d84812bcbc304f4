"""Variables that left the stack file: their deletes come after every release, so they start what ran with them."""

from functools import partial

from .engine import VARIABLE, Engine, Home, State, built, struct, variable

RELEASE = "trueup:railway:Release"
NAMES = ("ALPHA", "BETA", "GAMMA", "DELTA", "EPSILON")


def deploys(home: Home, environment: str = "live") -> int:
    return len([one for one in home.shelf("deployment") if one["environment"] == environment])


def running(engine: Engine) -> dict[str, State]:
    """A service that runs, with variables, and its release."""
    built(engine)
    made = {name: engine.create(VARIABLE, f"api/{name}", variable(name, "x")) for name in NAMES}
    told = {"account": "acme", "instance": "shop/live/api", "digest": "d1"}
    return {**made, "release": engine.create(RELEASE, "api", told)}


def released(engine: Engine, states: dict[str, State], digest: str) -> None:
    """What an engine does of a smaller stack before it deletes anything."""
    release = states["release"]
    told = {"account": "acme", "instance": "shop/live/api", "digest": digest}
    assert engine.diff(release, told).changes
    engine.update(release, told)
    states["release"] = State(release.urn, release.id, struct(told), struct(told))


def test_a_variable_deleted_after_the_release_starts_what_ran_with_it(home: Home) -> None:
    with home.engine() as engine:
        states = running(engine)
    with home.engine() as engine:
        released(engine, states, "d2")
        before = deploys(home)
        engine.delete(states["ALPHA"])
    assert deploys(home) == before + 1
    assert set(home.variables()) == set(NAMES) - {"ALPHA"}


def test_variables_deleted_at_once_start_it_once(home: Home) -> None:
    with home.engine() as engine:
        states = running(engine)
    # As long as one moment takes, however slow the machine: all of them come within it.
    with home.engine(gather_seconds=0.5) as engine:
        released(engine, states, "d2")
        before = deploys(home)
        home.world.clear_calls()
        engine.at_once(*(partial(engine.delete, states[name]) for name in NAMES))
        written = [one for one in home.world.calls() if "mutation" in str(one.get("body"))]
    assert deploys(home) == before + 1, written
    assert not home.variables()
