"""What the sandbox asks of every Pretend, and what faults do to a vendor's own listings and batches."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from reconcile.model.pretend import PretendPlatform
from reconcile.model.secret import SecretText
from reconcile.platforms import pretends
from reconcile.sandbox.serve import Served, serve
from reconcile.sandbox.world import AccountSeed, World

OWN, FOREIGN = "own-token", "foreign-token"


def world_of(name: str, **options: Any) -> World:
    seeds = (
        AccountSeed("acme", name, "a" * 32, SecretText(OWN)),
        AccountSeed("zeta", name, "b" * 32, SecretText(FOREIGN)),
    )
    return World({name: pretends()[name]}, seeds, **options)


def asking(world: World, name: str, token: str = OWN) -> httpx.Client:
    return httpx.Client(
        transport=httpx.WSGITransport(world.wsgi(name)),
        base_url=f"http://127.0.0.1{pretends()[name].prefix}",
        headers={"Authorization": f"Bearer {token}"},
    )


def refusal_of(pretend: PretendPlatform, status: int) -> tuple[int, Any]:
    told = pretend.refusal(status, "injected fault")
    return told.status, told.body


LISTING = [name for name, kind in sorted(pretends().items()) if any(one.method == "GET" for one in kind().routes())]
"""Platforms that are asked by GET; one that speaks GraphQL has tests of its own in tests/railway."""


@pytest.mark.parametrize("name", LISTING)
def test_a_platform_refuses_strangers_unknown_paths_and_unknown_parameters_in_its_own_words(name: str) -> None:
    world = world_of(name)
    listing = next(route for route in pretends()[name]().routes() if route.method == "GET" and "{" not in route.path)
    with asking(world, name) as own, asking(world, name, "nobody") as stranger:
        assert stranger.get(listing.path).status_code == refusal_of(pretends()[name](), 401)[0]
        assert own.get("/no/such/path").status_code == 404
        assert own.get(listing.path).status_code == 200
        assert own.get(listing.path, params={"no_such_parameter": "1"}).status_code in (400, 422)


@pytest.mark.parametrize("status", [401, 403, 429, 500, 502, 503])
@pytest.mark.parametrize("name", sorted(pretends()))
def test_a_fault_looks_like_the_platforms_own(name: str, status: int) -> None:
    world = world_of(name)
    world.fault(name, f"{status} times=always")
    route = next(route for route in pretends()[name]().routes() if "{" not in route.path)
    asked = {"query": "query Projects { projects { edges { node { id } } } }"} if route.method == "POST" else None
    with asking(world, name) as client:
        answer = client.request(route.method, route.path, json=asked)
    body = answer.json() if answer.headers["content-type"].startswith("application/json") else answer.text
    assert (answer.status_code, body) == refusal_of(pretends()[name](), status)


@pytest.mark.parametrize("name", sorted(pretends()))
def test_a_platform_is_described_well_enough_to_be_mounted(name: str) -> None:
    pretend = pretends()[name]()
    routes = [(route.method, route.path) for route in pretend.routes()]
    assert len(routes) == len(set(routes))
    assert all(
        path.startswith("/") and not path.startswith(pretend.prefix + "/") for _, path in routes if pretend.prefix
    )
    assert pretend.kinds()
    assert json.dumps(world_of(name).things())


@pytest.fixture
def cloudflare() -> World:
    world = world_of("cloudflare")
    world.create("cloudflare", "zone", "example.com", "acme", {})
    return world


def test_a_zone_made_by_hand_belongs_to_the_account_that_the_token_opens(cloudflare: World) -> None:
    (first,) = cloudflare.shelf("cloudflare", "acme", "zone")
    cloudflare.delete("cloudflare", "zone", "example.com", "acme", {})
    made = cloudflare.create("cloudflare", "zone", "example.net", "acme", {})
    other = cloudflare.create("cloudflare", "zone", "example.org", "zeta", {})
    assert made["id"] != first
    assert (made["account"]["id"], other["account"]["id"]) == ("a" * 32, "b" * 32)


@pytest.fixture
def records(cloudflare: World) -> str:
    (zone,) = cloudflare.shelf("cloudflare", "acme", "zone")
    return f"/zones/{zone}/dns_records"


@pytest.fixture
def client(cloudflare: World) -> Iterator[httpx.Client]:
    with asking(cloudflare, "cloudflare") as client:
        yield client


def a_record(number: int) -> dict[str, Any]:
    return {"name": f"n{number}.example.com", "type": "A", "content": "192.0.2.1", "ttl": 300}


def posts(count: int) -> dict[str, Any]:
    return {
        "posts": [
            {"name": f"n{number}.example.com", "type": "A", "content": "192.0.2.1", "ttl": 300}
            for number in range(count)
        ]
    }


def listed(client: httpx.Client, records: str, **query: int) -> list[str]:
    return [record["name"] for record in client.get(records, params=query).json()["result"]]


def test_a_batch_whose_answer_is_lost_was_carried_out(cloudflare: World, client: httpx.Client, records: str) -> None:
    cloudflare.fault("cloudflare", "reset after POST /zones/*/dns_records/batch")
    with pytest.raises(httpx.ReadError):
        client.post(f"{records}/batch", json=posts(5))
    assert len(listed(client, records)) == 5


def test_a_batch_that_fails_before_its_effect_was_not(cloudflare: World, client: httpx.Client, records: str) -> None:
    cloudflare.fault("cloudflare", "500 POST /client/v4/zones/*/dns_records/batch")
    assert client.post(f"{records}/batch", json=posts(5)).status_code == 500
    assert listed(client, records) == []


def test_a_shifted_listing_disagrees_with_its_own_total(cloudflare: World, client: httpx.Client, records: str) -> None:
    client.post(f"{records}/batch", json=posts(9))
    cloudflare.fault("cloudflare", "shift GET /zones/*/dns_records")
    first = client.get(records, params={"per_page": 5, "page": 1}).json()
    second = client.get(records, params={"per_page": 5, "page": 2}).json()
    assert [page["result_info"]["total_count"] for page in (first, second)] == [9, 8]
    assert [record["name"] for record in second["result"]] == [f"n{number}.example.com" for number in (6, 7, 8)]


def test_a_stale_listing_lacks_what_was_just_made(cloudflare: World, client: httpx.Client, records: str) -> None:
    cloudflare.fault("cloudflare", "stale=2 GET /zones/*/dns_records")
    client.post(f"{records}/batch", json=posts(3))
    assert [len(listed(client, records)) for _ in range(3)] == [0, 0, 3]


def test_another_accounts_token_does_not_open_the_zone(cloudflare: World, records: str) -> None:
    with asking(cloudflare, "cloudflare", FOREIGN) as foreign:
        assert foreign.get(records).status_code == 403


def test_a_record_is_edited_by_name_and_type(cloudflare: World, client: httpx.Client) -> None:
    for kind, content in (("A", "192.0.2.1"), ("AAAA", "2001:db8::1")):
        cloudflare.create("cloudflare", "record", "www.example.com", "acme", {"type": kind, "content": content})
    with pytest.raises(ValueError, match=r"2 of kind record answer to 'www.example.com'"):
        cloudflare.edit("cloudflare", "record", "www.example.com", None, {"ttl": "600"})
    edited = cloudflare.edit("cloudflare", "record", "www.example.com", None, {"type": "AAAA", "ttl": "600"})
    assert (edited["type"], edited["ttl"]) == ("AAAA", 600)


def test_ten_thousand_records_are_listed_quickly(cloudflare: World, client: httpx.Client, records: str) -> None:
    for start in range(0, 10_000, 200):
        batch = [a_record(number) for number in range(start, start + 200)]
        assert client.post(f"{records}/batch", json={"posts": batch}).status_code == 200
    cloudflare.clear_calls()
    for _ in range(3):
        assert len(listed(client, records, per_page=50_000)) == 10_000
    # The target is 0.12 s on an idle machine; the best of three, doubled, holds on a busy one.
    assert min(call["seconds"] for call in cloudflare.calls()) < 0.24


def test_the_page_shows_a_vendors_records(cloudflare: World, client: httpx.Client, records: str) -> None:
    client.post(f"{records}/batch", json=posts(2))
    served: Served = serve(cloudflare)
    try:
        text = httpx.get(served.page_url, trust_env=False).text
    finally:
        served.stop()
    assert "acme: 2 × record" in text
    assert "n1.example.com" in text
    assert OWN not in text
