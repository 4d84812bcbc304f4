"""Texts that others wrote, made harmless for a terminal."""

import re
from typing import Any

from rich.markup import escape

# Control characters, the marks that turn the direction of writing, separators of lines, halves of a pair.
_ACTING = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def plain(value: Any) -> str:
    """A value as one line of rich markup: nothing in it colours, moves the cursor, or turns the line around."""
    return escape(harmless(value))


def harmless(value: Any) -> str:
    """The same for a stream that knows no markup."""
    return _ACTING.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), str(value))


def brief(revision: str) -> str:
    """A revision as people name it: twelve digits of its hash; `--json` has them all."""
    dirty, colon, digest = revision.rpartition(":")
    return plain(f"{dirty}{colon}{digest[:12]}")
