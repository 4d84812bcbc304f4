"""`prove:`: what must be seen before an old value is ended."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ...model.rotated import ByHand, Issue, Level, Probe, Source
from .problems import Problems, named
from .project import fields, text
from .tree import Node, plain

BARE: tuple[Level, ...] = ("P0", "P1", "P4", "P5", "P6")
"""Levels that need no more to be said."""
ASKING: tuple[Level, ...] = ("P2", "P3")
"""Levels that need an address."""
DEFAULT: frozenset[Level] = frozenset({"P0", "P1"})
TIMES = 100
_OF_ISSUER = ("P4", "P5", "P6")
_KEYS = ("shows", "times", "unit")
_HINT = "`[P1, {P2: https://…/health}]`"
_KEY_ID = "kid"
"""The field that shows the key id where the stack names no other."""


def read_proofs(
    node: Node | None, path: str, source: Source | None, problems: Problems
) -> tuple[frozenset[Level], tuple[Probe, ...]]:
    """The levels, and the addresses that some of them ask. P0 is always among them."""
    if node is None:
        return DEFAULT, ()
    if not isinstance(node.value, list):
        problems.add(node.at_value(path), "must be a list of levels", _HINT)
        return DEFAULT, ()
    levels: set[Level] = {"P0"}
    probes: list[Probe] = []
    for index, inner in enumerate(node.value):
        own = f"{path}.{index}"
        if isinstance(inner.value, dict):
            probe = _probe(inner, own, problems)
            if probe is not None:
                levels.add(probe.level)
                probes.append(probe)
        else:
            level = _level(inner, own, source, problems)
            if level is not None:
                levels.add(level)
    return frozenset(levels), tuple(probes)


def _level(node: Node, path: str, source: Source | None, problems: Problems) -> Level | None:
    said = node.value if isinstance(node.value, str) else ""
    asking = next((one for one in ASKING if one == said), None)
    if asking is not None:
        problems.add(node.at_value(path), f"`{asking}` asks an address", f"write `{{{asking}: https://…}}`")
        return None
    level = next((one for one in BARE if one == said), None)
    if level is None:
        hint = problems.nearest(said, (*BARE, *ASKING))
        problems.add(node.at_value(path), f"{named(said)} is no level of proof" if said else "must be a level", hint)
    elif level in _OF_ISSUER and source is not None and not _can_tell(level, source):
        hint = "P3 shows that what runs has it" if isinstance(source, Mapping) else "remove it"
        problems.add(node.at_value(path), f"`{level}` asks who issued the value, and nobody could tell here", hint)
    return level


def _can_tell(level: Level, source: Source) -> bool:
    if isinstance(source, Issue):
        return True
    return isinstance(source, ByHand) and source.check is not None and level != "P6"


def _probe(node: Node, path: str, problems: Problems) -> Probe | None:
    assert isinstance(node.value, dict)
    level = next((one for one in ASKING if one in node.value), None)
    if level is None:
        word = next(iter(node.value), "")
        bare = f"write `{word}` alone" if word in BARE else problems.nearest(word, ASKING)
        problems.add(node.at_value(path), "names no level that asks an address", bare)
        return None
    keys = fields(node, path, (level, *_KEYS), problems)
    url = text(keys[level], f"{path}.{level}", problems)
    if url and not _is_address(url):
        problems.add(keys[level].at_value(f"{path}.{level}"), "must be an address", "it begins with `https://`")
        return None
    shows = _shows(level, keys.get("shows"), f"{path}.shows", problems)
    times = keys.get("times")
    count = times.value if times is not None else 1
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= TIMES:
        assert times is not None
        problems.add(times.at_value(f"{path}.times"), f"must be a whole number from 1 to {TIMES}")
        return None
    unit = text(keys["unit"], f"{path}.unit", problems) if "unit" in keys else ""
    return Probe(level, url, unit, count, shows) if url and shows is not None else None


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        well = parts.scheme == "https" and bool(parts.hostname) and parts.port in (None, 443)
    except ValueError:
        return False
    return well and not parts.username and not parts.password and url.isprintable() and " " not in url


def _shows(level: Level, node: Node | None, path: str, problems: Problems) -> Mapping[str, Any] | None:
    """Of P2 what the answer must hold; of P3 the field that shows the key id, as the only key. None: told."""
    if level == "P3":
        name = text(node, path, problems) if node is not None else _KEY_ID
        return {name: True} if name else None
    if node is None:
        return {}
    if not isinstance(node.value, dict):
        problems.add(node.at_value(path), "must be a map of what the answer holds", "`shows: {ok: true}`")
        return None
    return dict(plain(node))
