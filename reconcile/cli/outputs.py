"""What platforms gave to what is declared: the fields that nobody writes."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..model.errors import Incomplete, ReconcileError
from ..model.observation import Gap
from ..model.resource import Address, ReadOnly, Resource, Secret
from ..model.spec import Declared, Place
from ..steps.plan.diff import as_json
from .documents import gap_document
from .looking import Look, listings_of, look
from .showing import HIDDEN

if TYPE_CHECKING:
    from ..assemble import Workshop

Fields = Mapping[str, Any]
"""Output to its value in JSON form; {"hidden": True} for a secret, None where there is none yet."""


@dataclass(frozen=True)
class Outputs:
    """By (stack, address)."""

    values: Mapping[Place, Fields]
    gaps: tuple[Gap, ...]
    exit_code: int


def outputs(shop: "Workshop", stacks: Sequence[str], address: Address | None = None) -> Outputs:
    """Reads the listings of what has outputs. `address`: of this one only. Raises ReconcileError where it has none."""
    chosen = [
        one
        for name in stacks
        for one in shop.tree.stacks[name].declared.values()
        if one.beside is None and one.resource.having(ReadOnly) and address in (None, one.address)
    ]
    if address is not None and not chosen:
        raise _nothing(shop, stacks, address)
    memory = shop.ledger(readonly=True).memory()
    found = look(shop, memory, {listing for one in chosen for listing in listings_of(shop.tree, one)})
    return Outputs({one.place: _fields(one, found) for one in chosen}, found.gaps, found.exit_code)


def split(text: str) -> tuple[Address, str]:
    """`platform.kind.name` or `platform.kind.name.field`: the address, and the field or "". Raises ReconcileError."""
    try:
        address = Address.parse(text)
    except ValueError as error:
        raise ReconcileError(str(error), advice="outputs look like cloudflare.zone.bilko-io.status") from error
    # A logical name has no dot.
    name, _, field = address.name.partition(".")
    return Address(address.platform, address.kind, name), field


def one_field(found: Outputs, address: Address, field: str) -> str:
    """A single output as text, a list one item a line. Raises ReconcileError, Incomplete."""
    if len(found.values) > 1:
        stacks = ", ".join(stack for stack, _ in found.values)
        raise ReconcileError(f"{address} is in {stacks}", advice="give --stack NAME")
    (fields,) = found.values.values()
    if field not in fields:
        near = ", ".join(fields)
        raise ReconcileError(f"{address} has no output {field}", advice=f"it has: {near}")
    value = fields[field]
    if value is None:
        why = "; ".join(gap.reason for gap in found.gaps) or "the platform has not given it yet"
        raise Incomplete(f"{address}.{field} has no value: {why}")
    if value == {"hidden": True}:
        return HIDDEN
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def output_document(found: Outputs) -> dict[str, Any]:
    """`trueup.output/1`."""
    stacks: dict[str, dict[str, Fields]] = {}
    for (stack, address), fields in found.values.items():
        stacks.setdefault(stack, {})[str(address)] = fields
    return {
        "schema": "trueup.output/1",
        "stacks": stacks,
        "gaps": [gap_document(gap) for gap in found.gaps],
        "exit": found.exit_code,
    }


def _fields(one: Declared, found: Look) -> Fields:
    seen = found.matching.pairs.get(one.place)
    names = [name for name in type(one.resource).model_fields if name in one.resource.having(ReadOnly)]
    if seen is None:
        return dict.fromkeys(names)
    return {name: _value(seen.resource, name) for name in names}


def _value(resource: Resource, name: str) -> Any:
    if name in resource.having(Secret):
        return None if getattr(resource, name) is None else {"hidden": True}
    return as_json(resource, name)


def _nothing(shop: "Workshop", stacks: Sequence[str], address: Address) -> ReconcileError:
    known = [one for name in stacks for one in shop.tree.stacks[name].declared.values()]
    if any(one.address == address for one in known):
        return ReconcileError(
            f"a {address.full_kind} has no outputs", advice=f"`trueup show {address}` tells all its fields"
        )
    near = difflib.get_close_matches(str(address), {str(one.address) for one in known}, n=3)
    return ReconcileError(
        f"{address} is not declared in {', '.join(stacks)}",
        advice=f"nearest: {', '.join(near)}" if near else "`trueup output` lists every output",
    )
