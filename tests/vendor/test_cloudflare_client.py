"""Whatever our client asks of the sandbox, the vendor's own client asks too, and reads typed answers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudflare
import pytest
import yaml
from cloudflare import Cloudflare

from reconcile.assemble import begin_world
from reconcile.sandbox.serve import serve
from reconcile.sandbox.world import World
from tests.vendor.cloudflare_tokens import end, every_call
from tests.vendor.samples import SAMPLES, Fields, vendor_fields
from tests.vendor.scripted import PROJECT, ZONE, Scripted

pytestmark = pytest.mark.tier("vendor-client")

ZONES = 120
HIDDEN = "a0000000000000000000000000000002"
"""The id of the other account."""


@dataclass
class Desk:
    """The vendor's client at a served world, and where it works."""

    world: World
    url: str
    client: Cloudflare
    zone: str = ""
    foreign_zone: str = ""

    @property
    def records(self) -> Any:
        """Not typed: its methods have an overload and a union for each of 21 types; what comes is checked strictly."""
        return self.client.dns.records

    def another(self, **options: Any) -> Cloudflare:
        """The same client with other options; nothing is tried twice."""
        given = {"api_token": self.client.api_token, "base_url": self.url, "max_retries": 0, **options}
        return Cloudflare(**given, _strict_response_validation=True)

    def create(self, fields: Fields) -> Any:
        return self.records.create(zone_id=self.zone, **vendor_fields(fields, ZONE))


def _desk(root: Path, *, zones: int = 0, rate_limits: bool = False) -> Iterator[Desk]:
    (root / "stacks").mkdir()
    (root / "stacks" / "_project.yaml").write_text(PROJECT)
    for account, zone in (("acme", ZONE), ("globex", "paid.example")):
        stack = {"account": account, "cloudflare": {"zone": {"one": {"name": zone}}}}
        (root / "stacks" / f"{account}.yaml").write_text(yaml.safe_dump(stack))
    world = begin_world(root, rate_limits=rate_limits, record_bodies=True)
    for number in range(zones - 1):
        world.create("cloudflare", "zone", f"zone-{number}.example", "acme", {})
    served = serve(world)
    try:
        url = served.platform_urls["cloudflare"]
        token = served.ready.accounts["acme"]["cloudflare"].token
        # Strict: an answer that does not fit the client's own types is an error, not a guess.
        client = Cloudflare(api_token=token, base_url=url, max_retries=0, _strict_response_validation=True)
        desk = Desk(world, url, client)
        desk.zone = next(iter(client.zones.list(name=ZONE))).id
        desk.foreign_zone = next(iter(world.shelf("cloudflare", "globex", "zone")))
        yield desk
        client.close()
    finally:
        served.stop()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    yield from _desk(tmp_path_factory.mktemp("desk"), zones=ZONES)


def test_a_shell_with_the_ready_files_environment_reaches_the_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "_project.yaml").write_text(PROJECT)
    world = begin_world(tmp_path)
    world.create("cloudflare", "zone", "shell.example", "acme", {})
    served = serve(world)
    try:
        for name, value in served.ready.env.items():
            monkeypatch.setenv(name, value)
        with Cloudflare(max_retries=0) as client:
            assert [zone.name for zone in client.zones.list()] == ["shell.example"]
    finally:
        served.stop()


@pytest.fixture(autouse=True)
def _empty_zone(desk: Desk) -> Iterator[None]:
    yield
    desk.world.clear_faults()
    for id in list(desk.world.shelf("cloudflare", "acme", "record")):
        desk.world.delete("cloudflare", "record", id, "acme", {})


def test_zones_are_listed_over_three_pages(desk: Desk) -> None:
    third = desk.client.zones.list(page=3, per_page=50)
    assert len(third.result) == ZONES - 100
    assert len({zone.id for zone in desk.client.zones.list(per_page=50)}) == ZONES


def test_zones_are_listed_by_account(desk: Desk) -> None:
    own = desk.client.zones.list(account={"id": "a0000000000000000000000000000001"}, per_page=50)
    assert len(own.result) == 50
    assert not desk.client.zones.list(account={"id": HIDDEN}).result


def test_a_zone_is_read(desk: Desk) -> None:
    zone = desk.client.zones.get(zone_id=desk.zone)
    assert zone is not None
    assert (zone.name, zone.status, zone.account.id) == (ZONE, "active", "a0000000000000000000000000000001")
    assert zone.plan.legacy_id == "free"


def test_records_are_listed_over_four_pages(desk: Desk) -> None:
    posts = [{"name": f"r{number}.{ZONE}", "type": "A", "content": "192.0.2.1", "ttl": 300} for number in range(95)]
    desk.records.batch(zone_id=desk.zone, posts=posts)
    desk.world.clear_calls()
    names: list[str] = [record.name for record in desk.records.list(zone_id=desk.zone, per_page=25)]
    assert sorted(names) == sorted(str(post["name"]) for post in posts)
    # The vendor's client ends at the first empty page.
    assert len(desk.world.calls()) == 5


@pytest.mark.parametrize("name", SAMPLES)
def test_a_record_of_each_type_is_created_and_read_back(desk: Desk, name: str) -> None:
    sent = vendor_fields(SAMPLES[name], ZONE)
    made = desk.create(SAMPLES[name])
    read = desk.records.get(made.id, zone_id=desk.zone)
    assert type(read) is type(made)
    assert (read.name, read.type, read.ttl, read.content) == (made.name, sent["type"], sent["ttl"], made.content)
    assert read.content
    if "data" in sent:
        held = read.data.to_dict()
        assert {part: held[part] for part in sent["data"]} == sent["data"]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_record_of_each_type_is_put_patched_and_deleted(desk: Desk, name: str) -> None:
    records, sent = desk.records, vendor_fields(SAMPLES[name], ZONE)
    id = desk.create({**SAMPLES[name], "comment": "made"}).id
    edited = records.edit(
        id, zone_id=desk.zone, name=sent["name"], type=sent["type"], ttl=sent["ttl"], comment="edited"
    )
    assert (edited.comment, edited.content) == ("edited", records.get(id, zone_id=desk.zone).content)
    put = records.update(id, zone_id=desk.zone, **sent)
    assert put.comment == sent.get("comment")
    deleted = records.delete(id, zone_id=desk.zone)
    assert deleted is not None and deleted.id == id
    assert not records.list(zone_id=desk.zone).result


def test_a_batch_carries_out_all_four_verbs(desk: Desk) -> None:
    ids = {name: desk.create(SAMPLES[name]).id for name in ("a", "mx", "srv")}
    done = desk.records.batch(
        zone_id=desk.zone,
        deletes=[{"id": ids["a"]}],
        patches=[{"id": ids["mx"], "comment": "patched"}],
        puts=[{"id": ids["srv"], **vendor_fields({**SAMPLES["srv"], "ttl": 600}, ZONE)}],
        posts=[vendor_fields(SAMPLES["txt"], ZONE)],
    )
    assert done is not None
    lists = (done.deletes, done.patches, done.puts, done.posts)
    assert [only.type for (only,) in lists] == ["A", "MX", "SRV", "TXT"]
    left = {record.type: record for record in desk.records.list(zone_id=desk.zone)}
    assert (left["MX"].comment, left["SRV"].ttl, sorted(left)) == ("patched", 600, ["MX", "SRV", "TXT"])


def test_a_batch_that_is_refused_changes_nothing(desk: Desk) -> None:
    id = desk.create(SAMPLES["a"]).id
    twice = vendor_fields(SAMPLES["txt"], ZONE)
    with pytest.raises(cloudflare.BadRequestError) as refused:
        desk.records.batch(zone_id=desk.zone, deletes=[{"id": id}], posts=[twice, twice])
    assert refused.value.errors[0].code == 81058
    assert [record.id for record in desk.records.list(zone_id=desk.zone)] == [id]


def test_a_token_is_verified(desk: Desk) -> None:
    told = desk.client.user.tokens.verify()
    assert told is not None and told.status == "active"
    account = desk.client.accounts.tokens.verify(account_id="a0000000000000000000000000000001")
    assert account is not None and account.status == "active"


def _refused_token(desk: Desk) -> None:
    desk.another(api_token="f" * 40).zones.list()


def _missing_right(desk: Desk) -> None:
    desk.records.list(zone_id=desk.foreign_zone)


def _gone(desk: Desk) -> None:
    desk.records.get("0" * 32, zone_id=desk.zone)


def _twice(desk: Desk) -> None:
    desk.create(SAMPLES["txt"])
    desk.create(SAMPLES["txt"])


def _beside(*names: str) -> Callable[[Desk], None]:
    def create(desk: Desk) -> None:
        for name in names:
            desk.create({**SAMPLES[name], "name": "crowded"})

    return create


def _with(**fields: Any) -> Callable[[Desk], None]:
    return lambda desk: desk.create({**SAMPLES["a"], **fields})


def _read_only(desk: Desk) -> None:
    id = desk.create(SAMPLES["ptr"]).id
    desk.world.edit("cloudflare", "record", id, "acme", {"meta.read_only": "true"})
    desk.records.delete(id, zone_id=desk.zone)


def _fault(text: str) -> Callable[[Desk], None]:
    def ask(desk: Desk) -> None:
        desk.world.fault("cloudflare", text)
        desk.client.zones.list()

    return ask


Refusal = tuple[int, int, int]
"""Status, code of the first error, code of what it is chained to; 0 where there is none."""

REFUSALS: dict[Refusal, tuple[type[cloudflare.APIStatusError], Callable[[Desk], None]]] = {
    (400, 1004, 9021): (cloudflare.BadRequestError, _with(ttl=7)),
    (400, 1004, 9300): (cloudflare.BadRequestError, _with(tags=["team:web"])),
    (400, 1004, 9301): (cloudflare.BadRequestError, _with(comment="x" * 200)),
    (400, 1043, 0): (cloudflare.BadRequestError, _read_only),
    (400, 81053, 0): (cloudflare.BadRequestError, _beside("a", "cname")),
    (400, 81054, 0): (cloudflare.BadRequestError, _beside("cname", "a")),
    (400, 81056, 0): (cloudflare.BadRequestError, _beside("txt", "ns")),
    (400, 81058, 0): (cloudflare.BadRequestError, _twice),
    (400, 9005, 0): (cloudflare.BadRequestError, _with(content="256.0.0.1")),
    (401, 10000, 0): (cloudflare.AuthenticationError, _refused_token),
    (403, 10000, 0): (cloudflare.PermissionDeniedError, _missing_right),
    (404, 81044, 0): (cloudflare.NotFoundError, _gone),
    (429, 10100, 0): (cloudflare.RateLimitError, _fault("429 retry-after=3 GET /zones")),
    (500, 0, 0): (cloudflare.InternalServerError, _fault("500 GET /zones")),
    (502, 0, 0): (cloudflare.InternalServerError, _fault("502 GET /zones")),
}


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: "-".join(str(part) for part in refusal if part))
def test_the_vendors_client_reads_a_refusal(desk: Desk, refusal: Refusal) -> None:
    kind, ask = REFUSALS[refusal]
    with pytest.raises(kind) as refused:
        ask(desk)
    assert refusal_of(refused.value.status_code, refused.value.body) == refusal
    assert [error.code for error in refused.value.errors] == ([refusal[1]] if refusal[1] else [])


def test_real_rate_limits_stop_the_vendors_client(tmp_path: Path) -> None:
    for desk in _desk(tmp_path, rate_limits=True):
        limit = desk.world.mount("cloudflare").limit
        assert limit is not None
        limit.calls = 5
        with pytest.raises(cloudflare.RateLimitError) as refused:
            for _ in range(6):
                desk.client.zones.list(name=ZONE)
        assert int(refused.value.response.headers["retry-after"]) > 0
        assert "Ratelimit-Policy" in refused.value.response.headers


def test_a_broken_connection_is_one_for_the_vendors_client_too(desk: Desk) -> None:
    desk.world.fault("cloudflare", "reset GET /zones")
    with pytest.raises(cloudflare.APIConnectionError):
        desk.client.zones.list()


def refusal_of(status: int, body: Any) -> Refusal:
    errors = body.get("errors") if isinstance(body, dict) else None
    first = errors[0] if errors else {}
    chain = first.get("error_chain") or [{}]
    return status, first.get("code", 0), chain[0].get("code", 0)


def test_no_endpoint_is_called_by_our_client_alone(scripted: Scripted, desk: Desk) -> None:
    ours = _endpoints(scripted.calls())
    assert {("GET", "/zones"), ("POST", "/zones/{zone}/dns_records/batch")} <= ours
    desk.world.clear_calls()
    id = desk.create(SAMPLES["a"]).id
    records = desk.records
    for _ in (desk.client.zones.list(), records.list(zone_id=desk.zone)):
        pass
    desk.client.zones.get(zone_id=desk.zone)
    records.get(id, zone_id=desk.zone)
    records.update(id, zone_id=desk.zone, **vendor_fields(SAMPLES["a"], ZONE))
    records.edit(id, zone_id=desk.zone, **vendor_fields({**SAMPLES["a"], "ttl": 600}, ZONE))
    records.batch(zone_id=desk.zone, deletes=[{"id": id}])
    records.delete(desk.create(SAMPLES["a"]).id, zone_id=desk.zone)
    account = "a0000000000000000000000000000001"
    end(desk.client, account, every_call(desk.client, account))
    theirs = _endpoints(desk.world.calls())
    assert ours - theirs == set(), "only our own client calls these"
    # And the sandbox holds nothing that no vendor's client can reach.
    routes = {(route.method, route.path) for route in desk.world.mount("cloudflare").pretend.routes()}
    assert routes == theirs


def test_no_refusal_is_met_by_our_client_alone(scripted: Scripted) -> None:
    met = {
        refusal_of(call["status"], call["response"])
        for call in scripted.calls()
        if call["platform"] == "cloudflare" and call["status"] >= 400
    }
    assert len(met) >= 10
    assert met - set(REFUSALS) == set(), "the vendor's client was never shown these"


def test_the_doctor_was_part_of_the_run(scripted: Scripted) -> None:
    assert "Traceback" not in scripted.doctored.stderr, scripted.doctored.stderr[-500:]
    assert "acme" in scripted.doctored.stdout


def _endpoints(calls: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(call["method"], call["route"]) for call in calls if call["platform"] == "cloudflare"}
