"""References to outputs: their values where the thing they name is seen, their text where it is yet to be made."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from ...model.errors import Problem, SpecError
from ...model.observation import Seen
from ...model.reference import escape
from ...model.reference import fill as fill_whole
from ...model.resource import REFERENCE, Reference, Resource, Secret, references_in
from ...model.secret import SecretText
from ...model.spec import Declared, Place

Lookup = Callable[[Reference], str | None]
"""The value of an output; None where it is not known yet."""


def fill(text: str, lookup: Lookup) -> str:
    """A text with every known reference replaced. While one is unknown it stays, and so do all escapes."""
    values = {str(reference): lookup(reference) for reference in references_in(text)}
    if None not in values.values():
        return fill_whole(text, lambda reference: values[str(reference)] or "")

    def one(found: Any) -> str:
        value = values[str(Reference.parse(found.group(1)))]
        return found.group(0) if value is None else escape(value)

    return REFERENCE.sub(one, text)


def resolved(resource: Resource, references: Mapping[str, str], lookup: Lookup) -> Resource:
    """The resource with the outputs it refers to filled in. Raises ValidationError where a value does not fit."""
    values = {name: getattr(resource, name) for name in resource.comparable() if getattr(resource, name) is not None}
    values.update({name: fill(text, lookup) for name, text in references.items()})
    return type(resource).declared(values)


def waits(value: object, text: str) -> bool:
    """Whether a field that was declared as `text` still holds a reference of it; an escaped `${` is none."""
    return isinstance(value, str) and not set(REFERENCE.findall(value)).isdisjoint(REFERENCE.findall(text))


def fill_in(declared: Sequence[Declared], pairs: Mapping[Place, Seen]) -> tuple[list[Declared], dict[Place, str]]:
    """Every declared resource with the outputs that live things already give; why, where a value does not fit.

    Raises SpecError where a value is a secret and would be readable.
    """
    _refuse_readable_secrets(declared)
    misfits: dict[Place, str] = {}

    def one_filled(one: Declared) -> Declared:
        def lookup(reference: Reference) -> str | None:
            where = one.target_of(reference)
            seen = pairs.get(where) if where is not None else None
            return output(seen.resource, reference.field) if seen is not None else None

        try:
            return replace(one, resource=resolved(one.resource, one.references, lookup))
        except ValidationError as error:
            misfits[one.place] = misfit(error)
            return one

    return [one_filled(one) if one.references else one for one in declared], misfits


def misfit(error: ValidationError) -> str:
    """What is wrong with a value that an output gave."""
    return "; ".join(f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors())


def _refuse_readable_secrets(declared: Sequence[Declared]) -> None:
    """No field that is shown may refer to a secret. Raises SpecError."""
    referring = [one for one in declared if one.references]
    kinds = {one.address: type(one.resource) for one in declared} if referring else {}
    problems = []
    for one in referring:
        for name, text in one.references.items():
            for reference in references_in(text):
                kind = kinds.get(reference.address)
                if kind is not None and reference.field in kind.having(Secret):
                    words = f"{reference} is a secret, and {name} would show it"
                    problems.append(Problem(one.at.file, one.at.line, str(one.address), words))
    if problems:
        raise SpecError(problems)


def output(resource: Resource, name: str) -> str | None:
    """One output of a live thing as text, a list with commas; None where the platform has not given it yet.

    Raises TypeError for a secret: it has no text.
    """
    value = getattr(resource, name, None)
    if isinstance(value, SecretText):
        raise TypeError(f"{name} of {resource.kind} is a secret and is no text")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return None if value is None else str(value)
