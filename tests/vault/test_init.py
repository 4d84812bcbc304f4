"""init makes the keys once; doctor says whether they are there; a sandbox has its own."""

import json
import stat
from pathlib import Path

import pytest

from reconcile.model.secret import SecretText
from reconcile.sandbox.ready import Ready
from reconcile.settings import Settings
from reconcile.store.vault import KEY_VARIABLE, Key, open_vault

from .conftest import Command, Library, Shop, now, recovery_in


def test_the_recovery_key_is_told_once_and_opens_the_vault(trueup: Command) -> None:
    code, said = trueup("init")
    assert code == 0 and "shown this once" in said
    recovery = recovery_in(said)
    before = Path(".trueup/key").read_bytes()
    assert stat.S_IMODE(Path(".trueup/key").stat().st_mode) == 0o600
    assert recovery.encode() not in b"".join(path.read_bytes() for path in Path().rglob("*") if path.is_file())
    code, again = trueup("init")
    assert code == 0 and "AGE-SECRET-KEY" not in again and Path(".trueup/key").read_bytes() == before
    with Shop(Settings(Path().resolve())) as shop:
        assert open_vault(shop.ledger(), Key(SecretText(recovery), "paper")) is not None


def test_the_runner_key_is_never_told(trueup: Command) -> None:
    _, said = trueup("init")
    (own,) = [line for line in Path(".trueup/key").read_text().splitlines() if not line.startswith("#")]
    assert own.startswith("AGE-SECRET-KEY-") and own not in said


def test_json_says_the_same(trueup: Command) -> None:
    first, again = (json.loads(trueup("init", "--json")[1]) for _ in range(2))
    assert first["schema"] == "trueup.init/1" and first["recovery_key"].startswith("AGE-SECRET-KEY-1")
    assert "the runner key, .trueup/key" in first["wrote"]
    assert again["recovery_key"] is None and again["wrote"] == []


def test_the_key_of_a_runner_without_files_is_taken(trueup: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    key, text = Key.fresh()
    monkeypatch.setenv(KEY_VARIABLE, text.reveal())
    code, said = trueup("init")
    assert code == 0 and recovery_in(said) != text.reveal() and not Path(".trueup/key").exists()
    code, said = trueup("doctor")
    assert code == 0 and key.recipient in said


def test_no_second_key_is_made_for_a_vault_that_is_there(trueup: Command) -> None:
    trueup("init")
    Path(".trueup/key").unlink()
    code, said = trueup("init")
    assert code == 0 and "no runner key" in said and not Path(".trueup/key").exists()


def test_doctor_says_whether_the_runner_key_is_there(trueup: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    trueup("init")
    code, said = trueup("doctor")
    assert code == 0 and "runner key: opens what is sealed" in said
    monkeypatch.setenv(KEY_VARIABLE, Key.fresh()[1].reveal())
    code, said = trueup("doctor")
    assert code == 14 and "does not open" in said
    monkeypatch.delenv(KEY_VARIABLE)
    Path(".trueup/key").unlink()
    code, said = trueup("doctor")
    assert code == 0 and "no stack needs it" in said


def test_a_sandbox_makes_its_own_key_and_pepper_in_silence(library: Library, tmp_path: Path) -> None:
    library.environment.setenv(KEY_VARIABLE, "no key at all")
    world = Ready(
        page="p", clock="c", pid=1, ledger=str(tmp_path / "world.db"), platforms={}, accounts={}, env={}, control=""
    )
    prints = set()
    for _ in range(2):
        with Shop(Settings(library.root), world=world, clock=now) as shop:
            tree, notes = shop.revealed()
            assert notes == []
            prints |= {one for declared in tree.declared() for one in declared.resource.prints().values()}
    assert len(prints) == 1
    assert stat.S_IMODE((tmp_path / "world.db.key").stat().st_mode) == 0o600
    assert not (library.root / ".trueup" / "key").exists()
