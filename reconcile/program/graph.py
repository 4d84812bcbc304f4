"""A stack as the list of Pulumi resources that it is. Pure: no SDK, no engine, no platform is asked."""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..model.bridge import wire_name
from ..model.observation import Mark
from ..model.resource import ReadOnly, Reference, Resource, Secret, references_in
from ..model.secret import SecretText
from ..model.spec import Declared, Place, Spec
from .tokens import OWNERSHIP, address_of, token_of


@dataclass(frozen=True, slots=True)
class Referring:
    """A text whose `${…}` are outputs of resources of the same program: a declared field's, before they are known."""

    text: str
    targets: Mapping[Reference, Place]


@dataclass(frozen=True, slots=True)
class OutputOf:
    """One output of another resource of the same program; `id` is its id."""

    place: Place
    name: str


@dataclass(frozen=True)
class Node:
    """One Pulumi resource. `inputs` by Python name: JSON values, SecretText, Referring, OutputOf, or ZoneId.

    `platform` names the component it stands in; "" for none.
    """

    place: Place
    token: str
    name: str
    inputs: Mapping[str, Any]
    kind: type[Resource] | None = None
    """None for what only keeps the ledger's books."""
    platform: str = ""
    depends_on: tuple[Place, ...] = ()
    protect: bool = False
    delete_first: bool = False
    """Where it must be made anew the old one goes first. Our own provider says so itself."""
    ignored: tuple[str, ...] = ()
    """Inputs, by their names on the wire, that may differ: an ignore rule of the stack file accepts them."""
    aliases: tuple[str, ...] = ()
    """Names that it had."""
    outputs: tuple[str, ...] = field(default=())
    """Our names of what the stack exports of it."""


def resources(
    spec: Spec,
    *,
    project: str,
    account_ids: Mapping[str, str],
    today: str,
    releases: Iterable[type[Resource]] = (),
) -> tuple[Node, ...]:
    """Everything that Pulumi builds of a stack, each after what it needs.

    `account_ids` are the platforms' ids of the stack's account; after `today` (ISO 8601, UTC) a rule that ends counts
    no more. Raises LookupError for one that a vendor's resource
    must name, and for a reference to an output of another stack's.
    """
    built = {place.place: place for place in spec.declared.values() if is_built(place)}
    nodes = [
        replace(
            _node(one, built, project, account_ids),
            aliases=_former_names(one, spec),
            ignored=_ignored(one, spec.ignored_at(one.address, today)),
        )
        for one in _in_order(built)
    ]
    nodes.extend(_releases(spec, built, releases))
    books = _books(spec, nodes, built)
    return (*nodes, *books)


def is_built(one: Declared) -> bool:
    """Whether Pulumi is to build a declared thing, rather than look it up or leave it to us."""
    return type(one.resource).in_pulumi and not one.resource.only_seen


def revision_of(nodes: Sequence[Node]) -> str:
    """A digest of all that is declared, secrets by their fingerprints: another one means that something moved."""
    told = [[node.token, node.name, _told(node.inputs)] for node in nodes]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _former_names(one: Declared, spec: Spec) -> tuple[str, ...]:
    return tuple(moved.before.name for moved in spec.moved if moved.after == one.address)


def _ignored(one: Declared, fields: Collection[str]) -> tuple[str, ...]:
    bridge = type(one.resource).bridge
    names = (wire_name(bridge.outputs.get(name, name)) if bridge is not None else name for name in fields)
    return tuple(sorted(names))


def _node(one: Declared, built: Mapping[Place, Declared], project: str, account_ids: Mapping[str, str]) -> Node:
    kind = type(one.resource)
    inputs = _vendors(one, project, account_ids) if kind.bridge is not None else _ours(one)
    texts = {text: _referring(one, text, built) for text in one.references.values()}
    return Node(
        place=one.place,
        token=kind.bridge.token if kind.bridge is not None else token_of(kind.kind),
        name=one.address.name,
        inputs={name: _with_references(value, texts) for name, value in inputs.items()},
        kind=kind,
        platform=one.address.platform,
        depends_on=tuple(place for place in one.needs if place in built),
        protect=kind.protected,
        # The new one mostly has the name of the old one, and a name is taken once: a CNAME stands beside nothing.
        delete_first=kind.bridge is not None and not kind.protected,
        outputs=_exported(kind),
    )


def _exported(kind: type[Resource]) -> tuple[str, ...]:
    """What a stack tells of a thing beside its id: what only the platform knows, but for when it was written."""
    if kind.bridge is not None:
        return tuple(sorted(kind.bridge.outputs))
    return tuple(sorted(kind.having(ReadOnly) - kind.having(Secret) - {"updated_at"}))


def _ours(one: Declared) -> dict[str, Any]:
    """The declared fields as our own provider takes them."""
    resource = one.resource
    kind = type(resource)
    secrets = resource.secrets()
    told = set(kind.comparable()) - set(secrets)
    values = resource.model_dump(mode="json", include=told, exclude_none=True)
    return {"account": one.account, **values, **secrets}


def _vendors(one: Declared, project: str, account_ids: Mapping[str, str]) -> dict[str, Any]:
    """The same as the vendor's class takes it, with our owner mark where there is a place for it."""
    kind = type(one.resource)
    assert kind.bridge is not None
    platform = one.address.platform
    if platform not in account_ids:
        raise LookupError(f"{one.address} ({one.at}): stacks/_project.yaml has no id of {one.account} on {platform}")
    resource = one.resource
    if kind.marker_field and getattr(resource, kind.marker_field) is None:
        mark = str(Mark.of(project, one.stack, one.address))
        resource = resource.model_copy(update={kind.marker_field: mark})
    return dict(kind.bridge.says(resource, account_ids[platform]))


def _referring(one: Declared, text: str, built: Mapping[Place, Declared]) -> Referring:
    targets = {}
    for reference in references_in(text):
        place = one.target_of(reference)
        if place is None or place not in built:
            where = f"stack {place.stack}" if place is not None else "no stack"
            raise LookupError(f"{one.address} ({one.at}): {reference} is an output of {where}, not of this program")
        targets[reference] = place
    return Referring(text, targets)


def _with_references(value: Any, texts: Mapping[str, Referring]) -> Any:
    if isinstance(value, str):
        # A vendor's class may want the text between quotes.
        held = next((text for text in texts if text in value), None)
        return value if held is None else replace(texts[held], text=value)
    if isinstance(value, Mapping):
        return {name: _with_references(each, texts) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_with_references(each, texts) for each in value]
    return value


def _in_order(built: Mapping[Place, Declared]) -> Iterator[Declared]:
    """Each after what it needs, else as the files say."""
    done: set[Place] = set()

    def visit(one: Declared) -> Iterator[Declared]:
        if one.place in done:
            return
        done.add(one.place)
        for place in one.needs:
            if place in built:
                yield from visit(built[place])
        yield one

    for one in built.values():
        yield from visit(one)


def _releases(spec: Spec, built: Mapping[Place, Declared], kinds: Iterable[type[Resource]]) -> Iterator[Node]:
    """One for each thing that runs: it waits for all that is to run there, and changes when any of that does."""
    for kind in kinds:
        ((name, of),) = kind.refers().items()
        for one in built.values():
            if one.resource.kind != of:
                continue
            parts = tuple(_parts(one, built))
            digest = hashlib.sha256(json.dumps([_told(_ours(part)) for part in parts]).encode()).hexdigest()[:16]
            address = address_of(kind, one.address.name)
            yield Node(
                place=Place(spec.name, address),
                token=token_of(kind.kind),
                name=address.name,
                inputs={"account": one.account, name: one.resource.referred_as(), "digest": digest},
                kind=kind,
                platform=address.platform,
                depends_on=tuple(part.place for part in parts),
                aliases=_former_names(one, spec),
            )


def _parts(one: Declared, built: Mapping[Place, Declared]) -> Iterator[Declared]:
    """What runs, what is nested in it, and what is nested in what it stands in."""
    yield one
    around = {
        (kind, path) for field, kind in type(one.resource).refers().items() for path in one.resource.named_by(field)
    }
    around.add((one.resource.kind, one.resource.referred_as()))
    for other in built.values():
        kind = type(other.resource)
        if kind.nested and (kind.refers()[kind.group_by], getattr(other.resource, kind.group_by)) in around:
            yield other


def _books(spec: Spec, nodes: Sequence[Node], built: Mapping[Place, Declared]) -> Iterator[Node]:
    """What tells the ledger of all that a vendor's own provider builds; nothing where there is none."""
    vendors = [node for node in nodes if node.kind is not None and node.kind.bridge is not None]
    if not vendors:
        return
    told = {}
    for node in vendors:
        one = built[node.place]
        texts = {text: _referring(one, text, built) for text in one.references.values()}
        fields = {name: _with_references(value, texts) for name, value in _ours(one).items() if name != "account"}
        told[str(node.place.address)] = {
            "id": OutputOf(node.place, "id"),
            "fields": fields,
            "references": dict(one.references),
        }
    address = address_of(Books, spec.name)
    yield Node(
        place=Place(spec.name, address),
        token=OWNERSHIP,
        name=spec.name,
        inputs={"account": spec.account, "built": told},
        depends_on=tuple(node.place for node in vendors),
    )


class Books(Resource):
    """The kind of what keeps the ledger's books; it is on no platform."""

    kind = "trueup.ownership"


def _told(value: Any) -> Any:
    """Values as JSON that tells no secret."""
    if isinstance(value, SecretText):
        return {"secret": value.print or value.label}
    if isinstance(value, Referring):
        return value.text
    if isinstance(value, OutputOf):
        return f"{value.place}.{value.name}"
    if isinstance(value, Mapping):
        return {str(name): _told(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_told(each) for each in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
