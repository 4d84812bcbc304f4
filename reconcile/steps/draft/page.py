"""One stack file from live things: an entry each, nested kinds inside theirs, in an order that stays."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...model.resource import Address, Key, Reference, Resource
from ..flow import comment, flow, text
from .fields import escaped, plainer, said, sayable
from .names import named

SCHEMA_LINE = "# yaml-language-server: $schema=../.trueup/schema.json"
_WIDTH = 118
_FEW = 3


@dataclass(frozen=True, slots=True)
class Follows:
    """An output that a field holds: which thing's, and which."""

    kind: str
    key: Key
    output: str


@dataclass(frozen=True, slots=True)
class Found:
    """One live thing. `why_not`: why it is not to be declared; "" where it is. `follows`: outputs its fields hold."""

    resource: Resource
    why_not: str = ""
    follows: Mapping[str, Follows] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """Where a thing that others refer to is declared already. `key`: its natural key, where outputs of it are told."""

    stack: str
    name: str
    key: Key = ()


@dataclass(frozen=True)
class Drafted:
    """The file, how many things of each kind it declares, and what it leaves out and why.

    `names`: logical names by kind and as the platform refers to the thing, for files that use this one; `places`: the
    same by kind and natural key, for those that tell outputs.
    """

    text: str
    written: Mapping[str, int]
    left_out: tuple[str, ...]
    names: Mapping[tuple[str, str], str] = field(default_factory=dict)
    places: Mapping[tuple[str, Key], str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    """What could not be written as well as it might be."""


Entry = Mapping[str, str | tuple[str, ...]]
"""A field and its value as YAML on one line, or the parts of a list, each on one; one at "" is a bare value."""


@dataclass
class _Page:
    """The file on its way: entries by kind, group and name; those of nested kinds by what they stand in."""

    known: Mapping[tuple[str, str], Known]
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    places: dict[tuple[str, Key], str] = field(default_factory=dict)
    uses: set[str] = field(default_factory=set)
    entries: dict[type[Resource], dict[str, dict[str, Entry]]] = field(default_factory=dict)
    inside: dict[tuple[str, str], dict[str, dict[str, Entry]]] = field(default_factory=lambda: defaultdict(dict))
    written: Counter[str] = field(default_factory=Counter)
    left_out: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def leave_out(self, resource: Resource, why: str) -> None:
        self.left_out.append(comment(f"{resource.kind} {resource.title()}: {why}"))

    def logical(self, kind: str, name: str) -> str | None:
        """The logical name of what a field names; None where nothing declares it."""
        here = self.names.get((kind, name))
        if here is not None:
            return here
        elsewhere = self.known.get((kind, name))
        if elsewhere is None:
            return None
        self.uses.add(elsewhere.stack)
        return elsewhere.name

    def place(self, kind: str, key: Key) -> str | None:
        """The full logical name of a thing with outputs; None where no name means it and nothing else."""
        here = self.places.get((kind, key))
        if here is not None:
            return here
        tellers = [one for (other, _), one in self.known.items() if other == kind]
        found = next((one for one in tellers if one.key == key), None)
        if found is None or sum(one.name == found.name for one in tellers) > 1:
            return None
        self.uses.add(found.stack)
        return found.name


def draft(
    found: Iterable[Found],
    *,
    account: str,
    known: Mapping[tuple[str, str], Known] | None = None,
    remarks: Sequence[str] = (),
) -> Drafted:
    """A stack file that declares what was found, and an empty plan where it is loaded.

    `known` holds what other stacks declare, by (kind, as the platform refers to it). Left out, each with a comment:
    what `found` says so of, two things with one natural key, and what a stack file cannot say. `remarks` become
    comments.
    """
    page = _Page(known or {})
    by_kind: dict[type[Resource], list[Found]] = {}
    for one in _unambiguous(found, page):
        by_kind.setdefault(type(one.resource), []).append(one)
    kinds = {cls.kind: cls for cls in by_kind}

    def turn(cls: type[Resource]) -> tuple[bool, int, str]:
        """What is referred to comes first: its logical names are needed."""
        return any(one.follows for one in by_kind[cls]), _depth(cls, kinds), cls.kind

    for cls in sorted(by_kind, key=turn):
        _write_kind(cls, by_kind[cls], page)
    whole = _file(account, page, remarks)
    left_out = tuple(sorted(page.left_out))
    return Drafted(whole, dict(page.written), left_out, page.names, page.places, tuple(page.remarks))


def entry_lines(resource: Resource) -> dict[str, str]:
    """What an entry would say of a thing, a line a field, by field; what it belongs to is left out.

    Raises ValueError for what a stack file cannot hold.
    """
    values = said(sayable(resource)) or {}
    belongs = type(resource).refers()
    return {name: f"{name}: {flow(escaped(value))}" for name, value in values.items() if name not in belongs}


def entry_line(resource: Resource, logical: str) -> str:
    """The whole entry on one line. Raises ValueError for what a stack file cannot hold."""
    page = _Page({})
    entry = _entry(resource, logical, {}, page)
    if entry is None:
        raise ValueError("; ".join(page.left_out))
    return _line(logical, entry)


def _depth(cls: type[Resource], kinds: Mapping[str, type[Resource]]) -> int:
    """How many others of a file stand before it, each referring to the next."""
    return 1 + max((_depth(kinds[one], kinds) for one in cls.refers().values() if one in kinds), default=0)


def _unambiguous(found: Iterable[Found], page: _Page) -> list[Found]:
    declarable = []
    for one in found:
        if one.why_not:
            page.leave_out(one.resource, one.why_not)
        else:
            declarable.append(one)
    counted = Counter((one.resource.kind, one.resource.keys()[0]) for one in declarable)
    several = {key for key, count in counted.items() if count > 1}
    for one in declarable if several else ():
        if (one.resource.kind, one.resource.keys()[0]) in several:
            page.leave_out(one.resource, "several of this name live, and a stack file could not tell them apart")
    return [one for one in declarable if (one.resource.kind, one.resource.keys()[0]) not in several]


def _write_kind(cls: type[Resource], found: Sequence[Found], page: _Page) -> None:
    groups: dict[str, list[Found]] = {}
    for one in found:
        groups.setdefault(getattr(one.resource, cls.group_by) if cls.group_by else "", []).append(one)
    for container, inside in sorted(groups.items()):
        group = _group(cls, container, inside, page)
        if group is None:
            continue
        follows = {id(one.resource): one.follows for one in inside}
        for name, resource in named([one.resource for one in inside], page.logical):
            entry = _entry(resource, name, follows[id(resource)], page)
            if entry is not None:
                _put(cls, group, name, entry, page)
                full = f"{group}/{name}" if group else name
                page.places[cls.kind, resource.keys()[0]] = full
                if not cls.group_by:
                    page.names[cls.kind, resource.referred_as() or full] = name


def _group(cls: type[Resource], container: str, inside: Sequence[Found], page: _Page) -> str | None:
    """The logical name of a group; None where it is not declared, or where nothing new can stand in it."""
    if not cls.group_by:
        return ""
    kind = cls.refers()[cls.group_by]
    if cls.nested and (kind, container) not in page.names:
        for one in inside:
            page.leave_out(one.resource, _belongs(one.resource, kind, container, page))
        return None
    group = page.logical(kind, container)
    if group is None:
        for one in inside:
            page.leave_out(one.resource, f"the {cls.group_by} {container} is not declared")
    return group


def _belongs(resource: Resource, kind: str, container: str, page: _Page) -> str:
    """What to write where, by hand, for what stands inside the entry of another file."""
    cls = type(resource)
    there = page.known.get((kind, container))
    if there is None:
        return f"the {cls.group_by} {container} is not declared"
    at = f"{kind}.{there.name} of stack {there.stack}"
    entry = _entry(resource, resource.referred_as(), {}, page)
    if entry is None:
        return f"it belongs to {at}"
    return f"it belongs to {at}: add `{_line(resource.referred_as(), entry)}` to its {cls.section}"


def _put(cls: type[Resource], group: str, name: str, entry: Entry, page: _Page) -> None:
    if cls.nested:
        page.inside[cls.refers()[cls.group_by], group].setdefault(cls.section, {})[name] = entry
    else:
        page.entries.setdefault(cls, {}).setdefault(group, {})[name] = entry
    page.written[cls.kind] += 1


def _entry(resource: Resource, logical: str, follows: Mapping[str, Follows], page: _Page) -> Entry | None:
    """The fields of a thing as YAML; None where a stack file cannot say it: it is then left out."""
    cls = type(resource)
    sayables = sayable(resource)
    values = said(sayables)
    if values is None:
        page.leave_out(resource, "a stack file cannot say it")
        return None
    if resource.untold():
        page.remarks.append(f"{cls.kind} {resource.title()}: {resource.untold()}; that is left as it lives")
    if values.get("name") == logical:
        del values["name"]
    for name, kind in cls.refers().items():
        if name in values:
            told = {one: page.logical(kind, one) for one in resource.named_by(name)}
            lacking = next((one for one, target in told.items() if target is None), None)
            if lacking is not None:
                page.leave_out(resource, f"the {name} {lacking} is not declared")
                return None
            values[name] = list(told.values()) if isinstance(values[name], list) else told[values[name]]
    try:
        lines = {name: _field(escaped(value)) for name, value in values.items()}
        if cls.shorthand and list(values) == [cls.shorthand]:
            return {"": flow(escaped(plainer(values[cls.shorthand])))}
    except ValueError as error:
        page.leave_out(resource, str(error))
        return None
    for name, one in follows.items():
        place = page.place(one.kind, one.key) if name in lines else None
        if place is not None:
            platform, _, word = one.kind.partition(".")
            lines[name] = flow("${" + str(Reference(Address(platform, word, place), one.output)) + "}")
        elif name in lines:
            page.remarks.append(
                f"{cls.kind} {resource.title()}: its {name} is the {one.output} of {one.kind} {' '.join(one.key)}; "
                "several stacks call one so: declare it in the stack of the one that is meant, and refer to that"
            )
    return lines


def _file(account: str, page: _Page, remarks: Sequence[str]) -> str:
    lines = [SCHEMA_LINE, "# Written by `trueup import`; yours to edit.", f"account: {flow(account)}", "writer: trueup"]
    if page.uses:
        lines.append(f"uses: {flow(sorted(page.uses))}")
    kinds = {cls.kind: cls for cls in page.entries}
    platform = ""
    for cls in sorted(page.entries, key=lambda one: (one.kind.partition(".")[0], _depth(one, kinds), one.kind)):
        on, _, word = cls.kind.partition(".")
        if on != platform:
            platform = on
            lines.append(f"{on}:")
        lines.append(f"  {cls.section or word}:")
        for group, entries in sorted(page.entries[cls].items()):
            if group:
                lines.append(f"    {text(group)}:")
            indent = "      " if group else "    "
            for name, entry in entries.items():
                lines += _shown(name, entry, page.inside.get((cls.kind, name), {}), indent)
    for title, told in (("Not declared here:", sorted(page.left_out)), ("To know:", remarks)):
        if told:
            lines.extend([f"# {title}", *(f"# - {comment(one)}" for one in told)])
    return "\n".join(lines) + "\n"


def _shown(name: str, entry: Entry, inside: Mapping[str, Mapping[str, Entry]], indent: str) -> list[str]:
    """An entry on a line; on several where others stand inside it, or where it is long."""
    line = f"{indent}{_line(name, entry)}"
    listed = any(isinstance(value, tuple) for value in entry.values())
    if not inside and (len(line) <= _WIDTH or (len(entry) < _FEW and not listed)):
        return [line]
    lines = [f"{indent}{text(name)}:"]
    for said_of, value in entry.items():
        if isinstance(value, tuple):
            lines += [f"{indent}  {said_of}:", *(f"{indent}    - {one}" for one in value)]
        else:
            lines.append(f"{indent}  {said_of}: {value}")
    for section, entries in inside.items():
        lines.append(f"{indent}  {section}:")
        lines += [f"{indent}    {_line(*one)}" for one in entries.items()]
    return lines


def _field(value: Any) -> str | tuple[str, ...]:
    """Raises ValueError for what a stack file cannot hold."""
    if isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
        return tuple(map(flow, value))
    return flow(value)


def _line(name: str, entry: Entry) -> str:
    told = {field: one if isinstance(one, str) else f"[{', '.join(one)}]" for field, one in entry.items()}
    if "" in told:
        return f"{text(name)}: {told['']}"
    return f"{text(name)}: {{{', '.join(f'{field}: {value}' for field, value in told.items())}}}"
