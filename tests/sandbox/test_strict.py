"""The sandbox lets nothing pass that the vendor would not know."""

import datetime as dt
import http.client
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from reconcile.sandbox.mount import LARGEST_BODY
from reconcile.sandbox.serve import Served, serve
from reconcile.sandbox.world import World

from .pretend_shop import in_process, over_socket, stocked


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"Authorization": ""}, "malformed credentials"),
        ({"Authorization": "Basic YTpi"}, "malformed credentials"),
        ({"Authorization": "Bearer nobody"}, "unknown token"),
        ({"Authorization": "Bearer"}, "malformed credentials"),
    ],
)
def test_a_request_without_a_known_token_is_refused(
    client: httpx.Client, boxes: str, header: dict[str, str], reason: str
) -> None:
    refused = client.get(boxes, headers=header)
    assert (refused.status_code, refused.json()) == (401, {"errors": [reason]})


def test_a_request_without_credentials_is_refused(served: Served, boxes: str) -> None:
    refused = httpx.get(f"{served.platform_urls['shop']}/{boxes}", trust_env=False)
    assert (refused.status_code, refused.json()) == (401, {"errors": ["missing credentials"]})


def test_another_accounts_thing_is_forbidden_and_an_unknown_one_missing(served: Served, boxes: str) -> None:
    with over_socket(served, "zeta-key") as zeta:
        assert zeta.get(boxes).status_code == 403
        assert zeta.get("racks/nowhere/boxes").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "nothing", 404),
        ("GET", "racks/r1/boxes/", 404),
        ("GET", "racks//r1/boxes", 404),
        ("GET", "racks/r1/boxes/b1/lid", 404),
        ("PUT", "racks/r1/boxes", 405),
        ("HEAD", "racks/r1/boxes", 405),
        ("OPTIONS", "racks/r1/boxes", 405),
    ],
)
def test_an_unknown_path_or_method_is_refused(client: httpx.Client, method: str, path: str, status: int) -> None:
    refused = client.request(method, path)
    assert refused.status_code == status
    assert refused.headers["content-type"] == "application/json"


def test_the_platform_does_not_answer_without_its_prefix(served: Served, client: httpx.Client) -> None:
    root = served.platform_urls["shop"].removesuffix("/api/v9")
    assert client.get(f"{root}/racks/r1/boxes").status_code == 404


def test_an_unknown_query_parameter_is_refused(client: httpx.Client, boxes: str) -> None:
    refused = client.get(boxes, params={"page": "1", "colour": "red"})
    assert (refused.status_code, refused.json()) == (422, {"errors": ["unknown query parameter colour"]})


@pytest.mark.parametrize("body", [b"{", b'{"name": NaN}', b"\xff\xfe", b"[" * 200_000])
def test_broken_json_is_refused_and_changes_nothing(
    world: World, client: httpx.Client, boxes: str, body: bytes
) -> None:
    refused = client.post(boxes, content=body, headers={"Content-Type": "application/json"})
    assert (refused.status_code, refused.json()) == (400, {"errors": ["broken JSON"]})
    assert len(world.shelf("shop", "acme", "box")) == 5


def test_a_body_that_does_not_say_it_is_json_is_refused(client: httpx.Client, boxes: str) -> None:
    assert client.post(boxes, data={"name": "form"}).status_code == 415


def test_a_body_of_more_than_100_mb_is_refused_before_it_is_read(served: Served, boxes: str) -> None:
    address = urlsplit(served.platform_urls["shop"])
    connection = http.client.HTTPConnection("127.0.0.1", address.port or 0, timeout=5)
    connection.putrequest("POST", f"{address.path}/{boxes}")
    connection.putheader("Authorization", "Bearer acme-key")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(LARGEST_BODY + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_the_last_value_of_a_repeated_parameter_counts(client: httpx.Client, boxes: str) -> None:
    answer = client.get(f"{boxes}?page=1&page=3")
    assert [box["id"] for box in answer.json()["boxes"]] == ["b4"]


def test_an_answer_without_a_body_has_none(client: httpx.Client, boxes: str) -> None:
    gone = client.delete(f"{boxes}/b0")
    assert (gone.status_code, gone.content) == (204, b"")


@pytest.fixture
def limited() -> Iterator[Served]:
    served = serve(stocked(rate_limits=True))
    yield served
    served.stop()


def test_real_rate_limits_refuse_the_call_over_the_limit_for_that_token_only(limited: Served, boxes: str) -> None:
    with over_socket(limited) as client, over_socket(limited, "zeta-key") as other:
        answers = [client.get(boxes) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[0].headers["ratelimit"] == '"default";r=2;t=60'
        assert answers[0].headers["ratelimit-policy"] == '"default";q=3;w=60'
        assert 1 <= int(answers[3].headers["retry-after"]) <= 60
        assert other.get("racks/z1/boxes").status_code == 200


def test_waiting_as_long_as_told_is_enough(boxes: str) -> None:
    world = stocked(rate_limits=True)
    with in_process(world) as client:
        refused = [client.get(boxes) for _ in range(4)][-1]
        world.advance(dt.timedelta(seconds=int(refused.headers["retry-after"])))
        assert client.get(boxes).status_code == 200


def test_rates_are_unlimited_unless_asked_for(client: httpx.Client, boxes: str) -> None:
    answers = [client.get(boxes) for _ in range(6)]
    assert {answer.status_code for answer in answers} == {200}
    assert "ratelimit" not in answers[0].headers
