"""What the engine is told of a resource: its inputs, and what only the platform knows."""

from collections.abc import Iterable
from typing import Any

from google.protobuf import struct_pb2

from ...model.change import FieldChange
from ...model.resource import ReadOnly, Resource, Secret
from ...model.secret import SecretText
from ...steps.plan.diff import as_json
from ..properties import UNKNOWN, Concealed, encode
from .asked import ACCOUNT, Inputs, is_secret, plain

_NOISE = frozenset({"updated_at"})
"""Moves with every writing and says nothing that a program could use."""


def outputs(kind: type[Resource], inputs: struct_pb2.Struct, live: Resource | None) -> struct_pb2.Struct:
    """The inputs and the platform's own fields. What it does not say is "": null is unknown in every later preview."""
    told = struct_pb2.Struct()
    told.CopyFrom(inputs)
    for name in told_by(kind):
        value = as_output(live, name) if live is not None else None
        told.fields[name].CopyFrom(encode({name: "" if value is None else value}).fields[name])
    return told


def pending(kind: type[Resource], inputs: struct_pb2.Struct, before: struct_pb2.Struct | None) -> struct_pb2.Struct:
    """What a preview tells: the platform's own fields as they were before, else unknown."""
    told = struct_pb2.Struct()
    told.CopyFrom(inputs)
    for name in told_by(kind):
        if before is not None and name in before.fields:
            told.fields[name].CopyFrom(before.fields[name])
        else:
            told.fields[name].CopyFrom(encode({name: UNKNOWN}).fields[name])
    return told


def recorded(inputs: Inputs, live: Resource, found: Iterable[FieldChange]) -> struct_pb2.Struct:
    """The recorded inputs with the live value of what differs; everything else exactly as it was recorded."""
    told = struct_pb2.Struct()
    told.CopyFrom(inputs.raw)
    for one in found:
        if one.name not in inputs.fields:
            continue
        value = _live_value(inputs.fields[one.name], live, one)
        if value is None:
            del told.fields[one.name]
        else:
            told.fields[one.name].CopyFrom(encode({one.name: value}).fields[one.name])
    return told


def imported(account: str, live: Resource) -> struct_pb2.Struct:
    """The inputs that a program would say for what lives: all that can be read."""
    values: dict[str, Any] = {ACCOUNT: account}
    for name in type(live).comparable():
        value = as_output(live, name)
        if value is not None:
            values[name] = value
    return encode(values)


def as_output(live: Resource, name: str) -> Any:
    """One field as a property value; a secret as one."""
    value = getattr(live, name)
    if isinstance(value, SecretText):
        return value
    told = as_json(live, name)
    if name in type(live).having(Secret) and told is not None:
        return SecretText(told, name) if isinstance(told, str) else Concealed(told)
    return told


def told_by(kind: type[Resource]) -> tuple[str, ...]:
    """The fields that only the platform tells."""
    return tuple(sorted(kind.having(ReadOnly) - _NOISE))


def _live_value(had: Any, live: Resource, one: FieldChange) -> Any:
    """The live value in the form that was recorded: what was a secret stays one, and maps have the recorded keys."""
    value = as_output(live, one.name)
    if one.hidden and value is None:
        # Nobody can read what lives; another value than the recorded one makes the engine write it again.
        return SecretText(f"(written by somebody else, last {live.touched_at() or 'at an unknown time'})", one.name)
    if isinstance(value, dict) and isinstance(plain(had), dict):
        value = _as_recorded(plain(had), value, live.model_dump(mode="json", include={one.name}, exclude_defaults=True))
        value = {name: each for name, each in value.items() if each is not None}
    if value is not None and is_secret(had) and not isinstance(value, SecretText):
        return SecretText(value, one.name) if isinstance(value, str) else Concealed(value)
    return value


def _as_recorded(had: dict[str, Any], value: dict[str, Any], spoken: dict[str, Any]) -> dict[str, Any]:
    """Of a live map what was recorded, and what is not just the model's default."""
    said: dict[str, Any] = next(iter(spoken.values()), {}) or {}
    return {name: each for name, each in value.items() if name in had or name in said}
