"""Create: what is not there is made and ours, what is ours is taken, what is somebody else's is refused."""

import pytest

from reconcile.model.secret import SecretText
from reconcile.program.properties import UNKNOWN as NOT_KNOWN
from reconcile.program.properties import decode

from .engine import STACK, VARIABLE, Engine, Home, Refused, State, built, engine_of, secret, variable

RAILWAY = "trueup:railway:Project"
SERVICE = "trueup:railway:Service"
DOMAIN = "trueup:railway:Domain"
VERCEL = "trueup:vercel:Project"
VERCEL_VARIABLE = "trueup:vercel:Variable"
SHOP = {"account": "acme", "name": "shop"}


def test_what_is_made_is_owned_and_no_drift_without_the_engine(home: Home, engine: Engine) -> None:
    states = built(engine)
    engine.create(VARIABLE, "api/MODE", variable("MODE", "plain"))
    engine.create(VARIABLE, "api/TOKEN", variable("TOKEN", secret("hush-hush-1")))
    engine.cancel()
    (live,) = home.things("railway", "project")
    assert states["project"].id == f"acme/{live['id']}"
    memory = home.memory()
    assert {str(row.address) for row in memory.owned if row.stack == STACK} >= {
        *("railway.project.shop", "railway.service.api", "railway.instance.api"),
        *("railway.variable.api/MODE", "railway.variable.api/TOKEN"),
    }
    assert memory.intents == ()
    drift = home.drift(STACK)
    assert (drift.plan.changes, drift.plan.gaps) == ((), ())
    home.world.edit("railway", "variable", home.variable_of("MODE")["id"], "acme", {"value": "by-hand"})
    home.world.edit("railway", "variable", home.variable_of("TOKEN")["id"], "acme", {"value": "by-hand"})
    drift = home.drift(STACK)
    (change,), (gap,) = drift.plan.changes, drift.plan.gaps
    assert str(change.address) == "railway.variable.api/MODE"
    assert "railway.variable.api/TOKEN was written since it was applied" in gap.reason


def test_outputs_are_the_inputs_and_what_the_platform_tells(engine: Engine) -> None:
    built(engine)
    inputs = {"account": "acme", "instance": "shop/live/api", "host": "api.example.com", "port": 3000}
    domain = engine.create(DOMAIN, "api", inputs)
    told = decode(domain.outputs)
    assert told.items() >= inputs.items()
    assert str(told["target"]).endswith(".up.railway.app")
    assert None not in told.values()


def test_a_preview_calls_nobody_and_knows_no_output(home: Home, engine: Engine) -> None:
    inputs = {"account": "acme", "instance": "shop/live/api", "host": "api.example.com"}
    planned = engine.create(DOMAIN, "api", inputs, preview=True)
    told = decode(planned.outputs)
    assert planned.id == ""
    assert {name for name, value in told.items() if value is NOT_KNOWN} == {
        *("target", "verify_name", "verify_value", "verified"),
    }
    assert home.world.calls() == []
    assert not home.ledger_file.exists()


def test_what_is_foreign_is_refused_with_the_line_that_imports_it(home: Home, engine: Engine) -> None:
    live = home.world.create("railway", "project", "shop", "acme", {})
    with pytest.raises(Refused) as refused:
        engine.create(RAILWAY, "shop", SHOP)
    text = refused.value.text
    assert "\n" not in text
    assert f"pulumi import trueup:railway:Project shop acme/{live['id']} " in text
    assert "--parent railway=urn:pulumi:solo::library::trueup:platform:Railway::railway" in text
    assert len(home.things("railway", "project")) == 1
    assert home.memory().owned == ()


def test_what_the_ledger_owns_here_is_taken_and_brought_to_what_is_declared(home: Home) -> None:
    with home.engine() as engine:
        states = built(engine)
        engine.create(VARIABLE, "api/MODE", variable("MODE", "one"))
    with home.engine() as engine:
        again = engine.create(RAILWAY, "shop", SHOP)
        engine.create(VARIABLE, "api/MODE", variable("MODE", "two"))
    assert again.id == states["project"].id
    assert home.variable_of("MODE")["value"] == "two"


def test_what_another_place_owns_is_not_made_a_second_time(home: Home, engine: Engine) -> None:
    engine.create(RAILWAY, "shop", SHOP)
    with pytest.raises(Refused, match=r"moved: \[\{from: railway.project.shop, to: railway.project.store\}\]"):
        engine.create(RAILWAY, "store", SHOP)
    assert len(home.things("railway", "project")) == 1


def test_what_carries_our_mark_is_taken_though_the_ledger_forgot(home: Home) -> None:
    inputs = {"account": "acme", "project": "web", "name": "MODE", "value": "plain"}
    with home.engine() as engine:
        engine.create(VERCEL, "web", {"account": "acme", "name": "web"})
        made = engine.create(VERCEL_VARIABLE, "web/MODE", inputs)
    home.forget(STACK, "vercel.variable.web/MODE")
    with home.engine() as engine:
        assert engine.create(VERCEL_VARIABLE, "web/MODE", inputs).id == made.id
    assert "vercel.variable.web/MODE" in {str(row.address) for row in home.memory().owned}


def test_what_was_announced_and_never_answered_is_taken(home: Home) -> None:
    with home.engine() as engine:
        engine.create(RAILWAY, "shop", SHOP)
        made = engine.create(SERVICE, "api", {**SHOP, "project": "shop", "name": "api"})
    home.unanswer("railway.service.api")
    with home.engine() as engine:
        again = engine.create(SERVICE, "api", {**SHOP, "project": "shop", "name": "api"})
    assert again.id == made.id
    assert len(home.things("railway", "service")) == 1
    assert home.memory().intents == ()


def test_a_half_made_thing_is_ours_and_the_engine_knows_its_id(home: Home, engine: Engine) -> None:
    home.fault("500 before PATCH /v9/projects/* times=5", "vercel")
    inputs = {"account": "acme", "name": "web", "node_version": "20.x"}
    with pytest.raises(Refused) as refused:
        engine.create(VERCEL, "web", inputs)
    (live,) = home.things("vercel", "project")
    partly = refused.value.partly
    assert partly.id == f"acme/{live['id']}"
    assert decode(partly.inputs) == inputs
    assert [row.id for row in home.memory().owned if row.kind == "vercel.project"] == [live["id"]]
    home.world.clear_faults()
    state = State(engine.urn(VERCEL, "web"), partly.id, partly.inputs, partly.properties)
    engine.update(state, inputs)
    assert home.things("vercel", "project")[0]["nodeVersion"] == "20.x"


def test_a_refusal_of_the_platform_makes_nothing_and_is_one_line(home: Home, engine: Engine) -> None:
    home.fault("500 before POST /v11/projects times=9", "vercel")
    with pytest.raises(Refused) as refused:
        engine.create(VERCEL, "web", {"account": "acme", "name": "web"})
    assert "\n" not in refused.value.text and "Traceback" not in refused.value.text
    assert refused.value.trailer is None
    assert home.memory().owned == ()


def test_nothing_is_made_where_the_listing_cannot_be_read(home: Home, engine: Engine) -> None:
    home.fault("403 before GET /v10/projects times=9", "vercel")
    with pytest.raises(Refused, match="cannot be read"):
        engine.create(VERCEL, "web", {"account": "acme", "name": "web"})
    assert home.things("vercel", "project") == []


def test_without_a_ledger_nothing_is_made(home: Home) -> None:
    with home.workshop() as shop:
        assert shop.world is not None
        shop.world = shop.world.model_copy(update={"ledger": None})
        with engine_of(shop) as engine, pytest.raises(Refused, match="trueup init"):
            engine.create(RAILWAY, "shop", SHOP)
    assert home.things("railway", "project") == []


def test_another_account_than_the_pinned_one_stops(home: Home) -> None:
    with home.workshop() as shop:
        shop.ledger().pin("acme", "railway", "w-another")
    with home.engine() as engine, pytest.raises(Refused, match="pinned to w-another"):
        engine.create(RAILWAY, "shop", SHOP)
    assert home.things("railway", "project") == []


def test_the_first_write_takes_the_stack_and_the_end_releases_it(home: Home, engine: Engine) -> None:
    engine.create(RAILWAY, "shop", SHOP)
    with home.workshop() as shop:
        (held,) = shop.ledger().leases()
        assert (held.stack, held.holder) == (STACK, "pulumi up")
    engine.cancel()
    with home.workshop() as shop:
        assert shop.ledger().leases() == []
        (run,) = [one for one in shop.ledger().runs() if one.command == "pulumi up"]
    assert (run.exit_code, run.summary) == (0, {"done": 1})


def test_a_stack_that_another_run_holds_is_not_written_to(home: Home, engine: Engine) -> None:
    with (
        home.workshop() as shop,
        shop.ledger().lease([STACK], holder="apply"),
        pytest.raises(Refused, match="held by apply"),
    ):
        engine.create(RAILWAY, "shop", SHOP)
    assert home.things("railway", "project") == []


def test_what_comes_at_once_is_written_together(home: Home) -> None:
    with home.engine(gather_seconds=0.3) as engine:
        built(engine)
        home.world.clear_calls()
        made = engine.at_once(
            *(
                lambda n=n: engine.create(VARIABLE, f"api/V{n}", variable(f"V{n}", f"plain-{n}"))  # type: ignore[misc]
                for n in range(12)
            )
        )
    assert not [one for one in made if isinstance(one, Refused)]
    commits = [one for one in home.world.calls() if "Commit" in str(one["path"]) or "Apply" in str(one["path"])]
    assert len(commits) <= 2
    assert len(home.variables()) == 12


def test_of_two_with_one_key_at_once_one_is_made(home: Home) -> None:
    with home.engine(gather_seconds=0.3) as engine:
        one, other = engine.at_once(
            lambda: engine.create(RAILWAY, "shop", SHOP), lambda: engine.create(RAILWAY, "store", SHOP)
        )
    assert sorted(isinstance(each, Refused) for each in (one, other)) == [False, True]
    assert len(home.things("railway", "project")) == 1


def test_a_secret_leaves_as_a_secret(engine: Engine) -> None:
    built(engine)
    made = engine.create(VARIABLE, "api/TOKEN", variable("TOKEN", secret("hush-hush-1")))
    assert isinstance(made.output("value"), SecretText)


def test_what_the_stack_file_names_by_its_id_is_taken_as_it_lives_and_never_made(home: Home) -> None:
    live = home.world.create("railway", "project", "shop", "acme", {})
    stack = "account: acme\nrailway:\n  project: {shop: {name: shop, id: ID}}\n"
    home.write(STACK, stack.replace("ID", str(live["id"])))
    with home.engine() as engine:
        assert engine.create(RAILWAY, "shop", SHOP).remote == live["id"]
    assert [row.id for row in home.memory().owned] == [live["id"]]
    home.forget(STACK, "railway.project.shop")
    home.write(STACK, stack.replace("ID", "6d1ca9b2-75e2-46c6-86a8-ed05161112fe"))
    with home.engine() as engine, pytest.raises(Refused, match="never made"):
        engine.create(RAILWAY, "shop", SHOP)
    assert len(home.things("railway", "project")) == 1
