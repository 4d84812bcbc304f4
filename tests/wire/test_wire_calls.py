"""The call log keeps what was asked, and nothing that must not be read."""

import json
import os
import stat
from pathlib import Path

import pytest
from scripted import TOKEN, Reply, World

from reconcile.wire import Call, CallLog, CallRecord


def record(path: str = "/zones") -> CallRecord:
    return CallRecord("cloudflare", "bilko", "GET", path, 200, 0.1, 1)


def test_a_call_leaves_a_record_with_redacted_query(world: World) -> None:
    world.server.will(Reply(status=404))
    with pytest.raises(Exception, match="404"):
        world.client().get("/zones", {"page": 3, "api_token": "abc", "name": "x.io"})
    (kept,) = world.log.records()
    assert (kept.platform, kept.account, kept.method, kept.status, kept.attempt) == (
        "cloudflare",
        "bilko",
        "GET",
        404,
        1,
    )
    assert kept.path == "/zones?page=3&api_token=***&name=x.io"
    assert 0 < kept.seconds < 5


def test_the_file_is_json_lines_for_the_owner_only_flushed_at_once(tmp_path: Path) -> None:
    file = tmp_path / "calls.jsonl"
    log = CallLog(file)
    log.add(record("/zones"))
    log.add(record("/zones/1"))
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["path"] for line in lines] == ["/zones", "/zones/1"]
    assert set(lines[0]) == {"at", "platform", "account", "method", "path", "status", "seconds", "attempt"}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    log.close()


def test_the_file_is_appended_to_and_closed_to_others(tmp_path: Path) -> None:
    file = tmp_path / "calls.jsonl"
    file.write_text('{"old": 1}\n')
    file.chmod(0o644)
    log = CallLog(file)
    log.add(record())
    log.close()
    assert len(file.read_text().splitlines()) == 2
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_symbolic_link_is_no_log_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(OSError):
        CallLog(tmp_path / "link")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_a_full_disk_costs_the_line_and_not_the_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = CallLog(tmp_path / "calls.jsonl")
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, log._file)
    os.close(full)
    log.add(record())
    log.add(record())
    assert log.count() == 2
    assert "not written" in log.trouble


def test_the_count_goes_on_when_old_records_are_dropped() -> None:
    log = CallLog(keep=2)
    for number in range(5):
        log.add(record(f"/{number}"))
    assert [kept.path for kept in log.records()] == ["/3", "/4"]
    assert log.count() == 5


def test_a_call_shows_neither_body_nor_headers_nor_query() -> None:
    call = Call("POST", f"/x?token={TOKEN}", {"key": TOKEN}, json={"a": TOKEN}, headers={"h": TOKEN})
    assert repr(call) == str(call) == "<Call POST /x>"


@pytest.mark.parametrize(
    ("call", "may_repeat"),
    [
        (Call("GET", "/"), True),
        (Call("HEAD", "/"), True),
        (Call("POST", "/"), False),
        (Call("PUT", "/"), False),
        (Call("DELETE", "/"), False),
        (Call("PUT", "/", repeatable=True), True),
        (Call("GET", "/", repeatable=False), False),
    ],
)
def test_only_reads_are_repeatable_unless_said(call: Call, may_repeat: bool) -> None:
    assert call.may_repeat is may_repeat
