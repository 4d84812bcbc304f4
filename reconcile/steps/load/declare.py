"""A draft whose targets are declared becomes a declared resource: references resolved, fields validated."""

import json
from enum import Enum
from typing import Any

from pydantic import BaseModel, ValidationError

from ...model.resource import REFERENCE, Address, ReadOnly, Reference
from ...model.spec import Declared, Location
from .faults import COVERS, tell
from .links import Linker, is_output
from .problems import Place, Problems
from .project import texts
from .references import escape, unescape
from .stack import Draft
from .tree import Node, plain

_UNKNOWN = object()


class Declarer:
    """Declares drafts one by one; targets must come first."""

    def __init__(self, linker: Linker, problems: Problems) -> None:
        self._linker = linker
        self._problems = problems

    def declare(self, draft: Draft) -> None:
        """Sets `declared`, or tells why it cannot be."""
        cls = draft.cls
        covers = draft.fields.get(COVERS)
        values: dict[str, Any] = {}
        references: dict[str, str] = {}
        if draft.names or draft.links or draft.silent:
            self._resolve(draft, values, references)
        else:
            for name, node in draft.fields.items():
                values[name] = self._value(draft, name, node)[0]
        values.pop(COVERS, None)
        if "name" in cls.model_fields and "name" not in values and not is_output(cls, "name"):
            values["name"] = draft.address.leaf
        if not self._writable(draft):
            draft.refused = True
        try:
            resource = cls.declared(values)
        except ValidationError as error:
            draft.refused = True
            tell(error, draft, references, self._problems)
            resource = None
        covered = texts(covers, f"{draft.path}.{COVERS}", self._problems) if covers else ()
        if resource is None or draft.refused or draft.silent:
            return
        draft.declared = Declared(
            draft.stack,
            draft.account,
            draft.address,
            resource,
            Location(draft.node.file, draft.node.key_line),
            tuple(text for text, _ in covered),
            references,
            _needs(draft),
        )

    def _writable(self, draft: Draft) -> bool:
        """Whether the fields are ours to give. What is not even a field the model tells."""
        cls = draft.cls
        wrong = [name for name in draft.fields if name in cls.having(ReadOnly)]
        for name in wrong:
            place = draft.fields[name].at_key(f"{draft.path}.{name}")
            self._problems.add(place, f"`{name}` is given by the platform", "remove it")
        if cls.group_by and cls.group_by in draft.fields:
            place = draft.fields[cls.group_by].at_key(f"{draft.path}.{cls.group_by}")
            self._problems.add(place, f"`{cls.group_by}` is given by the group it stands in", "remove it")
            return False
        return not wrong

    def _resolve(self, draft: Draft, values: dict[str, Any], references: dict[str, str]) -> None:
        cls = draft.cls
        refers = cls.refers()
        for name, node in draft.fields.items():
            if name in refers:
                values[name] = self._names(draft, name, node)
                continue
            value, pending = self._value(draft, name, node)
            values[name] = value
            if pending:
                references[name] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if draft.group:
            values[cls.group_by] = self._own_name(draft, cls.group_by, draft.group)

    def _names(self, draft: Draft, name: str, node: Node) -> Any:
        """A bare logical name, or a list of them, as the names that the platform knows."""
        if isinstance(node.value, list):
            return [self._names(draft, name, inner) for inner in node.value]
        if not isinstance(node.value, str):
            return plain(node)
        return self._own_name(draft, name, node.value)

    def _own_name(self, draft: Draft, name: str, logical: str) -> Any:
        """The target's `name`, its logical name where its kind has none or it is not known."""
        target = draft.names.get((name, logical))
        if target is None or target.declared is None:
            draft.silent.add(name)
            return logical
        return getattr(target.declared.resource, "name", target.address.leaf)

    def _value(self, draft: Draft, name: str, node: Node) -> tuple[Any, bool]:
        """A value with its references resolved, and whether any of them is still pending."""
        value = node.value
        if isinstance(value, dict):
            inner = {key: self._value(draft, name, one) for key, one in value.items()}
            return {key: one for key, (one, _) in inner.items()}, any(pending for _, pending in inner.values())
        if isinstance(value, list):
            listed = [self._value(draft, name, one) for one in value]
            return [one for one, _ in listed], any(pending for _, pending in listed)
        if isinstance(value, str) and "${" in value:
            return self._text(draft, name, value, node.at_value(f"{draft.path}.{name}"))
        return value, False

    def _text(self, draft: Draft, name: str, text: str, place: Place) -> tuple[Any, bool]:
        whole = REFERENCE.fullmatch(text)
        if whole:
            return self._referred(draft, name, whole[1], place)
        parts: list[tuple[str, bool, bool]] = []  # text, is it raw, is it pending
        end = 0
        for match in REFERENCE.finditer(text):
            parts.append((text[end : match.start()], True, False))
            value, pending = self._referred(draft, name, match[1], place)
            if isinstance(value, bool):
                value = "true" if value else "false"
            elif isinstance(value, int | float):
                value = str(value)
            elif not isinstance(value, str):
                if value is not _UNKNOWN:
                    self._tell(draft, name, place, f"`${{{match[1]}}}` is no text and cannot stand within one")
                value = ""
            parts.append((value, pending, pending))
            end = match.end()
        parts.append((text[end:], True, False))
        if any(pending for _, _, pending in parts):
            return "".join(part if raw else escape(part) for part, raw, _ in parts), True
        return "".join(unescape(part) if raw else part for part, raw, _ in parts), False

    def _referred(self, draft: Draft, name: str, inside: str, place: Place) -> tuple[Any, bool]:
        """What a reference gives: a value, or its own text with True while it is an output nobody knows yet."""
        target = draft.links.get(inside)
        if target is None:
            draft.silent.add(name)
            return "", False
        wanted = Reference.parse(inside).field
        if is_output(target.cls, wanted):
            draft.outputs[inside] = target
            return "${" + inside + "}", True
        if target.declared is None:
            draft.silent.add(name)
            return "", False
        value = _as_written(getattr(target.declared.resource, wanted))
        if value is None:
            self._tell(draft, name, place, f"`${{{inside}}}` has no declared value")
            return "", False
        if wanted not in target.declared.references:
            return value, False
        self._inherit(draft, name, target, value, place)
        return value, True

    def _inherit(self, draft: Draft, name: str, through: Draft, value: Any, place: Place) -> None:
        """Takes over the outputs within a value that another draft still waits for."""
        text = value if isinstance(value, str) else json.dumps(value)
        for inside in REFERENCE.findall(text):
            origin = through.outputs[inside]
            seen = self._linker.visible(draft.stack, origin.address)
            if len(seen) != 1 or seen[0] is not origin:
                message = f"waits, through {through.address}, for {origin.address} of stack `{origin.stack}`"
                self._problems.add(place, message, f"add `{origin.stack}` to `uses`")
                draft.silent.add(name)
            draft.outputs[inside] = origin

    def _tell(self, draft: Draft, name: str, place: Place, message: str) -> None:
        self._problems.add(place, message)
        draft.silent.add(name)


def _as_written(value: Any) -> Any:
    """A field's value as a stack file would have it."""
    if isinstance(value, BaseModel):
        return value.model_dump(by_alias=False)
    return value.value if isinstance(value, Enum) else value


def _needs(draft: Draft) -> tuple[Address, ...]:
    """Targets of bare logical names, the group's among them, and of outputs. A value known at load makes no edge."""
    if not draft.names and not draft.outputs:
        return ()
    return tuple(dict.fromkeys(target.address for target in (*draft.names.values(), *draft.outputs.values())))
