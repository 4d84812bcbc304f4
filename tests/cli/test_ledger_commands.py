import json
from pathlib import Path

import pytest

from reconcile.assemble import Workshop
from reconcile.sandbox.world import World
from reconcile.settings import Settings

from .conftest import PROJECT, Command, Repository


def test_a_backup_comes_back_with_everything(applied: World, trueup: Command, tmp_path: Path) -> None:
    before = trueup("ledger", "show", "--json").json
    assert before["holds"]["owned"] == 3
    assert before["pins"] == [{"account": "acme", "platform": "cloudflare", "id": "a0000000000000000000000000000001"}]
    kept = tmp_path / "kept.json"
    assert trueup("ledger", "backup", str(kept)).code == 0
    assert kept.stat().st_mode & 0o777 == 0o600
    for file in tmp_path.glob("world.db*"):
        file.unlink()
    restored = trueup("ledger", "restore", str(kept))
    assert restored.code == 0
    assert "3 owned things" in restored.out
    assert trueup("ledger", "show", "--json").json == before
    assert trueup("plan", "--all", "--detailed-exitcode").code == 0


def test_restore_never_overwrites_a_ledger(applied: World, trueup: Command, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    trueup("ledger", "backup", str(kept))
    trueup("apply", "--all", "--yes")
    before = trueup("ledger", "show", "--json").json
    told = trueup("ledger", "restore", str(kept))
    assert told.code == 1
    assert "already" in told.err
    assert trueup("ledger", "show", "--json").json == before


def test_restore_refuses_the_backup_of_another_ledger(repository: Repository, trueup: Command, tmp_path: Path) -> None:
    with Workshop(Settings(repository.root)) as shop:
        shop.ledger(begin=True)
    kept = tmp_path / "kept.json"
    assert trueup("ledger", "backup", str(kept)).code == 0
    for file in (repository.root / ".trueup").iterdir():
        file.unlink()
    repository.write("stacks/_project.yaml", PROJECT.replace("0f3c9a1e", "ffffffff"))
    told = trueup("ledger", "restore", str(kept))
    assert told.code == 1
    assert "0f3c9a1e" in told.err and "ffffffff" in told.err
    assert not list((repository.root / ".trueup").iterdir())


def test_verify_finds_a_history_that_was_cut_short(applied: World, trueup: Command) -> None:
    head = trueup("ledger", "verify", "--json").json["chains"]["web"]["head"]
    assert trueup("ledger", "verify", "--head", f"web={head}").code == 0
    told = trueup("ledger", "verify", "--head", f"web={'0' * 64}")
    assert told.code == 1
    assert "cut off" in told.err


def test_verify_finds_an_entry_that_was_changed(applied: World, trueup: Command, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    trueup("ledger", "backup", str(kept))
    content = json.loads(kept.read_text())
    content["tables"]["entry"][-1]["what"] = "nothing happened"
    kept.write_text(json.dumps(content))
    for file in tmp_path.glob("world.db*"):
        file.unlink()
    told = trueup("ledger", "restore", str(kept))
    assert told.code == 1
    assert "does not match its hash" in told.err


@pytest.mark.parametrize("text", ["web", "=abc", "web="])
def test_a_head_must_name_stack_and_hash(text: str, repository: Repository, trueup: Command) -> None:
    told = trueup("ledger", "verify", "--head", text)
    assert told.code == 1
    assert "STACK=HASH" in told.err


def test_a_backup_into_a_folder_that_is_not_there(applied: World, trueup: Command, tmp_path: Path) -> None:
    told = trueup("ledger", "backup", str(tmp_path / "nowhere" / "kept.json"))
    assert told.code == 1
    assert "choose a folder" in told.err


def test_unlock_wants_a_reason_and_says_when_nobody_holds_the_stack(world: World, trueup: Command) -> None:
    assert trueup("unlock", "web").code == 1
    assert trueup("unlock", "web", "--reason", " ").code == 1
    told = trueup("unlock", "web", "--reason", "it is dead")
    assert (told.code, told.out) == (0, "nobody holds a stack web\n")
