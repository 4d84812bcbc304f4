"""Values and calls as Python source, laid out as `ruff format` would leave them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

WIDTH = 120
STEP = "    "


@dataclass(frozen=True)
class Name:
    """Source that stands as it is: a name, an attribute."""

    text: str


@dataclass(frozen=True)
class Call:
    """A call; its arguments are values that `written` takes."""

    of: str
    args: Sequence[Any] = ()
    named: Mapping[str, Any] = field(default_factory=dict)


def assigned(name: str, value: Any) -> str:
    """A statement: `name = value`."""
    return f"{name} = {written(value, before=len(name) + 3)}"


def written(value: Any, *, depth: int = 0, before: int = 0, after: int = 0) -> str:
    """A value's source, on one line where that fits; else each part on its own.

    `before` and `after`: how many columns of its line are taken already. JSON values, Name and Call.
    """
    inline = _inline(value)
    if before + len(inline) + after <= WIDTH or not _parts(value):
        return inline
    opening, closing = _brackets(value)
    inner = STEP * (depth + 1)
    lines = [opening]
    for label, part in _parts(value):
        lines.append(f"{inner}{label}{written(part, depth=depth + 1, before=len(inner) + len(label), after=1)},")
    return "\n".join([*lines, STEP * depth + closing])


def quoted(text: str) -> str:
    """A text between the quotes that need fewer escapes, double ones where it makes no difference."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + "".join(_escaped(one, quote) for one in text) + quote


def _escaped(one: str, quote: str) -> str:
    if one in ("\\", quote):
        return f"\\{one}"
    return one if one.isprintable() else one.encode("unicode_escape").decode()


def _inline(value: Any) -> str:
    if isinstance(value, Name):
        return value.text
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Call | Mapping | list | tuple):
        opening, closing = _brackets(value)
        return opening + ", ".join(label + _inline(part) for label, part in _parts(value)) + closing
    return repr(value)


def _brackets(value: Any) -> tuple[str, str]:
    if isinstance(value, Call):
        return f"{value.of}(", ")"
    return ("{", "}") if isinstance(value, Mapping) else ("[", "]")


def _parts(value: Any) -> list[tuple[str, Any]]:
    """What stands between the brackets, each with what is before it; nothing of what has none."""
    return list(_labelled(value))


def _labelled(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Call):
        yield from _unlabelled(value.args)
        yield from ((f"{name}=", one) for name, one in value.named.items())
    elif isinstance(value, Mapping):
        yield from ((f"{quoted(str(name))}: ", one) for name, one in value.items())
    elif isinstance(value, list | tuple):
        yield from _unlabelled(value)


def _unlabelled(values: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    return (("", one) for one in values)
