"""Drift of what Pulumi built, put back by Pulumi: exactly what a person approved, from what was last applied."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...model.change import Change
from ...model.errors import StalePlan
from ...model.few import few
from ...model.memory import Memory
from ...model.spec import Declared, Location, Place
from ...settings import STACKS
from ...steps.plan.diff import as_json
from ..graph import Node, Referring
from ..registered import registered
from ..tokens import OWNERSHIP, component_of
from ..zones import Zones
from .command import Engine
from .preview import Preview, Step
from .project import Project
from .stack import preview, up

_OPS = {
    "create": frozenset({"create"}),
    "update": frozenset({"update"}),
    "replace": frozenset({"replace", "create-replacement", "delete-replaced"}),
    "delete": frozenset({"delete"}),
}
_HIDDEN = "[secret]"


@dataclass(frozen=True)
class Repair:
    """What the engine is told to touch: approved changes by URN, and what may move along with them."""

    stack: str
    approved: Mapping[str, tuple[Change, Node]]
    along: frozenset[str]
    """URNs: the release that starts anew what was written, and the ledger's books of what a vendor's provider made."""
    looked_at: frozenset[str] = frozenset()
    """URNs of what a value comes from that moved: read again, and not to be changed."""
    released: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Dependents that a person let come along: what the engine calls doing them, by URN."""

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.approved, *sorted({*self.along, *self.looked_at, *self.released}))))

    @property
    def moves_others(self) -> bool:
        """Whether something is made, which then has another id and other outputs."""
        return any(change.verb in ("create", "replace") for change, _ in self.approved.values())


def urn_of(node: Node, stack: str, project: Project) -> str:
    """The URN under which the program registers a node."""
    parents = f"{component_of(node.platform)}$" if node.platform else ""
    return f"urn:pulumi:{stack}::{project.name}::{parents}{node.token}::{node.name}"


def repair_of(stack: str, changes: Sequence[Change], nodes: Sequence[Node], project: Project) -> Repair:
    """The changes as the engine knows them. `nodes` are those of the revision that was last applied.

    Raises StalePlan where one of them is not in that program.
    """
    at = {node.place: node for node in nodes}
    missing = [str(change.address) for change in changes if change.place not in at]
    if missing:
        raise StalePlan(
            f"{stack}: {', '.join(missing)}: not in the program as it was last applied",
            advice=f"`trueup up -s {stack}` brings program and platform together",
        )
    places = {change.place for change in changes}
    followers = [at[one.place] for one in changes if one.cause == "reference"]
    sources = {place for node in followers for place in _sources(node.inputs)} - places
    vendors = any(kind is not None and kind.bridge is not None for kind in (at[place].kind for place in places))
    along = [
        node
        for node in nodes
        if node.place not in places
        and ((_starts(node) and places & set(node.depends_on)) or (vendors and node.token == OWNERSHIP))
    ]
    return Repair(
        stack,
        {urn_of(at[one.place], stack, project): (one, at[one.place]) for one in changes},
        frozenset(urn_of(node, stack, project) for node in along),
        frozenset(urn_of(at[place], stack, project) for place in sources if place in at),
    )


def _sources(value: Any) -> Iterator[Place]:
    """Of which resources a node's inputs hold outputs."""
    if isinstance(value, Referring):
        yield from value.targets.values()
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _sources(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _sources(each)


def _starts(node: Node) -> bool:
    """Whether it is a release: what no stack file declares, and starts anew what does run."""
    return node.kind is not None and "digest" in node.inputs and node.kind.bridge is None


def dependents(engine: Engine, one: Repair, *, environment: Mapping[str, str]) -> Preview:
    """What Pulumi would do with all that depends on a repair's changes; writes nothing. Raises EngineFailed."""
    return preview(engine, one.stack, refresh=True, targets=one.targets, dependents=True, environment=environment)


def coming(repair: Repair, found: Preview) -> dict[str, frozenset[str]]:
    """Of a preview with dependents what is none of the repair's own, by URN, and what the engine calls doing it."""
    known = {*repair.approved, *repair.along}
    ops: dict[str, frozenset[str]] = {}
    for step in found.changes:
        if step.urn not in known:
            ops[step.urn] = ops.get(step.urn, frozenset()) | {step.op}
    return ops


def check(repair: Repair, found: Preview) -> None:
    """Raises StalePlan where the engine would do anything that nobody approved."""
    zones = _zones(repair, found)
    more = [told for step in found.changes if (told := _beyond(repair, step, zones))]
    if more:
        raise StalePlan(
            f"{repair.stack}: Pulumi would do more than was approved: {few(more, '; ')}",
            advice=f"read `trueup preview -s {repair.stack}`, then `trueup up -s {repair.stack}`; nothing was changed",
        )


def repair(engine: Engine, one: Repair, *, environment: Mapping[str, str], taken_over: bool = False) -> None:
    """Looks first, then puts it back. Raises StalePlan, EngineFailed."""
    with tempfile.TemporaryDirectory(prefix="trueup-plan-") as folder:
        plan = Path(folder, "plan.json")
        found = preview(engine, one.stack, refresh=True, targets=one.targets, environment=environment, save=plan)
        check(one, found)
        if found.changes or taken_over:
            up(
                engine,
                one.stack,
                refresh=True,
                targets=one.targets,
                environment=environment,
                plan=plan,
                taken_over=taken_over,
            )


def last_revision(memory: Memory, stack: str, is_built: Callable[[Any], bool]) -> str:
    """The revision that was last applied of what Pulumi builds in a stack; "" where nothing ever was."""
    rows = [row for row in memory.applied.values() if row.stack == stack and is_built(row.address) and not row.rotated]
    return max(rows, key=lambda row: row.at).revision if rows else ""


@contextmanager
def stack_files(files: Mapping[str, bytes] | None) -> Iterator[dict[str, str]]:
    """The environment in which the program reads these stack files; None: those of the working tree."""
    if files is None:
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="trueup-stacks-") as folder:
        for name, data in files.items():
            (Path(folder) / Path(name).name).write_bytes(data)
        yield {STACKS: folder}


def _zones(repair: Repair, found: Preview) -> Zones:
    """The domains of zones, which the engine tells by their ids: what was approved says which is which."""
    kinds = {node.token: node.kind for _, node in repair.approved.values() if node.kind is not None}
    said = {
        change.place: Declared(change.stack, change.account, change.address, resource, change.at or Location("", 0))
        for change, _ in repair.approved.values()
        if (resource := change.after or change.before) is not None
    }
    return Zones.of(found.steps, kinds, said)


def _beyond(repair: Repair, step: Step, zones: Zones) -> str:
    """What is wrong with a step; "" for one that was approved."""
    told = f"{step.op} {step.name} ({step.type})"
    if step.urn in repair.along:
        return "" if step.op in ("create", "update") else told
    if step.op in repair.released.get(step.urn, ()):
        return ""
    if step.urn not in repair.approved:
        return told
    change, node = repair.approved[step.urn]
    if step.op not in _OPS.get(change.verb, ()):
        return f"{told} where {change.verb} was approved"
    if step.op != "update":
        return ""
    known = {_top(one.name): one for one in change.fields}
    before, after = _fields(node, step.before, zones), _fields(node, step.after, zones)
    told_by_engine = () if node.kind is None or node.kind.bridge is not None else map(_top, step.fields)
    moved = {name for name in {*before, *after} if before.get(name) != after.get(name)} | set(told_by_engine)
    unknown = [name for name in sorted(moved) if name not in known and name != _marker(node)]
    if unknown:
        return f"{told}: {', '.join(unknown)} too"
    other = [name for name in sorted(moved) if _plain(known[name].after if name in known else None, after.get(name))]
    return f"{told}: another {', '.join(other)}" if other else ""


def _marker(node: Node) -> str:
    """The field that carries our mark, which is never drift."""
    return node.kind.marker_field if node.kind is not None else ""


def _plain(wanted: Any, told: Any) -> bool:
    """Whether both are plain values and differ."""
    if isinstance(wanted, str) and wanted.startswith("${"):
        return False
    plain = str | int | float | bool
    return isinstance(wanted, plain) and isinstance(told, plain) and told != _HIDDEN and wanted != told


def _fields(node: Node, inputs: Mapping[str, Any], zones: Zones) -> dict[str, Any]:
    """Registered inputs by the names of our fields; a vendor's as our model has them."""
    if node.kind is None or node.kind.bridge is None:
        return {name: value for name, value in inputs.items() if not name.startswith("__")}
    resource = registered(node.kind, inputs, domain_of=zones.domain).resource
    return {name: as_json(resource, name) for name in node.kind.comparable()}


def _top(name: str) -> str:
    return name.partition(".")[0].partition("[")[0]
