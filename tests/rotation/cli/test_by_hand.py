"""Values that only a person gets: given, sealed, distributed, and the old one acknowledged as deleted."""

import datetime as dt

import pytest

from .conftest import Open
from .fleet import BANK, BANKING, HOLDS_ALL, JWT, PROJECT, SESSION, stack
from .stage import Stage


@pytest.fixture
def bank(opened: Open) -> Stage:
    """A secret that a person gets, given once."""
    shop = opened(BANKING, PROJECT)
    said = shop.run("up", "--all", "--yes")
    assert "bank waits for a new value from https://dashboard.bank.example" in said.flat
    status = shop.run("rotate", "status")
    assert status.code == 16 and "1. " in status.flat
    assert shop.run("rotate", "accept", "bank", "--stdin", stdin="first-of-the-bank\n").code == 0
    return shop


def test_a_value_that_a_person_gives_is_distributed_and_proven(bank: Stage) -> None:
    assert bank.value("api", "BANK_SECRET") == bank.runs_with("api", "BANK_SECRET") == "first-of-the-bank"
    said = bank.run("rotate", "accept", "bank", "--stdin", "--json", stdin="second-of-the-bank\n")
    assert (said.code, said.secrets["bank"]["text"]) == (0, "soaks")
    assert bank.runs_with("api", "BANK_SECRET") == "second-of-the-bank"


def test_the_old_value_is_acknowledged_as_deleted_by_name(bank: Stage) -> None:
    bank.run("rotate", "accept", "bank", "--stdin", stdin="second-of-the-bank\n")
    assert bank.run("rotate", "ack", "bank", "--yes").code == 16, "nothing waits for it yet"
    bank.world.advance(dt.timedelta(hours=25))
    bank.run("rotate", "retry", "bank")
    waits = bank.run("rotate", "status")
    assert "delete the old value at https://dashboard.bank.example" in waits.flat
    said = bank.run("rotate", "ack", "bank", "--yes")
    assert said.code == 0 and "bank ended done" in said.flat
    entries = bank.run("history", "--json").json["entries"]
    assert any(one["what"] == "acknowledged" and one["detail"]["who"] for one in entries)


@pytest.mark.parametrize("given", ["", "\n", "one\ntwo\n", "one\n\n"])
def test_a_wrong_number_of_parts_is_one_clear_error(bank: Stage, given: str) -> None:
    before = bank.state("bank")
    said = bank.run("rotate", "accept", "bank", "--stdin", stdin=given)
    assert said.code == 1 and "bank has 1 part(s), one line each: value" in said.err and "what to do:" in said.err
    assert bank.state("bank") == before


def test_a_value_is_not_asked_for_where_there_is_no_terminal(bank: Stage) -> None:
    for words in (("rotate", "accept", "bank"), ("secret", "seal", "bank", "--out", str(bank.root / "x"))):
        said = bank.run(*words, stdin="from-a-pipe\n")
        assert said.code == 1 and "no terminal" in said.err and "--stdin" in said.err
    assert not (bank.root / "x").exists()


def test_the_value_in_use_is_not_taken_again(bank: Stage) -> None:
    said = bank.run("rotate", "accept", "bank", "--stdin", stdin="first-of-the-bank\n")
    assert said.code == 16 and "that is the value that is in use" in said.err
    assert "first-of-the-bank" not in said.flat


def test_a_sealed_value_travels_and_is_taken(bank: Stage) -> None:
    file = bank.root / "bank.age"
    said = bank.run("secret", "seal", "bank", "--stdin", "--out", str(file), stdin="sealed-of-the-bank\n")
    assert said.code == 0 and "sealed to the runner age1" in said.out
    assert b"sealed-of-the-bank" not in file.read_bytes()
    said = bank.run("rotate", "accept", "bank", "--sealed", str(file))
    assert said.code == 0 and bank.runs_with("api", "BANK_SECRET") == "sealed-of-the-bank"


def test_a_sealed_value_of_another_secret_or_none_is_refused(opened: Open) -> None:
    shop = opened(stack(f"{SESSION}\n{JWT}", HOLDS_ALL)).up()
    file, none = shop.root / "x.age", shop.root / "none.age"
    none.write_text("nothing\n")
    shop.run("secret", "seal", "session", "--stdin", "--out", str(file), stdin="a-value\n")
    for path, words in ((file, "of session, not of jwt"), (none, ""), (shop.root / "missing", "cannot be read")):
        said = shop.run("rotate", "accept", "jwt", "--sealed", str(path))
        assert said.code != 0 and words in said.err and said.err.count("error:") == 1, said.err
    said = shop.run("secret", "seal", "sesion", "--stdin", "--out", str(file), stdin="x\n")
    assert said.code == 1 and "no stack declares a secret sesion" in said.err
    assert shop.run("rotate", "accept", "jwt", "--stdin", "--sealed", str(file), stdin="x\n").code == 1


@pytest.mark.proof
def test_two_parts_are_given_line_by_line_and_land_together(opened: Open) -> None:
    shop = opened(stack(JWT, HOLDS_ALL.replace("API_SECRET: {secret: session}, ", ""))).up()
    said = shop.run("rotate", "accept", "jwt", "--stdin", stdin="the-access-part\nthe-refresh-part\n")
    assert said.code == 0
    assert shop.runs_with("api", "JWT_SECRET") == "the-access-part"
    assert shop.runs_with("api", "JWT_REFRESH_SECRET") == "the-refresh-part"
    timeline = [one["values"] for one in shop.world.watched()["timeline"] if "JWT_SECRET" in one["values"]]
    pairs = {(one["JWT_SECRET"], one["JWT_REFRESH_SECRET"]) for one in timeline}
    assert len(pairs) == len({one[0] for one in pairs}) == len({one[1] for one in pairs}) == 2


def test_a_secret_that_waits_for_a_person_keeps_no_other_one_waiting(opened: Open) -> None:
    shop = opened(stack(f"{BANK}\n{SESSION}", "{API_SECRET: {secret: session}, BANK_SECRET: {secret: bank}}"))
    said = shop.run("up", "--all", "--yes", "--json")
    assert {one["secret"]: one["what"] for one in said.json["rotations"]} == {"bank": "waits", "session": "ended"}
    assert shop.value("api")
    assert shop.run("rotate", "accept", "bank", "--stdin", stdin="of-the-bank\n").code == 0
    assert shop.runs_with("api", "BANK_SECRET") == "of-the-bank" and shop.runs_with("api") == shop.value("api")


def test_at_a_terminal_each_part_is_asked_for_and_not_shown(bank: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def typed(prompt: str) -> str:
        asked.append(prompt)
        return "typed-of-the-bank"

    monkeypatch.setattr("getpass.getpass", typed)
    said = bank.run("rotate", "accept", "bank", terminal=True)
    assert (said.code, asked) == (0, ["bank, value: "])
    assert bank.runs_with("api", "BANK_SECRET") == "typed-of-the-bank" and "typed" not in said.flat


@pytest.mark.proof
def test_a_prompt_that_is_ended_changes_nothing(bank: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("getpass.getpass", ended)
    before = bank.state("bank")
    said = bank.run("rotate", "accept", "bank", terminal=True)
    assert said.code == 1 and "nothing was changed" in said.err and bank.state("bank") == before
