"""Everything wrong with the repository's files, gathered before anything is raised."""

import difflib
import json
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from ...model.errors import Problem, SpecError

ECHO_LIMIT = 60
PATH_LIMIT = 300
# Looking for a near word costs most of a refusal; a file that is wrong everywhere still answers at once.
HINT_LIMIT = 100
CANDIDATE_LIMIT = 20_000


class Place(NamedTuple):
    """Where a problem is: file, line from 1 (0: the whole file), and the dotted path in the YAML."""

    file: str
    line: int = 0
    path: str = ""


class Problems:
    """Gathers problems; the same one found twice (a base that two stacks extend) is kept once."""

    def __init__(self) -> None:
        self._found: dict[Problem, None] = {}
        self._hints = 0

    def add(self, place: Place, message: str, hint: str = "") -> None:
        path = place.path if len(place.path) <= PATH_LIMIT else place.path[: PATH_LIMIT - 1] + "…"
        # Keys and texts of a file end up on a terminal: what moves its cursor is shown, not sent.
        texts = (printable(text) for text in (path, message, hint))
        self._found[Problem(place.file, place.line, *texts)] = None

    def extend(self, problems: Iterable[Problem]) -> None:
        self._found.update(dict.fromkeys(problems))

    def nearest(self, word: str, words: Iterable[str], otherwise: str = "") -> str:
        """A hint that names the word most like the given one; `otherwise` where none is like it."""
        self._hints += 1
        known = list(islice(words, CANDIDATE_LIMIT)) if self._hints <= HINT_LIMIT else []
        found = difflib.get_close_matches(word[:200], _like(word, known), n=1, cutoff=0.5)
        if found:
            return f"did you mean `{found[0]}`?"
        if known and not otherwise and len(known) <= 12:
            return "valid here: " + ", ".join(f"`{one}`" for one in sorted(known))
        return otherwise

    def __bool__(self) -> bool:
        return bool(self._found)

    def raise_all(self) -> None:
        """Raises SpecError with every problem by file and line, or returns where there is none."""
        if self._found:
            raise SpecError(sorted(self._found, key=lambda one: (one.file, one.line, one.path, one.message)))


def _like(word: str, known: list[str]) -> list[str]:
    """The words worth a close look: all of a few, of many those that begin alike."""
    return known if len(known) <= 500 else [one for one in known if one[:2] == word[:2]][:2000]


def echo(value: object) -> str:
    """A value as a message may show it: one line, at most 60 characters; of a structure only what it is."""
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list | tuple):
        return "a list"
    if not isinstance(value, str | int | float | None):
        return f"a {type(value).__name__}"
    text = json.dumps(value[: ECHO_LIMIT + 1] if isinstance(value, str) else value, ensure_ascii=False)
    return text if len(text) <= ECHO_LIMIT else text[: ECHO_LIMIT - 1] + "…"


def named(key: str) -> str:
    """A key as a message may show it."""
    return f"`{key}`" if len(key) <= ECHO_LIMIT else f"`{key[: ECHO_LIMIT - 1]}…`"


def printable(text: str) -> str:
    """The text with everything that is not seen escaped."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)
