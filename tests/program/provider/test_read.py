"""Read: refresh and import, from one listing that all share."""

import datetime as dt

import pytest
from google.protobuf.json_format import MessageToDict

from reconcile.model.secret import SecretText
from reconcile.program.properties import decode

from .engine import VARIABLE, Engine, Home, Refused, State, built, engine_of, secret, variable

INSTANCE = "trueup:railway:Instance"
VERCEL = "trueup:vercel:Project"
VERCEL_VARIABLE = "trueup:vercel:Variable"
WEB = {"account": "acme", "name": "web"}


@pytest.fixture
def states(home: Home) -> dict[str, State]:
    """What an earlier command built: a project with two variables at its instance."""
    with home.engine() as engine:
        found = built(engine)
        found["MODE"] = engine.create(VARIABLE, "api/MODE", variable("MODE", "plain"))
        found["TOKEN"] = engine.create(VARIABLE, "api/TOKEN", variable("TOKEN", secret("hush-hush-1")))
    home.world.clear_calls()
    return found


def test_what_lives_as_recorded_is_told_exactly_as_it_was_recorded(engine: Engine, states: dict[str, State]) -> None:
    for state in states.values():
        found = engine.read(state)
        assert found is not None
        assert (found.id, found.inputs) == (state.id, state.inputs)


def test_many_reads_at_once_share_one_listing(home: Home, engine: Engine, states: dict[str, State]) -> None:
    engine.at_once(*(lambda one=one: engine.read(one) for one in [*states.values()] * 8))  # type: ignore[misc]
    assert len(home.world.calls()) <= 3


def test_a_stack_that_the_repository_declares_is_read_whole_by_the_first(home: Home, states: dict[str, State]) -> None:
    home.write(
        "solo",
        """
        account: acme
        railway:
          project: {shop: {name: shop}}
          environment: {live: {project: shop}}
          service: {api: {project: shop}}
          instance: {api: {service: api, environment: live, source: {image: "nginx:1"}, variables: {MODE: plain}}}
        """,
    )
    with home.engine() as engine:
        engine.read(states["project"])
        made = len(home.world.calls())
        for state in states.values():
            engine.read(state)
        assert len(home.world.calls()) == made


def test_what_was_edited_has_its_live_value_and_nothing_undeclared_shows(
    home: Home, engine: Engine, states: dict[str, State]
) -> None:
    home.world.edit("railway", "instance", home.one_instance()["id"], "acme", {"numReplicas": "3"})
    found = engine.read(states["instance"])
    assert found is not None and found.inputs == states["instance"].inputs
    declared = engine.update(found, {**decode(found.inputs), "replicas": 2})
    home.world.edit("railway", "instance", home.one_instance()["id"], "acme", {"numReplicas": "4"})
    engine.cancel()
    seen = engine.read(declared)
    assert seen is not None
    assert decode(seen.inputs) == {**decode(declared.inputs), "replicas": 4}


def test_an_edited_secret_is_told_as_a_secret(home: Home, engine: Engine, states: dict[str, State]) -> None:
    home.world.edit("railway", "variable", home.variable_of("TOKEN")["id"], "acme", {"value": "by-hand-1"})
    home.world.edit("railway", "variable", home.variable_of("MODE")["id"], "acme", {"value": "by-hand-2"})
    for name, value in (("TOKEN", "by-hand-1"), ("MODE", "by-hand-2")):
        found = engine.read(states[name])
        assert found is not None
        told = decode(found.inputs)["value"]
        assert isinstance(told, SecretText) and told.is_same(value)
        assert engine.diff(found, decode_plain(states[name])).diffs == ["value"]


def test_an_unreadable_secret_is_another_one_only_where_it_was_touched(home: Home) -> None:
    inputs = {"account": "acme", "project": "web", "name": "TOKEN", "value": secret("hush-hush-1")}
    with home.engine() as engine:
        engine.create(VERCEL, "web", WEB)
        state = engine.create(VERCEL_VARIABLE, "web/TOKEN", inputs)
        engine.cancel()
        same = engine.read(state)
        assert same is not None and same.inputs == state.inputs
        (live,) = home.things("vercel", "variable")
        home.world.advance(dt.timedelta(minutes=1))
        home.world.edit("vercel", "variable", live["id"], "acme", {"value": "by-hand-1"})
        engine.cancel()
        other = engine.read(state)
        assert other is not None
        told = decode(other.inputs)["value"]
        assert isinstance(told, SecretText) and not told.is_same("hush-hush-1") and not told.is_same("by-hand-1")
        assert engine.diff(other, inputs).diffs == ["value"]


def test_what_is_gone_is_gone_with_a_bare_answer(home: Home, engine: Engine, states: dict[str, State]) -> None:
    home.world.delete("railway", "variable", home.variable_of("MODE")["id"], "acme", {})
    assert engine.read(states["MODE"]) is None
    assert engine.read(states["TOKEN"]) is not None


@pytest.mark.parametrize("fault", ["403 before POST /graphql/v2 times=30", "503 before POST /graphql/v2 times=30"])
def test_what_cannot_be_read_is_an_error_and_never_gone(
    home: Home, engine: Engine, states: dict[str, State], fault: str
) -> None:
    home.fault(fault, "railway")
    with pytest.raises(Refused) as refused:
        engine.read(states["MODE"])
    assert "\n" not in refused.value.text


def test_our_own_write_is_seen_by_the_next_read(home: Home, engine: Engine, states: dict[str, State]) -> None:
    assert engine.read(states["MODE"]) is not None
    changed = engine.update(states["MODE"], variable("MODE", "other"))
    found = engine.read(changed)
    assert found is not None and found.inputs == changed.inputs
    engine.delete(changed)
    assert engine.read(changed) is None


def test_what_was_made_again_without_the_engine_is_known_by_its_place(home: Home) -> None:
    inputs = {"account": "acme", "project": "web", "name": "MODE", "value": "plain"}
    with home.engine() as engine:
        engine.create(VERCEL, "web", WEB)
        state = engine.create(VERCEL_VARIABLE, "web/MODE", inputs)
    (live,) = home.things("vercel", "variable")
    home.world.delete("vercel", "variable", live["id"], "acme", {})
    home.heal()
    (again,) = home.things("vercel", "variable")
    with home.engine() as engine:
        found = engine.read(state)
    assert found is not None
    assert (found.id, found.inputs) == (f"acme/{again['id']}", state.inputs)


def test_an_import_gives_all_that_lives(home: Home, engine: Engine, states: dict[str, State]) -> None:
    found = engine.imported(INSTANCE, "api", states["instance"].id)
    assert found is not None
    told = decode(found.inputs)
    assert (told["account"], told["service"], told["environment"]) == ("acme", "shop/api", "shop/live")
    assert engine.diff(found, decode(states["instance"].inputs)).diffs == []
    value = engine.imported(VARIABLE, "api/TOKEN", states["TOKEN"].id)
    assert value is not None and isinstance(decode(value.inputs)["value"], SecretText)


def test_an_import_takes_the_platforms_id_alone_where_one_account_has_the_platform(
    home: Home, engine: Engine, states: dict[str, State]
) -> None:
    found = engine.imported("trueup:railway:Project", "shop", states["project"].remote)
    assert found is not None and found.id == states["project"].id
    with pytest.raises(Refused, match="ACCOUNT/ID: acme/…, other/…"):
        engine.imported(VERCEL, "web", "prj_1")


def test_an_import_of_what_is_not_there_is_a_bare_answer(engine: Engine, states: dict[str, State]) -> None:
    assert engine.imported("trueup:railway:Project", "x", "acme/nothing") is None


def test_a_read_needs_no_ledger(home: Home, states: dict[str, State]) -> None:
    home.lose_ledger()
    with home.workshop() as shop:
        assert shop.world is not None
        shop.world = shop.world.model_copy(update={"ledger": None})
        with engine_of(shop) as engine:
            found = engine.read(states["TOKEN"])
    assert found is not None and found.inputs == states["TOKEN"].inputs


def decode_plain(state: State) -> dict[str, object]:
    """The inputs as a program would say them."""
    return dict(MessageToDict(state.inputs))
