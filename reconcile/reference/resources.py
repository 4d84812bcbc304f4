"""The reference page: every platform and every kind, made from the models."""

import inspect
import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from ..model.issuing import IssueOptions
from ..model.platform import Platform
from ..model.resource import Immutable, ReadOnly, Resource, Secret
from .rotation import secrets_page

_HEAD = """\
# Resources

What a stack file can declare, by platform. This page is made from the models (`trueup docs`); `trueup schema` makes
the same facts into completion for editors.

Every resource may also say `covers: [id, …]`: the obligations it holds (`trueup coverage`). Where a field takes a
value, `${platform.kind.name.field}` may stand for another resource's. A field that is left out and whose default reads
*as it lives* is not compared and not changed.
"""
_TEXTS = ("example.com", "https://example.com/", "192.0.2.1", "2001:db8::1", "example")


def resources(
    kinds: Mapping[str, type[Resource]],
    platforms: Mapping[str, type[Platform]],
    issues: Mapping[str, type[IssueOptions]] = MappingProxyType({}),
) -> str:
    """The page as Markdown."""
    parts = [_HEAD]
    for name, platform in sorted(platforms.items()):
        parts.append(_platform(name, platform))
        parts.extend(_kind(cls, kinds) for kind, cls in sorted(kinds.items()) if kind.partition(".")[0] == name)
    parts.append(secrets_page(issues))
    return "\n".join(parts)


def example(cls: type[Resource], kinds: Mapping[str, type[Resource]]) -> str | None:
    """The shortest stack file section that declares one of a kind; None where no value we know passes its model."""
    inner = _written(cls)
    outer = kinds[cls.refers()[cls.group_by]] if cls.nested else cls
    around = _written(outer)
    if inner is None or around is None:
        return None
    platform, _, word = outer.kind.partition(".")
    lines = [f"{platform}:", f"  {outer.section or word}:"]
    if cls.nested:
        lines.append(f"    example:  # logical name of the {cls.group_by}")
        lines.extend(f"      {field}" for field in around)
        lines.append(f"      {cls.section}:")
    elif cls.group_by:
        lines.append(f"    example:  # logical name of the {cls.group_by}")
    depth = 4 if cls.nested else len(lines)
    lines.append("  " * depth + f"example: {{{', '.join(inner)}}}")
    return "\n".join(lines)


def _written(cls: type[Resource]) -> list[str] | None:
    """`field: value` of the fields that a file must say; None where no value we know passes the model."""
    values = _example_values(cls)
    if values is None:
        return None
    return [
        f"{name}: {_scalar('example' if name in cls.refers() else value)}"
        for name, value in values.items()
        if name != cls.group_by and not (name == "name" and value == "example")
    ]


def _example_values(cls: type[Resource]) -> dict[str, Any] | None:
    """Values that the model takes: the required ones, and those it asks for after that."""
    properties = cls.model_json_schema(by_alias=False)["properties"]
    values: dict[str, Any] = dict(cls.shortest)
    left: dict[str, Iterator[Any]] = {}
    while True:
        try:
            cls.declared(values)
            return values
        except ValidationError as error:
            wrong = dict.fromkeys(str(one["loc"][0]) for one in error.errors() if one["loc"])
        known = [name for name in wrong if name in properties]
        if not known:
            return None
        for name in known:
            candidates = left.setdefault(name, iter(_candidates(cls, name, properties[name])))
            try:
                values[name] = next(candidates)
            except StopIteration:
                return None


def _candidates(cls: type[Resource], name: str, made: Mapping[str, Any]) -> tuple[Any, ...]:
    """What to try for a field, best first."""
    given = tuple(cls.model_fields[name].examples or ())
    if name == "name" and not cls.lookup:
        return (*given, "example", *_TEXTS)
    if "enum" in made:
        return (*given, *made["enum"])
    words: dict[str, tuple[Any, ...]] = {
        "string": _TEXTS,
        "integer": (made.get("minimum", 1), 1, 60, 300),
        "number": (made.get("minimum", 1),),
        "boolean": (False, True),
    }
    choices = made.get("anyOf", (made,))
    return (*given, *(value for choice in choices for value in words.get(choice.get("type", ""), ())))


def _scalar(value: Any) -> str:
    return value if isinstance(value, str) and not set(value) & set(":#{}[],&*!|>'\"%@`") else json.dumps(value)


def _platform(name: str, platform: type[Platform]) -> str:
    lines = [f"## {name}", "", _prose(platform), ""]
    rate = getattr(platform, "rate", None)
    if rate is not None:
        lines += [f"Calls: at most {rate.calls:,} in {_seconds(rate.seconds)}, shared by all runs of one account.", ""]
    lines += ["| Credential | Rights it needs | Where to get it |", "| --- | --- | --- |"]
    lines += [_row(f"`{one.name}`", one.rights, one.where) for one in platform.credentials]
    return "\n".join(lines) + "\n"


def _kind(cls: type[Resource], kinds: Mapping[str, type[Resource]]) -> str:
    lines = [f"### {cls.kind}", "", _prose(cls), "", _where(cls), ""]
    text = example(cls, kinds)
    if text is not None:
        lines += ["```yaml", text, "```", ""]
    made = cls.model_json_schema(by_alias=False)
    lines += ["| Field | Type | Default | Trait | What it is |", "| --- | --- | --- | --- | --- |"]
    for name, field in cls.model_fields.items():
        shape = "text" if name in cls.refers() else _words(made["properties"].get(name, {}), made.get("$defs", {}))
        described = field.description or ""
        lines.append(_row(f"`{name}`", shape, _default(cls, name), _traits(cls, name), described))
    return "\n".join(lines) + "\n"


def _where(cls: type[Resource]) -> str:
    platform, _, word = cls.kind.partition(".")
    by = f"by {cls.group_by}, then by logical name" if cls.group_by else "by logical name"
    name = f"{cls.group_by.upper()}/NAME" if cls.group_by else "NAME"
    place = f"Section `{cls.section}` inside a `{cls.refers()[cls.group_by]}`" if cls.nested else ""
    by = "by name" if cls.nested else by
    told = [f"{place or f'Section `{platform}.{cls.section or word}`'}, {by}; address `{cls.kind}.{name}`."]
    if cls.shorthand:
        told.append(f"A bare value means `{cls.shorthand}`.")
    if cls.lookup:
        told.append("Only looked up: never created, changed or deleted.")
    elif cls.protected:
        told.append("Protected: deleted by hand only.")
    if cls.marker_field:
        told.append(f"`{cls.marker_field}` carries the owner mark of what is created here, unless it is declared.")
    return " ".join(told)


def _default(cls: type[Resource], name: str) -> str:
    field = cls.model_fields[name]
    if name in cls.having(ReadOnly) or name == cls.group_by:
        return ""
    if name == "name" and field.is_required():
        return "the logical name"
    if field.is_required():
        return "**required**"
    value = field.get_default(call_default_factory=True)
    if value is None:
        # A default that is validated is one the model may refuse, depending on the other fields.
        return "*none*" if field.validate_default else "*as it lives*"
    return f"`{json.dumps(value, default=str)}`"


def _traits(cls: type[Resource], name: str) -> str:
    told = []
    output = name in cls.having(ReadOnly)
    if name == cls.group_by:
        told.append("given by the group")
    elif name in cls.refers():
        told.append(f"logical name of a `{cls.refers()[name]}`")
    if output:
        told.append("set by the platform")
    if name in cls.having(Immutable):
        told.append("a change replaces it")
    if name in cls.having(Secret):
        told.append("never shown" if output else "write-only")
    return ", ".join(told)


def _words(made: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """A JSON schema as a person says it."""
    if "$ref" in made:
        return _words(definitions[made["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in made:
        choices = [_words(one, definitions) for one in made["anyOf"] if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(choices))
    if "const" in made:
        return f"`{json.dumps(made['const'])}`" if not isinstance(made["const"], str) else f"`{made['const']}`"
    if "enum" in made:
        return ", ".join(f"`{one}`" for one in made["enum"])
    kind = made.get("type")
    if kind == "array":
        return f"list of {_words(made.get('items', {}), definitions)}"
    if kind == "object":
        keys = made.get("propertyNames", {}).get("enum")
        inner = made.get("additionalProperties")
        of = f" to {_words(inner, definitions)}" if isinstance(inner, dict) else ""
        return f"map of {', '.join(f'`{key}`' for key in keys)}{of}" if keys else f"map{of}"
    word = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
    return word.get(str(kind), "any") + _range(made)


def _range(made: Mapping[str, Any]) -> str:
    low, high = made.get("minimum"), made.get("maximum")
    if low is not None and high is not None:
        return f" {low} to {high}"
    if low is not None:
        return f" from {low}"
    if high is not None:
        return f" up to {high}"
    return f" of at most {made['maxLength']} characters" if "maxLength" in made else ""


def _seconds(seconds: float) -> str:
    return "a second" if seconds == 1 else f"{seconds:g} seconds"


def _prose(cls: type) -> str:
    """The class's own docstring, cleaned."""
    return inspect.cleandoc(cls.__doc__ or "") if "__doc__" in vars(cls) else ""


def _row(*cells: str) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"
