"""What is promised of every issuer: told once, found by name, ended by id, and no guess where an answer is lost."""

import json
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from reconcile.model.errors import Denied, PlatformError, Rejected, Unavailable
from reconcile.model.rotated import VALUE
from reconcile.platforms import issues, platforms
from reconcile.platforms.resend import Resend
from reconcile.platforms.stripe import Stripe

from .conftest import Bench
from .issuing import BY_HAND, HOOK, MADE, OPTIONS, by_hand, issuer, opened, shelf, taken, value

NAME = "trueup/acme/mail/3/7"
TRIED = tuple(kind for kind in OPTIONS if kind != "stripe.webhook")


def test_every_kind_of_credential_is_asked_about_here() -> None:
    ours = {"sendgrid", "resend", "stripe", "plaid", "clerk"}
    assert {kind for kind in issues() if kind.partition(".")[0] in ours} == set(OPTIONS)


@pytest.mark.parametrize("kind", MADE)
def test_what_is_made_is_told_once_and_found_by_name(bench: Bench, kind: str) -> None:
    ours = issuer(bench, kind)
    made = ours.mint(NAME)
    other = ours.mint("trueup/acme/other/1/1")
    (found,) = ours.find("trueup/acme/mail/")
    assert (found.id, found.name) == (made.id, NAME)
    assert {one.id for one in ours.find("trueup/acme/")} == {made.id, other.id} and ours.find("elsewhere/") == []
    text = made.value[VALUE].reveal()
    assert len(text) > 20 and text != other.value[VALUE].reveal()
    told = [call for call in bench.world.calls() if text in json.dumps(call["response"])]
    assert [call["method"] for call in told] == ["POST"]
    assert text not in repr(made)


@pytest.mark.parametrize("kind", MADE)
def test_the_world_shows_no_value_and_keeps_none_where_it_lists(bench: Bench, kind: str) -> None:
    text = issuer(bench, kind).mint(NAME).value[VALUE].reveal()
    assert text not in json.dumps(bench.world.things()) and text not in json.dumps(shelf(bench, kind))


@pytest.mark.parametrize("kind", MADE)
def test_what_is_revoked_is_gone_however_often(bench: Bench, kind: str) -> None:
    ours = issuer(bench, kind)
    made, kept = ours.mint(NAME), ours.mint("trueup/acme/mail/4/8")
    assert taken(bench, kind, made.value[VALUE].reveal()) is True
    for _ in range(2):
        ours.revoke(made.id, made.value)
    assert [one.id for one in ours.find("trueup/")] == [kept.id]
    assert taken(bench, kind, made.value[VALUE].reveal()) is False
    assert taken(bench, kind, kept.value[VALUE].reveal()) is True
    assert taken(bench, kind, "never-one-of-them") is None


@pytest.mark.parametrize("kind", ["sendgrid.api-key", "resend.api-key"])
def test_a_made_key_is_taken_until_it_is_revoked(bench: Bench, kind: str) -> None:
    ours = issuer(bench, kind)
    made = ours.mint(NAME)
    assert ours.takes(made.value) is True
    ours.revoke(made.id, None)
    assert ours.takes(made.value) is False


@pytest.mark.parametrize("kind", BY_HAND)
def test_what_a_person_made_is_taken_until_a_person_deletes_it(bench: Bench, kind: str) -> None:
    ours, (platform, _, word) = issuer(bench, kind), kind.partition(".")
    text, other = by_hand(bench, kind, "new"), by_hand(bench, kind, "old")
    assert ours.takes(value(text)) is True and taken(bench, kind, text) is True
    bench.world.delete(platform, word, "new", "acme", {})
    assert ours.takes(value(text)) is False and taken(bench, kind, text) is False
    assert ours.takes(value(other)) is True
    assert text not in json.dumps(bench.world.things())


@pytest.mark.parametrize("kind", BY_HAND)
def test_what_only_a_person_makes_is_neither_made_nor_ended_nor_listed(bench: Bench, kind: str) -> None:
    ours = issuer(bench, kind)
    assert not ours.makes and not issues()[kind].makes and ours.find("") == ()
    with pytest.raises(Rejected):
        ours.mint(NAME)
    with pytest.raises(Rejected):
        ours.revoke("1", None)
    assert bench.calls() == []


@pytest.mark.parametrize("kind", TRIED)
def test_what_was_never_a_credential_is_not_taken(bench: Bench, kind: str) -> None:
    ours = issuer(bench, kind)
    assert ours.takes(value("sk_test_0123456789abcdef")) is False
    sent = len(bench.calls())
    for text in ("", "two\nlines", "grüße", " spaced "):
        assert ours.takes(value(text)) is False
    assert len(bench.calls()) == sent, "what no header can carry is not sent"


OUTAGES = ("500", "reset", "429 retry-after=900", "truncate=json after")


@pytest.mark.parametrize("kind", BY_HAND)
@pytest.mark.parametrize("fault", OUTAGES)
def test_an_outage_says_nothing_of_what_a_person_made(bench: Bench, kind: str, fault: str) -> None:
    text = by_hand(bench, kind, "key")
    bench.world.fault(kind.partition(".")[0], f"{fault} times=always")
    with pytest.raises(Unavailable):
        issuer(bench, kind).takes(value(text))


@pytest.mark.parametrize("kind", ["sendgrid.api-key", "resend.api-key"])
@pytest.mark.parametrize("fault", OUTAGES)
def test_an_outage_says_nothing_of_a_made_key_and_hides_no_key(bench: Bench, kind: str, fault: str) -> None:
    ours = issuer(bench, kind, **({"permission": "full_access"} if kind.startswith("resend") else {}))
    made = ours.mint(NAME)
    bench.world.fault(kind.partition(".")[0], f"{fault} times=always")
    with pytest.raises(Unavailable):
        ours.takes(made.value)
    with pytest.raises(Unavailable):
        ours.find("trueup/")


def test_half_of_a_refusal_leaves_it_open(bench: Bench) -> None:
    ours = issuer(bench, "resend.api-key")
    made = ours.mint(NAME)
    bench.world.fault("resend", "truncate=json after GET")
    assert ours.takes(made.value) is None and ours.takes(made.value) is True


@pytest.mark.parametrize("kind", ["sendgrid.api-key", "plaid.secret", "clerk.secret-key"])
def test_a_refusal_of_something_else_leaves_it_open(bench: Bench, kind: str) -> None:
    ours = issuer(bench, kind)
    text = by_hand(bench, kind, "key") if kind in BY_HAND else ours.mint(NAME).value[VALUE].reveal()
    bench.world.fault(kind.partition(".")[0], "403 times=always")
    assert ours.takes(value(text)) is None


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("fault", ["500", "reset", "500 after", "reset after", "truncate after", "truncate=json after"])
def test_a_lost_answer_leaves_at_most_one_which_is_found_by_name(bench: Bench, kind: str, fault: str) -> None:
    ours = issuer(bench, kind)
    bench.world.fault(kind.partition(".")[0], f"{fault} POST times=always")
    with pytest.raises(Unavailable) as lost:
        ours.mint(NAME)
    assert lost.value.unsure
    bench.world.clear_faults()
    orphans = ours.find(NAME)
    assert len(orphans) == len(shelf(bench, kind)) == (1 if "after" in fault else 0)
    for orphan in orphans:
        ours.revoke(orphan.id, None)
    made = ours.mint(NAME)
    assert [one.id for one in ours.find(NAME)] == [made.id]


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("fault", ["429 retry-after=900", "401", "403", "400"])
def test_a_refused_making_is_known_to_have_made_nothing(bench: Bench, kind: str, fault: str) -> None:
    ours = issuer(bench, kind)
    bench.world.fault(kind.partition(".")[0], f"{fault} POST times=always")
    with pytest.raises(PlatformError) as refused:
        ours.mint(NAME)
    assert not getattr(refused.value, "unsure", False)
    bench.world.clear_faults()
    assert issuer(bench, kind).find("") == [] and shelf(bench, kind) == []


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("fault", ["500", "reset after", "truncate after"])
def test_a_revocation_whose_answer_is_lost_is_sent_again(bench: Bench, kind: str, fault: str) -> None:
    ours = issuer(bench, kind)
    made = ours.mint(NAME)
    bench.world.fault(kind.partition(".")[0], f"{fault} DELETE")
    ours.revoke(made.id, None)
    assert shelf(bench, kind) == [] and len(bench.calls("DELETE")) == 2


@pytest.mark.parametrize("kind", MADE)
def test_a_revocation_that_is_never_answered_is_no_revocation(bench: Bench, kind: str) -> None:
    ours = issuer(bench, kind)
    made = ours.mint(NAME)
    bench.world.fault(kind.partition(".")[0], "500 DELETE times=always")
    with pytest.raises(Unavailable):
        ours.revoke(made.id, None)


def test_a_webhook_secret_whose_answer_is_lost_once_is_told_again(bench: Bench) -> None:
    bench.world.fault("stripe", "reset after POST")
    made = issuer(bench, "stripe.webhook").mint(NAME)
    (endpoint,) = shelf(bench, "stripe.webhook")
    assert endpoint["id"] == made.id and taken(bench, "stripe.webhook", made.value[VALUE].reveal()) is True
    assert len(bench.calls("POST")) == 2


@pytest.mark.parametrize("second", ["403", "400", "429 retry-after=900", "500"])
def test_what_keeps_the_second_answer_from_us_does_not_undo_the_first(bench: Bench, second: str) -> None:
    bench.world.fault("stripe", "reset after POST")
    bench.world.fault("stripe", f"{second} POST")
    with pytest.raises(Unavailable) as lost:
        issuer(bench, "stripe.webhook").mint(NAME)
    assert lost.value.unsure and len(shelf(bench, "stripe.webhook")) == 1


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("body", [{}, [], None, {"id": "1"}])
def test_an_answer_without_a_value_leaves_open_what_was_made(
    bench: Bench, kind: str, body: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = httpx.Response(201, json=body)
    monkeypatch.setattr(httpx, "WSGITransport", lambda app: httpx.MockTransport(lambda request: answer))
    with pytest.raises(Unavailable) as odd:
        issuer(bench, kind).mint(NAME)
    assert odd.value.unsure


def test_two_webhook_secrets_of_one_address_live_side_by_side(bench: Bench) -> None:
    ours = issuer(bench, "stripe.webhook", api_version="2026-10-28.endive")
    first, second = ours.mint("trueup/acme/hook/1/1"), ours.mint("trueup/acme/hook/2/1")
    assert first.id != second.id
    for endpoint in shelf(bench, "stripe.webhook"):
        assert endpoint["url"] == HOOK["url"] and sorted(endpoint["enabled_events"]) == sorted(HOOK["events"])
        assert endpoint["api_version"] == "2026-10-28.endive"
    assert ours.takes(first.value) is None, "nothing is ever asked of Stripe with it"


@pytest.mark.parametrize(("kind", "ceiling"), [("sendgrid.api-key", 100), ("stripe.webhook", 16)])
def test_at_the_ceiling_one_more_is_refused_and_room_is_made_by_revoking(bench: Bench, kind: str, ceiling: int) -> None:
    ours = issuer(bench, kind)
    assert ours.ceiling == ceiling
    made = [ours.mint(f"trueup/acme/{number}") for number in range(ceiling)]
    with pytest.raises((Denied, Rejected), match=str(ceiling) if kind == "stripe.webhook" else "maximum"):
        ours.mint(NAME)
    assert len(ours.find("trueup/")) == ceiling
    ours.revoke(made[0].id, None)
    ours.mint(NAME)


def test_what_others_made_counts_against_the_ceiling(bench: Bench) -> None:
    bench.world.create("stripe", "webhook-endpoint", "by hand", "acme", {"url": "https://acme.example"})
    bench.world.create("sendgrid", "api-key", "by hand", "acme", {})
    for kind in ("stripe.webhook", "sendgrid.api-key"):
        ours = issuer(bench, kind)
        made = ours.mint(NAME)
        assert len(ours.find("")) == 2 and [one.id for one in ours.find("trueup/")] == [made.id]


@pytest.mark.parametrize(("kind", "platform"), [("resend.api-key", Resend), ("stripe.webhook", Stripe)])
@pytest.mark.parametrize("fault", ["", "shift", "shift=repeat"])
def test_every_page_is_read_and_a_page_that_shifts_is_no_answer(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, kind: str, platform: type[Any], fault: str
) -> None:
    monkeypatch.setattr(platform, "per_page", 4)
    ours = issuer(bench, kind)
    made = {ours.mint(f"trueup/acme/{number}").id for number in range(9)}
    if not fault:
        assert {one.id for one in ours.find("trueup/")} == made
        return
    bench.world.fault(kind.partition(".")[0], f"{fault} GET")
    try:
        found = {one.id for one in ours.find("trueup/")}
    except Unavailable:
        return
    assert found >= made, "a shorter list without a word"


def test_times_are_told_where_the_vendor_tells_them(bench: Bench) -> None:
    ours = issuer(bench, "resend.api-key")
    made = ours.mint(NAME)
    (fresh,) = ours.find(NAME)
    assert fresh.created_at.endswith("+00:00") and fresh.used_at == ""
    ours.takes(made.value)
    (used,) = ours.find(NAME)
    assert used.used_at >= fresh.created_at
    hook = issuer(bench, "stripe.webhook")
    hook.mint(NAME)
    assert hook.find(NAME)[0].created_at.endswith("+00:00")


def test_a_made_key_may_do_what_its_options_say_and_no_more(bench: Bench) -> None:
    sendgrid = issuer(bench, "sendgrid.api-key").mint(NAME)
    with pytest.raises(Denied, match="access forbidden"):
        bench.client("sendgrid", token=sendgrid.value[VALUE].reveal()).get("/v3/api_keys")
    sending = issuer(bench, "resend.api-key").mint(NAME)
    with pytest.raises(Denied, match="restricted to only send"):
        bench.client("resend", token=sending.value[VALUE].reveal()).get("/api-keys")
    ours = issuer(bench, "resend.api-key", permission="full_access")
    full = ours.mint(NAME)
    assert bench.client("resend", token=full.value[VALUE].reveal()).get("/api-keys")["data"]
    assert ours.takes(full.value) is True


def test_a_name_that_resend_will_not_have_is_refused_before_anything_is_made(bench: Bench) -> None:
    with pytest.raises(Rejected, match="at most 50"):
        issuer(bench, "resend.api-key").mint("n" * 51)
    assert shelf(bench, "resend.api-key") == []


@pytest.mark.parametrize(
    ("kind", "options", "field"),
    [
        ("sendgrid.api-key", {"scopes": ()}, "scopes"),
        ("sendgrid.api-key", {"scopes": ("Mail Send",)}, "scopes"),
        ("sendgrid.api-key", {"colour": "red"}, "colour"),
        ("resend.api-key", {"permission": "root"}, "permission"),
        ("resend.api-key", {"domain_id": "acme.example"}, "domain_id"),
        ("resend.api-key", {"permission": "full_access", "domain_id": "0" * 36}, "domain_id"),
        ("stripe.webhook", {"url": "http://acme.example"}, "url"),
        ("stripe.webhook", {"events": ()}, "events"),
        ("stripe.webhook", {"events": ("everything",)}, "events"),
        ("stripe.webhook", {"api_version": "latest"}, "api_version"),
        ("plaid.secret", {"environment": "development"}, "environment"),
        ("plaid.secret", {"products": ()}, "products"),
        ("clerk.secret-key", {"key": "x"}, "key"),
    ],
)
def test_options_that_cannot_be_are_refused_at_their_field(kind: str, options: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        issues()[kind](**{**OPTIONS[kind], **options})
    assert [one["loc"][0] for one in refused.value.errors()] == [field]


def test_a_plaid_secret_is_tried_in_the_environment_of_its_account_alone(bench: Bench) -> None:
    options = issues()["plaid.secret"]
    sandbox = opened(bench, "plaid", tier="sandbox")
    with pytest.raises(Rejected, match="tier says sandbox"):
        sandbox.issuer("secret", options())
    text = by_hand(bench, "plaid.secret", "new")
    assert sandbox.issuer("secret", options.model_validate({"environment": "sandbox"})).takes(value(text)) is True
    with pytest.raises(Rejected, match="no client id"):
        opened(bench, "plaid", id=None).issuer("secret", options())
    assert platforms()["plaid"].base_urls.keys() == {"sandbox"}  # type: ignore[attr-defined]


def test_a_secret_of_another_client_is_not_taken(bench: Bench) -> None:
    other = str(bench.world.create("plaid", "secret", "theirs", "other", {})["secret"])
    assert issuer(bench, "plaid.secret").takes(value(other)) is False
    assert issuer(bench, "plaid.secret", client_id="b" * 32).takes(value(other)) is True


def test_a_client_of_plaid_has_two_secrets_at_the_most(bench: Bench) -> None:
    for name in ("old", "new"):
        by_hand(bench, "plaid.secret", name)
    with pytest.raises(ValueError, match="two secrets already"):
        by_hand(bench, "plaid.secret", "newer")


@pytest.mark.parametrize("kind", TRIED)
def test_a_vendor_that_repeats_what_it_was_sent_gives_nothing_away(
    bench: Bench, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each refuses in words of its own, and in them the credential that came in a header."""
    text = "zQ7-canary-0nly-here"
    told: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent = request.headers.get("plaid-secret") or request.headers["authorization"]
        told.append(sent)
        said = f"you sent {sent}"
        error = {"message": said, "code": said, "type": said, "name": said}
        plaid = {"error_code": said, "error_message": said}
        return httpx.Response(500, json={"errors": [error], "error": error, **error, **plaid})

    monkeypatch.setattr(httpx, "WSGITransport", lambda app: httpx.MockTransport(answer))
    with pytest.raises(PlatformError) as refused:
        issuer(bench, kind).takes(value(text))
    assert told and text in told[0]
    assert text not in str(refused.value) and text not in repr(vars(refused.value))
