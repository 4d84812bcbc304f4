"""`extends:` one base. Maps merge, lists and scalars replace, `null` removes what the base gave.

Nodes keep the file and line they were written at, so a problem in a base is told where it stands.
"""

from collections.abc import Mapping

from .problems import Problems
from .tree import Node


def extend(stack: Node, bases: Mapping[str, Node | None], problems: Problems) -> Node:
    """The stack's map with its base below it, itself where it extends none. A base of None could not be read."""
    assert isinstance(stack.value, dict)
    wish = stack.value.get("extends")
    if wish is None:
        return stack
    if not isinstance(wish.value, str):
        problems.add(wish.at_value("extends"), "must be the name of one base", "`extends: name` reads `_name.yaml`")
        return stack
    if wish.value not in bases:
        name = wish.value.removeprefix("_")
        missing = "without its underscore" if name in bases else f"no file `_{name[:40]}.yaml`"
        hint = missing if name in bases else problems.nearest(name, bases, missing)
        problems.add(wish.at_value("extends"), f"unknown base {wish.value[:60]!r}", hint)
        return stack
    base = bases[wish.value]
    own = {key: value for key, value in stack.value.items() if key != "extends"}
    bare = stack._replace(value=own)
    return bare if base is None else _merged(base, bare)


def _merged(base: Node, over: Node) -> Node:
    """At most as deep as a file may be."""
    if not isinstance(base.value, dict) or not isinstance(over.value, dict):
        return over
    result = dict(base.value)
    for key, node in over.value.items():
        if key not in result:
            result[key] = node
        elif node.value is None:
            del result[key]
        else:
            result[key] = _merged(result[key], node)
    return over._replace(value=result)
