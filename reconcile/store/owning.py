"""Ownership and what was last applied: the rows that say what is ours and how we left it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Delete, bindparam, delete, insert, select

from ..model.change import Outcome
from ..model.memory import Applied, Owned
from ..model.resource import Address, is_pending
from .tables import applied, owned
from .values import canonical, kept_fields, strong_key

_BY_ID = delete(owned).where(
    owned.c.account == bindparam("an_account"),
    owned.c.kind == bindparam("a_kind"),
    owned.c.remote_id == bindparam("an_id"),
)
_OWNED_AT = delete(owned).where(owned.c.stack == bindparam("a_stack"), owned.c.address == bindparam("an_address"))
_APPLIED_AT = delete(applied).where(
    applied.c.stack == bindparam("a_stack"), applied.c.address == bindparam("an_address")
)


def settle(connection: Connection, done: Sequence[Outcome], *, revision: str, at: str) -> None:
    """Writes what successful changes made of ownership and of the last applied state."""
    deleted = [one.change for one in done if one.change.verb == "delete"]
    forget(connection, [(change.stack, change.address) for change in deleted])
    kept = [one for one in done if one.change.verb != "delete"]
    keep_owned(connection, [owned_after(one) for one in kept])
    keep_applied(connection, [applied_after(one, revision=revision, at=at) for one in kept])


def owned_after(outcome: Outcome) -> Owned:
    """Raises ValueError where nobody knows the platform's id: owning needs one, and a replaced thing's is gone."""
    change = outcome.change
    id = outcome.id or ("" if change.verb == "replace" else change.id)
    if not id:
        raise ValueError(f"{change.verb} of {change.address} is told to be done without the platform's id")
    key = outcome.resource.keys()[0] if outcome.resource is not None else strong_key(change)
    return Owned(change.account, change.kind.kind, key, id, change.address, change.stack)


def applied_after(outcome: Outcome, *, revision: str, at: str) -> Applied:
    """The declared fields with the values that were sent.

    A reference that only the platform could resolve takes the platform's answer, and so does all of an adoption,
    which sends nothing. A field whose value stays unknown is left out.
    """
    change = outcome.change
    declared = kept_fields(change.after) if change.after is not None else {}
    answered = kept_fields(outcome.resource) if outcome.resource is not None else {}
    fields: dict[str, Any] = {}
    for name, value in declared.items():
        if name in answered and (change.verb == "adopt" or is_pending(value)):
            fields[name] = answered[name]
        elif not is_pending(value):
            fields[name] = value
    return Applied(change.stack, change.address, revision, fields, change.references, at=at)


def own(connection: Connection, rows: Sequence[Owned], states: Sequence[Applied]) -> None:
    """Takes ownership. What was applied at a thing's former address comes along, unless `states` says otherwise."""
    move_applied(connection, rows)
    keep_owned(connection, rows)
    keep_applied(connection, states)


def move_applied(connection: Connection, rows: Sequence[Owned]) -> None:
    """Renames the last applied state of each thing that is owned at another address so far."""
    accounts = {one.account for one in rows}
    former = {
        (row.account, row.kind, row.remote_id): (row.stack, row.address)
        for row in connection.execute(select(owned).where(owned.c.account.in_(accounts)))
    }
    moved = {}
    for one in rows:
        before = former.get((one.account, one.kind, one.id))
        if before is not None and before != (one.stack, str(one.address)):
            moved[before] = (one.stack, str(one.address))
    carried = []
    # Read all before the first write: two addresses may have changed places.
    for (stack, address), (new_stack, new_address) in moved.items():
        wanted = select(applied).where(applied.c.stack == stack, applied.c.address == address)
        for row in connection.execute(wanted).mappings():
            carried.append({**row, "stack": new_stack, "address": new_address})
    _drop(connection, _APPLIED_AT, moved)
    _keep_applied_rows(connection, carried)


def keep_owned(connection: Connection, rows: Sequence[Owned]) -> None:
    """A thing has one address and an address one thing: whatever says otherwise goes."""
    if not rows:
        return
    connection.execute(_BY_ID, [{"an_account": one.account, "a_kind": one.kind, "an_id": one.id} for one in rows])
    _drop(connection, _OWNED_AT, ((one.stack, str(one.address)) for one in rows))
    connection.execute(
        insert(owned),
        [
            {
                "account": one.account,
                "kind": one.kind,
                "remote_id": one.id,
                "key": canonical(one.key),
                "stack": one.stack,
                "address": str(one.address),
            }
            for one in rows
        ],
    )


def keep_applied(connection: Connection, rows: Sequence[Applied]) -> None:
    """The last state wins."""
    _keep_applied_rows(
        connection,
        [
            {
                "stack": one.stack,
                "address": str(one.address),
                "revision": one.revision,
                "fields": canonical(one.fields),
                "refs": canonical(one.references),
                "prints": canonical(one.prints),
                "at": one.at,
            }
            for one in rows
        ],
    )


def forget(connection: Connection, places: Iterable[tuple[str, Address]]) -> None:
    """Drops what is owned and applied at (stack, address)."""
    pairs = [(stack, str(address)) for stack, address in places]
    _drop(connection, _OWNED_AT, pairs)
    _drop(connection, _APPLIED_AT, pairs)


def _keep_applied_rows(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        _drop(connection, _APPLIED_AT, ((row["stack"], row["address"]) for row in rows))
        connection.execute(insert(applied), list(rows))


def _drop(connection: Connection, statement: Delete, places: Iterable[tuple[str, str]]) -> None:
    pairs = [{"a_stack": stack, "an_address": address} for stack, address in places]
    if pairs:
        connection.execute(statement, pairs)
