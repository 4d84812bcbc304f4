"""What stands before and beside the api: the web on Vercel, the bucket on R2, and the records that lead to both."""

from typing import Any

import pytest

from reconcile.loop import Consent

from .estate import Runbooks, changed, proved, settled
from .estate import built as built
from .estate import runbooks as runbooks

PRODUCTION = "bilko-production"
APEX_OF_VERCEL = "216.198.79.1"
WEB = {
    "bilko": ("bilko.io", ("www.bilko.io",)),
    "bunty": ("bunty.io", ("www.bunty.io", "staging.bunty.io")),
    "legacyvideo": ("legacyvideo.example", ("www.legacyvideo.example",)),
}


def only(runbooks: Runbooks, platform: str, kind: str, account: str = "bilko", **where: Any) -> dict[str, Any]:
    things = runbooks.world.shelf(platform, account, kind).values()
    (found,) = [one for one in things if all(one[name] == value for name, value in where.items())]
    return dict(found)


def name_of(runbooks: Runbooks, account: str) -> str:
    """What Vercel asks a CNAME to point to: each project has a name of its own."""
    return f"{only(runbooks, 'vercel', 'project', account)['id'][4:20]}.vercel-dns-017.com"


@pytest.mark.parametrize("account", WEB)
def test_every_name_of_a_web_leads_where_vercel_asks_for(runbooks: Runbooks, account: str) -> None:
    apex, below = WEB[account]
    assert runbooks.dns(apex, "A", account)["content"] == APEX_OF_VERCEL
    assert {runbooks.dns(host, "CNAME", account)["content"] for host in below} == {name_of(runbooks, account)}
    hosts = {one["name"] for one in runbooks.world.shelf("vercel", account, "domain").values()}
    assert hosts == {apex, *below}


def test_a_hand_edit_on_each_platform_is_mended_by_one_apply(runbooks: Runbooks) -> None:
    domain = only(runbooks, "vercel", "domain", name="bilko.io")
    runbooks.world.edit("vercel", "domain", domain["id"], "bilko", {"redirect": "elsewhere.example"})
    bucket = only(runbooks, "r2", "public-access")
    runbooks.world.edit("r2", "public-access", bucket["id"], "bilko", {"enabled": "true"})
    runbooks.edit_variable("api", "NODE_ENV", value="development")
    runbooks.world.edit("cloudflare", "record", "www.bilko.io", "bilko", {"content": "parked.example.org"})
    judged = runbooks.drift(PRODUCTION)
    assert {(verb, cause, address) for _, verb, cause, address in changed(judged)} == {
        ("update", "drift", "vercel.domain.apex"),
        ("update", "drift", "r2.public-access.receipts"),
        ("update", "drift", "railway.variable.api/NODE_ENV"),
        ("update", "drift", "cloudflare.record.bilko-io/www"),
    }
    proved(runbooks.apply(PRODUCTION))
    assert only(runbooks, "vercel", "domain", name="bilko.io")["redirect"] is None
    assert only(runbooks, "r2", "public-access")["enabled"] is False
    assert runbooks.value("api", "NODE_ENV") == "production"
    assert runbooks.dns("www.bilko.io", "CNAME")["content"] == name_of(runbooks, "bilko")
    settled(runbooks.plan())


def test_a_check_that_somebody_removed_is_there_again(runbooks: Runbooks) -> None:
    """Without it Vercel would hand the domain to a build whose pipeline failed."""
    runbooks.world.delete("vercel", "check", only(runbooks, "vercel", "check")["id"], "bilko", {})
    assert changed(runbooks.drift(PRODUCTION)) == [(PRODUCTION, "create", "drift", "vercel.check.pipeline")]
    proved(runbooks.apply(PRODUCTION))
    again = only(runbooks, "vercel", "check")
    assert (again["source"]["externalCheckName"], again["blocks"]) == ("ci", "deployment-alias")


def test_after_a_total_loss_the_records_follow_to_what_is_built_anew(runbooks: Runbooks) -> None:
    """Both projects and all that was in them are gone. Nobody types a target: the records have the new ones."""
    hosts = ("www.legacyvideo.example", "api.legacyvideo.example")
    before = {host: runbooks.dns(host, "CNAME", "legacyvideo")["content"] for host in hosts}
    proof = runbooks.dns("_railway-verify.api.legacyvideo.example", "TXT", "legacyvideo")["content"]
    for platform in ("vercel", "railway"):
        id = only(runbooks, platform, "project", "legacyvideo")["id"]
        runbooks.world.delete(platform, "project", id, "legacyvideo", {})
    stack = "legacyvideo-production"
    proved(runbooks.apply(stack, consent=Consent(approve=True)), 16)
    assert runbooks.by_hand(stack) > 0
    proved(runbooks.apply(stack))
    after = {host: runbooks.dns(host, "CNAME", "legacyvideo")["content"] for host in hosts}
    assert after == {
        "www.legacyvideo.example": name_of(runbooks, "legacyvideo"),
        "api.legacyvideo.example": only(runbooks, "railway", "domain", "legacyvideo")["target"],
    }
    assert all(after[host] != before[host] for host in hosts)
    assert runbooks.dns("_railway-verify.api.legacyvideo.example", "TXT", "legacyvideo")["content"] != proof
    assert runbooks.dns("legacyvideo.example", "A", "legacyvideo")["content"] == APEX_OF_VERCEL
    settled(runbooks.plan())
