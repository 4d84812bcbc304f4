"""Secrets do not pass the redactor, sentences do."""

import base64
import json
import time
from urllib.parse import quote, quote_plus

import pytest

from reconcile.model.secret import SecretText
from reconcile.wire import Redactor

VALUE = 'p@ss w/ör"d+\\1&x'
REDACTOR = Redactor([SecretText(VALUE), SecretText("Bearer tok-12345678"), SecretText("ab"), SecretText("")])


@pytest.mark.parametrize(
    "form",
    [
        VALUE,
        quote(VALUE, safe=""),
        quote(VALUE),
        quote_plus(VALUE),
        json.dumps(VALUE),
        json.dumps(VALUE, ensure_ascii=False),
        base64.b64encode(VALUE.encode()).decode(),
        base64.urlsafe_b64encode(VALUE.encode()).decode().rstrip("="),
        base64.b64encode(f"u:{VALUE}".encode()).decode(),
        base64.b64encode(f"user:{VALUE}\n".encode()).decode(),
        base64.b64encode(f"xuser:{VALUE}, and".encode()).decode(),
    ],
)
def test_a_known_value_is_masked_in_every_form_it_travels_in(form: str) -> None:
    told = REDACTOR.text(f"begin {form} end")
    assert "***" in told
    assert form not in told
    assert told.startswith("begin ") and told.endswith(" end")
    core = form.strip('"')[4:-4]
    assert core not in told


def test_the_bare_token_of_a_header_value_is_masked() -> None:
    assert REDACTOR.text("no tok-12345678 here") == "no *** here"


def test_the_parts_of_a_basic_header_are_masked() -> None:
    header = "Basic " + base64.b64encode(b"me:hunter22").decode()
    assert Redactor([SecretText(header)]).text("wrong password hunter22 for me") == "wrong password *** for me"


def test_a_short_value_is_masked_as_a_word_only() -> None:
    assert REDACTOR.text("ab about (ab)") == "*** about (***)"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Authorization: Bearer abc.def", "Authorization: ***"),
        ("authorization=xyz", "authorization=***"),
        ('{"Authorization": "Basic abcdef"}', '{"Authorization": "***"}'),
        ("Proxy-Authorization: Basic QQ==\r\nhost: x", "Proxy-Authorization: ***\r\nhost: x"),
        ("sent bearer abcdefgh, refused", "sent bearer ***, refused"),
        ("with Basic dXNlcjpwYXNzd29yZA== failed", "with Basic *** failed"),
        ("at postgres://me:p4ss@db.io/x", "at postgres://***@db.io/x"),
        ("at redis://:p@ss/w@db.io", "at redis://***@db.io"),
        ("at https://token@github.com/a", "at https://***@github.com/a"),
        ("/x?page=2&token=abc&per=5", "/x?page=2&token=***&per=5"),
        ("/x?API_KEY=abc#top", "/x?API_KEY=***#top"),
        ("/x?client_secret=abc", "/x?client_secret=***"),
        ("/x?password=a%20b&y=1", "/x?password=***&y=1"),
        ("/x?X-Amz-Signature=abc", "/x?X-Amz-Signature=***"),
        ('{"password": "a b c", "n": 1}', '{"password": "***", "n": 1}'),
        ("password: hunter2", "password: ***"),
        ("SENTRY_DSN=https://x", "SENTRY_DSN=***"),
        ("key sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc", "key ***"),
        ("key xoxb-123456-abcdef", "key ***"),
        ("key ghp_" + "abcdefghijklmnop1234", "key ***"),
        ("key github_pat_" + "11ABCDEFG0abcdefghij", "key ***"),
        ("key AKIA" + "ABCDEFGHIJKLMNOP", "key ***"),
        ("key SG." + "abcdefghij.klmnopqrst", "key ***"),
        ("key eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl", "key ***"),
        ("a\n-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\nb", "a\n***\nb"),
        ("a -----BEGIN RSA PRIVATE KEY-----\nMIIB, cut", "a ***"),
    ],
)
def test_credential_shapes_are_masked(text: str, told: str) -> None:
    assert Redactor([]).text(text) == told


@pytest.mark.parametrize(
    "text",
    [
        "GET /zones?page=2&per_page=50&name=x.io",
        "unknown key: proxyed",
        "A record with the same name exists: 81053",
        "see https://developers.cloudflare.com/api",
        "mail to a@b.io is refused",
        "The token is expired",
        "basic plan needed",
        "primary_keyboard=us",
    ],
)
def test_sentences_pass(text: str) -> None:
    assert Redactor([]).text(text) == text


def test_a_redactor_can_know_more() -> None:
    assert Redactor([SecretText("first-1")]).knowing([SecretText("second-2")]).text("first-1 second-2") == "*** ***"


def test_a_redactor_shows_no_value() -> None:
    assert VALUE not in repr(REDACTOR)


@pytest.mark.parametrize(
    "text", ["a" * 3_000_000, "token" * 600_000, "://" * 500_000, "eyJ" * 900_000, '"\\' * 500_000]
)
def test_a_huge_text_takes_no_long_time(text: str) -> None:
    began = time.perf_counter()
    told = Redactor([]).text(text + "://x@y -----BEGIN ")
    assert time.perf_counter() - began < 1.5
    assert len(told) < 70_000


def test_a_cut_never_leaves_half_a_secret() -> None:
    value = "plain-" + "a1b2" * 100
    told = Redactor([SecretText(value)]).text("x " * 32_760 + value)
    assert told.endswith("x…")
    assert "plain-" not in told
