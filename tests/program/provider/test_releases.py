"""Releases: what is written quietly runs once, after all of it is there."""

from pulumi.runtime.proto import provider_pb2

from .engine import VARIABLE, Engine, Home, State, built, variable

RELEASE = "trueup:railway:Release"
SAME = provider_pb2.DiffResponse.DIFF_NONE
SOME = provider_pb2.DiffResponse.DIFF_SOME


def release(digest: str) -> dict[str, str]:
    return {"account": "acme", "instance": "shop/live/api", "digest": digest}


def deploys(home: Home) -> int:
    return len([one for one in home.shelf("deployment") if one["environment"] == "live"])


def everything(engine: Engine) -> State:
    built(engine)
    engine.create(VARIABLE, "api/MODE", variable("MODE", "one"))
    engine.create(VARIABLE, "api/PORT", variable("PORT", "3000"))
    return engine.create(RELEASE, "api", release("d1"))


def test_a_service_with_its_variables_is_one_deployment(home: Home, engine: Engine) -> None:
    everything(engine)
    assert deploys(home) == 1


def test_another_digest_starts_it_once_more(home: Home) -> None:
    with home.engine() as engine:
        state = everything(engine)
    with home.engine() as engine:
        assert engine.diff(state, release("d1")).changes == SAME
        assert engine.diff(state, release("d2")).changes == SOME
        engine.update(state, release("d2"))
    assert deploys(home) == 2


def test_what_was_repaired_quietly_is_started_though_the_digest_is_the_same(home: Home) -> None:
    with home.engine() as engine:
        state = everything(engine)
        mode = engine.create(VARIABLE, "api/MODE", variable("MODE", "one"))
    with home.engine() as engine:
        assert engine.diff(state, release("d1")).changes == SAME
        engine.update(mode, variable("MODE", "two"))
        assert engine.diff(state, release("d1")).changes == SOME


def test_a_preview_foretells_that(home: Home) -> None:
    with home.engine() as engine:
        state = everything(engine)
        mode = engine.create(VARIABLE, "api/MODE", variable("MODE", "one"))
    with home.engine() as engine:
        engine.update(mode, variable("MODE", "two"), preview=True)
        assert engine.diff(state, release("d1")).changes == SOME
        engine.cancel()
        shared = {"account": "acme", "environment": "shop/live", "name": "ALL", "value": "x"}
        engine.create("trueup:railway:SharedVariable", "live/ALL", shared, preview=True)
        assert engine.diff(state, release("d1")).changes == SOME
        engine.cancel()
        elsewhere = {**variable("MODE", "x"), "instance": "shop/live/api-2"}
        engine.create(VARIABLE, "api-2/MODE", elsewhere, preview=True)
        assert engine.diff(state, release("d1")).changes == SAME


def test_it_is_there_while_what_it_starts_lives(home: Home, engine: Engine) -> None:
    state = everything(engine)
    found = engine.read(state)
    assert found is not None and (found.inputs, found.outputs) == (state.inputs, state.outputs)
    home.world.delete("railway", "instance", home.one_instance()["id"], "acme", {})
    engine.cancel()
    assert engine.read(state) is None


def test_a_delete_ends_nothing(home: Home, engine: Engine) -> None:
    state = everything(engine)
    home.world.clear_calls()
    engine.delete(state)
    assert home.world.calls() == []


def test_the_ledger_owns_no_start_and_leaves_none_open(home: Home, engine: Engine) -> None:
    everything(engine)
    memory = home.memory()
    assert "railway.release" not in {row.kind for row in memory.owned}
    assert memory.intents == ()
    drift = home.drift("solo").plan
    assert (drift.changes, drift.gaps) == ((), ())
