"""The schema of our Pulumi package, made from the models: what `pulumi import` and `pulumi package gen-sdk` read.

Names of properties are the models' own. The kinds come by their type in Pulumi (`trueup:railway:Service`).
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ..model.resource import Immutable, ReadOnly, Resource, Secret
from ..model.secret import SecretText

ACCOUNT = "the account of stacks/_project.yaml that it stands in"
BUILT = "what a vendor's own provider built, by address: id, fields, references"
ANY = {"$ref": "pulumi.json#/Any"}
_PLAIN: Mapping[Any, dict[str, Any]] = {
    str: {"type": "string"},
    SecretText: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    Any: ANY,
}


def inputs(kind: type[Resource]) -> tuple[str, ...]:
    """What a program says of one: the fields that a plan compares."""
    return kind.comparable()


def outputs(kind: type[Resource]) -> tuple[str, ...]:
    """What only the platform knows of one."""
    return tuple(name for name in kind.model_fields if name in kind.having(ReadOnly))


def required(kind: type[Resource], name: str) -> bool:
    """Whether a program must say it. What a stack file may leave to the runner's environment it says itself."""
    return kind.model_fields[name].is_required() or name in kind.from_environment().values()


def about(kind: type[Resource], name: str) -> str:
    """A field's description, with what it refers to and what it is where it is left out."""
    info = kind.model_fields[name]
    parts = [described(info)]
    if name in kind.refers():
        parts.append(f"names a {kind.refers()[name]}")
    if name in kind.having(Secret):
        parts.append("a secret")
    if name in inputs(kind) and not required(kind, name):
        parts.append("as it lives if left out" if info.default is None else f"{_default(info.default)} if left out")
    return "; ".join(filter(None, parts))


def described(info: FieldInfo) -> str:
    return " ".join((info.description or "").split())


def prose(model: type) -> str:
    """A class's own docstring, cleaned."""
    return inspect.cleandoc(model.__doc__ or "") if "__doc__" in vars(model) else ""


def schema(kinds: Mapping[str, type[Resource]], version: str) -> dict[str, Any]:
    """The package's schema. `kinds` by their type in Pulumi."""
    package = next(iter(kinds)).split(":")[0]
    types = _Types(package)
    made = {token: types.resource(token, kind) for token, kind in kinds.items()}
    return {
        "name": package,
        "version": version,
        "description": "What the platforms of small teams hold, as their stack files say it.",
        "license": "Apache-2.0",
        "meta": {"moduleFormat": "(.*)"},
        "language": {"python": {"packageName": "reconcile.sdk"}},
        "config": {},
        "provider": {"description": "Credentials come from the environment that stacks/_project.yaml names."},
        "types": types.found,
        "resources": {f"{package}:index:Ownership": _ownership(), **made},
    }


@dataclass
class _Types:
    """Types as a Pulumi schema tells them, and the nested ones that it finds on the way."""

    package: str
    found: dict[str, dict[str, Any]] = field(default_factory=dict)

    def resource(self, token: str, kind: type[Resource]) -> dict[str, Any]:
        module = token.split(":")[1]
        account = {"type": "string", "description": ACCOUNT}
        taken = {name: self._property(kind, name, module) for name in inputs(kind)}
        told = {name: self._property(kind, name, module) for name in outputs(kind)}
        needed = sorted(["account", *(name for name in taken if required(kind, name))])
        return {
            "description": prose(kind) or kind.kind,
            "properties": {"account": account, **taken, **told},
            "required": sorted(
                {*needed, *(name for name in (*taken, *told) if not _may_lack(kind.model_fields[name]))}
            ),
            "inputProperties": {"account": account, **taken},
            "requiredInputs": needed,
        }

    def _property(self, kind: type[Resource], name: str, module: str) -> dict[str, Any]:
        made = {**self._type(kind.model_fields[name].annotation, module), "description": about(kind, name)}
        if name in kind.having(Secret):
            made["secret"] = True
        if name in kind.having(Immutable):
            made["willReplaceOnChanges"] = True
        return made

    def _type(self, annotation: Any, module: str) -> dict[str, Any]:
        """One type, without the None of what may be left out."""
        if annotation in _PLAIN:
            return dict(_PLAIN[annotation])
        origin, args = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            return self._type(args[0], module)
        if origin is Literal:
            return dict(_PLAIN[type(args[0])])
        if origin is tuple:
            return {"type": "array", "items": self._type(args[0], module)}
        if origin is dict:
            return {"type": "object", "additionalProperties": self._type(args[1], module)}
        if origin in (Union, UnionType):
            choices: list[dict[str, Any]] = []
            for one in args:
                made = {} if one is NoneType else self._type(one, module)
                if made and made not in choices:
                    choices.append(made)
            return choices[0] if len(choices) == 1 else {"oneOf": choices}
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return {"$ref": f"#/types/{self._nested(annotation, module)}"}
        raise TypeError(f"no Pulumi schema tells a {annotation}")

    def _nested(self, model: type[BaseModel], module: str) -> str:
        token = f"{self.package}:{module}:{model.__name__}"
        if token not in self.found:
            fields = model.model_fields.items()
            self.found[token] = {
                "type": "object",
                "description": prose(model),
                "properties": {
                    name: {**self._type(info.annotation, module), "description": described(info)}
                    for name, info in fields
                },
                "required": sorted(name for name, info in fields if info.is_required()),
            }
        return token


def _ownership() -> dict[str, Any]:
    properties = {
        "account": {"type": "string", "description": ACCOUNT},
        "built": {"type": "object", "additionalProperties": dict(ANY), "description": BUILT},
    }
    return {
        "description": "Tells the ledger what vendors' own providers built. At most one a stack.",
        "properties": properties,
        "required": sorted(properties),
        "inputProperties": properties,
        "requiredInputs": sorted(properties),
    }


def _may_lack(info: FieldInfo) -> bool:
    return NoneType in get_args(info.annotation)


def _default(value: Any) -> str:
    value = list(value) if isinstance(value, tuple) else value
    return "empty" if value in ("", []) else str(value).lower() if isinstance(value, bool) else str(value)
