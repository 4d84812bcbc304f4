"""Lines into an entry of a stack file, as a person would put them there; everything else stays to the letter."""

import re
from collections.abc import Sequence


def with_lines(text: str, line: int, lines: Sequence[str], section: str = "") -> str | None:
    """The text with lines more in the entry that begins in `line` (from 1), in its `section` where one is named.

    None where the entry is written on one line, or not as an entry, or lines end as on Windows: that is a person's.
    """
    if "\r" in text:
        return None
    held = text.splitlines()
    opening = held[line - 1] if 0 < line <= len(held) else ""
    if not _opens(opening):
        return None
    end = _end(held, line)
    inner = _inner(held, line, end)
    if inner is None:
        return None
    at = next((one for one in range(line, end) if _is_key(held[one], inner, section or "variables")), None)
    if section and at is not None:
        if not _opens(held[at]):
            return None
        last = _end(held, at + 1)
        deeper = _inner(held, at + 1, last)
        return None if deeper is None else _joined(held, last, [" " * deeper + one for one in lines])
    if section:
        return _joined(held, end, [f"{' ' * inner}{section}:", *(" " * (inner + 2) + one for one in lines)])
    return _joined(held, _before_comments(held, at) if at is not None else end, [" " * inner + one for one in lines])


def _opens(line: str) -> bool:
    """Whether a key stands alone on its line."""
    return re.match(r"\s*[^\s#][^:]*:\s*(#.*)?\Z", line) is not None


def _is_key(line: str, indent: int, key: str) -> bool:
    return re.match(rf" {{{indent}}}{re.escape(key)}\s*:", line) is not None


def _end(held: Sequence[str], begin: int) -> int:
    """Where a block ends that the line before `begin` (from 0) opens: after its last line that is not blank."""
    opening, end = _indent(held[begin - 1]), begin
    for number in range(begin, len(held)):
        if not held[number].strip():
            continue
        if _indent(held[number]) <= opening:
            break
        end = number + 1
    return end


def _inner(held: Sequence[str], begin: int, end: int) -> int | None:
    """How far the keys of a block are indented."""
    told = (one for one in held[begin:end] if one.strip() and not one.lstrip().startswith("#"))
    return next((_indent(one) for one in told), None)


def _before_comments(held: Sequence[str], at: int) -> int:
    while held[at - 1].lstrip().startswith("#"):
        at -= 1
    return at


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _joined(held: Sequence[str], at: int, lines: Sequence[str]) -> str:
    return "\n".join((*held[:at], *lines, *held[at:])) + "\n"
