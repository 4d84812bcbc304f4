"""A stack from one writer to the other: Pulumi's state is filled or emptied, and nothing that lives is touched.

To Pulumi: what it can import is imported, in a run that may do nothing else; what no provider imports, and the
releases, whose making would start what runs, are written into the state as they live. From Pulumi: the state is kept
aside, then emptied. Each step looks first, so that a run that broke off is finished by the next.
"""

import json
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..model.bridge import wire_name
from ..model.errors import ReconcileError
from ..model.exits import APPROVAL
from ..model.memory import Applied, Owned
from ..model.observation import Seen
from ..model.resource import ReadOnly, Resource, Secret
from ..model.spec import Place, Spec
from ..steps.plan.diff import as_json
from ..store import kept_fields
from .adoption import IMPORTS, Adoption, Imports, is_start
from .engine.command import Engine
from .engine.preview import ROOT, Preview, Step
from .engine.repair import urn_of
from .engine.stack import preview, up
from .graph import Node
from .properties import SIGNATURE, is_unknown
from .provider.asked import secret_fields
from .tokens import OWNERSHIP, PACKAGE, Urn, address_of, component_of

_HIDDEN = "[secret]"


class NotHanded(ReconcileError):
    """Something stands in the way; nothing live was touched."""

    exit_code = APPROVAL
    advice = "bring the stack to rest under who writes it now, then run `trueup hand-over` again"


@dataclass(frozen=True)
class Held:
    """One thing that Pulumi's state holds; inputs with their secrets as it keeps them, closed."""

    urn: str
    id: str
    inputs: Mapping[str, Any]

    @property
    def token(self) -> str:
        return Urn.parse(self.urn).type

    def place(self, kinds: Mapping[str, type[Resource]]) -> Place | None:
        """Where it is in our words; None where it is of no kind in `kinds` (by type)."""
        urn = Urn.parse(self.urn)
        kind = kinds.get(urn.type)
        return Place(urn.stack, address_of(kind, urn.name)) if kind is not None else None


@dataclass(frozen=True)
class State:
    """What `pulumi stack export` told of a stack: the document as it came."""

    document: Mapping[str, Any]

    @property
    def resources(self) -> list[dict[str, Any]]:
        return list((self.document.get("deployment") or {}).get("resources") or ())

    @property
    def urns(self) -> frozenset[str]:
        return frozenset(str(one["urn"]) for one in self.resources)

    @property
    def held(self) -> tuple[Held, ...]:
        """Everything but components, the engine's own providers, and what is already replaced."""
        return tuple(
            Held(str(one["urn"]), str(one.get("id") or ""), dict(one.get("inputs") or {}))
            for one in self.resources
            if one.get("custom") and not one.get("delete") and not str(one["type"]).startswith("pulumi:")
        )

    @property
    def revision(self) -> str:
        """The commit that the program last ran from; "" where the state does not say."""
        outputs = next((one.get("outputs") or {} for one in self.resources if one["type"] == ROOT), {})
        return str(outputs.get(f"{PACKAGE}:revision") or "")

    @property
    def text(self) -> str:
        return json.dumps(self.document, indent=1)

    def with_resources(self, resources: Sequence[Mapping[str, Any]]) -> "State":
        deployment = {**(self.document.get("deployment") or {}), "resources": list(resources)}
        if not resources:
            # Of operations on what the state no longer knows.
            deployment.pop("pending_operations", None)
        return State({**self.document, "deployment": deployment})


def export(engine: Engine, stack: str) -> State:
    """Reads the state; secrets stay closed. Raises EngineFailed, ReconcileError."""
    done = engine.must("stack", "export", "--stack", stack)
    try:
        document = json.loads(done.out)
        found = State(document)
        for one in found.held:
            Urn.parse(one.urn)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReconcileError(
            f"`pulumi stack export` of {stack} told no state ({type(error).__name__})",
            advice="use the version of Pulumi's command line that wrote it",
        ) from None
    return found


def put(engine: Engine, stack: str, state: State) -> None:
    """Writes the state; nothing live is touched. Raises EngineFailed."""
    with tempfile.TemporaryDirectory(prefix="trueup-state-") as folder:
        # The folder is 0700.
        file = Path(folder, "state.json")
        file.write_text(state.text)
        engine.must("stack", "import", "--file", str(file), "--stack", stack)


@contextmanager
def importing(wanted: Adoption, stack: str) -> Iterator[dict[str, str]]:
    """The environment in which the program registers what is to be imported, and nothing else."""
    with tempfile.TemporaryDirectory(prefix="trueup-imports-") as folder:
        file = Path(folder, "imports.json")
        file.write_text(Imports(wanted.imports, wanted.known).text(stack))
        yield {IMPORTS: str(file)}


def import_all(engine: Engine, stack: str, wanted: Adoption) -> tuple[str, ...]:
    """Imports what can be and is not yet in the state; returns the URNs. Raises NotHanded before anything is written
    where the engine would do more, EngineFailed.
    """
    urns = {urn_of(node, stack, engine.project): node for node in wanted.nodes if node.place in wanted.imports}
    if urns.keys() <= export(engine, stack).urns:
        _complete(engine, stack, urns)
        return ()
    with importing(wanted, stack) as environment:
        found = preview(engine, stack, environment=environment)
        more = beyond_import(found, urns)
        if more:
            raise NotHanded(f"{stack}: Pulumi would do more than import: {'; '.join(more)}")
        # Without a saved plan: Pulumi's keep no import, and a run by one fails after its last.
        up(engine, stack, environment=environment)
    return tuple(one.urn for one in found.steps if one.op == "import")


def _complete(engine: Engine, stack: str, urns: Mapping[str, Node]) -> None:
    """What was imported elsewhere, or in a run that broke off, lacks what nobody reads back: the state is told it."""
    steps = preview(engine, stack).steps
    lacking = [
        one.urn
        for one in steps
        if one.op == "update"
        and one.urn in urns
        and _only_hidden(one, urns[one.urn])
        and set(one.fields.values()) == {"add"}
    ]
    if lacking:
        up(engine, stack, targets=lacking)


def beyond_import(found: Preview, urns: Mapping[str, Node]) -> list[str]:
    """What of a preview is no import of `urns`. Components are made. What nobody can read back cannot be compared:
    for our own kinds it may be set, since our provider sends nothing that the ledger knows to be as it is.
    """
    imported = {one.urn for one in found.steps if one.op == "import"}
    more = []
    for step in found.steps:
        if not step.writes or (step.op == "create" and (not step.custom or step.is_provider)):
            continue
        node = urns.get(step.urn)
        if step.op == "import" and node is not None:
            continue
        if step.op == "update" and node is not None and step.urn in imported and _only_hidden(step, node):
            continue
        fields = f": {', '.join(sorted(step.fields))}" if step.fields else ""
        more.append(f"{step.op} {step.name} ({step.type}){fields}")
    return more


def _only_hidden(step: Step, node: Node) -> bool:
    if node.kind is None or node.kind.bridge is not None or not step.fields:
        return False
    return {name.partition(".")[0].partition("[")[0] for name in step.fields} <= node.kind.having(
        Secret
    ) | secret_fields(node.kind)


def tell_all(engine: Engine, stack: str, wanted: Adoption, lives: Mapping[Place, Seen]) -> tuple[tuple[str, ...], bool]:
    """Writes into the state what lives and no provider imports, and the releases; returns the URNs, and whether the
    ledger's books are still to be made. More than that is not left: it is proved here.

    Raises NotHanded, EngineFailed; the state is then as it was.
    """
    state = export(engine, stack)
    urns = {urn_of(node, stack, engine.project): node for node in wanted.nodes if node.place in wanted.written}
    missing = [urn for urn in urns if urn not in state.urns]
    if missing:
        steps = {one.urn: one for one in preview(engine, stack).steps if one.op == "create"}
        more = list(state.resources)
        for urn in missing:
            node = urns[urn]
            if urn not in steps:
                raise NotHanded(f"{node.place.address}: Pulumi's program does not register it")
            known = State({"deployment": {"resources": more}})
            more.extend(entry(known, steps[urn], node, lives.get(node.place), engine.project.root_urn(stack)))
        put(engine, stack, state.with_resources(more))
    found = preview(engine, stack, refresh=True)
    beyond = beyond_books(found)
    if beyond:
        if missing:
            put(engine, stack, state)
        raise NotHanded(f"{stack}: Pulumi would still do more than keep books: {'; '.join(beyond)}")
    return tuple(missing), bool(found.changes)


def beyond_books(found: Preview) -> list[str]:
    """What of a preview is more than telling the ledger what vendors' providers built."""
    books = (one for one in found.changes if not (one.type == OWNERSHIP and one.op in ("create", "update")))
    return [f"{one.op} {one.name} ({one.type})" for one in books]


def entry(state: State, step: Step, node: Node, seen: Seen | None, root: str) -> list[dict[str, Any]]:
    """A resource as the state holds it, after its component where that is not there yet. Raises NotHanded where the
    state does not say enough for it."""
    assert node.kind is not None
    if _holds(step.after, lambda text: is_unknown(text) or text == _HIDDEN):
        raise NotHanded(f"{node.place.address}: cannot be imported, nor told as it lives: it holds what is not known")
    package = node.token.partition(":")[0]
    provider = next((str(one["provider"]) for one in state.resources if _is_of(one, package)), "")
    if not provider:
        raise NotHanded(
            f"{node.place.address}: nothing of {package} can be imported, so Pulumi knows no provider of it"
        )
    urn = Urn.parse(step.urn)
    head = f"urn:pulumi:{urn.stack}::{urn.project}::"
    parent = f"{head}{component_of(node.platform)}::{node.platform}" if node.platform else root
    told = {
        "urn": step.urn,
        "custom": True,
        "id": _id(step, node),
        "type": node.token,
        "inputs": dict(step.after),
        "outputs": {**step.after, **_outputs(node, seen)},
        "parent": parent,
        "dependencies": list(step.needs),
        "provider": provider,
    }
    if parent in state.urns:
        return [told]
    component = {"urn": parent, "custom": False, "type": component_of(node.platform), "parent": root}
    return [component, told]


def _is_of(one: Mapping[str, Any], package: str) -> bool:
    return bool(one.get("provider")) and str(one["type"]).startswith(f"{package}:")


def _id(step: Step, node: Node) -> str:
    """As its provider would call it. A vendor's knows what it does not import by its account, and its zone if any."""
    assert node.kind is not None
    if is_start(node):
        (name,) = node.kind.refers()
        return f"{step.after['account']}/{step.after[name]}"
    account, zone = step.after.get("accountId"), step.after.get("zoneId")
    if not account:
        raise NotHanded(f"{node.place.address}: cannot be imported, and nothing tells what its provider calls it")
    return f"{account}__{zone}" if zone else str(account)


def _outputs(node: Node, seen: Seen | None) -> dict[str, Any]:
    """What only the platform tells: the vendor's outputs that a stack exports, or all of ours, "" for none."""
    assert node.kind is not None
    bridge = node.kind.bridge
    if bridge is None:
        return dict.fromkeys(node.kind.having(ReadOnly) - {"updated_at"}, "")
    live = seen.resource if seen is not None else None
    told = {wire_name(theirs): as_json(live, ours) for ours, theirs in bridge.outputs.items() if live is not None}
    return {name: value for name, value in told.items() if value is not None}


def _holds(value: Any, is_such: Callable[[str], bool]) -> bool:
    if isinstance(value, Mapping):
        return any(_holds(each, is_such) for each in value.values())
    if isinstance(value, list):
        return any(_holds(each, is_such) for each in value)
    return isinstance(value, str) and is_such(value)


def empty(engine: Engine, stack: str, state: State) -> None:
    """Empties the state of a stack, which stays. Raises EngineFailed."""
    put(engine, stack, state.with_resources(()))


def of_ours(kind: type[Resource], held: Held) -> tuple[str, str]:
    """Account and platform's id of what a state holds, by our words; the account is "" where its id names none."""
    if kind.bridge is not None:
        return "", kind.bridge.remote_id(held.id, held.inputs)
    account, _, id = held.id.partition("/")
    return account, id


def recorded(kind: type[Resource], held: Held, domain_of: Callable[[str], str]) -> Resource | None:
    """What a state recorded in clear, by our names; None where that makes no such thing."""
    open_ = {name: value for name, value in held.inputs.items() if not _is_closed(value) and not name.startswith("__")}
    try:
        if kind.bridge is not None:
            return kind.remembered(kind.bridge.reads(open_, domain_of))
        known = {name: value for name, value in open_.items() if name in kind.comparable() and value is not None}
        return kind.remembered(known)
    except (LookupError, TypeError, ValueError, AttributeError):
        return None


@dataclass(frozen=True)
class Recovered:
    """What a state tells a ledger that forgot: `amiss` are the URNs of what does not live as the state has it."""

    owned: tuple[Owned, ...]
    applied: tuple[Applied, ...]
    amiss: tuple[str, ...]


def recovered(
    state: State,
    kinds: Mapping[str, type[Resource]],
    spec: Spec,
    live: Mapping[tuple[str, str, str], Seen],
    domain_of: Callable[[str], str],
    at: str,
) -> Recovered:
    """`kinds` by type; `live` by (account, kind, id).

    Only what lives under the recorded id and is by its own name what was recorded. A history has only what is declared:
    what is not, is never deleted for it. After an import a state holds more than was ever said.
    """
    owned, applied, amiss = list[Owned](), list[Applied](), list[str]()
    for held in state.held:
        place, kind = held.place(kinds), kinds.get(held.token)
        if place is None or kind is None or place.stack != spec.name:
            continue
        told, id = of_ours(kind, held)
        account = told or spec.account
        seen, was = live.get((account, kind.kind, id)), recorded(kind, held, domain_of)
        if seen is None or was is None or was.keys()[0] != seen.key:
            amiss.append(held.urn)
            continue
        owned.append(Owned(account, seen.kind, seen.key, seen.id, place.address, place.stack))
        declared = spec.declared.get(place.address)
        if declared is not None:
            kept, references = kept_fields(was), dict(declared.references)
            fields = {name: value for name, value in kept.items() if getattr(declared.resource, name) is not None}
            applied.append(Applied(*place, state.revision, fields, references, {}, at))
    return Recovered(tuple(owned), tuple(applied), tuple(amiss))


def _is_closed(value: Any) -> bool:
    """Whether it is, or holds, what the state keeps closed."""
    if isinstance(value, Mapping):
        return SIGNATURE in value or any(map(_is_closed, value.values()))
    return any(map(_is_closed, value)) if isinstance(value, list) else False


def leftovers(state: State, kinds: Collection[str]) -> tuple[str, ...]:
    """What a state holds that is neither of `kinds` (types) nor ours: another program's."""
    ours = (f"{PACKAGE}:",)
    return tuple(one.urn for one in state.held if one.token not in kinds and not one.token.startswith(ours))


def names(urns: Iterable[str]) -> str:
    """URNs as a person reads them."""
    parsed = (Urn.parse(one) for one in urns)
    return ", ".join(f"{one.name} ({one.type})" for one in parsed)
