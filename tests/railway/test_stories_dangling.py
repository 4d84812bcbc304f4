"""A domain goes after the records that hold its target: one that is left behind could be taken over by anybody."""

from typing import Any

import pytest

from reconcile.loop import Choice, Consent, Run
from reconcile.model.resource import Address

from .estate import Runbooks, changed, proved, settled
from .estate import built as built
from .estate import runbooks as runbooks

HOST = "api-staging.bilko.io"
RECORD = "cloudflare.record.bilko-io/api-staging"
DOMAIN = "railway.domain.api"
KEPT = {"old-staging": {"type": "CNAME", "content": "bilko.io"}}
"""A stack that declares nothing more on a platform is refused, and that is another story."""
POLICY = """
from reconcile.model.verdict import rule

@rule
def the_record_stays(plan):
    for change in plan.changes:
        if str(change.address) == "{record}" and change.verb in ("delete", "update"):
            yield "{decision}", change, "said so"
"""


def without_domain(held: dict[str, Any]) -> None:
    """The domain and its records are no longer declared."""
    del held["railway"]["domain"]
    held["railway"]["instance"]["api"]["variables"]["PORT"] = "3000"
    held["cloudflare"]["records"] = {"bilko-io": KEPT}


def without_instance(held: dict[str, Any]) -> None:
    without_domain(held)
    del held["railway"]["instance"]["api"]
    del held["secrets"]


def pointed_elsewhere(held: dict[str, Any]) -> None:
    without_domain(held)
    record = {"type": "CNAME", "content": "elsewhere.example.net", "ttl": 300, "proxied": False}
    held["cloudflare"]["records"] = {"bilko-io": {"api-staging": record}}


def judge(runbooks: Runbooks, decision: str) -> None:
    (runbooks.root / "policies").mkdir()
    (runbooks.root / "policies" / "kept.py").write_text(POLICY.format(record=RECORD, decision=decision))


def approved(runbooks: Runbooks) -> Run:
    digest = runbooks.plan().plan.digest
    return runbooks.apply(consent=Consent(digest, approve=True, confirm_destructive=True))


def outcome(run: Run, address: str) -> tuple[str, str]:
    (found,) = [one for one in run.outcomes if str(one.change.address) == address]
    return found.status, found.error


def still_pointing(runbooks: Runbooks) -> bool:
    """Whether the record and the domain that it points to are both there."""
    domains = runbooks.shelf("domain", name=HOST)
    return [one["target"] for one in domains] == [runbooks.dns(HOST, "CNAME")["content"]]


@pytest.mark.parametrize("edit", [without_domain, pointed_elsewhere])
@pytest.mark.parametrize(("decision", "status", "code"), [("deny", "denied", 10), ("hold", "held", 11)])
def test_a_record_that_a_rule_keeps_keeps_its_domain(
    runbooks: Runbooks, edit: Any, decision: str, status: str, code: int
) -> None:
    runbooks.change("bilko-staging", edit)
    judge(runbooks, decision)
    run = runbooks.apply()
    assert outcome(run, RECORD) == (status, "the-record-stays: said so")
    assert outcome(run, DOMAIN) == ("skipped", f"{RECORD} still refers to it")
    assert run.exit_code() == code
    assert still_pointing(runbooks)
    (runbooks.root / "policies" / "kept.py").unlink()
    proved(runbooks.apply())
    assert runbooks.shelf("domain", name=HOST) == []
    settled(runbooks.plan())


@pytest.mark.parametrize("edit", [without_domain, pointed_elsewhere])
def test_a_record_whose_change_fails_keeps_its_domain(runbooks: Runbooks, edit: Any) -> None:
    runbooks.change("bilko-staging", edit)
    for method in ("POST", "PATCH", "PUT", "DELETE"):
        runbooks.fault(f"422 {method} times=always account=bilko")
    run = runbooks.apply()
    assert outcome(run, RECORD)[0] == "failed"
    status, error = outcome(run, DOMAIN)
    assert status == "skipped" and RECORD in error
    assert run.exit_code() == 13
    assert still_pointing(runbooks)
    runbooks.world.clear_faults()
    proved(runbooks.apply())
    settled(runbooks.plan())


def test_a_record_that_is_left_out_keeps_its_domain(runbooks: Runbooks) -> None:
    runbooks.change("bilko-staging", without_domain)
    run = runbooks.apply(choice=Choice(excluded=frozenset({Address.parse(RECORD)})))
    assert outcome(run, DOMAIN) == ("skipped", f"{RECORD} still refers to it")
    assert run.exit_code() == 13
    assert still_pointing(runbooks)


def test_records_that_cannot_be_seen_keep_their_domain(runbooks: Runbooks) -> None:
    runbooks.change("bilko-staging", without_domain)
    runbooks.fault("403 GET /zones/*/dns_records times=always account=bilko")
    judged = runbooks.plan()
    assert changed(judged) == []
    assert any(gap.reason.startswith(f"{DOMAIN} stays: {RECORD} of stack bilko-staging") for gap in judged.plan.gaps)
    assert runbooks.apply().exit_code() == 17
    runbooks.world.clear_faults()
    assert still_pointing(runbooks)
    proved(runbooks.apply())
    assert runbooks.shelf("domain", name=HOST) == []


def test_a_record_that_a_person_deleted_keeps_nothing(runbooks: Runbooks) -> None:
    runbooks.change("bilko-staging", without_domain)
    for name in (HOST, f"_railway-verify.{HOST}"):
        runbooks.world.delete("cloudflare", "record", name, "bilko", {})
    assert {address for *_, address in changed(runbooks.plan())} >= {DOMAIN}
    proved(runbooks.apply())
    assert runbooks.shelf("domain", name=HOST) == []


def test_a_kept_record_keeps_the_service_that_its_domain_leads_to(runbooks: Runbooks) -> None:
    runbooks.change("bilko-staging", without_instance)
    judge(runbooks, "deny")
    before = runbooks.of_environment("staging")
    run = approved(runbooks)
    assert {one.status for one in run.outcomes if one.change.address.platform == "railway"} == {"skipped"}
    assert run.exit_code() == 10
    assert runbooks.of_environment("staging") == before
    (runbooks.root / "policies" / "kept.py").unlink()
    deploys = runbooks.deploys()
    proved(approved(runbooks))
    assert not runbooks.shelf("instance", environment="staging", service="api")
    assert not runbooks.shelf("domain", name=HOST)
    assert runbooks.deploys() <= deploys
    settled(runbooks.plan())


def test_the_other_environments_domain_of_that_name_is_nobodys_matter(runbooks: Runbooks) -> None:
    """`railway.domain.api` is a domain in each of three stacks; the records of one hold only its own."""
    runbooks.change("bilko-staging", without_domain)
    proved(runbooks.apply("bilko-staging"))
    assert runbooks.shelf("domain", name=HOST) == []
    assert runbooks.one("domain", name="api.bilko.io")
