"""Refresh and import, answered from the shared listing. Only one that was read whole says that a thing is gone."""

from dataclasses import dataclass

from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2

from ...model.change import FieldChange
from ...model.errors import LedgerError, ReconcileError
from ...model.observation import Seen
from ...model.resource import Resource
from ...steps.plan.diff import differences
from ...steps.plan.seen import Fingerprint
from .asked import Asked, Inputs, pulumi_id, recorded_model, remote
from .books import Books
from .finding import standing
from .listing import Listing, Listings, container_of
from .parts import Parts
from .told import imported, outputs, recorded


@dataclass(frozen=True)
class Reading:
    """Answers what lives."""

    parts: Parts
    books: Books
    listings: Listings

    def read(self, asked: Asked, id: str, raw: struct_pb2.Struct) -> provider_pb2.ReadResponse:
        """A bare answer says that it is not there. Raises ReconcileError where nobody can tell."""
        account, own = remote(id, asked.platform, self.parts.project())
        listing = self.listings.of((account, asked.platform), asked.place.stack)
        if not raw.fields:
            return self._import(listing, asked, own)
        inputs = Inputs.of(raw)
        was = recorded_model(asked.kind, inputs)
        seen = self._seen(listing, asked, own, was)
        if seen is None:
            return provider_pb2.ReadResponse()
        told = recorded(inputs, seen.resource, self._moved(asked, inputs, was, seen))
        if seen.id != own:
            id = pulumi_id(account, seen.id)
        return provider_pb2.ReadResponse(id=id, inputs=told, properties=outputs(asked.kind, told, seen.resource))

    def _seen(self, listing: Listing, asked: Asked, own: str, was: Resource | None) -> Seen | None:
        if was is None:
            return self._anywhere(listing, asked, own)
        listing.look([container_of(was)])
        seen = standing(listing, self.books.history(), asked.place, asked.kind.kind, own)
        if seen is None:
            blind = listing.why_not(container_of(was))
            if blind is not None:
                raise blind
        return seen

    def _anywhere(self, listing: Listing, asked: Asked, own: str) -> Seen | None:
        """What is known by its id alone."""
        found = listing.everything()
        seen = listing.by_id(asked.kind.kind, own)
        gaps = [gap for gap in found.gaps if gap.kind in (asked.kind.kind, "*")]
        if seen is None and gaps:
            raise ReconcileError(
                f"{asked.kind.kind} {own} is in no listing that could be read: {gaps[0].reason}",
                advice="`trueup doctor` names the right that is missing",
            )
        return seen

    def _import(self, listing: Listing, asked: Asked, own: str) -> provider_pb2.ReadResponse:
        seen = self._anywhere(listing, asked, own)
        if seen is None:
            return provider_pb2.ReadResponse()
        account = listing.pair[0]
        told = imported(account, seen.resource)
        properties = outputs(asked.kind, told, seen.resource)
        return provider_pb2.ReadResponse(id=pulumi_id(account, seen.id), inputs=told, properties=properties)

    def _moved(self, asked: Asked, inputs: Inputs, was: Resource | None, seen: Seen) -> tuple[FieldChange, ...]:
        """Which recorded fields live otherwise; all of them where the state holds what no model takes."""
        if was is None:
            return tuple(FieldChange(name) for name in inputs.fields if name in asked.kind.comparable())
        applied = None
        if was.secrets():
            applied = self.books.history().applied.get(asked.place)
            was = asked.kind.remembered(inputs.values(asked.kind, self._fingerprint))
        return differences(was, seen.resource, applied)

    def _fingerprint(self) -> Fingerprint | None:
        try:
            return self.parts.fingerprint()
        except LedgerError:
            return None
