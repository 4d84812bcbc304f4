"""Resources of every kind to ask with: real ones out of the stacks, rich examples, and ones made from the model alone.

The last are the fallback, so that a platform nobody wrote an example for is asked all the same.
"""

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticUndefined

from reconcile.assemble import Workshop
from reconcile.model.resource import Key, ReadOnly, RefersTo, Resource
from reconcile.model.secret import SecretText
from reconcile.model.spec import Declared
from reconcile.platforms import kinds
from reconcile.settings import Settings

from .examples import EXAMPLES, NAMED
from .examples_railway import APART

ROOT = Path(__file__).resolve().parents[2]
TEXTS = (
    "thing",
    "192.0.2.60",
    "2001:db8::60",
    "host.example.net",
    "02:00:00",
    "https://example.net/",
    *("thing.up.railway.app", "/data"),
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKb3FPI08r1yyNN4a0qAJvYXwqLAyJUsoNYJKAcCFibf",
)
"""Texts that some field or other takes; the model says which."""
NUMBERS = (60, 1, 3600, 10)
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Sample:
    """One resource that a stack could declare. `values` by field name, without the fields that name other resources."""

    kind: type[Resource]
    name: str
    values: Values = field(hash=False)

    def declared(self, changed: Values | None = None) -> Resource:
        """As the loader would read it, beside its targets. Raises pydantic.ValidationError."""
        names = {name: target.declared().referred_as() for name, target in self.targets().items()}
        return self.kind.declared({**names, **self.values, **(changed or {})})

    def targets(self) -> Mapping[str, "Sample"]:
        """Field to the resource that it names: what must be declared beside this one."""
        found = {}
        for place, other in self.kind.refers().items():
            wanted = kinds()[other]
            apart = self.kind.kind in APART and place in ("service", "instance", "bucket")
            name = f"{self.name or 'any'}-{place}".lower() if apart else f"{place}-named"
            values = NAMED.get(other, {"name": name} if "name" in wanted.model_fields else {})
            found[place] = Sample(wanted, name, values)
        return found

    def beside(self) -> tuple["Sample", ...]:
        """All that it needs, directly or not: what is needed first comes first."""
        found: dict[Sample, None] = {}
        for target in self.targets().values():
            found |= dict.fromkeys((*target.beside(), target))
        return tuple(found)

    def __str__(self) -> str:
        return f"{self.kind.kind}.{self.name}"


def writable() -> tuple[type[Resource], ...]:
    """Every kind of every platform that we create, change and delete."""
    return tuple(kind for kind in kinds().values() if not kind.lookup)


@cache
def samples(kind: type[Resource]) -> tuple[Sample, ...]:
    """All that the questions are asked with, by distinct natural keys."""
    found: dict[Key, Sample] = {}
    for sample in (*rich(kind), *(() if kind.kind in EXAMPLES else from_model(kind)), *from_stacks(kind)):
        found.setdefault(sample.declared().keys()[0], sample)
    return tuple(found.values())


def rich(kind: type[Resource]) -> tuple[Sample, ...]:
    return tuple(Sample(kind, name, values) for name, values in EXAMPLES.get(kind.kind, {}).items())


@cache
def from_stacks(kind: type[Resource]) -> tuple[Sample, ...]:
    """One real resource for each shape that the stacks hold: the same words said, and the same fields declared."""
    declared = _declared_in(ROOT)
    words = [name for name in kind.comparable() if get_origin(kind.model_fields[name].annotation) is Literal]
    found: dict[tuple[Any, ...], Sample] = {}
    for one in declared:
        if one.address.full_kind != kind.kind or one.references or not _ours(one.resource):
            continue
        said = one.resource.model_fields_set - set(kind.refers())
        shape = (*(getattr(one.resource, word) for word in words), *sorted(said))
        values = {name: plain(getattr(one.resource, name)) for name in kind.comparable() if name in said}
        values = {name: value for name, value in values.items() if value is not None}
        name = f"{one.stack}-{one.address.leaf}"
        name = name if kind.logical_name.match(name) else name.replace("-", "_")
        found.setdefault(shape, Sample(kind, name, values))
    return tuple(found.values())


@cache
def _declared_in(root: Path) -> tuple[Declared, ...]:
    with Workshop(Settings(root)) as shop:
        return tuple(shop.tree.declared())


def _ours(resource: Resource) -> bool:
    """Whether the stack says all of it, no value that only the platform or the runner has, and says something: what is
    there unasked, in its plain state, is told only where the ledger knows it."""
    unasked = resource.standing and getattr(resource, "is_plain", bool)()
    told = not any(getattr(resource, name) for name in resource.from_environment())
    return not resource.only_seen and not unasked and told


def plain(value: Any) -> Any:
    """A value as a stack file says it; what it does not say is left out."""
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    return value.model_dump(exclude_unset=True) if isinstance(value, BaseModel) else value


@cache
def from_model(kind: type[Resource]) -> tuple[Sample, ...]:
    """Made from the model alone: for every word of its first choice the least that is valid, and the most."""
    word = next((name for name in kind.comparable() if get_origin(kind.model_fields[name].annotation) is Literal), None)
    choices = get_args(kind.model_fields[word].annotation) if word else (None,)
    found = []
    for choice in choices:
        fixed = {word: choice} if word else {}
        start = {**{name: next(candidates(annotation)) for name, annotation in _required(kind).items()}, **fixed}
        if "name" in kind.model_fields:
            start["name"] = "-".join(("model", *(str(each).lower() for each in fixed.values())))
        least = repaired(Sample(kind, "", {}), start, fixed.keys() | {"name"})
        if least is None:
            continue
        found.append(Sample(kind, "-".join(("least", *(str(each).lower() for each in fixed.values()))), least))
        fuller = f"model{'-' if kind.logical_name.match('a-b') else '_'}most"
        most = {**least, "name": least["name"].replace("model", fuller)} if "name" in least else dict(least)
        for name in _optional(kind):
            fits = (value for value in candidates(kind.model_fields[name].annotation) if _fits(kind, most, name, value))
            value = next(fits, None)
            if value is not None:
                most[name] = value
        found.append(Sample(kind, "-".join(("most", *(str(each).lower() for each in fixed.values()))), most))
    # What has no name may come out as one thing twice: the fuller one stays.
    return tuple({sample.declared().keys()[0]: sample for sample in found}.values())


def repaired(sample: Sample, values: Values, fixed: Any = ()) -> dict[str, Any] | None:
    """The values with what the model refuses left out or replaced, one by one; None where nothing helps.

    Fields in `fixed` are not touched. The given value is tried first, then none, then those of the field's type.
    """
    kind = sample.kind
    tries = {name: iter((None, *candidates(info.annotation))) for name, info in kind.model_fields.items()}
    current = dict(values)
    for _ in range(200):
        try:
            Sample(kind, "", current).declared()
        except ValidationError as error:
            wrong = str(error.errors()[0]["loc"][0]) if error.errors()[0]["loc"] else ""
            if wrong in fixed or wrong not in tries:
                return None
            value = next(tries[wrong], PydanticUndefined)
            if value is PydanticUndefined:
                return None
            current.pop(wrong, None)
            if value is not None:
                current[wrong] = value
        else:
            return current
    return None


def candidates(annotation: Any) -> Iterator[Any]:
    """Values of a type, likely ones first."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        for argument in arguments:
            yield from candidates(argument)
    elif origin is Annotated:
        yield from candidates(arguments[0])
    elif origin is Literal:
        yield from arguments
    elif origin in (tuple, list, frozenset, set):
        of_models = isinstance(arguments[0], type) and issubclass(arguments[0], BaseModel)
        yield from ((value,) for value in (_of_model if of_models else candidates)(arguments[0]))
    elif origin is dict:
        yield from ({key: value} for key in candidates(arguments[0]) for value in candidates(arguments[1]))
    elif annotation is bool:
        yield from (True, False)
    elif annotation in (int, float):
        yield from NUMBERS
    elif annotation in (str, Any):
        yield from TEXTS
    elif annotation is SecretText:
        yield SecretText(TEXTS[0], TEXTS[0])


def _of_model(model: type[BaseModel]) -> Iterator[dict[str, Any]]:
    """What it needs; then that with one more, of each that it may have."""
    fields = {name: info.annotation for name, info in model.model_fields.items()}
    needed = [name for name, info in model.model_fields.items() if info.is_required()]
    least = {name: next(candidates(fields[name])) for name in needed}
    yield least
    yield from ({**least, name: next(candidates(fields[name]))} for name in fields if name not in needed)


def others(value: Any, annotation: Any = None) -> Iterator[Any]:
    """Other values near a given one, of the same type."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield from (value + 1, value - 1, value + 60, value * 2)
    elif isinstance(value, str):
        chosen = any(get_origin(one) is Literal for one in (annotation, *get_args(annotation)))
        yield from candidates(annotation) if chosen else ()
        yield from (f"{value}a", f"a{value}")
        yield from (value[:-1] + letter for letter in "0123456789abNSEW" if value)
        yield from TEXTS
    elif isinstance(value, tuple | list):
        each = next((one for one in (annotation, *get_args(annotation)) if get_origin(one) is tuple), None)
        element = next(iter(get_args(each)), None)
        yield from ((*value[:-1], changed) for changed in others(value[-1], element)) if value else ()
        yield from (value[:-1],) if value else candidates(annotation)
    elif isinstance(value, Mapping):
        yield from ({**value, part: changed} for part in value for changed in others(value[part]))


def _fits(kind: type[Resource], values: Values, name: str, value: Any) -> bool:
    try:
        return getattr(Sample(kind, "", {**values, name: value}).declared(), name) is not None
    except ValidationError:
        return False


def _required(kind: type[Resource]) -> dict[str, Any]:
    refers = kind.refers()
    return {
        name: info.annotation for name, info in kind.model_fields.items() if info.is_required() and name not in refers
    }


def _optional(kind: type[Resource]) -> list[str]:
    return [
        name
        for name, info in kind.model_fields.items()
        if not info.is_required()
        and ReadOnly not in info.metadata
        and not any(isinstance(mark, RefersTo) for mark in info.metadata)
    ]
