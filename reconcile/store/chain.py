"""The history: entries that are only ever appended, each stack's hashed into a chain.

The hash of an entry is the SHA-256 of the canonical JSON of the hash before it and its own content. A chain starts
at the ledger's id, so that entries cannot be carried over from another ledger. Stack "" is the ledger itself.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from ..model.errors import LedgerBroken
from .tables import entry
from .values import canonical


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be told. `address` "" concerns the whole stack."""

    stack: str
    what: str
    address: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the history. `seq` counts from 1 in its stack; `at` is ISO 8601, UTC."""

    seq: int
    stack: str
    at: str
    what: str
    address: str
    detail: dict[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as it is stored and hashed: `detail` is the JSON text."""

    stack: str
    seq: int
    at: str
    what: str
    address: str
    detail: str
    hash: str = ""

    def hashed(self, previous: str) -> str:
        content = [previous, self.stack, self.seq, self.at, self.what, self.address, self.detail]
        return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


def append(connection: Connection, ledger_id: str, at: str, drafts: Sequence[Draft]) -> None:
    """Adds to the chains. The caller's transaction must exclude every other writer."""
    if not drafts:
        return
    ends = _ends(connection, {draft.stack for draft in drafts})
    rows = []
    for draft in drafts:
        seq, previous = ends.get(draft.stack, (0, ledger_id))
        link = Link(draft.stack, seq + 1, at, draft.what, draft.address, canonical(draft.detail))
        ends[draft.stack] = (link.seq, link.hashed(previous))
        rows.append(
            {
                "stack": link.stack,
                "seq": link.seq,
                "at": at,
                "what": link.what,
                "address": link.address,
                "detail": link.detail,
                "hash": ends[draft.stack][1],
            }
        )
    connection.execute(insert(entry), rows)


def heads(connection: Connection) -> dict[str, str]:
    """The last hash of every chain, by stack."""
    stacks = connection.execute(select(entry.c.stack).distinct().order_by(entry.c.stack)).scalars().all()
    return {stack: head for stack, (_, head) in _ends(connection, stacks).items()}


def latest(connection: Connection, stack: str | None, limit: int) -> list[Entry]:
    """Newest first; `stack` None: of all stacks."""
    wanted = select(entry).order_by(entry.c.id.desc()).limit(limit)
    if stack is not None:
        wanted = wanted.where(entry.c.stack == stack)
    return [
        Entry(row.seq, row.stack, row.at, row.what, row.address, json.loads(row.detail), row.hash)
        for row in connection.execute(wanted)
    ]


def stored(connection: Connection) -> Iterable[Link]:
    """Every entry, chain by chain, in order."""
    rows = connection.execute(select(entry).order_by(entry.c.stack, entry.c.seq))
    return (_link(row) for row in rows)


def verify(links: Iterable[Link], ledger_id: str, known: Mapping[str, str]) -> dict[str, int]:
    """Recomputes the chains; returns how many entries each stack has.

    `known` are heads that somebody wrote down earlier, by stack: each must still stand in its chain, else the chain
    was cut short. Raises LedgerBroken, naming stack and entry.
    """
    counts: dict[str, int] = {}
    before: dict[str, str] = {}
    missing = dict(known)
    for link in links:
        expected = counts.get(link.stack, 0) + 1
        if link.seq != expected:
            raise _broken(link.stack, expected, f"is not there (the next one is {link.seq})")
        if link.hash != link.hashed(before.get(link.stack, ledger_id)):
            raise _broken(link.stack, link.seq, "does not match its hash")
        counts[link.stack] = link.seq
        before[link.stack] = link.hash
        if missing.get(link.stack) == link.hash:
            del missing[link.stack]
    for stack, head in missing.items():
        raise _broken(stack, counts.get(stack, 0) + 1, f"is not there: the head {head[:12]} was cut off")
    return counts


def _broken(stack: str, seq: int, reason: str) -> LedgerBroken:
    name = f"of stack {stack!r}" if stack else "of the ledger itself"
    return LedgerBroken(
        f"the history {name} is broken: entry {seq} {reason}",
        advice="somebody changed the ledger; find out who, then `trueup ledger restore` a backup from before",
    )


def _ends(connection: Connection, stacks: Iterable[str]) -> dict[str, tuple[int, str]]:
    """The last (seq, hash) of each stack: one look at the index a stack, however long the history."""
    ends = {}
    for stack in stacks:
        wanted = select(entry.c.seq, entry.c.hash).where(entry.c.stack == stack).order_by(entry.c.seq.desc()).limit(1)
        for row in connection.execute(wanted):
            ends[stack] = (row.seq, row.hash)
    return ends


def _link(row: Row[Any]) -> Link:
    return Link(row.stack, row.seq, row.at, row.what, row.address, row.detail, row.hash)
