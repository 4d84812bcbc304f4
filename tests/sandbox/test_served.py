"""A world on loopback: ports, the ready file, the page, and the command line's way in."""

import base64
import datetime as dt
import hashlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from reconcile.model.errors import ReconcileError
from reconcile.model.secret import SecretText
from reconcile.sandbox import client as remote
from reconcile.sandbox.ready import Ready
from reconcile.sandbox.serve import Served, serve
from reconcile.sandbox.world import AccountSeed, World

from .pretend_shop import SEEDS, Shop, over_socket, stocked

HOSTILE = '<script>alert("1")</script><img src=x onerror=alert(2)>'

ALONE = """
import sys
from pathlib import Path
from tests.sandbox.pretend_shop import stocked
from reconcile.sandbox.serve import serve
serve(stocked(state=Path(sys.argv[2])), ready_file=Path(sys.argv[1])).wait()
"""


class Annex(Shop):
    name = "annex"
    prefix = ""


def free_row(count: int) -> int:
    """A port that is free with those after it, below the range that the system gives out itself."""
    for first in range(21_000, 30_000, 97):
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    pytest.fail("no row of free ports")


def test_the_page_is_on_the_port_and_platforms_follow_by_name() -> None:
    port = free_row(3)
    served = serve(World({"shop": Shop, "annex": Annex}, SEEDS), port=port)
    try:
        assert served.page_url == f"http://127.0.0.1:{port}/"
        assert served.platform_urls == {
            "annex": f"http://127.0.0.1:{port + 1}",
            "shop": f"http://127.0.0.1:{port + 2}/api/v9",
        }
        assert httpx.get(served.page_url, trust_env=False).status_code == 200
    finally:
        served.stop()


def test_a_taken_port_is_told_and_nothing_stays_open() -> None:
    port = free_row(2)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port + 1))
        taken.listen()
        with pytest.raises(ReconcileError, match=str(port + 1)):
            serve(stocked(), port=port)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", port))


def test_the_ready_file_says_all_that_a_client_needs(tmp_path: Path) -> None:
    file = tmp_path / "made" / "ready.json"
    served = serve(stocked(), ready_file=file, ledger=tmp_path / "ledger.db")
    try:
        told = json.loads(file.read_text())
        assert file.stat().st_mode & 0o777 == 0o600
        assert set(told) == {"page", "clock", "pid", "ledger", "platforms", "accounts", "env", "control", "services"}
        assert told["accounts"]["zeta"] == {"shop": {"id": "z-1", "token": "zeta-key"}}
        client = {"SHOP_URL": told["platforms"]["shop"], "SHOP_TOKEN": "acme-key"}
        assert told["env"] == {**client, "TRUEUP_SANDBOX": str(file)}
        assert told["ledger"] == str(tmp_path / "ledger.db")
        assert Ready.read(file) == served.ready
        assert Ready.read(file).alive
        answer = httpx.get(
            f"{told['platforms']['shop']}/racks/r1/boxes",
            headers={"Authorization": f"Bearer {told['accounts']['acme']['shop']['token']}"},
            trust_env=False,
        )
        assert answer.json()["total"] == 5
    finally:
        served.stop()
    assert not file.exists()


def test_a_stopped_world_leaves_the_ready_file_of_its_successor(tmp_path: Path) -> None:
    file = tmp_path / "ready.json"
    first, second = (serve(stocked(), ready_file=file) for _ in range(2))
    first.stop()
    assert Ready.read(file) == second.ready
    second.stop()
    assert not file.exists()


def test_a_world_is_open_in_half_a_second_and_closed_ports_answer_no_more() -> None:
    started = time.perf_counter()
    served = serve(stocked())
    with over_socket(served) as client:
        client.get("racks/r1/boxes")
    assert time.perf_counter() - started < 0.5
    served.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(served.page_url, trust_env=False)


def test_sixteen_calls_wait_out_their_latency_together() -> None:
    served = serve(stocked(latency_seconds=0.2))
    try:
        with over_socket(served) as client, ThreadPoolExecutor(16) as pool:
            started = time.perf_counter()
            answers = list(pool.map(lambda _: client.get("racks/r1/boxes").status_code, range(16)))
            assert answers == [200] * 16
            assert time.perf_counter() - started < 1.0
    finally:
        served.stop()


def test_the_state_is_saved_while_serving_and_at_the_end(tmp_path: Path) -> None:
    state = tmp_path / "world.json"
    served = serve(stocked(state=state))
    with over_socket(served) as client:
        client.post("racks/r1/boxes", json={"name": "soon"})
        deadline = time.monotonic() + 5
        while not state.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert "soon" in state.read_text()
        client.post("racks/r1/boxes", json={"name": "last"})
    served.stop()
    assert "last" in state.read_text()


def test_a_terminated_sandbox_saves_its_state_and_takes_its_ready_file_away(tmp_path: Path) -> None:
    ready, state = tmp_path / "ready.json", tmp_path / "world.json"
    process = subprocess.Popen([sys.executable, "-c", ALONE, str(ready), str(state)], cwd=Path(__file__).parents[2])
    try:
        deadline = time.monotonic() + 20
        while not ready.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        told = Ready.read(ready)
        assert told.pid == process.pid
        remote.edit(told, "shop", "box", "box1", fields={"name": "moved"})
        process.terminate()
        assert process.wait(timeout=10) == 0
    finally:
        process.kill()
    assert "moved" in state.read_text()
    assert not ready.exists()
    assert not told.alive


def test_waiting_ends_when_the_world_is_stopped() -> None:
    served = serve(stocked())
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(served.wait)
        served.stop()
        waiting.result(timeout=5)


def test_the_page_shows_things_calls_and_faults_and_escapes_what_it_shows(world: World, served: Served) -> None:
    world.edit("shop", "box", "b1", None, {"name": HOSTILE})
    world.fault("shop", "503 PATCH /racks/<b>bold/** times=3")
    with over_socket(served) as client:
        client.get("racks/r1/boxes", params={"<i>": "1"})
    answer = httpx.get(served.page_url, trust_env=False)
    text = answer.text
    assert answer.headers["content-type"].startswith("text/html")
    for shown in (
        "box0",
        "&lt;script&gt;alert",
        "503 PATCH /racks/&lt;b&gt;bold",
        "3 more",
        "5 × box",
        "/api/v9/racks/r1/boxes",
    ):
        assert shown in text
    for raw in ("<script", "<img", "<b>bold", "<i>", "acme-key", "zeta-key"):
        assert raw not in text


def test_the_page_shows_names_that_no_file_could_hold(client: httpx.Client, served: Served, boxes: str) -> None:
    content = b'{"name": "half \\ud800 pair"}'
    assert client.post(boxes, content=content, headers={"Content-Type": "application/json"}).status_code == 201
    answer = httpx.get(served.page_url, trust_env=False)
    assert answer.status_code == 200
    assert "half ? pair" in answer.text


def test_the_page_allows_no_script_and_nothing_from_elsewhere(served: Served) -> None:
    answer = httpx.get(served.page_url, trust_env=False)
    policy = answer.headers["content-security-policy"]
    style = answer.text.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert "unsafe" not in policy
    assert "http://" not in answer.text.replace(served.platform_urls["shop"], "")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_page_hides_values_named_as_secrets_and_says_how_many_more(world: World, served: Served) -> None:
    shelf = world.shelf("shop", "acme", "box")
    shelf["b0"].update(name="API_TOKEN", value="hunter2")
    for number in range(300):
        shelf[f"x{number}"] = {"id": f"x{number}", "rack": "r1", "name": f"x{number}"}
    text = httpx.get(served.page_url, trust_env=False).text
    assert "API_TOKEN" in text
    assert "hunter2" not in text
    assert "and 105 more" in text


def test_a_foreign_host_header_is_refused(served: Served) -> None:
    for path in ("", "clock", "control/things"):
        answer = httpx.get(f"{served.page_url}{path}", headers={"Host": "evil.example:80"}, trust_env=False)
        assert answer.status_code == 403


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic x"}])
def test_control_needs_the_token_of_the_ready_file(world: World, served: Served, header: dict[str, str]) -> None:
    body = {"platform": "shop", "kind": "box", "name": "b1", "fields": {}}
    answer = httpx.post(f"{served.page_url}control/delete", json=body, headers=header, trust_env=False)
    assert answer.status_code == 401
    assert "b1" in world.shelf("shop", "acme", "box")


@pytest.fixture
def ready(served: Served) -> Iterator[Ready]:
    yield served.ready


def test_a_person_edits_makes_and_deletes_from_the_command_line(world: World, ready: Ready) -> None:
    assert remote.edit(ready, "shop", "box", "box1", fields={"name": "moved"})["name"] == "moved"
    made = remote.create(ready, "shop", "box", "new", account="zeta", fields={"rack": "z1"})
    assert remote.things(ready, "shop", "box")["shop"]["zeta"]["box"] == [made]
    assert remote.delete(ready, "shop", "box", "new", fields={})["id"] == made["id"]
    assert world.things("shop", "box")["shop"]["zeta"]["box"] == []


def test_a_mistake_on_the_command_line_is_told_in_the_sandboxs_words(ready: Ready) -> None:
    with pytest.raises(ReconcileError, match="holds no box 'nothing'"):
        remote.delete(ready, "shop", "box", "nothing", fields={})
    with pytest.raises(ReconcileError, match="cannot read the fault"):
        remote.fault(ready, "shop", "kaboom")


def test_faults_calls_and_the_clock_are_worked_from_the_command_line(ready: Ready, client: httpx.Client) -> None:
    remote.fault(ready, "shop", "500 GET times=5")
    client.get("racks/r1/boxes")
    assert remote.faults(ready) == {"shop": [("500 GET times=5", 4)]}
    remote.clear_faults(ready)
    client.get("racks/r1/boxes")
    assert [call["status"] for call in remote.calls(ready)] == [500, 200]
    assert [call["n"] for call in remote.calls(ready, last=1)] == [2]
    remote.clear_calls(ready)
    assert remote.calls(ready) == []
    moved = remote.clock(ready, dt.timedelta(days=30))
    assert moved > dt.datetime.now(dt.UTC) + dt.timedelta(days=29)
    assert dt.timedelta() <= remote.now(ready.clock) - moved < dt.timedelta(minutes=1)


def test_only_a_sandbox_on_this_machine_is_spoken_to(ready: Ready) -> None:
    for page in ("http://192.0.2.1/", "http://127.0.0.1.example/", "https://127.0.0.1/", "http://user@192.0.2.1/"):
        with pytest.raises(ReconcileError, match="not on this machine"):
            remote.things(ready.model_copy(update={"page": page}))


def test_a_sandbox_that_is_gone_is_told(tmp_path: Path) -> None:
    served = serve(stocked())
    served.stop()
    with pytest.raises(ReconcileError, match="does not answer"):
        remote.calls(served.ready)
    with pytest.raises(ReconcileError, match="no sandbox at"):
        Ready.read(tmp_path / "nowhere.json")


def test_a_file_that_is_no_ready_file_is_told_without_its_contents(tmp_path: Path) -> None:
    file = tmp_path / "ready.json"
    file.write_text('{"page": "http://127.0.0.1:1/", "control": "canary-value"}')
    with pytest.raises(ReconcileError) as told:
        Ready.read(file)
    assert "canary-value" not in str(told.value)


def test_a_seed_never_shows_its_token() -> None:
    assert "hush" not in repr(AccountSeed("acme", "shop", "a-1", SecretText("hush")))


def test_a_ready_file_in_memory_never_shows_what_opens_the_world(served: Served) -> None:
    assert "acme-key" not in repr(served)
    assert served.ready.control not in repr(served)
