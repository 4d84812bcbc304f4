"""States of rotations as texts. What comes back equals what went in, to the microsecond; times are UTC."""

import dataclasses
import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ..model.errors import LedgerBroken
from ..model.rotation import Rotation, State, Version

FORMAT = 1
"""Of the text, not of the ledger. It grows when an older product would misread a state."""
_COLUMNS = frozenset({"secret", "turn", "fence"})
"""What stands in columns of its own and not in the text."""
_READER = TypeAdapter(State)


def written(state: State) -> str:
    """Raises ValueError on a naive time: nobody could say when that was. A value has no form in it (TypeError)."""
    told = {name: value for name, value in _fields(state).items() if name not in _COLUMNS}
    return json.dumps({"format": FORMAT, **told}, sort_keys=True, separators=(",", ":"), default=_plain)


def read(secret: str, turn: int, fence: int, text: str) -> State:
    """Raises LedgerBroken on what is no state, and on one that a newer product wrote: it is never half understood."""
    try:
        told = json.loads(text)
        format = told.pop("format")
        known = int(format) <= FORMAT and _is_known(told)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise _broken(secret) from None
    if not known:
        raise LedgerBroken(
            f"the rotation of {secret} was written by a newer trueup than this one", advice="install that one"
        )
    try:
        return _READER.validate_python({**told, "secret": secret, "turn": turn, "fence": fence})
    except ValidationError:
        raise _broken(secret) from None


def _broken(secret: str) -> LedgerBroken:
    return LedgerBroken(f"what the ledger keeps of the rotation of {secret} is no state")


def _is_known(told: Mapping[str, Any]) -> bool:
    """Whether every field is one of ours: what an unknown one means must not be lost by saving without it."""
    parts = [(State, told), *((Version, one) for one in told["versions"])]
    if told["rotation"] is not None:
        parts.append((Rotation, told["rotation"]))
    return all(set(part) <= {one.name for one in dataclasses.fields(kind)} for kind, part in parts)


def _fields(value: Any) -> dict[str, Any]:
    return {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}


def _plain(value: object) -> Any:
    if isinstance(value, dt.datetime):
        if value.tzinfo is None:
            raise ValueError("a state must hold aware times")
        return value.astimezone(dt.UTC).isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Version | Rotation):
        return _fields(value)
    raise TypeError(f"a state holds no {type(value).__name__}")
