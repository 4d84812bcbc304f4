"""Secrets among property values on the wire."""

from google.protobuf.struct_pb2 import ListValue, Struct, Value

from reconcile.program.properties import SECRET, SIGNATURE


def is_secret(value: Value) -> bool:
    """Whether the value itself is one; not what is inside it."""
    fields = value.struct_value.fields
    return SIGNATURE in fields and fields[SIGNATURE].string_value == SECRET


def as_secret(value: Value) -> Value:
    held = Struct(fields={SIGNATURE: Value(string_value=SECRET), "value": value})
    return Value(struct_value=held)


def opened(struct: Struct) -> Struct:
    """The same with every secret in clear."""
    return Struct(fields={name: _opened(value) for name, value in struct.fields.items()})


def _opened(value: Value) -> Value:
    if is_secret(value):
        return _opened(value.struct_value.fields["value"])
    match value.WhichOneof("kind"):
        case "struct_value":
            return Value(struct_value=opened(value.struct_value))
        case "list_value":
            return Value(list_value=ListValue(values=[_opened(one) for one in value.list_value.values]))
        case _:
            return value
