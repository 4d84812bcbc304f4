"""A secret in plain in a stack file: denied, and nothing of it reaches the platform."""

import pytest

from reconcile.loop import plan_exit_code
from reconcile.model.secrecy import is_secret

from .estate import Runbooks, changed, proved
from .estate import built as built
from .estate import runbooks as runbooks

KEY = "sk_" + "live_51MzQxNrT8kLw2vPq"
"""In two parts: no scanner of keys is to stop at this file."""


def add(runbooks: Runbooks, name: str, said: object) -> None:
    def with_variable(held: dict[str, dict[str, dict[str, dict[str, object]]]]) -> None:
        variables = held["railway"]["instance"]["api"]["variables"]
        assert isinstance(variables, dict)
        variables[name] = said

    runbooks.change("bilko-production", with_variable)


@pytest.mark.parametrize("name", ["STRIPE_API_KEY", "PAYMENTS"])
def test_a_literal_secret_is_denied_and_not_sent(runbooks: Runbooks, name: str) -> None:
    add(runbooks, name, KEY)
    judged = runbooks.plan()
    assert changed(judged) == [("bilko-production", "create", "git", f"railway.variable.api/{name}")]
    assert plan_exit_code(judged, detailed=False) == 10
    (outcome,) = runbooks.apply().outcomes
    assert (outcome.status, outcome.exit_code) == ("denied", 10)
    assert "{exists: true}" in outcome.error and KEY not in outcome.error
    assert not runbooks.shelf("variable", environment="production", service="api", name=name)


def test_a_literal_that_only_looks_like_a_secret_is_taken_with_its_reason(runbooks: Runbooks) -> None:
    add(runbooks, "STRIPE_API_KEY", {"literal": KEY, "because": "a key of the vendor's documentation"})
    proved(runbooks.apply())
    assert runbooks.value("api", "STRIPE_API_KEY") == KEY


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SESSION_SECRET", "hunter2"),
        ("DATABASE_URL", "postgres://app:hunter2@db.example.net/app"),
        ("SIGNING", "-----BEGIN RSA PRIVATE KEY-----"),
        ("ANYTHING", KEY),
    ],
)
def test_what_is_surely_a_secret_is_known_as_one(name: str, value: str) -> None:
    assert is_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NODE_ENV", "production"),
        ("JWT_EXPIRES_IN", "15m"),
        ("JWT_ALGORITHM", "HS256"),
        ("PASSWORD_MIN_LENGTH", "12"),
        ("COOKIE_SECURE", "true"),
        ("API_KEY_HEADER", "X-Api-Key"),
        ("DATABASE_URL", "${{Postgres.DATABASE_URL}}"),
        ("REDIS_PASSWORD", "${{Redis.REDIS_PASSWORD}}"),
        ("CORS_ORIGIN", "https://app.example.net"),
    ],
)
def test_what_is_none_is_let_pass(name: str, value: str) -> None:
    assert not is_secret(name, value)


def test_what_was_let_pass_is_put_back_after_an_edit_by_hand(runbooks: Runbooks) -> None:
    name = "VITE_CLERK_PUBLISHABLE_KEY"
    there = dict(runbooks.one("variable", "capliquify", environment="production", name=name))
    runbooks.world.edit("railway", "variable", there["id"], "capliquify", {"value": "pk_live_of_somebody_else"})
    assert len(proved(runbooks.heal()).outcomes) == 1
    assert runbooks.one("variable", "capliquify", environment="production", name=name)["value"] == there["value"]
