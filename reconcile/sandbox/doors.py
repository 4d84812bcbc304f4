"""The two ways into a platform, by socket and in process, and how each of them is cut."""

import socket
import struct
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import httpx
from waitress.channel import ClientDisconnected, HTTPChannel  # type: ignore[import-untyped]
from waitress.server import TcpWSGIServer  # type: ignore[import-untyped]
from waitress.task import WSGITask  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CUT = "sandbox.cut"
"""Set in the WSGI environment by whoever wants the answer cut: "reset" or "truncate"."""
_CHANNEL = "sandbox.channel"


class _Task(WSGITask):  # type: ignore[misc]
    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ[_CHANNEL] = self.channel
        return environ


class _Channel(HTTPChannel):  # type: ignore[misc]
    task_class = _Task


class Server(TcpWSGIServer):  # type: ignore[misc]
    """Waitress, whose tasks know their connection so that a fault can cut it."""

    channel_class = _Channel


def by_socket(app: "WSGIApplication") -> "WSGIApplication":
    """For `Server`: a reset is a TCP reset, a truncated answer ends before its Content-Length."""

    def door(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        body = app(environ, start_response)
        cut = environ.get(CUT)
        if cut is None:
            return body
        if cut == "reset":
            # A linger of zero makes the close a RST instead of a FIN: the client sees "connection reset by peer".
            linger = struct.pack("ii", 1, 0)
            environ[_CHANNEL].socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            raise ClientDisconnected
        whole = b"".join(body)
        return [whole[: len(whole) // 2]]

    return door


def in_process(app: "WSGIApplication") -> "WSGIApplication":
    """For `httpx.WSGITransport`: a cut raises what httpx raises over a socket."""

    def door(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        body = app(environ, start_response)
        cut = environ.get(CUT)
        if cut is None:
            return body
        if cut == "reset":
            raise httpx.ReadError("[Errno 104] Connection reset by peer")
        return _half(b"".join(body))

    return door


def _half(whole: bytes) -> Iterator[bytes]:
    yield whole[: len(whole) // 2]
    raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")
