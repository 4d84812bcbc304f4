"""The pretend Cloudflare refuses what the vendor refuses, in its words."""

from typing import Any

import httpx
import pytest

from .conftest import ACME, OTHER, Bench

NOBODY = "0" * 32
A: dict[str, Any] = {"type": "A", "name": "x", "content": "192.0.2.1", "ttl": 1}


def ask(bench: Bench, method: str, path: str, body: Any = None, token: str = "token-of-acme") -> httpx.Response:
    transport = httpx.WSGITransport(app=bench.world.wsgi("cloudflare"))
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(transport=transport, base_url="http://sandbox.invalid/client/v4", headers=headers) as client:
        return client.request(method, path, json=body) if body is not None else client.request(method, path)


def codes(answer: httpx.Response) -> tuple[int, list[int]]:
    """The status, and the codes of the first error and its chain."""
    error = answer.json()["errors"][0]
    return answer.status_code, [error["code"], *(one["code"] for one in error.get("error_chain", ()))]


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({**A, "colour": "red"}, 400, [9207]),
        ({**A, "ttl": "300"}, 400, [9207]),
        ({**A, "proxied": "yes"}, 400, [9207]),
        ({**A, "data": {}}, 400, [9207]),
        ([], 400, [9207]),
        ({**A, "content": "300.1.1.1"}, 400, [9005]),
        ({**A, "type": "AAAA"}, 400, [9006]),
        ({**A, "ttl": 30}, 400, [1004, 9021]),
        ({**A, "ttl": 90_000}, 400, [1004, 9021]),
        ({**A, "tags": ["a:b"]}, 400, [1004, 9300]),
        ({**A, "type": "TXT", "proxied": True}, 400, [9041]),
        ({**A, "type": "SPF"}, 400, [1004, 9002]),
        ({**A, "type": "MX", "content": "mx.example"}, 400, [1004, 9101]),
        ({**A, "type": "CNAME", "content": "a b"}, 400, [1004, 9007]),
        ({"type": "A", "name": "x"}, 400, [1004, 9101]),
        ({"type": "A", "content": "192.0.2.1"}, 400, [1004, 9000]),
        ({"type": "SRV", "name": "x", "content": "1 2 x.example"}, 400, [1004, 9101]),
        ({"type": "SRV", "name": "x", "data": {"priority": 1, "weight": 1, "port": 1}}, 400, [1004, 9101]),
        ({"type": "CAA", "name": "x", "data": {"flags": 300, "tag": "issue", "value": "x"}}, 400, [1004, 9102]),
    ],
)
def test_a_bad_record_is_refused_with_the_vendors_code(bench: Bench, body: Any, status: int, told: list[int]) -> None:
    zone = bench.zone()
    assert codes(ask(bench, "POST", f"/zones/{zone}/dns_records", body)) == (status, told)
    assert bench.records() == []


@pytest.mark.parametrize(
    ("there", "new", "code"),
    [
        (A, A, 81058),
        (A, {**A, "type": "CNAME", "content": "y.example"}, 81053),
        ({**A, "type": "CNAME", "content": "y.example"}, A, 81054),
        ({**A, "type": "CNAME", "content": "y.example"}, {**A, "type": "CNAME", "content": "z.example"}, 81053),
        (A, {**A, "type": "NS", "content": "ns.example"}, 81056),
    ],
)
def test_records_that_cannot_share_a_name_do_not(
    bench: Bench, there: dict[str, Any], new: dict[str, Any], code: int
) -> None:
    path = f"/zones/{bench.zone()}/dns_records"
    assert ask(bench, "POST", path, there).status_code == 200
    assert codes(ask(bench, "POST", path, new)) == (400, [code])


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/zones/{theirs}", (403, [10000])),
        ("GET", "/zones/{theirs}/dns_records", (403, [10000])),
        ("GET", f"/zones/{NOBODY}/dns_records", (403, [10000])),
        ("GET", "/zones/not-an-id/dns_records", (404, [7003])),
        ("GET", f"/zones/{{ours}}/dns_records/{NOBODY}", (404, [81044])),
        ("DELETE", f"/zones/{{ours}}/dns_records/{NOBODY}", (404, [81044])),
        ("GET", "/zones/{ours}/dns_records/not-an-id", (404, [7003])),
        ("GET", "/zones?per_page=51", (400, [1001])),
        ("GET", f"/accounts/{OTHER}/tokens/verify", (403, [10000])),
        ("GET", "/nowhere", (404, [7003])),
    ],
)
def test_what_is_not_there_or_not_ours_is_told_as_the_vendor_tells_it(
    bench: Bench, method: str, path: str, expected: tuple[int, list[int]]
) -> None:
    ours, theirs = bench.zone(), bench.zone("other.example", account="other")
    assert codes(ask(bench, method, path.format(ours=ours, theirs=theirs))) == expected


def test_a_wrong_token_is_refused(bench: Bench) -> None:
    assert codes(ask(bench, "GET", "/zones", token="wrong")) == (401, [10000])


def test_tokens_are_verified(bench: Bench) -> None:
    for path in ("/user/tokens/verify", f"/accounts/{ACME}/tokens/verify"):
        told = ask(bench, "GET", path).json()
        assert told["success"] and told["result"]["status"] == "active" and len(told["result"]["id"]) == 32


def test_a_page_beyond_the_end_is_empty(bench: Bench) -> None:
    zone = bench.zone()
    ask(bench, "POST", f"/zones/{zone}/dns_records", A)
    told = ask(bench, "GET", f"/zones/{zone}/dns_records?page=2&per_page=1").json()
    assert told["result"] == []
    assert told["result_info"] == {"page": 2, "per_page": 1, "count": 0, "total_count": 1, "total_pages": 1}


def test_a_batch_is_all_or_nothing_and_tells_the_first_error(bench: Bench) -> None:
    path = f"/zones/{bench.zone()}/dns_records"
    kept = ask(bench, "POST", path, A).json()["result"]["id"]
    before = bench.records()
    body = {"deletes": [{"id": kept}], "posts": [{**A, "name": "y"}, {**A, "content": "bad"}, {**A, "ttl": 5}]}
    assert codes(ask(bench, "POST", f"{path}/batch", body)) == (400, [9005])
    assert bench.records() == before


def test_a_batch_deletes_before_it_posts_and_answers_whole_records(bench: Bench) -> None:
    path = f"/zones/{bench.zone()}/dns_records"
    kept = ask(bench, "POST", path, A).json()["result"]
    cname = {**A, "type": "CNAME", "content": "y.example"}
    told = ask(bench, "POST", f"{path}/batch", {"posts": [cname], "deletes": [{"id": kept["id"]}]}).json()["result"]
    assert told["deletes"] == [kept]
    assert [one["type"] for one in told["posts"]] == ["CNAME"]
    assert (told["patches"], told["puts"]) == ([], [])


@pytest.mark.parametrize(("plan", "limit"), [("free", 200), ("pro", 3_500)])
def test_a_batch_has_the_plans_limit(bench: Bench, plan: str, limit: int) -> None:
    path = f"/zones/{bench.zone(plan=plan)}/dns_records/batch"
    posts = [{**A, "name": f"h{number}"} for number in range(limit + 1)]
    assert ask(bench, "POST", path, {"posts": posts}).status_code == 400
    assert bench.records() == []
    assert ask(bench, "POST", path, {"posts": posts[:-1]}).status_code == 200


def test_a_put_forgets_what_it_does_not_say_and_a_patch_keeps_it(bench: Bench) -> None:
    path = f"/zones/{bench.zone()}/dns_records"
    made = ask(bench, "POST", path, {**A, "comment": "kept", "proxied": True}).json()["result"]
    patched = ask(bench, "PATCH", f"{path}/{made['id']}", {"content": "192.0.2.2"}).json()["result"]
    assert (patched["comment"], patched["proxied"], patched["content"]) == ("kept", True, "192.0.2.2")
    put = ask(bench, "PUT", f"{path}/{made['id']}", A).json()["result"]
    assert (put["comment"], put["proxied"], put["created_on"]) == (None, False, made["created_on"])


def test_a_record_that_a_product_manages_cannot_be_written(bench: Bench) -> None:
    path = f"/zones/{bench.zone()}/dns_records"
    fields = {"type": "A", "content": "192.0.2.9", "meta.read_only": "true"}
    id = bench.world.create("cloudflare", "record", "x.acme.example", "acme", fields)["id"]
    for method, body in (("DELETE", None), ("PATCH", {"ttl": 60}), ("PUT", A)):
        assert codes(ask(bench, method, f"{path}/{id}", body)) == (400, [1043])


def test_long_quoted_text_is_split_and_bare_text_is_kept(bench: Bench) -> None:
    path = f"/zones/{bench.zone()}/dns_records"
    text = "x" * 300
    quoted = ask(bench, "POST", path, {"type": "TXT", "name": "q", "content": f'"{text}"'}).json()["result"]
    bare = ask(bench, "POST", path, {"type": "TXT", "name": "b", "content": text}).json()["result"]
    assert quoted["content"] == f'"{"x" * 255}" "{"x" * 45}"'
    assert bare["content"] == text


def test_answers_leave_out_the_zone_and_give_formatted_content(bench: Bench) -> None:
    path = f"/zones/{bench.zone()}/dns_records"
    data = {"priority": 0, "weight": 5, "port": 443, "target": "y.example.", "service": "_sip", "proto": "_tcp"}
    told = ask(bench, "POST", path, {"type": "SRV", "name": "_sip._tcp", "data": data}).json()["result"]
    assert told["content"] == "5 443 y.example" and told["data"]["target"] == "y.example"
    assert told["priority"] == 0 and "zone_id" not in told and "service" not in told["data"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("name=x.acme.example", ["x"]),
        ("name.exact=x.acme.example", ["x"]),
        ("name.contains=y.", ["y"]),
        ("type=TXT", ["t"]),
        ("content.startswith=192", ["x", "y"]),
        ("comment.present=true", ["y"]),
        ("comment.absent=true", ["x", "t"]),
        ("match=any&type=TXT&name=x.acme.example", ["x", "t"]),
        ("order=name&direction=desc", ["y", "x", "t"]),
        ("search=hello", ["t"]),
    ],
)
def test_records_are_filtered_and_ordered(bench: Bench, query: str, names: list[str]) -> None:
    path = f"/zones/{bench.zone()}/dns_records"
    for body in (A, {**A, "name": "y", "comment": "mine"}, {"type": "TXT", "name": "t", "content": "hello"}):
        assert ask(bench, "POST", path, body).status_code == 200
    told = ask(bench, "GET", f"{path}?{query}").json()["result"]
    assert [one["name"].partition(".")[0] for one in told] == names


def test_a_hand_edit_is_checked_as_a_request_is(bench: Bench) -> None:
    bench.zone()
    bench.world.create("cloudflare", "record", "x.acme.example", "acme", {"type": "A", "content": "192.0.2.1"})
    with pytest.raises(ValueError, match="valid IPv4"):
        bench.world.edit("cloudflare", "record", "x.acme.example", "acme", {"content": "300.1.1.1"})
    with pytest.raises(ValueError, match="no field 'colour'"):
        bench.world.edit("cloudflare", "record", "x.acme.example", "acme", {"colour": "red"})
    bench.world.edit("cloudflare", "record", "x.acme.example", "acme", {"ttl": "300", "proxied": "false"})
    assert bench.records()[0]["ttl"] == 300
