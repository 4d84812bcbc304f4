"""An error as the engine gets it: one line without a secret, a code, and what to do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2, status_pb2

from ...model import exits
from ...model.change import Outcome
from ...model.errors import Denied, LedgerError, LedgerLocked, RateLimited, ReconcileError, SpecError, Unavailable
from ...model.secret import SecretText
from ...wire import Redactor

_CODES: tuple[tuple[type[ReconcileError], Any], ...] = (
    (SpecError, grpc.StatusCode.INVALID_ARGUMENT),
    (RateLimited, grpc.StatusCode.RESOURCE_EXHAUSTED),
    (Denied, grpc.StatusCode.PERMISSION_DENIED),
    (LedgerLocked, grpc.StatusCode.ABORTED),
    (LedgerError, grpc.StatusCode.FAILED_PRECONDITION),
)
"""UNAVAILABLE is left out: the engine takes it for a provider that is gone."""
_AFTER: Mapping[int, str] = {
    exits.AUTH: Denied.advice,
    RateLimited.exit_code: RateLimited.advice,
    exits.PARTIAL: "what was made is kept; run the same command again",
}


class Partly(ReconcileError):
    """It was made, and not brought to what is declared: the engine keeps it, and updates it the next time."""

    exit_code = exits.PARTIAL

    def __init__(self, message: str, id: str, properties: struct_pb2.Struct, inputs: struct_pb2.Struct) -> None:
        super().__init__(message, advice=_AFTER[exits.PARTIAL])
        self.id = id
        self.properties = properties
        self.inputs = inputs


class Unmade(ReconcileError):
    """A change that did not come about, as its outcome tells."""

    def __init__(self, outcome: Outcome) -> None:
        change = outcome.change
        code = outcome.exit_code or exits.FAILED
        advice = _AFTER.get(code, "correct what is named, then run the same command again")
        if outcome.status == "unsure":
            advice = Unavailable.advice + "; it is looked for before it is sent again"
        super().__init__(f"{change.verb} of {change.address} {outcome.status}: {outcome.error}", advice=advice)
        self.code = code


@dataclass(frozen=True)
class Refusal:
    """What an aborted call carries."""

    code: Any
    text: str
    trailer: bytes = b""

    def abort(self, context: grpc.ServicerContext) -> None:
        """Ends the call; never returns."""
        if self.trailer:
            context.set_trailing_metadata((("grpc-status-details-bin", self.trailer),))
        context.abort(self.code, self.text)


def refusal(error: Exception, known: Iterable[SecretText]) -> Refusal:
    """The one line of any exception. A defect of ours tells its type alone: its text may hold anything."""
    if not isinstance(error, ReconcileError):
        where = type(error).__name__
        return Refusal(grpc.StatusCode.INTERNAL, f"a defect of trueup ({where}); please report what you ran")
    redactor = Redactor(known)
    said = "; ".join(line.strip() for line in str(error).splitlines() if line.strip())
    number = error.code if isinstance(error, Unmade) else error.exit_code
    text = redactor.text(f"{said} [trueup {number}]; {error.advice}".replace("\n", " "))
    if isinstance(error, Partly):
        return Refusal(grpc.StatusCode.UNKNOWN, text, _init_failed(error, text))
    code = next((code for kind, code in _CODES if isinstance(error, kind)), grpc.StatusCode.UNKNOWN)
    return Refusal(code, text)


def _init_failed(error: Partly, text: str) -> bytes:
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=text)
    status.details.add().Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=error.id, properties=error.properties, inputs=error.inputs, reasons=[text]
        )
    )
    whole: bytes = status.SerializeToString()
    return whole
