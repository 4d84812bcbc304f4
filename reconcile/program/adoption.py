"""What lives already and is to become Pulumi's: the ids to import it by, and what no provider imports. Pure.

An import writes nothing. What a provider cannot import is not made a second time either: it is told to Pulumi's state
as it lives (`handing`).
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from re import Match
from typing import Any, Self

from ..model.observation import Seen
from ..model.reference import escape, fill
from ..model.resource import REFERENCE, Address, Reference
from ..model.secret import SecretText
from ..model.spec import Place
from ..steps.plan.diff import as_json
from .graph import Node, OutputOf, Referring
from .tokens import OWNERSHIP, component_of

IMPORTS = "TRUEUP_IMPORTS"
"""The file of an `Imports`: the program then registers these, and nothing else."""
ZoneIdOf = Callable[[str], str]
"""The id of a zone by its domain. Raises LookupError."""


@dataclass(frozen=True)
class Adoption:
    """The resources of a stack by how Pulumi comes to know them."""

    nodes: tuple[Node, ...]
    """All of them, in order."""
    imports: Mapping[Place, str]
    """What `pulumi import` takes for each that can be imported."""
    told: frozenset[Place] = frozenset()
    """What lives and cannot be imported."""
    starts: frozenset[Place] = frozenset()
    """Releases: making one would start anew what runs as it should."""
    absent: frozenset[Place] = frozenset()
    """What does not live, or was not seen."""
    known: Mapping[Place, Mapping[str, Any]] = field(default_factory=dict)
    """Outputs of what is not imported, as they live, where something that is imported refers to them."""

    @property
    def written(self) -> frozenset[Place]:
        """What is told to the state."""
        return self.told | self.starts

    @property
    def books(self) -> tuple[Node, ...]:
        return tuple(node for node in self.nodes if node.token == OWNERSHIP)


@dataclass(frozen=True)
class Imports:
    """What `hand-over` tells the program, in a file: what to import of a stack, by which ids."""

    ids: Mapping[Place, str]
    known: Mapping[Place, Mapping[str, Any]]
    """As in an Adoption."""

    def text(self, stack: str) -> str:
        told = {
            "stack": stack,
            "ids": {str(place.address): id for place, id in self.ids.items()},
            "known": {str(place.address): dict(values) for place, values in self.known.items()},
        }
        return json.dumps(told, indent=1)

    @classmethod
    def read(cls, text: str, stack: str) -> Self:
        """Raises ValueError, KeyError and others where it is no such file, or another stack's."""
        told = json.loads(text)
        if told["stack"] != stack:
            raise ValueError(f"it is of {told['stack']}")
        ids = {Place(stack, Address.parse(name)): str(id) for name, id in told["ids"].items()}
        return cls(ids, {Place(stack, Address.parse(name)): values for name, values in told["known"].items()})


def adoption(
    nodes: Iterable[Node], lives: Mapping[Place, Seen], *, account_id_of: Callable[[Node], str], zone_id_of: ZoneIdOf
) -> Adoption:
    """`lives`: the live thing of each place that has one. `account_id_of`: the platform's id of a node's account.

    Raises LookupError where an id needs a zone that was not seen, and where something refers to a secret output of
    what cannot be imported.
    """
    all_of_them = tuple(nodes)
    imports: dict[Place, str] = {}
    told, starts, absent = set[Place](), set[Place](), set[Place]()
    for node in all_of_them:
        if node.token == OWNERSHIP or node.kind is None:
            continue
        seen = lives.get(node.place)
        if is_start(node):
            starts.add(node.place)
        elif seen is None:
            absent.add(node.place)
        elif node.kind.bridge is None:
            imports[node.place] = f"{node.inputs['account']}/{seen.id}"
        elif node.kind.bridge.import_id is None:
            told.add(node.place)
        else:
            account = account_id_of(node)
            imports[node.place] = node.kind.bridge.import_id(seen.resource, seen.id, account, zone_id_of)
    known = _known(all_of_them, imports, lives)
    return Adoption(all_of_them, imports, frozenset(told), frozenset(starts), frozenset(absent), known)


def is_start(node: Node) -> bool:
    """Whether it is a release: declared nowhere, listed nowhere, and it starts what runs."""
    return node.kind is not None and node.kind.bridge is None and "digest" in node.inputs


def only_imported(
    nodes: Iterable[Node], imports: Collection[Place], known: Mapping[Place, Mapping[str, Any]]
) -> tuple[Node, ...]:
    """The program of an adoption: what is imported and nothing else, with the live value of what it refers to."""
    return tuple(
        replace(
            node,
            inputs={name: _filled(value, imports, known) for name, value in node.inputs.items()},
            depends_on=tuple(place for place in node.depends_on if place in imports),
        )
        for node in nodes
        if node.place in imports
    )


def bulk_file(wanted: Adoption) -> dict[str, Any]:
    """What `pulumi import --file` takes: the components, and in them what can be imported, each after its parent."""
    imported = [node for node in wanted.nodes if node.place in wanted.imports]
    platforms = dict.fromkeys(node.platform for node in imported if node.platform)
    resources: list[dict[str, Any]] = [
        {"type": component_of(platform), "name": platform, "component": True} for platform in platforms
    ]
    for node in imported:
        one = {
            "type": node.token,
            # Names of the file are one a resource; a state's are one a type.
            "name": f"{node.place.address.full_kind}.{node.name}",
            "logicalName": node.name,
            "id": wanted.imports[node.place],
        }
        resources.append({**one, "parent": node.platform} if node.platform else one)
    return {"nameTable": {}, "resources": resources}


def _known(
    nodes: Iterable[Node], imports: Collection[Place], lives: Mapping[Place, Seen]
) -> dict[Place, dict[str, Any]]:
    found: dict[Place, dict[str, Any]] = {}
    for node in nodes:
        if node.place not in imports:
            continue
        for reference, place in _referred(node.inputs):
            if place in imports:
                continue
            seen = lives.get(place)
            value = getattr(seen.resource, reference.field, None) if seen is not None else None
            if seen is None or value is None or isinstance(value, SecretText):
                what = "does not live" if seen is None else "is not told" if value is None else "is secret"
                raise LookupError(f"{node.place.address}: {reference} {what}, and Pulumi cannot import what it is of")
            found.setdefault(place, {})[reference.field] = as_json(seen.resource, reference.field)
    return found


def _referred(value: Any) -> Iterable[tuple[Reference, Place]]:
    if isinstance(value, Referring):
        yield from value.targets.items()
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _referred(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _referred(each)


def _filled(value: Any, imports: Collection[Place], known: Mapping[Place, Mapping[str, Any]]) -> Any:
    if isinstance(value, Mapping):
        return {name: _filled(each, imports, known) for name, each in value.items()}
    if isinstance(value, list | tuple) and not isinstance(value, OutputOf):
        return [_filled(each, imports, known) for each in value]
    if not isinstance(value, Referring):
        return value
    left = {reference: place for reference, place in value.targets.items() if place in imports}
    outputs = {str(reference): known[place][reference.field] for reference, place in value.targets.items()
               if place not in imports}  # fmt: skip
    if not outputs:
        return value

    if not left:
        return fill(value.text, lambda reference: str(outputs[str(reference)]))

    def one(match: Match[str]) -> str:
        reference = str(Reference.parse(match[1]))
        # It is filled once more, where a `${` of a value would be taken for a reference.
        return escape(str(outputs[reference])) if reference in outputs else match[0]

    return replace(value, text=REFERENCE.sub(one, value.text), targets=left)
