"""Ownership changes hands in the ledger; nothing live changes."""

import copy

from reconcile.cli.options import workshop

from .repository import Repository

RECORD = "cloudflare.record.shop-example/"


def _imported(repository: Repository) -> Repository:
    assert repository.do("import").code == 0
    repository.world.clear_calls()
    return repository


def test_all_that_is_declared_is_taken_over_and_nothing_live_changes(repository: Repository) -> None:
    _imported(repository)
    before = copy.deepcopy(repository.records())

    said = repository.do("adopt", "--all", "--yes")

    assert said.code == 0, said.err
    assert "adopt: 7 identical, 0 different, 0 undeclared" in said.out
    assert repository.records() == before
    assert {call["method"] for call in repository.world.calls()} == {"GET"}
    plan = repository.plan()
    assert (plan["changes"], plan["adopt"]) == ([], [])


def test_a_different_one_is_taken_as_it_lives_and_the_next_plan_shows_the_repositorys_wish(
    repository: Repository,
) -> None:
    _imported(repository)
    path = repository.root / "stacks" / "acme.yaml"
    path.write_text(path.read_text().replace("192.0.2.20", "192.0.2.21"))
    assert repository.verbs() == {RECORD + "api": "adopt"}

    said = repository.do("adopt", "--all", "--yes", "--json")

    assert said.json["counts"] == {"identical": 6, "different": 1, "undeclared": 0}
    (change,) = repository.plan()["changes"]
    assert (change["verb"], change["cause"], change["also_drifted"]) == ("update", "git", False)
    assert change["fields"] == {"content": {"before": "192.0.2.20", "after": "192.0.2.21"}}


def test_a_hand_edit_after_adoption_is_drift(repository: Repository) -> None:
    _imported(repository)
    repository.do("adopt", "--all", "--yes")

    repository.world.edit("cloudflare", "record", "api.shop.example", "acme", {"content": "203.0.113.9"})

    (change,) = repository.plan()["changes"]
    assert (change["address"], change["cause"]) == (RECORD + "api", "drift")


def test_one_address_is_taken_and_the_others_are_not(repository: Repository) -> None:
    _imported(repository)

    said = repository.do("adopt", RECORD + "www", "--yes")

    assert said.code == 0, said.err
    assert len(repository.plan()["adopt"]) == 6


def test_adopting_twice_takes_nothing_more(repository: Repository) -> None:
    _imported(repository)
    repository.do("adopt", "--all", "--yes")

    said = repository.do("adopt", "--all")

    assert (said.code, said.out) == (0, "nothing to adopt: what is declared and lives is ours already\n")


def test_without_a_terminal_and_without_yes_nothing_is_taken(repository: Repository) -> None:
    _imported(repository)

    said = repository.do("adopt", "--all")

    assert said.code == 11
    assert len(repository.plan()["adopt"]) == 7


def test_the_account_is_pinned(repository: Repository) -> None:
    _imported(repository)
    repository.do("adopt", "--all", "--yes")
    text = repository.project_file.read_text()
    repository.project_file.write_text(text.replace("id: a0000000000000000000000000000001, ", ""))
    for zone in repository.world.shelf("cloudflare", "acme", "zone").values():
        zone["account"] = {"id": "b" * 32, "name": "another"}

    assert repository.do("plan").code == 14


def test_an_address_where_nothing_lives_is_an_error(repository: Repository) -> None:
    _imported(repository)
    path = repository.root / "stacks" / "acme.yaml"
    path.write_text(path.read_text() + "      new: {type: A, content: 192.0.2.99}\n")

    said = repository.do("adopt", RECORD + "new", "--yes")

    assert said.code == 1
    assert f"nothing lives that {RECORD}new could be" in said.err


def test_an_address_that_nobody_knows_is_an_error(repository: Repository) -> None:
    _imported(repository)

    said = repository.do("adopt", RECORD + "nonsense", "--yes")

    assert said.code == 1
    assert f"nothing is declared, owned or marked at {RECORD}nonsense" in said.err


def test_what_could_not_be_seen_is_not_taken(repository: Repository) -> None:
    _imported(repository)
    repository.world.fault("cloudflare", "403 before GET /zones/*/dns_records times=9")

    said = repository.do("adopt", "--all", "--yes")

    assert said.code == 17
    repository.world.clear_faults()
    assert len(repository.plan()["adopt"]) == 7


def test_adopt_waits_for_another_run(repository: Repository) -> None:
    _imported(repository)
    with workshop(repository.root) as shop, shop.ledger().lease(["acme"], holder="somebody"):
        said = repository.do("adopt", "--all", "--yes")

    assert said.code == 12
    assert "somebody" in said.err


def test_forget_stops_managing_and_deletes_nothing(repository: Repository) -> None:
    _imported(repository)
    repository.do("adopt", "--all", "--yes")
    path = repository.root / "stacks" / "acme.yaml"
    kept = [line for line in path.read_text().splitlines() if "www:" not in line]

    said = repository.do("forget", RECORD + "www", "--stack", "acme", "--yes")
    path.write_text("\n".join(kept) + "\n")

    assert said.code == 0, said.err
    assert "still declared at stacks/acme.yaml:16" in said.err
    plan = repository.plan()
    assert plan["changes"] == []
    assert [one["title"] for one in plan["unmanaged"]] == ["www.shop.example CNAME shop.example"]


def test_without_forget_the_same_line_removed_is_a_delete(repository: Repository) -> None:
    _imported(repository)
    repository.do("adopt", "--all", "--yes")
    path = repository.root / "stacks" / "acme.yaml"
    path.write_text("\n".join(line for line in path.read_text().splitlines() if "www:" not in line) + "\n")

    assert repository.verbs() == {RECORD + "www": "delete"}


def test_forgetting_what_nobody_owns_is_an_error_and_forgets_nothing(repository: Repository) -> None:
    _imported(repository)
    repository.do("adopt", RECORD + "www", "--yes")

    said = repository.do("forget", RECORD + "www", RECORD + "api", "--stack", "acme", "--yes")

    assert said.code == 1
    assert f"nothing is owned at {RECORD}api in stack acme" in said.err
    assert len(repository.plan()["adopt"]) == 6


def test_what_a_vanished_stack_owned_can_be_forgotten(repository: Repository) -> None:
    _imported(repository)
    repository.do("adopt", "--all", "--yes")
    (repository.root / "stacks" / "acme.yaml").unlink()

    said = repository.do("forget", RECORD + "www", "--yes")

    assert said.code == 0, said.err
    assert f"forget {RECORD}www (stack acme)" in said.out


def test_what_an_ignore_rule_accepts_is_taken_as_it_lives(repository: Repository) -> None:
    _imported(repository)
    path = repository.root / "stacks" / "acme.yaml"
    rule = f"{{address: {RECORD}api, field: content, owner: ops, reason: moving, expires: 2099-01-01}}"
    path.write_text(path.read_text().replace("192.0.2.20", "192.0.2.21") + f"ignore:\n  - {rule}\n")

    said = repository.do("adopt", "--all", "--yes", "--json")

    assert said.json["counts"] == {"identical": 7, "different": 0, "undeclared": 0}
    plan = repository.plan()
    assert (plan["changes"], len(plan["accepted"])) == ([], 1)
    assert repository.do("drift", "--detailed-exitcode").code == 0
