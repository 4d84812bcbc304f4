"""A lost ledger makes us do less, and the marks bring ownership back."""

from pathlib import Path

import pytest

from .repository import PROJECT, Repository, trueup

STACK = """\
account: acme
cloudflare:
  zone: {shop: {name: shop.example}}
  records:
    shop:
      one: {type: A, content: 192.0.2.1}
      two: {type: A, content: 192.0.2.2}
"""
RECORD = "cloudflare.record.shop/"


def _lose_ledger(repository: Repository) -> None:
    for path in repository.root.glob("sandbox.db*"):
        path.unlink()


@pytest.fixture
def applied(empty: Repository) -> Repository:
    empty.write("shop", STACK)
    assert empty.do("apply", "--all", "--yes").code == 0
    return empty


def test_ownership_comes_back_by_the_marks(applied: Repository) -> None:
    _lose_ledger(applied)

    said = applied.do("recover")

    assert said.code == 0, said.err
    assert "recovered 2 things by their marks" in said.out
    plan = applied.plan()
    assert (plan["changes"], plan["adopt"]) == ([], [])


def test_what_is_recovered_is_not_pruned_until_it_is_adopted(applied: Repository) -> None:
    _lose_ledger(applied)
    applied.do("recover")
    shorter = STACK.replace("      two: {type: A, content: 192.0.2.2}\n", "")
    applied.write("shop", shorter)
    assert applied.plan()["changes"] == []

    said = applied.do("adopt", RECORD + "two", "--stack", "shop", "--yes")

    assert "the next apply DELETES" in said.out
    assert applied.verbs() == {RECORD + "two": "delete"}


def test_adopting_all_gives_what_was_recovered_a_history(applied: Repository) -> None:
    _lose_ledger(applied)
    applied.do("recover")

    said = applied.do("adopt", "--all", "--yes", "--json")

    assert said.json["counts"]["identical"] == 2
    applied.world.edit("cloudflare", "record", "one.shop.example", "acme", {"content": "203.0.113.1"})
    (change,) = applied.plan()["changes"]
    assert change["cause"] == "drift"


def test_what_differed_when_it_was_recovered_is_the_repositorys_wish(applied: Repository) -> None:
    applied.world.edit("cloudflare", "record", "one.shop.example", "acme", {"content": "203.0.113.1"})
    _lose_ledger(applied)
    applied.do("recover")
    assert [one["cause"] for one in applied.plan()["changes"]] == ["unknown"]

    applied.do("adopt", "--all", "--yes")

    assert [one["cause"] for one in applied.plan()["changes"]] == ["git"]


def test_recovering_says_what_lives_without_a_mark_and_what_is_no_longer_declared(applied: Repository) -> None:
    applied.make("three.shop.example", type="A", content="192.0.2.3")
    _lose_ledger(applied)
    shorter = STACK.replace("      two: {type: A, content: 192.0.2.2}\n", "")
    applied.write("shop", shorter + "      three: {type: A, content: 192.0.2.3}\n")

    said = applied.do("recover")

    assert "1 declared things live without a mark" in said.out
    assert "not declared any more: two.shop.example A 192.0.2.2 carries the mark trueup:library/shop/" in said.out


def test_recovering_beside_a_ledger_that_is_there_changes_nothing(applied: Repository) -> None:
    said = applied.do("recover")

    assert (said.code, said.out) == (0, "recovered 0 things by their marks; 2 were owned already\n")


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose live ledger is gone; no account can be asked."""
    monkeypatch.delenv("TRUEUP_SANDBOX", raising=False)
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "_project.yaml").write_text(PROJECT)
    return tmp_path


def test_a_new_ledger_has_a_new_id_which_a_person_is_told(bare: Path) -> None:
    said = trueup("recover", "--dir", str(bare))

    assert said.code == 14, "no credential, so nothing was seen"
    (line,) = [line for line in said.out.splitlines() if line.startswith("ledger: {id: ")]
    assert "0a1b2c3d" not in line
    assert (bare / "stacks" / "_project.yaml").read_text() == PROJECT
    assert trueup("plan", "--dir", str(bare)).code == 1, "the file still names the lost one"


def test_with_yes_the_id_is_changed_in_the_file_and_nothing_else(bare: Path) -> None:
    trueup("recover", "--yes", "--dir", str(bare))

    text = (bare / "stacks" / "_project.yaml").read_text()
    new = text.split("id: ", 1)[1].split(",", 1)[0]
    assert text == PROJECT.replace("0a1b2c3d", new)
    assert trueup("plan", "--dir", str(bare)).code == 0


def test_another_ledger_is_never_begun_over(bare: Path) -> None:
    trueup("recover", "--dir", str(bare))
    before = (bare / ".trueup" / "ledger.db").read_bytes()

    said = trueup("recover", "--yes", "--dir", str(bare))

    assert said.code == 1
    assert (bare / ".trueup" / "ledger.db").read_bytes() == before
    assert (bare / "stacks" / "_project.yaml").read_text() == PROJECT
