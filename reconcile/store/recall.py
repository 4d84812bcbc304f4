"""Reading the ledger back: the tables as the nouns that a plan knows."""

import gc
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from ..model.memory import Applied, Intent, Memory, Owned, Sighting
from ..model.resource import Address
from .tables import CAME, applied, approval, intent, owned, pin, run, sighting


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run of a command. `ended` and `exit_code` are None while it runs, and after it died."""

    id: int
    command: str
    stacks: tuple[str, ...]
    revision: str
    who: str
    began: str
    ended: str | None
    exit_code: int | None
    summary: dict[str, Any]


def memory(connection: Connection) -> Memory:
    """Everything a plan may ask, as of one moment."""
    addresses = _Addresses()
    with _no_collecting():
        return Memory(
            owned=tuple(_owned(connection, addresses)),
            applied={one.place: one for one in _applied(connection, addresses)},
            sightings={one.place: one for one in _sightings(connection, addresses)},
            intents=tuple(open_intents(connection)),
            came=frozenset(came(connection)),
            pins={(row.account, row.platform): row.remote_id for row in connection.execute(select(pin))},
            approvals=frozenset(connection.execute(select(approval.c.digest)).scalars()),
        )


def open_intents(connection: Connection) -> Iterator[Intent]:
    """What was announced and has no result, oldest first."""
    wanted = select(intent).where(intent.c.result.is_(None), intent.c.verb != CAME)
    for row in connection.execute(wanted.order_by(intent.c.id)):
        yield Intent(
            id=row.id,
            stack=row.stack,
            account=row.account,
            address=Address.parse(row.address),
            kind=row.kind,
            key=tuple(json.loads(row.key)),
            verb=row.verb,
            fields=json.loads(row.fields),
        )


def came(connection: Connection) -> Iterator[tuple[str, str, str]]:
    """(account, kind, id) of what platforms made along with something of ours, and nobody owns yet."""
    for row in connection.execute(select(intent).where(intent.c.result.is_(None), intent.c.verb == CAME)):
        yield row.account, row.kind, json.loads(row.fields)["id"]


def runs(connection: Connection, limit: int) -> list[RunRow]:
    """Newest first."""
    rows = connection.execute(select(run).order_by(run.c.id.desc()).limit(limit))
    return [
        RunRow(
            id=row.id,
            command=row.command,
            stacks=tuple(json.loads(row.stacks)),
            revision=row.revision,
            who=row.who,
            began=row.began,
            ended=row.ended,
            exit_code=row.exit_code,
            summary=json.loads(row.summary),
        )
        for row in rows
    ]


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Nothing here becomes garbage, and walking the growing heap again and again takes as long as the reading."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


class _Addresses(dict[str, Address]):
    """Each address once, however many rows name it."""

    def __missing__(self, text: str) -> Address:
        self[text] = address = Address.parse(text)
        return address


def _owned(connection: Connection, addresses: _Addresses) -> Iterator[Owned]:
    columns = (owned.c.account, owned.c.kind, owned.c.key, owned.c.remote_id, owned.c.address, owned.c.stack)
    rows = connection.execute(select(*columns).order_by(owned.c.stack, owned.c.address)).all()
    keys = _parsed(row[2] for row in rows)
    for (account, kind, _, id, address, stack), key in zip(rows, keys, strict=True):
        yield Owned(account, kind, tuple(key), id, addresses[address], stack)


def _applied(connection: Connection, addresses: _Addresses) -> Iterator[Applied]:
    table = applied.c
    columns = (table.stack, table.address, table.revision, table.fields, table.refs, table.prints, table.at)
    rows = connection.execute(select(*columns)).all()
    # One document for the whole column: ten thousand calls of the parser cost more than the parsing.
    values = _parsed(f"[{row[3]},{row[4]},{row[5]}]" for row in rows)
    for (stack, address, revision, _, _, _, at), (fields, refs, prints) in zip(rows, values, strict=True):
        yield Applied(stack, addresses[address], revision, fields, refs, prints, at)


def _sightings(connection: Connection, addresses: _Addresses) -> Iterator[Sighting]:
    for row in connection.execute(select(sighting)):
        prints = json.loads(row.prints)
        yield Sighting(row.stack, row.account, addresses[row.address], row.remote_id, prints, row.noticed, row.at)


def _parsed(texts: Iterable[str]) -> Sequence[Any]:
    parsed: list[Any] = json.loads(f"[{','.join(texts)}]")
    return parsed
