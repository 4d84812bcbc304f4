"""What a preview may hold, what a state tells, and who may write meanwhile: without any engine."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconcile.cli.handing import refuse_other_file
from reconcile.cli.options import workshop
from reconcile.cli.pulumi.writers import refuse_unhanded
from reconcile.model.memory import Applied, Owned
from reconcile.model.observation import Seen
from reconcile.model.resource import Address
from reconcile.model.spec import Place, Spec
from reconcile.platforms import kinds
from reconcile.program.engine.preview import Preview, Step
from reconcile.program.graph import Node
from reconcile.program.handing import NotHanded, Recovered, State, beyond_books, beyond_import, entry, recovered
from reconcile.program.tokens import by_token
from tests.cli.conftest import Repository

from .conftest import APP, ID, PROJECT

HEAD = "urn:pulumi:app::shop::"
ROOT = f"{HEAD}pulumi:pulumi:Stack::shop-app"
RAILWAY = f"{HEAD}trueup:platform:Railway"
VARIABLE = f"{RAILWAY}$trueup:railway:Variable::api/JWT"
RECORD = f"{HEAD}trueup:platform:Cloudflare$cloudflare:index/dnsRecord:DnsRecord::main/www"
LIFECYCLE = f"{HEAD}trueup:platform:R2$cloudflare:index/r2BucketLifecycle:R2BucketLifecycle::receipts"
NODES = {
    VARIABLE: Node(Place("app", Address.parse("railway.variable.api/JWT")), "trueup:railway:Variable", "api/JWT", {},
                   kinds()["railway.variable"], "railway"),
    RECORD: Node(Place("app", Address.parse("cloudflare.record.main/www")), "cloudflare:index/dnsRecord:DnsRecord",
                 "main/www", {}, kinds()["cloudflare.record"], "cloudflare"),
}  # fmt: skip
RULES = Node(
    Place("app", Address.parse("r2.lifecycle.receipts")),
    "cloudflare:index/r2BucketLifecycle:R2BucketLifecycle",
    "receipts",
    {},
    kinds()["r2.lifecycle"],
    "r2",
)
PROVIDER = f"{HEAD}pulumi:providers:cloudflare::default::77"


def beyond(*steps: Step) -> list[str]:
    return beyond_import(Preview(steps), NODES)


def test_an_import_and_a_component_are_all_that_an_adoption_does() -> None:
    component = Step("create", f"{RAILWAY}::railway", custom=False)
    assert beyond(component, Step("import", RECORD), Step("same", VARIABLE)) == []
    assert beyond(Step("import", RECORD), Step("update", RECORD, fields={"ttl": "update"})) == [
        "update main/www (cloudflare:index/dnsRecord:DnsRecord): ttl"
    ]
    assert beyond(Step("delete", VARIABLE)) == ["delete api/JWT (trueup:railway:Variable)"]
    assert beyond(Step("create", RECORD)) == ["create main/www (cloudflare:index/dnsRecord:DnsRecord)"]
    other = f"{HEAD}aws:s3/bucket:Bucket::other"
    assert beyond(Step("import", other)) == ["import other (aws:s3/bucket:Bucket)"]


def test_a_value_that_nobody_reads_back_may_be_set_of_ours_and_of_what_is_just_imported() -> None:
    imported, told = Step("import", VARIABLE), Step("update", VARIABLE, fields={"value": "add"})
    assert beyond(imported, told) == []
    assert beyond(told) == ["update api/JWT (trueup:railway:Variable): value"]
    more = replace(told, fields={"value": "add", "sealed": "update"})
    assert beyond(imported, more) == ["update api/JWT (trueup:railway:Variable): sealed, value"]


def test_only_books_may_be_left() -> None:
    books = Step("create", f"{HEAD}trueup:index:Ownership::app")
    assert beyond_books(Preview((books, Step("same", RECORD)))) == []
    assert beyond_books(Preview((books, Step("create", LIFECYCLE)))) == [
        "create receipts (cloudflare:index/r2BucketLifecycle:R2BucketLifecycle)"
    ]


def test_what_no_provider_imports_is_told_in_its_component_by_its_provider() -> None:
    record = {"urn": RECORD, "type": NODES[RECORD].token, "custom": True, "provider": PROVIDER}
    state = State({"deployment": {"resources": [record]}})
    step = Step("create", LIFECYCLE, after={"accountId": ID, "bucketName": "shop-receipts", "rules": []})
    component, told = entry(state, step, RULES, None, ROOT)
    assert component["urn"] == told["parent"] == f"{HEAD}trueup:platform:R2::r2"
    assert (told["id"], told["provider"], told["inputs"]) == (ID, PROVIDER, step.after)
    assert entry(state.with_resources([record, component]), step, RULES, None, ROOT) == [told]
    with pytest.raises(NotHanded, match="knows no provider"):
        entry(state.with_resources([]), step, RULES, None, ROOT)
    with pytest.raises(NotHanded, match="not known"):
        entry(state, replace(step, after={**step.after, "rules": "[secret]"}), RULES, None, ROOT)


def recovery(spec: Spec, live: dict[tuple[str, str, str], Seen], **inputs: Any) -> Recovered:
    told = {"zoneId": "z1", "name": "www.shop.example", "type": "A", "content": "192.0.2.1", "ttl": 1, **inputs}
    record = {"urn": RECORD, "type": NODES[RECORD].token, "custom": True, "id": "r1", "inputs": told}
    root = {"urn": ROOT, "type": "pulumi:pulumi:Stack", "outputs": {"trueup:revision": "abc"}}
    state = State({"deployment": {"resources": [root, record]}})
    return recovered(state, by_token(kinds()), spec, live, {"z1": "shop.example"}.__getitem__, "2026-01-01T00:00:00Z")


def test_a_state_gives_back_only_what_lives_as_it_says(repository: Repository) -> None:
    spec, undeclared = specs(repository)
    kind = kinds()["cloudflare.record"]
    lives = kind.declared({"zone": "shop.example", "name": "www.shop.example", "type": "A", "content": "192.0.2.1"})
    live = {("acme", kind.kind, "r1"): Seen(kind.kind, "r1", lives.keys()[0], lives)}
    place = NODES[RECORD].place
    found = recovery(spec, live)
    assert found.owned == (Owned("acme", kind.kind, lives.keys()[0], "r1", place.address, "app"),)
    (history,) = found.applied
    assert isinstance(history, Applied)
    assert (history.place, history.revision, history.fields["content"]) == (place, "abc", "192.0.2.1")
    assert found.amiss == ()
    assert recovery(undeclared, live).applied == ()
    assert len(recovery(undeclared, live).owned) == 1
    for other in (
        recovery(spec, {}),
        recovery(spec, live, name="other.shop.example"),
        recovery(spec, live, zoneId="z2"),
    ):
        assert (other.owned, other.applied, other.amiss) == ((), (), (RECORD,))


def test_live_the_file_comes_first_and_nobody_writes_between(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    specs(repository)
    repository.write("stacks/app.yaml", APP.replace("writer: trueup", "writer: pulumi"))
    repository.commit()
    with workshop(repository.root) as shop:
        ledger = shop.ledger(begin=True)
        refuse_unhanded(shop, ["app"])
        ledger.choose_writer("app", "trueup")
        with pytest.raises(NotHanded, match="trueup still writes it") as stopped:
            refuse_unhanded(shop, ["app"])
        assert "trueup hand-over app --to pulumi" in stopped.value.advice
        refuse_other_file(shop, "app", "pulumi")
        with pytest.raises(NotHanded, match="says `writer: pulumi`"):
            refuse_other_file(shop, "app", "trueup")
        ledger.choose_writer("app", "pulumi")
        refuse_unhanded(shop, ["app"])
    repository.write("stacks/app.yaml", APP)
    with workshop(repository.root) as shop:
        with pytest.raises(NotHanded, match="pulumi still writes it"):
            refuse_unhanded(shop, ["app"])
        with pytest.raises(NotHanded, match="not committed"):
            refuse_other_file(shop, "app", "trueup")


def specs(repository: Repository) -> tuple[Spec, Spec]:
    """The stack, and the same without the record."""
    (repository.root / "stacks/web.yaml").unlink()
    repository.write("stacks/_project.yaml", PROJECT)
    repository.write("stacks/app.yaml", APP)
    found = []
    for text in (APP, APP.replace("      www: {type: A, content: 192.0.2.1}\n", "")):
        Path(repository.root, "stacks/app.yaml").write_text(text)
        with workshop(repository.root) as shop:
            found.append(shop.tree.stacks["app"])
    Path(repository.root, "stacks/app.yaml").write_text(APP)
    return found[0], found[1]
