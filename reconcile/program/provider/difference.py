"""What differs between what a state recorded and what is declared now: by the models, not by how it was written."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pulumi.runtime.proto import provider_pb2

from ...model.resource import Immutable, Resource
from ...model.secret import SecretText
from .asked import ACCOUNT, Inputs, plain, recorded_model

_KINDS = provider_pb2.PropertyDiff.Kind


@dataclass(frozen=True)
class Difference:
    """One property, by its path, that differs."""

    path: str
    had: bool
    has: bool
    replaces: bool

    @property
    def field(self) -> str:
        return self.path.partition(".")[0]


def differences(
    kind: type[Resource], old: Inputs, new: Inputs, ignored: Collection[str], remembered: Collection[str]
) -> list[Difference]:
    """In the model's order. What is no longer declared stays as it lives: it counts only where the ledger remembers it
    (`remembered`), which is then to be told. What is not known yet may differ."""
    found = []
    if old.account != new.account and not _is_ignored(ACCOUNT, ignored):
        found.append(Difference(ACCOUNT, had=True, has=True, replaces=True))
    before, after = _values(kind, old), _values(kind, _with_known(new, old))
    for name in kind.comparable():
        had, has = before.get(name), after.get(name)
        replaces = name in kind.having(Immutable)
        if name in new.unknown:
            one = Difference(name, had is not None, has=True, replaces=replaces)
            found += [] if _is_ignored(name, ignored) else [one]
        elif has is None and (had is None or name not in remembered):
            continue
        else:
            for path, was, now in _parts(name, had, has):
                if not _is_ignored(path, ignored):
                    found.append(Difference(path, was is not None, now is not None, replaces))
    return found


def answer(found: Collection[Difference]) -> provider_pb2.DiffResponse:
    """The same on the wire. What must be made anew is deleted first: two of one natural key cannot live."""
    replaces = list(dict.fromkeys(one.field for one in found if one.replaces))
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE,
        diffs=list(dict.fromkeys(one.field for one in found)),
        replaces=replaces,
        deleteBeforeReplace=bool(replaces),
        detailedDiff={one.path: provider_pb2.PropertyDiff(kind=_kind(one), inputDiff=True) for one in found},
        hasDetailedDiff=True,
    )


def _kind(one: Difference) -> "_KINDS.ValueType":
    word = "ADD" if not one.had else "DELETE" if not one.has else "UPDATE"
    return _KINDS.Value(f"{word}_REPLACE" if one.replaces else word)


def _with_known(new: Inputs, old: Inputs) -> Inputs:
    """The new inputs with what was recorded in place of what is not known yet, so that they make a model."""
    fields = {name: old.fields.get(name, value) if name in new.unknown else value for name, value in new.fields.items()}
    return replace(new, fields=fields)


def _values(kind: type[Resource], inputs: Inputs) -> Mapping[str, Any]:
    """The fields as the model has them, secrets aside in JSON form; as they were written where they make no model."""
    model = recorded_model(kind, inputs)
    if model is None:
        return {name: value if isinstance(value, SecretText) else plain(value) for name, value in inputs.fields.items()}
    secrets = model.secrets()
    told = model.model_dump(mode="json", include=set(kind.comparable()) - set(secrets))
    return {**told, **secrets}


def _parts(path: str, had: Any, has: Any) -> Iterator[tuple[str, Any, Any]]:
    """Where two values differ, as deep as both are maps."""
    if isinstance(had, Mapping) and isinstance(has, Mapping):
        for name in dict.fromkeys((*had, *has)):
            yield from _parts(f"{path}.{name}", had.get(name), has.get(name))
    elif not _is_same(had, has):
        yield path, had, has


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(one, SecretText):
        return isinstance(other, SecretText | str) and one.is_same(other)
    if isinstance(other, SecretText):
        return isinstance(one, str) and other.is_same(one)
    return bool(one == other)


def _is_ignored(path: str, ignored: Collection[str]) -> bool:
    return any(path == one or path.startswith((f"{one}.", f"{one}[")) for one in ignored)
