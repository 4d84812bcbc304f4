"""The ledger as one JSON document."""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Integer, func, insert, select, text

from ..model.errors import LedgerBroken
from .chain import Link, verify
from .tables import FORMAT, lease, meta, metadata

SCHEMA = "trueup.ledger/1"


def document(connection: Connection, ledger_id: str, *, at: str) -> dict[str, Any]:
    """Every table, as of one moment."""
    tables = {
        name: [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]
        for name, table in metadata.tables.items()
    }
    format = tables[meta.name][0]["format"]
    return {"schema": SCHEMA, "id": ledger_id, "format": format, "at": at, "tables": tables}


def write(content: Mapping[str, Any], path: Path) -> None:
    """Replaces the file in one step, mode 0600."""
    # mkstemp gives 0600, and the same folder makes the replacement atomic.
    descriptor, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        Path(made).replace(path)
    except BaseException:
        Path(made).unlink(missing_ok=True)
        raise


def read(path: Path) -> dict[str, Any]:
    """A backup whose history holds. Raises LedgerBroken on anything else, before a home is touched."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise LedgerBroken(f"{path} cannot be read as a backup: {type(error).__name__}") from error
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise LedgerBroken(f"{path} is no backup of a ledger")
    if content.get("format") != FORMAT:
        raise LedgerBroken(
            f"{path} has format {content.get('format')}, and this trueup knows {FORMAT}",
            advice="restore it with the trueup that wrote it; a newer one then migrates the ledger",
        )
    try:
        _check(content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise LedgerBroken(f"{path} is no whole backup of a ledger") from error
    return content


def fill(connection: Connection, content: Mapping[str, Any]) -> None:
    """Puts a backup's rows into fresh tables. Leases stay behind: their runs are not here."""
    for name, table in metadata.tables.items():
        rows = content["tables"][name]
        if rows and table is not lease:
            connection.execute(insert(table), rows)
    if connection.dialect.name == "postgresql":
        _count_on(connection)


def _check(content: Mapping[str, Any]) -> None:
    tables = content["tables"]
    if [row["id"] for row in tables[meta.name]] != [content["id"]]:
        raise ValueError("the id of the document is not that of its ledger")
    for name, table in metadata.tables.items():
        columns = set(table.columns.keys())
        if any(set(row) != columns for row in tables[name]):
            raise ValueError(name)
    rows = sorted(tables["entry"], key=lambda row: (row["stack"], row["seq"]))
    links = [Link(**{name: value for name, value in row.items() if name != "id"}) for row in rows]
    verify(links, content["id"], {})


def _count_on(connection: Connection) -> None:
    """PostgreSQL's counters do not notice numbers that were given: the next one would be taken already."""
    for table in metadata.tables.values():
        column = table.autoincrement_column
        if column is None or not isinstance(column.type, Integer):
            continue
        last = connection.execute(select(func.max(column))).scalar()
        if last is not None:
            statement = text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)")
            connection.execute(statement, {"table": table.name, "column": column.name, "last": last})
