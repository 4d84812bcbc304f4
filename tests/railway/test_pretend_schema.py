"""The sandbox's Railway against Railway's published schema, and against every document that its clients send."""

import json
from pathlib import Path
from typing import Any

import graphql
import pytest
from graphql import GraphQLSchema
from jsonschema import Draft202012Validator

from reconcile.platforms.railway.pretend_config import wrong
from reconcile.platforms.railway.pretend_graphql import is_read, schema
from tests.railway.documents import DOCUMENTS
from tests.railway.talk import Talk, world_of

SPECS = Path(__file__).resolve().parents[3] / "shared" / "specs"


def specs(name: str) -> str:
    path = SPECS / name
    if not path.exists():
        pytest.skip(f"not run: {name} is not at hand")
    return path.read_text()


@pytest.fixture(scope="module")
def published() -> GraphQLSchema:
    # The published schema breaks one of graphql-core's rules: a deprecated field implements one that is not.
    return graphql.build_schema(specs("railway.graphql"), assume_valid=True)


def test_every_type_field_argument_and_enum_value_is_the_vendors(published: GraphQLSchema) -> None:
    wrong_ones: list[str] = []

    def check(where: str, ours: Any, theirs: Any) -> None:
        if theirs is None or str(ours.type) != str(theirs.type):
            wrong_ones.append(f"{where}: {ours.type}, theirs {theirs and theirs.type}")

    named: dict[str, Any] = dict(schema().type_map)
    for name, ours in named.items():
        theirs: Any = published.type_map.get(name)
        if theirs is None or type(ours) is not type(theirs):
            wrong_ones.append(name)
        elif graphql.is_enum_type(ours) and not name.startswith("__"):
            wrong_ones += [f"{name}.{value}" for value in set(ours.values) ^ set(theirs.values)]
        elif graphql.is_input_object_type(ours) or graphql.is_object_type(ours):
            for field, told in ours.fields.items() if not name.startswith("__") else ():
                known = theirs.fields.get(field)
                check(f"{name}.{field}", told, known)
                for argument, one in getattr(told, "args", {}).items():
                    check(f"{name}.{field}({argument})", one, known.args.get(argument) if known else None)
    assert wrong_ones == []


def test_inputs_and_arguments_lack_nothing_the_vendor_takes(published: GraphQLSchema) -> None:
    """Else a call that the vendor takes would be refused here."""
    for name, ours in schema().type_map.items():
        theirs: Any = published.type_map[name]
        if graphql.is_input_object_type(ours):
            assert set(theirs.fields) == set(ours.fields), name
        elif graphql.is_object_type(ours) and not name.startswith("__"):
            for field, told in ours.fields.items():
                assert set(theirs.fields[field].args) == set(told.args), f"{name}.{field}"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_document_is_valid_in_both_schemas(name: str, published: GraphQLSchema) -> None:
    document = graphql.parse(DOCUMENTS[name])
    assert graphql.validate(published, document) == []
    assert graphql.validate(schema(), document) == []
    assert is_read({"query": DOCUMENTS[name]}) == DOCUMENTS[name].strip().startswith("query")


def test_the_keys_of_the_config_are_those_of_its_published_types() -> None:
    told = json.loads(specs("railway-environment-config.schema.json"))
    published = Draft202012Validator(told)
    for sample in _samples(told):
        published.validate(sample)
        assert wrong(sample) == [], sample


def _samples(told: dict[str, Any]) -> list[Any]:
    """One config for each place of the schema that names a key."""
    if "enum" in told:
        return [one for one in told["enum"] if one is not None]
    types = told.get("type", "string")
    kind = types if isinstance(types, str) else types[0]
    if kind == "object":
        nested = [(key, inner) for key, one in told.get("properties", {}).items() for inner in _samples(one)]
        if isinstance(told.get("additionalProperties"), dict):
            nested += [("key", inner) for inner in _samples(told["additionalProperties"])]
        return [{key: inner} for key, inner in nested] or [{}]
    if kind == "array":
        return [[inner] for inner in _samples(told.get("items", {}))]
    return [{"string": "text", "boolean": True, "integer": 1, "number": 1.5}[kind]]


def test_a_key_that_the_config_does_not_name_is_refused_at_every_depth() -> None:
    configs: tuple[dict[str, Any], ...] = (
        {"colour": "red"},
        {"services": {"s": {"colour": "red"}}},
        {"services": {"s": {"source": {"colour": "red"}}}},
        {"services": {"s": {"variables": {"A": {"sealed": True}}}}},
        {"volumes": {"v": {"alerts": {"colour": {}}}}},
    )
    for config in configs:
        assert wrong(config), config


def test_every_document_is_answered() -> None:
    """Each in an order in which it can be: what it needs is there."""
    talk = Talk(world_of()).begin()
    ids = talk.ids
    p, e, s = ids["p"], ids["e"], ids["s"]
    where = {"projectId": p, "environmentId": e, "serviceId": s}
    asked: dict[str, dict[str, Any]] = {
        "WhoAmI": {},
        "Projects": {"w": "workspace-acme"},
        "RL": {"w": "workspace-acme"},
        "ProjectUpdate": {"id": p, "i": {"name": "bilko"}},
        "EnvironmentRename": {"id": e, "i": {"name": "live"}},
        "ServiceUpdate": {"id": s, "i": {"name": "backend", "icon": None}},
        "ServiceInstanceUpdate": {"s": s, "e": e, "i": {"startCommand": "go"}},
        "ServiceConnect": {"id": s, "i": {"image": "example/api:1"}},
        "Deploy": {"s": s, "e": e},
        "VariablesUpsert": {"i": {**where, "variables": {"A": "1"}}},
        "VariableDelete": {"i": {**where, "name": "A"}},
        "PatchCommit": {"e": e, "p": {}},
        "Patches": {"e": e},
        "Stage": {"e": e, "p": {"sharedVariables": {"X": {"value": "1"}}}},
        "CommitStaged": {"e": e},
        "StageAndCommit": {"e": e, "p": {"sharedVariables": {"Y": {"value": "1"}}}, "skip": True},
        "Staged": {"e": e},
        "Instance": {"e": e, "s": s},
        "Workflow": {"w": "none"},
        "Preview": {"e": e, "i": {"version": 1, "changes": []}},
        "Poll": {"e0": e, "e1": e},
        "Snapshot": {"p": p, "e0": e, "e1": e},
    }
    for name, variables in asked.items():
        talk.ask(name, **variables)
    apply = talk.ask("Apply", e=e, i={"version": 1, "changes": []}, w=False)["environmentApplyChangeSet"]
    talk.ask("ApplyStatus", e=e, id=apply["id"])
    _parts(talk, where)
    gone = talk.ask("EnvironmentCreate", i={"projectId": p, "name": "gone"})["environmentCreate"]["id"]
    for name, id in (("ServiceDelete", s), ("EnvironmentDelete", gone), ("ProjectDelete", p)):
        assert talk.ask(name, id=id)
    done = {dict(call)["path"].rpartition("=")[2] for call in talk.world.calls()}
    assert set(DOCUMENTS) - done == set()


def _parts(talk: Talk, where: dict[str, str]) -> None:
    e, s = where["environmentId"], where["serviceId"]
    here = {"environmentId": e, "serviceId": s}
    custom = talk.ask("CustomDomainCreate", i={**where, "domain": "api.bilko.example"})["customDomainCreate"]["id"]
    talk.ask("CustomDomainUpdate", id=custom, e=e, port=1)
    host = talk.ask("ServiceDomainCreate", i=here)["serviceDomainCreate"]
    talk.ask("ServiceDomainUpdate", i={**here, "serviceDomainId": host["id"], "domain": host["domain"]})
    proxy = talk.ask("TcpProxyCreate", i={**here, "applicationPort": 5432})["tcpProxyCreate"]["id"]
    trigger = {**where, "provider": "github", "repository": "example/api", "branch": "main"}
    made = talk.ask("TriggerCreate", i=trigger)["deploymentTriggerCreate"]["id"]
    talk.ask("TriggerUpdate", id=made, i={"branch": "next"})
    volume = talk.ask("VolumeCreate", i={**where, "mountPath": "/data"})["volumeCreate"]["id"]
    instance = next(iter(talk.world.shelf("railway", "acme", "volume")))
    talk.ask("VolumeUpdate", v=volume, i={"name": "data"})
    talk.ask("VolumeInstanceUpdate", v=volume, e=e, i={"serviceId": s, "mountPath": "/d"})
    talk.ask("BackupSchedule", vi=instance, k=["DAILY"])
    talk.ask("PerService", p=where["projectId"], e=e, s=s, vi=instance)
    for name, id in (
        ("CustomDomainDelete", custom),
        ("ServiceDomainDelete", host["id"]),
        ("TcpProxyDelete", proxy),
        ("TriggerDelete", made),
    ):
        assert talk.ask(name, id=id)
    assert talk.ask("VolumeDelete", v=volume)


def test_an_estate_of_a_thousand_variables_is_read_at_once() -> None:
    talk = Talk(world_of()).begin()
    talk.patch_service({"variables": {f"V{n}": {"value": str(n)} for n in range(1000)}})
    edges = talk.snapshot()["e0"]["variables"]["edges"]
    assert len({edge["node"]["name"] for edge in edges}) == 1000
