"""The first minutes: an empty folder, and what doctor says about it."""

from pathlib import Path

import pytest

from .repository import PROJECT, Repository, trueup


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty; no sandbox, no credential."""
    for name in ("TRUEUP_SANDBOX", "ACME_CLOUDFLARE_TOKEN", "ACME_BETTERSTACK_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    made = tmp_path / "My Shop"
    made.mkdir()
    return made


def _files(root: Path) -> dict[str, bytes]:
    found = (path for path in root.rglob("*") if path.is_file() and not path.name.startswith("ledger.db"))
    return {str(path.relative_to(root)): path.read_bytes() for path in found}


def test_an_empty_folder_becomes_a_repository_that_validates_plans_and_is_well(folder: Path) -> None:
    said = trueup("init", "--dir", str(folder))

    assert said.code == 0, said.err
    assert "project my-shop" in said.out
    for command in ("validate", "plan", "doctor", "plan --detailed-exitcode"):
        assert trueup(*command.split(), "--dir", str(folder)).code == 0, command


def test_init_twice_is_harmless(folder: Path) -> None:
    trueup("init", "--dir", str(folder))
    (folder / "stacks" / "example.yaml").unlink()
    (folder / "stacks" / "mine.yaml").write_text("account: example\n")
    before = _files(folder)

    said = trueup("init", "--project", "other", "--dir", str(folder))

    assert said.code == 0, said.err
    assert _files(folder) == before, "nothing is written over, and no example beside a real stack"
    assert "kept   stacks/_project.yaml" in said.out


def test_files_that_are_there_are_kept_and_git_ignores_the_ledger(folder: Path) -> None:
    (folder / ".gitignore").write_text("*.pyc")
    (folder / "policies").mkdir()
    (folder / "policies" / "README.md").write_text("mine")

    trueup("init", "--dir", str(folder))

    assert (folder / ".gitignore").read_text() == "*.pyc\n.trueup/\n.env\n"
    assert (folder / "policies" / "README.md").read_text() == "mine"


def test_another_ledger_is_refused_before_anything_is_written(folder: Path) -> None:
    trueup("init", "--dir", str(folder))
    (folder / "stacks" / "_project.yaml").unlink()
    before = _files(folder)

    said = trueup("init", "--dir", str(folder))

    assert said.code == 1
    assert "no stacks/_project.yaml names it" in said.err
    assert _files(folder) == before


def test_a_project_that_names_another_ledger_is_refused(folder: Path) -> None:
    trueup("init", "--dir", str(folder))
    (folder / "stacks" / "_project.yaml").write_text(PROJECT)

    assert trueup("init", "--dir", str(folder)).code == 1


def test_a_clone_without_its_ledger_begins_the_one_that_the_project_names(folder: Path) -> None:
    (folder / "stacks").mkdir()
    (folder / "stacks" / "_project.yaml").write_text(PROJECT)

    said = trueup("init", "--dir", str(folder))

    assert said.code == 0, said.err
    assert "wrote  the ledger, .trueup/ledger.db" in said.out
    assert "ledger 0a1b2c3d" in said.out
    assert "was there a ledger elsewhere?" in said.out
    assert trueup("validate", "--dir", str(folder)).code == 0


def test_a_name_that_is_none_is_refused_before_anything_is_written(folder: Path) -> None:
    said = trueup("init", "--project", "My Shop", "--dir", str(folder))

    assert said.code == 1
    assert _files(folder) == {}


def test_under_a_sandbox_the_live_ledger_is_still_begun(empty: Repository) -> None:
    said = empty.do("init")

    assert said.code == 0, said.err
    assert (empty.root / ".trueup" / "ledger.db").exists()
    assert not empty.ledger.exists()


def test_doctor_names_the_variable_the_right_and_where_to_get_it(folder: Path) -> None:
    (folder / "stacks").mkdir()
    (folder / "stacks" / "_project.yaml").write_text(PROJECT)
    trueup("init", "--dir", str(folder))

    said = trueup("doctor", "--json", "--dir", str(folder))

    assert said.code == said.json["exit"] == 14
    (check,) = [one for one in said.json["checks"] if one["subject"] == "acme on cloudflare"]
    assert "ACME_CLOUDFLARE_TOKEN is not set" in check["message"]
    assert "needs Zone:Read, DNS:Edit" in check["advice"]
    assert "https://dash.cloudflare.com" in check["advice"]


def test_doctor_reads_every_account_and_begins_nothing(repository: Repository) -> None:
    repository.world.clear_calls()

    said = repository.do("doctor", "--json")

    assert said.code == 0, said.out
    assert {call["method"] for call in repository.world.calls()} == {"GET"}
    assert not repository.ledger.exists()
    messages = {one["subject"]: one["message"] for one in said.json["checks"]}
    assert messages["acme on cloudflare"].startswith("8 things in 2 listings seen, pinned to account a0000")


def test_doctor_names_the_missing_right(repository: Repository) -> None:
    repository.do("import")
    repository.world.fault("cloudflare", "403 before GET /zones/*/dns_records times=9")

    said = repository.do("doctor")

    assert said.code == 17
    assert "the missing right is DNS:Read" in said.out


def test_doctor_tells_a_refused_token_from_a_missing_right(repository: Repository) -> None:
    repository.world.fault("cloudflare", "401 before GET /zones times=9")

    assert repository.do("doctor").code == 14


def test_doctor_lists_what_is_wrong_in_the_files_and_goes_on(repository: Repository) -> None:
    repository.write("broken", "account: acme\ncloudflare: {recordz: {}}\n")

    said = repository.do("doctor")

    assert said.code == 17
    assert "stacks/broken.yaml:2: unknown key `recordz`" in said.out
    assert "acme on cloudflare: 8 things" in said.out


def test_doctor_finds_a_broken_chain(repository: Repository) -> None:
    import sqlite3

    repository.do("import")
    repository.do("adopt", "--all", "--yes")
    with sqlite3.connect(repository.ledger) as ledger:
        ledger.execute("UPDATE entry SET detail = '{}' WHERE address LIKE '%www'")

    said = repository.do("doctor")

    assert said.code == 17
    assert "✗ ledger" in said.out
