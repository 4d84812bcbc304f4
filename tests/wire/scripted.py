"""A real HTTP server on loopback that behaves as it is told, call by call."""

import json
import os
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from reconcile.model.secret import SecretText
from reconcile.wire import Budget, CallLog, Client, Pool, Redactor

TOKEN = "canary-Zq8vKx2LmN4rTt"


@dataclass(frozen=True)
class Reply:
    """What the server does with one request. `cut`: bytes of the body sent before the connection ends."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: int | None = None
    reset: Literal["", "before body is read", "after body is read"] = ""

    def raw_body(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Asked:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Script(ThreadingHTTPServer):
    """Gives the told replies in order, then 200 `{}`."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Answerer)
        self.replies: deque[Reply] = deque()
        self.answer: Callable[[Asked], Reply] | None = None
        self.asked: list[Asked] = []
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def will(self, *replies: Reply) -> None:
        self.replies.extend(replies)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Broken connections are what is tested here."""


class _Answerer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Script

    def _answer(self) -> None:
        script = self.server
        reply = script.replies.popleft() if script.replies else Reply()
        length = int(self.headers.get("content-length", 0))
        body = b"" if reply.reset == "before body is read" else self.rfile.read(length)
        asked = Asked(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        script.asked.append(asked)
        if script.answer:
            reply = script.answer(asked)
        if reply.reset:
            return self._reset()
        time.sleep(reply.delay)
        raw = reply.raw_body()
        lines = [f"HTTP/1.1 {reply.status} Told"]
        lines += [f"{name}: {value}" for name, value in {"content-length": str(len(raw)), **reply.headers}.items()]
        # One write: headers and body apart would wait for a delayed acknowledgement.
        head = ("\r\n".join(lines) + "\r\n\r\n").encode()
        self.connection.sendall(head + (b"" if self.command == "HEAD" else raw[: reply.cut]))
        if reply.cut is not None:
            self.close_connection = True
        return None

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


def read_error(status: int, body: Any) -> tuple[str, str]:
    """Cloudflare's shape."""
    first = body["errors"][0]
    return str(first["code"]), first["message"]


class World:
    """One server, and clients to it whose sleeps are written down instead of slept."""

    def __init__(self) -> None:
        self.server = Script()
        self.pool = Pool(4)
        self.log = CallLog()
        self.sleeps: list[float] = []
        self._clients: list[Client] = []

    def client(self, base_url: str | None = None, **changes: Any) -> Client:
        token = SecretText(f"Bearer {TOKEN}", "cloudflare.token")
        settings: dict[str, Any] = {
            "platform": "cloudflare",
            "account": "bilko",
            "base_url": base_url or self.server.url + "/client/v4",
            "authorization": token,
            "budget": Budget(10_000, 1.0, sleep=self.sleeps.append),
            "log": self.log,
            "pool": self.pool,
            "redactor": Redactor([]),
            "read_error": read_error,
            "sleep": self.sleeps.append,
            "timeout_seconds": 5.0,
        }
        client = Client(**{**settings, **changes})
        self._clients.append(client)
        return client

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self.pool.close()
        self.server.shutdown()
        self.server.server_close()
