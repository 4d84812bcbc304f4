"""One stack file, read as far as it goes alone: its head, and a draft for each resource."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ...model.resource import LOGICAL_NAME, Address, Resource
from ...model.spec import Declared, Writer
from .problems import Place, Problems, named
from .project import required_text, texts
from .tree import Node

Kinds = Mapping[str, type[Resource]]
Catalogue = Mapping[str, Mapping[str, type[Resource]]]

SECRETS = "secrets"
HEAD = ("account", "writer", "uses", "extends", "ignore", "moved", SECRETS)
LATER = frozenset({"alerts", "routes", "checks"})
COVERS = "covers"
PIN = "id"
"""In an entry: the platform's id of the one thing that it is. A kind with a field of that name has no pin."""
_WRITERS: tuple[Writer, ...] = ("trueup", "pulumi")
_NAME_HINT = "a logical name is lower-case letters, digits and `-`; the platform's own name is a field"


@dataclass(slots=True, eq=False)
class Draft:
    """A resource on its way: what the file says, then what that refers to, then what is declared.

    `group` is the logical name of the resource that groups it; `refused`: it has problems, and no more is said.
    """

    stack: str
    account: str
    address: Address
    cls: type[Resource]
    fields: dict[str, Node]
    node: Node
    path: str
    covers: Node | None = None
    pin: Node | None = None
    group: str = ""
    names: "dict[tuple[str, str], Draft]" = field(default_factory=dict)
    """Target of each bare logical name, by field and name."""
    links: "dict[str, Draft]" = field(default_factory=dict)
    """Target of each reference, by what stands between its braces."""
    outputs: "dict[str, Draft]" = field(default_factory=dict)
    """Target of each reference that is still in the values, by its inside."""
    silent: set[str] = field(default_factory=set)
    """Fields whose value is unknown for a reason already told."""
    refused: bool = False
    declared: Declared | None = None

    def targets(self) -> Iterator["Draft"]:
        yield from self.names.values()
        yield from self.links.values()

    def place(self, name: str) -> Place:
        """Where a field's value stands, or the resource where it is undeclared."""
        node = self.fields.get(name)
        return node.at_value(f"{self.path}.{name}") if node else self.node.at_key(self.path)


@dataclass(slots=True)
class Stack:
    """A stack's head and its drafts by full kind and name. `refers_to` holds the stacks it uses, with their place."""

    name: str
    node: Node
    account: str
    writer: Writer
    uses: tuple[str, ...]
    uses_at: Place
    drafts: dict[str, dict[str, Draft]]
    secrets: Node | None = None
    """Its section of what changes on schedule."""

    def all(self) -> Iterable[Draft]:
        for named_drafts in self.drafts.values():
            yield from named_drafts.values()

    def get(self, address: Address) -> Draft | None:
        return self.drafts.get(address.full_kind, {}).get(address.name)


def catalogue(kinds: Kinds) -> Catalogue:
    """The kinds by platform and by the key that a stack file has for them."""
    result: dict[str, dict[str, type[Resource]]] = {}
    for kind, cls in kinds.items():
        platform, _, word = kind.partition(".")
        if not cls.nested:
            result.setdefault(platform, {})[cls.section or word] = cls
    return result


def nested_kinds(kinds: Kinds) -> Catalogue:
    """The kinds that stand inside another's entry: by the kind that groups them, then by their key there."""
    result: dict[str, dict[str, type[Resource]]] = {}
    for cls in kinds.values():
        if cls.nested:
            result.setdefault(cls.refers()[cls.group_by], {})[cls.section] = cls
    return result


def check_keys(node: Node, known: Catalogue, problems: Problems) -> Mapping[str, Node]:
    """The top level of a stack or base, less what may not stand there."""
    assert isinstance(node.value, dict)
    result = {}
    for key, inner in node.value.items():
        if key in known or key in HEAD:
            result[key] = inner
        elif key in LATER:
            problems.add(inner.at_key(key), f"section {named(key)} is not acted on by this version", "remove it")
        else:
            problems.add(inner.at_key(key), f"unknown key {named(key)}", problems.nearest(key, [*HEAD, *known]))
    return result


def read_stack(name: str, node: Node, known: Catalogue, nested: Catalogue, problems: Problems) -> Stack:
    """The stack of a file, already extended. What is wrong goes to the problems."""
    keys = check_keys(node, known, problems)
    account = required_text(keys, "account", node.at_value(""), "", problems)
    uses = keys.get("uses")
    stack = Stack(
        name=name,
        node=node,
        account=account,
        writer=_writer(keys.get("writer"), problems),
        uses=tuple(dict.fromkeys(text for text, _ in texts(uses, "uses", problems))),
        uses_at=uses.at_value("uses") if uses else node.at_value("uses"),
        drafts={},
        secrets=keys.get(SECRETS),
    )
    for platform, sections in known.items():
        if platform in keys:
            _read_platform(stack, platform, keys[platform], sections, nested, problems)
    return stack


def _writer(node: Node | None, problems: Problems) -> Writer:
    if node is None:
        return "trueup"
    for writer in _WRITERS:
        if node.value == writer:
            return writer
    problems.add(node.at_value("writer"), "the writer is `trueup` or `pulumi`")
    return "trueup"


def _read_platform(
    stack: Stack,
    platform: str,
    node: Node,
    sections: Mapping[str, type[Resource]],
    nested: Catalogue,
    problems: Problems,
) -> None:
    for key, section in _map(node, platform, "must be a map of sections", problems).items():
        path = f"{platform}.{key}"
        cls = sections.get(key)
        if cls is None:
            problems.add(section.at_key(path), f"unknown key {named(key)}", problems.nearest(key, sections))
            continue
        if not cls.group_by:
            _read_section(stack, cls, section, path, "", nested, problems)
            continue
        for group, inner in _map(section, path, f"must be a map by {cls.group_by}", problems).items():
            if _is_logical(group, LOGICAL_NAME, inner, f"{path}.{group}", problems):
                _read_section(stack, cls, inner, f"{path}.{group}", group, nested, problems)


def _read_section(
    stack: Stack, cls: type[Resource], node: Node, path: str, group: str, nested: Catalogue, problems: Problems
) -> None:
    platform, _, word = cls.kind.partition(".")
    drafts = stack.drafts.setdefault(cls.kind, {})
    for name, inner in _map(node, path, "must be a map by logical name", problems).items():
        own_path = f"{path}.{name}"
        if not _is_logical(name, cls.logical_name, inner, own_path, problems):
            continue
        values = inner.value
        if cls.shorthand and type(values) not in (dict, list, type(None)):
            values = {cls.shorthand: inner}
        if type(values) is not dict:
            problems.add(inner.at_value(own_path), "must be a map of fields", "`{}` where all are left out")
            continue
        full = f"{group}/{name}" if group else name
        address = Address(platform, word, full)
        covers = values.get(COVERS)
        pin = values.get(PIN) if PIN not in cls.model_fields else None
        inside = {key: below for key, below in nested.get(cls.kind, {}).items() if key in values}
        if covers is not None or pin is not None or inside:
            left_out = (COVERS, *inside, *([PIN] if pin is not None else []))
            for key, below in inside.items():
                _read_section(stack, below, values[key], f"{own_path}.{key}", full, nested, problems)
            values = {key: value for key, value in values.items() if key not in left_out}
        drafts[full] = Draft(stack.name, stack.account, address, cls, values, inner, own_path, covers, pin, group)


def _map(node: Node, path: str, message: str, problems: Problems) -> Mapping[str, Node]:
    if isinstance(node.value, dict):
        return node.value
    problems.add(node.at_value(path), message)
    return {}


def _is_logical(name: str, pattern: re.Pattern[str], node: Node, path: str, problems: Problems) -> bool:
    if pattern.match(name):
        return True
    hint = _NAME_HINT if pattern is LOGICAL_NAME else f"it looks like {pattern.pattern}"
    problems.add(node.at_key(path), f"{named(name)} is no logical name", hint)
    return False
