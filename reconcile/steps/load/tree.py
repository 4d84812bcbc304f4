"""YAML text to a tree that knows its lines, with every way to hurt a reader refused.

Built from the parser's events without recursion. Refused: bytes that are no UTF-8, NUL and other control characters,
tags, merge keys, duplicate keys, keys that are no text, several documents, more than 8 MiB, more than 32 levels, and
aliases that unfold to more than 100,000 nodes.
"""

import re
from typing import Any, NamedTuple, TypeAlias

import yaml

from .problems import Place, Problems, named
from .scalars import resolve

FILE_LIMIT = 8 * 1024 * 1024
DEPTH_LIMIT = 32
ALIAS_LIMIT = 100_000
# 8 MiB of records are 1.5 million events; 8 MiB of commas would be 8 million.
EVENT_LIMIT = 2_500_000

Value: TypeAlias = "str | int | float | bool | dict[str, Node] | list[Node] | None"

_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# U+0085, U+2028 and U+2029 would count as line breaks for the parser and for no editor.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


class Node(NamedTuple):
    """A value, the file and line it starts at, and the line of the key that leads to it."""

    value: Value
    file: str
    line: int
    key_line: int

    def at_key(self, path: str) -> Place:
        return Place(self.file, self.key_line, path)

    def at_value(self, path: str) -> Place:
        return Place(self.file, self.line, path)


def line_of(node: Node) -> str:
    """Where an entry begins, as a message names it."""
    return f"{node.file}:{node.key_line}"


def plain(node: Node) -> Any:
    """The value without its lines. At most 32 levels deep."""
    value = node.value
    if type(value) is dict:
        return {key: plain(inner) for key, inner in value.items()}
    if type(value) is list:
        return [plain(inner) for inner in value]
    return value


def size_of(node: Node) -> int:
    """How many values a tree holds, with its aliases unfolded. At most 32 levels deep."""
    value = node.value
    if type(value) is dict:
        return 1 + sum(map(size_of, value.values()))
    if type(value) is list:
        return 1 + sum(map(size_of, value))
    return 1


def read_map(file: str, data: bytes, problems: Problems) -> Node | None:
    """The map that a file holds; None where it could not be read, and the problems say why.

    What spoils only its own entry (a duplicate key, a tag) is told and passed over, so that the rest is checked too.
    """
    text = _text(file, data, problems)
    if text is None:
        return None
    builder = _Builder(file, problems)
    loader = _LOADER(text)
    try:
        root = builder.build(loader.get_event)
    except _Stop as stop:
        problems.add(Place(file, stop.line, builder.path()), stop.message, stop.hint)
        return None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # An unfinished file is wrong at its end, which the parser puts on a line that is not there.
        line = min(mark.line + 1, len(text.splitlines())) if mark else 0
        # libyaml has a depth limit of its own, met where it looks ahead for the end of a key.
        too_deep = "nesting depth" in str(error.problem)
        message = f"deeper than {DEPTH_LIMIT} levels" if too_deep else f"no YAML: {error.problem or error.context}"
        problems.add(Place(file, line, builder.path()), message)
        return None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # The parser in Python, used where libyaml is absent, lets some bad escapes out as ValueError.
        problems.add(Place(file), f"no YAML: {str(error).splitlines()[0][:120]}")
        return None
    finally:
        loader.dispose()
    return _checked_root(file, root, problems)


def _checked_root(file: str, root: Node | None, problems: Problems) -> Node | None:
    if root is None or root.value is None:
        problems.add(Place(file), "the file is empty", "write the stack's keys, or remove the file")
        return None
    if not isinstance(root.value, dict):
        problems.add(Place(file, root.line), "the file must hold a map of keys", "start it with `account: …`")
        return None
    return root


def _text(file: str, data: bytes, problems: Problems) -> str | None:
    if len(data) > FILE_LIMIT:
        problems.add(Place(file), f"larger than {FILE_LIMIT >> 20} MiB", "split the stack into several files")
        return None
    nul = data.find(b"\0")
    if nul >= 0:
        problems.add(Place(file, _line(data, nul)), f"a NUL at byte {nul}", "write the file as UTF-8 text")
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        start = _undecodable(data)
        problems.add(Place(file, _line(data, start)), f"no UTF-8 at byte {start}", "write the file as UTF-8 text")
        return None
    bad = _UNPRINTABLE.search(text)
    if bad:
        line = text.count("\n", 0, bad.start()) + 1
        problems.add(Place(file, line), f"control character U+{ord(bad[0]):04X}", "remove it")
        return None
    return text


def _undecodable(data: bytes) -> int:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    raise AssertionError("the bytes are UTF-8 after all")


def _line(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1


class _Stop(Exception):
    """The rest of the file cannot be judged."""

    def __init__(self, line: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.line = line
        self.message = message
        self.hint = hint


class _Frame:
    """A map or list that is still open. In a map `key` is the key that waits for its value, None before it."""

    __slots__ = ("anchor", "height", "items", "key", "key_line", "keyed", "line", "size")

    def __init__(self, items: dict[str, Node] | list[Node], line: int, anchor: str | None) -> None:
        self.items = items
        self.line = line
        self.anchor = anchor
        self.key: str | None = None
        self.key_line = line
        self.keyed = False
        self.size = 1
        self.height = 1


class _Builder:
    """Turns events into nodes. `size` and `height` of what an anchor names are counted with its aliases unfolded."""

    def __init__(self, file: str, problems: Problems) -> None:
        self.file = file
        self.problems = problems
        self.open: list[_Frame] = []
        self.anchors: dict[str, tuple[Node, int, int] | None] = {}
        self.aliased = 0
        self.root: Node | None = None

    def path(self) -> str:
        return ".".join(
            (frame.key or "") if isinstance(frame.items, dict) else str(len(frame.items))
            for frame in self.open
            if isinstance(frame.items, list) or frame.key
        )

    def build(self, next_event: Any) -> Node | None:
        """The root, None for a stream without a document. Raises _Stop and yaml.YAMLError."""
        documents = 0
        for _ in range(EVENT_LIMIT):
            event = next_event()
            kind = type(event)
            if kind is yaml.ScalarEvent:
                self._scalar(event)
            elif kind is yaml.MappingStartEvent:
                self._start(event, {})
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                self._end()
            elif kind is yaml.SequenceStartEvent:
                self._start(event, [])
            elif kind is yaml.AliasEvent:
                self._alias(event)
            elif kind is yaml.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    line = event.start_mark.line + 1
                    raise _Stop(line, "a second document in one file", "one stack a file: remove the `---`")
            elif kind is yaml.StreamEndEvent or event is None:
                return self.root
        raise _Stop(0, "more values than can be planned", "split the stack into several files")

    def _scalar(self, event: Any) -> None:
        line: int = event.start_mark.line + 1
        value: Value = event.value
        if event.tag is not None:
            self._refuse_tag(event.tag, line)
        elif event.implicit[0]:
            if value == "<<" and self._expects_key():
                self._refuse(line, "merge key `<<`", "write the keys out, or use `extends:`")
            try:
                value = resolve(event.value)
            except ValueError as error:
                self._refuse(line, str(error), "put it in quotes if it is a text")
        elif event.style == '"':
            bad = _CONTROL.search(event.value)
            if bad:
                self._refuse(line, f"control character U+{ord(bad[0]):04X} in a text", "remove the escape")
        self._put(value, line, event.anchor, 1, 0)

    def _start(self, event: Any, items: dict[str, Node] | list[Node]) -> None:
        line: int = event.start_mark.line + 1
        if event.tag is not None:
            self._refuse_tag(event.tag, line)
        if len(self.open) >= DEPTH_LIMIT:
            raise _Stop(line, f"deeper than {DEPTH_LIMIT} levels", "flatten it")
        if self._expects_key():
            self._refuse(line, "a key that is a map or a list", "a key is a text")
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self.open.append(_Frame(items, line, event.anchor))

    def _end(self) -> None:
        frame = self.open.pop()
        self._put(frame.items, frame.line, frame.anchor, frame.size, frame.height)

    def _alias(self, event: Any) -> None:
        line: int = event.start_mark.line + 1
        found = self.anchors.get(event.anchor)
        if found is None:
            known = event.anchor in self.anchors
            raise _Stop(line, f"alias {named(event.anchor)} " + ("holds itself" if known else "names no anchor"))
        node, size, height = found
        self.aliased += size
        if self.aliased > ALIAS_LIMIT:
            raise _Stop(line, f"aliases unfold to more than {ALIAS_LIMIT:,} nodes", "write the values out")
        if len(self.open) + height > DEPTH_LIMIT:
            raise _Stop(line, f"deeper than {DEPTH_LIMIT} levels", "flatten it")
        self._put(node.value, line, None, size, height)

    def _put(self, value: Value, line: int, anchor: str | None, size: int, height: int) -> None:
        """Gives a finished value to the map or list it stands in, as a key where that map waits for one."""
        if not self.open:
            self.root = Node(value, self.file, line, line)
            return
        frame = self.open[-1]
        items = frame.items
        if type(items) is dict:
            if not frame.keyed:
                frame.keyed = True
                frame.key_line = line
                frame.key = self._key(value, line, items)
                if anchor is not None:
                    self.anchors[anchor] = (Node(value, self.file, line, line), size, height)
                return
            node = Node(value, self.file, line, frame.key_line)
            if frame.key is not None:
                items[frame.key] = node
                frame.key = None
            frame.keyed = False
        else:
            node = Node(value, self.file, line, line)
            items.append(node)  # type: ignore[union-attr]
        frame.size += size
        if height >= frame.height:
            frame.height = height + 1
        if anchor is not None:
            self.anchors[anchor] = (node, size, height)

    def _key(self, value: Value, line: int, items: dict[str, Node]) -> str | None:
        """The key, None where it is refused: its value is then read and dropped."""
        if type(value) is str:
            if value not in items:
                return value
            first = items[value].key_line
            self.open[-1].key = value
            self._refuse(line, f"duplicate key {named(value)}", f"first in line {first}; keep one of them")
        elif type(value) is not dict and type(value) is not list:
            self._refuse(line, f"a key that is no text: {value}", "put it in quotes")
        return None

    def _expects_key(self) -> bool:
        return bool(self.open) and not self.open[-1].keyed and isinstance(self.open[-1].items, dict)

    def _refuse(self, line: int, message: str, hint: str) -> None:
        self.problems.add(Place(self.file, line, self.path()), message, hint)

    def _refuse_tag(self, tag: str, line: int) -> None:
        self._refuse(line, f"tag {named(tag)}", "remove it: values are typed by their form")
