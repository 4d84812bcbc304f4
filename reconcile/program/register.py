"""The Pulumi program: a loop over the list of a stack's resources that registers each."""

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from types import MappingProxyType
from typing import Any

import pulumi

from ..model.bridge import ZoneId
from ..model.reference import fill
from ..model.resource import Reference
from ..model.secret import SecretText
from ..model.spec import Place
from .graph import Node, OutputOf, Referring
from .tokens import PACKAGE, component_of

ZONE = "cloudflare:index/getZone:getZone"


@dataclass
class Estate:
    """A stack as it was registered: the Pulumi resources, by address."""

    stack: str
    resources: dict[str, pulumi.CustomResource] = field(default_factory=dict)
    components: dict[str, pulumi.ComponentResource] = field(default_factory=dict)

    def __getitem__(self, address: str) -> pulumi.CustomResource:
        """`estate["railway.service.api"]`. Raises KeyError."""
        return self.resources[address]


@dataclass(frozen=True)
class _Made:
    """A node, and the resource that it became."""

    node: Node
    resource: pulumi.CustomResource

    def output(self, name: str) -> Any:
        """An output by our name for it."""
        bridge = self.node.kind.bridge if self.node.kind is not None else None
        return attrgetter(bridge.outputs.get(name, name) if bridge is not None else name)(self.resource)


def register(
    stack: str, nodes: Iterable[Node], revision: str, imports: Mapping[Place, str] = MappingProxyType({})
) -> Estate:
    """Registers every node with the engine that runs the program, and exports what the stack tells.

    `imports`: by which id to import what lives already.
    """
    estate = Estate(stack)
    zones: dict[str, str] = {}
    told: dict[str, dict[str, Any]] = {}
    at: dict[Place, _Made] = {}
    for node in nodes:
        made = _registered(node, estate, at, zones, imports.get(node.place))
        at[node.place] = _Made(node, made)
        address = str(node.place.address)
        estate.resources[address] = made
        if node.kind is not None:
            told[address] = {"id": made.id, **{name: at[node.place].output(name) for name in node.outputs}}
    pulumi.export("resources", told)
    pulumi.export(f"{PACKAGE}:revision", revision)
    return estate


def _registered(
    node: Node, estate: Estate, at: Mapping[Place, _Made], zones: dict[str, str], import_id: str | None
) -> pulumi.CustomResource:
    parent = _component(node.platform, estate) if node.platform else None
    options = pulumi.ResourceOptions(
        parent=parent,
        depends_on=[at[place].resource for place in node.depends_on],
        protect=node.protect or None,
        delete_before_replace=node.delete_first or None,
        ignore_changes=list(node.ignored) or None,
        aliases=[pulumi.Alias(name=name) for name in node.aliases] or None,
        import_=import_id,
    )
    inputs = {name: _value(value, at, zones) for name, value in node.inputs.items()}
    made: pulumi.CustomResource = class_of(node)(node.name, **inputs, opts=options)
    return made


def class_of(node: Node) -> Any:
    """The class that a program would write for it."""
    if node.kind is not None and node.kind.bridge is not None:
        return getattr(importlib.import_module(node.kind.bridge.module), node.kind.bridge.name)
    from .. import sdk

    _, module, name = node.token.split(":")
    return getattr(importlib.import_module(f"{sdk.__name__}.{module}"), name)


def _component(platform: str, estate: Estate) -> pulumi.ComponentResource:
    if platform not in estate.components:
        estate.components[platform] = pulumi.ComponentResource(component_of(platform), platform)
    return estate.components[platform]


def _value(value: Any, at: Mapping[Place, _Made], zones: dict[str, str]) -> Any:
    """One input as the SDK takes it."""
    if isinstance(value, SecretText):
        return pulumi.Output.secret(value.reveal())
    if isinstance(value, ZoneId):
        return _zone(value.domain, zones)
    if isinstance(value, OutputOf):
        return getattr(at[value.place].resource, value.name)
    if isinstance(value, Referring):
        return _filled(value, at)
    if isinstance(value, Mapping):
        return {name: _value(each, at, zones) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_value(each, at, zones) for each in value]
    return value


def _zone(domain: str, zones: dict[str, str]) -> str:
    """The id of a zone, asked for once."""
    if domain not in zones:
        answer = pulumi.runtime.invoke(ZONE, {"filter": {"name": domain}}).value
        zones[domain] = str(answer.get("zoneId") or answer["id"])
    return zones[domain]


def _filled(value: Referring, at: Mapping[Place, _Made]) -> Any:
    """A text with the outputs that it refers to, once they are known."""
    found = {reference: at[place].output(reference.field) for reference, place in value.targets.items()}
    if len(found) == 1 and value.text == f"${{{next(iter(found))}}}":
        return next(iter(found.values()))

    def filled(known: Mapping[str, Any]) -> str:
        def value_of(reference: Reference) -> str:
            return str(known[str(reference)])

        return fill(value.text, value_of)

    return pulumi.Output.all(**{str(reference): output for reference, output in found.items()}).apply(filled)
