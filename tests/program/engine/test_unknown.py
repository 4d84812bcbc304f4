"""What a preview does not know yet is told by a marker of its type, and the gate knows each of them."""

from typing import Any

import pytest

from reconcile.platforms import kinds
from reconcile.program.engine.preview import Preview, Step
from reconcile.program.gate import Types, judge_preview
from reconcile.program.tokens import by_token
from reconcile.rules import shipped

RECORD = "cloudflare:index/dnsRecord:DnsRecord"
BEFORE = {"zoneId": "0" * 32, "type": "A", "name": "a.shop.example", "content": "192.0.2.1", "ttl": 300}
TEXT, BOOLEAN, NUMBER, LIST, MAP = (
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
)


@pytest.mark.parametrize(
    ("field", "marker"),
    [("content", TEXT), ("proxied", BOOLEAN), ("ttl", NUMBER), ("tags", LIST), ("settings", MAP)],
)
def test_a_marker_of_any_type_is_taken_for_no_value(field: str, marker: str) -> None:
    after: dict[str, Any] = {**BEFORE, field: marker}
    urn = f"urn:pulumi:production::shop::trueup:platform:Cloudflare${RECORD}::shop/a"
    step = Step("update", urn, before=BEFORE, after=after, fields={field: "update"})
    found = judge_preview(Preview((step,)), Types(by_token(kinds())), shipped(), {}, "preview.json")
    (change,) = found.plan.changes
    assert marker not in repr(change)
    assert [one.name for one in change.fields if one.pending] == ([field] if marker == TEXT else [])
