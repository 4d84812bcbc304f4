"""Ownership, what was last applied, and what is only seen: the rows that say how we left things, or found them."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Delete, Executable, Table, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ..model.change import Outcome
from ..model.errors import LedgerError
from ..model.memory import Applied, Owned, Sighting
from ..model.resource import is_pending
from ..model.spec import Place
from .tables import CAME, applied, intent, owned, sighting
from .values import canonical, kept_fields, prints_of, strong_key

_OWNED_AT = delete(owned).where(owned.c.stack == bindparam("a_stack"), owned.c.address == bindparam("an_address"))
_APPLIED_AT = delete(applied).where(
    applied.c.stack == bindparam("a_stack"), applied.c.address == bindparam("an_address")
)
_SIGHTING_AT = delete(sighting).where(
    sighting.c.stack == bindparam("a_stack"), sighting.c.address == bindparam("an_address")
)


def settle(connection: Connection, done: Sequence[Outcome], *, revision: str, at: str) -> None:
    """Writes what successful changes made of ownership and of the last applied state."""
    deleted = [one.change for one in done if one.change.verb == "delete"]
    forget(connection, [change.place for change in deleted])
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
    pending = {name for name, value in declared.items() if is_pending(value)}
    told = set(declared) if change.verb == "adopt" else pending
    answered = kept_fields(outcome.resource) if told and outcome.resource is not None else {}
    fields = {
        name: answered[name] if name in told and name in answered else value
        for name, value in declared.items()
        if name not in pending or name in answered
    }
    prints = prints_of(change.after, outcome.resource)
    return Applied(change.stack, change.address, revision, fields, change.references, prints, at)


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
    """A thing has one address and an address one thing: whatever said otherwise goes.

    Raises LedgerError for two addresses of one thing: of these rows the last would win unseen.
    """
    if not rows:
        return
    at: dict[tuple[str, str, str], Owned] = {}
    for one in rows:
        other = at.setdefault((one.account, one.kind, one.id), one)
        if other is not one:
            raise LedgerError(f"{other.address} and {one.address} cannot both own {one.kind} {one.id}")
    _drop(connection, _OWNED_AT, ((one.stack, str(one.address)) for one in rows))
    connection.execute(
        upsert(connection, owned),
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
    _answer_came(connection, at)


def _answer_came(connection: Connection, owned_now: Collection[tuple[str, str, str]]) -> None:
    """Of what came along with something of ours, that has its owner now."""
    wanted = select(intent).where(intent.c.result.is_(None), intent.c.verb == CAME)
    answered = [
        {"an_id": row.id}
        for row in connection.execute(wanted).all()
        if (row.account, row.kind, json.loads(row.fields)["id"]) in owned_now
    ]
    if answered:
        connection.execute(update(intent).where(intent.c.id == bindparam("an_id")).values(result="owned"), answered)


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


def forget(connection: Connection, places: Iterable[Place]) -> None:
    """Drops what is owned, applied and seen at (stack, address)."""
    pairs = [(stack, str(address)) for stack, address in places]
    _drop(connection, _OWNED_AT, pairs)
    _drop(connection, _APPLIED_AT, pairs)
    _drop(connection, _SIGHTING_AT, pairs)


def sight(connection: Connection, rows: Sequence[Sighting], gone: Iterable[Place]) -> None:
    """Keeps how things that are only seen were found, and drops that at the places in `gone`."""
    _drop(connection, _SIGHTING_AT, ((stack, str(address)) for stack, address in gone))
    told = [
        {
            "stack": one.stack,
            "address": str(one.address),
            "account": one.account,
            "remote_id": one.id,
            "prints": canonical(one.prints),
            "noticed": one.noticed,
            "at": one.at,
        }
        for one in rows
    ]
    if told:
        connection.execute(upsert(connection, sighting), told)


def _keep_applied_rows(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        connection.execute(upsert(connection, applied), list(rows))


def upsert(connection: Connection, table: Table) -> Executable:
    """Inserts, or takes the place of the row with the same primary key."""
    statement = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
    keys = list(table.primary_key.columns)
    told = {column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key}
    upsert: Executable = statement.on_conflict_do_update(index_elements=keys, set_=told)
    return upsert


def _drop(connection: Connection, statement: Delete, places: Iterable[tuple[str, str]]) -> None:
    pairs = [{"a_stack": stack, "an_address": address} for stack, address in places]
    if pairs:
        connection.execute(statement, pairs)
