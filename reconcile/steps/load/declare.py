"""A draft whose targets are declared becomes a declared resource: references resolved, fields validated."""

import json
from collections.abc import Collection
from enum import Enum
from typing import Any

from pydantic import BaseModel, ValidationError

from ...model.reference import escape, unescape
from ...model.resource import REFERENCE, ReadOnly, Reference, Secret
from ...model.spec import Declared, Location
from ...model.spec import Place as DeclaredPlace
from .faults import tell
from .links import Linker, is_output
from .problems import Place, Problems
from .project import texts
from .stack import COVERS, PIN, Draft
from .tree import Node, plain

GROWTH_LIMIT = 16 * 1024 * 1024


class Declarer:
    """Declares drafts one by one; targets must come first."""

    def __init__(self, linker: Linker, problems: Problems, from_env: Collection[str] | None) -> None:
        """`from_env`: the environment variables that stacks may read; None where the project could not be read."""
        self._linker = linker
        self._problems = problems
        self._from_env = from_env
        self._grown = 0

    def declare(self, draft: Draft) -> None:
        """Sets `declared`, or tells why it cannot be."""
        cls = draft.cls
        values: dict[str, Any] = {}
        references: dict[str, str] = {}
        if draft.names or draft.links or draft.silent:
            self._resolve(draft, values, references)
        else:
            for name, node in draft.fields.items():
                values[name] = self._value(draft, name, node)[0]
        if "name" in cls.model_fields and "name" not in values and not is_output(cls, "name"):
            values["name"] = draft.address.leaf
        writable, readable = self._writable(draft), self._may_read(draft)
        if not (writable and readable):
            draft.refused = True
        try:
            resource = cls.declared(values)
        except ValidationError as error:
            draft.refused = True
            tell(error, draft, references, self._problems)
            resource = None
        covered = texts(draft.covers, f"{draft.path}.{COVERS}", self._problems)
        pinned = self._pin(draft)
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
            pinned,
        )

    def _pin(self, draft: Draft) -> str:
        """The platform's id that the entry names; "" where it names none."""
        if draft.pin is None:
            return ""
        value = draft.pin.value
        if isinstance(value, str) and value.strip() == value and value and "${" not in value:
            return value
        place = draft.pin.at_value(f"{draft.path}.{PIN}")
        self._problems.add(place, "must be the platform's id of the thing, a text", "leave it out where any will do")
        draft.refused = True
        return ""

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

    def _may_read(self, draft: Draft) -> bool:
        """Whether the environment variables that it names are open to stacks (DESIGN D10)."""
        well = True
        for name in draft.cls.from_environment():
            node = draft.fields.get(name)
            if self._from_env is None or node is None or not isinstance(node.value, str):
                continue  # the model says what is wrong with it
            if node.value in self._from_env:
                continue
            # Never shown: somebody may have written the value itself here.
            hint = "add its name to `from_env` in _project.yaml; a value is never written here"
            place = node.at_value(f"{draft.path}.{name}")
            self._problems.add(place, "names no environment variable that a stack may read", hint)
            well = False
        return well

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
            group = Node(draft.group, draft.node.file, draft.node.key_line, draft.node.key_line)
            values[cls.group_by] = self._own_name(draft, cls.group_by, group)

    def _names(self, draft: Draft, name: str, node: Node) -> Any:
        """A bare logical name, or a list of them, as the names that the platform knows."""
        if isinstance(node.value, list):
            return [self._own_name(draft, name, inner) for inner in node.value]
        return self._own_name(draft, name, node)

    def _own_name(self, draft: Draft, name: str, node: Node) -> Any:
        """What a node names as the platform knows it, its logical name where the kind has none or it is not known."""
        if not isinstance(node.value, str):
            return plain(node)  # the model says what is wrong with it
        target = draft.names.get((name, node.value))
        if target is None or target.declared is None:
            draft.silent.add(name)
            return node.value
        if "name" in target.declared.references:
            place = node.at_value(f"{draft.path}.{name}")
            self._tell(draft, name, place, f"the name of {target.address} is an output, not known yet")
        return target.declared.resource.referred_as() or target.address.leaf

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
        parts: list[tuple[str, bool]] = []  # with whether it is still in the form of the file
        waits = False
        end = 0
        for match in REFERENCE.finditer(text):
            value, pending = self._referred(draft, name, match[1], place)
            waits = waits or pending
            parts += [(text[end : match.start()], True), (self._within(draft, name, value, match[0], place), pending)]
            end = match.end()
        parts.append((text[end:], True))
        # Each of a chain may hold the one before twice, so what would come of it is counted before it is made.
        if self._grows(draft, name, sum(len(part) for part, _ in parts), place):
            return "", False
        if waits:
            return "".join(part if as_written else escape(part) for part, as_written in parts), True
        return "".join(unescape(part) if as_written else part for part, as_written in parts), False

    def _grows(self, draft: Draft, name: str, size: int, place: Place) -> bool:
        """Whether the texts made of references are too much by now; told once."""
        fitted = self._grown <= GROWTH_LIMIT
        self._grown += size
        if self._grown <= GROWTH_LIMIT:
            return False
        draft.silent.add(name)
        if fitted:
            self._problems.add(place, f"references unfold to more than {GROWTH_LIMIT >> 20} MiB", "write less")
        return True

    def _within(self, draft: Draft, name: str, value: Any, reference: str, place: Place) -> str:
        """A value as it stands within a text."""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str | int | float):
            return str(value)
        self._tell(draft, name, place, f"`{reference}` is no text and cannot stand within one")
        return ""

    def _referred(self, draft: Draft, name: str, inside: str, place: Place) -> tuple[Any, bool]:
        """What a reference gives: a value, or its own text with True while it is an output nobody knows yet."""
        target = draft.links.get(inside)
        if target is None:
            draft.silent.add(name)
            return "", False
        wanted = Reference.parse(inside).field
        if wanted in target.cls.having(Secret) and name not in draft.cls.having(Secret):
            self._tell(draft, name, place, f"`${{{inside}}}` is a secret, and {name} would show it")
            return "", False
        if is_output(target.cls, wanted):
            draft.outputs[inside] = target
            return "${" + inside + "}", True
        if target.declared is None:
            draft.silent.add(name)
            return "", False
        value = getattr(target.declared.resource, wanted)
        if isinstance(value, Enum):
            value = value.value
        if value is None:
            self._tell(draft, name, place, f"`${{{inside}}}` has no declared value")
            return "", False
        if isinstance(value, BaseModel | Collection) and not isinstance(value, str):
            self._tell(
                draft, name, place, f"`${{{inside}}}` is a map or a list, and only single values are referred to"
            )
            return "", False
        if wanted not in target.declared.references:
            return value, False
        self._inherit(draft, name, target, value, place)
        return value, True

    def _inherit(self, draft: Draft, name: str, through: Draft, value: str, place: Place) -> None:
        """Takes over the outputs within a value that another draft still waits for."""
        for inside in REFERENCE.findall(value):
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


def _needs(draft: Draft) -> tuple[DeclaredPlace, ...]:
    """Targets of bare logical names, the group's among them, and of outputs. A value known at load makes no edge."""
    if not draft.names and not draft.outputs:
        return ()
    targets = (*draft.names.values(), *draft.outputs.values())
    return tuple(dict.fromkeys(DeclaredPlace(target.stack, target.address) for target in targets))
