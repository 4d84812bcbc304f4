"""A line that names many things: the first of them, and how many more there are."""

from collections.abc import Sequence

MOST = 5


def few(told: Sequence[str], separator: str = ", ", most: int = MOST) -> str:
    """`a, b, c, d, e and 495 more`."""
    more = len(told) - most
    return separator.join(told[:most]) + (f" and {more:,} more" if more > 0 else "")
