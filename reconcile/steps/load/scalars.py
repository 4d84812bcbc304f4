"""What a plain YAML scalar means: the core schema of YAML 1.2 (chapter 10.3), and nothing more.

`yes`, `on` and dates are texts; the `no` that was Norway stays Norway.
"""

import math
import re

Scalar = str | int | float | bool | None

_INT = re.compile(r"[-+]?[0-9]+\Z|0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_STARTS_A_NUMBER = frozenset("+-.0123456789")
# 22 octal digits hold 64 bits; decimal and hexadecimal need fewer. Longer ones are not even converted.
_LONGEST_INTEGER = 24


def resolve(text: str) -> Scalar:
    """The value of a plain scalar. Raises ValueError for an integer of more than 64 bits, an infinity or a NaN."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _STARTS_A_NUMBER:
        return text
    if _INT.match(text):
        return _integer(text)
    if _NOT_FINITE.match(text):
        raise ValueError("infinity and NaN are no values here")
    if _FLOAT.match(text):
        number = float(text)
        if not math.isfinite(number):
            raise ValueError("a number too large to hold")
        return number
    return text


def _integer(text: str) -> int:
    digits = text.lstrip("+-")
    base = {"0o": 8, "0x": 16}.get(digits[:2], 10)
    significant = digits.removeprefix("0o").removeprefix("0x").lstrip("0") or "0"
    if len(significant) <= _LONGEST_INTEGER:
        number = int(significant, base)
        number = -number if text[0] == "-" else number
        if -(2**63) <= number < 2**64:
            return number
    raise ValueError("an integer of more than 64 bits")
