"""Which fields differ, and who moved: the repository, the platform, or an output that a field refers to."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ...model.change import Cause, FieldChange
from ...model.memory import TOUCHED, Applied
from ...model.resource import Resource, Secret
from ...model.secret import SecretText
from .resolve import waits

NONE: Mapping[str, str] = MappingProxyType({})


def as_json(resource: Resource, name: str) -> Any:
    """One field in JSON form, as the ledger keeps it."""
    return resource.model_dump(mode="json", include={name})[name]


def differences(
    desired: Resource, live: Resource, applied: Applied | None, references: Mapping[str, str] = NONE
) -> tuple[FieldChange, ...]:
    """Fields that a plan compares and that differ, in the model's order. A desired None is not compared, nor
    what is decided elsewhere."""
    found = []
    elsewhere = live.decided_elsewhere()
    for name in desired.comparable():
        want, have = getattr(desired, name), getattr(live, name)
        if want is None or name in elsewhere or _is_same(want, have):
            continue
        if name in desired.having(Secret) or isinstance(want, SecretText):
            one = _hidden(name, want, have, live, applied)
            found.extend([one] if one is not None else [])
            continue
        before = as_json(live, name)
        drifted = applied is not None and name in applied.fields and not _is_same(have, applied.fields[name], before)
        if waits(want, references.get(name, "")):
            found.append(FieldChange(name, before=before, pending=want, drifted=drifted))
        else:
            found.append(FieldChange(name, before=before, after=as_json(desired, name), drifted=drifted))
    return tuple(found)


def _is_same(one: Any, other: Any, as_told: Any = None) -> bool:
    """Equal, a secret by its value. `as_told` is `one` in JSON form, where `other` comes from the ledger."""
    if isinstance(one, SecretText):
        return isinstance(other, SecretText | str) and one.is_same(other)
    if isinstance(other, SecretText):
        return isinstance(one, str) and other.is_same(one)
    return bool(one == other) or (as_told is not None and as_told == other)


def _hidden(name: str, want: Any, have: Any, live: Resource, applied: Applied | None) -> FieldChange | None:
    """A secret that differs, or may differ: nobody can read what lives.

    Unreadable, it counts as unchanged while the fingerprint that was last applied is the wanted one and the platform's
    own time of the last write has not moved. Without a fingerprint that time alone is compared, where it was kept.
    """
    mark = want.print if isinstance(want, SecretText) else ""
    was = applied.prints if applied is not None else {}
    if isinstance(want, SecretText) and not mark and have is None:
        touched = TOUCHED in was and was[TOUCHED] != live.touched_at()
        return FieldChange(name, hidden=True, unknown=True, drifted=True) if touched else None
    if have is not None or not mark:
        return FieldChange(name, hidden=True, print=mark, drifted=bool(mark) and was.get(name) == mark)
    touched = was.get(TOUCHED) != live.touched_at()
    if was.get(name) == mark and not touched:
        return None
    return FieldChange(name, hidden=True, print=mark, unknown=was.get(name) == mark, drifted=touched)


def initial(desired: Resource, references: Mapping[str, str] = NONE) -> tuple[FieldChange, ...]:
    """Every declared field of a create."""
    found = []
    values = desired.model_dump(mode="json")
    for name in desired.comparable():
        want = getattr(desired, name)
        if want is None:
            continue
        if name in desired.having(Secret) or isinstance(want, SecretText):
            found.append(FieldChange(name, hidden=True, print=getattr(want, "print", "")))
        elif waits(want, references.get(name, "")):
            found.append(FieldChange(name, pending=want))
        else:
            found.append(FieldChange(name, after=values[name]))
    return tuple(found)


def cause_of(fields: tuple[FieldChange, ...], references: Mapping[str, str], applied: Applied | None) -> Cause:
    """Why an owned thing differs.

        declared = last applied                      -> drift: the platform moved
        same reference text, another value           -> reference: the output moved
        else                                         -> git: the spec moved
        no history                                   -> unknown

    Of several fields the strongest cause wins: git, then reference, then drift.
    """
    if applied is None:
        return "unknown"
    causes = {_cause_of_field(one, references, applied) for one in fields}
    ranked: tuple[Cause, ...] = ("git", "reference", "drift")
    return next((cause for cause in ranked if cause in causes), "unknown")


def _cause_of_field(one: FieldChange, references: Mapping[str, str], applied: Applied) -> Cause:
    if one.hidden and (applied.prints.get(one.name) == one.print if one.print else one.unknown):
        return "drift"
    if not one.hidden and not one.pending and applied.fields.get(one.name) == one.after:
        return "drift"
    text = references.get(one.name)
    if text is not None and applied.references.get(one.name) == text:
        return "reference"
    return "git"
