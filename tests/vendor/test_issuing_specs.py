"""What our issuers send and what the sandbox answers them, held against the vendors' published schemas."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from reconcile.model.errors import PlatformError
from reconcile.model.rotated import VALUE
from reconcile.model.secret import SecretText
from tests.conftest import CLOSING
from tests.vendor.openapi import Document

from .issuing import CLIENT, Desk, desk

pytestmark = pytest.mark.tier("specs")

SPECS = Path(__file__).parents[2].parent / "shared" / "specs"
FILES = {
    "sendgrid": "sendgrid.json",
    "resend": "resend.json",
    "stripe": "stripe.json",
    "plaid": "plaid.json",
    "clerk": "clerk-backend.yaml",
}
UNDESCRIBED = {"stripe": frozenset({"/v1/balance"})}
"""Of which the excerpt that we have says nothing."""
MADE: dict[str, dict[str, Any]] = {
    "sendgrid.api-key": {"scopes": ("mail.send",)},
    "resend.api-key": {"permission": "sending_access"},
    "stripe.webhook": {"url": "https://api.acme.example/hooks", "events": ("invoice.paid", "charge.refunded")},
}
BY_HAND: dict[str, tuple[dict[str, Any], str]] = {
    "stripe.secret-key": ({}, "key"),
    "plaid.secret": ({"client_id": CLIENT}, "secret"),
    "clerk.secret-key": ({}, "secret"),
}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A credential of every kind through its life, refusals and all."""
    with desk(tmp_path_factory.mktemp("specs") / "root") as found:
        for kind, options in MADE.items():
            _live(found, kind, options)
        for kind, (options, field) in BY_HAND.items():
            platform, _, word = kind.partition(".")
            ours = found.issuer(kind, **options)
            key = found.world.create(platform, word, "new", "acme", {})[field]
            for _ in range(2):
                assert ours.takes({VALUE: SecretText(key)}) in (True, False)
                if found.world.shelf(platform, "acme", word):
                    found.world.delete(platform, word, "new", "acme", {})
        yield found


def _live(found: Desk, kind: str, options: dict[str, Any]) -> None:
    ours = found.issuer(kind, **options)
    made = ours.mint("trueup/acme/mail/1/1")
    ours.takes(made.value)
    assert ours.find("trueup/")
    for _ in range(2):
        ours.revoke(made.id, None)
    ours.takes(made.value)
    with suppress(PlatformError):
        ours.mint("")
    for number in range((ours.ceiling or 0) + 1):
        with suppress(PlatformError):
            ours.mint(f"trueup/{number}")


@pytest.mark.parametrize("platform", FILES)
def test_every_exchange_fits_the_published_schema(
    lived: Desk, platform: str, record_property: Callable[[str, object], None]
) -> None:
    document = _document(lived, platform)
    left_out = UNDESCRIBED.get(platform, frozenset())
    calls = [
        call
        for call in lived.world.calls()
        if call["platform"] == platform and call["path"].split("?")[0] not in left_out
    ]
    # The sandbox does not read the body of a call whose credential it refuses: it is that of the call before.
    sent = {(call["method"], call["path"]): call["request"] for call in calls if call["status"] < 300}
    whole = [{**call, "request": call["request"] or sent.get((call["method"], call["path"]))} for call in calls]
    found = [(call, document.check(call)) for call in whole]
    wrong = {line for _, lines in found for line in lines or ()}
    assert not wrong, "\n".join(sorted(wrong))
    validated = [call for call, lines in found if lines is not None]
    record_property(CLOSING, f"specs: {platform}: validated {len(validated)} of {len(calls)} exchanges")
    assert any(call["status"] < 300 for call in validated)
    # What is refused nobody describes for Resend and Clerk; of the others every answer has a schema.
    assert platform in ("resend", "clerk") or len(validated) == len(calls)


@pytest.mark.parametrize(
    ("platform", "method", "field"),
    [("sendgrid", "POST", "scopes"), ("resend", "POST", "permission"), ("stripe", "POST", "enabled_events[0]")],
)
def test_a_wrong_body_is_seen(lived: Desk, platform: str, method: str, field: str) -> None:
    """The check itself can fail: it is given what the vendor would refuse."""
    document = _document(lived, platform)
    good = next(
        call
        for call in lived.world.calls()
        if (call["platform"], call["method"]) == (platform, method) and call["status"] < 300
    )
    assert document.check(good) == []
    assert document.check({**good, "request": {**good["request"], field: "nothing-like-it" if "[" in field else 5}})
    assert document.check({**good, "request": {**good["request"], "colour": "red"}})


def _document(lived: Desk, platform: str) -> Document:
    path = SPECS / FILES[platform]
    if not path.is_file():
        pytest.skip(f"not run: ../shared/specs/{path.name} is not here")
    return Document(path, lived.world.mount(platform).pretend.prefix)
