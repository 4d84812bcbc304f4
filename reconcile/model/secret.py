"""A text that cannot be printed."""

import hmac
from typing import Any, NoReturn

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

HIDDEN: dict[str, Any] = {"hidden": True}
"""What stands for a secret in JSON."""


class SecretText:
    """A secret value. It has no repr, str, JSON, pickle or equality by accident; only `reveal()` gives it away.

    `print` is its fingerprint (an HMAC under this repository's pepper), "" where nobody made one.
    """

    __slots__ = ("__value", "label", "print")

    def __init__(self, value: str, label: str = "secret", print: str = "") -> None:
        self.__value = value
        self.label = label
        self.print = print

    def reveal(self) -> str:
        """The value itself. Called only where it goes on the wire."""
        return self.__value

    def is_same(self, other: "SecretText | str") -> bool:
        """Whether both hold one value; in constant time."""
        value = other.reveal() if isinstance(other, SecretText) else other
        return hmac.compare_digest(self.__value.encode(), value.encode())

    def ends_with(self, text: str) -> bool:
        """Whether the value ends so."""
        return self.__value.endswith(text)

    def __repr__(self) -> str:
        return f"<secret {self.label}>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is never pickled")

    def __bool__(self) -> bool:
        return bool(self.__value)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """A field takes a SecretText and nothing else, and is written as HIDDEN."""
        return core_schema.is_instance_schema(
            cls, serialization=core_schema.plain_serializer_function_ser_schema(lambda value: HIDDEN)
        )
