"""The engine's side of the wire: a provider served on loopback over a pretend world, and each call as a method."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from reconcile.assemble import Workshop
from reconcile.plugin import Provider, serve
from reconcile.program.properties import SECRET, SIGNATURE, UNKNOWN_TEXT, decode
from reconcile.program.provider.servicer import Servicer
from tests.stories.estate import Estate

STACK = "solo"
PROJECT = """
project: library
ledger: {id: 0a1b2c3d, home: .trueup/ledger.db}
accounts:
  acme:
    railway: {id: w0000000-0000-4000-8000-000000000001, credentials: {token: ACME_RAILWAY_TOKEN}, tier: pro}
    vercel: {id: team_acme, credentials: {token: ACME_VERCEL_TOKEN}}
    cloudflare: {id: a0000000000000000000000000000001, credentials: {token: ACME_CLOUDFLARE_TOKEN}}
  other:
    vercel: {id: team_other, credentials: {token: OTHER_VERCEL_TOKEN}}
"""
EMPTY = "account: acme\n"
UNKNOWN = UNKNOWN_TEXT


def secret(value: Any) -> dict[str, Any]:
    """A secret property, as the wire has it."""
    return {SIGNATURE: SECRET, "value": value}


def struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    found = struct_pb2.Struct()
    found.update(values)
    return found


@dataclass
class State:
    """One resource as the engine's state holds it."""

    urn: str
    id: str
    inputs: struct_pb2.Struct
    outputs: struct_pb2.Struct

    @property
    def remote(self) -> str:
        return self.id.partition("/")[2]

    def output(self, name: str) -> Any:
        return decode(self.outputs)[name]


class Refused(Exception):
    """A call that was aborted."""

    def __init__(self, error: grpc.RpcError) -> None:
        super().__init__(error.details())
        self.text = str(error.details())
        self.code = error.code()
        trailers = dict(error.trailing_metadata() or ())
        self.trailer = trailers.get("grpc-status-details-bin")

    @property
    def partly(self) -> provider_pb2.ErrorResourceInitFailed:
        status = status_pb2.Status.FromString(self.trailer)
        failed = provider_pb2.ErrorResourceInitFailed()
        assert status.details[0].Unpack(failed)
        return failed


@dataclass
class Engine:
    """Calls of one provider process. `sent` keeps every answer and error as bytes, for who looks for leaks."""

    stub: provider_pb2_grpc.ResourceProviderStub
    stack: str = STACK
    sent: list[bytes] = field(default_factory=list)

    def urn(self, token: str, name: str) -> str:
        platform = token.split(":")[1]
        parent = "" if platform == "index" else f"trueup:platform:{platform.capitalize()}$"
        return f"urn:pulumi:{self.stack}::library::{parent}{token}::{name}"

    def call(self, method: str, request: Any) -> Any:
        try:
            answer = getattr(self.stub, method)(request)
        except grpc.RpcError as error:
            refused = Refused(error)
            self.sent += [refused.text.encode(), refused.trailer or b""]
            raise refused from None
        self.sent.append(answer.SerializeToString())
        return answer

    def check(self, token: str, name: str, inputs: Mapping[str, Any]) -> provider_pb2.CheckResponse:
        return self.call("Check", provider_pb2.CheckRequest(urn=self.urn(token, name), news=struct(inputs)))

    def refusals(self, token: str, inputs: Mapping[str, Any]) -> dict[str, str]:
        """Property to reason."""
        return {one.property: one.reason for one in self.check(token, "x", inputs).failures}

    def diff(self, state: State, inputs: Mapping[str, Any], ignore: tuple[str, ...] = ()) -> provider_pb2.DiffResponse:
        request = provider_pb2.DiffRequest(
            id=state.id, urn=state.urn, olds=state.outputs, old_inputs=state.inputs, news=struct(inputs)
        )
        request.ignoreChanges.extend(ignore)
        return self.call("Diff", request)

    def create(self, token: str, name: str, inputs: Mapping[str, Any], *, preview: bool = False) -> State:
        told = struct(inputs)
        request = provider_pb2.CreateRequest(urn=self.urn(token, name), properties=told, preview=preview)
        answer = self.call("Create", request)
        return State(self.urn(token, name), answer.id, told, answer.properties)

    def at_once(self, *works: Callable[[], Any]) -> list[Any]:
        """Several calls at one moment; what was refused is told as its Refused."""

        def guarded(work: Callable[[], Any]) -> Any:
            try:
                return work()
            except Refused as refused:
                return refused

        with ThreadPoolExecutor(len(works)) as pool:
            return list(pool.map(guarded, works))

    def update(self, state: State, inputs: Mapping[str, Any], *, preview: bool = False) -> State:
        told = struct(inputs)
        request = provider_pb2.UpdateRequest(
            id=state.id, urn=state.urn, olds=state.outputs, old_inputs=state.inputs, news=told, preview=preview
        )
        return State(state.urn, state.id, told, self.call("Update", request).properties)

    def delete(self, state: State) -> None:
        request = provider_pb2.DeleteRequest(
            id=state.id, urn=state.urn, properties=state.outputs, old_inputs=state.inputs
        )
        self.call("Delete", request)

    def read(self, state: State) -> State | None:
        request = provider_pb2.ReadRequest(id=state.id, urn=state.urn, properties=state.outputs, inputs=state.inputs)
        answer = self.call("Read", request)
        return State(state.urn, answer.id, answer.inputs, answer.properties) if answer.id else None

    def imported(self, token: str, name: str, id: str) -> State | None:
        return self.read(State(self.urn(token, name), id, struct_pb2.Struct(), struct_pb2.Struct()))

    def cancel(self) -> None:
        """The end of a command."""
        from google.protobuf import empty_pb2

        self.call("Cancel", empty_pb2.Empty())


@contextmanager
def engine_of(shop: Workshop, stack: str = STACK, **options: Any) -> Iterator[Engine]:
    """A provider of its own over a workshop, and the engine that speaks to it."""
    servicer = Servicer(Provider(shop).parts(**options))
    server, port = serve(servicer)
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Engine(provider_pb2_grpc.ResourceProviderStub(channel), stack)
    finally:
        server.stop(None).wait()
        servicer.close()


class Home(Estate):
    """A repository with accounts on Railway and Vercel whose Pulumi program is none of ours: its stack is empty."""

    def __init__(self, root: Any, stack: str = EMPTY, project: str = PROJECT) -> None:
        self._stack = stack
        super().__init__(root, EMPTY, project=project)
        (root / "stacks" / "shop.yaml").unlink()
        self.write(STACK, stack)
        railway: Any = self.world.mount("railway").pretend
        railway.pace = 0.0

    @contextmanager
    def engine(self, **options: Any) -> Iterator[Engine]:
        with self.workshop() as shop, engine_of(shop, **options) as engine:
            yield engine

    def things(self, platform: str, kind: str, account: str = "acme") -> list[dict[str, Any]]:
        return self.live(kind, platform, account)

    def shelf(self, kind: str) -> list[dict[str, Any]]:
        """Railway's things as they are, with the values of variables."""
        return [dict(one) for one in self.world.shelf("railway", "acme", kind).values()]

    def variables(self) -> dict[str, dict[str, Any]]:
        return {one["name"]: one for one in self.shelf("variable")}

    def variable_of(self, name: str) -> dict[str, Any]:
        return self.variables()[name]

    def one_instance(self, environment: str = "live") -> dict[str, Any]:
        (found,) = [one for one in self.shelf("instance") if one["environment"] == environment]
        return found

    def unanswer(self, address: str) -> None:
        """Leaves the ledger as a process that died between the call and its answer would: announced, not owned."""
        with sqlite3.connect(self.ledger_file) as ledger:
            ledger.execute("DELETE FROM owned WHERE address = ?", [address])
            ledger.execute("DELETE FROM applied WHERE address = ?", [address])
            ledger.execute("UPDATE intent SET result = NULL WHERE address = ?", [address])


def built(engine: Engine) -> dict[str, State]:
    """A project with a service that runs in one environment, by the word of each."""
    at = {"account": "acme"}
    project = engine.create("trueup:railway:Project", "shop", {**at, "name": "shop"})
    inside = {**at, "project": "shop"}
    place, service = engine.at_once(
        lambda: engine.create("trueup:railway:Environment", "live", {**inside, "name": "live"}),
        lambda: engine.create("trueup:railway:Service", "api", {**inside, "name": "api"}),
    )
    runs = {**at, "service": "shop/api", "environment": "shop/live", "source": {"image": "nginx:1"}}
    instance = engine.create("trueup:railway:Instance", "api", runs)
    return {"project": project, "environment": place, "service": service, "instance": instance}


VARIABLE = "trueup:railway:Variable"


def variable(name: str, value: Any) -> dict[str, Any]:
    return {"account": "acme", "instance": "shop/live/api", "name": name, "value": value}
