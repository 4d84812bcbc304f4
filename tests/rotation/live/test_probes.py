"""Asking what runs: hosts that the repository declares, at public addresses, and no further; no secret goes out."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from reconcile.model.errors import Rejected, Unavailable
from reconcile.model.rotated import Probe
from reconcile.model.secret import SecretText
from reconcile.model.spec import Migration, Project
from reconcile.rotation import probes
from reconcile.rotation.hooks import HttpHook, hooks_of
from reconcile.rotation.probes import HttpProber, Told, hosts_of, refuse_private
from reconcile.sandbox.serve import serve
from reconcile.steps.rotate.kid import kid
from tests.rotation.cli.fleet import PROJECT, VAULTED

from .shop import Shop

HEALTH, KID = "https://api.shop.example/health", "https://api.shop.example/kid"


class Service:
    """What answers: status, body and headers by path, and what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, bytes, Mapping[str, str]]] = {}
        self.asked: list[tuple[str, str, Mapping[str, str], bytes]] = []
        self.url = ""

    def says(self, path: str, body: Any, status: int = 200, **headers: str) -> None:
        self.answers[path] = status, body if isinstance(body, bytes) else json.dumps(body).encode(), headers


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            service.asked.append((self.command, self.path, dict(self.headers), body))
            status, told, headers = service.answers.get(self.path, (404, b"{}", {}))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        do_GET = do_POST = _answer

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{server.server_address[1]}/services/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield service
    server.shutdown()
    server.server_close()


@pytest.fixture
def prober(service: Service) -> HttpProber:
    return HttpProber({"api.shop.example"}, service.url)


def healthy(prober: HttpProber, **more: Any) -> bool | None:
    return prober.ask([Probe("P2", HEALTH, **more)], "API_SECRET").healthy


def test_without_probes_nothing_is_told_and_nobody_is_asked(prober: HttpProber, service: Service) -> None:
    assert prober.ask([], "API_SECRET") == Told() and service.asked == []


def test_health_is_a_status_and_what_the_answer_must_hold(prober: HttpProber, service: Service) -> None:
    service.says("/services/api.shop.example/health", {"ok": True, "more": 1})
    assert healthy(prober) and healthy(prober, shows={"ok": True})
    assert healthy(prober, shows={"ok": "yes"}) is False
    service.says("/services/api.shop.example/health", b"fine")
    assert healthy(prober) and healthy(prober, shows={"ok": True}) is False
    service.says("/services/api.shop.example/health", {"ok": True}, status=503)
    told = prober.ask([Probe("P2", HEALTH)], "API_SECRET")
    assert told == Told(False, None, f"{HEALTH} answers 503")


def test_every_address_must_be_well_and_as_often_as_is_said(prober: HttpProber, service: Service) -> None:
    service.says("/services/api.shop.example/health", {})
    assert healthy(prober, times=3) and len(service.asked) == 3
    both = [Probe("P2", "https://api.shop.example/missing"), Probe("P2", HEALTH)]
    assert prober.ask(both, "API_SECRET").healthy is False
    assert prober.ask(both[::-1], "API_SECRET").healthy is False


def test_a_key_id_is_shown_for_one_or_for_several_variables(prober: HttpProber, service: Service) -> None:
    probe = Probe("P3", KID, shows={"kid": ""})
    service.says("/services/api.shop.example/kid", {"kid": "abcd1234"})
    assert prober.ask([probe], "API_SECRET").shows == "abcd1234"
    service.says("/services/api.shop.example/kid", {"kid": {"API_SECRET": "abcd1234", "OTHER": "x"}})
    assert prober.ask([probe], "API_SECRET").shows == "abcd1234"
    assert prober.ask([probe], "MISSING").shows == "", "it shows none of that: which is no proof"
    service.says("/services/api.shop.example/kid", {"kid": 7})
    assert prober.ask([probe], "API_SECRET").shows == ""


def test_a_redirect_is_not_followed(prober: HttpProber, service: Service) -> None:
    service.says("/services/api.shop.example/health", {}, status=302, location=f"{service.url}api.shop.example/kid")
    service.says("/services/api.shop.example/kid", {})
    assert healthy(prober) is False
    assert [path for _, path, _, _ in service.asked] == ["/services/api.shop.example/health"]


def test_no_more_is_read_than_an_answer_may_be_long(prober: HttpProber, service: Service) -> None:
    service.says("/services/api.shop.example/health", b"x" * (probes.LONGEST + 1))
    told = prober.ask([Probe("P2", HEALTH)], "API_SECRET")
    assert (told.healthy, told.detail) == (False, f"{HEALTH} answers more than is read")


@pytest.mark.parametrize(
    "url",
    [
        "http://api.shop.example/health",
        "https://api.shop.example:8443/health",
        "https://user@api.shop.example/health",
        "https://api.shop.example.evil.example/health",
        "https://169.254.169.254/latest",
        "https://localhost/health",
        "https://evil.example/api.shop.example",
        "https://api.shop.example:port/health",
        "https://[api.shop.example/health",
    ],
)
def test_only_declared_hosts_are_asked(prober: HttpProber, service: Service, url: str) -> None:
    with pytest.raises(Rejected):
        prober.address(url)
    with pytest.raises(Rejected):
        prober.ask([Probe("P2", url)], "API_SECRET")
    assert service.asked == []


@pytest.mark.parametrize("path", ["../../control/things", "a/../../x", "%2e%2e/%2e%2e/control"])
def test_a_path_cannot_leave_its_host(prober: HttpProber, service: Service, path: str) -> None:
    with pytest.raises(Rejected, match="leads out of where it begins"):
        prober.ask([Probe("P2", f"https://api.shop.example/{path}")], "API_SECRET")
    assert service.asked == []


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "100.64.0.1", "::1", "fd00::1", "0.0.0.0"]
)
def test_a_declared_host_that_leads_into_a_private_network_is_refused(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    answer = [
        (family, socket.SOCK_STREAM, 6, "", (address, 443)),
        (family, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 443)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **more: answer)
    with pytest.raises(Rejected, match="not public"):
        refuse_private("api.shop.example")
    with pytest.raises(Rejected, match="not public"):
        HttpProber({"api.shop.example"}).ask([Probe("P2", HEALTH)], "API_SECRET")


def test_a_public_address_is_asked_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **more: [(2, 1, 6, "", ("8.8.8.8", 443))])
    assert HttpProber({"api.shop.example"}).address(HEALTH) == HEALTH


def test_a_host_that_does_not_resolve_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: object, **more: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    told = HttpProber({"api.shop.example"}).ask([Probe("P2", HEALTH)], "API_SECRET")
    assert (told.healthy, told.detail) == (False, f"{HEALTH} does not answer (gaierror)")


def test_hosts_are_those_that_stacks_declare_something_to_answer_at(tmp_path: Path) -> None:
    with Shop(tmp_path, VAULTED, PROJECT).workshop() as shop:
        assert hosts_of(shop.tree) == {"api.shop.example"}


def test_a_sandbox_answers_for_the_services_it_pretends(tmp_path: Path) -> None:
    prove = '[P0, P1, {P2: "https://api.shop.example/health", shows: {ok: true}, times: 2}, {P3: "https://api.shop.example/kid"}]'
    stack = VAULTED.replace("strategy: migrate", f"strategy: overlap, prove: {prove}")
    stack = stack.replace("hook: reencrypt, class: irreplaceable", "class: irreplaceable")
    shop = Shop(tmp_path, stack, PROJECT)
    served = serve(shop.world, ready_file=tmp_path / "ready.json", ledger=shop.ledger_file)
    try:
        shop.apply()
        with shop.workshop() as at:
            assert at.world is not None
            at.world = at.world.model_copy(update={"services": served.ready.services})
            for _ in range(12):
                (step,) = at.reconciler().rotate(("shop",), command="rotate")
            assert step.what == "nothing"
        value = shop.variables("api")["MASTER_ENCRYPTION_KEY"]
        told = HttpProber({"api.shop.example"}, served.ready.services).ask(
            [Probe("P2", HEALTH, shows={"ok": True}), Probe("P3", KID, shows={"kid": ""})], "MASTER_ENCRYPTION_KEY"
        )
        assert told == Told(True, kid(value))
    finally:
        served.stop()


# Migrations


def hook(service: Service, prober: HttpProber, **more: Any) -> HttpHook:
    return HttpHook(
        "reencrypt", "https://api.shop.example/run", "https://api.shop.example/left", prober.address, **more
    )


VALUE = {"value": SecretText("never-to-be-sent", "value")}


def test_a_migration_is_asked_to_go_on_and_counted_elsewhere_and_no_value_is_sent(
    service: Service, prober: HttpProber
) -> None:
    service.says("/services/api.shop.example/run", {"left": 0})
    service.says("/services/api.shop.example/left", {"left": 12})
    one = hook(service, prober, token=SecretText("its-own-token", "TOKEN"))
    one.run(VALUE, VALUE)
    assert one.left() == 12, "what `run` says does not count"
    assert [(method, path) for method, path, _, _ in service.asked] == [
        ("POST", "/services/api.shop.example/run"),
        ("GET", "/services/api.shop.example/left"),
    ]
    assert all(headers["authorization"] == "Bearer its-own-token" for _, _, headers, _ in _lower(service))
    assert all(b"never-to-be-sent" not in body for *_, body in service.asked)
    assert "never-to-be-sent" not in str(service.asked)


def _lower(service: Service) -> list[tuple[str, str, Mapping[str, str], bytes]]:
    return [(a, b, {name.lower(): value for name, value in headers.items()}, d) for a, b, headers, d in service.asked]


@pytest.mark.parametrize("body", [{}, {"left": "0"}, {"left": True}, {"left": -1}, {"left": None}, [], 0])
def test_what_is_no_count_is_no_proof(service: Service, prober: HttpProber, body: Any) -> None:
    service.says("/services/api.shop.example/left", body)
    with pytest.raises(Rejected, match="tells no number at left"):
        hook(service, prober).left()


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"its-own-secret", 200), ({"error": "its-own-secret"}, 500), ({"error": "its-own-secret"}, 302)],
)
def test_what_the_application_answers_is_repeated_nowhere(
    service: Service, prober: HttpProber, body: Any, status: int
) -> None:
    service.says("/services/api.shop.example/left", body, status=status)
    with pytest.raises(Unavailable) as told:
        hook(service, prober).left()
    assert "its-own-secret" not in str(told.value) and told.value.__cause__ is None


def test_an_answer_of_no_content_is_enough_of_run(service: Service, prober: HttpProber) -> None:
    service.says("/services/api.shop.example/run", b"", status=204)
    hook(service, prober).run(VALUE, VALUE)


def test_a_migration_that_leads_elsewhere_is_refused(service: Service, prober: HttpProber) -> None:
    one = HttpHook("reencrypt", "https://evil.example/run", "https://api.shop.example/left", prober.address)
    with pytest.raises(Rejected):
        one.run(VALUE, VALUE)
    assert service.asked == []


def test_migrations_are_those_of_the_project_with_the_tokens_of_the_runner(prober: HttpProber) -> None:
    migrations = {
        "reencrypt": Migration("https://api.shop.example/run", "https://api.shop.example/left", "n", "ITS_TOKEN")
    }
    project = Project("library", "0a1b2c3d", "x", {}, (), migrations)
    token = hooks_of(project, prober, {"ITS_TOKEN": "its-own-token"})["reencrypt"].token
    assert token is not None and token.reveal() == "its-own-token"
    assert hooks_of(project, prober, {})["reencrypt"].token is None
    assert hooks_of(project, prober, {})["reencrypt"].field == "n"


def test_an_application_whose_host_does_not_resolve_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: object, **more: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Unavailable, match="gaierror"):
        HttpHook("reencrypt", HEALTH, HEALTH, HttpProber({"api.shop.example"}).address).left()
