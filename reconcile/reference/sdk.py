"""The typed classes of our Pulumi package, made from the models: `railway.Service("api", …)` completes in an editor."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ..model.resource import Resource, Secret
from ..model.secret import SecretText
from .pulumi_schema import ACCOUNT, BUILT, about, described, inputs, outputs, prose, required

WIDTH = 120
_MADE = "Made by `trueup schema --sdk`."
_RESERVED = frozenset({"account", "id", "opts", "pulumi", "resource_name", "self", "urn"})
_PLAIN = {str: "str", SecretText: "str", int: "int", float: "float", bool: "bool", Any: "Any"}


def sdk(kinds: Mapping[str, type[Resource]]) -> dict[str, str]:
    """File name to text. `kinds` by their type in Pulumi."""
    by_module: dict[str, dict[str, type[Resource]]] = {}
    for token, kind in kinds.items():
        by_module.setdefault(token.split(":")[1], {})[token] = kind
    modules = {name: _Module(name).text(held) for name, held in by_module.items()}
    modules["index"] = _index(next(iter(kinds)).split(":")[0])
    return {"__init__.py": _package(sorted(modules)), **{f"{name}.py": modules[name] for name in sorted(modules)}}


@dataclass
class _Module:
    """One platform's file: its classes, and the nested types that they ask for on the way."""

    name: str
    before: dict[str, str] = field(default_factory=dict)
    """Names to the text of what the classes need."""

    def text(self, kinds: Mapping[str, type[Resource]]) -> str:
        classes = [self._resource(token, kind) for token, kind in kinds.items()]
        return _file(f"What Pulumi builds on {self.name}, as a program says it.", (*self.before.values(), *classes))

    def _resource(self, token: str, kind: type[Resource]) -> str:
        name = token.split(":")[2]
        told = (*inputs(kind), *outputs(kind))
        clash = sorted(_RESERVED & set(told))
        if clash:
            raise TypeError(f"{kind.kind}: a Pulumi resource has no room for a field called {clash[0]}")
        taken = {one: self._type(kind.model_fields[one], name, one, door="in") for one in inputs(kind)}
        needed = {one: said for one, said in taken.items() if required(kind, one)}
        left = {one: said for one, said in taken.items() if one not in needed}
        hidden = sorted(kind.having(Secret))
        lines = [f"class {name}(pulumi.CustomResource):", *_indented(_docstring(prose(kind)), 1), ""]
        lines += _indented(_attribute("account", "pulumi.Output[str]", ACCOUNT), 1)
        for one in told:
            lines += _indented(_attribute(one, self._output(kind, name, one), about(kind, one)), 1)
        lines += ["", "    def __init__(", "        self,", "        resource_name: str,", "        *,"]
        lines.append("        account: pulumi.Input[str],")
        lines += [f"        {one}: {_input(said)}," for one, said in needed.items()]
        lines += [f"        {one}: {_input(said)} | None = None," for one, said in left.items()]
        lines += ["        opts: pulumi.ResourceOptions | None = None,", "    ) -> None:"]
        texts = {"account": ACCOUNT, **{one: about(kind, one) for one in (*needed, *left)}}
        lines += _indented(_docstring(_parameters(texts)), 2)
        lines += _indented(_super(token, ("account", *needed, *left), outputs(kind), hidden), 2)
        return "\n".join(lines)

    def _output(self, kind: type[Resource], name: str, one: str) -> str:
        info = kind.model_fields[one]
        said = self._type(info, name, one, door="out")
        # What only the platform knows is there once it is made.
        absent = one in inputs(kind) and not required(kind, one) and NoneType in get_args(info.annotation)
        return f"pulumi.Output[{said}{' | None' if absent else ''}]"

    def _type(self, info: FieldInfo, owner: str, name: str, *, door: Literal["in", "out"]) -> str:
        return self._said(info.annotation, owner + _camel(name), door)

    def _said(self, annotation: Any, alias: str, door: Literal["in", "out"]) -> str:
        """A type as our classes write it, without the None of what may be left out."""
        if annotation in _PLAIN:
            return _PLAIN[annotation]
        origin, args = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            return self._said(args[0], alias, door)
        if origin in (Union, UnionType):
            return " | ".join(dict.fromkeys(self._said(one, alias, door) for one in args if one is not NoneType))
        if origin is Literal:
            return self._literal(args, alias)
        if origin is tuple:
            return f"Sequence[{self._inner(args[0], alias, door)}]"
        if origin is dict:
            return f"Mapping[str, {self._inner(args[1], alias, door)}]"
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return self._nested(annotation, door)
        raise TypeError(f"{alias}: no Pulumi program can say a {annotation}")

    def _inner(self, annotation: Any, alias: str, door: Literal["in", "out"]) -> str:
        said = self._said(annotation, alias, door)
        return _input(said) if door == "in" else said

    def _literal(self, values: Iterable[Any], alias: str) -> str:
        """In place where it is short, else under a name of its own."""
        told = [_quoted(value) if isinstance(value, str) else repr(value) for value in values]
        here = f"Literal[{', '.join(told)}]"
        if len(here) <= 40:
            return here
        self.before[alias] = "\n".join((f"{alias} = Literal[", *(f"    {one}," for one in told), "]"))
        return alias

    def _nested(self, model: type[BaseModel], door: Literal["in", "out"]) -> str:
        """A model inside a model: a dictionary on the way in, attributes on the way out."""
        name = f"{model.__name__}Args" if door == "in" else model.__name__
        if name in self.before:
            return name
        head = f"class {name}(TypedDict):" if door == "in" else f"@pulumi.output_type\nclass {name}:"
        lines = [head, *_indented(_docstring(prose(model)), 1), ""]
        for one, info in model.model_fields.items():
            said = self._type(info, model.__name__, one, door=door)
            absent = not info.is_required()
            if door == "in":
                told = f"NotRequired[{_input(said)} | None]" if absent else _input(said)
            else:
                told = f"{said} | None" if NoneType in get_args(info.annotation) else said
            lines += _indented(_attribute(one, told, described(info)), 1)
        self.before[name] = "\n".join(lines)
        return name


def _package(modules: Sequence[str]) -> str:
    first = "The typed Pulumi classes of what our own provider builds: one module a platform."
    told = f"__all__ = [{', '.join(_quoted(one) for one in modules)}]"
    return f'"""{first} {_MADE}"""\n\nfrom . import {", ".join(modules)}\n\n{told}\n'


def _index(package: str) -> str:
    lines = [
        "class Ownership(pulumi.CustomResource):",
        *_indented(_docstring("Tells the ledger what vendors' own providers built. At most one a stack."), 1),
        "",
        *_indented(_attribute("account", "pulumi.Output[str]", ACCOUNT), 1),
        *_indented(_attribute("built", "pulumi.Output[Mapping[str, Any]]", BUILT), 1),
        "",
        "    def __init__(",
        "        self,",
        "        resource_name: str,",
        "        *,",
        "        account: pulumi.Input[str],",
        "        built: pulumi.Input[Mapping[str, Any]],",
        "        opts: pulumi.ResourceOptions | None = None,",
        "    ) -> None:",
        *_indented(_docstring(_parameters({"account": ACCOUNT, "built": BUILT})), 2),
        *_indented(_super(f"{package}:index:Ownership", ("account", "built"), (), ()), 2),
    ]
    return _file("What belongs to no platform.", ("\n".join(lines),))


def _file(first: str, parts: Iterable[str]) -> str:
    body = "\n\n\n".join(parts)
    typed = [one for one in ("Any", "Literal", "NotRequired", "TypedDict") if _uses(body, one)]
    abstract = [one for one in ("Mapping", "Sequence") if _uses(body, one)]
    head = [f'"""{first} {_MADE}"""', ""]
    head += [f"from collections.abc import {', '.join(abstract)}"] if abstract else []
    head += [f"from typing import {', '.join(typed)}"] if typed else []
    head += [""] if abstract or typed else []
    # A constant right below the imports stands one line off, a class two.
    gap = "\n" if body.startswith(("class", "@")) else ""
    return "\n".join([*head, "import pulumi", ""]) + f"\n{gap}{body}\n"


def _uses(body: str, name: str) -> bool:
    return any(f"{name}{after}" in body for after in "[]),") and not body.count(f"class {name}")


def _super(token: str, taken: Iterable[str], told: Iterable[str], hidden: Iterable[str]) -> Iterator[str]:
    """The call that registers: every property is there, so that the SDK resolves it; None is no input."""
    if hidden:
        names = ", ".join(_quoted(one) for one in hidden)
        yield f"secret = pulumi.ResourceOptions(additional_secret_outputs=[{names}])"
    yield "props: dict[str, Any] = {"
    yield from (f"    {_quoted(one)}: {one}," for one in taken)
    yield from (f"    {_quoted(one)}: None," for one in told)
    yield "}"
    opts = "pulumi.ResourceOptions.merge(opts, secret)" if hidden else "opts"
    yield f"super().__init__({_quoted(token)}, resource_name, props, {opts})"


def _input(said: str) -> str:
    return said if said == "Any" else f"pulumi.Input[{said}]"


def _attribute(name: str, said: str, text: str) -> Iterator[str]:
    yield f"{name}: {said}"
    yield from _docstring(text)


def _parameters(texts: Mapping[str, str]) -> str:
    told = (f":param {name}: {text}".rstrip() for name, text in texts.items())
    return "\n".join(("Registers it with the engine that runs the program.", "", *told))


def _docstring(text: str) -> Iterator[str]:
    """Its lines, wrapped; nothing for no text."""
    lines: list[str] = []
    for line in text.replace("\\", "\\\\").replace('"""', "'''").splitlines():
        lines += textwrap.wrap(line, WIDTH - 16, subsequent_indent="    " if line.startswith(":") else "") or [""]
    if not lines:
        return
    if len(lines) == 1:
        yield f'"""{lines[0]}"""' if not lines[0].endswith('"') else f'"""{lines[0]} """'
        return
    yield f'"""{lines[0]}'
    yield from lines[1:]
    yield '"""'


def _indented(lines: Iterable[str], depth: int) -> Iterator[str]:
    return ("    " * depth + line if line else "" for line in lines)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
