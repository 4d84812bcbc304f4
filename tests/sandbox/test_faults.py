"""Every fault, seen by a client over a socket, and the two cuts seen in process."""

import time

import httpx
import pytest

from reconcile.sandbox.faults import parse_fault
from reconcile.sandbox.world import World

from .pretend_shop import in_process

NEW = {"name": "new"}


def names(answer: httpx.Response) -> list[str]:
    return [box["name"] for box in answer.json()["boxes"]]


def held(world: World) -> list[str]:
    return [box["name"] for box in world.shelf("shop", "acme", "box").values()]


@pytest.mark.parametrize("status", [401, 403, 429, 500, 502, 503])
def test_a_status_comes_in_the_platforms_own_words_and_without_effect(
    world: World, client: httpx.Client, boxes: str, status: int
) -> None:
    world.fault("shop", f"{status} POST /racks/*/boxes")
    refused = client.post(boxes, json=NEW)
    assert (refused.status_code, refused.json()) == (status, {"errors": ["injected fault"]})
    assert "new" not in held(world)
    assert client.post(boxes, json=NEW).status_code == 201


def test_a_status_after_the_effect_hides_an_effect_that_happened(
    world: World, client: httpx.Client, boxes: str
) -> None:
    world.fault("shop", "500 after POST /racks/*/boxes times=1")
    assert client.post(boxes, json=NEW).status_code == 500
    assert held(world).count("new") == 1


def test_429_says_how_long_to_wait(world: World, client: httpx.Client, boxes: str) -> None:
    world.fault("shop", "429 retry-after=2")
    refused = client.get(boxes)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "2")


def test_a_rule_acts_as_often_as_it_says_and_only_where_it_says(world: World, client: httpx.Client, boxes: str) -> None:
    world.fault("shop", "503 GET /racks/*/boxes times=2 account=acme")
    other = {"Authorization": "Bearer zeta-key"}
    assert client.get("racks/z1/boxes", headers=other).status_code == 200
    assert client.post(boxes, json=NEW).status_code == 201
    assert [client.get(boxes).status_code for _ in range(3)] == [503, 503, 200]


def test_a_rule_without_end_acts_until_it_is_cleared(world: World, client: httpx.Client, boxes: str) -> None:
    world.fault("shop", "502 times=always")
    assert {client.get(boxes).status_code for _ in range(4)} == {502}
    world.clear_faults("shop")
    assert client.get(boxes).status_code == 200


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_reset_cuts_the_connection_before_or_after_the_effect(
    world: World, client: httpx.Client, boxes: str, moment: str
) -> None:
    world.fault("shop", f"reset {moment} POST /racks/*/boxes")
    with pytest.raises(httpx.ReadError):
        client.post(boxes, json=NEW)
    assert held(world).count("new") == (moment == "after")
    assert world.calls()[-1]["status"] == 0


def test_a_slow_answer_runs_into_the_clients_timeout_and_has_its_effect(
    world: World, client: httpx.Client, boxes: str
) -> None:
    world.fault("shop", "slow=300ms POST **")
    with pytest.raises(httpx.ReadTimeout):
        client.post(boxes, json=NEW, timeout=0.1)
    deadline = time.monotonic() + 5
    while "new" not in held(world) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert held(world).count("new") == 1


def test_a_truncated_answer_ends_before_its_length(world: World, client: httpx.Client, boxes: str) -> None:
    world.fault("shop", "truncate GET")
    with pytest.raises(httpx.RemoteProtocolError, match="complete message"):
        client.get(boxes)
    assert client.get(boxes).status_code == 200


def test_truncated_json_arrives_whole_and_broken(world: World, client: httpx.Client, boxes: str) -> None:
    world.fault("shop", "truncate=json GET")
    answer = client.get(boxes)
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r".+"):
        answer.json()


def test_a_shift_loses_one_thing_between_two_pages(world: World, client: httpx.Client, boxes: str) -> None:
    world.fault("shop", "shift GET /racks/*/boxes")
    assert names(client.get(boxes)) == ["box0", "box1"]
    second = client.get(boxes, params={"page": 2})
    assert (names(second), second.json()["total"]) == (["box3", "box4"], 4)
    assert names(client.get(boxes, params={"page": 2})) == ["box2", "box3"]


def test_a_shift_can_repeat_one_thing_on_the_next_page(world: World, client: httpx.Client, boxes: str) -> None:
    world.fault("shop", "shift=repeat")
    second = client.get(boxes, params={"page": 2})
    assert (names(second), second.json()["total"]) == (["box1", "box2"], 6)
    assert len(held(world)) == 5


def test_stale_listings_answer_as_before_the_last_write(world: World, client: httpx.Client, boxes: str) -> None:
    world.fault("shop", "stale=2 GET /racks/*/boxes")
    everything = {"per_page": 99}
    assert "new" not in names(client.get(boxes, params=everything))
    client.post(boxes, json=NEW)
    client.patch(f"{boxes}/b0", json={"name": "renamed"})
    lagging = [names(client.get(boxes, params=everything)) for _ in range(3)]
    assert [("new" in seen, "renamed" in seen) for seen in lagging] == [(True, False), (True, False), (True, True)]


def test_stale_armed_after_a_hand_edit_hides_the_edit(world: World, client: httpx.Client, boxes: str) -> None:
    world.edit("shop", "box", "box0", None, {"name": "renamed"})
    world.fault("shop", "stale=1")
    assert [names(client.get(boxes))[0] for _ in range(2)] == ["box0", "renamed"]


def test_in_process_a_reset_is_the_error_httpx_raises_over_a_socket(world: World, boxes: str) -> None:
    world.fault("shop", "reset after")
    with in_process(world) as client, pytest.raises(httpx.ReadError):
        client.post(boxes, json=NEW)
    assert held(world).count("new") == 1


def test_in_process_a_truncated_answer_is_the_error_httpx_raises_over_a_socket(world: World, boxes: str) -> None:
    world.fault("shop", "truncate")
    with in_process(world) as client, pytest.raises(httpx.RemoteProtocolError):
        client.get(boxes)


def test_the_call_log_names_the_fault(world: World, client: httpx.Client, boxes: str) -> None:
    world.fault("shop", "500 GET")
    client.get(boxes)
    client.get(boxes)
    assert [(call["status"], call["fault"]) for call in world.calls()] == [(500, "500 GET"), (200, "")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "600",
        "explode",
        "slow",
        "slow=fast",
        "reset=hard",
        "500 times=0",
        "500 POST /x nonsense",
        "shift=up",
        "stale=0",
    ],
)
def test_what_is_no_fault_is_refused_with_the_grammar(world: World, text: str) -> None:
    with pytest.raises(ValueError, match=r"KIND \[before\|after\]"):
        world.fault("shop", text)
    assert world.faults() == {"shop": []}


@pytest.mark.parametrize(
    "text", ["500 GET /rack/*/boxes", "500 PUT /racks/*/boxes", "500 /racks/*", "500 account=acne"]
)
def test_a_fault_that_no_call_could_meet_is_refused(world: World, text: str) -> None:
    with pytest.raises(ValueError, match=r"no (PUT|GET|\*) call to shop|has no account acne: acme, zeta"):
        world.fault("shop", text)


@pytest.mark.parametrize(
    "path", ["**", "/**", "/racks/**", "/racks/r1/boxes", "/ra*/*/b*", "**/boxes", "/racks/**/boxes/*"]
)
def test_a_fault_that_some_call_could_meet_is_armed(world: World, path: str) -> None:
    world.fault("shop", f"500 {path}")
    assert world.faults() == {"shop": [(f"500 {path}", 1)]}


def test_a_path_may_be_written_with_the_platforms_prefix() -> None:
    assert parse_fault("500 GET /api/v9/racks/*/boxes", "/api/v9").path == "/racks/*/boxes"


@pytest.mark.parametrize(("glob", "met"), [("/racks/*", False), ("/racks/*/boxes", True), ("/racks/**", True)])
def test_a_star_stays_within_a_segment_and_two_cross_it(glob: str, met: bool) -> None:
    assert parse_fault(f"500 GET {glob}").meets("acme", "GET", "/racks/r1/boxes") is met
