"""Whose lock it is, and whether its owner still lives."""

import datetime as dt
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from reconcile.program.engine.command import Engine
from reconcile.program.engine.lock import EngineLocked, Lock, folder_of, free, locks
from reconcile.program.engine.project import Project

NOW = dt.datetime(2099, 1, 1, tzinfo=dt.UTC)
LOCKED = "2098-12-31T23:59:30.470432618Z"


def engine(tmp_path: Path, path: str = "/bin/false") -> Engine:
    project = Project(
        root=tmp_path,
        folder=tmp_path,
        name="shop",
        config_dir=tmp_path,
        virtualenv=None,
        provider=None,
        backend=f"file://{tmp_path}/state",
        pretend=True,
        environment=dict(os.environ),
    )
    return Engine(Path(path), project)


def locked(tmp_path: Path, pid: int, *, host: str = "", name: str = "a.json", at: str = LOCKED) -> None:
    """As the command line writes it, with the file of attributes that it puts beside."""
    folder = tmp_path / "state/.pulumi/locks/organization/shop/app"
    folder.mkdir(parents=True, exist_ok=True)
    told = {
        "pid": pid,
        "username": "ops",
        "hostname": host or socket.gethostname(),
        "timestamp": at,
    }
    (folder / name).write_text(json.dumps(told))
    (folder / f"{name}.attrs").write_text("{}")


def dead_pid() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_a_lock_tells_who_and_since_when(tmp_path: Path) -> None:
    locked(tmp_path, os.getpid())
    (lock,) = locks(engine(tmp_path), "app")
    assert lock.told(NOW) == f"ops@{socket.gethostname()}, pid {os.getpid()}, for 30 s"
    assert not lock.dead
    assert locks(engine(tmp_path), "web") == []


def test_an_owner_is_dead_only_where_it_could_be_seen(tmp_path: Path) -> None:
    gone = dead_pid()
    at = dt.datetime.now(dt.UTC)
    assert Lock(gone, "ops", socket.gethostname(), at).dead
    assert not Lock(gone, "ops", "elsewhere", at).dead


def test_a_process_that_began_after_the_lock_is_another_one() -> None:
    made = dt.datetime(2001, 1, 1, tzinfo=dt.UTC)
    assert Lock(os.getpid(), "ops", socket.gethostname(), made).dead


def test_a_living_owner_is_waited_for_and_then_named(tmp_path: Path) -> None:
    locked(tmp_path, os.getpid())
    waited: list[float] = []
    with pytest.raises(EngineLocked, match=rf"ops@\S+, pid {os.getpid()}, for 30 s") as told:
        free(engine(tmp_path), "app", now=lambda: NOW, sleep=waited.append)
    assert told.value.exit_code == 11 and not waited
    file = next((tmp_path / "state").rglob("a.json"))
    assert not free(engine(tmp_path), "app", timeout_seconds=60, sleep=lambda seconds: file.unlink())


def test_a_dead_owners_lock_is_taken_away_by_the_command_line(tmp_path: Path) -> None:
    cancels = tmp_path / "pulumi"
    cancels.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/said\nrm {tmp_path}/state/.pulumi/locks/*/*/*/*.json\n')
    cancels.chmod(0o755)
    locked(tmp_path, dead_pid())
    said: list[str] = []
    assert free(engine(tmp_path, str(cancels)), "app", say=said.append)
    assert (tmp_path / "said").read_text().startswith("cancel --yes --stack app")
    assert "is dead" in said[0]


def test_who_has_a_dead_owners_number_now_is_left_alone(tmp_path: Path) -> None:
    cancels = tmp_path / "pulumi"
    cancels.write_text(f"#!/bin/sh\nrm {tmp_path}/state/.pulumi/locks/*/*/*/*.json\n")
    cancels.chmod(0o755)
    # A session of its own, as a login shell has: the number of its leader was the dead owner's once.
    with subprocess.Popen(
        ["sh", "-c", "sleep 100 & echo; wait"], stdout=subprocess.PIPE, start_new_session=True
    ) as other:
        assert other.stdout is not None and other.stdout.readline()
        try:
            locked(tmp_path, other.pid, at="2001-01-01T00:00:00Z")
            assert free(engine(tmp_path, str(cancels)), "app")
            assert other.poll() is None
        finally:
            os.killpg(other.pid, signal.SIGTERM)


def test_half_a_lock_and_another_backend_are_no_locks(tmp_path: Path) -> None:
    locked(tmp_path, os.getpid())
    next((tmp_path / "state").rglob("a.json")).write_text('{"pid":')
    assert locks(engine(tmp_path), "app") == []
    assert folder_of("s3://bucket/state", tmp_path) is None
    assert folder_of("file://./state", tmp_path) == tmp_path / "state"
    assert folder_of("file:///a/b?no_tmp_dir=true", tmp_path) == Path("/a/b")
