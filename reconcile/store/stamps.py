"""Which saves a snapshot has behind it: every one leaves a mark of its own in the object.

A save whose answer was lost is told from one that lost its swap by looking for its mark, whatever others saved after
it. The marks also make every content unlike every other, so that equal bytes, or equal ETags, are one save. They are
the home's and no part of the ledger: no format counts them, no backup holds them.
"""

import secrets
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

KEPT = 64
"""How many saves are told; far more than others can make while one waits for its answer."""


def stamped(path: Path) -> str:
    """Puts a new mark into the database that is about to be saved, and tells it."""
    mark = secrets.token_hex(8)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE IF NOT EXISTS snapshot_save (number INTEGER PRIMARY KEY, mark TEXT NOT NULL)")
        number = connection.execute("INSERT INTO snapshot_save (mark) VALUES (?)", (mark,)).lastrowid or 0
        connection.execute("DELETE FROM snapshot_save WHERE number <= ?", (number - KEPT,))
        connection.execute("COMMIT")
    return mark


def stamps(content: bytes) -> frozenset[str]:
    """The marks in a saved database; none where it is no database."""
    with closing(sqlite3.connect(":memory:")) as connection, suppress(sqlite3.Error):
        connection.deserialize(content)
        return frozenset(mark for (mark,) in connection.execute("SELECT mark FROM snapshot_save"))
    return frozenset()
