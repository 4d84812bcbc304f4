"""An editor knows the section `secrets:` and its form in a variable, and the reference page tells of both."""

from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from reconcile.reference.resources import resources
from reconcile.reference.schema import schema

from .rotated import ISSUES, KINDS, one_secret

GOOD = [
    "{strategy: overlap, generate: {bytes: 32}}",
    "{strategy: overlap, generate: {access: {bytes: 32, as: hex}, refresh: {password: 20}}, every: 365d, jitter: 3d}",
    "{strategy: replace, generate: {pair: rsa, bits: 4096}, cron: '0 3 1 * *', window: 'Mon-Fri 01:00-05:00'}",
    "{strategy: overlap, generate: {password: 32, of: abcdefghijk}, soak: 24h, class: irreplaceable, accept: false,"
    " prove: [P0, P1, {P2: 'https://x.example', shows: {ok: true}, times: 2}, {P3: 'https://x.example', shows: kid}]}",
    "{strategy: two-key, issue: {post.api-key: {scopes: [a], account: other}}, prove: [P4, P5, P6]}",
    "{strategy: manual, by_hand: {where: x, steps: [a], check: {post.typed: {}}}, says: x, route: y, covers: [z]}",
    "{strategy: migrate, generate: {bytes: 32}, hook: re-encrypt, max_age: 400d, zone: Europe/Berlin}",
]
BAD = [
    "{generate: {bytes: 32}}",
    "{strategy: overlp, generate: {bytes: 32}}",
    "{strategy: overlap}",
    "{strategy: overlap, generate: {bytes: 32}, by_hand: {steps: [a]}}",
    "{strategy: overlap, generate: {bytes: 8}}",
    "{strategy: overlap, generate: {byts: 32}}",
    "{strategy: overlap, generate: {a: {pair: rsa}}}",
    "{strategy: overlap, generate: {bytes: 32}, every: 1y}",
    "{strategy: overlap, generate: {bytes: 32}, window: Sunday}",
    "{strategy: overlap, generate: {bytes: 32}, prove: [P2]}",
    "{strategy: overlap, generate: {bytes: 32}, prove: [{P2: 'http://x.example'}]}",
    "{strategy: overlap, generate: {bytes: 32}, colour: red}",
    "{strategy: two-key, issue: {post.api-key: {}}}",
    "{strategy: two-key, issue: {post.api-key: {scopes: [a], lable: x}}}",
    "{strategy: two-key, issue: {post.typed: {}}}",
    "{strategy: two-key, issue: {}}",
    "{strategy: manual, by_hand: {}}",
]


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    made = schema(KINDS, None, ISSUES)
    Draft202012Validator.check_schema(made)
    return Draft202012Validator(made)


def errors(validator: Draft202012Validator, text: str) -> list[str]:
    return [error.message for error in validator.iter_errors(yaml.safe_load(text))]


@pytest.mark.parametrize("entry", GOOD)
def test_what_loads_is_valid(validator: Draft202012Validator, entry: str) -> None:
    assert errors(validator, one_secret(entry)) == []


@pytest.mark.parametrize("entry", BAD)
def test_what_an_editor_can_know_is_refused(validator: Draft202012Validator, entry: str) -> None:
    assert errors(validator, one_secret(entry))


def test_a_stack_with_a_base_may_leave_the_rest_to_it(validator: Draft202012Validator) -> None:
    text = "extends: base\nsecrets: {s: {every: 90d, cron: null}, t: null}\n"
    assert errors(validator, text) == []
    assert errors(validator, text.replace("90d", "soon"))


@pytest.mark.parametrize(("variable", "valid"), [("part: a, previous: none", True), ("prt: a", False)])
def test_the_form_in_a_variable_is_known(validator: Draft202012Validator, variable: str, valid: bool) -> None:
    text = one_secret(GOOD[0], "{secret: s, " + variable + "}")
    assert (errors(validator, text) == []) is valid


def test_the_second_value_is_no_key_of_the_schema() -> None:
    assert "_PREVIOUS" not in str(schema(KINDS, None, ISSUES))


def test_the_page_tells_every_key_strategy_level_and_kind_of_credential() -> None:
    page: Any = resources({}, {}, ISSUES)
    wanted = [*schema(KINDS, None, ISSUES)["else"]["properties"]["secrets"]["additionalProperties"]["properties"]]
    wanted += ["overlap", "two-key", "alternate", "roll", "migrate", "manual", "P0", "P6", *ISSUES]
    assert [word for word in wanted if f"`{word}`" not in page] == []
    assert "| `post.api-key` | `value` | the platform | `scopes` (required), `label` |" in page
    assert "| `post.typed` | `value` | a person | none |" in page
