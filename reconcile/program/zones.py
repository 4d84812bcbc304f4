"""Which domain a zone's id stands for, as far as a preview and the stack files tell."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..model.resource import Resource
from ..model.spec import Declared, Place
from .engine.preview import Step
from .tokens import Urn, address_of

_UNTOLD = "untold.invalid"


@dataclass(frozen=True)
class Zones:
    """Domains by the ids of their zones."""

    domains: Mapping[str, str]

    @classmethod
    def of(cls, steps: Iterable[Step], kinds: Mapping[str, type[Resource]], said: Mapping[Place, Declared]) -> "Zones":
        """A declared resource names its zone and its registered one the id. Where none does, what all names of a zone
        end in: the domain, or something below it, which is then as precious."""
        known: dict[str, str] = {}
        names: dict[str, list[list[str]]] = {}
        for step in steps:
            kind = kinds.get(step.type)
            if kind is None or kind.bridge is None:
                continue
            urn = Urn.parse(step.urn)
            declared = said.get(Place(urn.stack, address_of(kind, urn.name)))
            for inputs in (step.before, step.after):
                id, field = _zone_in(kind, inputs)
                if not id:
                    continue
                if declared is not None and step.after:
                    known[id] = str(getattr(declared.resource, field))
                name = str(inputs.get("name") or inputs.get("domain") or "").rstrip(".")
                if name:
                    names.setdefault(id, []).append(name.split(".")[::-1])
        return cls({**{id: _common(found) for id, found in names.items()}, **known})

    def domain(self, id: str) -> str:
        """The domain of a zone's id; "" where nothing tells it."""
        return self.domains.get(id, "")


def _zone_in(kind: type[Resource], inputs: Mapping[str, object]) -> tuple[str, str]:
    """The id of the zone that inputs name, and our field that holds its domain; "" where they name none."""
    asked: list[str] = []

    def domain_of(id: str) -> str:
        asked.append(str(id))
        return _UNTOLD

    assert kind.bridge is not None
    try:
        told = kind.bridge.reads(inputs, domain_of)
    except (LookupError, TypeError, ValueError, AttributeError):
        return "", ""
    field = next((name for name, value in told.items() if value == _UNTOLD), "")
    return (asked[0], field) if asked and field else ("", "")


def _common(names: list[list[str]]) -> str:
    """What all of them end in; they are given backwards."""
    shared = names[0]
    for name in names[1:]:
        same = 0
        while same < min(len(shared), len(name)) and shared[same] == name[same]:
            same += 1
        shared = shared[:same]
    return ".".join(shared[::-1])
