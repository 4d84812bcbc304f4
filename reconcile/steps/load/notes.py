"""`ignore:` and `moved:`: what a stack says about its addresses beside what it wants of them."""

import datetime as dt
import re
from collections.abc import Mapping

from ...model.resource import Address
from ...model.spec import Ignore, Location, Moved
from .problems import Problems, named
from .project import fields, required_text
from .stack import Draft, Kinds, Stack
from .tree import Node

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


def read_ignores(stack: Stack, problems: Problems) -> tuple[Ignore, ...]:
    """The ignore rules of a stack; each names a field of a declared resource, who wants it, why, and until when."""
    found: dict[tuple[Address, str], Ignore] = {}
    for node, path in _items(stack, "ignore", problems):
        keys = fields(node, path, ("address", "field", "owner", "reason", "expires"), problems)
        said = {key: _said(keys, key, node, path, problems) for key in ("address", "field", "owner", "reason")}
        day = _day(keys, node, path, problems)
        address = _address(said["address"], keys, "address", path, problems) if said["address"] else None
        draft = _declared(stack, address, keys["address"], f"{path}.address", problems) if address else None
        if draft is None or not said["field"]:
            continue
        comparable = draft.cls.comparable()
        if said["field"] not in comparable:
            hint = problems.nearest(said["field"], comparable)
            message = f"{draft.cls.kind} has no comparable field {named(said['field'])}"
            problems.add(keys["field"].at_value(f"{path}.field"), message, hint)
        elif (draft.address, said["field"]) in found:
            first = found[draft.address, said["field"]].at
            problems.add(node.at_value(path), "a second rule for one field", f"the first is {first}")
        elif day is not None:
            at = Location(node.file, node.line)
            rule = Ignore(draft.address, said["field"], said["owner"], said["reason"], day, at)
            found[rule.address, rule.field] = rule
    return tuple(found.values())


def read_moved(stack: Stack, kinds: Kinds, problems: Problems) -> tuple[Moved, ...]:
    """The changes of address: `to` is declared, `from` no longer is."""
    result: list[Moved] = []
    for node, path in _items(stack, "moved", problems):
        keys = fields(node, path, ("from", "to"), problems)
        said = {key: _said(keys, key, node, path, problems) for key in ("from", "to")}
        before = _address(said["from"], keys, "from", path, problems) if said["from"] else None
        after = _address(said["to"], keys, "to", path, problems) if said["to"] else None
        if before is None or after is None:
            continue
        draft = _declared(stack, after, keys["to"], f"{path}.to", problems)
        if before.full_kind not in kinds:
            hint = problems.nearest(before.full_kind, kinds)
            problems.add(keys["from"].at_value(f"{path}.from"), f"unknown kind {named(before.full_kind)}", hint)
        elif before.full_kind != after.full_kind:
            problems.add(
                keys["from"].at_value(f"{path}.from"), f"a {before.full_kind} cannot become a {after.full_kind}"
            )
        elif stack.get(before) is not None:
            message = f"{named(str(before))} is still declared"
            problems.add(keys["from"].at_value(f"{path}.from"), message, "a thing that moved has one address")
        elif any(one.before == before or one.after == after for one in result):
            problems.add(node.at_value(path), "moved twice", "keep one of the lines")
        elif draft is not None:
            result.append(Moved(before, after, Location(node.file, node.line)))
    return tuple(result)


def _items(stack: Stack, key: str, problems: Problems) -> list[tuple[Node, str]]:
    assert isinstance(stack.node.value, dict)
    node = stack.node.value.get(key)
    if node is None:
        return []
    if not isinstance(node.value, list):
        problems.add(node.at_value(key), "must be a list of maps", "each begins with `- {`")
        return []
    return [(inner, f"{key}.{index}") for index, inner in enumerate(node.value)]


def _said(keys: Mapping[str, Node], key: str, node: Node, path: str, problems: Problems) -> str:
    return required_text(keys, key, node.at_value(path), f"{path}.", problems) if isinstance(node.value, dict) else ""


def _day(keys: Mapping[str, Node], node: Node, path: str, problems: Problems) -> dt.date | None:
    text = _said(keys, "expires", node, path, problems)
    if not text:
        return None
    try:
        if _DAY.match(text):
            return dt.date.fromisoformat(text)
    except ValueError:
        pass
    problems.add(keys["expires"].at_value(f"{path}.expires"), "is no day", "write it as 2027-01-31")
    return None


def _address(text: str, keys: Mapping[str, Node], key: str, path: str, problems: Problems) -> Address | None:
    try:
        return Address.parse(text)
    except ValueError:
        problems.add(keys[key].at_value(f"{path}.{key}"), f"{named(text)} is no address (platform.kind.name)")
        return None


def _declared(stack: Stack, address: Address, node: Node, path: str, problems: Problems) -> Draft | None:
    draft = stack.get(address)
    if draft is None:
        hint = problems.nearest(str(address), (str(one.address) for one in stack.all()), "the stack declares nothing")
        problems.add(node.at_value(path), f"{named(str(address))} is not declared in this stack", hint)
    return draft
