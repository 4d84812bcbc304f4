"""Providers as an engine meets them: each behind gRPC, most of them living as long as one command."""

import contextlib
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from .secrets import opened

Launch = Callable[[], AbstractContextManager[str]]
"""Opens a provider; what it gives is the address to call."""

_DETAILS = "grpc-status-details-bin"
_SECONDS = 60.0
"""The longest that one call may take."""


class Call(NamedTuple):
    """One call to a provider. `urn` is "" where it is about the provider itself."""

    method: str
    urn: str = ""


class Refused(Exception):
    """A provider failed a call; the text is what it said, one line a cause."""


class HalfMade(Refused):
    """The thing exists and is not whole: what is known of it, and why."""

    def __init__(self, said: str, details: provider_pb2.ErrorResourceInitFailed) -> None:
        super().__init__(said)
        self.id = details.id
        self.properties = details.properties
        self.inputs = details.inputs
        self.reasons = tuple(details.reasons)


def serving(make: Callable[[], provider_pb2_grpc.ResourceProviderServicer]) -> Launch:
    """A servicer in this process, made anew for every command as a real engine starts a process for each."""

    @contextlib.contextmanager
    def opened() -> Iterator[str]:
        with ThreadPoolExecutor(32) as threads:
            server = grpc.server(threads)
            provider_pb2_grpc.add_ResourceProviderServicer_to_server(make(), server)
            port = server.add_insecure_port("127.0.0.1:0")
            server.start()
            try:
                yield f"127.0.0.1:{port}"
            finally:
                server.stop(None).wait()

    return opened


def attached(address: str) -> Launch:
    """A provider that runs already and outlives every command."""
    return lambda: contextlib.nullcontext(address)


def executable(path: Path, *, cwd: Path, environment: Mapping[str, str]) -> Launch:
    """A program that prints its port, as the engine starts a plugin; ended after each command."""

    @contextlib.contextmanager
    def opened() -> Iterator[str]:
        # The engine's own address comes first; nobody listens there, as nobody need for a provider to work.
        process = subprocess.Popen(
            [str(path), "127.0.0.1:1"],
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            yield f"127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()
            process.communicate(timeout=_SECONDS)

    return opened


@dataclass
class Connection:
    """One provider, configured. Every method is one call; a failure is Refused or HalfMade."""

    stub: Any
    log: Callable[[Call], None]
    supports_preview: bool = False
    accept_secrets: bool = True

    def configure(self) -> None:
        """What an engine asks before anything else."""
        with contextlib.suppress(_Unimplemented):
            self._call("Handshake", provider_pb2.ProviderHandshakeRequest(engine_address="127.0.0.1:1"))
        asked = provider_pb2.CheckRequest(news=Struct(), olds=Struct())
        config = self._call("CheckConfig", asked).inputs
        answer = self._call(
            "Configure",
            provider_pb2.ConfigureRequest(
                args=config,
                acceptSecrets=True,
                acceptResources=True,
                sends_old_inputs=True,
                sends_old_inputs_to_delete=True,
            ),
        )
        self.accept_secrets = answer.acceptSecrets
        self.supports_preview = answer.supportsPreview

    def check(self, urn: str, request: provider_pb2.CheckRequest) -> Struct:
        """Raises Refused with every failure."""
        answer = self._call("Check", request, urn)
        if answer.failures:
            raise Refused("; ".join(f"{one.property}: {one.reason}" for one in answer.failures))
        inputs: Struct = answer.inputs
        return inputs

    def diff(self, urn: str, request: provider_pb2.DiffRequest) -> Any:
        return self._call("Diff", request, urn)

    def create(self, urn: str, request: provider_pb2.CreateRequest) -> Any:
        return self._call("Create", request, urn)

    def read(self, urn: str, request: provider_pb2.ReadRequest) -> Any:
        return self._call("Read", request, urn)

    def update(self, urn: str, request: provider_pb2.UpdateRequest) -> Any:
        return self._call("Update", request, urn)

    def delete(self, urn: str, request: provider_pb2.DeleteRequest) -> None:
        self._call("Delete", request, urn)

    def invoke(self, token: str, arguments: Struct) -> Struct:
        answer = self._call("Invoke", provider_pb2.InvokeRequest(tok=token, args=arguments))
        if answer.failures:
            raise Refused("; ".join(f"{one.property}: {one.reason}" for one in answer.failures))
        value: Struct = getattr(answer, "return")
        return value

    def cancel(self) -> None:
        with contextlib.suppress(_Unimplemented):
            self._call("Cancel", Empty())

    def _call(self, method: str, request: Any, urn: str = "") -> Any:
        self.log(Call(method, urn))
        request = request if self.accept_secrets else _in_clear(request)
        try:
            return getattr(self.stub, method)(request, timeout=_SECONDS)
        except grpc.RpcError as error:
            raise _failure(error) from None


class _Unimplemented(Refused):
    """The provider does not know this call."""


def _in_clear(request: Any) -> Any:
    """The request for a provider that takes no secrets; the engine marks what comes back of them."""
    told = type(request)()
    told.CopyFrom(request)
    for one, value in request.ListFields():
        if isinstance(value, Struct):
            getattr(told, one.name).CopyFrom(opened(value))
    return told


def _failure(error: Any) -> Refused:
    said = str(error.details())
    if error.code() is grpc.StatusCode.UNIMPLEMENTED:
        return _Unimplemented(said)
    for name, value in error.trailing_metadata() or ():
        if name == _DETAILS:
            for one in status_pb2.Status.FromString(value).details:
                half = provider_pb2.ErrorResourceInitFailed()
                if one.Unpack(half):
                    return HalfMade(said, half)
    return Refused(said)


@dataclass
class Connections(AbstractContextManager["Connections"]):
    """The providers of one command by package, each opened when it is first needed and told of the end."""

    launches: Mapping[str, Launch]
    calls: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._open: dict[str, Connection] = {}
        self._closing = ExitStack()
        self._lock = threading.Lock()

    def of(self, token: str) -> Connection:
        """The provider of a type or function. Raises LookupError."""
        package = token.partition(":")[0]
        with self._lock:
            if package not in self._open:
                if package not in self.launches:
                    raise LookupError(f"no resource plugin 'pulumi-resource-{package}' is given here")
                address = self._closing.enter_context(self.launches[package]())
                channel = self._closing.enter_context(grpc.insecure_channel(address))
                opened = Connection(provider_pb2_grpc.ResourceProviderStub(channel), self.calls.append)
                opened.configure()
                self._closing.callback(opened.cancel)
                self._open[package] = opened
            return self._open[package]

    def __exit__(self, *raised: object) -> None:
        self._closing.close()


def methods(calls: Sequence[Call]) -> list[str]:
    """What was asked about resources, in order."""
    return [one.method for one in calls if one.urn]
