"""What an engine remembers of a stack."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from google.protobuf.struct_pb2 import Struct

from reconcile.model.secret import SecretText
from reconcile.program.properties import Concealed, decode


@dataclass(frozen=True)
class Entry:
    """One resource as it was last written or read. Its structs are never changed, only replaced."""

    urn: str
    type: str
    name: str
    custom: bool = True
    id: str = ""
    inputs: Struct = field(default_factory=Struct)
    outputs: Struct = field(default_factory=Struct)
    parent: str = ""
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    protect: bool = False
    retain_on_delete: bool = False
    import_id: str = ""
    """The id that it was imported by."""
    init_errors: tuple[str, ...] = ()
    """Why it exists and is not whole: its last create or update failed half way."""

    def without(self, urn: str) -> "Entry":
        """The same, where another resource is no longer there."""
        if urn not in self.dependencies:
            return self
        return replace(
            self,
            dependencies=tuple(one for one in self.dependencies if one != urn),
            property_dependencies={
                name: tuple(one for one in urns if one != urn) for name, urns in self.property_dependencies.items()
            },
        )

    def renamed(self, names: Mapping[str, str]) -> "Entry":
        """The same, where URNs have changed."""

        def now(urn: str) -> str:
            return names.get(urn, urn)

        return replace(
            self,
            urn=now(self.urn),
            parent=now(self.parent),
            dependencies=tuple(map(now, self.dependencies)),
            property_dependencies={name: tuple(map(now, urns)) for name, urns in self.property_dependencies.items()},
        )


@dataclass
class State:
    """The resources of a stack by URN, each after what it depends on."""

    entries: dict[str, Entry] = field(default_factory=dict)
    condemned: list[Entry] = field(default_factory=list)
    """What was replaced and could not be deleted yet."""

    def copy(self) -> "State":
        return State(dict(self.entries), list(self.condemned))

    def custom(self) -> Iterator[Entry]:
        """Everything that is built, components left out."""
        return (one for one in self.entries.values() if one.custom)

    def rename(self, before: str, after: str) -> None:
        """An entry keeps its place under another URN, and whoever depends on it knows."""
        names = {before: after}
        self.entries = {names.get(urn, urn): one.renamed(names) for urn, one in self.entries.items()}

    def drop(self, urn: str) -> None:
        del self.entries[urn]
        self.entries = {at: one.without(urn) for at, one in self.entries.items()}

    def told(self) -> str:
        """All of it as the JSON that would be stored, what is marked secret left out as an engine encrypts it."""
        held = [*self.entries.values(), *self.condemned]
        return json.dumps(
            [
                {**vars(one), "inputs": concealed(decode(one.inputs)), "outputs": concealed(decode(one.outputs))}
                for one in held
            ],
            default=str,
        )


def concealed(value: Any) -> Any:
    """Decoded properties with every secret as `[secret]`."""
    if isinstance(value, SecretText | Concealed):
        return "[secret]"
    if isinstance(value, Mapping):
        return {name: concealed(each) for name, each in value.items()}
    if isinstance(value, list):
        return [concealed(each) for each in value]
    return value
