"""Places a ledger can live in, each with a back door for what a person or a crash does to it."""

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import psycopg

from reconcile.store import Home, SnapshotHome, SwapLost
from reconcile.store.tables import metadata

from .s3_door import S3Door


class Place(Protocol):
    """One kind of home, empty at first."""

    name: str
    root: Path

    def home(self) -> str | Home:
        """What is given to open the ledger; a new one each time, as another process would have it."""

    def tamper(self, statement: str) -> None:
        """Runs a statement on the tables, past the product."""

    def rows(self) -> str:
        """Everything the tables hold, as text."""


TABLES = tuple(metadata.tables)


@dataclass
class FilePlace:
    root: Path
    name: str = "sqlite"

    @property
    def path(self) -> Path:
        return self.root / ".trueup" / "ledger.db"

    def home(self) -> str:
        return ".trueup/ledger.db"

    def tamper(self, statement: str) -> None:
        with sqlite3.connect(self.path, timeout=10) as connection:
            connection.execute(statement)
        connection.close()

    def rows(self) -> str:
        with sqlite3.connect(self.path) as connection:
            told = str([connection.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES])
        connection.close()
        return told


@dataclass
class PostgresPlace:
    root: Path
    url: str
    name: str = "postgresql"

    def home(self) -> str:
        return self.url

    def tamper(self, statement: str) -> None:
        with psycopg.connect(self.url) as connection:
            connection.execute(statement.encode())

    def rows(self) -> str:
        with psycopg.connect(self.url) as connection:
            return str([connection.execute(f"SELECT * FROM {table}".encode()).fetchall() for table in TABLES])


class Bucket:
    """An object store that obeys If-Match and If-None-Match, held in a dict."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, int]] = {}
        self.puts = 0

    def load(self, known: Any = None) -> tuple[bytes | None, Any]:
        return self.objects.get("ledger", (None, None))

    def save(self, content: bytes, expected: Any) -> Any:
        _, current = self.load()
        if current != expected:
            raise SwapLost
        self.puts += 1
        self.objects["ledger"] = (content, self.puts)
        return self.puts


@dataclass
class SnapshotPlace:
    root: Path
    bucket: Bucket = field(default_factory=Bucket)
    name: str = "snapshot"

    def home(self) -> Home:
        return SnapshotHome(self.bucket.load, self.bucket.save, location="bucket/ledger")

    def tamper(self, statement: str) -> None:
        content, version = self.bucket.load()
        connection = sqlite3.connect(":memory:")
        connection.deserialize(content or b"")
        connection.execute(statement)
        connection.commit()
        self.bucket.save(connection.serialize(), version)
        connection.close()

    def rows(self) -> str:
        content, _ = self.bucket.load()
        connection = sqlite3.connect(":memory:")
        connection.deserialize(content or b"")
        told = str([connection.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES])
        connection.close()
        return told


@dataclass
class S3Place:
    root: Path
    door: S3Door
    bucket: str
    key: str = "acme/ledger.db"
    name: str = "s3"

    def home(self) -> str:
        return f"s3://{self.bucket}/{self.key}?endpoint={self.door.url}"

    @property
    def content(self) -> bytes:
        return self.door.peek(self.bucket, self.key) or b""

    def tamper(self, statement: str) -> None:
        connection = sqlite3.connect(":memory:")
        connection.deserialize(self.content)
        connection.execute(statement)
        connection.commit()
        self.door.put(self.bucket, self.key, connection.serialize())
        connection.close()

    def rows(self) -> str:
        connection = sqlite3.connect(":memory:")
        connection.deserialize(self.content)
        told = str([connection.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES])
        connection.close()
        return told
