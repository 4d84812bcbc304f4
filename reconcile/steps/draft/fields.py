"""What an entry says of a live thing: no default, no secret, nothing that only the platform knows."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from ...model.observation import Mark
from ...model.resource import Resource, Secret
from ...model.secrecy import may_stand
from ...model.secret import SecretText
from .names import relative

EXISTS = "exists"
"""The field of kinds that may be declared without their value."""
_OPENING = re.compile(r"(\$?)\$\{(\{?)")
_INTEGER = re.compile(r"0\Z|-?[1-9][0-9]{0,15}\Z")


def sayable(resource: Resource) -> Resource:
    """The thing as far as a file may tell it: a harmless value plain, and of every other that it must be there."""
    if EXISTS not in type(resource).model_fields:
        return resource
    name = type(resource).shorthand
    value = getattr(resource, name)
    if isinstance(value, SecretText) and may_stand(str(getattr(resource, "name", "")), value.reveal()):
        return resource.model_copy(update={name: value.reveal()})
    plain = value is not None and not isinstance(value, SecretText)
    return resource if plain else resource.model_copy(update={name: None, EXISTS: True})


def said(resource: Resource) -> dict[str, Any] | None:
    """The fields that declare exactly this thing, in JSON form; None where none do.

    A `name` is said as short as it means the same.
    """
    cls = type(resource)
    shown = [name for name in cls.comparable() if _worth_saying(resource, name)]
    values = resource.model_dump(mode="json", include=set(shown), exclude_defaults=True)
    values = {name: _tidy(value) if _is_model(resource, name) else value for name, value in values.items()}
    for name, word in resource.worded().items():
        if word is None:
            values.pop(name, None)
        elif name in values:
            values[name] = word
    if getattr(resource, EXISTS, False):
        values = {**values, EXISTS: True}
    own = values.pop("name", None)
    group = {cls.group_by: getattr(resource, cls.group_by)} if cls.group_by else {}
    for short in dict.fromkeys((relative(resource), own)) if own is not None else (None,):
        called = {} if short is None else {"name": short}
        if _means({**group, **called, **values}, resource):
            belongs = {name: values.pop(name) for name in cls.refers() if name in values}
            return {**belongs, **called, **values}
    return None


def plainer(value: Any) -> Any:
    """A bare value of a shorthand as a person types it: 3000 and true without quotes, where they mean the same."""
    if not isinstance(value, str):
        return value
    if value in ("true", "false"):
        return value == "true"
    return int(value) if _INTEGER.match(value) else value


def escaped(value: Any) -> Any:
    """A value as the loader reads it back: `${` of nobody's is `$${`; `${{…}}` of the platform's own stays."""
    if isinstance(value, str):
        return _OPENING.sub(_escape, value)
    if isinstance(value, dict):
        return {name: escaped(one) for name, one in value.items()}
    return [escaped(one) for one in value] if isinstance(value, list) else value


def _escape(found: re.Match[str]) -> str:
    before, brace = found.groups()
    return found[0] if brace and not before else f"{before}$${{{brace}"


def _worth_saying(resource: Resource, name: str) -> bool:
    """Not the group it stands in, no secret, no default, no mark of ours; nothing where nothing is left as it lives."""
    cls = type(resource)
    if name == cls.group_by or name in cls.having(Secret):
        return False
    value = getattr(resource, name)
    default = cls.model_fields[name].get_default(call_default_factory=False)
    if value is None or isinstance(value, SecretText):
        return False
    if value == default or (default is None and value in ("", (), [], {}) and name != cls.shorthand):
        return False
    return not (name == cls.marker_field and Mark.parse(value) is not None)


def _is_model(resource: Resource, name: str) -> bool:
    return isinstance(getattr(resource, name), BaseModel)


def _tidy(value: Any) -> Any:
    """Numbers without a `.0`."""
    if isinstance(value, dict):
        return {name: _tidy(one) for name, one in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _means(values: Mapping[str, Any], resource: Resource) -> bool:
    """Whether a declaration means the thing that lives."""
    cls = type(resource)
    try:
        declared = cls.declared(values)
    except ValidationError:
        return False
    secrets = cls.having(Secret) | resource.decided_elsewhere()
    return all(
        getattr(declared, name) in (None, getattr(resource, name)) for name in cls.comparable() if name not in secrets
    )
