"""Each vendor refuses in its own words what never reaches a handler of it."""

from typing import Any

import httpx
import pytest

from .conftest import Bench

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "sendgrid": ("/v3/api_keys", {"errors": [{"message": "authorization required", "field": None}]}),
    "resend": ("/api-keys", {"statusCode": 400, "message": "API key is invalid", "name": "validation_error"}),
    "stripe": (
        "/v1/balance",
        {"error": {"message": "Invalid API Key provided: ****", "type": "invalid_request_error"}},
    ),
}


def door(bench: Bench, platform: str, token: str = "token-of-acme") -> httpx.Client:
    transport = httpx.WSGITransport(app=bench.world.wsgi(platform))
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return httpx.Client(transport=transport, base_url="http://sandbox.invalid", headers=headers)


@pytest.mark.parametrize("platform", CASES)
def test_a_token_that_opens_nothing(bench: Bench, platform: str) -> None:
    path, body = CASES[platform]
    answer = door(bench, platform, "nobodys").get(path)
    assert answer.status_code == (400 if platform == "resend" else 401) and answer.json() == body
    assert "nobodys" not in answer.text


def test_clerk_and_plaid_name_the_key(bench: Bench) -> None:
    clerk = door(bench, "clerk", "nobodys").get("/v1/instance")
    assert clerk.status_code == 401 and clerk.json()["errors"][0]["code"] == "clerk_key_invalid"
    headers = {"plaid-client-id": "a" * 32, "plaid-secret": "nobodys"}
    plaid = door(bench, "plaid", "").post("/link/token/create", json={}, headers=headers)
    assert plaid.status_code == 400
    told = plaid.json()
    assert (told["error_type"], told["error_code"]) == ("INVALID_INPUT", "INVALID_API_KEYS")


def test_no_token_at_all(bench: Bench) -> None:
    assert door(bench, "resend", "").get("/api-keys").json()["name"] == "missing_api_key"
    assert "did not provide an API key" in door(bench, "stripe", "").get("/v1/balance").json()["error"]["message"]
    assert door(bench, "clerk", "").get("/v1/instance").json()["errors"][0]["code"] == "authorization_header_missing"


@pytest.mark.parametrize("platform", ["sendgrid", "resend", "stripe", "clerk", "plaid"])
def test_a_path_that_is_none(bench: Bench, platform: str) -> None:
    assert door(bench, platform).get("/v9/nowhere").status_code == 404


@pytest.mark.parametrize(("platform", "status"), [("sendgrid", 422), ("resend", 422), ("stripe", 400)])
def test_a_query_that_the_vendor_does_not_know(bench: Bench, platform: str, status: int) -> None:
    answer = door(bench, platform).get(CASES[platform][0], params={"colour": "red"})
    assert answer.status_code == status and "colour" in answer.text


@pytest.mark.parametrize(
    ("platform", "query"),
    [
        ("sendgrid", "limit=none"),
        ("resend", "limit=101"),
        ("resend", "limit=0"),
        ("resend", "after=nobody"),
        ("resend", "after=a&before=b"),
    ],
)
def test_a_page_that_cannot_be(bench: Bench, platform: str, query: str) -> None:
    assert door(bench, platform).get(f"{CASES[platform][0]}?{query}").status_code in (400, 422)


@pytest.mark.parametrize("query", ["limit=101", "limit=x", "starting_after=we_none", "ending_before=we_none"])
def test_a_page_of_endpoints_that_cannot_be(bench: Bench, query: str) -> None:
    assert door(bench, "stripe").get(f"/v1/webhook_endpoints?{query}").status_code == 400


def test_stripe_reads_forms_and_the_others_json(bench: Bench) -> None:
    stripe = door(bench, "stripe")
    assert stripe.post("/v1/webhook_endpoints", json={"url": "https://a.example"}).status_code == 415
    form = {"url": "https://a.example", "enabled_events[]": ["invoice.paid", "invoice.voided"]}
    made = stripe.post("/v1/webhook_endpoints", data=form)
    assert (made.status_code, made.json()["enabled_events"]) == (200, ["invoice.paid", "invoice.voided"])
    assert door(bench, "sendgrid").post("/v3/api_keys", data={"name": "x"}).status_code == 415


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "MISSING_FIELDS"),
        ({"colour": "red"}, "UNKNOWN_FIELDS"),
        (
            {"client_name": "x", "language": "en", "country_codes": ["US"], "products": ["auth"], "user": {"x": 1}},
            "INVALID_FIELD",
        ),
    ],
)
def test_a_link_token_that_cannot_be(bench: Bench, body: dict[str, Any], code: str) -> None:
    secret = bench.world.create("plaid", "secret", "new", "acme", {})["secret"]
    headers = {"plaid-client-id": "a" * 32, "plaid-secret": secret}
    answer = door(bench, "plaid", "").post("/link/token/create", json=body, headers=headers)
    assert (answer.status_code, answer.json()["error_code"]) == (400, code)
