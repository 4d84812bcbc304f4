"""moto's S3 on loopback: one request at a time, as S3 decides conditions, with a place to stand in the way."""

import io
import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from moto.s3.models import s3_backends
from moto.server import create_backend_app  # type: ignore[attr-defined]
from werkzeug.serving import make_server

ACCOUNT = "123456789012"
CONDITIONS = {"HTTP_IF_MATCH": "If-Match", "HTTP_IF_NONE_MATCH": "If-None-Match"}

Environ = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    status: str
    headers: list[tuple[str, str]]
    body: bytes = b""


Onward = Callable[[Environ], Answer]
Hook = Callable[[Environ, Onward], Answer]


@dataclass(frozen=True)
class Asked:
    """One request: its method, its condition's header ("" where it has none), the status it got, what it sent."""

    method: str
    condition: str
    status: int
    headers: dict[str, str]


@dataclass
class S3Door:
    """Every test has a bucket of its own; `hook` sees its requests before S3 does."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    hook: Hook | None = None
    _app: Any = field(default_factory=lambda: create_backend_app("s3"))
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
        answer = self.hook(environ, self.onward) if self.hook is not None else self.onward(environ)
        condition = next((name for header, name in CONDITIONS.items() if header in environ), "")
        sent = {name: str(value) for name, value in environ.items() if name.startswith(("HTTP_", "CONTENT_"))}
        self.asked.append(Asked(environ["REQUEST_METHOD"], condition, int(answer.status.split()[0]), sent))
        start_response(answer.status, answer.headers)
        return [answer.body]

    def onward(self, environ: Environ) -> Answer:
        """What S3 answers."""
        told: list[Any] = []
        with self._turn:
            body = b"".join(self._app(environ, lambda status, headers, *_: told.extend((status, headers))))
        return Answer(told[0], told[1], body)

    def make(self, bucket: str) -> None:
        s3_backends[ACCOUNT]["aws"].create_bucket(bucket, "us-east-1")

    def peek(self, bucket: str, key: str) -> bytes | None:
        """What the object holds, without a request."""
        found = s3_backends[ACCOUNT]["aws"].get_object(bucket, key)
        return bytes(found.value) if found is not None else None

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """An unconditional write past the product, without a request."""
        s3_backends[ACCOUNT]["aws"].put_object(bucket, key, content)

    def remove(self, bucket: str, key: str) -> None:
        s3_backends[ACCOUNT]["aws"].delete_object(bucket, key)

    def counts(self) -> dict[str, int]:
        """How many requests of each method came since the last look."""
        found = {method: sum(one.method == method for one in self.asked) for method in ("GET", "PUT")}
        self.asked.clear()
        return found


def refusal(status: str, code: str) -> Answer:
    """An error as S3 words it, with a word in it that must not be repeated."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>s3same was sent</Message></Error>".encode()
    return Answer(status, [("Content-Type", "application/xml")], body)


def only(method: str, answer: Answer, times: int = 1_000) -> Hook:
    """Answers so, in the place of S3, the first requests of a method."""
    left = [times]

    def hook(environ: Environ, onward: Onward) -> Answer:
        if environ["REQUEST_METHOD"] != method or not left[0]:
            return onward(environ)
        left[0] -= 1
        return answer

    return hook


def ignoring(*headers: str) -> Hook:
    """An endpoint that does not know these conditions."""

    def hook(environ: Environ, onward: Onward) -> Answer:
        known = {name: value for name, value in environ.items() if CONDITIONS.get(name) not in headers}
        return onward(known)

    return hook


def answer_lost(method: str, status: str, *, then: Callable[[], None] = lambda: None) -> Hook:
    """S3 does the first request of a method, and the client hears of an error; `then` happens in between."""
    left = [1]

    def hook(environ: Environ, onward: Onward) -> Answer:
        if environ["REQUEST_METHOD"] != method or not left[0]:
            return onward(environ)
        left[0] = 0
        onward(environ)
        then()
        return refusal(status, re.sub(r"[^A-Za-z]", "", status))

    return hook


@contextmanager
def serving() -> Iterator[S3Door]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    door = S3Door()
    server = make_server("127.0.0.1", 0, door, threaded=True)
    door.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, name="s3", daemon=True)
    thread.start()
    try:
        yield door
    finally:
        server.shutdown()
        thread.join()
