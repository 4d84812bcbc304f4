"""What the stand-in lets pass is what the installed package takes."""

import importlib
import inspect
from collections.abc import Iterator, Mapping
from typing import Any, ForwardRef, get_args

import pytest

from reconcile.model.bridge import wire_names
from reconcile.platforms import kinds
from reconcile.program.standin.shapes import SHAPES


def inputs_of(token: str) -> type:
    """The class of a resource's arguments."""
    found: type = getattr(importlib.import_module("pulumi_cloudflare"), f"{token.rpartition(':')[2]}Args")
    return found


def names_of(arguments: type) -> dict[str, Any]:
    """Its properties by wire name, each with those of what it holds."""
    hints = {name: hint for name, hint in vars(arguments)["__init__"].__annotations__.items() if name != "return"}
    module = inspect.getmodule(arguments)
    return {next(iter(wire_names({name: None}))): _inner(hint, module) for name, hint in hints.items()}


def _inner(hint: Any, module: Any) -> Mapping[str, Any] | None:
    found = [word for word in _words(hint) if word.endswith("Args")]
    return names_of(getattr(module, found[0])) if found else None


def _words(hint: Any) -> Iterator[str]:
    """The classes that a hint names before they are there."""
    if isinstance(hint, ForwardRef):
        yield hint.__forward_arg__
    for each in get_args(hint):
        yield from _words(each)


@pytest.mark.parametrize("kind", SHAPES)
def test_names_are_those_of_the_package(kind: str) -> None:
    bridge = kinds()[kind].bridge
    assert bridge is not None
    arguments = inputs_of(bridge.token)
    shape = SHAPES[kind]
    assert names_of(arguments) == shape.names
    given = inspect.signature(arguments).parameters.values()
    needed = {one.name for one in given if one.default is inspect.Parameter.empty}
    assert set(wire_names(dict.fromkeys(needed))) == set(shape.needs)
    for words in (shape.replaces, shape.kept, shape.once, shape.defaults, shape.unplayed):
        assert set(words) <= set(shape.names)


def test_every_bridged_kind_has_a_shape() -> None:
    assert set(SHAPES) == {name for name, kind in kinds().items() if kind.bridge and kind.bridge.name}
