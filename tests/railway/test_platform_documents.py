"""Every text that our Railway sends, against Railway's published schema and what its clients are known to do."""

from pathlib import Path

import graphql
import pytest
from graphql import GraphQLSchema

from reconcile.platforms.railway import documents
from reconcile.platforms.railway.pretend_graphql import schema
from tests.railway.platform_bench import Bench, bench, change, instance, look, shared, variable
from tests.railway.test_platform_failures import WAVES

__all__ = ["bench"]
PUBLISHED = Path(__file__).resolve().parents[3] / "shared" / "specs" / "railway.graphql"
TEXTS = (
    *documents.FIXED,
    *(form(count) for form in (documents.snapshot, documents.poll, documents.etags) for count in (1, 10)),
    documents.poll(0),
    documents.poll(1, keys=True),
    *(documents.more(connection) for connection in documents.CONNECTIONS),
    documents.per_service([documents.PROXIES, documents.VALUES, documents.SHARED_VALUES, documents.SCHEDULES] * 25),
)


@pytest.fixture(scope="module")
def published() -> GraphQLSchema:
    if not PUBLISHED.exists():
        pytest.skip("not run: railway.graphql is not at hand")
    # The published schema breaks one of graphql-core's rules: a deprecated field implements one that is not.
    return graphql.build_schema(PUBLISHED.read_text(), assume_valid=True)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: str(text).split("(")[0].split("{")[0].split()[-1])
def test_every_text_is_valid_by_the_published_schema(text: str, published: GraphQLSchema) -> None:
    assert graphql.validate(published, graphql.parse(text)) == []


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: str(text).split("(")[0].split("{")[0].split()[-1])
def test_every_text_is_valid_in_the_sandbox(text: str) -> None:
    assert graphql.validate(schema(), graphql.parse(text)) == []


def test_every_request_names_its_operation_in_the_query_string(bench: Bench) -> None:
    """Without a query string Railway's edge limits the path much harder."""
    railway = bench.railway()
    for wave in WAVES:
        list(railway.apply([change(one) for one in wave]))
    look(railway)
    sent = list(bench.world.calls())
    assert len(sent) > 20
    for call in sent:
        name = str(call["path"]).removeprefix("/graphql/v2?query=")
        assert call["method"] == "POST" and name.isalpha()
        assert f" {name}" in call["request"]["query"].split("{")[0]


def test_a_service_is_made_without_a_source_and_for_no_one_environment(bench: Bench) -> None:
    bench.build(bench.railway())
    (first, *_) = [call for call in bench.world.calls() if call["path"].endswith("ServiceCreate")]
    assert set(first["request"]["variables"]["i"]) == {"projectId", "name"}


def test_change_sets_carry_the_token_of_what_was_read_and_never_wait(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway, variable("A", "1"))
    look(railway)
    list(railway.apply([change(variable("B", "1"))]))
    (sent,) = [call["request"]["variables"] for call in bench.world.calls() if call["path"].endswith("=Apply")]
    assert sent["b"] and sent["w"] is False
    assert set(sent["i"]) == {"version", "changes", "diagnostics"}
    (one,) = sent["i"]["changes"]
    assert (one["kind"], one["address"], one["path"]) == (
        *("variable.set", "service.api", "resources.service.api.variables.B"),
    )


def test_an_instance_is_made_by_a_patch_and_never_taken_away_by_the_services_own_deletion(bench: Bench) -> None:
    railway = bench.railway()
    bench.build(railway, shared("X", "y"))
    live = look(railway)
    bench.calls()
    (seen,) = [one for one in live.seen if one.key == instance().keys()[0] and one.kind == "railway.instance"]
    list(railway.apply([change(None, seen)]))
    assert bench.calls() == ["Etags", "PatchCommit", "Snapshot"]
