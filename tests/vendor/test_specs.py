"""What we send and what the sandbox answers, held against the vendors' published schemas."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import CLOSING
from tests.vendor.openapi import Document
from tests.vendor.scripted import Scripted

pytestmark = pytest.mark.tier("specs")

SPECS = Path(__file__).parents[2].parent / "shared" / "specs"
UNSET: dict[str, frozenset[str]] = {
    # No schema is published: this one was made from the Terraform provider, which has no null. The documentation's
    # own example answers null in fields that nobody has set.
    "betterstack": frozenset(
        (
            "heartbeat_group_id",
            "maintenance_from",
            "maintenance_to",
            "paused_at",
            "policy_id",
            "server_timezone",
            "sort_index",
        )
    ),
    "cloudflare": frozenset(),
}


@pytest.fixture(params=sorted(UNSET))
def platform(request: pytest.FixtureRequest) -> str:
    name = str(request.param)
    if not (SPECS / f"{name}.json").is_file():
        pytest.skip(f"not run: ../shared/specs/{name}.json is not here")
    return name


def test_every_exchange_fits_the_published_schema(
    platform: str, scripted: Scripted, record_property: Callable[[str, object], None]
) -> None:
    document = _document(platform, scripted)
    calls = [call for call in scripted.calls() if call["platform"] == platform]
    validated, wrong, undescribed = 0, [], Counter[int]()
    for call in calls:
        found = document.check(call)
        if found is None:
            undescribed[call["status"]] += 1
        elif found:
            wrong += found
        else:
            validated += 1
    left = ", ".join(f"{count} of status {status or 'none'}" for status, count in sorted(undescribed.items())) or "all"
    record_property(
        CLOSING, f"specs: {platform}: validated {validated} of {len(calls)} exchanges ({left} have no schema)"
    )
    assert not wrong, "\n".join(sorted(set(wrong)))
    # What a server says while it fails, or when the line is cut, nobody publishes.
    assert all(status == 0 or status >= 500 for status in undescribed), undescribed
    assert validated > 20


@pytest.mark.parametrize(
    ("field", "value"), [("content", 5), ("ttl", "300"), ("proxy", True), ("type", "A5"), ("settings", {"on": "yes"})]
)
def test_a_wrong_body_is_seen(scripted: Scripted, field: str, value: object) -> None:
    """The check itself can fail: it is given what the vendor would refuse."""
    if not (SPECS / "cloudflare.json").is_file():
        pytest.skip("not run: ../shared/specs/cloudflare.json is not here")
    document = _document("cloudflare", scripted)
    batch = next(
        call for call in scripted.calls() if call["path"].endswith("/batch") and (call["request"] or {}).get("posts")
    )
    assert document.check(batch) == []
    good = next(post for post in batch["request"]["posts"] if post["type"] == "A")
    sent = {**batch, "request": {"posts": [{**good, field: value}]}}
    assert document.check(sent)
    answered = {**batch, "response": {**batch["response"], "result": {"posts": [{"type": "A", "ttl": "x"}]}}}
    assert document.check(answered)


def _document(platform: str, scripted: Scripted) -> Document:
    prefix = scripted.world.mount(platform).pretend.prefix
    return Document(SPECS / f"{platform}.json", prefix, UNSET[platform])
