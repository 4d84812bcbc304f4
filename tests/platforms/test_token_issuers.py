"""What is promised of the credentials that Cloudflare, R2 and Railway make: told once, found by name, ended by id."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from reconcile.model.errors import Denied, Missing, PlatformError, Rejected, Unavailable
from reconcile.model.issuing import Issuer
from reconcile.model.rotated import VALUE
from reconcile.model.secret import SecretText
from reconcile.model.spec import Access
from reconcile.platforms import issues, platforms

from .conftest import ACME, Bench

NAME = "trueup/acme/deploy/3/7"
ZONES = {"com.cloudflare.api.account.zone.*": "*"}
DNS = {"policies": [{"groups": ["DNS Write", "Zone Read"], "resources": ZONES}]}
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "cloudflare.token": DNS,
    "r2.credentials": {"buckets": ["media", "eu/invoices"]},
    "railway.project-token": {"environment": "bilko/production"},
}
KINDS = tuple(OPTIONS)
MINT = {"railway.project-token": "POST /graphql/v2?query=ProjectTokenCreate"}
SECRET = {"r2.credentials": "secret"}
"""The part that a consumer must keep to itself."""


def opened(bench: Bench, name: str, id: str | None = ACME) -> Any:
    client, access = bench.client(name), Access(name, id, {"token": "TOKEN"})
    more = {} if name == "cloudflare" else {"settle_seconds": 0.0, "sleep": lambda seconds: None}
    return platforms()[name](client, "acme", access, bench.world.now, **more)  # type: ignore[call-arg]


def issuer(bench: Bench, kind: str, **options: Any) -> Issuer:
    name, _, word = kind.partition(".")
    if name == "railway" and not bench.world.shelf("railway", "acme", "project"):
        bench.world.create("railway", "project", "bilko", "acme", {})
        bench.world.create("railway", "environment", "staging", "acme", {"project": "bilko"})
    found: Issuer = opened(bench, name).issuer(word, issues()[kind](**(options or OPTIONS[kind])))
    return found


def taken(bench: Bench, kind: str, text: str) -> bool | None:
    mount = bench.world.mount(kind.partition(".")[0])
    told: bool | None = mount.pretend.takes(mount.place, "acme", text)  # type: ignore[attr-defined]
    return told


def fault(bench: Bench, kind: str, text: str) -> None:
    bench.world.fault(kind.partition(".")[0], text)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_made_is_told_once_and_found_by_name(bench: Bench, kind: str) -> None:
    ours = issuer(bench, kind)
    made = ours.mint(NAME)
    other = ours.mint("trueup/acme/other/1/1")
    (found,) = ours.find("trueup/acme/deploy/")
    assert (found.id, found.name) == (made.id, NAME) and found.created_at.startswith("20")
    assert {one.id for one in ours.find("trueup/acme/")} == {made.id, other.id} and list(ours.find("else/")) == []
    assert set(made.value) == set(issues()[kind].parts)
    text = made.value[SECRET.get(kind, VALUE)].reveal()
    assert text not in repr(made) and text not in json.dumps(bench.world.things())
    assert ours.makes and not ours.in_place


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_revoked_is_gone_however_often(bench: Bench, kind: str) -> None:
    ours = issuer(bench, kind)
    made, kept = ours.mint(NAME), ours.mint("trueup/acme/deploy/4/8")
    secret = SECRET.get(kind, VALUE)
    assert ours.takes(made.value) is True and taken(bench, kind, made.value[secret].reveal()) is True
    for _ in range(2):
        ours.revoke(made.id, made.value)
    assert [one.id for one in ours.find("trueup/")] == [kept.id]
    assert ours.takes(made.value) is False and taken(bench, kind, made.value[secret].reveal()) is False
    assert ours.takes(kept.value) is True and taken(bench, kind, kept.value[secret].reveal()) is True
    assert taken(bench, kind, "never-one-of-them") is None
    assert made.value[secret].reveal() not in json.dumps(bench.world.things())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", ["never-one", "", "two\nlines", "grüße"])
def test_what_was_never_a_credential_is_not_taken(bench: Bench, kind: str, text: str) -> None:
    value = dict.fromkeys(issues()[kind].parts, SecretText(text, "value"))
    assert issuer(bench, kind).takes(value) is False


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ["500 before", "500 after", "reset after"])
def test_a_lost_answer_leaves_at_most_one_which_is_found_by_name(bench: Bench, kind: str, how: str) -> None:
    ours = issuer(bench, kind)
    fault(bench, kind, f"{how} {MINT.get(kind, 'POST')} times=always")
    with pytest.raises(Unavailable) as lost:
        ours.mint(NAME)
    assert lost.value.unsure
    bench.world.clear_faults()
    found = ours.find(NAME)
    assert len(found) == ("after" in how)
    for one in found:
        ours.revoke(one.id, None)
    assert list(ours.find(NAME)) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ["500 after", "reset after"])
def test_an_end_whose_answer_was_lost_is_done(bench: Bench, kind: str, how: str) -> None:
    ours = issuer(bench, kind)
    made = ours.mint(NAME)
    path = "POST /graphql/v2?query=ProjectTokenDelete" if kind.startswith("railway") else "DELETE"
    fault(bench, kind, f"{how} {path} times=1")
    ours.revoke(made.id, None)
    assert list(ours.find(NAME)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_outage_says_nothing_and_hides_nothing(bench: Bench, kind: str) -> None:
    ours = issuer(bench, kind)
    made = ours.mint(NAME)
    fault(bench, kind, "500 times=always")
    for ask in (lambda: ours.takes(made.value), lambda: ours.find("trueup/"), lambda: ours.revoke(made.id, None)):
        with pytest.raises(PlatformError) as out:
            ask()
        assert made.value[SECRET.get(kind, VALUE)].reveal() not in str(out.value)


def test_ceilings_are_the_vendors(bench: Bench) -> None:
    assert issuer(bench, "cloudflare.token").ceiling == 500
    assert issuer(bench, "cloudflare.token", owner="user", **DNS).ceiling == 50
    assert issuer(bench, "r2.credentials").ceiling == 500
    assert issuer(bench, "railway.project-token").ceiling is None


def test_a_users_token_is_another_owners(bench: Bench) -> None:
    ours, users = issuer(bench, "cloudflare.token"), issuer(bench, "cloudflare.token", owner="user", **DNS)
    made = users.mint(NAME)
    assert list(ours.find("trueup/")) == [] and [one.id for one in users.find("trueup/")] == [made.id]
    assert users.takes(made.value) is True and ours.takes(made.value) is False


def test_a_token_may_what_its_policies_say_and_one_like_it_the_same(bench: Bench) -> None:
    zone = bench.zone()
    made = issuer(bench, "cloudflare.token").mint("by-hand")
    (twin,) = [issuer(bench, "cloudflare.token", like="by-hand").mint(NAME)]
    held = {one["name"]: one for one in bench.world.shelf("cloudflare", "acme", "token").values()}
    groups = [[group["name"] for group in one["policies"][0]["permission_groups"]] for one in held.values()]
    assert groups == [["DNS Write", "Zone Read"]] * 2 and made.id != twin.id
    transport = httpx.WSGITransport(bench.world.wsgi("cloudflare"))
    headers = {"Authorization": f"Bearer {twin.value[VALUE].reveal()}"}
    with httpx.Client(transport=transport, headers=headers, base_url="http://cloudflare/client/v4") as http:
        assert http.get(f"/zones/{zone}/dns_records").status_code == 200
        body = {"type": "A", "name": "a.acme.example", "content": "192.0.2.1"}
        assert http.post(f"/zones/{zone}/dns_records", json=body).status_code == 200
        assert http.get("/user/tokens").status_code == 403


def test_a_token_without_the_right_is_refused(bench: Bench) -> None:
    zone = bench.zone()
    reader = {"policies": [{"groups": ["DNS Read"], "resources": ZONES}]}
    made = issuer(bench, "cloudflare.token", **reader).mint(NAME)
    transport = httpx.WSGITransport(bench.world.wsgi("cloudflare"))
    headers = {"Authorization": f"Bearer {made.value[VALUE].reveal()}"}
    with httpx.Client(transport=transport, headers=headers, base_url="http://cloudflare/client/v4") as http:
        assert http.get(f"/zones/{zone}/dns_records").status_code == 200
        assert http.post(f"/zones/{zone}/dns_records", json={}).status_code == 403


def test_what_is_no_group_or_no_token_to_be_like_is_refused_before_anything_is_made(bench: Bench) -> None:
    odd = {"policies": [{"groups": ["DNS Wrong"], "resources": ZONES}]}
    with pytest.raises(Rejected, match="DNS Wrong"):
        issuer(bench, "cloudflare.token", **odd).mint(NAME)
    with pytest.raises(Rejected, match="0 tokens are called by-hand"):
        issuer(bench, "cloudflare.token", like="by-hand").mint(NAME)
    assert not bench.world.shelf("cloudflare", "acme", "token")


def test_an_account_that_nobody_pinned_is_not_guessed(bench: Bench) -> None:
    options = issues()["cloudflare.token"](**DNS)
    with pytest.raises(Denied, match="pin the account"):
        opened(bench, "cloudflare", id=None).issuer("token", options).mint(NAME)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("cloudflare.token", {}),
        ("cloudflare.token", {**DNS, "like": "other"}),
        ("cloudflare.token", {"like": "other", "owner": "nobody"}),
        ("r2.credentials", {"may": "delete"}),
        ("railway.project-token", {}),
        ("railway.project-token", {"environment": "bilko"}),
    ],
)
def test_options_that_mean_nothing_are_refused(kind: str, options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        issues()[kind](**options)


def test_a_pair_is_a_tokens_id_and_the_digest_of_its_value_with_rights_to_its_buckets(bench: Bench) -> None:
    ours = issuer(bench, "r2.credentials")
    made = ours.mint(NAME)
    (held,) = bench.world.shelf("r2", "acme", "token").values()
    assert made.value["id"].reveal() == made.id == held["id"]
    assert made.value["secret"].reveal() == hashlib.sha256(held["value"].encode()).hexdigest()
    (policy,) = held["policies"]
    assert set(policy["resources"]) == {
        f"com.cloudflare.edge.r2.bucket.{ACME}_default_media",
        f"com.cloudflare.edge.r2.bucket.{ACME}_eu_invoices",
    }
    issuer(bench, "r2.credentials", may="read").mint("whole")
    whole = list(bench.world.shelf("r2", "acme", "token").values())[-1]
    assert set(whole["policies"][0]["resources"]) == {f"com.cloudflare.api.account.{ACME}"}


def test_a_project_token_opens_its_own_environment_alone(bench: Bench) -> None:
    ours = issuer(bench, "railway.project-token")
    made = ours.mint(NAME)
    elsewhere = issuer(bench, "railway.project-token", environment="bilko/staging")
    assert elsewhere.takes(made.value) is False and list(elsewhere.find("trueup/")) == []
    with pytest.raises(Missing, match="bilko/nowhere"):
        issuer(bench, "railway.project-token", environment="bilko/nowhere").mint(NAME)


def test_a_project_token_that_was_made_and_cannot_be_found_is_unsure(bench: Bench) -> None:
    ours = issuer(bench, "railway.project-token")
    fault(bench, "railway", "500 POST /graphql/v2?query=ProjectTokens times=always")
    with pytest.raises(Unavailable) as lost:
        ours.mint(NAME)
    assert lost.value.unsure
    bench.world.clear_faults()
    assert len(ours.find(NAME)) == 1


def test_pages_of_tokens_are_read_whole(bench: Bench) -> None:
    for kind in ("cloudflare.token", "r2.credentials"):
        ours = issuer(bench, kind)
        for number in range(60):
            ours.mint(f"trueup/{number}")
        assert len(ours.find("trueup/")) == 60
