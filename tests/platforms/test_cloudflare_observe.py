"""What a Cloudflare account holds, and what could not be seen of it."""

import pytest

from reconcile.model.observation import Container, Scope
from reconcile.platforms.cloudflare import listing, platform

from .conftest import ACME, OTHER, Bench, change, everything, live, only, record


def _fill(bench: Bench, zone: str, count: int) -> None:
    for number in range(count):
        bench.world.create("cloudflare", "record", f"h{number}.{zone}", "acme", {"type": "A", "content": "192.0.2.1"})


def test_an_empty_account_is_read_whole_and_holds_nothing(bench: Bench) -> None:
    found = bench.cloudflare(id=None).observe(everything())
    assert (found.seen, found.gaps, found.account_id) == ((), (), None)
    assert found.read == {Container("cloudflare.zone")}


def test_zones_and_records_are_seen_with_the_account_that_answered(bench: Bench) -> None:
    bench.zone()
    _fill(bench, "acme.example", 2)
    found = bench.cloudflare().observe(everything())
    assert [seen.key for seen in found.seen] == [
        ("acme.example",),
        ("acme.example", "h0.acme.example", "A", "192.0.2.1"),
        ("acme.example", "h1.acme.example", "A", "192.0.2.1"),
    ]
    assert found.read == {Container("cloudflare.zone"), Container("cloudflare.record", "acme.example")}
    assert found.account_id == ACME and not found.gaps
    zone = found.seen[0].resource
    assert (zone.status, zone.plan) == ("active", "free") and len(zone.name_servers) == 2  # type: ignore[attr-defined]


def test_only_what_is_in_scope_is_asked_for(bench: Bench) -> None:
    for name in ("acme.example", "second.example"):
        bench.zone(name)
        _fill(bench, name, 1)
    bench.world.clear_calls()
    found = bench.cloudflare().observe(only("second.example"))
    assert [resource.container() for resource in live(found)] == ["second.example"]
    assert found.read == {Container("cloudflare.record", "second.example")}
    assert len(bench.calls()) == 2


def test_zones_that_were_listed_are_not_listed_again_for_their_records(bench: Bench) -> None:
    bench.zone()
    _fill(bench, "acme.example", 1)
    cloudflare = bench.cloudflare()
    cloudflare.observe(everything())
    second = bench.zone("second.example")
    bench.world.clear_calls()
    again = cloudflare.observe(only("acme.example"))
    assert [resource.container() for resource in live(again)] == ["acme.example"]
    assert again.account_id == ACME
    assert len(bench.calls()) == 1
    assert cloudflare.observe(only("second.example")).read == {Container("cloudflare.record", "second.example")}
    assert [call.partition("?")[0] for call in bench.calls()[1:]] == [
        "GET /client/v4/zones",
        f"GET /client/v4/zones/{second}/dns_records",
    ]


def test_a_zone_that_went_away_since_it_was_listed_is_a_gap(bench: Bench) -> None:
    bench.zone()
    cloudflare = bench.cloudflare()
    cloudflare.observe(everything())
    bench.world.delete("cloudflare", "zone", "acme.example", "acme", {})
    found = cloudflare.observe(only("acme.example"))
    assert found.read == frozenset()
    assert [gap.container for gap in found.gaps] == ["acme.example"]


def test_an_empty_scope_asks_nothing(bench: Bench) -> None:
    bench.cloudflare().observe(Scope("acme", frozenset()))
    assert bench.calls() == []


def test_every_page_of_zones_and_of_records_is_read(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "RECORDS_PER_PAGE", 4)
    monkeypatch.setattr(platform, "ZONES_PER_PAGE", 5)
    for number in range(12):
        bench.zone(f"z{number}.example")
    _fill(bench, "z0.example", 9)
    found = bench.cloudflare().observe(everything())
    assert not found.gaps
    assert sum(seen.kind == "cloudflare.zone" for seen in found.seen) == 12
    assert len(live(found)) == 9
    assert len(bench.calls("GET", "/client/v4/zones?")) == 3
    assert len(bench.calls("GET", "dns_records")) == 11 + 3


@pytest.mark.parametrize("fault", ["shift", "shift=repeat"])
def test_a_page_that_shifts_is_a_gap_and_no_list(bench: Bench, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    monkeypatch.setattr(platform, "RECORDS_PER_PAGE", 4)
    bench.zone()
    _fill(bench, "acme.example", 9)
    bench.world.fault("cloudflare", f"{fault} GET /zones/*/dns_records")
    found = bench.cloudflare().observe(everything())
    (gap,) = found.gaps
    assert (gap.kind, gap.container, gap.exit_code) == ("cloudflare.record", "acme.example", 17)
    assert "page shifted" in gap.reason
    assert live(found) == [] and Container("cloudflare.record", "acme.example") not in found.read


def test_a_zone_that_is_not_there_is_a_gap_of_its_records(bench: Bench) -> None:
    bench.zone()
    found = bench.cloudflare().observe(only("acme.example", "gone.example"))
    (gap,) = found.gaps
    assert (gap.container, gap.reason) == ("gone.example", "zone gone.example is not in this account")


def test_a_zone_that_is_not_active_is_seen_with_its_status(bench: Bench) -> None:
    bench.zone()
    bench.world.edit("cloudflare", "zone", "acme.example", "acme", {"status": "pending"})
    found = bench.cloudflare().observe(everything())
    assert found.seen[0].resource.status == "pending" and not found.gaps  # type: ignore[attr-defined]


def test_a_refused_token_hides_every_kind(bench: Bench) -> None:
    bench.zone()
    found = bench.cloudflare(token="wrong").observe(everything())
    assert [(gap.kind, gap.container, gap.exit_code, gap.right) for gap in found.gaps] == [
        ("cloudflare.zone", "*", 14, ""),
        ("cloudflare.record", "*", 14, ""),
    ]
    assert not found.read


def test_a_missing_right_is_named(bench: Bench) -> None:
    for name in ("acme.example", "second.example"):
        bench.zone(name)
    bench.world.fault("cloudflare", "403 GET /zones/*/dns_records")
    found = bench.cloudflare().observe(everything())
    (gap,) = found.gaps
    assert (gap.kind, gap.right) == ("cloudflare.record", "DNS:Read")
    assert len([one for one in found.read if one.kind == "cloudflare.record"]) == 1


def test_a_missing_right_to_list_zones_is_named(bench: Bench) -> None:
    bench.world.fault("cloudflare", "403 GET /zones times=always")
    assert {gap.right for gap in bench.cloudflare().observe(everything()).gaps} == {"Zone:Read"}


@pytest.mark.parametrize(("fault", "exit_code"), [("429 retry-after=900", 15), ("503", 17), ("reset", 17)])
def test_what_hides_a_zone_keeps_its_exit_code(bench: Bench, fault: str, exit_code: int) -> None:
    bench.zone()
    bench.world.fault("cloudflare", f"{fault} GET /zones/*/dns_records times=always")
    (gap,) = bench.cloudflare().observe(everything()).gaps
    assert (gap.container, gap.exit_code) == ("acme.example", exit_code)


def test_a_broken_connection_is_tried_again(bench: Bench) -> None:
    bench.zone()
    bench.world.fault("cloudflare", "502 GET /zones")
    assert bench.cloudflare().observe(everything()).gaps == ()


def test_another_accounts_token_is_told_from_an_empty_account(bench: Bench) -> None:
    bench.zone("other.example", account="other")
    found = bench.cloudflare("other", id=ACME).observe(everything("other"))
    assert found.account_id == OTHER
    assert not [seen for seen in found.seen if seen.kind == "cloudflare.record"]


def test_of_several_accounts_none_is_guessed(bench: Bench) -> None:
    bench.zone()
    bench.zone("second.example")
    zone = next(one for one in bench.world.shelf("cloudflare", "acme", "zone").values() if one["name"][0] == "s")
    zone["account"] = {"id": OTHER, "name": "other"}
    unpinned = bench.cloudflare(id=None).observe(everything())
    assert {gap.exit_code for gap in unpinned.gaps} == {14} and not unpinned.seen
    assert "pin one" in unpinned.gaps[0].reason
    pinned = bench.cloudflare(id=ACME).observe(everything())
    assert [seen.key for seen in pinned.seen] == [("acme.example",)]


@pytest.mark.parametrize(
    ("meta", "product"),
    [
        ({}, ""),
        ({"meta.email_routing": "true"}, "Email Routing"),
        ({"meta.email_routing": "true", "meta.read_only": "true"}, "Email Routing"),
        ({"meta.origin_worker_id": "w1", "meta.read_only": "true"}, "Workers"),
        ({"meta.r2_bucket": "files"}, "R2"),
        ({"meta.read_only": "true"}, "Cloudflare"),
        ({"meta.auto_added": "true"}, ""),
    ],
)
def test_what_the_platforms_own_products_made_is_marked(bench: Bench, meta: dict[str, str], product: str) -> None:
    bench.zone()
    fields = {"type": "TXT", "content": "x", **meta}
    bench.world.create("cloudflare", "record", "x.acme.example", "acme", fields)
    found = bench.cloudflare().observe(everything())
    assert [seen.managed for seen in found.seen if seen.kind == "cloudflare.record"] == [product]


def test_our_mark_is_read_from_the_comment(bench: Bench) -> None:
    bench.zone()
    mark = "trueup:runbooks/acme/cloudflare.record.acme-example/x"
    list(bench.cloudflare().apply([change(record(name="x", type="TXT", content="a"), marker=mark)]))
    (seen,) = [one for one in bench.cloudflare().observe(everything()).seen if one.owner]
    assert str(seen.owner) == mark


def test_a_record_that_cannot_be_read_hides_its_zone_and_says_which_field(bench: Bench) -> None:
    bench.zone()
    _fill(bench, "acme.example", 1)
    bench.records()[0]["content"] = "not an address"
    (gap,) = bench.cloudflare().observe(everything()).gaps
    assert gap.container == "acme.example" and "content" in gap.reason


def test_a_record_of_a_type_that_no_stack_can_declare_hides_nothing(bench: Bench) -> None:
    bench.zone()
    _fill(bench, "acme.example", 2)
    bench.records()[0]["type"] = "SPF"
    found = bench.cloudflare().observe(everything())
    assert len(live(found)) == 1 and not found.gaps


def test_the_pages_asked_for_are_within_the_vendors_bounds() -> None:
    assert listing.ZONES_PER_PAGE == 50
    assert 100 <= listing.RECORDS_PER_PAGE <= 5_000_000
