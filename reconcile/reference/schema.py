"""The JSON schema of stack files, made from the models: what gives completion and red lines in an editor.

It is looser than loading where a schema cannot follow: names of other resources, two owners, and what a base gives.
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from ..model.issuing import IssueOptions
from ..model.resource import LOGICAL_NAME, ReadOnly, Resource
from .rotation import secrets_schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def _anchored(pattern: str) -> str:
    return "^" + pattern.removesuffix(r"\Z") + "$"


_NAME = _anchored(LOGICAL_NAME.pattern)
_REFERENCE = {"type": "string", "pattern": r"\$\{", "description": "${platform.kind.name.field} of another resource."}
_ADDRESS = {"type": "string", "description": "platform.kind.name", "pattern": r"^[^.]+\.[^.]+\..+$"}
_COVERS = {
    "type": "array",
    "items": {"type": "string"},
    "description": "Ids of the obligations that this resource holds (docs/coverage).",
}

_PIN = {
    "type": "string",
    "description": "The platform's id of the one thing that this is: it is taken over as ours, and never made.",
}


class _Lenient(GenerateJsonSchema):
    """A type that JSON has no word for accepts anything here; the model still judges it."""

    def handle_invalid_for_json_schema(self, schema: core_schema.CoreSchema, error_info: str) -> JsonSchemaValue:
        return {}


def schema(
    kinds: Mapping[str, type[Resource]],
    accounts: Collection[str] | None = None,
    issues: Mapping[str, type[IssueOptions]] = MappingProxyType({}),
) -> dict[str, Any]:
    """The schema, draft 2020-12. `accounts`: the names that `account:` may have; None: any text. `issues`: the kinds
    of credentials that platforms make or check.

    A file that says `extends:` may leave required fields to its base and remove others with `null`.
    """
    definitions: dict[str, Any] = {}
    whole = _top(kinds, accounts, definitions, partial=False)
    partial = _top(kinds, accounts, definitions, partial=True)
    for top in (whole, partial):
        top["properties"]["secrets"] = secrets_schema(issues, definitions, partial=top is partial)
    return {
        "$schema": DIALECT,
        "title": "A stack",
        "description": "Desired state of one stack: resources by platform, section and logical name.",
        "type": "object",
        "if": {"required": ["extends"]},
        "then": partial,
        "else": {**whole, "required": ["account"]},
        # Repeated at the top for editors that do not look into `then` and `else`.
        "properties": {key: {} for key in whole["properties"]},
        "additionalProperties": False,
        "$defs": definitions,
    }


def _top(
    kinds: Mapping[str, type[Resource]], accounts: Collection[str] | None, definitions: dict[str, Any], *, partial: bool
) -> dict[str, Any]:
    platforms: dict[str, dict[str, Any]] = {}
    for kind, cls in sorted(kinds.items()):
        platform, _, word = kind.partition(".")
        made = _resource(cls, definitions, partial=partial)
        for below in kinds.values():
            if below.nested and below.refers()[below.group_by] == kind:
                made["properties"][below.section] = _section(below, partial)
        definitions[_definition(cls, partial)] = made
        if cls.nested:
            continue
        section = _section(cls, partial)
        if cls.group_by:
            section = _by_name(section, partial) | {"description": f"By {cls.group_by}, then by logical name."}
        platforms.setdefault(platform, {})[cls.section or word] = section
    properties = _head(accounts)
    for platform, sections in platforms.items():
        properties[platform] = _object(sections, f"Resources on {platform}.", partial)
    return {"properties": properties}


def _definition(cls: type[Resource], partial: bool) -> str:
    return f"{cls.kind}.partial" if partial else cls.kind


def _section(cls: type[Resource], partial: bool) -> dict[str, Any]:
    """A map by logical name; a bare value where the kind has a field for it."""
    inner: dict[str, Any] = {"$ref": f"#/$defs/{_definition(cls, partial)}"}
    if cls.shorthand:
        inner = {"anyOf": [{"type": ["string", "number", "boolean"]}, inner]}
    return _by_name(inner, partial, cls.logical_name.pattern)


def _head(accounts: Collection[str] | None) -> dict[str, Any]:
    account: dict[str, Any] = {"type": "string", "description": "One of `accounts:` in _project.yaml."}
    if accounts is not None:
        account["enum"] = sorted(accounts)
    return {
        "account": account,
        "writer": {"enum": ["trueup", "pulumi"], "default": "trueup", "description": "Who changes the platforms."},
        "uses": {
            "type": "array",
            "items": {"type": "string", "pattern": _NAME},
            "description": "Stacks whose addresses this one may name.",
        },
        "extends": {
            "type": "string",
            "description": "A base, `_name.yaml`: maps merge, lists and scalars replace, null removes.",
        },
        "ignore": {"type": "array", "items": _ignore(), "description": "Fields that may differ until a day."},
        "moved": {"type": "array", "items": _moved(), "description": "Addresses that changed their name."},
    }


def _ignore() -> dict[str, Any]:
    text = {"type": "string", "minLength": 1}
    properties = {
        "address": _ADDRESS,
        "field": text,
        "owner": text | {"description": "Who wants the difference."},
        "reason": text,
        "expires": {
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
            "description": "The last day of the rule (UTC).",
        },
    }
    return _object(properties, "A field that may differ.", False) | {"required": list(properties)}


def _moved() -> dict[str, Any]:
    properties = {"from": _ADDRESS, "to": _ADDRESS}
    return _object(properties, "The thing at `from` is now at `to`.", False) | {"required": ["from", "to"]}


def _by_name(inner: dict[str, Any], partial: bool, name: str = LOGICAL_NAME.pattern) -> dict[str, Any]:
    return {
        "type": ["object", "null"] if partial else "object",
        "propertyNames": {"pattern": _anchored(name)},
        "additionalProperties": inner,
    }


def _object(properties: dict[str, Any], description: str, partial: bool) -> dict[str, Any]:
    return {
        "type": ["object", "null"] if partial else "object",
        "description": description,
        "properties": properties,
        "additionalProperties": False,
    }


def _resource(cls: type[Resource], definitions: dict[str, Any], *, partial: bool) -> dict[str, Any]:
    made = cls.model_json_schema(
        by_alias=False, ref_template=f"#/$defs/{cls.kind}:{{model}}", schema_generator=_Lenient, mode="validation"
    )
    for name, definition in made.get("$defs", {}).items():
        for inner, field in definition.get("properties", {}).items():
            definition["properties"][inner] = _or_reference(field)
        definitions[f"{cls.kind}:{name}"] = definition
    outputs = cls.having(ReadOnly)
    properties = {
        name: _field(cls, name, field, partial)
        for name, field in made.get("properties", {}).items()
        if name not in outputs and name != cls.group_by
    }
    described = (cls.__doc__ or cls.kind).strip().splitlines()[0]
    result = _object({"id": _PIN, **properties, "covers": _COVERS}, described, partial)
    # `name` is the logical name where it is left out.
    required = [name for name in made.get("required", ()) if name in properties and name != "name"]
    if required and not partial:
        result["required"] = required
    return result


def _field(cls: type[Resource], name: str, made: dict[str, Any], partial: bool) -> dict[str, Any]:
    """A field as a stack file writes it."""
    target = cls.refers().get(name)
    result = {key: value for key, value in made.items() if key != "title"} if target else _or_reference(made)
    if target:
        told = f"Logical name of a {target}."
        result["description"] = f"{made['description']} {told}" if "description" in made else told
    if partial:
        facts: dict[str, Any] = {key: result.pop(key) for key in ("description", "default") if key in result}
        result = {"anyOf": [result, {"type": "null"}], **facts}
    return result


def _or_reference(made: dict[str, Any]) -> dict[str, Any]:
    """A field whose value may also be given by a reference."""
    facts: dict[str, Any] = {key: made[key] for key in ("description", "default") if made.get(key) is not None}
    bare = {key: value for key, value in made.items() if key not in ("description", "default", "title")}
    choices = bare.pop("anyOf", None) or [bare]
    if not any(choice in ({"type": "string"}, {}) for choice in choices):
        choices = [*choices, _REFERENCE]
    return {**(choices[0] if len(choices) == 1 else {"anyOf": choices}), **facts}
