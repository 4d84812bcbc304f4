"""Property values as they go over the wire between engine, program and provider.

Beside JSON there are secrets and values that are not known yet, both marked by a signature that Pulumi's SDK knows.
Whole numbers arrive as floats and leave as they came.
"""

from collections.abc import Mapping
from typing import Any, Final

from google.protobuf import struct_pb2

from ..model.secret import SecretText

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWNS = frozenset(
    {
        UNKNOWN_TEXT,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # a boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # a number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # a list
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # a map
    }
)
"""The engine marks what is to come by its type, where it knows that."""


class Unknown:
    """A value that only the coming run will know. There is one: `UNKNOWN`."""

    def __repr__(self) -> str:
        return "<not known yet>"


UNKNOWN: Final = Unknown()


class Concealed:
    """A secret that is no text; like a SecretText it shows nothing of itself."""

    __slots__ = ("__value",)

    def __init__(self, value: Any) -> None:
        self.__value = value

    def reveal(self) -> Any:
        return self.__value

    def __repr__(self) -> str:
        return "<secret>"


def decode(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Properties as Python values: JSON, SecretText, Concealed and UNKNOWN."""
    return {name: _decoded(value, name) for name, value in struct.fields.items()}


def encode(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """The way back. Raises TypeError for what no property can hold."""
    return struct_pb2.Struct(fields={name: _encoded(value) for name, value in values.items()})


def is_known(value: Any) -> bool:
    """Whether nothing in a decoded value is still to come."""
    if isinstance(value, Mapping):
        return all(is_known(each) for each in value.values())
    if isinstance(value, list):
        return all(is_known(each) for each in value)
    return value is not UNKNOWN


def is_unknown(text: str) -> bool:
    """Whether a text stands for a value that is still to come, of whichever type: so the engine prints it, too."""
    return text in _UNKNOWNS


def _decoded(value: struct_pb2.Value, name: str) -> Any:
    match value.WhichOneof("kind"):
        case "struct_value":
            fields = value.struct_value.fields
            if SIGNATURE in fields and fields[SIGNATURE].string_value == SECRET:
                inner = _decoded(fields["value"], name)
                if isinstance(inner, str):
                    return SecretText(inner, name)
                return inner if isinstance(inner, SecretText) or inner is UNKNOWN else Concealed(inner)
            return {key: _decoded(each, key) for key, each in fields.items()}
        case "list_value":
            return [_decoded(each, name) for each in value.list_value.values]
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "string_value":
            return UNKNOWN if is_unknown(value.string_value) else value.string_value
        case "bool_value":
            return value.bool_value
        case _:
            return None


def _encoded(value: Any) -> struct_pb2.Value:
    if isinstance(value, SecretText | Concealed):
        held = {SIGNATURE: struct_pb2.Value(string_value=SECRET), "value": _encoded(value.reveal())}
        return struct_pb2.Value(struct_value=struct_pb2.Struct(fields=held))
    if value is UNKNOWN:
        return struct_pb2.Value(string_value=UNKNOWN_TEXT)
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, int | float):
        return struct_pb2.Value(number_value=value)
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    if isinstance(value, Mapping):
        return struct_pb2.Value(struct_value=encode(value))
    if isinstance(value, list | tuple):
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[_encoded(each) for each in value]))
    raise TypeError(f"no property holds a {type(value).__name__}")
