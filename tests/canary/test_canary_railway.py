"""No secret of Railway's variables is readable in anything we print, log or keep; and the search would see it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .planted import leaks
from .planted_railway import FROM_ENV, ShopOnRailway


@pytest.fixture(scope="module")
def environment() -> Iterator[None]:
    """The runner's, with what the stacks name."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in FROM_ENV.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def day(environment: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShopOnRailway]:
    stage = ShopOnRailway(tmp_path_factory.mktemp("canary-railway"))
    stage.whole_day()
    yield stage
    stage.close()


def test_no_secret_is_readable_anywhere(day: ShopOnRailway) -> None:
    assert leaks(day.sinks(), day.planted) == []


def test_the_day_went_as_told(day: ShopOnRailway) -> None:
    codes = {name: {code for said, code in day.codes if said == name} for name, _ in day.codes}
    assert codes["validate"] == {0}
    assert {0, 13, 16} <= codes["apply --all --yes"]
    assert {15, 16, 17} <= codes["plan"]
    told = b"".join(day.sinks().values())
    assert b"Traceback" not in told
    assert b"SENTRY_DSN cannot hold ***" in b" ".join(told.split())


@pytest.mark.parametrize("sink", ["first.plan", "second.plan", "calls.log", "ledger.backup", "world.ledger.db"])
def test_every_file_says_something_of_the_variables(day: ShopOnRailway, sink: str) -> None:
    assert (b"graphql" if sink == "calls.log" else b"SENTRY_DSN") in day.sinks()[sink]


@pytest.mark.parametrize(
    "sink",
    [
        *("plan", "plan --json", "apply --all --yes", "apply --all --yes --json", "drift", "history", "history --json"),
        *("show railway.variable.api/SENTRY_DSN", "import railway --account acme --stdout"),
    ],
)
def test_every_command_says_something_of_the_variables(day: ShopOnRailway, sink: str) -> None:
    assert b"SENTRY_DSN" in day.sinks()[f"{sink} (stdout)"]


def test_every_file_that_was_imported_names_the_variables_and_no_value(day: ShopOnRailway) -> None:
    sinks = day.sinks()
    found = [text for name, text in sinks.items() if ".env" in name and name.endswith("(stdout)")]
    assert len(found) == 2 and all(b"API_SECRET" in text and b"DATABASE_URL" in text for text in found)
    assert b"SENTRY_DSN: {exists: true}" in sinks["imported.yaml"]


def test_every_planted_value_was_in_play(day: ShopOnRailway) -> None:
    crossed = "".join(str(call) for call in day.shop.world.calls())
    # A token is in a header, which is not kept; a key stays with its owner; what is sealed is not read back.
    apart = {"token of railway", "token of cloudflare", "control token", "in a file", "SEALED typed over"}
    apart |= {"runner key", "pepper in hex", "pepper in base64"}
    planted = day.planted
    assert {name for name, value in planted.items() if value not in crossed} <= apart
    assert all(len(value) >= 16 for value in planted.values())
    assert day.shop.world.things("railway"), "the world still stands"
    assert len(planted) == 20


def test_what_holds_secrets_is_for_its_owner_only(day: ShopOnRailway) -> None:
    day.shop.world.save()
    root, ledger = day.shop.root, day.shop.ledger_file
    kept = [ledger, ledger.with_name(f"{ledger.name}.key"), root / "world.json", root / "ready.json"]
    for path in (*kept, *(day.files / name for name in ("calls.log", "first.plan", "ledger.backup"))):
        assert path.stat().st_mode & 0o077 == 0, path.name


@pytest.fixture
def stage(environment: None, tmp_path: Path) -> Iterator[ShopOnRailway]:
    stage = ShopOnRailway(tmp_path)
    yield stage
    stage.close()


def found_in(stage: ShopOnRailway) -> set[str]:
    return {sink for sink, _ in leaks(stage.sinks(), stage.planted)}


def test_a_leak_into_an_error_is_seen(stage: ShopOnRailway, monkeypatch: pytest.MonkeyPatch) -> None:
    from reconcile.wire import Redactor

    stage.shop.careless_vendor()
    monkeypatch.setattr(Redactor, "text", lambda redactor, text: text)
    stage.shop.fault("403 POST times=always", "railway")
    stage.run("plan")
    assert found_in(stage) == {"plan (stdout)"}


def test_a_leak_into_the_ledger_is_seen(stage: ShopOnRailway, monkeypatch: pytest.MonkeyPatch) -> None:
    from reconcile.store import owning, values

    kept = values.kept_fields
    monkeypatch.setattr(owning, "kept_fields", lambda one: {**kept(one), "cron": FROM_ENV["SHOP_SEALED"]})
    stage.run("apply", "--all", "--yes")
    assert any(sink.startswith("world.ledger.db") for sink in found_in(stage))


def test_a_leak_into_a_draft_is_seen(stage: ShopOnRailway, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.run("apply", "--all", "--yes")
    stage.shop.set_by_hand()
    monkeypatch.setattr("reconcile.steps.draft.fields.may_stand", lambda name, value: True)
    stage.imported()
    assert "imported.yaml" in found_in(stage)
