"""Values that one platform tells and another holds: written as references, they follow when they move."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..model.observation import Observation
from ..model.reference import insides
from ..model.resource import Address, Key, ReadOnly, Reference, Resource
from ..model.spec import Declared, Tree
from .draft import File, Follows, Found


@dataclass(frozen=True, slots=True)
class Teller:
    """What tells a text, and the names that it goes by."""

    source: Follows
    names: frozenset[str]


Outputs = Mapping[str, tuple[Teller, ...]]
"""What tells a text, by the text."""
_HOST = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+\.?\Z")
_SHORTEST = 8
_TIMES = ("updated_at", "created_at")


def outputs_of(observations: Iterable[Observation], there: Collection[tuple[str, Key]]) -> Outputs:
    """The texts that things tell of themselves, where they are or will be declared (`there`: kind and natural key)."""
    told: dict[str, tuple[Teller, ...]] = {}
    for observation in observations:
        for seen in observation.seen:
            if (seen.kind, seen.key) not in there:
                continue
            texts = dict(_told(seen.resource))
            names = frozenset(map(_form, (*seen.key, *texts.values())))
            for name, text in texts.items():
                teller = Teller(Follows(seen.kind, seen.key, name), names)
                told[_form(text)] = (*told.get(_form(text), ()), teller)
    return told


def following(found: Iterable[Found], outputs: Outputs) -> list[Found]:
    """The same things, with what their fields follow."""
    return [replace(one, follows=dict(_follows(one.resource, outputs))) if outputs else one for one in found]


def could_follow(
    tree: Tree, account: str, outputs: Outputs, files: Sequence[File], texts: Mapping[str, bytes]
) -> list[str]:
    """What to change by hand in stacks that are written already, each with its line."""
    told = []
    for one in tree.declared():
        if one.account != account:
            continue
        for name, source in _follows(one.resource, outputs):
            place = _place(source, files, tree) if name not in one.references else None
            if place is not None:
                told.append(_finding(one, name, source, *place, tree, texts))
    return told


def _finding(
    one: Declared, name: str, source: Follows, stack: str, address: Address, tree: Tree, texts: Mapping[str, bytes]
) -> str:
    at = f"{one.at.file}:{_line(one, name, texts)}"
    wanted = f'{name}: "${{{Reference(address, source.output)}}}"'
    said = f"{at}: {one.address} holds what {address} tells: write `{wanted}`"
    if stack == one.stack or stack in tree.stacks[one.stack].uses:
        return said
    if one.stack in tree.in_order(frozenset((stack,))) or stack not in tree.stacks:
        return f"{said}, in stack {stack}, or here with `uses: [{stack}]` where that does not use {one.stack}"
    return f"{said}, with `uses: [{stack}]`"


def _line(one: Declared, name: str, texts: Mapping[str, bytes]) -> int:
    """Where a field of an entry stands: its own line, or the entry's where all is on one."""
    lines = texts.get(one.at.file, b"").decode(errors="replace").splitlines()
    for number, line in enumerate(lines[one.at.line - 1 :], one.at.line):
        if re.match(rf"\s*{re.escape(name)}\s*:", line):
            return number
        if number > one.at.line and _indent(line) <= _indent(lines[one.at.line - 1]) and line.strip():
            break
    return one.at.line


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _place(source: Follows, files: Sequence[File], tree: Tree) -> tuple[str, Address] | None:
    platform, _, word = source.kind.partition(".")
    for file in files:
        name = file.drafted.places.get((source.kind, source.key))
        if name is not None:
            return file.stack, Address(platform, word, name)
    for one in tree.declared():
        if (one.address.full_kind, one.resource.keys()[0]) == (source.kind, source.key):
            return one.stack, one.address
    return None


def _told(resource: Resource) -> Iterator[tuple[str, str]]:
    for name in sorted(type(resource).having(ReadOnly)):
        value = getattr(resource, name)
        if isinstance(value, str) and len(value) >= _SHORTEST and name not in _TIMES:
            yield name, value


def _follows(resource: Resource, outputs: Outputs) -> Iterator[tuple[str, Follows]]:
    """Fields that hold another platform's output."""
    cls = type(resource)
    for name in cls.comparable():
        value = getattr(resource, name)
        if name == "name" or name in cls.refers() or not isinstance(value, str) or _refers(value):
            continue
        source = _source(outputs.get(_form(value), ()), resource)
        if source is not None and source.kind.partition(".")[0] != cls.kind.partition(".")[0]:
            yield name, source


def _source(tellers: Sequence[Teller], resource: Resource) -> Follows | None:
    """Of several that tell one text, as all domains of a project do, the one that goes by the name of what holds it.
    None where nobody could say whose it is."""
    own = _form(str(getattr(resource, "name", "")))
    named = tellers if len(tellers) == 1 else [one for one in tellers if own in one.names]
    return named[0].source if len(named) == 1 else None


def _refers(value: str) -> bool:
    try:
        return bool(insides(value))
    except ValueError:
        return False


def _form(value: str) -> str:
    """A host is one whatever its letters and its last dot; another text is itself."""
    return value.lower().removesuffix(".") if _HOST.match(value) else value
