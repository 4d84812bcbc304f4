"""What the engine asks about, in our words: where it is declared, of which kind, and the model that its inputs make."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, get_args

from google.protobuf import struct_pb2
from pydantic import ValidationError

from ...model.errors import ReconcileError
from ...model.resource import Resource
from ...model.secret import SecretText
from ...model.spec import Declared, Location, Place, Project, Tree
from ...steps.plan.seen import Fingerprint
from ..properties import UNKNOWN, Concealed, decode
from ..tokens import Urn, address_of

ACCOUNT = "account"
PENDING = "${unknown.unknown.unknown.x}"
"""Stands for a text that is not known yet, where a model is to judge the rest."""


@dataclass(frozen=True)
class Asked:
    """The resource of a request."""

    urn: str
    place: Place
    kind: type[Resource]

    @classmethod
    def of(cls, urn: str, kinds: Mapping[str, type[Resource]]) -> "Asked":
        """Raises ReconcileError where the type is none of `kinds`."""
        parsed = Urn.parse(urn)
        kind = kinds.get(parsed.type)
        if kind is None:
            raise ReconcileError(
                f"{parsed.type} is no type of this provider",
                advice="a vendor's own package writes some platforms, and `trueup apply` what Pulumi does not",
            )
        return cls(urn, Place(parsed.stack, address_of(kind, parsed.name)), kind)

    @property
    def platform(self) -> str:
        return self.place.address.platform

    @property
    def token(self) -> str:
        return Urn.parse(self.urn).type


@dataclass(frozen=True)
class Inputs:
    """The inputs of a resource: as they came, decoded, and what of them is not known yet."""

    raw: struct_pb2.Struct
    account: str | None
    """None: not known yet, or not said."""
    fields: Mapping[str, Any]
    """Everything but the account and what is null, with secrets and unknowns as the codec gives them."""

    @classmethod
    def of(cls, raw: struct_pb2.Struct) -> "Inputs":
        values = {name: value for name, value in decode(raw).items() if value is not None}
        account = values.pop(ACCOUNT, None)
        return cls(raw, account if isinstance(account, str) else None, values)

    @property
    def unknown(self) -> frozenset[str]:
        """Fields of which at least a part is not known yet."""
        return frozenset(name for name, value in self.fields.items() if any(True for _ in _unknown_paths(value)))

    def unknown_paths(self) -> Iterator[tuple[Any, ...]]:
        for name, value in self.fields.items():
            for path in _unknown_paths(value):
                yield (name, *path)

    def values(
        self, kind: type[Resource], fingerprint: Callable[[], Fingerprint | None] | None = None
    ) -> dict[str, Any]:
        """What a model takes. A secret stays one where the field admits it; a text that is not known yet is pending,
        and what else is unknown is left out."""
        found: dict[str, Any] = {}
        for name, value in self.fields.items():
            if isinstance(value, SecretText) and name in secret_fields(kind):
                print = fingerprint() if fingerprint is not None else None
                found[name] = SecretText(value.reveal(), name, print(value.reveal()) if print else "")
            elif value is not UNKNOWN:
                found[name] = plain(value)
            elif name in kind.model_fields and takes_text(kind, name):
                found[name] = PENDING
        return found

    def secrets(self) -> list[SecretText]:
        return list(secrets_in(self.fields))


def declared_model(kind: type[Resource], inputs: Inputs, fingerprint: Callable[[], Fingerprint | None]) -> Resource:
    """The model of inputs that passed Check. Raises ReconcileError where they are none: a state of another version."""
    try:
        return kind.declared(inputs.values(kind, fingerprint))
    except ValidationError as error:
        fields = ", ".join(sorted({str(part["loc"][0]) if part["loc"] else "it" for part in error.errors()}))
        raise ReconcileError(f"the inputs do not fit {kind.kind} ({fields})", advice="run `pulumi preview`") from None


def recorded_model(kind: type[Resource], inputs: Inputs) -> Resource | None:
    """The model of what a state recorded, which may be anything that lived; None where it is no such thing."""
    try:
        return kind.remembered(inputs.values(kind))
    except ValidationError:
        return None


def declared_at(tree: Tree, place: Place, account: str, resource: Resource) -> Declared:
    """The resource as a plan takes it: with what its stack file says besides, where a stack file declares it."""
    spec = tree.stacks.get(place.stack)
    found = spec.declared.get(place.address) if spec is not None else None
    if found is not None and found.account == account and type(found.resource) is type(resource):
        return replace(found, resource=resource)
    return Declared(place.stack, account, place.address, resource, Location("the Pulumi program", 0))


def remote(id: str, platform: str, project: Project) -> tuple[str, str]:
    """Account and platform's id of a Pulumi id `<account>/<id>`; the id alone where one account has the platform.

    Raises ReconcileError.
    """
    account, _, rest = id.partition("/")
    holders = [name for name, by_platform in project.accounts.items() if platform in by_platform]
    if rest and account in holders:
        return account, rest
    if len(holders) == 1 and id:
        return holders[0], id
    known = ", ".join(f"{name}/…" for name in holders) or "no account of stacks/_project.yaml has this platform"
    raise ReconcileError(f"{id!r} names no account on {platform}", advice=f"an id is ACCOUNT/ID: {known}")


def pulumi_id(account: str, id: str) -> str:
    return f"{account}/{id}"


@cache
def secret_fields(kind: type[Resource]) -> frozenset[str]:
    """Fields whose type admits a secret."""
    types = {name: field.annotation for name, field in kind.model_fields.items()}
    return frozenset(name for name, one in types.items() if one is SecretText or SecretText in get_args(one))


@cache
def takes_text(kind: type[Resource], name: str) -> bool:
    annotation = kind.model_fields[name].annotation
    return annotation is str or str in get_args(annotation)


def plain(value: Any) -> Any:
    """A value with its secrets in clear, and what is unknown in it as a pending text."""
    if isinstance(value, SecretText | Concealed):
        return plain(value.reveal())
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return PENDING if value is UNKNOWN else value


def secrets_in(value: Any) -> Iterator[SecretText]:
    """Every secret text in a decoded value, however deep."""
    if isinstance(value, SecretText):
        yield value
    elif isinstance(value, Concealed):
        yield from _texts(value.reveal())
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from secrets_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from secrets_in(each)


def is_secret(value: Any) -> bool:
    """Whether a decoded value is, or holds, a secret."""
    if isinstance(value, SecretText | Concealed):
        return True
    if isinstance(value, Mapping):
        return any(map(is_secret, value.values()))
    return isinstance(value, list | tuple) and any(map(is_secret, value))


def _texts(value: Any) -> Iterator[SecretText]:
    """What a concealed value holds that a message could repeat."""
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, SecretText):
        yield value
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield SecretText(str(value))


def _unknown_paths(value: Any) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, Concealed):
        value = value.reveal()
    if value is UNKNOWN:
        yield ()
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from ((name, *path) for path in _unknown_paths(each))
    elif isinstance(value, list | tuple):
        for number, each in enumerate(value):
            yield from ((number, *path) for path in _unknown_paths(each))
