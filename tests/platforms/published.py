"""Vendors' published schemas, where the sibling folder that holds them is present."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

SPECS = Path(__file__).resolve().parents[2].parent / "shared" / "specs"


class Published:
    """One vendor's OpenAPI document."""

    def __init__(self, name: str) -> None:
        file = SPECS / name
        if not file.exists():
            pytest.skip("the vendors' schemas are not here")
        self.document: dict[str, Any] = json.loads(file.read_text())
        self.registry: Any = Registry().with_resource("urn:spec", DRAFT202012.create_resource(self.document))
        self._paths = {_bare(path): path for path in self.document["paths"]}

    def operation(self, method: str, route: str) -> Mapping[str, Any]:
        """Raises LookupError for an endpoint that the vendor does not have."""
        found: Mapping[str, Any] = self.document["paths"][self._paths[_bare(route)]][method.lower()]
        return found

    def wrong_with(self, schema: Mapping[str, Any], value: Any) -> list[str]:
        validator = Draft202012Validator(_absolute(schema), registry=self.registry)
        return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]

    def fields(self, schema: Mapping[str, Any], body: Mapping[str, Any]) -> set[str]:
        """Every field that a variant of the schema with the body's `type` knows."""
        known: set[str] = set()
        for variant in self._variants(schema):
            properties = variant.get("properties", {})
            if properties.get("type", {}).get("const", body.get("type")) == body.get("type"):
                known |= set(properties)
        return known

    def _variants(self, schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        if "$ref" in schema:
            yield from self._variants(self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
        for word in ("oneOf", "anyOf", "allOf"):
            for variant in schema.get(word, ()):
                yield from self._variants(variant)
        if "properties" in schema:
            yield schema


@cache
def published(name: str) -> Published:
    return Published(name)


def _bare(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def _absolute(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {
            name: f"urn:spec{value}" if name == "$ref" and isinstance(value, str) else _absolute(value)
            for name, value in schema.items()
        }
    return [_absolute(one) for one in schema] if isinstance(schema, list) else schema
