"""From what lives to a stack file, and to an empty plan."""

from .repository import ESTATE, Repository


def test_an_import_declares_everything_and_plans_nothing(repository: Repository) -> None:
    said = repository.do("import", "cloudflare")

    assert said.code == 0, said.err
    assert f"plan: empty, {len(ESTATE)} to adopt" in said.out
    plan = repository.plan()
    assert (plan["changes"], len(plan["adopt"]), plan["unmanaged"]) == ([], len(ESTATE), [])


def test_the_file_reads_as_a_person_would_have_written_it(repository: Repository) -> None:
    repository.do("import")

    text = (repository.root / "stacks" / "acme.yaml").read_text()

    assert text == """\
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
