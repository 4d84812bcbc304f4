"""Everything about one address: declared, live, last applied, owner, and why it differs."""

import difflib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..model import exits
from ..model.change import FieldChange
from ..model.errors import ReconcileError
from ..model.memory import Applied, Memory, Owned
from ..model.observation import Container, Gap, Seen
from ..model.resource import Address, Resource, Secret
from ..model.spec import Declared, Ignore, Place, Tree
from ..steps.plan.applied import resource_of
from ..steps.plan.diff import as_json, cause_of, differences
from ..steps.plan.match import Facts
from .documents import field_document, gap_document
from .looking import Listing, listings_of, look
from .plain import brief, plain
from .rotated_by import rotated_by

if TYPE_CHECKING:
    from rich.console import Console

    from ..assemble import Workshop

HIDDEN = "«hidden»"


@dataclass(frozen=True)
class Difference:
    """One field that differs, why, and the rule that accepts it for now."""

    field: FieldChange
    cause: str
    accepted: Ignore | None = None


@dataclass(frozen=True)
class Shown:
    """What is known of one address. `read`: its listing was read whole, so that no live thing means there is none."""

    stack: str
    account: str
    address: Address
    kind: type[Resource] | None
    """None: this version no longer knows the kind that the ledger names."""
    declared: Declared | None
    live: Seen | None
    read: bool
    applied: Applied | None
    owned: Owned | None
    differences: tuple[Difference, ...] = ()
    rules: tuple[Ignore, ...] = ()
    gaps: tuple[Gap, ...] = ()

    @property
    def exit_code(self) -> int:
        if self.read or self.live is not None:
            return exits.NOTHING
        return exits.strictest(gap.exit_code for gap in self.gaps) or exits.INCOMPLETE


def shown(shop: "Workshop", address: Address, stack: str | None) -> Shown:
    """Reads the listing that the address stands in. Raises ReconcileError where nothing is known of it."""
    tree, memory = shop.tree, shop.ledger(readonly=True).memory()
    name = _stack_of(tree, memory, address, stack)
    place = Place(name, address)
    declared = tree.stacks[name].declared.get(address) if name in tree.stacks else None
    owned = Facts.gather(tree, memory).owned_at.get(place)
    applied = memory.applied.get(owned.place if owned else place)
    kind = shop.kinds.get(address.full_kind)
    listing = _listing(declared, owned, resource_of(applied, shop.kinds) if applied else None)
    found = look(shop, memory, (listings_of(tree, declared) if declared else {listing}) if listing else ())
    declared = found.declared.get(place, declared)
    live = found.matching.pairs.get(place) if declared else None
    if live is None and owned is not None:
        live = found.seen(owned.account, owned.kind, owned.id)
    rules = tuple(one for one in tree.stacks[name].ignores if one.address == address) if name in tree.stacks else ()
    return Shown(
        stack=name,
        account=listing[0] if listing else "",
        address=address,
        kind=kind,
        declared=declared,
        live=live,
        read=listing is not None and found.was_read(listing),
        applied=applied,
        owned=owned,
        differences=differences_of(declared, live, applied, rules, shop.clock().date().isoformat()),
        rules=rules,
        gaps=found.gaps,
    )


def _stack_of(tree: Tree, memory: Memory, address: Address, stack: str | None) -> str:
    places = {one.place for one in tree.declared()}
    places |= {row.place for row in memory.owned} | set(memory.applied)
    stacks = sorted({name for name, known in places if known == address and stack in (None, name)})
    if len(stacks) == 1:
        return stacks[0]
    if stacks:
        raise ReconcileError(f"{address} is in {', '.join(stacks)}", advice="give --stack NAME")
    near = difflib.get_close_matches(str(address), {str(known) for _, known in places}, n=3)
    where = f"stack {stack}" if stack else "any stack"
    raise ReconcileError(
        f"{address} is not declared in {where}, and the ledger does not know it",
        advice=f"nearest: {', '.join(near)}" if near else "`trueup plan --json` lists what lives undeclared",
    )


def _listing(declared: Declared | None, owned: Owned | None, resource: Resource | None) -> Listing | None:
    """None where nothing says which listing a thing stands in."""
    if declared is not None:
        return declared.account, Container(declared.resource.kind, declared.resource.container())
    if owned is not None and resource is not None:
        return owned.account, Container(owned.kind, resource.container())
    return None


def differences_of(
    declared: Declared | None, live: Seen | None, applied: Applied | None, rules: tuple[Ignore, ...], today: str
) -> tuple[Difference, ...]:
    """Field by field, with the rule of `rules` that accepts it `today` (ISO 8601)."""
    if declared is None or live is None or declared.resource.only_seen:
        return ()
    standing = {rule.field: rule for rule in rules if today <= rule.expires.isoformat()}
    return tuple(
        Difference(one, cause_of((one,), declared.references, applied), standing.get(one.name))
        for one in differences(declared.resource, live.resource, applied)
    )


def values(resource: Resource) -> dict[str, Any]:
    """Every field that has a value, in JSON form, as much of it as may be shown."""
    secret = resource.having(Secret)
    return {
        name: {"hidden": True} if name in secret else as_json(resource, name)
        for name in type(resource).model_fields
        if getattr(resource, name) is not None
    }


def wanted(resource: Resource) -> dict[str, Any]:
    """The same of what a stack declares: outputs are not declared."""
    return {name: value for name, value in values(resource).items() if name in resource.comparable()}


def show_document(one: Shown) -> dict[str, Any]:
    """`trueup.show/1`."""
    return {
        "schema": "trueup.show/1",
        "stack": one.stack,
        "account": one.account,
        "address": str(one.address),
        "declared": _declared(one.declared),
        "live": _live(one),
        "applied": _applied(one),
        "owner": {
            "ledger": {"id": one.owned.id, "address": str(one.owned.address)} if one.owned else None,
            "mark": str(one.live.owner) if one.live and one.live.owner else None,
        },
        "differences": [
            {
                "field": item.field.name,
                "cause": item.cause,
                **field_document(item.field),
                "accepted": item.accepted is not None,
            }
            for item in one.differences
        ],
        "ignore": [
            {"field": rule.field, "owner": rule.owner, "reason": rule.reason, "expires": rule.expires.isoformat()}
            for rule in one.rules
        ],
        "gaps": [gap_document(gap) for gap in one.gaps],
        "exit": one.exit_code,
    }


def _declared(one: Declared | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "at": str(one.at),
        "fields": wanted(one.resource),
        "references": dict(one.references),
        "covers": list(one.covers),
        **({"rotated_by": rotated_by(one)} if one.resource.rotated else {}),
        **({"beside": str(one.beside)} if one.beside is not None else {}),
    }


def _live(one: Shown) -> dict[str, Any] | None:
    if one.live is None:
        return {"state": "absent" if one.read else "not seen"}
    return {
        "state": "present",
        "id": one.live.id,
        "managed": one.live.managed or None,
        "fields": values(one.live.resource),
    }


def _applied(one: Shown) -> dict[str, Any] | None:
    if one.applied is None:
        return None
    fields = {name: {"hidden": True} if _secret(one, name) else value for name, value in one.applied.fields.items()}
    return {"revision": one.applied.revision, "at": one.applied.at, "fields": fields}


def _secret(one: Shown, name: str) -> bool:
    return one.kind is None or name in one.kind.having(Secret)


def print_shown(screen: "Console", one: Shown) -> None:
    """Top down: what it is, what is wanted, what lives, what was done, who owns it."""
    screen.print(f"[bold]{plain(one.address)}[/]  stack {plain(one.stack)}, account {plain(one.account or '?')}")
    if one.declared is None:
        screen.print("  declared      in no stack file of this revision")
    else:
        beside = f", by {plain(one.declared.beside)}" if one.declared.beside is not None else ""
        screen.print(f"  declared      {plain(one.declared.at)}{beside}")
        if one.declared.resource.rotated:
            what = "its second accepted value" if beside else "its value"
            screen.print(f"  rotated       {what} is secret {plain(rotated_by(one.declared))}")
        _print_fields(screen, wanted(one.declared.resource))
        for name, text in one.declared.references.items():
            screen.print(f"      {plain(name)} refers to {plain(text)}")
        if one.declared.covers:
            screen.print(f"  covers        {plain(', '.join(one.declared.covers))}")
    _print_live(screen, one)
    if one.applied is None:
        screen.print("  last applied  never")
    else:
        screen.print(f"  last applied  {plain(one.applied.at)}, revision {brief(one.applied.revision)}")
    _print_owner(screen, one)
    for item in one.differences:
        accepted = f", accepted until {item.accepted.expires}" if item.accepted else ""
        screen.print(f"  differs       {_difference(item.field)}  ({item.cause}{accepted})")
    for rule in one.rules:
        screen.print(
            f"  ignore        {plain(rule.field)} until {rule.expires}: {plain(rule.reason)} ({plain(rule.owner)})"
        )


def _print_live(screen: "Console", one: Shown) -> None:
    if one.live is not None:
        managed = f", managed by {plain(one.live.managed)}" if one.live.managed else ""
        screen.print(f"  live          id {plain(one.live.id)}{managed}")
        _print_fields(screen, values(one.live.resource))
        return
    screen.print("  live          not there" if one.read else "  live          [red]not seen[/]")
    for gap in one.gaps:
        right = f" (needs {plain(gap.right)})" if gap.right else ""
        screen.print(f"      {plain(gap.kind)} {plain(gap.container)}: {plain(gap.reason)}{right}")


def _print_owner(screen: "Console", one: Shown) -> None:
    told = [f"the ledger, as id {plain(one.owned.id)}"] if one.owned else []
    if one.owned and one.owned.address != one.address:
        told[0] += f" under its former address {plain(one.owned.address)}"
    if one.live and one.live.owner:
        told.append(f"its mark, {plain(one.live.owner)}")
    screen.print(f"  owner         {'ours, says ' + ' and '.join(told) if told else 'not ours'}")


def _print_fields(screen: "Console", fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        screen.print(f"      {plain(name)}: {told(value)}")


def told(value: Any) -> str:
    """A field's value in JSON form, for a terminal."""
    if value == {"hidden": True}:
        return HIDDEN
    if isinstance(value, str) and value == value.strip() != "":
        return plain(value)
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return plain(", ".join(value))
    return plain(json.dumps(value, ensure_ascii=False))


def _difference(one: FieldChange) -> str:
    if one.hidden:
        return f"{plain(one.name)}: {HIDDEN}"
    after = f"(known after {plain(one.pending)})" if one.pending else told(one.after)
    return f"{plain(one.name)}: {told(one.before)} → {after}"
