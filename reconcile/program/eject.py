"""A stack as a plain Pulumi program: what `declare` registers, written out. It reads no stack file when it runs."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..model.bridge import ZoneId
from ..model.reference import fill
from ..model.resource import REFERENCE, Reference
from ..model.secret import SecretText
from ..model.spec import Place
from .graph import Node, OutputOf, Referring
from .source import Call, Name, assigned, quoted, written
from .tokens import PACKAGE, component_of

SDK = "reconcile.sdk"
_ENVIRONMENT = "os.environ"
PROJECT_FILE = """\
name: {project}
runtime:
  name: python
  options: {{virtualenv: .venv, toolchain: pip}}
plugins:
  providers:
    - {{name: {package}, path: .venv/bin}}
"""
_ZONE = '''\
def zone_id(domain: str) -> str:
    """The id of a zone, asked for by its domain."""
    zone = cloudflare.get_zone(filter={"name": domain})
    return zone.zone_id or zone.id'''


def project_file(project: str) -> str:
    """The `Pulumi.yaml` beside it."""
    return PROJECT_FILE.format(project=project, package=PACKAGE)


def eject(stack: str, nodes: Sequence[Node], revision: str, variables: Mapping[Place, Mapping[str, str]]) -> str:
    """The program. `variables`: whose field takes the value of which environment variable.

    Raises LookupError for a secret that no variable holds: a program would have to tell it.
    """
    return _Program(nodes, variables).text(stack, revision)


class _Program:
    def __init__(self, nodes: Sequence[Node], variables: Mapping[Place, Mapping[str, str]]) -> None:
        self._nodes = nodes
        self._variables = variables
        self._by_place = {node.place: node for node in nodes}
        domains = sorted({domain for node in nodes for domain in _zones_in(node.inputs)})
        platforms = dict.fromkeys(node.platform for node in nodes if node.platform)
        taken = {"os", "pulumi", "zone_id", *(_class_of(node)[0] for node in nodes)}
        self._names = _named(nodes, taken)
        self._components = {one: _free(f"on_{_slug(one)}", taken) for one in platforms}
        self._zones = {one: _free(f"zone_{_slug(one)}", taken) for one in domains}

    def text(self, stack: str, revision: str) -> str:
        first = f'"""Stack {stack} as a plain Pulumi program. Written by `trueup eject`."""'
        zones = [assigned(name, Call("zone_id", (domain,))) for domain, name in self._zones.items()]
        components = [
            assigned(name, Call("pulumi.ComponentResource", (component_of(platform), platform)))
            for platform, name in self._components.items()
        ]
        made = [assigned(self._names[node.place], self._call(node)) for node in self._nodes]
        parts = ("\n".join(one) for one in ([*zones, *components], made, self._exports(revision)))
        statements = "\n\n".join(filter(None, parts))
        imports = "\n".join(self._imports(f"{_ENVIRONMENT}[" in statements))
        head = f"\n\n{_ZONE}\n\n" if zones else ""
        return f"{first}\n\n{imports}\n{head}\n{statements}\n"

    def _imports(self, needs_os: bool) -> Iterator[str]:
        if needs_os:
            yield from ("import os", "")
        yield "import pulumi"
        for module in sorted({node.kind.bridge.module for node in self._nodes if node.kind and node.kind.bridge}):
            yield f"import {module} as {_alias(module)}"
        own = sorted({_class_of(node)[0] for node in self._nodes if not _bridged(node)})
        if own:
            yield f"from {SDK} import {', '.join(own)}"

    def _call(self, node: Node) -> Call:
        module, name = _class_of(node)
        inputs = {one: self._value(value, node.place, one) for one, value in node.inputs.items()}
        options = dict(self._options(node))
        if options:
            inputs["opts"] = Call("pulumi.ResourceOptions", named=options)
        return Call(f"{module}.{name}", (node.name,), inputs)

    def _options(self, node: Node) -> Iterator[tuple[str, Any]]:
        if node.platform:
            yield "parent", Name(self._components[node.platform])
        if node.depends_on:
            yield "depends_on", [Name(self._names[place]) for place in node.depends_on]
        if node.protect:
            yield "protect", True
        if node.delete_first:
            yield "delete_before_replace", True
        if node.ignored:
            yield "ignore_changes", list(node.ignored)
        if node.aliases:
            yield "aliases", [Call("pulumi.Alias", named={"name": name}) for name in node.aliases]

    def _value(self, value: Any, place: Place, name: str) -> Any:
        """One input as source."""
        if isinstance(value, SecretText):
            variable = self._variables.get(place, {}).get(name)
            if variable is None:
                raise LookupError(f"{place}: {name} is a secret that no environment variable holds")
            return Call("pulumi.Output.secret", (Name(f"{_ENVIRONMENT}[{quoted(variable)}]"),))
        if isinstance(value, ZoneId):
            return Name(self._zones[value.domain])
        if isinstance(value, OutputOf):
            return self._output(value.place, value.name)
        if isinstance(value, Referring):
            return self._filled(value)
        if isinstance(value, Mapping):
            return {str(key): self._value(each, place, str(key)) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self._value(each, place, name) for each in value]
        return value

    def _filled(self, value: Referring) -> Any:
        """A text with its references: the output itself, or pieces that are put together once it is known."""
        references = [Reference.parse(match[1]) for match in REFERENCE.finditer(value.text)]
        # What stands between them, escapes undone: no text holds the character that parts them.
        between = fill(value.text, lambda reference: "\0").split("\0")
        pieces: list[Any] = [between[0]]
        for reference, text in zip(references, between[1:], strict=True):
            pieces += [self._output(value.targets[reference], reference.field), text]
        pieces = [piece for piece in pieces if piece != ""]
        return pieces[0] if len(pieces) == 1 else Call("pulumi.Output.concat", pieces)

    def _output(self, place: Place, name: str) -> Name:
        return Name(f"{self._names[place]}.{_output_of(self._by_place[place], name)}")

    def _exports(self, revision: str) -> Iterator[str]:
        told = {
            str(node.place.address): {name: self._output(node.place, name) for name in ("id", *node.outputs)}
            for node in self._nodes
            if node.kind is not None
        }
        yield written(Call("pulumi.export", ("resources", told)))
        yield written(Call("pulumi.export", (f"{PACKAGE}:revision", revision)))


def _class_of(node: Node) -> tuple[str, str]:
    """The module, by the name that the program calls it, and the class in it."""
    if node.kind is not None and node.kind.bridge is not None:
        return _alias(node.kind.bridge.module), node.kind.bridge.name
    _, module, name = node.token.split(":")
    return module, name


def _bridged(node: Node) -> bool:
    return node.kind is not None and node.kind.bridge is not None


def _alias(module: str) -> str:
    return module.removeprefix("pulumi_")


def _output_of(node: Node, name: str) -> str:
    """Our name of an output as the class has it."""
    bridge = node.kind.bridge if node.kind is not None else None
    return bridge.outputs.get(name, name) if bridge is not None else name


def _zones_in(value: Any) -> Iterator[str]:
    if isinstance(value, ZoneId):
        yield value.domain
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _zones_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _zones_in(each)


def _named(nodes: Sequence[Node], taken: set[str]) -> dict[Place, str]:
    """A variable for each, none of `taken`: by kind and name, with the platform where two share that."""
    short = {node.place: _slug(f"{node.place.address.kind}_{node.place.address.name}") for node in nodes}
    counts = Counter(short.values())
    names = {}
    for node in nodes:
        name = short[node.place]
        if counts[name] > 1 and node.platform:
            name = f"{_slug(node.platform)}_{name}"
        names[node.place] = _free(name, taken)
    return names


def _free(name: str, taken: set[str]) -> str:
    """The name, or the next with a number; it is taken from then on."""
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    taken.add(found)
    return found


def _slug(text: str) -> str:
    return re.sub(r"[^0-9a-z]+", "_", text.lower()).strip("_")
