"""`trueup:index:Ownership`: what vendors' own providers built, told to the ledger. Nothing on a platform is touched."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2
from pydantic import ValidationError

from ...model.errors import ReconcileError
from ...model.memory import Applied, Owned
from ...model.observation import Seen
from ...model.resource import Address, Resource
from ...model.secret import SecretText
from ...model.spec import Place
from ...store import kept_fields, prints_of
from ...store.values import utc
from ..properties import Concealed, decode, is_known
from .asked import ACCOUNT, secret_fields
from .books import Books
from .check import Failure
from .listing import Listings, container_of
from .parts import Parts

BUILT = "built"


@dataclass(frozen=True)
class Ownership:
    """Keeps the books of one stack."""

    parts: Parts
    books: Books
    listings: Listings

    def failures(self, inputs: struct_pb2.Struct) -> list[Failure]:
        values = decode(inputs)
        found = [Failure(name, "there is no such field") for name in sorted(values.keys() - {ACCOUNT, BUILT})]
        found += [Failure(name, "it is required") for name in (ACCOUNT, BUILT) if values.get(name) is None]
        account = values.get(ACCOUNT)
        if isinstance(account, str) and account not in self.parts.project().accounts:
            found.append(Failure(ACCOUNT, f"stacks/_project.yaml names no account {account}"))
        return found

    def differs(self, old: struct_pb2.Struct, new: struct_pb2.Struct) -> provider_pb2.DiffResponse:
        """Address by address; what is not known yet may differ."""
        before, after = decode(old), decode(new)
        moved = before.get(ACCOUNT) != after.get(ACCOUNT)
        names = {ACCOUNT: provider_pb2.PropertyDiff.UPDATE_REPLACE} if moved else {}
        had, has = _built(before), _built(after)
        for address in sorted(had.keys() | has.keys()):
            one, other = had.get(address), has.get(address)
            if not is_known(other) or _clear(one) != _clear(other):
                word = "ADD" if one is None else "DELETE" if other is None else "UPDATE"
                names[f'{BUILT}["{address}"]'] = provider_pb2.PropertyDiff.Kind.Value(word)
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if names else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=[ACCOUNT] * moved + [BUILT] * bool(len(names) - moved),
            replaces=[ACCOUNT] * moved,
            deleteBeforeReplace=moved,
            detailedDiff={path: provider_pb2.PropertyDiff(kind=kind, inputDiff=True) for path, kind in names.items()},
            hasDetailedDiff=True,
        )

    def write(self, stack: str, inputs: struct_pb2.Struct, before: struct_pb2.Struct | None = None) -> str:
        """Owned and last applied, for all that is built; what left it is forgotten, unless it stays. Returns the id."""
        values = decode(inputs)
        account = str(values[ACCOUNT])
        run = self.books.run(stack)
        self.books.refuse_other_writer(run)
        built = _built(values)
        things = list(self._things(account, built))
        found = list(self._looked_up(account, stack, things))
        at = utc(self.parts.clock())
        owned, applied = [], []
        for (address, resource, references), seen in zip(things, found, strict=True):
            owned.append(Owned(account, seen.kind, seen.key, seen.id, address, stack))
            prints = prints_of(resource, seen.resource)
            applied.append(Applied(stack, address, run.revision, kept_fields(resource), references, prints, at))
        self.books.own(run, owned, applied, "built by the vendor's provider")
        left = _built(decode(before)).keys() - built.keys() if before is not None else ()
        gone = [address for one in sorted(left) if not self._stays(address := Address.parse(one))]
        self.books.forget(run, gone, "no longer built")
        return f"{account}/{stack}"

    def drop(self, stack: str, inputs: struct_pb2.Struct) -> None:
        """What the vendor's provider deletes next is forgotten."""
        here = {Place(stack, Address.parse(one)) for one in _built(decode(inputs))}
        owned = {row.place for row in self.books.memory().owned}
        gone = [place.address for place in sorted(here & owned) if not self._stays(place.address)]
        if gone:
            self.books.forget(self.books.run(stack), gone, "no longer built")

    def _stays(self, address: Address) -> bool:
        """Whether the vendor's delete leaves it as it lives: it is still ours, and our next pass deletes it."""
        kind = self.parts.kinds.get(address.full_kind)
        return kind is not None and kind.bridge is not None and kind.bridge.stays

    def _things(self, account: str, built: Mapping[str, Any]) -> Iterator[tuple[Address, Resource, Mapping[str, str]]]:
        for text, told in built.items():
            address = Address.parse(text)
            kind = self.parts.kinds.get(address.full_kind)
            if kind is None:
                raise ReconcileError(f"{text} is of no kind that this trueup knows", advice="run the same trueup")
            try:
                resource = kind.remembered(self._values(kind, told["fields"]))
            except ValidationError:
                raise ReconcileError(f"what was built as {text} makes no {address.full_kind}") from None
            yield address, resource, {name: str(each) for name, each in (told.get("references") or {}).items()}

    def _values(self, kind: type[Resource], fields: Mapping[str, Any]) -> dict[str, Any]:
        found = {}
        for name, value in fields.items():
            if isinstance(value, SecretText) and name in secret_fields(kind):
                print = self.parts.fingerprint()
                found[name] = SecretText(value.reveal(), name, print(value.reveal()) if print else "")
            elif value is not None:
                found[name] = _clear(value)
        return found

    def _looked_up(
        self, account: str, stack: str, things: list[tuple[Address, Resource, Mapping[str, str]]]
    ) -> Iterator[Seen]:
        """Each as it lives, by its natural key: a vendor's id is not always ours."""
        by_platform: dict[str, list[Resource]] = {}
        for address, resource, _ in things:
            by_platform.setdefault(address.platform, []).append(resource)
        live: dict[tuple[str, tuple[str, ...]], Seen] = {}
        for platform, resources in by_platform.items():
            listing = self.listings.of((account, platform), stack)
            # Others wrote there, and what was read is of before.
            listing.drop()
            # What a platform has of itself, in a plain state, is told only where it is known to be ours.
            listing.known |= {_as_ours(one) for one in resources if one.standing}
            observation = listing.look({container_of(one) for one in resources})
            live.update({(one.kind, one.key): one for one in observation.seen})
            self.books.pin(self.books.run(stack), listing.pair, listing.account_id)
            for one in resources:
                blind = listing.why_not(container_of(one))
                if blind is not None:
                    raise blind
        for address, resource, _ in things:
            seen = live.get((resource.kind, resource.keys()[0]))
            if seen is None:
                raise ReconcileError(
                    f"{address} was built and does not show yet", advice="run `pulumi up` again in a moment"
                )
            yield seen


def _as_ours(resource: Resource) -> tuple[str, str, str]:
    """What `Scope.known` says of a thing; its id is told by what the vendor's provider was given."""
    bridge = resource.bridge
    if bridge is None:
        raise ReconcileError(f"{resource.title()} is of {resource.kind}, which no vendor's provider builds")
    said = bridge.says(resource, "")
    given = {re.sub("_([a-z])", lambda found: found[1].upper(), name): value for name, value in said.items()}
    return resource.kind, resource.referred_as(), bridge.remote_id("", given)


def _built(values: Mapping[str, Any]) -> Mapping[str, Any]:
    built = values.get(BUILT)
    if isinstance(built, Concealed):
        built = built.reveal()
    return built if isinstance(built, Mapping) else {}


def _clear(value: Any) -> Any:
    """A value as it compares: secrets in clear."""
    if isinstance(value, SecretText | Concealed):
        return _clear(value.reveal())
    if isinstance(value, Mapping):
        return {name: _clear(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_clear(each) for each in value]
    return value
