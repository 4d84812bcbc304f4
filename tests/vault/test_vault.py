"""The vault opens for the runner and for the recovery key, and for nobody else."""

import hashlib
import hmac
import pickle
import stat
import threading
from pathlib import Path

import pytest
from pyrage import decrypt, x25519

from reconcile.model.errors import KeyRefused
from reconcile.model.secret import SecretText
from reconcile.store import Ledger, begin_ledger
from reconcile.store.vault import (
    KEY_VARIABLE,
    PEPPER,
    RECOVERY,
    RUNNER,
    Key,
    Vault,
    begin_vault,
    make_runner_key,
    open_vault,
    runner_key,
    seal,
)

from .conftest import now


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return begin_ledger("ledger.db", tmp_path, ledger_id="l1", clock=now)


def test_the_runner_and_the_recovery_key_open_the_same_vault(ledger: Ledger) -> None:
    runner, _ = Key.fresh()
    recovery = begin_vault(ledger, runner)
    assert recovery is not None
    by_runner, by_recovery = open_vault(ledger, runner), open_vault(ledger, Key(recovery, "paper"))
    assert by_runner is not None and by_recovery is not None
    assert by_runner.fingerprint("hunter2") == by_recovery.fingerprint("hunter2")


def test_any_other_key_is_refused_with_what_to_do(ledger: Ledger) -> None:
    runner, _ = Key.fresh()
    other, _ = Key.fresh()
    begin_vault(ledger, runner)
    with pytest.raises(KeyRefused, match="does not open") as caught:
        open_vault(ledger, other)
    assert caught.value.exit_code == 14 and KEY_VARIABLE in caught.value.advice


def test_a_vault_is_begun_once(ledger: Ledger) -> None:
    runner, _ = Key.fresh()
    assert begin_vault(ledger, runner) is not None
    before = ledger.sealed()
    assert begin_vault(ledger, runner) is None
    assert ledger.sealed() == before


def test_no_vault_is_no_error(ledger: Ledger) -> None:
    assert open_vault(ledger, Key.fresh()[0]) is None


def test_of_many_that_begin_at_once_one_holds_the_recovery_key(ledger: Ledger) -> None:
    runner, _ = Key.fresh()
    told: list[SecretText | None] = []
    threads = [threading.Thread(target=lambda: told.append(begin_vault(ledger, runner))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (recovery,) = [one for one in told if one is not None]
    assert len(told) == 4 and open_vault(ledger, Key(recovery, "paper")) is not None


def test_the_ledger_holds_ciphertext_and_public_keys_and_tells_that_it_does(ledger: Ledger, tmp_path: Path) -> None:
    runner, text = Key.fresh()
    recovery = begin_vault(ledger, runner)
    assert recovery is not None
    kept = ledger.sealed()
    assert set(kept) == {PEPPER, RUNNER, RECOVERY}
    assert kept[RUNNER] == runner.recipient and kept[RECOVERY] == Key(recovery, "paper").recipient
    assert ledger.history("")[0].what == "sealed"
    ledger.verify()
    ledger.backup(tmp_path / "backup.json")
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert kept[PEPPER].encode() in written
    assert text.reveal().encode() not in written and recovery.reveal().encode() not in written


def test_what_is_sealed_is_an_age_file_that_any_age_tool_opens() -> None:
    import base64

    identity = x25519.Identity.generate()
    sealed = base64.b64decode(seal(b"content", (str(identity.to_public()),)))
    assert sealed.startswith(b"age-encryption.org/v1")
    assert decrypt(sealed, [identity]) == b"content"


def test_a_fingerprint_is_an_hmac_under_the_pepper() -> None:
    vault = Vault(b"p" * 32)
    assert vault.fingerprint("é") == hmac.new(b"p" * 32, "é".encode(), hashlib.sha256).hexdigest()
    assert Vault(b"q" * 32).fingerprint("é") != vault.fingerprint("é")


def test_neither_key_nor_vault_shows_what_it_holds() -> None:
    key, text = Key.fresh()
    assert text.reveal() not in repr(key) + str(key) + repr(text)
    assert "pppp" not in repr(Vault(b"p" * 32))
    with pytest.raises(TypeError):
        pickle.dumps(key)


def test_a_key_file_is_its_owners_alone_and_never_replaced(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "key"
    made = make_runner_key(file)
    assert made is not None
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    before = file.read_bytes()
    assert make_runner_key(file) is None
    assert file.read_bytes() == before and [path.name for path in file.parent.iterdir()] == ["key"]
    found = runner_key({}, file)
    assert found is not None and found.recipient == made.recipient


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key"
    make_runner_key(file)
    file.chmod(0o640)
    with pytest.raises(KeyRefused, match="others may read") as caught:
        runner_key({}, file)
    assert "chmod 600" in caught.value.advice


def test_a_key_file_is_not_followed_elsewhere(tmp_path: Path) -> None:
    make_runner_key(tmp_path / "key")
    (tmp_path / "link").symlink_to(tmp_path / "key")
    with pytest.raises(KeyRefused, match="cannot be read"):
        runner_key({}, tmp_path / "link")


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    make_runner_key(tmp_path / "key")
    key, text = Key.fresh()
    found = runner_key({KEY_VARIABLE: f" {text.reveal()}\n"}, tmp_path / "key")
    assert found is not None and found.recipient == key.recipient
    assert runner_key({KEY_VARIABLE: ""}, tmp_path / "absent") is None


def test_a_text_that_is_no_key_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(KeyRefused, match=KEY_VARIABLE) as caught:
        runner_key({KEY_VARIABLE: "hunter2-hunter2"}, tmp_path / "key")
    assert "hunter2" not in str(caught.value) and caught.value.__cause__ is None
    (tmp_path / "key").touch(0o600)
    with pytest.raises(KeyRefused, match="holds no age key"):
        runner_key({}, tmp_path / "key")
