"""Values as YAML on one line: what the loader reads back as exactly the same value."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from .load.scalars import resolve

# What no reading of YAML takes for anything but a text; everything else is quoted.
_PLAIN = re.compile(r"[A-Za-z0-9_./+-](?:[A-Za-z0-9_./@+ -]|:(?=[^\s]))*\Z")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
# Truth values to readers of YAML 1.1, texts to ours.
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off"))
_NOT_RAW = re.compile("[\x85\u2028\u2029\ufeff]")


def flow(value: Any) -> str:
    """Raises ValueError for what a stack file cannot hold: control characters, infinities, types of no YAML."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} is no value of a stack file")
        return json.dumps(value)
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{text(str(key))}: {flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(map(flow, value)) + "]"
    raise ValueError(f"a {type(value).__name__} is no value of a stack file")


@lru_cache(maxsize=4096)
def text(value: str) -> str:
    """A text, plain where it can be. Raises ValueError where it holds a control character."""
    if _PLAIN.match(value) and not value.endswith(" ") and not value.startswith(("- ", "---", "...")) and _stays(value):
        return value
    if _CONTROL.search(value):
        raise ValueError("a control character, which a stack file cannot hold")
    if '"' in value and "'" not in value and value.isprintable():
        return f"'{value}'"
    quoted = json.dumps(value, ensure_ascii=False)
    return _NOT_RAW.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)


def comment(words: str) -> str:
    """Words that stay on one line and in their comment."""
    return "".join(one if one.isprintable() else "?" for one in words)


def _stays(value: str) -> bool:
    try:
        return resolve(value) == value and value != "-" and value.lower() not in _WORDS
    except ValueError:
        return False
