"""Diff: models are compared, not the way that a program wrote them."""

from pulumi.runtime.proto import provider_pb2

from reconcile.program.properties import decode

from .engine import UNKNOWN, VARIABLE, Engine, Home, State, built, secret, struct, variable

INSTANCE = "trueup:railway:Instance"
RUNS = {"account": "acme", "service": "shop/api", "environment": "shop/live"}
KIND = provider_pb2.PropertyDiff.Kind


def state(engine: Engine, token: str, inputs: dict[str, object]) -> State:
    return State(engine.urn(token, "api"), "acme/some-id", struct(inputs), struct(inputs))


def kinds(answer: provider_pb2.DiffResponse) -> dict[str, str]:
    return {path: KIND.Name(one.kind) for path, one in answer.detailedDiff.items()}


def test_other_words_for_the_same_are_no_difference(engine: Engine) -> None:
    old = state(engine, INSTANCE, {**RUNS, "region": "europe-west4"})
    answer = engine.diff(old, {**RUNS, "region": "europe-west", "replicas": 1, "cron": None})
    assert (answer.changes, kinds(answer)) == (provider_pb2.DiffResponse.DIFF_NONE, {})


def test_a_difference_is_told_by_its_path(engine: Engine) -> None:
    old = state(engine, INSTANCE, {**RUNS, "source": {"repo": "a/b", "branch": "main"}})
    answer = engine.diff(old, {**RUNS, "source": {"repo": "a/b", "branch": "next"}, "cron": "0 3 * * *"})
    assert answer.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert kinds(answer) == {"source.branch": "UPDATE", "cron": "ADD"}
    assert not answer.replaces


def test_what_cannot_change_is_made_anew_and_deleted_first(engine: Engine) -> None:
    old = state(engine, INSTANCE, RUNS)
    answer = engine.diff(old, {**RUNS, "environment": "shop/other"})
    assert (list(answer.replaces), answer.deleteBeforeReplace) == (["environment"], True)
    assert kinds(answer) == {"environment": "UPDATE_REPLACE"}
    assert list(engine.diff(old, {**RUNS, "account": "other"}).replaces) == ["account"]


def test_what_is_ignored_does_not_differ(engine: Engine) -> None:
    old = state(engine, INSTANCE, {**RUNS, "source": {"repo": "a/b", "branch": "main"}})
    new = {**RUNS, "source": {"repo": "a/b", "branch": "next"}, "replicas": 3}
    assert kinds(engine.diff(old, new, ("source",))) == {"replicas": "UPDATE"}
    assert kinds(engine.diff(old, new, ("source.branch", "replicas"))) == {}


def test_secrets_are_compared_by_their_values(engine: Engine) -> None:
    old = state(engine, VARIABLE, variable("TOKEN", secret("hush-hush-1")))
    assert kinds(engine.diff(old, variable("TOKEN", secret("hush-hush-1")))) == {}
    assert kinds(engine.diff(old, variable("TOKEN", "hush-hush-1"))) == {}
    assert kinds(engine.diff(old, variable("TOKEN", secret("hush-hush-2")))) == {"value": "UPDATE"}


def test_what_is_not_known_yet_may_differ(engine: Engine) -> None:
    old = state(engine, INSTANCE, {**RUNS, "region": "europe-west4", "replicas": 2})
    assert kinds(engine.diff(old, {**RUNS, "region": "europe-west", "replicas": UNKNOWN})) == {"replicas": "UPDATE"}
    assert kinds(engine.diff(old, {**RUNS, "service": UNKNOWN, "replicas": 2, "region": "europe-west"})) == {
        "service": "UPDATE_REPLACE"
    }


def test_what_is_no_longer_declared_stays_and_counts_where_the_ledger_remembers_it(home: Home, engine: Engine) -> None:
    instance = built(engine)["instance"]
    inputs = {**RUNS, "source": {"image": "nginx:1"}}
    declared = engine.update(instance, {**inputs, "cron": "0 3 * * *"})
    never_ours = state(engine, INSTANCE, {**inputs, "region": "europe-west"})
    assert kinds(engine.diff(never_ours, inputs)) == {}
    assert kinds(engine.diff(declared, inputs)) == {"cron": "DELETE"}
    assert "cron" in applied(home)
    engine.update(declared, inputs)
    assert "cron" not in applied(home)
    live = engine.imported(INSTANCE, "api", instance.id)
    assert live is not None and decode(live.inputs)["cron"] == "0 3 * * *"


def applied(home: Home) -> set[str]:
    (row,) = [one for one in home.memory().applied.values() if one.address.kind == "instance"]
    return set(row.fields)
