"""A stand-in over a world in this process, called as an engine calls it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from reconcile.program.properties import decode, encode
from reconcile.program.standin import serve
from tests.r2.conftest import ID, Shop

RECORD = "cloudflare:index/dnsRecord:DnsRecord"
BUCKET = "cloudflare:index/r2Bucket:R2Bucket"
CORS = "cloudflare:index/r2BucketCors:R2BucketCors"
LIFECYCLE = "cloudflare:index/r2BucketLifecycle:R2BucketLifecycle"
LOCK = "cloudflare:index/r2BucketLock:R2BucketLock"
DOMAIN = "cloudflare:index/r2CustomDomain:R2CustomDomain"
ACCESS = "cloudflare:index/r2ManagedDomain:R2ManagedDomain"
ZONE = "cloudflare:index/getZone:getZone"
IN_BUCKET = {"accountId": ID, "bucketName": "receipts"}
ONE_BUCKET = {"accountId": ID, "name": "receipts"}
Values = Mapping[str, Any]


class Told(NamedTuple):
    """What an engine keeps of a resource."""

    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]


@dataclass
class Engine:
    """One resource at a time, with the calls in the order of a real engine's."""

    stub: Any
    zone: str

    def made(self, token: str, inputs: Values) -> Told:
        """Checked and created. Raises ValueError with what the check refuses, grpc.RpcError."""
        self.check(token, inputs)
        answer = self.stub.Create(provider_pb2.CreateRequest(type=token, name="x", properties=encode(inputs)))
        return Told(answer.id, dict(inputs), decode(answer.properties))

    def check(self, token: str, inputs: Values) -> None:
        answer = self.stub.Check(provider_pb2.CheckRequest(type=token, name="x", news=encode(inputs)))
        if answer.failures:
            raise ValueError("; ".join(f"{one.property}: {one.reason}" for one in answer.failures))
        assert decode(answer.inputs) == inputs

    def diff(self, token: str, told: Told, inputs: Values) -> tuple[list[str], list[str]]:
        """What differs, and what of it asks for another one."""
        answer = self.stub.Diff(
            provider_pb2.DiffRequest(
                type=token,
                id=told.id,
                olds=encode(told.outputs),
                old_inputs=encode(told.inputs),
                news=encode(inputs),
            )
        )
        assert (answer.changes == provider_pb2.DiffResponse.DIFF_SOME) == bool(answer.diffs)
        return sorted(answer.diffs), sorted(answer.replaces)

    def changed(self, token: str, told: Told, inputs: Values) -> Told:
        self.check(token, inputs)
        answer = self.stub.Update(
            provider_pb2.UpdateRequest(
                type=token,
                id=told.id,
                olds=encode(told.outputs),
                old_inputs=encode(told.inputs),
                news=encode(inputs),
            )
        )
        return Told(told.id, dict(inputs), decode(answer.properties))

    def read(self, token: str, told: Told) -> Told | None:
        request = provider_pb2.ReadRequest(
            type=token, id=told.id, inputs=encode(told.inputs), properties=encode(told.outputs)
        )
        return self._read(request)

    def imported(self, token: str, id: str) -> Told | None:
        return self._read(provider_pb2.ReadRequest(type=token, id=id))

    def deleted(self, token: str, told: Told) -> None:
        self.stub.Delete(
            provider_pb2.DeleteRequest(
                type=token, id=told.id, properties=encode(told.outputs), old_inputs=encode(told.inputs)
            )
        )

    def call(self, token: str, arguments: Values) -> dict[str, Any]:
        answer = self.stub.Invoke(provider_pb2.InvokeRequest(tok=token, args=encode(arguments)))
        return decode(getattr(answer, "return"))

    def record(self, **inputs: Any) -> dict[str, Any]:
        """Inputs of a record."""
        return {"zoneId": self.zone, "name": "a.shop.example", "type": "A", "ttl": 300, **inputs}

    def _read(self, request: Any) -> Told | None:
        answer = self.stub.Read(request)
        if not answer.id:
            # Unset and not only empty: an import would take it for a thing otherwise.
            assert not answer.HasField("inputs") and not answer.HasField("properties")
            return None
        return Told(answer.id, decode(answer.inputs), decode(answer.properties))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """The zone shop.example, and no bucket."""
    return Shop(tmp_path)


@pytest.fixture
def engine(shop: Shop) -> Iterator[Engine]:
    with shop.workshop() as workshop:
        assert workshop.world is not None
        made = serve(workshop.world, workshop.transports)
        with grpc.insecure_channel(f"127.0.0.1:{made.port}") as channel:
            (zone,) = shop.live("zone")
            yield Engine(provider_pb2_grpc.ResourceProviderStub(channel), str(zone["id"]))
        made.stop()
