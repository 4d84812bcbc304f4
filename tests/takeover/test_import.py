"""From what lives to a stack file, and to an empty plan."""

from pathlib import Path

import pytest

from .repository import ESTATE, Repository

FILE = """\
# yaml-language-server: $schema=../.trueup/schema.json
# Written by `trueup import`; yours to edit.
account: acme
writer: trueup
cloudflare:
  zone:
    shop-example: {name: shop.example}
  records:
    shop-example:
      apex-a: {name: "@", type: A, content: 192.0.2.10}
      apex-mx-1: {name: "@", type: MX, content: mx1.example.net, priority: 10}
      apex-mx-2: {name: "@", type: MX, content: mx2.example.net, priority: 20}
      apex-txt: {name: "@", type: TXT, content: "v=spf1 -all"}
      dmarc: {name: _dmarc, type: TXT, content: "v=DMARC1; p=none"}
      api: {type: A, content: 192.0.2.20, ttl: 300, comment: the API}
      www: {type: CNAME, content: shop.example, proxied: true}
"""


def test_an_import_declares_everything_and_plans_nothing(repository: Repository) -> None:
    said = repository.do("import", "cloudflare")

    assert said.code == 0, said.err
    assert f"plan: empty, {len(ESTATE)} to adopt" in said.out
    plan = repository.plan()
    assert (plan["changes"], len(plan["adopt"]), plan["unmanaged"]) == ([], len(ESTATE), [])


def test_the_file_reads_as_a_person_would_have_written_it(repository: Repository) -> None:
    repository.do("import")

    assert (repository.root / "stacks" / "acme.yaml").read_text() == FILE


def test_an_import_reads_and_writes_its_file_and_nothing_else(repository: Repository) -> None:
    repository.world.clear_calls()
    files = {path for path in repository.root.rglob("*") if "db" not in path.suffix}

    repository.do("import")

    assert {call["method"] for call in repository.world.calls()} == {"GET"}
    new = set(repository.root.rglob("*")) - files
    assert [path.name for path in new] == ["acme.yaml"], "not even a ledger is begun"


def test_stdout_prints_the_file_and_writes_none(repository: Repository) -> None:
    said = repository.do("import", "--stdout")

    assert (said.code, said.out) == (0, FILE)
    assert "plan: empty, 7 to adopt" in said.err
    assert not (repository.root / "stacks" / "acme.yaml").exists()


def test_a_file_that_is_there_is_never_overwritten(repository: Repository) -> None:
    repository.write("acme", "account: acme\n")

    said = repository.do("import")

    assert said.code == 1
    assert "acme.yaml is there already" in said.err
    assert (repository.root / "stacks" / "acme.yaml").read_text() == "account: acme\n"


def test_what_a_stack_declares_is_left_out_and_its_zone_is_used(repository: Repository) -> None:
    repository.write(
        "base",
        "account: acme\ncloudflare:\n  zone: {shop: {name: shop.example}}\n"
        "  records: {shop: {web: {name: www, type: CNAME, content: elsewhere.example}}}\n",
    )

    said = repository.do("import", "--into", "stacks/rest.yaml")

    text = (repository.root / "stacks" / "rest.yaml").read_text()
    assert said.code == 0, said.err
    assert "uses: [base]" in text
    assert "    shop:\n" in text
    assert "www" not in text, "the stack base declares it, even if with another content"


def test_a_second_import_finds_nothing(repository: Repository) -> None:
    repository.do("import")

    said = repository.do("import", "--into", "stacks/again.yaml")

    assert (said.code, said.out) == (0, "nothing to import: nothing lives there that no stack declares\n")
    assert not (repository.root / "stacks" / "again.yaml").exists()


FILTERS: dict[str, dict[str, int]] = {
    "--name www": {"cloudflare.record": 1, "cloudflare.zone": 1},
    "--name *.shop.example": {"cloudflare.record": 3, "cloudflare.zone": 1},
    "--zone shop.example": {"cloudflare.record": 7, "cloudflare.zone": 1},
    "--zone Other.example.": {"cloudflare.record": 1, "cloudflare.zone": 1},
    "--kind zone": {"cloudflare.zone": 2},
    "--kind records --name @": {"cloudflare.record": 4, "cloudflare.zone": 1},
    "betterstack": {"betterstack.heartbeat": 1},
    "": {"betterstack.heartbeat": 1, "cloudflare.record": 8, "cloudflare.zone": 2},
}


def test_filters_choose_what_is_written(repository: Repository, tmp_path: Path) -> None:
    repository.world.create("cloudflare", "zone", "other.example", "acme", {})
    repository.world.create("cloudflare", "record", "a.other.example", "acme", {"type": "A", "content": "192.0.2.9"})
    repository.world.create("betterstack", "heartbeat", "Nightly backup", "acme", {"period": "86400", "grace": "600"})

    found = {}
    for index, options in enumerate(FILTERS):
        said = repository.do("import", "--json", *options.split(), "--into", str(tmp_path / f"file{index}.yaml"))
        assert (said.code, said.json["plan"]["changes"]) == (0, []), (options, said.err)
        found[options] = said.json["written"]

    assert found == FILTERS


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--kind nonsense", "no single kind is meant by 'nonsense'"),
        ("--account nobody", "no account nobody"),
        ("nonsense", "which account?"),
        ("--into stacks/_base.yaml", "no name for a stack file"),
        ("--into nowhere/x.yaml", "is no folder"),
        ("--stdout --json", "--stdout prints the file and nothing else"),
        ("--zone a..b", "is no zone"),
        ("--octodns nowhere", "nowhere cannot be read"),
        ("--octodns . --zone shop.example", ". has no zone file for shop.example"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_read(empty: Repository, options: str, message: str) -> None:
    said = empty.do("import", *options.split())

    assert said.code == 1
    assert message in said.err
    assert empty.world.calls() == []


def test_a_zone_that_is_not_in_the_account_is_said(empty: Repository) -> None:
    said = empty.do("import", "--zone", "missing.example")

    assert said.code == 17
    assert "zone missing.example is not in this account" in said.err
    assert "nothing lives there" not in said.out


def test_what_cloudflare_manages_is_left_out_with_a_comment(repository: Repository) -> None:
    record = repository.make("mail.shop.example", type="MX", content="route1.mx.cloudflare.net", priority="5")
    record["meta"] = {"email_routing": True, "read_only": True}

    said = repository.do("import")

    text = (repository.root / "stacks" / "acme.yaml").read_text()
    assert said.code == 0, said.err
    assert "# - cloudflare.record mail.shop.example MX route1.mx.cloudflare.net: managed by Email Routing" in text
    assert "left out: cloudflare.record mail.shop.example" in said.err
    assert "  mail" not in text


def test_our_own_marks_are_not_written_down(repository: Repository) -> None:
    repository.make("old.shop.example", type="A", content="192.0.2.5", comment="trueup:library/gone/x.y.z")

    said = repository.do("import", "--name", "old", "--stdout")

    assert "old: {type: A, content: 192.0.2.5}\n" in said.out
    assert said.code == 0


def test_a_zone_that_cannot_be_read_is_said_and_the_rest_is_imported(repository: Repository) -> None:
    zone = repository.world.create("cloudflare", "zone", "hidden.example", "acme", {})
    repository.world.fault("cloudflare", f"403 before GET /zones/{zone['id']}/dns_records times=9")

    said = repository.do("import")

    assert said.code == 17
    text = (repository.root / "stacks" / "acme.yaml").read_text()
    assert "cloudflare.record hidden.example of account acme could not be read" in text
    assert "www: {type: CNAME" in text


def test_a_credential_of_another_account_imports_nothing(repository: Repository) -> None:
    for zone in repository.world.shelf("cloudflare", "acme", "zone").values():
        zone["account"] = {"id": "b" * 32, "name": "another"}

    said = repository.do("import", "cloudflare")

    assert said.code == 14
    assert "pinned to a0000000000000000000000000000001" in said.err
    assert not (repository.root / "stacks" / "acme.yaml").exists()


def test_an_account_that_cannot_be_asked_is_said_with_what_is_missing(
    empty: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty.do("init")
    for name in ("TRUEUP_SANDBOX", "ACME_CLOUDFLARE_TOKEN", "ACME_BETTERSTACK_TOKEN"):
        monkeypatch.delenv(name, raising=False)

    said = empty.do("import")

    assert said.code == 14
    assert "everything of account acme could not be read: environment variable ACME_CLOUDFLARE_TOKEN" in said.err
    assert "nothing was imported" in said.err
