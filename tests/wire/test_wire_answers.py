"""Each answer of a platform becomes the value or the error that the wire promises."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from scripted import Reply, World

from reconcile.model.errors import Denied, Missing, PlatformError, RateLimited, Rejected, Unavailable
from reconcile.wire import Budget, Call


def failed(code: int, message: str) -> dict[str, Any]:
    return {"success": False, "errors": [{"code": code, "message": message}]}


def test_a_get_is_the_parsed_body_and_carries_authorization_query_and_path(world: World) -> None:
    world.server.will(Reply(body={"result": [1, 2]}))
    assert world.client().get("/zones", {"page": 2, "name": "a b"}) == {"result": [1, 2]}
    (asked,) = world.server.asked
    assert asked.target == "/client/v4/zones?page=2&name=a+b" or asked.target == "/client/v4/zones?page=2&name=a%20b"
    assert asked.headers["authorization"].startswith("Bearer canary-")
    assert asked.headers["user-agent"].startswith("trueup/")


def test_a_post_sends_json_and_its_own_headers(world: World) -> None:
    world.client().send(Call("POST", "/zones", json={"name": "ø"}, headers={"x-team": "t"}))
    (asked,) = world.server.asked
    assert json.loads(asked.body) == {"name": "ø"}
    assert (asked.headers["content-type"], asked.headers["x-team"]) == ("application/json", "t")


def test_a_base_url_may_be_the_whole_endpoint(world: World) -> None:
    world.client(world.server.url + "/graphql/v2").send(Call("POST", "", json={"query": "{me}"}))
    assert world.server.asked[0].target == "/graphql/v2"


@pytest.mark.parametrize("reply", [Reply(204, b""), Reply(202, b"")])
def test_a_write_without_an_answer_body_is_none(world: World, reply: Reply) -> None:
    world.server.will(reply)
    assert world.client().send(Call("DELETE", "/zones/1")) is None


def test_an_empty_body_where_a_list_is_asked_for_is_not_an_empty_list(world: World) -> None:
    world.server.will(Reply(200, b""))
    with pytest.raises(Unavailable):
        world.client(attempts=1).get("/zones")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, Rejected), (401, Denied), (403, Denied), (404, Missing), (409, Rejected), (422, Rejected)],
)
def test_a_refusal_is_its_error_type_and_is_not_sent_again(world: World, status: int, kind: type) -> None:
    world.server.will(Reply(status, failed(9109, "no"), {"cf-ray": "8f1-FRA"}))
    with pytest.raises(PlatformError) as caught:
        world.client().get("/zones")
    assert type(caught.value) is kind
    assert len(world.server.asked) == 1
    error = caught.value
    assert (error.platform, error.account, error.code, error.request_id) == ("cloudflare", "bilko", "9109", "8f1-FRA")
    assert str(error).startswith(f"GET /zones: {status} no [cloudflare, account bilko")


def test_denied_names_the_doctor(world: World) -> None:
    world.server.will(Reply(403, failed(10000, "Authentication error")))
    with pytest.raises(Denied) as caught:
        world.client().get("/zones")
    assert "trueup doctor" in caught.value.advice


@pytest.mark.parametrize("header", ["x-request-id", "x-railway-request-id", "x-vercel-id"])
def test_the_request_id_is_found_in_each_vendors_header(world: World, header: str) -> None:
    world.server.will(Reply(404, {}, {header: "r-1"}))
    with pytest.raises(Missing) as caught:
        world.client().get("/zones")
    assert caught.value.request_id == "r-1"


@pytest.mark.parametrize("body", [b"<html>oops</html>", b"[]", b'{"errors": null}', b"", b"[" * 100_000])
def test_an_error_body_of_unknown_shape_keeps_its_status(world: World, body: bytes) -> None:
    world.server.will(Reply(404, body))
    with pytest.raises(Missing, match="404"):
        world.client().get("/zones")


def test_a_long_vendor_text_is_cut_and_cannot_steer_the_terminal(world: World) -> None:
    world.server.will(Reply(400, failed(1, "\x1b[2J\r\n" + "very long " * 500)))
    with pytest.raises(Rejected) as caught:
        world.client().get("/zones")
    message = caught.value.args[0]
    assert len(message) == 300
    assert message.isprintable()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_refused_and_never_followed(world: World, status: int) -> None:
    world.server.will(Reply(status, b"", {"location": world.server.url + "/elsewhere"}))
    with pytest.raises(Rejected, match="redirect"):
        world.client().get("/zones")
    assert len(world.server.asked) == 1


@pytest.mark.parametrize("status", [408, 500, 502, 503])
def test_a_server_error_is_tried_again_for_a_read(world: World, status: int) -> None:
    world.server.will(Reply(status, b"bad gateway"), Reply(status, b""), Reply(body={"ok": 1}))
    assert world.client().get("/zones") == {"ok": 1}
    assert [record.attempt for record in world.log.records()] == [1, 2, 3]
    assert len(world.sleeps) == 2


def test_backoff_grows(world: World) -> None:
    world.server.will(*[Reply(500)] * 4)
    world.client().get("/zones")
    first, *_, last = world.sleeps
    assert 0.05 < first < 0.5 < last < 5


def test_attempts_are_bounded(world: World) -> None:
    world.server.will(*[Reply(500)] * 9)
    with pytest.raises(Unavailable) as caught:
        world.client(attempts=3).get("/zones")
    assert len(world.server.asked) == 3
    assert len(world.sleeps) == 2
    assert not caught.value.unsure


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500),
        Reply(200, b"<html>"),
        Reply(200, {"result": 1}, cut=3),
        Reply(reset="after body is read"),
        Reply(reset="before body is read"),
    ],
    ids=["500", "not json", "cut", "reset after", "reset before"],
)
def test_a_write_that_may_have_happened_is_unsure_and_not_sent_again(world: World, reply: Reply) -> None:
    world.server.will(reply)
    with pytest.raises(Unavailable) as caught:
        world.client().send(Call("POST", "/zones", json={"name": "x"}))
    assert caught.value.unsure
    assert len(world.server.asked) == 1
    assert world.sleeps == []


@pytest.mark.parametrize(
    "reply",
    [Reply(200, b"<html>"), Reply(200, {"result": 1}, cut=3), Reply(reset="after body is read")],
    ids=["not json", "cut", "reset"],
)
def test_a_read_that_broke_is_sent_again(world: World, reply: Reply) -> None:
    world.server.will(reply, Reply(body={"ok": 1}))
    assert world.client().get("/zones") == {"ok": 1}


def test_a_write_said_to_be_repeatable_is_sent_again(world: World) -> None:
    world.server.will(Reply(502), Reply(body={"ok": 1}))
    assert world.client().send(Call("PUT", "/zones/1", json={}, repeatable=True)) == {"ok": 1}


def test_a_late_answer_is_unavailable_and_unsure_for_a_write(world: World) -> None:
    world.server.will(Reply(delay=1.0))
    with pytest.raises(Unavailable, match="no answer in time") as caught:
        world.client(timeout_seconds=0.1).send(Call("POST", "/zones"))
    assert caught.value.unsure


def test_an_answer_larger_than_the_cap_is_not_read(world: World) -> None:
    world.server.will(Reply(body="x" * 2000))
    with pytest.raises(Rejected, match="larger"):
        world.client(largest_answer_bytes=1000).get("/zones")
    assert len(world.server.asked) == 1


def test_the_cap_counts_decompressed_bytes_and_a_write_stays_unsure(world: World) -> None:
    packed = gzip.compress(b"0" * 100_000)
    world.server.will(Reply(body=packed, headers={"content-encoding": "gzip"}))
    with pytest.raises(Unavailable, match="larger") as caught:
        world.client(largest_answer_bytes=10_000).send(Call("POST", "/zones"))
    assert caught.value.unsure


def test_ten_thousand_records_pass(world: World) -> None:
    records = [{"id": f"{n:032x}", "name": f"r{n}.example.com", "comment": "c" * 480} for n in range(10_000)]
    world.server.will(Reply(body={"result": records}))
    assert world.client().get("/zones/1/dns_records")["result"] == records


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_429_waits_as_told_in_seconds_whatever_the_method(world: World, method: str) -> None:
    world.server.will(Reply(429, {}, {"retry-after": "7"}), Reply(body={"ok": 1}))
    budget_sleeps: list[float] = []
    client = world.client(budget=_budget(budget_sleeps))
    assert client.send(Call(method, "/zones")) == {"ok": 1}
    assert world.sleeps == [7.0]


def test_429_waits_until_the_told_date_by_the_answers_own_clock(world: World) -> None:
    now = datetime(2031, 5, 1, 12, 0, tzinfo=UTC)
    dates = {"date": format_datetime(now, True), "retry-after": format_datetime(now + timedelta(seconds=9), True)}
    world.server.will(Reply(429, {}, dates))
    world.client(budget=_budget([])).get("/zones")
    assert world.sleeps == [9.0]


def test_429_waits_as_the_ratelimit_header_tells(world: World) -> None:
    world.server.will(Reply(429, {}, {"ratelimit": '"default";r=0;t=30', "ratelimit-policy": '"default";q=50;w=60'}))
    world.client(budget=_budget([])).get("/zones")
    assert world.sleeps == [30.0]


def test_429_beyond_patience_is_raised_at_once_with_the_wait(world: World) -> None:
    world.server.will(Reply(429, failed(971, "slow down"), {"retry-after": "61"}))
    with pytest.raises(RateLimited) as caught:
        world.client(budget=_budget([])).get("/zones")
    assert (caught.value.after, caught.value.code, caught.value.unsure) == (61.0, "971", False)
    assert world.sleeps == []


def test_patience_is_for_all_waits_of_a_call_together(world: World) -> None:
    world.server.will(*[Reply(429, {}, {"retry-after": "25"})] * 4)
    with pytest.raises(RateLimited):
        world.client(budget=_budget([])).get("/zones")
    assert world.sleeps == [25.0, 25.0]


def test_503_with_retry_after_waits_as_told(world: World) -> None:
    world.server.will(Reply(503, {}, {"retry-after": "3"}))
    world.client().get("/zones")
    assert world.sleeps == [3.0]


def test_the_budget_learns_from_the_headers_of_any_answer(world: World) -> None:
    slept: list[float] = []
    world.server.will(Reply(200, {}, {"ratelimit": '"default";r=0;t=12'}))
    client = world.client(budget=_budget(slept))
    client.get("/zones")
    client.get("/zones")
    assert [round(seconds) for seconds in slept] == [12]


def _budget(slept: list[float]) -> Budget:
    return Budget(1000, 1.0, clock=lambda: 0.0, sleep=slept.append)
