"""The stand-in on the wire: the calls of a Pulumi engine to a provider. It is NOT the vendor's plugin."""

import importlib.metadata
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from ...model.errors import PlatformError
from ...model.resource import Resource
from ...model.secret import SecretText
from ...platforms import kinds
from ...sandbox.ready import Ready
from ...sandbox.serve import Beside
from ..properties import Concealed, decode, encode
from ..tokens import Urn
from .accounts import PLAYED, Accounts, Refused
from .shapes import SHAPES, Shape
from .things import Things, Told
from .zones import TOKEN as GET_ZONE
from .zones import get_zone

PACKAGE = "pulumi_cloudflare"
_HOST = "127.0.0.1"
_THREADS = 32
_LIMITS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
log = logging.getLogger(__name__)


@dataclass
class StandIn:
    """One that listens."""

    port: int
    stop: Callable[[], None]

    @property
    def env(self) -> dict[str, str]:
        """What sends an engine there, and nowhere else."""
        return {
            "PULUMI_DEBUG_PROVIDERS": f"cloudflare:{self.port}",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }


def serve(ready: Ready, transports: Mapping[str, Any] | None = None) -> StandIn:
    """Answers on a free port of loopback until it is stopped. `transports`: for a world without ports of its own."""
    accounts = Accounts(ready, transports or {})
    server = grpc.server(ThreadPoolExecutor(_THREADS, thread_name_prefix="stand-in"), options=_LIMITS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(accounts), server)
    port = server.add_insecure_port(f"{_HOST}:0")
    server.start()

    def stop() -> None:
        server.stop(grace=None).wait(5)
        accounts.close()

    return StandIn(port, stop)


def beside(ready: Ready) -> Beside | None:
    """What `sandbox.serve` starts beside a world; None where no account of it has Cloudflare or R2."""
    if not any(platform in keys for keys in ready.accounts.values() for platform in PLAYED):
        return None
    made = serve(ready)
    word = "a stand-in for pulumi-resource-cloudflare, not the vendor's plugin"
    return Beside(made.env, made.stop, f"{word}: PULUMI_DEBUG_PROVIDERS=cloudflare:{made.port}")


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """Answers an engine. Secrets are asked for in clear: the engine itself marks the outputs of secret inputs."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._things = Things(accounts)
        self._kinds = {kind.bridge.token: kind for kind in kinds().values() if kind.bridge and kind.kind in SHAPES}

    def Attach(self, request: Any, context: grpc.ServicerContext) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=False)

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        version = importlib.metadata.version(PACKAGE.replace("_", "-"))
        log.info("a stand-in for pulumi-resource-cloudflare %s answers, not the vendor's plugin", version)
        return plugin_pb2.PluginInfo(version=version)

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        """A command begins: whatever the last one saw may have changed since."""
        self._accounts.forget(zones=True)
        return provider_pb2.ConfigureResponse(acceptSecrets=False, supportsPreview=True)

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        def answer() -> Any:
            if request.tok != GET_ZONE:
                raise Refused(f"the sandbox's stand-in for pulumi-resource-cloudflare has no function {request.tok}")
            # A word of Python's own.
            told: Any = {"return": encode(get_zone(self._accounts, _opened(request.args)))}
            return provider_pb2.InvokeResponse(**told)

        return _told(context, answer)

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        def answer() -> Any:
            shape = SHAPES[self._kind(request).kind]
            failures = [
                provider_pb2.CheckFailure(property=name, reason=why)
                for name, why in shape.refusals(_opened(request.news))
            ]
            return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

        return _told(context, answer)

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        def answer() -> Any:
            shape = SHAPES[self._kind(request).kind]
            old, new = _recorded(request, request.olds, shape), _opened(request.news)
            changed = [name for name in shape.changed(old, new) if name not in request.ignoreChanges]
            return _difference(changed, {name for name in changed if name in shape.replaces}, old, new)

        return _told(context, answer)

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        if request.preview:
            return provider_pb2.CreateResponse(properties=request.properties)

        def answer() -> Any:
            made = self._things.create(self._kind(request), _opened(request.properties))
            return provider_pb2.CreateResponse(id=made.id, properties=encode(made.outputs))

        return _told(context, answer)

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        """A refresh where inputs are recorded, else an import."""

        def answer() -> Any:
            kind, inputs = self._kind(request), _opened(request.inputs)
            found: Told | None
            if inputs:
                found = self._things.read(kind, request.id, inputs, _opened(request.properties))
            else:
                found = self._things.adopt(kind, request.id)
            if found is None:
                return provider_pb2.ReadResponse()
            return provider_pb2.ReadResponse(id=found.id, inputs=encode(found.inputs), properties=encode(found.outputs))

        return _told(context, answer)

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        if request.preview:
            return provider_pb2.UpdateResponse(properties=request.news)

        def answer() -> Any:
            made = self._things.update(self._kind(request), request.id, _opened(request.news))
            return provider_pb2.UpdateResponse(properties=encode(made.outputs))

        return _told(context, answer)

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        def answer() -> Any:
            kind = self._kind(request)
            inputs = _recorded(request, request.properties, SHAPES[kind.kind])
            self._things.delete(kind, request.id, inputs)
            return empty_pb2.Empty()

        return _told(context, answer)

    def _kind(self, request: Any) -> type[Resource]:
        token = request.type or Urn.parse(request.urn).type
        if token not in self._kinds:
            raise Refused(f"the sandbox's stand-in for pulumi-resource-cloudflare has no resource {token}")
        return self._kinds[token]


def _told(context: grpc.ServicerContext, answer: Callable[[], Any]) -> Any:
    """An answer, or one line that says why there is none."""
    try:
        return answer()
    except (Refused, PlatformError) as error:
        context.abort(grpc.StatusCode.UNKNOWN, str(error).splitlines()[0])


def _opened(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Properties in clear."""

    def opened(value: Any) -> Any:
        if isinstance(value, SecretText | Concealed):
            return opened(value.reveal())
        if isinstance(value, Mapping):
            return {name: opened(each) for name, each in value.items()}
        return [opened(each) for each in value] if isinstance(value, list) else value

    return {name: opened(value) for name, value in decode(struct).items() if value is not None}


def _recorded(request: Any, outputs: struct_pb2.Struct, shape: Shape) -> dict[str, Any]:
    """The inputs that the state holds; from its outputs where an engine sends no others."""
    told = _opened(request.old_inputs) or _opened(outputs)
    return {name: value for name, value in told.items() if name in shape.names}


def _difference(changed: list[str], replaced: set[str], old: Mapping[str, Any], new: Mapping[str, Any]) -> Any:
    kinds_of = provider_pb2.PropertyDiff

    def kind(name: str) -> Any:
        word = "ADD" if name not in old else "DELETE" if name not in new else "UPDATE"
        return kinds_of.Kind.Value(f"{word}_REPLACE" if name in replaced else word)

    some = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(
        changes=some,
        diffs=changed,
        replaces=sorted(replaced),
        detailedDiff={name: kinds_of(kind=kind(name), inputDiff=True) for name in changed},
        hasDetailedDiff=True,
    )
