"""What stands on the wire: each call of the engine, translated, answered, and refused in one line where it must be."""

import json
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from ...model.errors import LedgerError, ReconcileError
from ...model.secret import SecretText
from ...model.spec import Declared, Location
from ...steps.observe import Pair
from ...wire import Redactor
from ..properties import decode
from ..tokens import OWNERSHIP, Urn
from . import check, difference
from .asked import Asked, Inputs, declared_at, declared_model, pulumi_id, recorded_model, remote, secrets_in
from .books import Books
from .desk import Desk, Made, Order
from .listing import Listing, Listings, container_of
from .ownership import Ownership
from .parts import Parts
from .reading import Reading
from .refusing import refusal
from .releases import Quietly
from .told import outputs, pending
from .writing import Writing

Request = TypeVar("Request")
Response = TypeVar("Response")
Method = Callable[["Servicer", Request, grpc.ServicerContext], Response]
_STRUCTS = ("inputs", "old_inputs", "olds", "news", "properties", "args")


def _answers(method: Callable[["Servicer", Any], Response]) -> Callable[["Servicer", Any, Any], Response]:
    """Nothing leaves but an answer or one line."""

    @wraps(method)
    def call(self: "Servicer", request: Any, context: grpc.ServicerContext) -> Response:
        try:
            return method(self, request)
        except Exception as error:
            refused = refusal(error, self.secrets(request))
        refused.abort(context)
        raise AssertionError("abort has raised")

    return call


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """One provider. The engine calls in parallel, and once a command says Cancel at the end."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._books = Books(parts)
        self._listings = Listings(parts, self._books)
        self._reading = Reading(parts, self._books, self._listings)
        self._ownership = Ownership(parts, self._books, self._listings)
        self._quietly = Quietly()
        self._desks: dict[Pair, Desk] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Lets what is under way end, then ends the runs and releases the stacks."""
        with self._lock:
            desks = tuple(self._desks.values())
        for desk in desks:
            desk.rest()
        self._books.close()
        self._listings.drop()
        self._quietly.clear()

    def end(self) -> None:
        """The same, and nothing new is begun: the engine is gone."""
        self._books.seal()
        self.close()

    def secrets(self, request: Any) -> Iterable[SecretText]:
        """What an error of this request must not repeat."""
        try:
            known = list(self._parts.credentials())
        except ReconcileError:
            # Without a project there are none, and the call was refused for that.
            known = []
        for name in _STRUCTS:
            struct = getattr(request, name, None)
            if isinstance(struct, struct_pb2.Struct):
                known.extend(secrets_in(decode(struct)))
        return known

    # The provider itself.

    @_answers
    def Handshake(self, request: Any) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    @_answers
    def Attach(self, request: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    @_answers
    def GetPluginInfo(self, request: Any) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=self._parts.version)

    @_answers
    def GetSchema(self, request: Any) -> provider_pb2.GetSchemaResponse:
        # Asked for by `pulumi import` and editors only.
        from ...reference.pulumi_schema import schema

        told = schema({**self._parts.ours, **self._parts.starts}, self._parts.version)
        return provider_pb2.GetSchemaResponse(schema=json.dumps(told))

    @_answers
    def CheckConfig(self, request: provider_pb2.CheckRequest) -> provider_pb2.CheckResponse:
        found = check.of_config(decode(request.news))
        return provider_pb2.CheckResponse(inputs=request.news, failures=_failures(found))

    @_answers
    def DiffConfig(self, request: Any) -> provider_pb2.DiffResponse:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    @_answers
    def Configure(self, request: Any) -> provider_pb2.ConfigureResponse:
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @_answers
    def Cancel(self, request: Any) -> empty_pb2.Empty:
        self.close()
        return empty_pb2.Empty()

    # What costs no call.

    @_answers
    def Check(self, request: provider_pb2.CheckRequest) -> provider_pb2.CheckResponse:
        if Urn.parse(request.urn).type == OWNERSHIP:
            told = self._ownership.failures(request.news)
            return provider_pb2.CheckResponse(inputs=request.news, failures=_failures(told))
        asked, inputs = self._asked(request.urn), Inputs.of(request.news)
        found = check.failures(asked.kind, inputs, self._parts.project())
        # A model repeats what it refuses.
        hide = Redactor(inputs.secrets()).text
        told = [check.Failure(one.property, hide(one.reason)) for one in found]
        return provider_pb2.CheckResponse(inputs=check.checked(asked.kind, inputs), failures=_failures(told))

    @_answers
    def Diff(self, request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
        if Urn.parse(request.urn).type == OWNERSHIP:
            return self._ownership.differs(request.old_inputs, request.news)
        asked = self._asked(request.urn)
        old, new = Inputs.of(request.old_inputs), Inputs.of(request.news)
        kind = asked.kind
        remembered = self._remembered(asked) if old.fields.keys() - new.fields.keys() else ()
        found = difference.differences(kind, old, new, request.ignoreChanges, remembered)
        if asked.token in self._parts.starts and not found and new.account is not None:
            start = recorded_model(kind, new)
            if start is not None and self._quietly.concerns(new.account, start):
                found = [difference.Difference("digest", had=True, has=True, replaces=False)]
        self._refuse_anew(asked, [one for one in found if one.replaces and one.field not in new.unknown])
        return difference.answer(found)

    # What does.

    @_answers
    def Create(self, request: provider_pb2.CreateRequest) -> provider_pb2.CreateResponse:
        if Urn.parse(request.urn).type == OWNERSHIP:
            stack = Urn.parse(request.urn).stack
            id = "" if request.preview else self._ownership.write(stack, request.properties)
            return provider_pb2.CreateResponse(id=id, properties=request.properties)
        asked, inputs = self._asked(request.urn), Inputs.of(request.properties)
        if request.preview:
            self._note(asked, inputs)
            return provider_pb2.CreateResponse(properties=pending(asked.kind, request.properties, None))
        made, account = self._written("create", asked, inputs)
        properties = outputs(asked.kind, request.properties, made.resource)
        return provider_pb2.CreateResponse(id=pulumi_id(account, made.id), properties=properties)

    @_answers
    def Read(self, request: provider_pb2.ReadRequest) -> provider_pb2.ReadResponse:
        as_recorded = provider_pb2.ReadResponse(id=request.id, inputs=request.inputs, properties=request.properties)
        if Urn.parse(request.urn).type == OWNERSHIP:
            return as_recorded if request.inputs.fields else provider_pb2.ReadResponse()
        asked = self._asked(request.urn)
        if asked.token not in self._parts.starts:
            return self._reading.read(asked, request.id, request.inputs)
        there = bool(request.inputs.fields) and self._runs(asked, Inputs.of(request.inputs))
        return as_recorded if there else provider_pb2.ReadResponse()

    @_answers
    def Update(self, request: provider_pb2.UpdateRequest) -> provider_pb2.UpdateResponse:
        if Urn.parse(request.urn).type == OWNERSHIP:
            if not request.preview:
                self._ownership.write(Urn.parse(request.urn).stack, request.news, request.old_inputs)
            return provider_pb2.UpdateResponse(properties=request.news)
        asked, inputs = self._asked(request.urn), Inputs.of(request.news)
        if request.preview:
            self._note(asked, inputs)
            return provider_pb2.UpdateResponse(properties=pending(asked.kind, request.news, request.olds))
        made, _ = self._written("update", asked, inputs, request.id)
        return provider_pb2.UpdateResponse(properties=outputs(asked.kind, request.news, made.resource))

    @_answers
    def Delete(self, request: provider_pb2.DeleteRequest) -> empty_pb2.Empty:
        raw = request.old_inputs if request.old_inputs.fields else request.properties
        if Urn.parse(request.urn).type == OWNERSHIP:
            self._ownership.drop(Urn.parse(request.urn).stack, raw)
            return empty_pb2.Empty()
        asked = self._asked(request.urn)
        if asked.token not in self._parts.starts:
            self._deleted(asked, request.id, raw)
        return empty_pb2.Empty()

    def _asked(self, urn: str) -> Asked:
        return Asked.of(urn, {**self._parts.ours, **self._parts.starts})

    def _remembered(self, asked: Asked) -> frozenset[str]:
        """The fields that the ledger holds of a place."""
        row = self._books.history().applied.get(asked.place)
        return frozenset((*row.fields, *row.prints)) if row is not None else frozenset()

    def _refuse_anew(self, asked: Asked, found: Sequence[difference.Difference]) -> None:
        """What the stack file names by its id is deleted for nothing else: a Create never makes it again."""
        spec = self._parts.tree().stacks.get(asked.place.stack) if found else None
        one = spec.declared.get(asked.place.address) if spec is not None else None
        if one is not None and one.pinned:
            named = ", ".join(dict.fromkeys(each.field for each in found))
            raise ReconcileError(
                f"{one.address} would have to be made anew ({named}), and it is to be {one.pinned}",
                advice=f"put the declared values back, or take its id out at {one.at}",
            )

    def _note(self, asked: Asked, inputs: Inputs) -> None:
        """In a preview: what would be written quietly."""
        resource = recorded_model(asked.kind, inputs)
        if inputs.account is not None and resource is not None and asked.token in self._parts.ours:
            self._quietly.note(inputs.account, resource)

    def _written(self, verb: Any, asked: Asked, inputs: Inputs, id: str = "") -> tuple[Made, str]:
        """A thing made or changed, or started where that is all there is to its kind; and its account."""
        starts = asked.token in self._parts.starts
        resource = declared_model(asked.kind, inputs, (lambda: None) if starts else self._fingerprint)
        account, own = remote(id, asked.platform, self._parts.project()) if id else (inputs.account or "", "")
        listing = self._listings.of((account, asked.platform), asked.place.stack)
        one = declared_at(self._parts.tree(), asked.place, account, resource)
        order = Order("start" if starts else verb, asked, one, inputs.raw, own)
        made = self._desk(listing).submit(order)
        if not starts and listing.platform.releases:
            self._quietly.note(account, resource)
        return made, account

    def _deleted(self, asked: Asked, id: str, raw: struct_pb2.Struct) -> None:
        account, own = remote(id, asked.platform, self._parts.project())
        listing = self._listings.of((account, asked.platform), asked.place.stack)
        known = {name: raw.fields[name] for name in raw.fields if name in {"account", *asked.kind.comparable()}}
        resource = recorded_model(asked.kind, Inputs.of(struct_pb2.Struct(fields=known)))
        if resource is None:
            listing.everything()
            seen = listing.by_id(asked.kind.kind, own)
            if seen is None:
                raise ReconcileError(f"{asked.place.address} is not found by its id", advice="`pulumi up --refresh`")
            resource = seen.resource
        one = Declared(asked.place.stack, account, asked.place.address, resource, Location("the Pulumi state", 0))
        self._desk(listing).submit(Order("delete", asked, one, raw, own))

    def _runs(self, asked: Asked, inputs: Inputs) -> bool:
        """Whether the thing that a release starts lives. Raises ReconcileError where nobody can tell."""
        start = recorded_model(asked.kind, inputs)
        if start is None or inputs.account is None:
            return False
        ((name, of),) = asked.kind.refers().items()
        target = str(getattr(start, name))
        listing = self._listings.of((inputs.account, asked.platform), asked.place.stack)
        container = replace(container_of(start), kind=of)
        observation = listing.look([container])
        if any(one.kind == of and one.resource.referred_as() == target for one in observation.seen):
            return True
        blind = listing.why_not(container)
        if blind is not None:
            raise blind
        return False

    def _desk(self, listing: Listing) -> Desk:
        with self._lock:
            if listing.pair not in self._desks:
                self._desks[listing.pair] = Desk(listing, Writing(self._parts, self._books).work)
            return self._desks[listing.pair]

    def _fingerprint(self) -> Any:
        try:
            return self._parts.fingerprint()
        except LedgerError:
            # Whoever writes is refused by the books, which say what to do.
            return None


def _failures(found: Iterable[check.Failure]) -> list[provider_pb2.CheckFailure]:
    return [provider_pb2.CheckFailure(property=one.property, reason=one.reason) for one in found]
