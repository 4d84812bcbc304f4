"""Secrets that stacks only name become values: from the runner's environment into their fields. Pure."""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from ..model.secret import SecretText
from ..model.spec import Declared, Place, Tree
from .plan.seen import Fingerprint, is_watched


class Wanted(NamedTuple):
    """A declared resource whose `field` takes the value of an environment variable."""

    declared: Declared
    variable: str
    field: str


class Note(NamedTuple):
    """What a plan of a stack must say; `number` is its first word, and is summed up over the stacks (0: none)."""

    stack: str
    text: str
    number: int = 0


def said(notes: Iterable[Note], stacks: Collection[str]) -> tuple[str, ...]:
    """What a plan of some stacks says: each text once."""
    counts: dict[str, int] = {}
    for note in notes:
        if note.stack in stacks:
            counts[note.text] = counts.get(note.text, 0) + note.number
    return tuple(f"{count} {text}" if count else text for text, count in counts.items())


def wanted_of(tree: Tree) -> Iterator[Wanted]:
    """Everything in a tree that names an environment variable."""
    for one in tree.declared():
        for name, field in type(one.resource).from_environment().items():
            variable = getattr(one.resource, name)
            if variable is not None:
                yield Wanted(one, variable, field)


def reveal(
    tree: Tree,
    environment: Mapping[str, str],
    fingerprint: Fingerprint | None,
    *,
    why: str = "",
    pretend: Callable[[str], SecretText] | None = None,
) -> tuple[Tree, list[Note]]:
    """The tree with the values that its stacks name, and what could not be filled.

    A variable that is not set, or empty, leaves its field None: not compared. `pretend` gives a value in its place;
    only a sandbox may have one. Without `fingerprint` (`why` says why) a value is sent where it is missing, and is
    compared only where the platform shows it, else by when it was written.
    """
    values: dict[str, SecretText | None] = {}
    filled: dict[Place, dict[str, SecretText]] = {}
    notes: list[Note] = []
    blind = Counter(one.stack for one in tree.declared() if fingerprint is None and is_watched(one.resource))
    for one, variable, field in wanted_of(tree):
        if variable not in values:
            values[variable] = _value(variable, environment, fingerprint, pretend)
        value = values[variable]
        if value is None:
            notes.append(Note(one.stack, f"environment variable {variable} is not set: {one.address} is not compared"))
            continue
        filled.setdefault(one.place, {})[field] = value
        blind.update([one.stack] if not value.print else [])
    text = f"of the secrets can be compared by time only: {why or 'no fingerprint can be made'}"
    notes.extend(Note(stack, text, count) for stack, count in blind.items())
    return (_with(tree, filled) if filled else tree), notes


def pretend_value(variable: str) -> SecretText:
    """What a sandbox takes for a variable that is not set: the same each time, and plainly no secret."""
    return SecretText(f"pretend-{variable}-{hashlib.sha256(variable.encode()).hexdigest()[:12]}", f"pretend {variable}")


def _value(
    variable: str,
    environment: Mapping[str, str],
    fingerprint: Fingerprint | None,
    pretend: Callable[[str], SecretText] | None,
) -> SecretText | None:
    text = environment.get(variable)
    value = SecretText(text, variable) if text else pretend(variable) if pretend is not None else None
    if value is None or fingerprint is None:
        return value
    return SecretText(value.reveal(), value.label, fingerprint(value.reveal()))


def _with(tree: Tree, filled: Mapping[Place, Mapping[str, SecretText]]) -> Tree:
    stacks = dict(tree.stacks)
    for name in dict.fromkeys(stack for stack, _ in filled):
        declared = dict(stacks[name].declared)
        for (stack, address), fields in filled.items():
            if stack == name:
                one = declared[address]
                # Not validated again: the model has seen the resource, and the field takes a SecretText.
                declared[address] = replace(one, resource=one.resource.model_copy(update=dict(fields)))
        stacks[name] = replace(stacks[name], declared=declared)
    return replace(tree, stacks=stacks)
