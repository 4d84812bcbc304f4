"""Check: the model judges inputs before anything is called."""

import pytest
from pulumi.runtime.proto import provider_pb2

from reconcile.model.secret import SecretText
from reconcile.program.properties import decode

from .engine import UNKNOWN, VARIABLE, Engine, Home, Refused, secret, struct, variable

INSTANCE = "trueup:railway:Instance"
RUNS = {"account": "acme", "service": "shop/api", "environment": "shop/live"}


def test_good_inputs_pass_as_they_came_and_no_call_is_made(home: Home, engine: Engine) -> None:
    answer = engine.check(INSTANCE, "api", {**RUNS, "source": {"image": "nginx:1"}, "replicas": 2})
    assert not answer.failures
    assert decode(answer.inputs) == {**RUNS, "source": {"image": "nginx:1"}, "replicas": 2}
    assert home.world.calls() == []


def test_each_field_that_will_not_do_is_one_failure(engine: Engine) -> None:
    found = engine.refusals(
        INSTANCE, {**RUNS, "replicas": -1, "source": {"repo": "a/b", "image": "c"}, "sleep": "no idea"}
    )
    assert found.keys() == {"replicas", "source", "sleep"}
    assert found["source"] == "say either repo or image"


def test_an_unknown_field_is_refused_with_the_nearest(engine: Engine) -> None:
    found = engine.refusals(INSTANCE, {**RUNS, "replica": 1})
    assert "did you mean `replicas`?" in found["replica"]


def test_a_field_of_the_platforms_own_is_no_input(engine: Engine) -> None:
    assert "output" in engine.refusals(INSTANCE, {**RUNS, "deployment": "SUCCESS"})["deployment"]


def test_what_is_missing_is_named(engine: Engine) -> None:
    assert engine.refusals(INSTANCE, {"account": "acme", "service": "shop/api"}) == {"environment": "it is required"}


def test_the_account_must_be_one_that_the_project_names_for_the_platform(engine: Engine) -> None:
    rest = {"name": "shop"}
    assert "acme" in engine.refusals("trueup:railway:Project", rest)["account"]
    assert (
        "no account nobody on railway"
        in engine.refusals("trueup:railway:Project", {**rest, "account": "nobody"})["account"]
    )
    assert (
        "no account other on railway"
        in engine.refusals("trueup:railway:Project", {**rest, "account": "other"})["account"]
    )
    assert engine.refusals("trueup:vercel:Project", {**rest, "account": "other"}) == {}


def test_what_is_not_known_yet_passes_and_the_rest_is_judged(engine: Engine) -> None:
    unknown = {"account": UNKNOWN, "service": UNKNOWN, "environment": "shop/live", "replicas": UNKNOWN}
    assert engine.refusals(INSTANCE, {**unknown, "source": {"repo": UNKNOWN, "branch": "main"}}) == {}
    found = engine.refusals(INSTANCE, {**unknown, "source": {"repo": UNKNOWN, "brnch": "main"}, "sleeps": True})
    assert found.keys() == {"source.brnch", "sleeps"}


def test_a_secret_stays_marked_as_one(engine: Engine) -> None:
    answer = engine.check(VARIABLE, "api/TOKEN", variable("TOKEN", secret("hush-hush-1")))
    assert not answer.failures
    assert isinstance(decode(answer.inputs)["value"], SecretText)


def test_a_field_that_was_made_a_secret_is_judged_by_its_value(engine: Engine) -> None:
    assert engine.refusals(INSTANCE, {**RUNS, "region": secret("us-west"), "replicas": secret(3)}) == {}
    assert "replicas" in engine.refusals(INSTANCE, {**RUNS, "replicas": secret(-3)})


def test_what_is_only_looked_at_is_written_by_nobody(engine: Engine) -> None:
    assert "exists" in engine.refusals(VARIABLE, {"account": "acme", "instance": "a/b/c", "name": "X", "exists": True})


def test_a_credential_in_the_configuration_is_refused_with_advice(engine: Engine) -> None:
    answer = engine.call(
        "CheckConfig", provider_pb2.CheckRequest(news=struct({"token": secret("hush-hush-1"), "version": "1"}))
    )
    (failure,) = answer.failures
    assert failure.property == "token"
    assert "environment" in failure.reason and "hush" not in failure.reason


def test_a_type_of_somebody_elses_is_refused(engine: Engine) -> None:
    with pytest.raises(Refused, match="no type of this provider"):
        engine.check("trueup:betterstack:Heartbeat", "x", {})


def test_what_is_wrong_with_a_secret_does_not_repeat_it(engine: Engine) -> None:
    domain = {"account": "acme", "project": "web", "host": secret("hush hush/1")}
    assert engine.refusals("trueup:vercel:Domain", domain) == {"host": "'***' is no domain"}
