"""A vendor's published OpenAPI document, asked about one exchange at a time."""

import json
import re
from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012

_HERE = "urn:spec"
Schema = Mapping[str, Any]


class Document:
    """Schemas by path and status. Bodies that are sent may hold only what a schema names; answers may hold more.

    `unset` names fields that answers leave null until somebody sets them, where the document does not say so.
    """

    def __init__(self, path: Path, prefix: str, unset: Set[str] = frozenset()) -> None:
        self._prefix = prefix
        text = path.read_text()
        self._whole = _read(json.loads(text) if path.suffix == ".json" else yaml.load(text, yaml.CSafeLoader), unset)
        self._registry: Registry[Any] = Registry().with_resource(_HERE, DRAFT202012.create_resource(self._whole))
        literal_first = sorted(self._whole["paths"], key=lambda one: one.count("{"))
        self._templates = [(re.compile(re.sub(r"\{[^}]+\}", "[^/]+", one) + r"\Z"), one) for one in literal_first]

    def check(self, call: Mapping[str, Any]) -> list[str] | None:
        """What is wrong with one exchange of the sandbox's call log; None where the document has no schema for it."""
        asked = urlsplit(call["path"])
        path = asked.path.removeprefix(self._prefix)
        template = next((one for pattern, one in self._templates if pattern.match(path)), "")
        operation = self._whole["paths"].get(template, {}).get(call["method"].lower())
        if operation is None:
            return [f"{call['method']} {path}: the document has no such operation"]
        wrong = list(self._query(operation, parse_qsl(asked.query, keep_blank_values=True)))
        wrong += self._body(operation.get("requestBody", {}), call["request"], sent=True)
        answer = _of_status(operation["responses"], call["status"])
        if answer is None:
            return _told(call, template, wrong) or None
        return _told(call, template, wrong + self._body(answer, call["response"], sent=False))

    def _resolve(self, described: Schema) -> Schema:
        while "$ref" in described:
            found: Any = self._whole
            for part in described["$ref"].removeprefix(f"{_HERE}#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            described = found
        return described

    def _body(self, described: Schema, body: Any, *, sent: bool) -> list[str]:
        described = self._resolve(described)
        content = described.get("content", {}).get("application/json")
        if content is None and sent:
            content = described.get("content", {}).get("application/x-www-form-urlencoded")
            body = _from_form(body) if content is not None else body
        if content is None:
            return [] if body is None else [f"a body, and the document has none: {str(body)[:80]}"]
        if body is None:
            return ["no body, and the document has one"] if not sent or described.get("required") else []
        validator = (_Sent if sent else _Answered)(content["schema"], registry=self._registry)
        where = "sent" if sent else "answered"
        return [f"{where} {one.json_path}: {one.message[:200]}" for one in validator.iter_errors(body)]

    def _query(self, operation: Schema, pairs: list[tuple[str, str]]) -> Iterator[str]:
        named = [self._resolve(one) for one in operation.get("parameters", ())]
        known = {one["name"]: self._resolve(one["schema"]) for one in named if one["in"] == "query"}
        for name, value in pairs:
            # `account.id=x` is a field of the object `account`.
            schema = known.get(name.split(".")[0])
            if schema is None:
                yield f"query: unknown parameter {name}"
            elif schema.get("type") in ("number", "integer") and not value.isdecimal():
                yield f"query: {name}={value} is no number"
            elif "enum" in schema and value not in schema["enum"]:
                yield f"query: {name}={value} is not one of {schema['enum']}"


def _told(call: Mapping[str, Any], template: str, wrong: list[str]) -> list[str]:
    return [f"{call['method']} {template} {call['status']}: {one}" for one in wrong]


def _read(value: Any, unset: Set[str], name: str = "") -> Any:
    """The document in JSON Schema's words: references that say where they lead, a second type for `nullable`."""
    if isinstance(value, list):
        return [_read(one, unset) for one in value]
    if not isinstance(value, dict):
        return value
    found = {word: _read(one, unset, word) for word, one in value.items()}
    if isinstance(found.get("$ref"), str):
        found["$ref"] = _HERE + found["$ref"]
    if found.get("nullable") is True or name in unset:
        if isinstance(found.get("type"), str):
            found["type"] = [found["type"], "null"]
        if isinstance(found.get("enum"), list):
            found["enum"] = [*found["enum"], None]
    return found


def _from_form(fields: Any) -> Any:
    """`a[0]=x`, `b[c]=y` as the object that they stand for."""
    if not isinstance(fields, dict):
        return fields
    found: dict[str, Any] = {}
    for name, value in fields.items():
        outer, _, inner = name.removesuffix("]").partition("[")
        if inner.isdecimal():
            found.setdefault(outer, []).append(value)
        elif inner:
            found.setdefault(outer, {})[inner] = value
        else:
            found[outer] = value
    return found


def _of_status(responses: Mapping[str, Any], status: int) -> Any:
    names = (str(status), f"{status // 100}XX", f"{status // 100}xx", "default")
    return next((responses[name] for name in names if name in responses), None)


def _any_of(validator: Any, branches: list[Schema], instance: Any, schema: Schema) -> Iterator[ValidationError]:
    """As JSON Schema says, but where the branches are told apart by a constant `type`, only that one counts.

    The vendor's record types are all optional fields beside it, so that almost anything would fit one of them.
    """
    fitting = branches
    if isinstance(instance, dict) and "type" in instance:
        by_type = [one for one in branches if _constant(validator, one) == instance["type"]]
        fitting = by_type or branches
    if len(fitting) == 1:
        yield from validator.descend(instance, fitting[0])
    elif all(list(validator.descend(instance, one)) for one in fitting):
        yield ValidationError(f"{str(instance)[:120]} fits none of {len(branches)} schemas")


def _constant(validator: Any, schema: Schema) -> Any:
    if "$ref" in schema:
        schema = validator._resolver.lookup(schema["$ref"]).contents
    kind = schema.get("properties", {}).get("type", {})
    (only,) = kind.get("enum", ()) if len(kind.get("enum", ())) == 1 else (kind.get("const"),)
    return only


def _only_named(validator: Any, named: Schema, instance: Any, schema: Schema) -> Iterator[ValidationError]:
    yield from Draft202012Validator.VALIDATORS["properties"](validator, named, instance, schema)
    if isinstance(instance, dict) and "additionalProperties" not in schema:
        for name in instance.keys() - named.keys():
            yield ValidationError(f"the schema names no {name!r}")


# Answers are open to more fields, so that one may fit several branches of a `oneOf`.
_Answered = extend(Draft202012Validator, {"anyOf": _any_of, "oneOf": _any_of})  # type: ignore[no-untyped-call]
_Sent = extend(Draft202012Validator, {"anyOf": _any_of, "properties": _only_named})  # type: ignore[no-untyped-call]
