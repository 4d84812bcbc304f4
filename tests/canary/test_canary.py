"""No secret is readable in anything we print, log or keep; and the search would see it if one were."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .planted import ShopStage, leaks


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShopStage]:
    stage = ShopStage(tmp_path_factory.mktemp("canary"))
    stage.whole_day()
    yield stage
    stage.close()


def test_no_secret_is_readable_anywhere(day: ShopStage) -> None:
    assert leaks(day.sinks(), day.planted) == []


def test_the_day_went_as_told(day: ShopStage) -> None:
    good = [code for _, code in day.codes[:9]]
    assert good == [0] * 9, day.codes
    assert {0, 13, 14, 15, 17} <= {code for _, code in day.codes}
    assert b"Traceback" not in b"".join(day.sinks().values())


@pytest.mark.parametrize(
    "sink",
    [
        "plan (stdout)",
        "apply --all --yes (stdout)",
        "apply --all --yes --json (stdout)",
        "history (stdout)",
        "history --json (stdout)",
        "output (stdout)",
        "doctor (stdout)",
        "calls.log",
        "first.plan",
        "second.plan",
        "ledger.backup",
        "world.ledger.db",
    ],
)
def test_every_sink_says_something(day: ShopStage, sink: str) -> None:
    assert len(day.sinks()[sink]) > 100


def test_the_vendors_careless_words_arrived(day: ShopStage) -> None:
    told = b"".join(day.sinks().values())
    assert b"refused: Authorization: ***" in b" ".join(told.split())


def test_every_planted_value_was_in_play(day: ShopStage) -> None:
    planted = day.planted
    assert len(planted) == 6
    assert all(len(value) >= 20 for value in planted.values())
    tokens = {seed.token.reveal() for seed in day.estate.world.seeds}
    assert tokens <= set(planted.values())


@pytest.mark.parametrize("words", [("plan", "--json"), ("apply", "--all", "--yes"), ("history",)])
def test_a_process_of_its_own_says_no_more(day: ShopStage, words: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-m", "reconcile", *words, "--dir", str(day.estate.root)],
        env={**os.environ, "TRUEUP_SANDBOX": str(day.ready), "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
    assert done.stdout
    assert leaks({"stdout": done.stdout, "stderr": done.stderr}, day.planted) == []


def test_the_ledger_and_the_log_are_for_their_owner_only(day: ShopStage) -> None:
    for path in (
        day.estate.ledger_file,
        day.files / "calls.log",
        day.files / "first.plan",
        day.files / "ledger.backup",
    ):
        assert path.stat().st_mode & 0o077 == 0, path.name


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[ShopStage]:
    stage = ShopStage(tmp_path)
    yield stage
    stage.close()


def found_in(stage: ShopStage) -> set[str]:
    return {sink for sink, _ in leaks(stage.sinks(), stage.planted)}


def test_a_leak_into_the_table_is_seen(stage: ShopStage, monkeypatch: pytest.MonkeyPatch) -> None:
    token = stage.estate.tokens["acme", "cloudflare"]
    monkeypatch.setattr("reconcile.cli.plan_view._value", lambda value: f"{value} {token}")
    stage.run("plan")
    assert found_in(stage) == {"plan (stdout)"}


def test_a_leak_into_the_json_and_the_plan_file_is_seen(stage: ShopStage, monkeypatch: pytest.MonkeyPatch) -> None:
    token = stage.estate.tokens["acme", "betterstack"]
    monkeypatch.setattr("reconcile.cli.documents.field_document", lambda one: {"after": token})
    stage.run("plan", "--json", "--out", str(stage.files / "a.plan"))
    assert found_in(stage) == {"plan --json --out /a.plan (stdout)", "a.plan"}


def test_a_leak_into_the_log_is_seen(stage: ShopStage, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from reconcile.wire import CallLog

    token, add = stage.estate.tokens["acme", "cloudflare"], CallLog.add
    monkeypatch.setattr(CallLog, "add", lambda log, one: add(log, replace(one, path=f"{one.path}&token={token}")))
    stage.run("plan")
    assert found_in(stage) == {"calls.log"}


def test_a_leak_into_the_ledger_is_seen(stage: ShopStage, monkeypatch: pytest.MonkeyPatch) -> None:
    from reconcile.store import owning, values

    token, kept = stage.estate.tokens["acme", "cloudflare"], values.kept_fields
    monkeypatch.setattr(owning, "kept_fields", lambda resource: {**kept(resource), "comment": token})
    stage.run("apply", "--all", "--yes")
    assert any(sink.startswith("world.ledger.db") for sink in found_in(stage))


def test_a_leak_into_the_history_is_seen(stage: ShopStage, monkeypatch: pytest.MonkeyPatch) -> None:
    token = stage.estate.tokens["acme", "cloudflare"]
    monkeypatch.setattr(
        "reconcile.store.announced.told_fields", lambda change: {"content": {"before": 1, "after": token}}
    )
    stage.run("apply", "--all", "--yes")
    stage.run("history", "--json")
    stage.run("ledger", "backup", str(stage.files / "b.backup"))
    assert {"history --json (stdout)", "b.backup"} <= found_in(stage)


def test_a_leak_into_an_error_is_seen(stage: ShopStage, monkeypatch: pytest.MonkeyPatch) -> None:
    from reconcile.wire import Redactor

    stage.careless_vendors()
    monkeypatch.setattr(Redactor, "text", lambda redactor, text: text)
    stage.estate.fault("401 GET times=always")
    stage.run("plan")
    assert "plan (stdout)" in found_in(stage)


def test_a_leak_of_a_heartbeats_address_is_seen(stage: ShopStage, monkeypatch: pytest.MonkeyPatch) -> None:
    from reconcile.model.secret import SecretText

    monkeypatch.setattr(SecretText, "__str__", SecretText.reveal)
    stage.run("apply", "--all", "--yes")
    shown: Any = lambda value: None if value is None else value.reveal()  # noqa: E731
    monkeypatch.setattr(
        "reconcile.cli.outputs._value", lambda resource, name: shown(resource.url) if name == "url" else None
    )
    stage.run("output")
    assert "output (stdout)" in found_in(stage)
