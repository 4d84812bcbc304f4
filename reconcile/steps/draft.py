"""Live things to a stack file: what a person would have written, one line a thing, in an order that stays."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from ..model.observation import Mark
from ..model.reference import escape
from ..model.resource import Resource, Secret
from .flow import comment, flow, text

SCHEMA_LINE = "# yaml-language-server: $schema=../.trueup/schema.json"
APEX = "apex"
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Found:
    """One live thing. `why_not`: why it is not to be declared; "" where it is."""

    resource: Resource
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """Where a thing that others refer to is declared already."""

    stack: str
    name: str


@dataclass(frozen=True)
class Drafted:
    """The file, how many things of each kind it declares, and what it leaves out and why."""

    text: str
    written: Mapping[str, int]
    left_out: tuple[str, ...]


@dataclass
class _Page:
    """The file on its way: `names` and `lines` by kind and group, `targets` by kind and the platform's own name."""

    known: Mapping[tuple[str, str], Known]
    targets: dict[tuple[str, str], str] = field(default_factory=dict)
    uses: set[str] = field(default_factory=set)
    lines: dict[type[Resource], dict[str, list[str]]] = field(default_factory=dict)
    written: Counter[str] = field(default_factory=Counter)
    left_out: list[str] = field(default_factory=list)

    def leave_out(self, resource: Resource, why: str) -> None:
        self.left_out.append(comment(f"{resource.kind} {resource.title()}: {why}"))

    def logical(self, kind: str, name: str) -> str | None:
        """The logical name of what a field names; None where nothing declares it."""
        here = self.targets.get((kind, name))
        if here is not None:
            return here
        elsewhere = self.known.get((kind, name))
        if elsewhere is None:
            return None
        self.uses.add(elsewhere.stack)
        return elsewhere.name


def draft(
    found: Iterable[Found],
    *,
    account: str,
    known: Mapping[tuple[str, str], Known] | None = None,
    remarks: Sequence[str] = (),
) -> Drafted:
    """A stack file that declares what was found, and an empty plan where it is loaded.

    `known` holds what other stacks declare, by (kind, the platform's own name). Left out, each with a comment: what
    `found` says so of, two things with one natural key, and what a stack file cannot say. `remarks` become comments.
    """
    page = _Page(known or {})
    by_kind: dict[type[Resource], list[Resource]] = {}
    for one in _unambiguous(found, page):
        by_kind.setdefault(type(one), []).append(one)
    # What is referred to comes first: its logical names are needed.
    for cls in sorted(by_kind, key=lambda one: (bool(one.refers()), one.kind)):
        _write_kind(cls, by_kind[cls], page)
    return Drafted(_file(account, page, remarks), dict(page.written), tuple(sorted(page.left_out)))


def _unambiguous(found: Iterable[Found], page: _Page) -> list[Resource]:
    declarable = []
    for one in found:
        if one.why_not:
            page.leave_out(one.resource, one.why_not)
        else:
            declarable.append(one.resource)
    counted = Counter((one.kind, one.keys()[0]) for one in declarable)
    several = {key for key, count in counted.items() if count > 1}
    for resource in declarable if several else ():
        if (resource.kind, resource.keys()[0]) in several:
            page.leave_out(resource, "several of this name live, and a stack file could not tell them apart")
    return [one for one in declarable if (one.kind, one.keys()[0]) not in several]


def _write_kind(cls: type[Resource], resources: Sequence[Resource], page: _Page) -> None:
    groups: dict[str, list[Resource]] = {}
    for one in resources:
        groups.setdefault(getattr(one, cls.group_by) if cls.group_by else "", []).append(one)
    for container, inside in sorted(groups.items()):
        group: str | None = ""
        if cls.group_by:
            group = page.logical(cls.refers()[cls.group_by], container)
        if group is None:
            for one in inside:
                page.leave_out(one, f"the {cls.group_by} {container} is not declared")
            continue
        lines = []
        for name, one in _named(inside):
            fields = _fields(one, name, page)
            if fields is not None:
                lines.append(f"{text(name)}: {fields}")
                page.written[cls.kind] += 1
                if not cls.group_by:
                    page.targets[cls.kind, str(getattr(one, "name", name))] = name
        if lines:
            page.lines.setdefault(cls, {})[group] = lines


def _named(resources: Sequence[Resource]) -> list[tuple[str, Resource]]:
    """Every thing with a logical name that no other has: its own name, with its type and a number where it must be."""
    parted = sorted(((relative(one), _type(one), one) for one in resources), key=_order)
    at_name = Counter(name for name, _, _ in parted)
    of_type = Counter((name, kind) for name, kind, _ in parted)
    taken: set[str] = set()
    numbers: Counter[tuple[str, str]] = Counter()
    found = []
    for name, kind, one in parted:
        base = APEX if name == "@" else slug(name) or one.kind.partition(".")[2]
        if kind and (name == "@" or at_name[name] > 1):
            base = f"{base}-{kind}"
        if of_type[name, kind] > 1:
            numbers[name, kind] += 1
            base = f"{base}-{numbers[name, kind]}"
        unique, number = base, 1
        while unique in taken:
            number += 1
            unique = f"{base}-{number}"
        taken.add(unique)
        found.append((unique, one))
    return found


def _order(parted: tuple[str, str, Resource]) -> tuple[Any, ...]:
    name, kind, one = parted
    return name != "@", name, kind, getattr(one, "priority", None) or 0, one.keys()


def relative(resource: Resource) -> str:
    """The name without its container's: "@" for the container's own; the title where there is no name."""
    name = str(getattr(resource, "name", "") or resource.title())
    container = resource.container()
    if container and name == container:
        return "@"
    return name.removesuffix(f".{container}") if container else name


def _type(resource: Resource) -> str:
    return slug(str(getattr(resource, "type", "") or ""))


def slug(name: str) -> str:
    """A name as a logical one: `_dmarc.mail` is `dmarc-mail`. "" where nothing of it can be kept."""
    folded = unicodedata.normalize("NFKD", name.replace("*", "any")).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", folded)[:_LONGEST_NAME].strip("-")


def _fields(resource: Resource, logical: str, page: _Page) -> str | None:
    """The fields of a thing as YAML; None where a stack file cannot say it: it is then left out."""
    cls = type(resource)
    shown = [name for name in cls.comparable() if _worth_saying(resource, name)]
    values: dict[str, Any] = resource.model_dump(mode="json", include=set(shown))
    own = values.pop("name", None)
    group = {cls.group_by: getattr(resource, cls.group_by)} if cls.group_by else {}
    for short in dict.fromkeys((relative(resource), own)) if own is not None else (None,):
        named = {} if short is None else {"name": short}
        if _says(cls, {**group, **values, **named}, resource):
            break
    else:
        page.leave_out(resource, "a stack file cannot say it")
        return None
    if named.get("name") == logical:
        named = {}
    written = {**named, **values}
    for name, kind in cls.refers().items():
        if name in written:
            target = page.logical(kind, str(written[name]))
            if target is None:
                page.leave_out(resource, f"the {name} {written[name]} is not declared")
                return None
            written[name] = target
    try:
        return flow({name: _escaped(value) for name, value in written.items()})
    except ValueError as error:
        page.leave_out(resource, str(error))
        return None


def _worth_saying(resource: Resource, name: str) -> bool:
    """Not the group it stands in, no secret, no default, no mark of ours; nothing where nothing is left as it lives."""
    cls = type(resource)
    if name == cls.group_by or name in cls.having(Secret):
        return False
    value = getattr(resource, name)
    default = cls.model_fields[name].get_default(call_default_factory=False)
    if value is None or value == default or (default is None and value in ("", (), [], {})):
        return False
    return not (name == cls.marker_field and Mark.parse(value) is not None)


def _says(cls: type[Resource], values: Mapping[str, Any], resource: Resource) -> bool:
    """Whether a declaration means the thing that lives."""
    try:
        declared = cls.declared(values)
    except ValidationError:
        return False
    secrets = cls.having(Secret)
    return all(
        getattr(declared, name) in (None, getattr(resource, name)) for name in cls.comparable() if name not in secrets
    )


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, dict):
        return {name: _escaped(one) for name, one in value.items()}
    return [_escaped(one) for one in value] if isinstance(value, list) else value


def _file(account: str, page: _Page, remarks: Sequence[str]) -> str:
    lines = [SCHEMA_LINE, "# Written by `trueup import`; yours to edit.", f"account: {flow(account)}", "writer: trueup"]
    if page.uses:
        lines.append(f"uses: {flow(sorted(page.uses))}")
    platform = ""
    for cls in sorted(page.lines, key=lambda one: (one.kind.partition(".")[0], bool(one.refers()), one.kind)):
        on, _, word = cls.kind.partition(".")
        if on != platform:
            platform = on
            lines.append(f"{on}:")
        lines.append(f"  {cls.section or word}:")
        for group, inside in sorted(page.lines[cls].items()):
            if group:
                lines.append(f"    {text(group)}:")
            lines.extend(f"{'      ' if group else '    '}{one}" for one in inside)
    for title, said in (("Not declared here:", sorted(page.left_out)), ("To know:", remarks)):
        if said:
            lines.extend([f"# {title}", *(f"# - {comment(one)}" for one in said)])
    return "\n".join(lines) + "\n"
