"""What a program of a user's own registers, as declared things of ours: whose account, which fields, which wait.

Pure: it knows the accounts and the zones that were read, and asks nobody.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from google.protobuf.struct_pb2 import Struct
from pydantic import ValidationError

from ..model.bridge import python_names
from ..model.exits import INCOMPLETE
from ..model.observation import Gap
from ..model.resource import Address, Resource, is_pending
from ..model.secret import SecretText
from ..model.spec import Declared, Location, Place, Project
from .properties import Concealed, is_known
from .provider.asked import ACCOUNT, Inputs, plain, secret_fields
from .recorder import Registration
from .tokens import address_of

Pair = tuple[str, str]
"""(account, platform)."""
_NOWHERE = Location("the program", 0)


@dataclass(frozen=True)
class Known:
    """What is known before a program is heard."""

    project: Project
    kinds: Mapping[str, type[Resource]]
    """By their types in Pulumi."""
    account_ids: Mapping[Pair, str]
    zones: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """(account, domain) by the zone's id."""
    unread: Sequence[Gap] = ()
    """Why the zones of an account are not known."""
    chosen: str = ""
    """The account that a vendor's resources are in, where the user says so."""

    def accounts(self, platform: str) -> list[str]:
        """Where a vendor's resource may be."""
        named = [name for name, by_platform in self.project.accounts.items() if platform in by_platform]
        return [name for name in named if name == self.chosen] if self.chosen else named


@dataclass(frozen=True)
class Spoken:
    """One registration of a type that we know. `declared` None: nobody can say what it is, and `why`."""

    registration: Registration
    kind: type[Resource]
    declared: Declared | None = None
    """Fields that are not known yet hold a pending text."""
    why: str = ""
    exit_code: int = INCOMPLETE
    waits: frozenset[str] = frozenset()
    """Fields that are not known yet, and not compared."""
    hidden: frozenset[str] = frozenset()
    """Fields that came out of a secret."""


class _Unclear(Exception):
    """Why nobody can tell what a registration is."""

    def __init__(self, why: str, exit_code: int = INCOMPLETE) -> None:
        super().__init__(why)
        self.exit_code = exit_code


def spoken(registered: Sequence[Registration], known: Known, stack: str) -> list[Spoken]:
    """Every registration of a type that we know, in order; each at an address of its own."""
    found: list[Spoken] = []
    places: dict[str, Place] = {}
    for one in registered:
        kind = known.kinds.get(one.type)
        if kind is None:
            continue
        place = Place(stack, address_of(kind, one.name))
        if place in places.values():
            # The same name below another parent: the types of the parents tell them apart.
            address = Address(place.address.platform, place.address.kind, one.urn.split("::", 2)[2])
            place = Place(stack, address)
        try:
            told = _Hearing(one, kind, known).spoken(place)
            places[one.urn] = place
        except _Unclear as unclear:
            told = Spoken(one, kind, why=str(unclear), exit_code=unclear.exit_code)
        found.append(told)
    return [_with_needs(one, places) for one in found]


def _with_needs(one: Spoken, places: Mapping[str, Place]) -> Spoken:
    if one.declared is None:
        return one
    needs = tuple(places[urn] for urn in one.registration.needs if urn in places)
    return replace(one, declared=replace(one.declared, needs=needs))


class _Hearing:
    """One registration, read. Every method raises _Unclear."""

    def __init__(self, one: Registration, kind: type[Resource], known: Known) -> None:
        self._one = one
        self._kind = kind
        self._known = known
        self._platform = kind.kind.partition(".")[0]
        self._zones: dict[str, tuple[str, str]] = {}
        """Zones that it stands in, by id: their account and domain."""

    def spoken(self, place: Place) -> Spoken:
        told = self._told()
        resource, dropped = self._model(told)
        account = self._account(told)
        waits = frozenset(name for name in type(resource).comparable() if waits_for(getattr(resource, name)))
        if waits_for(resource.container()):
            raise _Unclear("what it stands in is not known before the program has run")
        at = self._one.at or _NOWHERE
        declared = Declared(place.stack, account, place.address, resource, at)
        return Spoken(self._one, self._kind, declared, waits=waits | dropped, hidden=self._hidden())

    def _told(self) -> dict[str, Any]:
        """The fields of our model; what is not known yet is a pending text in them."""
        inputs = {name: value for name, value in self._one.inputs.items() if value is not None}
        if self._kind.bridge is None:
            fields = {name: value for name, value in inputs.items() if not name.startswith("__")}
            account = fields.pop(ACCOUNT, None)
            told = Inputs(Struct(), None, fields).values(self._kind)
            return {**told, ACCOUNT: plain(account)} if account is not None else told
        wire = plain(inputs)
        try:
            return dict(self._kind.bridge.reads(wire, lambda id: self._domain(id, wire)))
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            if not is_known(self._one.inputs):
                raise _Unclear("what tells which one it is is not known before the program has run") from error
            raise _Unclear(f"its inputs are not those of {self._kind.bridge.name} as we know it") from error

    def _domain(self, id: str, wire: Mapping[str, Any]) -> str:
        """The domain of a zone. Where its id is not known yet, the longest that its own name ends in."""
        allowed = self._known.accounts(self._platform)
        zones = {one: zone for one, zone in self._known.zones.items() if zone[0] in allowed}
        if id in zones:
            self._zones[id] = zones[id]
            return zones[id][1]
        if not is_pending(id):
            zone = self._open("zone", "zoneId", id)
            gap = next(iter(self._known.unread), None)
            if gap is not None:
                raise _Unclear(f"{zone} is in no account that could be read: {gap.reason}", gap.exit_code)
            raise _Unclear(f"{zone} is not in {' or '.join(allowed) or 'any account'}")
        name = str(wire.get("name") or wire.get("domain") or "").rstrip(".")
        fitting = [one for one in zones.values() if name == one[1] or name.endswith(f".{one[1]}")]
        if not fitting:
            gap = next(iter(self._known.unread), None)
            why = f": {gap.reason}" if gap is not None else ""
            raise _Unclear(f"its zone is not known{why}", gap.exit_code if gap is not None else INCOMPLETE)
        self._zones[id] = max(fitting, key=lambda one: len(one[1]))
        return self._zones[id][1]

    def _open(self, word: str, name: str, id: str) -> str:
        """The word with the id, where that came as no secret."""
        return f"its {word}" if _holds_secret(self._one.inputs.get(name)) else f"{word} {id}"

    def _account(self, told: Mapping[str, Any]) -> str:
        if self._kind.bridge is None:
            allowed = [name for name, held in self._known.project.accounts.items() if self._platform in held]
            said = told.get(ACCOUNT)
            if said is not None and said not in allowed:
                raise _Unclear(f"stacks/_project.yaml has no account {said} on {self._platform}")
            found = allowed if said is None else [str(said)]
        else:
            found = allowed = self._known.accounts(self._platform)
            id = plain(self._one.inputs.get("accountId"))
            if isinstance(id, str) and not is_pending(id):
                found = [name for name in allowed if self._known.account_ids.get((name, self._platform)) == id]
                if not found:
                    none = f"is none of {', '.join(allowed) or 'ours'} in stacks/_project.yaml"
                    raise _Unclear(f"{self._open('account', 'accountId', id)} {none}")
            elif self._zones:
                found = [account for account, _ in self._zones.values()]
        if len(found) != 1:
            if self._known.chosen:
                raise _Unclear(f"stacks/_project.yaml has no account {self._known.chosen} on {self._platform}")
            raise _Unclear(
                f"in which account on {self._platform}? {', '.join(found) or 'none is named'}; say --account"
            )
        return found[0]

    def _model(self, told: Mapping[str, Any]) -> tuple[Resource, frozenset[str]]:
        """The model, and the fields that wait and had to be left out of it, for it takes no text there."""
        values = {name: value for name, value in told.items() if name != ACCOUNT}
        dropped: set[str] = set()
        while True:
            try:
                return self._kind.declared(values), frozenset(dropped)
            except ValidationError as error:
                refused = {str(one["loc"][0]) if one["loc"] else "" for one in error.errors(include_input=False)}
                waiting = {name for name in refused if waits_for(values.get(name))}
                if not waiting:
                    raise _Unclear(self._refusal(refused, dropped)) from None
                dropped |= waiting
                values = {name: value for name, value in values.items() if name not in waiting}

    def _refusal(self, refused: Collection[str], dropped: Collection[str]) -> str:
        """No values: they may be secret."""
        if set(refused) <= set(dropped) or (dropped and refused == {""}):
            return f"{', '.join(sorted(dropped))} is not known before the program has run"
        names = ", ".join(sorted(name for name in refused if name)) or "its fields together"
        return f"what the program says is no {self._kind.kind} as we know it: {names}"

    def _hidden(self) -> frozenset[str]:
        return frozenset(_hidden_by(self._one.inputs, self._kind))


def waits_for(value: Any) -> bool:
    """Whether a part of it is not known yet."""
    if isinstance(value, Mapping):
        return any(map(waits_for, value.values()))
    if isinstance(value, list | tuple):
        return any(map(waits_for, value))
    if not isinstance(value, str | int | float | bool | SecretText | None):
        return any(map(waits_for, vars(value).values())) if hasattr(value, "__dict__") else False
    return is_pending(value)


def _hidden_by(inputs: Mapping[str, Any], kind: type[Resource]) -> Iterator[str]:
    """Our fields that hold what came as a secret; all of them where a vendor's name for it is not ours."""
    for name, value in inputs.items():
        if not _holds_secret(value):
            continue
        (own,) = python_names({name: None}) if kind.bridge is not None else (name,)
        if own in kind.model_fields:
            yield own
        else:
            yield from kind.model_fields
    yield from secret_fields(kind)


def _holds_secret(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_secret, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_holds_secret, value))
    return isinstance(value, SecretText | Concealed)


def is_ignored(name: str, before: Any, after: Any, paths: Sequence[str], kind: type[Resource]) -> bool:
    """Whether `ignoreChanges` covers a difference in one of our fields."""
    inside = False
    for path in paths:
        first, *rest = re.findall(r'[^.\[\]"]+', path) or [""]
        (own,) = python_names({first: None}) if kind.bridge is not None else (first,)
        if first == "*" or (own == name and not rest):
            return True
        if own == name:
            steps = [next(iter(python_names({one: None}))) for one in rest] if kind.bridge is not None else rest
            before, after, inside = _without(before, steps), _without(after, steps), True
    return inside and bool(before == after)


def _without(value: Any, steps: Sequence[str]) -> Any:
    """A JSON value less what a path leads to."""
    first, *rest = steps
    if isinstance(value, list | tuple):
        return [
            _without(each, rest) if rest and first in ("*", str(number)) else each
            for number, each in enumerate(value)
            if rest or first not in ("*", str(number))
        ]
    if not isinstance(value, Mapping):
        return value
    left = {key: each for key, each in value.items() if rest or first not in ("*", key)}
    return {key: _without(each, rest) if rest and first in ("*", key) else each for key, each in left.items()}
