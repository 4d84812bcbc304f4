"""What cannot be seen is a gap: nothing inside it is made, deleted or adopted, and the exit code says so."""

from collections.abc import Callable

import httpx
import pytest

from reconcile.loop import plan_exit_code

from .conftest import Begin
from .estate import PROJECT, SHOP, Estate, said, unmanaged

RECORDS = "GET /zones/*/dns_records"
ZONES = "GET /zones"


@pytest.fixture
def troubled(applied: Estate) -> Estate:
    """A thing to make again, one to prune, one to take over, one that is foreign, one that drifted."""
    applied.delete("api.shop.example", "A")
    applied.edit("shop.example", "MX", priority="20")
    applied.create("new.shop.example", "A", "192.0.2.50")
    applied.create("blog.shop.example", "A", "192.0.2.99")
    text = SHOP.replace("      www:", "      #www:")
    applied.write(
        "shop", text + "      new: {type: A, content: 192.0.2.50}\n      newer: {type: A, content: 192.0.2.51}\n"
    )
    applied.world.clear_calls()
    return applied


@pytest.mark.parametrize("where", [RECORDS, ZONES])
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("500", 17),
        ("502", 17),
        ("403", 17),
        ("401", 14),
        ("reset", 17),
        ("truncate", 17),
        ("truncate=json", 17),
        ("429 retry-after=400", 15),
    ],
)
def test_an_outage_of_a_listing_is_a_gap(troubled: Estate, where: str, fault: str, code: int) -> None:
    kind, _, rest = fault.partition(" ")
    troubled.fault(f"{kind} {where} times=always {rest}".strip())
    before = troubled.live()
    judged = troubled.plan()
    assert said(judged) == []
    assert (judged.plan.adopt, judged.plan.gone) == ((), ())
    assert unmanaged(judged) == []
    assert plan_exit_code(judged, detailed=True) == code
    run = troubled.apply()
    assert run.exit_code() == code
    assert troubled.writes() == []
    assert troubled.live() == before
    assert len(troubled.memory().owned) == 5


def test_when_the_outage_is_over_everything_is_done(troubled: Estate) -> None:
    troubled.fault(f"500 {RECORDS} times=always")
    troubled.apply()
    troubled.world.clear_faults()
    assert sorted(verb for verb, _, _ in said(troubled.plan())) == ["create", "create", "delete", "update"]
    assert troubled.apply().exit_code() == 0
    assert [verb for verb, _, _ in said(troubled.plan())] == []


def test_a_missing_right_is_named(applied: Estate) -> None:
    applied.fault(f"403 {RECORDS} times=always")
    (gap,) = applied.plan().plan.gaps
    assert gap.right == "DNS:Read"
    assert gap.container == "shop.example"


def test_a_short_outage_is_waited_for(applied: Estate) -> None:
    applied.fault(f"502 {RECORDS} times=2")
    judged = applied.plan()
    assert judged.plan.gaps == ()
    assert len(applied.slept) == 2


def crowd(estate: Estate, kind: str, count: int) -> None:
    """Fills a shelf with copies, so that its listing has a second page."""
    shelf = estate.world.shelf("cloudflare", "acme", kind)
    pattern = next(iter(shelf.values()))
    for number in range(1, count + 1):
        id = f"{number:032x}"
        shelf[id] = {**pattern, "id": id, "name": f"n{number}.{pattern['name']}", "comment": None}


def cut_page_two(world_calls: Callable[[], list[dict[str, object]]]) -> Callable[[int, str], None]:
    def told(number: int, moment: str) -> None:
        if moment == "before" and "page=2" in str(world_calls()[-1]["path"]):
            raise httpx.ReadError("[Errno 104] Connection reset by peer")

    return told


@pytest.mark.parametrize("how", ["cut", "shift", "shift=repeat"])
@pytest.mark.parametrize(("kind", "path", "count"), [("zone", ZONES, 60), ("record", RECORDS, 5_010)])
def test_a_second_page_that_fails_or_shifts_hides_the_whole_listing(
    applied: Estate, kind: str, path: str, count: int, how: str
) -> None:
    crowd(applied, kind, count)
    applied.write("shop", SHOP.replace("      api:", "      #api:"))
    if how == "cut":
        applied.world.on_call = cut_page_two(lambda: applied.world.calls(1))
    else:
        applied.fault(f"{how} {path} times=always")
    before = len(applied.live())
    run = applied.apply()
    assert run.exit_code() == 17
    assert run.outcomes == ()
    assert len(applied.live()) == before
    assert applied.writes() == []


def test_two_whole_pages_are_one_listing(applied: Estate) -> None:
    crowd(applied, "record", 5_010)
    judged = applied.plan()
    assert said(judged) == []
    assert len(judged.plan.unmanaged) == 5_010
    assert len([one for one in applied.world.calls() if one["platform"] == "cloudflare"]) == 3


def test_an_outage_of_one_zone_leaves_the_other_to_be_kept(begin: Begin) -> None:
    estate = begin()
    estate.write(
        "farm",
        "account: acme\ncloudflare:\n  zone: {farm: {name: farm.example}}\n"
        "  records: {farm: {api: {type: A, content: 192.0.2.7}}}",
    )
    estate.begin_more()
    assert estate.apply().exit_code() == 0
    estate.delete("api.shop.example", "A")
    estate.delete("api.farm.example", "A")
    (farm,) = [one["id"] for one in estate.live("zone") if one["name"] == "farm.example"]
    estate.fault(f"500 GET /zones/{farm}/dns_records times=always")
    run = estate.apply()
    assert run.exit_code() == 17
    assert estate.record("api.shop.example", "A")
    assert "api.farm.example A" not in estate.names()


def test_an_outage_of_one_platform_leaves_the_other_to_be_kept(begin: Begin) -> None:
    estate = begin(SHOP + "\nbetterstack:\n  heartbeat: {job: {period: 60}}\n")
    assert estate.apply().exit_code() == 0
    estate.delete("api.shop.example", "A")
    estate.world.shelf("betterstack", "acme", "heartbeat").clear()
    estate.fault("500 GET /api/v2/heartbeats times=always", "betterstack")
    assert estate.apply().exit_code() == 17
    assert estate.record("api.shop.example", "A")
    assert estate.live("heartbeat", "betterstack") == []


def test_a_zone_that_is_not_there_is_a_gap(begin: Begin) -> None:
    estate = begin(begin=False)
    judged = estate.plan()
    assert said(judged) == []
    assert {gap.exit_code for gap in judged.plan.gaps} == {17}


def test_a_credential_that_is_not_there_is_a_gap_of_its_account(begin: Begin) -> None:
    estate = begin(project=PROJECT + "  other:\n    cloudflare: {credentials: {token: OTHER}}\n")
    estate.write(
        "farm",
        "account: other\ncloudflare:\n  zone: {farm: {name: farm.example}}\n"
        "  records: {farm: {api: {type: A, content: 192.0.2.7}}}",
    )
    estate.begin_more()
    estate.world.seeds = tuple(one for one in estate.world.seeds if one.account == "acme")
    run = estate.apply()
    assert run.exit_code() == 14
    assert len(estate.live()) == 5


def test_a_refusal_names_the_request_that_the_vendor_can_look_up(applied: Estate) -> None:
    applied.world.clear_calls()
    applied.world.fault("cloudflare", "403 before GET /zones/*/dns_records times=always")
    (gap,) = [gap for gap in applied.plan().plan.gaps if gap.container == "shop.example"]
    # Zones are listed side by side: the refused call is that of this zone, whichever came last.
    path = gap.reason.split()[1].rstrip(":")
    (refused,) = [call["n"] for call in applied.world.calls() if path in call["path"]]
    assert f"request {refused:016x}" in gap.reason
