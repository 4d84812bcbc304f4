"""Logical names: short, of the thing's own name or of what it stands at, and no two alike."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from ...model.resource import LOGICAL_NAME, Resource

APEX = "apex"
_LONGEST_NAME = 60
Logical = Callable[[str, str], str | None]
"""The logical name of a thing by its kind and as the platform refers to it; None where nothing declares it."""


def named(resources: Sequence[Resource], logical: Logical) -> list[tuple[str, Resource]]:
    """Every thing of a kind with a logical name that no other has, in the order in which they are written.

    Where several would share one it is followed by the type, where they stand, and a number, as far as it must be.
    """
    parted = sorted(((_called(one, logical), _type(one), one) for one in resources), key=_order)
    at_name = Counter(name for name, _, _ in parted)
    of_type = Counter((name, kind) for name, kind, _ in parted)
    taken: set[str] = set()
    numbers: Counter[tuple[str, str]] = Counter()
    found = []
    for name, kind, one in parted:
        base = APEX if name == "@" else _form(one, name)
        apart, dash = kind or _where(one), "-" if type(one).logical_name is LOGICAL_NAME else "_"
        if apart and (name == "@" or at_name[name] > 1):
            base = f"{base}{dash}{apart.replace('-', dash)}"
        if kind and of_type[name, kind] > 1:
            numbers[name, kind] += 1
            base = f"{base}{dash}{numbers[name, kind]}"
        unique, number = base, 1
        while unique in taken:
            number += 1
            unique = f"{base}{dash}{number}"
        taken.add(unique)
        found.append((unique, one))
    return found


def relative(resource: Resource) -> str:
    """The name without its group's: "@" for the group's own; the title where there is no name."""
    name = str(getattr(resource, "name", "") or resource.title())
    container = resource.container() if type(resource).group_by and not type(resource).nested else ""
    if container and name == container:
        return "@"
    return name.removesuffix(f".{container}") if container else name


def slug(name: str) -> str:
    """A name as a logical one: `_dmarc.mail` is `dmarc-mail`, an address is itself without its scheme. "" where nothing
    of it can be kept."""
    name = re.sub(r"^https?://", "", name)
    folded = unicodedata.normalize("NFKD", name.replace("*", "any")).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", folded)[:_LONGEST_NAME].strip("-")


def _called(resource: Resource, logical: Logical) -> str:
    """What it is called by: its own name, else that of what it is one of."""
    cls = type(resource)
    field, kind = next(iter(cls.refers().items()), ("", ""))
    if "name" in cls.model_fields or not field:
        return relative(resource)
    named = resource.named_by(field)
    return (logical(kind, named[0]) if len(named) == 1 else None) or resource.title()


def _form(resource: Resource, name: str) -> str:
    cls = type(resource)
    if cls.logical_name is LOGICAL_NAME:
        return slug(name) or cls.kind.partition(".")[2]
    if cls.logical_name.match(name):
        return name
    return "_" + re.sub(r"[^A-Za-z0-9_]", "_", name)


def _where(resource: Resource) -> str:
    """What tells it from another of its name that stands elsewhere."""
    return "" if type(resource).group_by else slug(resource.container().rpartition("/")[2])


def _type(resource: Resource) -> str:
    return slug(resource.apart_by())


def _order(parted: tuple[str, str, Resource]) -> tuple[Any, ...]:
    name, kind, one = parted
    return name != "@", name.lower(), name, kind, getattr(one, "priority", None) or 0, one.keys()
