"""What each draft refers to, found by name among its own stack and the ones it uses; and the order that follows."""

from collections.abc import Iterable, Iterator, Mapping

from ...model.reference import insides
from ...model.resource import LOGICAL_NAME, Address, ReadOnly, Reference, Resource, Secret
from .problems import Place, Problems, named
from .stack import Draft, Kinds, Stack
from .tree import Node

ESCAPE_HINT = "write `$${` for the text `${`"


class Linker:
    """Looks names up. A name of the own stack comes before the same name in a used one."""

    def __init__(self, stacks: Mapping[str, Stack], kinds: Kinds, problems: Problems) -> None:
        self._stacks = stacks
        self._kinds = kinds
        self._problems = problems
        self._groups: dict[tuple[str, str, str], Draft | None] = {}

    def link(self, draft: Draft) -> None:
        """Gives a draft its links; a field whose target is not found is told once and silenced."""
        refers = draft.cls.refers()
        if draft.group:
            self._link_group(draft, refers[draft.cls.group_by])
        for name, node in draft.fields.items():
            value = node.value
            kind = type(value)
            if name in refers and name != draft.cls.group_by:
                self._link_names(draft, name, refers[name], node)
            elif kind is str:
                if "${" in value:  # type: ignore[operator]
                    self._link_text(draft, name, node, f"{draft.path}.{name}")
            elif kind is dict or kind is list:
                for path, inner in _strings(node, f"{draft.path}.{name}"):
                    self._link_text(draft, name, inner, path)

    def visible(self, stack: str, address: Address) -> list[Draft]:
        """The drafts that an address means in a stack: one, none, or several in used stacks."""
        own = self._stacks[stack].get(address)
        if own is not None:
            return [own]
        used = (self._stacks[name].get(address) for name in self._uses(stack))
        return [draft for draft in used if draft is not None]

    def _uses(self, stack: str) -> Iterator[str]:
        return (name for name in self._stacks[stack].uses if name in self._stacks and name != stack)

    def _link_group(self, draft: Draft, kind: str) -> None:
        # Ten thousand records of a misspelt zone are one problem.
        at = (draft.stack, draft.cls.kind, draft.group)
        if at not in self._groups:
            path = draft.path.rpartition(".")[0]
            self._groups[at] = self._find(draft.stack, kind, draft.group, draft.node.at_key(path))
        target = self._groups[at]
        if target is None:
            draft.silent.add(draft.cls.group_by)
        else:
            draft.names[draft.cls.group_by, draft.group] = target

    def _link_names(self, draft: Draft, name: str, kind: str, node: Node) -> None:
        """A field that holds a bare logical name, or a list of them."""
        path = f"{draft.path}.{name}"
        for inner in node.value if isinstance(node.value, list) else [node]:
            if not isinstance(inner.value, str):
                continue  # the model says what is wrong with it
            target = self._find(draft.stack, kind, inner.value, inner.at_value(path))
            if target is None:
                draft.silent.add(name)
            else:
                draft.names[name, inner.value] = target

    def _find(self, stack: str, kind: str, name: str, place: Place) -> Draft | None:
        platform, _, word = kind.partition(".")
        found = self.visible(stack, Address(platform, word, name))
        if len(found) == 1:
            return found[0]
        if found:
            self._problems.add(place, *_ambiguous(found))
            return None
        names = (other for one in (stack, *self._uses(stack)) for other in self._stacks[one].drafts.get(kind, {}))
        hint = self._elsewhere(stack, Address(platform, word, name)) or self._problems.nearest(name, names)
        if not LOGICAL_NAME.match(name.rpartition("/")[2]):
            hint = hint or "a bare logical name stands here, not the platform's own"
        hint = hint or f"declare it, or use a stack that declares a {kind}"
        self._problems.add(place, f"no {kind} {named(name)}", hint)
        return None

    def _link_text(self, draft: Draft, name: str, node: Node, path: str) -> None:
        assert isinstance(node.value, str)
        try:
            for inside in insides(node.value):
                if inside not in draft.links:
                    draft.links[inside] = self._target(draft.stack, Reference.parse(inside))
        except _Nowhere as nowhere:
            draft.silent.add(name)
            # A password with a `${` in it would stand in the message.
            secret = name in draft.cls.having(Secret)
            message = "a `${…}` that leads nowhere (the field is secret and not shown)" if secret else str(nowhere)
            self._problems.add(node.at_value(path), message, ESCAPE_HINT if secret else nowhere.hint)
        except ValueError as error:
            draft.silent.add(name)
            self._problems.add(node.at_value(path), str(error), ESCAPE_HINT)

    def _target(self, stack: str, reference: Reference) -> Draft:
        """Raises _Nowhere."""
        address = reference.address
        cls = self._kinds.get(address.full_kind)
        if cls is None:
            hint = self._problems.nearest(address.full_kind, self._kinds)
            raise _Nowhere(f"reference to an unknown kind {named(address.full_kind)}", hint)
        if reference.field not in cls.model_fields:
            hint = self._problems.nearest(reference.field, cls.model_fields)
            raise _Nowhere(f"{address.full_kind} has no field {named(reference.field)}", hint)
        found = self.visible(stack, address)
        if len(found) == 1:
            return found[0]
        if found:
            raise _Nowhere(*_ambiguous(found))
        near = (str(draft.address) for one in (stack, *self._uses(stack)) for draft in self._stacks[one].all())
        hint = self._elsewhere(stack, address) or self._problems.nearest(str(address), near, "nothing is declared")
        raise _Nowhere(f"reference to {named(str(address))}, not declared", hint)

    def _elsewhere(self, stack: str, address: Address) -> str:
        for other in self._stacks.values():
            if other.name != stack and other.get(address) is not None:
                return f"stack `{other.name}` declares it: add it to `uses`"
        return ""


class _Nowhere(Exception):
    """A reference without a target."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def _ambiguous(found: list[Draft]) -> tuple[str, str]:
    stacks = " and ".join(f"`{draft.stack}`" for draft in found)
    return f"{found[0].address} is declared in {stacks}", "use one of them"


def _strings(node: Node, path: str) -> Iterator[tuple[str, Node]]:
    """Every text below a node that may hold a reference."""
    value = node.value
    if isinstance(value, str):
        if "${" in value:
            yield path, node
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _strings(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _strings(inner, f"{path}.{index}")


def is_output(cls: type[Resource], name: str) -> bool:
    """Whether a field is known only once the thing lives."""
    return name in cls.having(ReadOnly)


def in_order(drafts: Iterable[Draft], problems: Problems) -> list[Draft]:
    """The drafts, targets first. Those in a circle are left out and refused, the circle listed.

    Walks without recursion: a chain may be as long as the files.
    """
    done: dict[int, bool] = {}  # False: still open, on the path
    ordered: list[Draft] = []
    for start in drafts:
        if id(start) in done:
            continue
        path: list[tuple[Draft, Iterator[Draft]]] = [(start, start.targets())]
        done[id(start)] = False
        while path:
            draft, targets = path[-1]
            target = next(targets, None)
            if target is None:
                done[id(draft)] = True
                ordered.append(draft)
                path.pop()
            elif id(target) not in done:
                done[id(target)] = False
                path.append((target, target.targets()))
            elif not done[id(target)]:
                _refuse_circle([one for one, _ in path], target, problems)
    return [draft for draft in ordered if not draft.refused]


def _refuse_circle(path: list[Draft], target: Draft, problems: Problems) -> None:
    circle = path[next(index for index, one in enumerate(path) if one is target) :]
    first = min(range(len(circle)), key=lambda index: (circle[index].node.file, circle[index].node.key_line))
    turned = circle[first:] + circle[:first]
    shown = [str(draft.address) for draft in (*turned, turned[0])]
    if len(shown) > 12:
        shown = [*shown[:6], f"… {len(shown) - 11} more …", *shown[-5:]]
    for draft in circle:
        draft.refused = True
    place = _place_of_link(turned[0], turned[1 % len(turned)])
    problems.add(place, "references in a circle: " + " -> ".join(shown), "give one of them its value")


def _place_of_link(draft: Draft, target: Draft) -> Place:
    """Where a draft names a target."""
    for (name, _), linked in draft.names.items():
        if linked is target:
            return draft.place(name)
    inside = next(inside for inside, linked in draft.links.items() if linked is target)
    for name, node in draft.fields.items():
        for path, inner in _strings(node, f"{draft.path}.{name}"):
            if "${" + inside + "}" in str(inner.value):
                return inner.at_value(path)
    raise AssertionError(f"{draft.address} has a link that it does not hold")
