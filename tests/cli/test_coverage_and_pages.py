import json
from pathlib import Path

import pytest
import yaml

from reconcile.model.resource import ReadOnly
from reconcile.platforms import issues, kinds, platforms
from reconcile.reference.coverage import coverage, read_obligations, read_proved
from reconcile.reference.resources import example, resources
from reconcile.steps.load import load, working_tree

from .conftest import PROJECT, Command, Repository

ROOT = Path(__file__).parents[2]

OBLIGATIONS = """
- {id: shop-001, at: DNS, kind: dns, says: "www points at the shop", "on": cloudflare, hold: declared, work: core}
- {id: shop-002, at: DNS, kind: dns, says: "[red]mail[/] arrives", "on": cloudflare, hold: declared, work: core}
- {id: shop-003, at: People, kind: contact, says: "ask the owner", "on": none, hold: human, work: core}
"""


def test_coverage_counts_by_system_and_lists_what_is_open(repository: Repository, trueup: Command) -> None:
    repository.write("docs/coverage/shop.yaml", OBLIGATIONS)
    repository.write("docs/coverage/other.yaml", "[]\n")
    told = trueup("coverage", "--open")
    assert told.code == 0
    assert [line.split() for line in told.out.splitlines()[:4]] == [
        ["system", "held", "claimed", "procedure", "human", "open", "lines"],
        ["other", "0", "0", "0", "0", "0", "0"],
        ["shop", "0", "1", "0", "1", "1", "3"],
        ["all", "0", "1", "0", "1", "1", "3"],
    ]
    assert "shop-002  open  [red]mail[/] arrives  (no stack covers it)" in told.out
    assert "shop-003  " not in told.out


def test_a_proved_line_counts_as_held(repository: Repository, trueup: Command) -> None:
    repository.write("docs/coverage/shop.yaml", OBLIGATIONS)
    repository.write("docs/coverage/proved.yaml", "web: [cloudflare.record.main/www]\n")
    assert trueup("coverage", "--system", "shop", "--json").json["counts"]["held"] == 1


def test_coverage_as_json_is_the_report(repository: Repository, trueup: Command) -> None:
    repository.write("docs/coverage/shop.yaml", OBLIGATIONS)
    root = repository.root
    report = coverage(read_obligations(root), load(working_tree(root), kinds(), issues()), read_proved(root))
    assert trueup("coverage", "--json").json == report.as_json()
    assert trueup("coverage", "--system", "shop", "--json").json == report.as_json()
    wrong = trueup("coverage", "--system", "shp")
    assert wrong.code == 1
    assert "it has: shop" in wrong.err


def test_schema_is_written_and_found_stale(repository: Repository, trueup: Command) -> None:
    assert trueup("schema", "--check").code == 1
    assert trueup("schema").code == 0
    file = repository.root / ".trueup" / "schema.json"
    assert json.loads(file.read_text()) == trueup("schema", "--out", "-").json
    assert trueup("schema", "--check").code == 0
    repository.write("stacks/_project.yaml", PROJECT.replace("  acme:", "  other: {}\n  acme:"))
    told = trueup("schema", "--check")
    assert told.code == 1
    assert "trueup schema" in told.err


def test_schema_helps_a_folder_that_is_not_a_repository_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trueup: Command
) -> None:
    monkeypatch.chdir(tmp_path)
    assert trueup("schema", "--out", "-").json["type"] == "object"


def test_the_reference_page_of_this_repository_is_fresh(trueup: Command) -> None:
    told = trueup("docs", "--check", "--dir", str(ROOT))
    assert told.code == 0, told.err


def test_a_stale_reference_page_is_found(repository: Repository, trueup: Command) -> None:
    assert trueup("docs").code == 0
    page = repository.root / "docs" / "resources.md"
    page.write_text(page.read_text().replace("heartbeat", "heart beat", 1))
    assert trueup("docs", "--check").code == 1


def test_the_reference_page_holds_every_credential_kind_and_field() -> None:
    page = resources(kinds(), platforms())
    for platform in platforms().values():
        for credential in platform.credentials:
            assert f"| `{credential.name}` | {credential.rights} | {credential.where} |" in page
    for kind, cls in kinds().items():
        _, _, section = page.partition(f"### {kind}\n")
        rows = section.partition("\n#")[0]
        assert not [name for name in cls.model_fields if f"| `{name}` |" not in rows]
        outputs = [line for line in rows.splitlines() if "set by the platform" in line]
        assert len(outputs) == len(cls.having(ReadOnly))


def test_the_examples_of_the_page_load_as_one_stack(repository: Repository) -> None:
    stack: dict[str, dict[str, object]] = {}
    for cls in kinds().values():
        text = example(cls, kinds())
        assert text is not None, cls.kind
        for platform, sections in yaml.safe_load(text).items():
            stack.setdefault(platform, {}).update(sections)
    accounts = {name: {"credentials": {"token": f"ACME_{name.upper()}_TOKEN"}} for name in platforms()}
    project = {
        "project": "shop",
        "ledger": {"id": "0f3c9a1e", "home": ".trueup/ledger.db"},
        "accounts": {"acme": accounts},
    }
    repository.write("stacks/_project.yaml", yaml.safe_dump(project))
    repository.write("stacks/web.yaml", yaml.safe_dump({"account": "acme", **stack}))
    tree = load(working_tree(repository.root), kinds(), issues())
    assert {one.address.full_kind for one in tree.declared()} == set(kinds())


def test_generated_files_go_only_where_they_can(repository: Repository, trueup: Command) -> None:
    repository.write("taken", "a file, no folder")
    told = trueup("docs", "--out", "taken/resources.md")
    assert told.code == 1
    assert "--out" in told.err
