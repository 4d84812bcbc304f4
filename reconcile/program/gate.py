"""Pulumi's own preview as a plan of ours, so that the same rules judge it between `preview` and `up`. Pure.

A policy pack is asked of what a program registers and never sees what goes, nor how much of it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..model import exits
from ..model.change import Cause, Change, FieldChange, Plan, Verb
from ..model.errors import Incomplete, Problem, ReconcileError, SpecError
from ..model.resource import Address, Resource, is_pending
from ..model.secret import SecretText
from ..model.spec import Declared, Location, Place
from ..model.verdict import Judged, Rule
from ..steps.judge import judge
from ..steps.plan.digest import digest_of
from .engine.preview import Preview, Step, read_preview
from .properties import UNKNOWN, is_unknown
from .registered import Registered, registered
from .tokens import OWNERSHIP, Urn, address_of
from .zones import Zones

SECRET = "[secret]"
"""How the engine prints a secret."""
COMMAND = "pulumi preview --json --show-sames > preview.json"
_NEW = frozenset({"create", "import", "read"})
_VERBS: Mapping[str, Verb] = {"create": "create", "update": "update", "delete": "delete"}
_LISTED = ("same", "refresh")


class Foreign(Resource):
    """A resource of a type that we do not know: it counts, and nothing more is known of it."""

    kind = "pulumi.resource"

    name: str


def read(text: str, file: str) -> Preview:
    """A whole preview. Raises SpecError where the file is none, ReconcileError where it failed, Incomplete where it
    leaves out what stays."""
    try:
        document = json.loads(text)
    except ValueError as error:
        line = getattr(error, "lineno", 0)
        raise SpecError([Problem(file, line, "", f"no JSON: {getattr(error, 'msg', error)}", _made_by())]) from None
    told = document.keys() if isinstance(document, Mapping) else frozenset()
    if not {"steps", "changeSummary"} <= told and "diagnostics" not in told:
        raise SpecError([Problem(file, 0, "", "no preview of Pulumi's: no steps and no summary", _made_by())])
    try:
        preview = read_preview(text)
    except ReconcileError as error:
        raise SpecError([Problem(file, 0, "", str(error), _made_by())]) from None
    if preview.errors:
        raise ReconcileError(f"{file}: the preview failed: {preview.errors[0]}", advice="mend that first")
    listed = len({step.urn for step in preview.steps if step.op in _LISTED})
    same = preview.summary.get("same", 0)
    if listed < same:
        raise Incomplete(f"{file} leaves out {same - listed} of {same} unchanged resources", advice=_made_by())
    return preview


def _made_by() -> str:
    return f"make it with `{COMMAND}`"


@dataclass(frozen=True)
class Types:
    """What a preview's types mean to us: our kinds by token, and tokens of what only keeps books."""

    kinds: Mapping[str, type[Resource]]
    books: frozenset[str] = frozenset({OWNERSHIP})


def judge_preview(
    preview: Preview,
    types: Types,
    rules: Iterable[Rule],
    said: Mapping[Place, Declared],
    file: str,
) -> Judged:
    """The rules' word on a preview. `said`: what the stack files declare; empty for somebody's own program."""
    reader = _Reader(types, said, file, Zones.of(preview.steps, types.kinds, said))
    by_urn: dict[str, list[Step]] = {}
    for step in preview.steps:
        if step.custom and not step.is_provider and step.type not in types.books:
            by_urn.setdefault(step.urn, []).append(step)
    found = (change for steps in by_urn.values() if (change := reader.change(steps)) is not None)
    # The engine's steps come in another order every time.
    changes = sorted(found, key=lambda change: change.place)
    owned = _counted(types, (steps[0] for steps in by_urn.values() if not {step.op for step in steps} <= _NEW))
    wanted = _counted(types, (steps[0] for steps in by_urn.values() if _verb_of(steps)[0] != "delete"))
    plan = Plan(
        stacks=tuple(sorted({Urn.parse(step.urn).stack for step in preview.steps})),
        revision="",
        observed_at="",
        changes=tuple(_with_holders(changes, by_urn, types)),
        owned_counts=owned,
        declared_counts=wanted,
    )
    wanted_steps = ([step for step in steps if step.after] for steps in by_urn.values())
    declared = [one for steps in wanted_steps if steps and (one := reader.declared(steps[-1])) is not None]
    return judge(replace(plan, digest=digest_of(plan)), rules, declared)


def exit_code(judged: Judged, *, approved: bool) -> int:
    """What `gate` leaves with."""
    held = exits.NOTHING if approved else exits.APPROVAL
    codes = {"deny": exits.DENIED, "hold": held}
    return exits.strictest(codes.get(judged.decision(change), exits.NOTHING) for change in judged.plan.changes)


@dataclass(frozen=True)
class _Reader:
    """One step in our words."""

    types: Types
    said: Mapping[Place, Declared]
    file: str
    zones: Zones

    def change(self, steps: Sequence[Step]) -> Change | None:
        """What becomes of one resource, over all its steps; None for nothing."""
        verb, step = _verb_of(steps)
        if verb is None:
            return None
        place = place_of(step, self.types)
        before = self._read(step, step.before) if verb != "create" else None
        after = self._read(step, step.after, self.said.get(place)) if verb != "delete" else None
        told = after or before
        assert told is not None
        fields = tuple(_fields(before, after, step))
        mark = type(told.resource).marker_field
        marks_only = bool(mark) and verb == "update" and {one.name for one in fields} == {mark}
        return Change(
            stack=place.stack,
            account=told.account,
            address=place.address,
            verb=verb,
            cause=_cause_of(steps, step),
            key=told.resource.keys()[0] if told.whole else (step.name,),
            container=told.resource.container() if told.whole else "",
            before=before.resource if before else None,
            after=after.resource if after else None,
            id=step.id,
            fields=fields,
            marker=str(getattr(told.resource, mark)) if marks_only else "",
            at=self.said[place].at if place in self.said else None,
        )

    def declared(self, step: Step) -> Declared | None:
        """What the program wants of one, for the rules on a resource: what an output gives is no literal."""
        if not step.after or step.type not in self.types.kinds:
            return None
        place = place_of(step, self.types)
        said = self.said.get(place)
        inputs = {name: UNKNOWN if name in step.filled else value for name, value in step.after.items()}
        one = self._read(step, inputs, said)
        at = said.at if said is not None else Location(self.file, 0)
        return Declared(place.stack, one.account, place.address, one.resource, at)

    def _read(self, step: Step, inputs: Mapping[str, Any], said: Declared | None = None) -> Registered:
        kind = self.types.kinds.get(step.type)
        if kind is None:
            return Registered(Foreign(name=step.name), True)
        decoded = {name: _decoded(value, name) for name, value in inputs.items()}
        return registered(kind, decoded, said, self.zones.domain)


def place_of(step: Step, types: Types) -> Place:
    """Where it is in our words; of a type that is not ours, in the package's."""
    urn = Urn.parse(step.urn)
    kind = types.kinds.get(urn.type)
    if kind is not None:
        return Place(urn.stack, address_of(kind, urn.name))
    package, _, rest = urn.type.partition(":")
    return Place(urn.stack, Address(package, rest.rpartition(":")[2].lower(), urn.name))


def _verb_of(steps: Sequence[Step]) -> tuple[Verb | None, Step]:
    """The verb over all steps of one resource, and the step that tells most of it."""
    replacing = [step for step in steps if step.replaces]
    if replacing:
        return "replace", next((step for step in replacing if step.before and step.after), replacing[0])
    for step in steps:
        if step.op in _VERBS:
            return _VERBS[step.op], step
    return None, steps[-1]


def _cause_of(steps: Sequence[Step], step: Step) -> Cause:
    """Drift, where the program asks for what was recorded before a refresh found something else. Of a secret nobody
    can say, and what is new needs more care than what is put back."""
    recorded = [one.before for one in steps if one.op == "refresh"]
    same = bool(step.after and recorded and step.after == recorded[0])
    secret = any(step.after.get(name) == SECRET for name in _moved(step))
    return "drift" if same and not secret else "git"


def _moved(step: Step) -> set[str]:
    """The inputs that differ."""
    return {path.partition(".")[0].partition("[")[0] for path in step.fields}


def _fields(before: Registered | None, after: Registered | None, step: Step) -> Iterator[FieldChange]:
    if before is not None and after is None:
        return
    resource = (after or before).resource  # type: ignore[union-attr]
    moved = _moved(step)
    for name in type(resource).comparable():
        old = getattr(before.resource, name, None) if before else None
        new = getattr(resource, name, None)
        if isinstance(new, SecretText) or isinstance(old, SecretText):
            if before is None or name in moved or type(new) is not type(old):
                yield FieldChange(name, hidden=True)
        elif is_pending(new):
            yield FieldChange(name, _json(old), pending=str(new))
        elif old != new:
            yield FieldChange(name, _json(old), _json(new))


def _json(value: Any) -> Any:
    if isinstance(value, str | int | float | bool | None):
        return value
    return json.loads(json.dumps(value, default=lambda one: getattr(one, "__dict__", str(one))))


def _decoded(value: Any, name: str) -> Any:
    """As the codec would give it: the engine prints secrets and unknown values as texts."""
    if isinstance(value, str):
        return SecretText("", name) if value == SECRET else UNKNOWN if is_unknown(value) else value
    if isinstance(value, Mapping):
        return {key: _decoded(each, str(key)) for key, each in value.items()}
    return [_decoded(each, name) for each in value] if isinstance(value, list) else value


def _counted(types: Types, steps: Iterable[Step]) -> dict[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = {}
    for step in steps:
        place = place_of(step, types)
        pair = (place.stack, place.address.platform)
        counts[pair] = counts.get(pair, 0) + 1
    return counts


def _with_holders(changes: Sequence[Change], by_urn: Mapping[str, Sequence[Step]], types: Types) -> Iterator[Change]:
    """Each delete with what goes too and depends on it, by however many steps."""
    deleted = {urn: steps[-1] for urn, steps in by_urn.items() if _verb_of(steps)[0] == "delete"}
    direct: dict[str, set[str]] = {}
    for urn, step in deleted.items():
        for needed in step.needs:
            direct.setdefault(needed, set()).add(urn)
    at = {place_of(step, types): urn for urn, step in deleted.items()}
    for change in changes:
        urn = at.get(change.place, "")
        found: dict[str, None] = {}
        ahead = sorted(direct.get(urn, ())) if change.verb == "delete" else []
        while ahead:
            one = ahead.pop()
            if one not in found:
                found[one] = None
                ahead.extend(direct.get(one, ()))
        held_by = tuple(place_of(deleted[one], types) for one in found)
        yield replace(change, held_by=held_by) if held_by else change
