"""References to outputs: their values where the thing they name is seen, their text where it is yet to be made."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...model.observation import Seen
from ...model.resource import REFERENCE, Address, Reference, Resource
from ...model.spec import Declared

Lookup = Callable[[Reference], str | None]
"""The value of an output; None where it is not known yet."""


def fill(text: str, lookup: Lookup) -> str:
    """A text with every known reference replaced; unknown ones stay as they are."""

    def one(found: Any) -> str:
        value = lookup(Reference.parse(found.group(1)))
        return found.group(0) if value is None else value

    return REFERENCE.sub(one, text)


def resolved(resource: Resource, references: Mapping[str, str], lookup: Lookup) -> Resource:
    """The resource with the outputs it refers to filled in, validated anew."""
    values = {name: getattr(resource, name) for name in resource.comparable() if getattr(resource, name) is not None}
    values.update({name: fill(text, lookup) for name, text in references.items()})
    return type(resource).declared(values)


def fill_in(declared: Sequence[Declared], pairs: Mapping[tuple[str, Address], Seen]) -> list[Declared]:
    """Every declared resource with the outputs that live things already give."""
    live = {address: seen.resource for (_, address), seen in pairs.items()}

    def lookup(reference: Reference) -> str | None:
        resource = live.get(reference.address)
        return output(resource, reference.field) if resource is not None else None

    return [
        replace(one, resource=resolved(one.resource, one.references, lookup)) if one.references else one
        for one in declared
    ]


def output(resource: Resource, name: str) -> str | None:
    """One output of a live thing as text; None where the platform has not given it yet."""
    value = getattr(resource, name, None)
    return None if value is None else str(value)
