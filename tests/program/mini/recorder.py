"""A monitor in this process: it keeps everything that a program registers, and answers it."""

import threading
from collections.abc import Mapping
from typing import Any

from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.mocks import MockMonitor, Mocks
from pulumi.runtime.proto import resource_pb2

from reconcile.program.properties import decode, encode

STACK = "pulumi:pulumi:Stack"
ZONE = "cloudflare:index/getZone:getZone"

Registered = resource_pb2.RegisterResourceRequest
Answer = resource_pb2.RegisterResourceResponse


def make_urn(stack: str, project: str, parent: str, type: str, name: str) -> str:
    """As the engine makes it: the types of all parents before its own, the root stack's left out."""
    above = parent.split("::", 3)[2] if parent else STACK
    return f"urn:pulumi:{stack}::{project}::{type if above == STACK else f'{above}${type}'}::{name}"


class Recorder(MockMonitor):
    """Registers nothing anywhere: inputs come back as outputs, with the id `<type's last word>-<name>`.

    `zones` answers the program's look-ups of zones: domain to id. What a subclass builds it says in `answer`.
    """

    def __init__(self, project: str, stack: str, zones: Mapping[str, str] | None = None) -> None:
        super().__init__(_NoMocks())
        self.project = project
        self.stack = stack
        self.zones = zones or {}
        self.requests: dict[str, Registered] = {}
        """By URN, in the order of arrival, without the root stack."""
        self.invoked: list[tuple[str, dict[str, Any]]] = []
        self.exported = Struct()
        self.lock = threading.RLock()

    @property
    def outputs(self) -> dict[str, Any]:
        """What the stack exports, decoded: secrets are SecretText or Concealed."""
        return decode(self.exported)

    def inputs(self, urn: str) -> dict[str, Any]:
        """What a resource was registered with, decoded."""
        return decode(self.requests[urn].object)

    def urn_of(self, type: str, name: str) -> str:
        """The URN of the one registered resource of a type and name. Raises ValueError."""
        (found,) = [urn for urn, one in self.requests.items() if (one.type, one.name) == (type, name)]
        return found

    def answer(self, urn: str, request: Registered) -> Answer:
        """What becomes of one resource. Called in threads, several at a time."""
        id = f"{request.type.rpartition(':')[2]}-{request.name}" if request.custom else ""
        return Answer(urn=urn, id=id, object=request.object)

    def call(self, token: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """What a function of a provider answers. Raises LookupError."""
        if token != ZONE:
            raise LookupError(f"nothing answers {token} here")
        domain = str((arguments.get("filter") or {})["name"])
        if domain not in self.zones:
            raise LookupError(f"there is no zone {domain}")
        return {**arguments, "id": self.zones[domain], "zoneId": self.zones[domain], "name": domain}

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        return make_urn(self.stack, self.project, parent, type_, name)

    def RegisterResource(self, request: Registered) -> Answer:
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == STACK:
            return Answer(urn=urn)
        with self.lock:
            if urn in self.requests:
                raise ValueError(f"two resources are called {urn}")
            self.requests[urn] = request
        return self.answer(urn, request)

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> Empty:
        if f"::{STACK}::" in request.urn:
            self.exported = request.outputs
        return Empty()

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:
        arguments = decode(request.args)
        with self.lock:
            self.invoked.append((request.tok, arguments))
        answer = resource_pb2.ResourceInvokeResponse()
        # Its field has the name of a keyword.
        getattr(answer, "return").CopyFrom(encode(self.call(request.tok, arguments)))
        return answer

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> resource_pb2.ReadResourceResponse:
        raise NotImplementedError("reading a resource that the program does not declare")


class _NoMocks(Mocks):
    """The base class asks for some; everything that would use them is answered above."""

    def call(self, args: Any) -> Any:
        raise NotImplementedError

    def new_resource(self, args: Any) -> Any:
        raise NotImplementedError
