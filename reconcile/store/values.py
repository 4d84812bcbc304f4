"""Values on their way into a text column: JSON without secrets."""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from pydantic_core import to_jsonable_python

from ..model.change import Change, FieldChange
from ..model.memory import TOUCHED
from ..model.resource import Declaration, Kept, Key, ReadOnly, Resource, Secret
from ..model.secret import HIDDEN


def canonical(value: object) -> str:
    """JSON with sorted keys, no spaces, ASCII only: PostgreSQL refuses NUL and lone surrogates as they are."""
    return _EMPTY if value == {} else _ENCODER.encode(value)


def utc(moment: dt.datetime) -> str:
    """`2026-11-24T15:30:00Z`. Raises ValueError on a naive time: nobody could say when that was."""
    if moment.tzinfo is None:
        raise ValueError("the ledger's clock must give aware times")
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def kept_fields(resource: Resource) -> dict[str, Any]:
    """What of a resource the ledger may hold, in JSON form: no secret, nothing read-only, nothing undeclared."""
    kind = type(resource)
    left_out = kind.having(Secret) | kind.having(ReadOnly) | kind.having(Declaration) - kind.having(Kept)
    dumped = resource.model_dump(mode="json", by_alias=False, exclude=set(left_out), fallback=_hide)
    return {name: value for name, value in dumped.items() if value is not None and value != HIDDEN}


def prints_of(wanted: Resource | None, answered: Resource | None) -> dict[str, str]:
    """Fingerprints of the secrets that were sent, and when the platform says they were written.

    That time is kept without a fingerprint too: it is all that an unreadable value can then be compared by.
    """
    prints = wanted.prints() if wanted is not None else {}
    if wanted is not None and wanted.secrets() and answered is not None and answered.touched_at():
        prints[TOUCHED] = answered.touched_at()
    return prints


def strong_key(change: Change) -> Key:
    """The key of what is wanted; by now its references are resolved. A delete has only what is there."""
    return change.after.keys()[0] if change.after is not None else change.key


def told_fields(change: Change) -> Mapping[str, Any]:
    """The differences as the history tells them."""
    secret = change.kind.having(Secret)
    return {one.name: _told(one, hidden=one.hidden or one.name in secret) for one in change.fields}


def _told(one: FieldChange, *, hidden: bool) -> Mapping[str, Any]:
    return HIDDEN if hidden else {"before": one.before, "after": one.after}


def _hide(value: object) -> Any:
    """A value that JSON does not know may be a secret; what it says of itself is not asked."""
    return HIDDEN


def _plain(value: object) -> Any:
    return to_jsonable_python(value, fallback=_hide)


# Most references and fingerprints are: an encoder is made anew for each text.
_EMPTY = "{}"
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_plain)
