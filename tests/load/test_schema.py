"""The JSON schema accepts what loads and refuses what an editor can know to be wrong."""

import copy
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from reconcile.reference.schema import schema

from .samples import KINDS

GOOD: dict[str, Any] = yaml.safe_load("""
account: acme
writer: pulumi
uses: [shared]
dns:
  zone: {z: {name: a.example}}
  records:
    z:
      apex: {name: "@", type: A, content: 192.0.2.1, ttl: auto, covers: [x-1]}
      www: {type: CNAME, content: "${host.site.s.target}", ttl: 300, priority: "${host.site.s.port}"}
host:
  site:
    s: {port: 81, domains: [z], parent: t, env: {A: b}, limits: {memory: 1, cpu: "${host.site.t.port}"}}
    t: {}
ignore:
  - {address: host.site.s, field: port, owner: ops, reason: test, expires: "2027-01-31"}
moved:
  - {from: host.site.old, to: host.site.s}
""")


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    made = schema(KINDS, ["acme", "rival"])
    Draft202012Validator.check_schema(made)
    return Draft202012Validator(made)


def changed(path: str, value: Any) -> dict[str, Any]:
    """The good stack with one value set, or taken away where it is None."""
    stack = copy.deepcopy(GOOD)
    *way, last = path.split(".")
    place: Any = stack
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return stack


def test_a_good_stack_is_valid(validator: Draft202012Validator) -> None:
    assert [error.message for error in validator.iter_errors(GOOD)] == []


BAD: list[tuple[str, Any]] = [
    ("account", None),
    ("account", "nobody"),
    ("writer", "me"),
    ("uses", "shared"),
    ("colour", "red"),
    ("secrets", []),
    ("dns.colour", {}),
    ("dns.record", {}),
    ("dns.zone.Z", {"name": "x"}),
    ("dns.records.z.apex.type", None),
    ("dns.records.z.apex.type", "B"),
    ("dns.records.z.apex.ttl", "soon"),
    ("dns.records.z.apex.colour", "red"),
    ("dns.records.z.apex.zone", "z"),
    ("dns.records.z.apex.covers", "x-1"),
    ("dns.records.Z", {}),
    ("host.site.s.target", "x"),
    ("host.site.s.dnsTarget", "x"),
    ("host.site.s.domains", "z"),
    ("host.site.s.limits", {}),
    ("host.site.s.limits.colour", "red"),
    ("ignore.0.owner", None),
    ("ignore.0.expires", "soon"),
    ("ignore.0.until", "x"),
    ("moved.0.to", None),
    ("moved.0.to", "s"),
]


@pytest.mark.parametrize(("path", "value"), BAD)
def test_a_bad_stack_is_refused(validator: Draft202012Validator, path: str, value: Any) -> None:
    assert not validator.is_valid(changed(path, value))


def test_a_stack_that_extends_may_leave_out_and_remove(validator: Draft202012Validator) -> None:
    records = {"z": {"apex": {"ttl": 60, "comment": None}, "www": None}}
    assert validator.is_valid({"extends": "common", "dns": {"records": records}})
    assert not validator.is_valid({"extends": "common", "dns": {"records": {"z": {"apex": {"colour": 1}}}}})
    assert not validator.is_valid({"extends": "common", "colour": {}})


def test_any_account_will_do_where_none_are_given() -> None:
    assert Draft202012Validator(schema(KINDS)).is_valid({"account": "nobody"})


def test_fields_are_described() -> None:
    made = schema(KINDS)["$defs"]
    assert made["dns.record"]["properties"]["ttl"]["description"] == "Seconds; auto leaves it to the platform."
    assert made["host.site"]["properties"]["parent"]["description"] == "Logical name of a host.site."
