"""Update and Delete: what the ledger owns here is changed and deleted, and nothing else."""

import pytest

from reconcile.program.properties import decode

from .engine import STACK, VARIABLE, Engine, Home, Refused, State, built, secret, struct, variable

RAILWAY = "trueup:railway:Project"
VERCEL = "trueup:vercel:Project"
VERCEL_VARIABLE = "trueup:vercel:Variable"


def places(home: Home) -> set[str]:
    return {str(row.address) for row in home.memory().owned if row.stack == STACK}


def test_a_change_is_written_and_remembered(home: Home, engine: Engine) -> None:
    built(engine)
    state = engine.create(VARIABLE, "api/MODE", variable("MODE", "one"))
    engine.update(state, variable("MODE", "two"))
    assert home.variable_of("MODE")["value"] == "two"
    (row,) = [one for one in home.memory().applied.values() if one.address.kind == "variable"]
    assert row.fields["value"] == "two"
    assert home.drift(STACK).plan.changes == ()


def test_the_preview_of_a_change_calls_nobody(home: Home, engine: Engine) -> None:
    state = State(engine.urn(RAILWAY, "shop"), "acme/1", struct({"account": "acme", "name": "shop"}), struct({}))
    engine.update(state, {"account": "acme", "name": "store"}, preview=True)
    assert home.world.calls() == []


def test_what_lives_as_declared_needs_no_call_but_the_listing(home: Home, engine: Engine) -> None:
    built(engine)
    state = engine.create(VARIABLE, "api/MODE", variable("MODE", "one"))
    home.world.edit("railway", "variable", home.variable_of("MODE")["id"], "acme", {"value": "two"})
    engine.cancel()
    home.world.clear_calls()
    engine.update(state, variable("MODE", "two"))
    assert not [one for one in home.world.calls() if "Commit" in str(one["path"]) or "Apply" in str(one["path"])]
    assert home.drift(STACK).plan.changes == ()


def test_what_is_gone_is_not_changed(home: Home, engine: Engine) -> None:
    built(engine)
    state = engine.create(VARIABLE, "api/MODE", variable("MODE", "one"))
    home.world.delete("railway", "variable", home.variable_of("MODE")["id"], "acme", {})
    engine.cancel()
    with pytest.raises(Refused, match="--refresh"):
        engine.update(state, variable("MODE", "two"))


def test_what_another_stack_owns_is_not_changed(home: Home, engine: Engine) -> None:
    state = engine.create(RAILWAY, "shop", {"account": "acme", "name": "shop"})
    engine.cancel()
    engine.stack = "elsewhere"
    foreign = State(engine.urn(RAILWAY, "shop"), state.id, state.inputs, state.outputs)
    with pytest.raises(Refused, match=r"trueup forget railway\.project\.shop --stack solo"):
        engine.update(foreign, {"account": "acme", "name": "store"})
    assert [one["name"] for one in home.things("railway", "project")] == ["shop"]


def test_what_was_imported_is_ours_once_it_is_changed(home: Home, engine: Engine) -> None:
    home.world.create("vercel", "project", "web", "acme", {})
    (live,) = home.things("vercel", "project")
    state = engine.imported(VERCEL, "web", f"acme/{live['id']}")
    assert state is not None and places(home) == set()
    engine.update(state, {**decode(state.inputs), "build_command": "make"})
    assert places(home) == {"vercel.project.web"}
    assert home.things("vercel", "project")[0]["buildCommand"] == "make"


def test_what_we_own_is_deleted_and_forgotten(home: Home, engine: Engine) -> None:
    built(engine)
    state = engine.create(VARIABLE, "api/MODE", variable("MODE", "one"))
    engine.delete(state)
    assert home.variables() == {}
    assert "railway.variable.api/MODE" not in places(home)


def test_many_deletes_at_once_are_few_calls(home: Home) -> None:
    with home.engine(gather_seconds=0.3) as engine:
        built(engine)
        made = engine.at_once(
            *(
                lambda n=n: engine.create(VARIABLE, f"api/V{n}", variable(f"V{n}", f"plain-{n}"))  # type: ignore[misc]
                for n in range(8)
            )
        )
        home.world.clear_calls()
        engine.at_once(*(lambda one=one: engine.delete(one) for one in made))  # type: ignore[misc]
        assert home.variables() == {}
        assert len(home.world.calls()) <= 6


def test_what_is_gone_already_is_deleted_and_forgotten(home: Home, engine: Engine) -> None:
    built(engine)
    state = engine.create(VARIABLE, "api/MODE", variable("MODE", "one"))
    home.world.delete("railway", "variable", home.variable_of("MODE")["id"], "acme", {})
    engine.cancel()
    engine.delete(state)
    assert "railway.variable.api/MODE" not in places(home)


def test_what_we_do_not_own_is_not_deleted(home: Home, engine: Engine) -> None:
    built(engine)
    state = engine.create(VARIABLE, "api/MODE", variable("MODE", "one"))
    engine.cancel()
    home.forget(STACK, "railway.variable.api/MODE")
    with pytest.raises(Refused) as refused:
        engine.delete(state)
    assert "trueup adopt railway.variable.api/MODE" in refused.value.text
    assert "pulumi state delete" in refused.value.text
    assert home.variables().keys() == {"MODE"}


def test_a_protected_kind_is_deleted_by_hand_only(home: Home, engine: Engine) -> None:
    state = engine.create(RAILWAY, "shop", {"account": "acme", "name": "shop"})
    with pytest.raises(Refused) as refused:
        engine.delete(state)
    told = refused.value.text
    assert "in the console" in told and "pulumi state delete" in told and "trueup forget" in told
    assert len(home.things("railway", "project")) == 1


def test_nothing_is_deleted_where_the_listing_cannot_be_read(home: Home, engine: Engine) -> None:
    built(engine)
    state = engine.create(VARIABLE, "api/MODE", variable("MODE", "one"))
    engine.cancel()
    home.fault("503 before POST /graphql/v2 times=40", "railway")
    with pytest.raises(Refused):
        engine.delete(state)
    home.world.clear_faults()
    assert "railway.variable.api/MODE" in places(home)


def test_a_changed_thing_that_got_another_id_is_found_by_its_place(home: Home, engine: Engine) -> None:
    inputs = {"account": "acme", "project": "web", "name": "TOKEN", "value": secret("hush-hush-1")}
    engine.create(VERCEL, "web", {"account": "acme", "name": "web"})
    state = engine.create(VERCEL_VARIABLE, "web/TOKEN", inputs)
    readable = engine.update(state, {**inputs, "value": "plain"})
    (live,) = home.things("vercel", "variable")
    assert live["id"] != state.remote
    found = engine.read(readable)
    assert found is not None and found.id == f"acme/{live['id']}"
    engine.delete(readable)
    assert home.things("vercel", "variable") == []


def test_what_a_create_took_is_not_what_the_engine_then_deletes_for_it(home: Home, engine: Engine) -> None:
    """`pulumi up --replace URN`: made before deleted, and what is made is what was there."""
    built(engine)
    state = engine.create(VARIABLE, "api/MODE", variable("MODE", "one"))
    engine.cancel()
    again = engine.create(VARIABLE, "api/MODE", variable("MODE", "one"))
    assert again.id == state.id
    engine.delete(state)
    assert home.variables().keys() == {"MODE"} and "railway.variable.api/MODE" in places(home)
    engine.cancel()
    engine.delete(again)
    assert home.variables() == {} and "railway.variable.api/MODE" not in places(home)


def test_the_new_one_is_not_deleted_for_a_former_one_that_is_gone(home: Home, engine: Engine) -> None:
    state = engine.create(VERCEL, "web", {"account": "acme", "name": "web"})
    gone = State(state.urn, f"{state.id}-former", state.inputs, state.outputs)
    engine.delete(gone)
    assert [one["name"] for one in home.things("vercel", "project")] == ["web"]
    assert places(home) == {"vercel.project.web"}


def test_from_the_first_writing_on_the_ledger_knows_that_pulumi_writes(home: Home, engine: Engine) -> None:
    engine.create(VERCEL, "web", {"account": "acme", "name": "web"})
    with home.workshop() as shop:
        assert shop.ledger().writers() == {STACK: "pulumi"}


def test_what_an_ignore_rule_accepts_is_left_by_a_change_of_something_else(home: Home) -> None:
    rule = "{address: vercel.project.web, field: build_command, owner: ops, reason: trial, expires: 2099-01-31}"
    home.write(STACK, f"account: acme\nvercel:\n  project: {{web: {{name: web}}}}\nignore: [{rule}]\n")
    with home.engine() as engine:
        told = {"account": "acme", "name": "web", "build_command": "make"}
        state = engine.create(VERCEL, "web", told)
        (live,) = home.things("vercel", "project")
        home.world.edit("vercel", "project", live["id"], "acme", {"buildCommand": "by hand"})
        engine.cancel()
        engine.update(state, {**told, "install_command": "make deps"})
        (live,) = home.things("vercel", "project")
        assert (live["buildCommand"], live["installCommand"]) == ("by hand", "make deps")
