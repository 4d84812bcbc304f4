"""Whether inputs make a resource: what the model says of them, one failure a field, before anything is called."""

import difflib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from google.protobuf import struct_pb2
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ...model.resource import Resource, Secret
from ...model.secret import SecretText
from ...model.spec import Project
from ..properties import encode
from .asked import ACCOUNT, Inputs

_CREDENTIALS = ("token", "secret", "password", "credential", "api_key", "apikey")


class Failure(NamedTuple):
    """Why a property will not do; `property` is its path."""

    property: str
    reason: str


def failures(kind: type[Resource], inputs: Inputs, project: Project) -> list[Failure]:
    """Everything wrong with some inputs. What is not known yet passes."""
    found = {one.property: one for one in _of_account(kind, inputs, project)}
    known = kind.comparable()
    for name in inputs.fields.keys() - set(known):
        found.setdefault(name, Failure(name, _unknown_field(kind, name)))
    unknown = list(inputs.unknown_paths())
    try:
        values = inputs.values(kind)
        resource = kind.declared({name: value for name, value in values.items() if name in known})
        if resource.only_seen:
            found.setdefault("", Failure("", "it is only looked at, and nothing writes it"))
    except ValidationError as error:
        for part in error.errors():
            if not any(_touches(part["loc"], path) for path in unknown):
                one = _failure(kind, part)
                found.setdefault(one.property, one)
    return list(found.values())


def checked(kind: type[Resource], inputs: Inputs) -> struct_pb2.Struct:
    """The inputs as they are recorded: as they came, and a secret marked as one."""
    answer = struct_pb2.Struct()
    answer.CopyFrom(inputs.raw)
    for name in kind.having(Secret) & inputs.fields.keys():
        value = inputs.fields[name]
        if isinstance(value, str):
            answer.fields[name].CopyFrom(encode({name: SecretText(value, name)}).fields[name])
    return answer


def of_config(names: Iterable[str]) -> Iterator[Failure]:
    """What the provider's own configuration must not hold."""
    for name in sorted(names):
        if any(word in name.lower() for word in _CREDENTIALS):
            why = "a credential comes from the environment only: `accounts:` in stacks/_project.yaml names the variable"
            yield Failure(name, f"{why}; remove it with `pulumi config rm trueup:{name}`")


def _of_account(kind: type[Resource], inputs: Inputs, project: Project) -> Iterator[Failure]:
    platform = kind.kind.partition(".")[0]
    having = sorted(name for name, by_platform in project.accounts.items() if platform in by_platform)
    named = ", ".join(having) or "none"
    if ACCOUNT not in inputs.raw.fields or inputs.raw.fields[ACCOUNT].WhichOneof("kind") == "null_value":
        yield Failure(ACCOUNT, f"say which account of stacks/_project.yaml ({platform}: {named})")
    elif inputs.account is not None and inputs.account not in having:
        why = f"stacks/_project.yaml names no account {inputs.account} on {platform} ({platform}: {named})"
        yield Failure(ACCOUNT, why)


def _unknown_field(kind: type[Resource], name: str) -> str:
    if name in kind.model_fields and name not in kind.writable():
        return "only the platform tells it: it is an output"
    known = [ACCOUNT, *kind.comparable()]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean `{near[0]}`?" if near else "valid here: " + ", ".join(known)
    return f"{kind.kind} has no such field; {hint}"


def _failure(kind: type[Resource], part: ErrorDetails) -> Failure:
    loc = part["loc"]
    path = str(loc[0]) if loc else ""
    for step in loc[1:]:
        # A union's members are told by their types, which are no part of the path.
        if isinstance(step, str) and not step.isidentifier():
            break
        if isinstance(step, str) and step in ("str", "int", "float", "bool"):
            break
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
    reason = part["msg"].removeprefix("Value error, ")
    if part["type"] == "missing":
        reason = "it is required"
    if part["type"] == "extra_forbidden":
        reason = "there is no such field"
    return Failure(path, reason)


def _touches(loc: tuple[int | str, ...], path: tuple[object, ...]) -> bool:
    """Whether a complaint is about what is not known yet, or about a whole that holds it."""
    return loc[: len(path)] == path or path[: len(loc)] == loc
