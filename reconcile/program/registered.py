"""What a program registered, as our models: rules judge it as they judge a stack file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from ..model.resource import Resource, is_pending
from ..model.secret import SecretText
from ..model.spec import Declared
from .properties import UNKNOWN, Concealed

ACCOUNT = "account"
"""The input of each of our own kinds that no model has."""


@dataclass(frozen=True)
class Registered:
    """One resource of a program.

    `whole`: False where a value is still to come or will not do: its field then holds the text of a reference, or what
    nobody checked.
    `resource` is the declared one where a stack file says the same: it also knows what no program is told, as why a
    literal that looks secret is none.
    """

    resource: Resource
    whole: bool
    account: str = ""


def registered(
    kind: type[Resource],
    inputs: Mapping[str, Any],
    declared: Declared | None = None,
    domain_of: Callable[[str], str] | None = None,
) -> Registered:
    """`inputs`: decoded. `domain_of`: the domain of a zone by its id; None, or "" from it: guessed from the name."""
    told = {name: _told(value, name) for name, value in inputs.items() if not name.startswith("__")}
    told = {name: value for name, value in told.items() if value is not None}
    account = told.pop(ACCOUNT, None) if kind.bridge is None else None

    def domain(id: str) -> str:
        return (domain_of(id) if domain_of else "") or guessed_domain(told.get("name"))

    whole = True
    if kind.bridge is not None:
        try:
            told = dict(kind.bridge.reads(told, domain))
        except (LookupError, TypeError, ValueError, AttributeError):
            # It asks for something that is not known yet.
            told, whole = {name: value for name, value in told.items() if name in kind.model_fields}, False
    resource, valid = _built(kind, told)
    if declared is not None and _says(declared, resource):
        return Registered(declared.resource, True, declared.account)
    return Registered(resource, whole and valid and not _waits(told), account if isinstance(account, str) else "")


def guessed_domain(name: Any) -> str:
    """The last two labels of a host name: right for most zones, where nobody says which it is."""
    return ".".join(str(name or "unknown.invalid").rstrip(".").split(".")[-2:])


def _built(kind: type[Resource], told: Mapping[str, Any]) -> tuple[Resource, bool]:
    """The model and whether it holds all that was told; what it refuses stands in it unread."""
    values, refused = dict(told), dict[str, Any]()
    while True:
        try:
            model = kind.declared(values)
        except ValidationError as error:
            named = {str(one["loc"][0]) for one in error.errors(include_input=False) if one["loc"]} & values.keys()
            if not named:
                return _unread(kind, {**values, **_kept(kind, refused)}), False
            refused |= {name: values.pop(name) for name in named}
            continue
        return (model.model_copy(update=_kept(kind, refused)), False) if refused else (model, True)


def _unread(kind: type[Resource], values: Mapping[str, Any]) -> Resource:
    """A model of what nobody checked: a field that must be there and is not is still to come."""
    absent = (name for name, field in kind.model_fields.items() if field.is_required() and name not in values)
    return kind.model_construct(None, **{**{name: _later(name) for name in absent}, **values})


def _later(name: str) -> str:
    return f"${{pulumi.not-known-yet.{name}.value}}"


def _kept(kind: type[Resource], refused: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in refused.items() if name in kind.model_fields and not is_pending(value)}


def _told(value: Any, name: str) -> Any:
    """As a stack file would say it: what is not known yet is the text of a reference, what is secret is left closed."""
    if value is UNKNOWN:
        return _later(name)
    if isinstance(value, Concealed):
        return None
    if isinstance(value, Mapping):
        return {key: _told(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_told(each, name) for each in value]
    return value


def _waits(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_waits(each) for each in value.values())
    if isinstance(value, list | tuple):
        return any(_waits(each) for each in value)
    return is_pending(value)


def _says(declared: Declared, resource: Resource) -> bool:
    """Whether a stack file says what was registered, as far as both are known."""
    kind = type(declared.resource)
    if kind is not type(resource):
        return False
    # A vendor's resource tells the id of a zone, and carries our mark where the stack file is silent.
    apart = set(kind.refers()) if kind.bridge is not None else set()
    names = (name for name in kind.comparable() if name not in apart)
    return all(_agree(getattr(declared.resource, name), getattr(resource, name, None)) for name in names)


def _agree(wanted: Any, got: Any) -> bool:
    if wanted is None or is_pending(wanted) or is_pending(got) or isinstance(got, SecretText):
        return True
    if isinstance(wanted, Mapping) and isinstance(got, Mapping):
        return wanted.keys() == got.keys() and all(_agree(wanted[name], got[name]) for name in wanted)
    if isinstance(wanted, list | tuple) and isinstance(got, list | tuple):
        return len(wanted) == len(got) and all(map(_agree, wanted, got))
    return bool(wanted == got)
