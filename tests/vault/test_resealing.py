"""Another runner key: the one before opens nothing, what was compared is still compared, no key is told unasked."""

import json
import stat
from pathlib import Path

import pytest

from reconcile.model.errors import KeyRefused
from reconcile.model.secret import SecretText
from reconcile.settings import Settings
from reconcile.store.vault import KEY_VARIABLE, PEPPER, Key, Vault, make_runner_key, next_runner_key, open_vault, reseal

from .conftest import Command, Library, Shop, recovery_in

FILE = Path(".trueup/key")
RESEAL = ("vault", "reseal", "--yes")


@pytest.fixture
def recovery(trueup: Command) -> str:
    """The recovery key of a repository that was begun in the current folder."""
    return recovery_in(trueup("init")[1])


def key_of(text: str) -> Key:
    return Key(SecretText(text), "a test")


def key_text(file: Path = FILE) -> str:
    (text,) = [line for line in file.read_text().splitlines() if not line.startswith("#")]
    return text


def opened(key: str) -> Vault:
    """Raises KeyRefused."""
    with Shop(Settings(Path().resolve())) as shop:
        vault = open_vault(shop.ledger(), key_of(key))
    assert vault is not None
    return vault


def everything_kept() -> bytes:
    return b"".join(path.read_bytes() for path in Path().rglob("*") if path.is_file() and path != FILE)


def test_a_rotated_key_takes_the_place_of_the_one_that_opens_nothing_any_more(trueup: Command, recovery: str) -> None:
    before, print = key_text(), opened(key_text()).fingerprint("hunter2")
    code, said = trueup(*RESEAL)
    after = key_text()
    assert code == 0 and after != before and key_of(after).recipient in said
    assert opened(after).fingerprint("hunter2") == print == opened(recovery).fingerprint("hunter2")
    with pytest.raises(KeyRefused):
        opened(before)
    assert stat.S_IMODE(FILE.stat().st_mode) == 0o600 and [one.name for one in FILE.parent.glob("key*")] == ["key"]
    assert "AGE-SECRET-KEY" not in said and after.encode() not in everything_kept()
    assert trueup("doctor")[0] == 0


def test_a_lost_key_is_replaced_with_the_help_of_the_recovery_key(
    trueup: Command, recovery: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    print = opened(recovery).fingerprint("hunter2")
    FILE.unlink()
    code, said = trueup(*RESEAL)
    assert code == 14 and "recovery key" in said and not FILE.exists()
    monkeypatch.setenv(KEY_VARIABLE, recovery)
    assert trueup(*RESEAL)[0] == 0
    monkeypatch.delenv(KEY_VARIABLE)
    assert opened(key_text()).fingerprint("hunter2") == print
    code, said = trueup("history", "--json")
    entry = next(one for one in json.loads(said)["entries"] if one["what"] == "resealed")
    assert entry["detail"]["opened by"] == "recovery key" and recovery not in said and key_text() not in said


def test_another_key_reseals_nothing(trueup: Command, recovery: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = FILE.read_bytes()
    monkeypatch.setenv(KEY_VARIABLE, Key.fresh()[1].reveal())
    code, said = trueup(*RESEAL)
    assert code == 14 and "does not open" in said
    assert FILE.read_bytes() == before and opened(key_text()) is not None
    assert [one.name for one in FILE.parent.glob("key*")] == ["key"]


def test_nothing_is_sealed_where_nobody_agrees(trueup: Command, recovery: str) -> None:
    before = FILE.read_bytes()
    code, said = trueup("vault", "reseal")
    assert code == 11 and "nobody agreed" in said and FILE.read_bytes() == before
    assert [one.name for one in FILE.parent.glob("key*")] == ["key"]


def test_a_key_is_printed_only_where_it_is_asked_for_and_is_then_in_no_file(trueup: Command, recovery: str) -> None:
    before = FILE.read_bytes()
    code, said = trueup(*RESEAL, "--show", "--json")
    told = json.loads(said)
    assert code == 0 and told["schema"] == "trueup.vault-reseal/1"
    assert (told["file"], told["recovery_key"]) == (None, None)
    assert key_of(told["runner_key"]).recipient == told["runner"] and opened(told["runner_key"]) is not None
    assert FILE.read_bytes() == before and told["runner_key"].encode() not in everything_kept()
    assert trueup("doctor")[0] == 14


def test_the_public_key_of_a_runner_is_enough(trueup: Command, recovery: str) -> None:
    key, text = Key.fresh()
    code, said = trueup(*RESEAL, "--to", key.recipient)
    assert code == 0 and f"the key in {FILE} is no longer the runner's" in said
    assert opened(text.reveal()) is not None and opened(recovery) is not None
    with pytest.raises(KeyRefused):
        opened(key_text())


@pytest.mark.parametrize("more", [("--to", "hunter2-hunter2"), ("--to", Key.fresh()[0].recipient, "--show")])
def test_what_cannot_be_sealed_to_is_refused_and_not_repeated(
    trueup: Command, recovery: str, more: tuple[str, ...]
) -> None:
    code, said = trueup(*RESEAL, *more)
    assert code != 0 and "hunter2" not in said and opened(key_text()) is not None


def test_a_new_recovery_key_is_told_once_and_the_old_one_opens_nothing(trueup: Command, recovery: str) -> None:
    code, said = trueup(*RESEAL, "--new-recovery-key")
    new = recovery_in(said)
    assert code == 0 and new not in (recovery, key_text()) and opened(new) is not None
    with pytest.raises(KeyRefused):
        opened(recovery)
    assert new.encode() not in everything_kept() and "AGE-SECRET-KEY" not in trueup(*RESEAL)[1]


def test_a_run_that_died_after_sealing_is_finished_by_the_next(trueup: Command, recovery: str) -> None:
    with Shop(Settings(Path().resolve())) as shop:
        new, old = next_runner_key(shop.key_file), shop.runner_key()
        assert old is not None
        reseal(shop.ledger(), old, runner=new.recipient, who="me")
    assert trueup("doctor")[0] == 14
    code, said = trueup(*RESEAL)
    assert code == 0 and new.recipient in said
    assert key_of(key_text()).recipient == new.recipient and trueup("doctor")[0] == 0


def test_a_run_that_died_before_sealing_leaves_the_key_in_use(trueup: Command, recovery: str) -> None:
    with Shop(Settings(Path().resolve())) as shop:
        left = next_runner_key(shop.key_file)
    assert trueup("doctor")[0] == 0
    assert trueup(*RESEAL)[0] == 0
    assert key_of(key_text()).recipient == left.recipient


def test_what_the_old_key_opened_is_not_left_in_the_file(trueup: Command, recovery: str) -> None:
    with Shop(Settings(Path().resolve())) as shop:
        before = shop.ledger().sealed()[PEPPER].encode()
    assert before in everything_kept()
    trueup(*RESEAL)
    assert before not in everything_kept()


def test_a_ledger_without_a_vault_has_nothing_to_seal(library: Library) -> None:
    with library.shop as shop, pytest.raises(KeyRefused, match="nothing sealed"):
        reseal(shop.ledger(), Key.fresh()[0], runner=Key.fresh()[0].recipient, who="me")


def test_a_secret_is_compared_with_the_new_key_as_with_the_old_one(keyed: Library) -> None:
    keyed.environment.setenv("API_KEY", "hunter2")
    keyed.apply()
    with keyed.shop as shop:
        old = shop.runner_key()
        assert old is not None
        shop.key_file.unlink()
        new = make_runner_key(shop.key_file)
        assert new is not None
        reseal(shop.ledger(), old, runner=new.recipient, who="me")
    assert keyed.plan().changes == ()
    keyed.toy.write("api", "somebody else's")
    assert [one.cause for one in keyed.plan().changes] == ["drift"]
