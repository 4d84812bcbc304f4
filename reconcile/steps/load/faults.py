"""What a model refuses, told with the line it stands in and the nearest key that would do."""

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ...model.resource import Resource, Secret
from .problems import Problems, echo, named
from .stack import COVERS, PIN, Draft
from .tree import Node, plain

# Messages of these come from a model's own code and may quote what they were given.
_FREE_TEXT = frozenset({"value_error", "assertion_error"})
MESSAGE_LIMIT = 300


def tell(error: ValidationError, draft: Draft, references: Collection[str], problems: Problems) -> None:
    """Turns a model's errors into problems. Those of silent fields are left out: their cause is told already."""
    refused: dict[tuple[str, str], tuple[Node, list[ErrorDetails]]] = {}
    for detail in error.errors(include_url=False, include_context=False):
        name = _field(draft.cls, detail["loc"])
        if name in draft.silent or (draft.silent and not name):
            continue
        where = (name, *detail["loc"][1:]) if name else ()
        if detail["type"] == "extra_forbidden":
            _tell_unknown(detail["loc"], draft, problems)
            continue
        node, path, left = _walk(draft, where)
        if detail["type"] == "missing":
            missing = ".".join([path, *(part for part in left if part.isidentifier())])
            problems.add(node.at_key(missing), f"field {named(left[-1] if left else name)} is missing")
        else:
            refused.setdefault((name, path), (node, []))[1].append(detail)
    for (name, path), (node, details) in refused.items():
        place = node.at_key(path) if node is draft.node else node.at_value(path)
        if name in references:
            problems.add(place, "cannot wait for an output", "name an input, or write the value")
        else:
            problems.add(place, *_message(details, draft, name))


def _field(cls: type[Resource], where: tuple[int | str, ...]) -> str:
    """The field that an error belongs to; "" for the resource as a whole. Pydantic may name it by its alias."""
    first = str(where[0]) if where else ""
    if first and first not in cls.model_fields:
        for name, info in cls.model_fields.items():
            if first in (info.alias, info.validation_alias):
                return name
    return first


def _tell_unknown(where: tuple[int | str, ...], draft: Draft, problems: Problems) -> None:
    node, path, _ = _walk(draft, where)
    known = keys_of(draft.cls) if len(where) == 1 else ()
    problems.add(node.at_key(path), f"unknown key {named(str(where[-1]))}", problems.nearest(str(where[-1]), known))


def _walk(draft: Draft, where: tuple[int | str, ...]) -> tuple[Node, str, list[str]]:
    """The deepest node on the way, its path, and what could not be walked (what is missing; a union's own words)."""
    node = draft.node
    path = draft.path
    left: list[str] = []
    for step in where:
        value = node.value
        if isinstance(value, dict) and step in value:
            node, path, left = value[str(step)], f"{path}.{step}", []
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            node, path, left = value[step], f"{path}.{step}", []
        else:
            left.append(str(step))
    return node, path, left


def keys_of(cls: type[Resource]) -> tuple[str, ...]:
    """Keys that a resource may have in a stack file."""
    return (*(name for name in cls.writable() if name != cls.group_by), COVERS, PIN)


def _message(details: list[ErrorDetails], draft: Draft, name: str) -> tuple[str, str]:
    """What is wanted instead of a value, with a hint. Several details: none of a union's members takes it."""
    value = details[0]["input"]
    is_number = isinstance(value, int | float)
    hint = "put it in quotes" if is_number and any(one["type"] == "string_type" for one in details) else ""
    if name in draft.cls.having(Secret):
        return "a value of another form is wanted (this one is secret and not shown)", hint
    told = dict.fromkeys(_wanted(detail, draft, alone=len(details) == 1) for detail in details)
    message = " or ".join(told)
    if all(detail["type"] in _FREE_TEXT for detail in details):
        return message, ""
    return f"must be {message}, not {echo(value)}", hint


def _wanted(detail: ErrorDetails, draft: Draft, *, alone: bool) -> str:
    message = detail["msg"]
    if detail["type"] in _FREE_TEXT:
        return _hidden(message.partition(", ")[2] or message, draft)[:MESSAGE_LIMIT]
    message = message.removeprefix("Input should be ")
    return message if alone else message.partition(", ")[0]


def _hidden(message: str, draft: Draft) -> str:
    """The message without any text of a secret field."""
    for name in draft.cls.having(Secret):
        node = draft.fields.get(name)
        for text in _texts(plain(node)) if node else ():
            message = message.replace(text, "(hidden)") if text else message
    return message


def _texts(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [text for inner in value.values() for text in _texts(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner)]
    return [] if value is None else [str(value)]
