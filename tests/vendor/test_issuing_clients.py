"""Whatever our issuers ask of the sandbox, the vendors' own clients ask too, and read what comes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import resend
import stripe
from python_http_client.exceptions import ForbiddenError, HTTPError, NotFoundError, UnauthorizedError
from resend.exceptions import ResendError
from sendgrid import SendGridAPIClient

from reconcile.model.errors import Denied
from reconcile.model.rotated import VALUE
from reconcile.model.secret import SecretText
from reconcile.wire.calls import Call
from reconcile.wire.rest import bearer

from .issuing import CLIENT, Desk, desk

pytestmark = pytest.mark.tier("vendor-client")

HOOK = "https://api.acme.example/hooks/stripe"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("issuing") / "root") as found:
        yield found


@pytest.fixture(autouse=True)
def _empty(served: Desk) -> Iterator[None]:
    yield
    served.world.clear_faults()
    for platform, word in (("sendgrid", "api-key"), ("resend", "api-key"), ("stripe", "webhook-endpoint")):
        for id in list(served.world.shelf(platform, "acme", word)):
            served.world.delete(platform, word, id, "acme", {})


def value(text: str) -> dict[str, SecretText]:
    return {VALUE: SecretText(text, "value")}


# SendGrid.


def sendgrid(served: Desk, key: str = "") -> Any:
    """Not typed: the client builds its paths out of attributes."""
    return SendGridAPIClient(key or served.token("sendgrid"), host=served.url("sendgrid")).client


def test_sendgrids_client_makes_lists_and_deletes_keys_that_work(served: Desk) -> None:
    client = sendgrid(served)
    made = client.api_keys.post(request_body={"name": "mail", "scopes": ["mail.send", "api_keys.read"]})
    assert made.status_code == 201
    told = made.to_dict
    assert told["name"] == "mail" and told["scopes"] == ["api_keys.read", "mail.send"]
    key, id = told["api_key"], told["api_key_id"]
    assert key.startswith(f"SG.{id}.") and len(key) == 69
    assert client.api_keys.get().to_dict == {"result": [{"api_key_id": id, "name": "mail"}]}
    own = sendgrid(served, key)
    assert own.scopes.get().to_dict == {"scopes": ["api_keys.read", "mail.send"]}
    assert own.api_keys.get(query_params={"limit": 1}).to_dict["result"][0]["name"] == "mail"
    with pytest.raises(ForbiddenError):
        own.api_keys.post(request_body={"name": "another"})
    assert client.api_keys._(id).delete().status_code == 204
    with pytest.raises(UnauthorizedError) as refused:
        own.scopes.get()
    assert refused.value.to_dict == {"errors": [{"message": "authorization required", "field": None}]}
    with pytest.raises(NotFoundError):
        client.api_keys._(id).delete()


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "name"), ({"name": "x", "colour": "red"}, "colour"), ({"name": "x", "scopes": 1}, "scopes")],
)
def test_sendgrid_refuses_what_is_no_key(served: Desk, body: dict[str, Any], field: str) -> None:
    with pytest.raises(HTTPError) as refused:
        sendgrid(served).api_keys.post(request_body=body)
    assert refused.value.status_code == 400 and refused.value.to_dict["errors"][0]["field"] == field


def test_a_hundred_keys_are_all_that_sendgrid_gives(served: Desk) -> None:
    client = sendgrid(served)
    for number in range(100):
        client.api_keys.post(request_body={"name": f"key {number}"})
    with pytest.raises(ForbiddenError):
        client.api_keys.post(request_body={"name": "one more"})
    assert len(client.api_keys.get().to_dict["result"]) == 100


def test_sendgrids_client_uses_the_key_that_our_issuer_makes_and_sees_it_end(served: Desk) -> None:
    ours = served.issuer("sendgrid.api-key", scopes=("mail.send",))
    made = ours.mint("trueup/acme/mail/1/1")
    own = sendgrid(served, made.value[VALUE].reveal())
    assert own.scopes.get().to_dict == {"scopes": ["mail.send"]} and ours.takes(made.value) is True
    by_vendor = sendgrid(served).api_keys.post(request_body={"name": "trueup/acme/mail/2/1"}).to_dict
    assert {one.id for one in ours.find("trueup/acme/mail/")} == {made.id, by_vendor["api_key_id"]}
    assert ours.takes(value(by_vendor["api_key"])) is True
    ours.revoke(made.id, None)
    with pytest.raises(UnauthorizedError):
        own.scopes.get()
    assert ours.takes(made.value) is False


# Resend: its client is a module with settings of its own.


@pytest.fixture
def mail(served: Desk, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(resend, "api_url", served.url("resend"))
    monkeypatch.setattr(resend, "api_key", served.token("resend"))
    return resend


def test_resends_client_makes_lists_and_deletes_keys_that_work(mail: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = mail.ApiKeys.create({"name": "mail", "permission": "sending_access"})
    full = mail.ApiKeys.create({"name": "admin"})
    assert made["token"].startswith("re_")
    listed = mail.ApiKeys.list()
    assert listed["object"] == "list" and listed["has_more"] is False
    told = [{name: one[name] for name in ("id", "name", "last_used_at")} for one in listed["data"]]
    assert told == [
        {"id": full["id"], "name": "admin", "last_used_at": None},
        {"id": made["id"], "name": "mail", "last_used_at": None},
    ]
    monkeypatch.setattr(resend, "api_key", made["token"])
    with pytest.raises(ResendError) as restricted:
        mail.ApiKeys.list()
    assert (restricted.value.code, restricted.value.error_type) == (401, "restricted_api_key")
    monkeypatch.setattr(resend, "api_key", full["token"])
    mail.ApiKeys.remove(made["id"])
    mail.ApiKeys.remove(full["id"])
    with pytest.raises(ResendError) as dead:
        mail.ApiKeys.list()
    assert (dead.value.code, dead.value.error_type) == (400, "validation_error")
    assert "API key is invalid" in str(dead.value)


def test_resends_client_reads_page_after_page(mail: Any) -> None:
    made = [mail.ApiKeys.create({"name": f"key {number}"})["id"] for number in range(5)]
    first = mail.ApiKeys.list({"limit": 2})
    second = mail.ApiKeys.list({"limit": 2, "after": first["data"][-1]["id"]})
    third = mail.ApiKeys.list({"limit": 2, "after": second["data"][-1]["id"]})
    assert [one["id"] for page in (first, second, third) for one in page["data"]] == made[::-1]
    assert [page["has_more"] for page in (first, second, third)] == [True, True, False]
    back = mail.ApiKeys.list({"limit": 2, "before": third["data"][0]["id"]})
    assert back["data"] == second["data"] and back["has_more"] is True


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "n" * 51},
        {"name": "x", "permission": "root"},
        {"name": "x", "colour": "red"},
        {"name": "x", "domain_id": "acme.example"},
    ],
)
def test_resend_refuses_what_is_no_key(mail: Any, body: dict[str, Any]) -> None:
    with pytest.raises(ResendError) as refused:
        mail.ApiKeys.create(body)
    assert refused.value.error_type == "validation_error" and mail.ApiKeys.list()["data"] == []


def test_resends_client_uses_the_key_that_our_issuer_makes_and_sees_it_end(
    served: Desk, mail: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = served.issuer("resend.api-key", permission="full_access")
    made = ours.mint("trueup/acme/mail/1/1")
    with monkeypatch.context() as own:
        own.setattr(resend, "api_key", made.value[VALUE].reveal())
        assert [one["id"] for one in mail.ApiKeys.list()["data"]] == [made.id]
    sending = mail.ApiKeys.create({"name": "theirs", "permission": "sending_access"})
    assert ours.takes(value(sending["token"])) is True
    mail.ApiKeys.remove(sending["id"])
    assert ours.takes(value(sending["token"])) is False
    ours.revoke(made.id, None)
    assert mail.ApiKeys.list()["data"] == []


def test_a_shell_with_the_ready_files_environment_reaches_the_sandbox(served: Desk) -> None:
    """The client reads its settings when it is imported."""
    served.world.create("resend", "api-key", "by hand", "acme", {})
    code = "import resend; print(resend.ApiKeys.list()['data'][0]['name'])"
    environment = {**os.environ, **served.ready.env}
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert told.stdout == "by hand\n", told.stderr


# Stripe.


def stripes(served: Desk, key: str = "") -> stripe.StripeClient:
    return stripe.StripeClient(
        key or served.token("stripe"), base_addresses={"api": served.url("stripe")}, max_network_retries=0
    )


def test_stripes_client_makes_lists_and_deletes_endpoints(served: Desk) -> None:
    hooks = stripes(served).v1.webhook_endpoints
    made = hooks.create(
        {
            "url": HOOK,
            "enabled_events": ["invoice.paid", "charge.refunded"],
            "api_version": "2026-10-28.endive",
            "metadata": {"trueup": "trueup/acme/hook/1/1"},
            "description": "the shop",
        }
    )
    assert made.secret is not None and made.secret.startswith("whsec_") and made.status == "enabled"
    assert (made.url, made.enabled_events) == (HOOK, ["invoice.paid", "charge.refunded"])
    assert (
        made.metadata is not None
        and made.metadata["trueup"] == "trueup/acme/hook/1/1"
        and made.description == "the shop"
    )
    (listed,) = hooks.list().data
    assert listed.id == made.id and "secret" not in listed
    gone = hooks.delete(made.id)
    assert gone.id == made.id and gone.deleted is True
    with pytest.raises(stripe.InvalidRequestError) as missing:
        hooks.delete(made.id)
    assert (missing.value.http_status, missing.value.code) == (404, "resource_missing")


def test_stripes_client_reads_page_after_page(served: Desk) -> None:
    hooks = stripes(served).v1.webhook_endpoints
    made = [hooks.create({"url": f"{HOOK}/{number}", "enabled_events": ["*"]}).id for number in range(13)]
    assert len(hooks.list().data) == 10
    assert [one.id for one in hooks.list({"limit": 5}).auto_paging_iter()] == made[::-1]


def test_stripe_tells_a_lost_answer_again_under_its_idempotency_key(served: Desk) -> None:
    hooks = stripes(served).v1.webhook_endpoints
    asked: Any = {"url": HOOK, "enabled_events": ["*"]}
    first = hooks.create(asked, options={"idempotency_key": "k-1"})
    again = hooks.create(asked, options={"idempotency_key": "k-1"})
    assert (first.id, first.secret) == (again.id, again.secret) and len(hooks.list().data) == 1
    with pytest.raises(stripe.IdempotencyError):
        hooks.create({**asked, "url": f"{HOOK}/else"}, options={"idempotency_key": "k-1"})
    with pytest.raises(stripe.InvalidRequestError):
        hooks.create({**asked, "url": "nowhere"}, options={"idempotency_key": "k-2"})
    assert hooks.create(asked, options={"idempotency_key": "k-2"}).id != first.id, "a refusal is not kept"


@pytest.mark.parametrize(
    ("asked", "param", "code"),
    [
        ({"enabled_events": ["*"]}, "url", "parameter_missing"),
        ({"url": HOOK}, "enabled_events", "parameter_missing"),
        ({"url": "acme.example", "enabled_events": ["*"]}, "url", "url_invalid"),
        ({"url": HOOK, "enabled_events": ["*"], "colour": "red"}, "colour", "parameter_unknown"),
        ({"url": HOOK, "enabled_events": ["everything"]}, "enabled_events[0]", None),
        ({"url": HOOK, "enabled_events": ["*"], "api_version": "latest"}, "api_version", None),
    ],
)
def test_stripe_refuses_what_is_no_endpoint(served: Desk, asked: Any, param: str, code: str | None) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        stripes(served).v1.webhook_endpoints.create(asked)
    assert (refused.value.http_status, refused.value.param, refused.value.code) == (400, param, code)


def test_sixteen_endpoints_are_all_that_stripe_gives(served: Desk) -> None:
    hooks = stripes(served).v1.webhook_endpoints
    for number in range(16):
        hooks.create({"url": f"{HOOK}/{number}", "enabled_events": ["*"]})
    with pytest.raises(stripe.InvalidRequestError, match="maximum of 16 test webhook endpoints"):
        hooks.create({"url": HOOK, "enabled_events": ["*"]})


def test_stripes_client_and_our_issuer_see_the_same_endpoints(served: Desk) -> None:
    ours, hooks = served.issuer("stripe.webhook", url=HOOK, events=("*",)), stripes(served).v1.webhook_endpoints
    made = ours.mint("trueup/acme/hook/1/1")
    theirs = hooks.create({"url": HOOK, "enabled_events": ["*"], "metadata": {"trueup": "trueup/acme/hook/2/1"}})
    hooks.create({"url": HOOK, "enabled_events": ["*"]})
    assert {one.id for one in ours.find("trueup/acme/hook/")} == {made.id, theirs.id}
    ours.revoke(theirs.id, None)
    assert theirs.id not in {one.id for one in hooks.list().data}


def test_what_our_issuer_makes_signs_as_stripes_client_checks(served: Desk) -> None:
    """The secret is one that the client takes for a webhook's: prefix and all."""
    secret = served.issuer("stripe.webhook", url=HOOK, events=("*",)).mint("n").value[VALUE].reveal()
    signature = stripe.WebhookSignature._compute_signature('1700000000.{"id": "evt_1"}', secret)
    assert stripe.WebhookSignature.verify_header('{"id": "evt_1"}', f"t=1700000000,v1={signature}", secret)


def test_a_secret_key_that_a_person_made_opens_the_account_until_it_is_deleted(served: Desk) -> None:
    ours = served.issuer("stripe.secret-key")
    key = str(served.world.create("stripe", "secret-key", "shop", "acme", {})["key"])
    assert stripes(served, key).v1.balance.retrieve().object == "balance" and ours.takes(value(key)) is True
    served.world.delete("stripe", "secret-key", "shop", "acme", {})
    with pytest.raises(stripe.AuthenticationError):
        stripes(served, key).v1.balance.retrieve()
    assert ours.takes(value(key)) is False


# Plaid and Clerk: over a real connection, without a client of the vendor's.


def test_an_account_without_a_credential_of_its_own_tries_those_of_others(served: Desk) -> None:
    for kind, options in (("plaid.secret", {"client_id": CLIENT}), ("plaid.secret", {}), ("clerk.secret-key", {})):
        platform, _, word = kind.partition(".")
        ours = served.issuer(kind, **options)
        text = str(served.world.create(platform, word, "new", "acme", {})["secret"])
        assert ours.takes(value(text)) is True
        served.world.delete(platform, word, "new", "acme", {})
        assert ours.takes(value(text)) is False


def test_another_credential_never_stays_on_the_connection(served: Desk) -> None:
    """What is tried goes with one call; the next is the account's own again."""
    ours = served.issuer("sendgrid.api-key", scopes=("mail.send",))
    assert ours.takes(value("SG.never.was")) is False
    made = ours.mint("trueup/acme/mail/1/1")
    assert ours.takes(made.value) is True and [one.id for one in ours.find("trueup/")] == [made.id]
    key = bearer(made.value[VALUE])
    with pytest.raises(Denied):
        ours._client.send(Call("GET", "/v3/api_keys", headers={"authorization": key}))  # type: ignore[attr-defined]
