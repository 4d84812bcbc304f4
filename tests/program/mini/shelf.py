"""A provider for the engine's own tests: things on a shelf, in a dict, that a test may move behind its back."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc
import pulumi
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from reconcile.model.secret import SecretText
from reconcile.program.properties import decode, encode, is_known

TOKEN = "shelf:index:Thing"
_ANEW = {"place", "box", "inside"}
"""Changing one of these makes a thing anew; `box` in the place of the old one."""


@dataclass
class Shelf:
    """What lives, and what is to go wrong: by name of the thing."""

    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    half: dict[str, str] = field(default_factory=dict)
    """Made, but then something fails."""
    wrong: dict[str, str] = field(default_factory=dict)
    """Refused by Check."""
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def put(self, values: Mapping[str, Any]) -> str:
        id = f"thing-{next(self._ids)}"
        self.things[id] = dict(values)
        return id

    def named(self, label: str) -> list[str]:
        """Ids of the things with a label."""
        return [id for id, one in self.things.items() if one.get("label") == label]


class Thing(pulumi.CustomResource):
    """One thing; its `serial` is its id in capitals, known once it is there."""

    serial: pulumi.Output[str]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, **inputs: Any) -> None:
        super().__init__(TOKEN, name, {"label": name, **inputs, "serial": None}, opts)


class ShelfProvider(provider_pb2_grpc.ResourceProviderServicer):
    """The whole life of a thing. `note` is a secret that only a writer ever sees."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def Configure(self, request: Any, context: Any) -> Any:
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Cancel(self, request: Any, context: Any) -> Any:
        return Empty()

    def Check(self, request: Any, context: Any) -> Any:
        said = self.shelf.wrong.get(request.name)
        failures = [provider_pb2.CheckFailure(property="label", reason=said)] if said else []
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def Diff(self, request: Any, context: Any) -> Any:
        old, new = _plain(decode(request.old_inputs)), _plain(decode(request.news))
        differing = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
        differing = [name for name in differing if name not in request.ignoreChanges]
        kinds = provider_pb2.DiffResponse
        return provider_pb2.DiffResponse(
            changes=kinds.DIFF_SOME if differing else kinds.DIFF_NONE,
            replaces=[name for name in differing if name in _ANEW],
            deleteBeforeReplace="box" in differing,
            diffs=differing,
        )

    def Create(self, request: Any, context: Any) -> Any:
        values = decode(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=request.properties)
        if request.name in self.shelf.refused:
            context.abort(grpc.StatusCode.UNKNOWN, self.shelf.refused[request.name])
        assert is_known(values), "a create with something that is not known"
        id = self.shelf.put(_plain(values))
        outputs = encode({**values, "serial": id.upper()})
        if request.name in self.shelf.half:
            _half(context, self.shelf.half[request.name], id, outputs, request.properties)
        return provider_pb2.CreateResponse(id=id, properties=outputs)

    def Read(self, request: Any, context: Any) -> Any:
        live = self.shelf.things.get(request.id)
        if live is None:
            return provider_pb2.ReadResponse()
        known = decode(request.inputs)
        told = {name: value for name, value in live.items() if not known or name in known}
        note = known.get("note")
        if isinstance(note, SecretText):
            told["note"] = note if live.get("note") == note.reveal() else SecretText("another")
        inputs = encode(told)
        return provider_pb2.ReadResponse(
            id=request.id, inputs=inputs, properties=encode({**told, "serial": request.id.upper()})
        )

    def Update(self, request: Any, context: Any) -> Any:
        values = decode(request.news)
        if not request.preview:
            self.shelf.things[request.id] = _plain(values)
        # Known in a preview too: what refers to it need not change with it.
        return provider_pb2.UpdateResponse(properties=encode({**values, "serial": request.id.upper()}))

    def Delete(self, request: Any, context: Any) -> Any:
        del self.shelf.things[request.id]
        return Empty()


def _half(context: Any, said: str, id: str, outputs: Any, inputs: Any) -> None:
    packed = Packed()
    packed.Pack(provider_pb2.ErrorResourceInitFailed(id=id, properties=outputs, inputs=inputs, reasons=[said]))
    status = status_pb2.Status(code=2, message=said, details=[packed])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, said)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """As the shelf keeps it."""
    return {name: value.reveal() if isinstance(value, SecretText) else value for name, value in values.items()}
