"""The codec: what goes over the wire comes back as it was, and shows no secret on the way."""

import pytest
from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from reconcile.model.secret import SecretText
from reconcile.program.properties import SECRET, SIGNATURE, UNKNOWN, Concealed, decode, encode, is_known

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_json_comes_back_as_it_was(values: dict[str, object]) -> None:
    assert decode(encode(values)) == values


def test_a_whole_number_is_one_again() -> None:
    value = decode(encode({"replicas": 3}))["replicas"]
    assert (value, type(value)) == (3, int)


def test_a_secret_stays_one_and_shows_nothing() -> None:
    values = {"text": SecretText("hush-1"), "map": {"in": [Concealed({"a": "hush-2"})]}}
    found = decode(encode(values))
    assert found["text"].is_same("hush-1")
    assert found["map"]["in"][0].reveal() == {"a": "hush-2"}
    assert "hush" not in repr(found)


def test_a_secret_within_a_secret_is_one() -> None:
    inner = {SIGNATURE: SECRET, "value": "hush-1"}
    struct = struct_pb2.Struct()
    struct.update({"text": {SIGNATURE: SECRET, "value": inner}})
    assert decode(struct)["text"].is_same("hush-1")


@pytest.mark.parametrize(
    "marker",
    [
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    ],
)
def test_what_is_to_come_is_told_by_any_of_its_markers(marker: str) -> None:
    struct = struct_pb2.Struct()
    struct.update({"a": [marker]})
    found = decode(struct)
    assert found["a"] == [UNKNOWN]
    assert not is_known(found)
    assert decode(encode(found)) == found
