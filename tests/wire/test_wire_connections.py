"""How connections are opened, broken, proxied and trusted."""

import logging
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from scripted import TOKEN, Reply, Script, World

from reconcile.model.errors import Denied, PlatformError, ReconcileError, Unavailable
from reconcile.model.secret import SecretText
from reconcile.wire import Call

OPENSSL = (
    *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"),
    *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_refused_connection_never_reached_the_server_so_a_write_is_tried_again(world: World) -> None:
    port = free_port()
    servers: list[Script] = []

    def sleep(seconds: float) -> None:
        servers.append(Script(port))

    assert world.client(f"http://127.0.0.1:{port}", sleep=sleep).send(Call("POST", "/zones", json={})) == {}
    (server,) = servers
    assert [asked.method for asked in server.asked] == ["POST"]
    assert [record.status for record in world.log.records()] == [0, 200]
    server.shutdown()
    server.server_close()


def test_a_connection_refused_to_the_end_is_sure(world: World) -> None:
    with pytest.raises(Unavailable, match="no connection") as caught:
        world.client(f"http://127.0.0.1:{free_port()}", attempts=3).send(Call("POST", "/zones"))
    assert not caught.value.unsure
    assert world.log.count() == 3


def test_connections_are_kept(world: World) -> None:
    ports = set()
    original = world.server.process_request

    def counted(request: socket.socket, address: tuple[str, int]) -> None:
        ports.add(address)
        original(request, address)

    world.server.process_request = counted  # type: ignore[method-assign, assignment]
    client = world.client()
    for _ in range(5):
        client.get("/zones")
    assert len(ports) == 1


def test_a_proxy_from_the_environment_is_used(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", world.server.url)
    world.server.will(Reply(body={"by": "proxy"}))
    assert world.client("http://platform.invalid/v4").get("/zones") == {"by": "proxy"}
    assert world.server.asked[0].target == "http://platform.invalid/v4/zones"


def test_no_proxy_is_honoured(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", world.server.url)
    monkeypatch.setenv("NO_PROXY", "platform.invalid")
    with pytest.raises(Unavailable):
        world.client("http://platform.invalid/v4", attempts=1).get("/zones")
    assert world.server.asked == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_is_never_proxied(world: World, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{free_port()}")
    assert world.client(f"http://{host}:{world.server.server_port}").get("/zones") == {}


def test_a_proxy_that_cannot_be_used_is_named_without_its_password(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "gopher://me:hunter22@proxy.invalid")
    with pytest.raises(ReconcileError, match="proxy") as caught:
        world.client("http://platform.invalid")
    assert "hunter22" not in str(caught.value) + caught.value.advice


def test_an_unreadable_ca_file_is_named(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "absent.pem"))
    with pytest.raises(ReconcileError, match="SSL_CERT_FILE"):
        world.client("https://platform.invalid")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate for 127.0.0.1 and its key in one file."""
    file = tmp_path / "pair.pem"
    try:
        made = subprocess.run(
            [*OPENSSL, "-keyout", str(file), "-out", str(tmp_path / "cert.pem")],
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    assert made.returncode == 0, made.stderr
    file.write_text(file.read_text() + (tmp_path / "cert.pem").read_text())
    return file


@pytest.fixture
def secure(world: World, certificate: Path) -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    world.server.socket = context.wrap_socket(world.server.socket, server_side=True)
    return world.server.url.replace("http:", "https:")


def test_an_unknown_certificate_is_refused_at_once(world: World, secure: str) -> None:
    with pytest.raises(PlatformError, match="certificate is not trusted") as caught:
        world.client(secure).get("/zones")
    assert "SSL_CERT_FILE" in caught.value.advice
    assert (world.log.count(), world.server.asked) == (1, [])


def test_an_own_ca_from_the_environment_is_trusted(
    world: World, secure: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert world.client(secure).get("/zones") == {}


@pytest.mark.parametrize(
    "url", ["ftp://x", "platform.invalid", "http://me:pw@platform.invalid", "http://x?a=1", "http://[", ""]
)
def test_a_base_url_must_be_plain_http(world: World, url: str) -> None:
    with pytest.raises(ValueError, match="base url"):
        world.client(base_url=url or "//")


def test_a_path_cannot_name_another_host(world: World) -> None:
    with pytest.raises(ValueError, match="slash"):
        world.client().get("@elsewhere.invalid/")


@pytest.mark.parametrize("value", ["Bearer abq7\nx: y", "Bearer ключ", " ", "Bearer zq9\x00"])
def test_a_credential_that_no_header_can_carry_is_denied_before_any_call(world: World, value: str) -> None:
    with pytest.raises(Denied) as caught:
        world.client(authorization=SecretText(value))
    told = str(caught.value)
    assert [part for part in ("abq7", "ключ", "zq9") if part in told] == []


def test_a_line_end_after_a_credential_is_forgiven(world: World) -> None:
    world.client(authorization=SecretText("Bearer abc\n")).get("/zones")
    assert world.server.asked[0].headers["authorization"] == "Bearer abc"


def test_without_authorization_none_is_sent(world: World) -> None:
    world.client(authorization=None).get("/zones")
    assert "authorization" not in world.server.asked[0].headers


def test_cookies_are_not_kept(world: World) -> None:
    world.server.will(Reply(headers={"set-cookie": "session=1; Path=/"}))
    client = world.client()
    client.get("/zones")
    client.get("/zones")
    assert "cookie" not in world.server.asked[1].headers


def test_the_token_is_in_no_text_and_no_log(
    world: World, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = {"errors": [{"code": f"c-{TOKEN}", "message": f"bad token '{TOKEN}' in {'x' * 280}"}]}
    world.server.will(Reply(500, echo), Reply(400, echo, {"x-request-id": TOKEN}))
    client = world.client()
    call = Call("GET", "/zones", {"access_token": TOKEN}, headers={"x-key": TOKEN}, json={"value": TOKEN})
    with pytest.raises(PlatformError) as caught:
        client.send(call)
    told = [str(caught.value), repr(caught.value), repr(caught.value.__dict__), repr(client), repr(call), caplog.text]
    told += [repr(world.log.records()), *capfd.readouterr()]
    assert world.log.count() == 2
    assert [text for text in told if "canary" in text] == []


def test_a_secret_in_a_body_is_revealed_on_the_wire_and_masked_in_the_error(world: World) -> None:
    world.server.will(Reply(422, {"errors": [{"code": 1, "message": "value s3cr3t-body is too short"}]}))
    with pytest.raises(PlatformError) as caught:
        world.client().send(Call("POST", "/variables", json={"value": SecretText("s3cr3t-body")}))
    assert b"s3cr3t-body" in world.server.asked[0].body
    assert "value *** is too short" in str(caught.value)


def test_a_client_prints_and_logs_nothing_also_when_it_retries(
    world: World, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    world.server.will(Reply(500), Reply(reset="after body is read"))
    world.client().get("/zones")
    assert world.log.count() == 3
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_many_threads_share_one_client(world: World) -> None:
    world.server.answer = lambda asked: Reply(body={"target": asked.target})
    client = world.client()
    results: dict[int, object] = {}

    def ask(number: int) -> None:
        results[number] = client.get("/zones", {"n": number})["target"]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: f"/client/v4/zones?n={number}" for number in range(12)}


def test_importing_the_wire_makes_no_call_and_prints_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", "import reconcile.wire"], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")
