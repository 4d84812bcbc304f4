"""A text that cannot be printed."""

from typing import NoReturn


class SecretText:
    """A secret value. It has no repr, str, JSON, pickle or equality by accident; only `reveal()` gives it away."""

    __slots__ = ("__value", "label")

    def __init__(self, value: str, label: str = "secret") -> None:
        self.__value = value
        self.label = label

    def reveal(self) -> str:
        """The value itself. Called only where it goes on the wire."""
        return self.__value

    def __repr__(self) -> str:
        return f"<secret {self.label}>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is never pickled")

    def __bool__(self) -> bool:
        return bool(self.__value)
