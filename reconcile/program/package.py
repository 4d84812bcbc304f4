"""What our own Pulumi package holds: every kind that our provider writes, by its type."""

from collections.abc import Iterable, Mapping

from ..model.resource import Resource
from .tokens import token_of


def ours(kinds: Mapping[str, type[Resource]], releases: Iterable[type[Resource]]) -> dict[str, type[Resource]]:
    """Those that Pulumi builds and no vendor's provider does, and what starts them anew."""
    written = (kind for kind in kinds.values() if kind.in_pulumi and not kind.lookup and kind.bridge is None)
    return {token_of(kind.kind): kind for kind in (*written, *releases)}
