"""`secrets:`: what changes on schedule, each by its name. Consumers are found once every stack is read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import get_args

from ...model.resource import LOGICAL_NAME
from ...model.rotated import ByHand, Generate, Secret, Strategy
from ...model.spec import Location, Project
from .problems import Problems, named
from .project import fields, text, texts
from .proofs import read_proofs
from .sources import KEYS as SOURCES
from .sources import Found, Issues, SourceReader
from .stack import SECRETS, Stack
from .times import KEYS as TIMES
from .times import duration, read_schedule
from .tree import Node, line_of

STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
CLASSES = ("replaceable", "irreplaceable")
KEYS = (
    "strategy",
    *SOURCES,
    *TIMES,
    "soak",
    "prove",
    "class",
    "accept",
    "hook",
    "says",
    "route",
    "covers",
)
_WANTS: Mapping[str, str] = {
    "overlap": "generate",
    "replace": "generate",
    "migrate": "generate",
    "two-key": "issue",
    "alternate": "issue",
    "roll": "issue",
    "manual": "by_hand",
}
"""The source that a strategy goes with."""
_INSTEAD = {
    "generate": "`overlap`, `replace` or `migrate`",
    "issue": "`two-key`, `alternate` or `roll`",
    "by_hand": "`manual`",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a section. `secret` has no consumers yet; None: it has problems, told already."""

    name: str
    stack: str
    node: Node
    path: str
    secret: Secret | None
    parts: tuple[str, ...] = ()
    """What its source makes."""


def read_secrets(
    stacks: Mapping[str, Stack], project: Project | None, issues: Issues, problems: Problems
) -> dict[str, Entry]:
    """Every secret of the repository by its name; what is wrong goes to the problems."""
    found: dict[str, Entry] = {}
    for stack in stacks.values():
        for name, node in _section(stack, problems).items():
            path = f"{SECRETS}.{name}"
            if not LOGICAL_NAME.match(name):
                hint = "lower-case letters, digits and `-`"
                problems.add(node.at_key(path), f"{named(name)} is no name for a secret", hint)
                continue
            first = found.get(name)
            if first is not None:
                _tell_twice(first, stack, node, path, problems)
                continue
            found[name] = _entry(name, stack, node, path, SourceReader(stack.account, project, issues, problems))
    return found


def _section(stack: Stack, problems: Problems) -> Mapping[str, Node]:
    if stack.secrets is None:
        return {}
    if isinstance(stack.secrets.value, dict):
        return stack.secrets.value
    problems.add(stack.secrets.at_value(SECRETS), "must be a map by name")
    return {}


def _tell_twice(first: Entry, stack: Stack, node: Node, path: str, problems: Problems) -> None:
    if (first.node.file, first.node.key_line) == (node.file, node.key_line):
        message = f"{named(first.name)} is a secret of stacks `{first.stack}` and `{stack.name}`: they share this base"
        problems.add(node.at_key(path), message, "declare it in each stack, by a name of its own")
        return
    message = f"a second secret {named(first.name)} (the first is stack `{first.stack}`'s, {line_of(first.node)})"
    problems.add(node.at_key(path), message, "a name is unique over all stacks: call it otherwise")


def _entry(name: str, stack: Stack, node: Node, path: str, sources: SourceReader) -> Entry:
    problems = sources.problems
    entry = Entry(name, stack.name, node, path, None)
    keys = fields(node, path, KEYS, problems)
    if not isinstance(node.value, dict):
        return entry
    strategy = _strategy(keys, node, path, problems)
    found = sources.read(keys, node, path)
    schedule = read_schedule(keys, path, problems)
    soak = duration(keys.get("soak"), f"{path}.soak", problems, empty=True)
    levels, probes = read_proofs(keys.get("prove"), f"{path}.prove", found.source if found else None, problems)
    accept = _accept(keys.get("accept"), strategy, f"{path}.accept", problems)
    hook = _hook(keys, strategy, node, path, problems)
    said = {key: text(keys[key], f"{path}.{key}", problems) for key in ("says", "route") if key in keys}
    covers = tuple(one for one, _ in texts(keys.get("covers"), f"{path}.covers", problems))
    irreplaceable = _class(keys.get("class"), f"{path}.class", problems) == "irreplaceable"
    if strategy is None:
        return entry
    _check_fit(strategy, keys, found, path, problems)
    if found is None:
        return replace(entry, parts=())
    secret = Secret(
        name=name,
        stack=stack.name,
        account=stack.account,
        strategy=strategy,
        source=found.source,
        consumers=(),
        schedule=schedule,
        at=Location(node.file, node.key_line),
        skip_accept=not accept,
        levels=levels,
        probes=probes,
        irreplaceable=irreplaceable,
        hook=hook,
        says=said.get("says", ""),
        route=said.get("route", ""),
        covers=covers,
    )
    return replace(entry, secret=secret if soak is None else replace(secret, soak=soak), parts=found.parts)


def _strategy(keys: Mapping[str, Node], node: Node, path: str, problems: Problems) -> Strategy | None:
    if "strategy" not in keys:
        problems.add(node.at_key(f"{path}.strategy"), "`strategy` is missing", "one of " + ", ".join(STRATEGIES))
        return None
    said = keys["strategy"].value
    strategy = next((one for one in STRATEGIES if one == said), None)
    if strategy is None:
        word = said if isinstance(said, str) else ""
        hint = problems.nearest(word, STRATEGIES, "one of " + ", ".join(STRATEGIES))
        problems.add(keys["strategy"].at_value(f"{path}.strategy"), f"{named(word)} is no strategy", hint)
    return strategy


def _check_fit(
    strategy: Strategy, keys: Mapping[str, Node], found: Found | None, path: str, problems: Problems
) -> None:
    """A strategy goes with one source, and with what that source can do."""
    said = [key for key in SOURCES if key in keys]
    place = keys["strategy"].at_value(f"{path}.strategy")
    wanted = _WANTS[strategy]
    if said and wanted not in said:
        message = f"`{strategy}` needs `{wanted}`, not `{said[0]}` ({line_of(keys[said[0]])})"
        problems.add(place, message, f"`{said[0]}` goes with {_INSTEAD[said[0]]}")
        return
    options = found.options if found is not None and wanted == "issue" else None
    if options is not None and options.in_place and strategy != "roll":
        problems.add(place, f"`{strategy}` needs two values at once, and this one ends the one before", "use `roll`")
    elif options is not None and not options.in_place and strategy == "roll":
        problems.add(place, "`roll` is for what ends the value before it", "use `two-key`: no consumer is ever refused")
    hand = keys.get("by_hand")
    if hand is not None and found is not None and isinstance(found.source, ByHand) and not found.source.steps:
        problems.add(hand.at_key(f"{path}.by_hand"), "says not what to do", "`by_hand: {where: URL, steps: [do this]}`")
    pair = found is not None and isinstance(found.source, Mapping) and any(map(_is_pair, found.source.values()))
    if pair and strategy == "migrate":
        problems.add(place, "`migrate` re-encrypts from one key to another, and this is a pair", "use `overlap`")


def _is_pair(one: Generate) -> bool:
    return one.kind == "pair"


def _accept(node: Node | None, strategy: Strategy | None, path: str, problems: Problems) -> bool:
    if node is None:
        return True
    if not isinstance(node.value, bool):
        problems.add(node.at_value(path), "must be true or false")
    elif not node.value and strategy not in ("overlap", None):
        problems.add(node.at_key(path), f"`{strategy}` does not ask it", "`accept: false` is for `overlap`: remove it")
    return node.value is not False


def _hook(keys: Mapping[str, Node], strategy: Strategy | None, node: Node, path: str, problems: Problems) -> str:
    if "hook" in keys and strategy not in ("migrate", None):
        place = keys["hook"].at_key(f"{path}.hook")
        problems.add(place, f"`hook` is for `migrate`, not for `{strategy}`", "remove it")
    if "hook" not in keys and strategy == "migrate":
        hint = "the registered name of what re-encrypts"
        problems.add(node.at_key(f"{path}.hook"), "`hook` is missing: `migrate` re-encrypts by it", hint)
    return text(keys["hook"], f"{path}.hook", problems) if "hook" in keys else ""


def _class(node: Node | None, path: str, problems: Problems) -> str:
    if node is None or node.value in CLASSES:
        return str(node.value) if node is not None else CLASSES[0]
    said = node.value if isinstance(node.value, str) else ""
    problems.add(node.at_value(path), "must be replaceable or irreplaceable", problems.nearest(said, CLASSES))
    return CLASSES[0]
