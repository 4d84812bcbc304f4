"""The plan itself: one verb for every difference, one reason for everything that is not a change.

                    seen, ours         seen, not ours          absent           not seen
declared            update or nothing  adopt                   create           nothing, and it says so
not declared, ours  delete (history)   unmanaged               forgotten        nothing
                    or orphan (none)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from ...model.change import Accepted, Change, FieldChange, Owning, Plan, Unmanaged
from ...model.exits import PERSON
from ...model.memory import Memory
from ...model.observation import Container, Gap, Mark, Observation, Seen
from ...model.resource import Address, Immutable, references_in
from ...model.spec import Declared, Ignore, Spec, Tree
from .applied import Kinds, last_applied, remembers, resource_of
from .diff import cause_of, differences, initial
from .digest import digest_of
from .match import Facts, Matching, Place, match, place
from .needs import without_unmet, without_unset
from .refusals import refuse_new_account, refuse_renames, with_moves
from .resolve import fill_in, waits
from .waves import in_waves

Mode = Literal["spec", "drift", "destroy"]
"""Compare with the spec given, with what was last applied, or with nothing at all."""


@dataclass
class _Draft:
    changes: list[Change] = field(default_factory=list)
    adopt: list[Change] = field(default_factory=list)
    accepted: list[Accepted] = field(default_factory=list)
    unmanaged: list[Unmanaged] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    gone: list[tuple[str, Address]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Inputs:
    tree: Tree
    stacks: tuple[str, ...]
    facts: Facts
    memory: Memory
    kinds: Kinds
    today: str
    read: frozenset[tuple[str, Container]]
    gaps: tuple[Gap, ...]
    mode: Mode

    @cached_property
    def declared_at(self) -> Mapping[Place, Declared]:
        """What the tree declares, by stack and address."""
        return {place(one): one for one in self.tree.declared()}


def make_plan(
    tree: Tree,
    stacks: Sequence[str],
    observations: Sequence[Observation],
    memory: Memory,
    kinds: Kinds,
    *,
    mode: Mode = "spec",
) -> Plan:
    """Compares what some stacks want with what was seen.

    Matching runs over every stack of the tree, so one stack never takes another's thing. Raises SpecError for a
    delete and a create of one natural key, and for a stack that left an account where it owns things.
    """
    at = max((one.at for one in observations), default=None)
    facts = Facts.gather(tree, memory)
    gaps = tuple(gap for one in observations for gap in one.gaps)
    inputs = _Inputs(
        tree,
        tuple(stacks),
        facts,
        with_moves(memory, facts.moved),
        kinds,
        at.date().isoformat() if at else "",
        frozenset((one.account, container) for one in observations for container in one.read),
        gaps,
        mode,
    )
    draft = _Draft()
    if mode == "spec":
        refuse_new_account(tree, stacks, memory)
    desired = _desired(inputs, draft)
    matching, desired = match_with_references(desired, observations, facts)
    for one in desired:
        if one.stack in inputs.stacks:
            _plan_declared(one, matching, inputs, draft)
    for account, seen in matching.left:
        _plan_left(account, seen, inputs, draft)
    if mode == "spec":
        _plan_gone(matching, inputs, draft)
    draft.changes, unset = without_unset(draft.changes, inputs.memory.applied)
    draft.changes, unmet = without_unmet(draft.changes, matching.pairs)
    draft.gaps.extend(unset + unmet)
    refuse_renames(draft.changes, desired, matching.pairs)
    return _finish(inputs, draft, matching, desired, at.isoformat().replace("+00:00", "Z") if at else "")


def _desired(inputs: _Inputs, draft: _Draft) -> list[Declared]:
    """What to compare with: other stacks always by their spec, the chosen ones by the mode."""
    others = [one for one in inputs.tree.declared() if one.stack not in inputs.stacks]
    if inputs.mode == "destroy":
        lookups = [one for one in inputs.tree.declared() if one.stack in inputs.stacks and one.resource.only_seen]
        return others + lookups
    if inputs.mode == "spec":
        return list(inputs.tree.declared())
    found, gaps = last_applied(inputs.tree, inputs.memory, inputs.kinds, inputs.stacks)
    draft.gaps.extend(gaps)
    lookups = [one for one in inputs.tree.declared() if one.stack in inputs.stacks and one.resource.only_seen]
    unapplied = [
        one
        for one in inputs.tree.declared()
        if one.stack in inputs.stacks and not one.resource.only_seen and place(one) not in found
    ]
    # Things declared and never applied are matched too, so that they do not show as unmanaged; they plan nothing.
    return others + lookups + list(found.values()) + unapplied


def match_with_references(
    desired: list[Declared], observations: Sequence[Observation], facts: Facts
) -> tuple[Matching, list[Declared]]:
    matching = match(desired, observations, facts)
    # A reference may name a thing that itself refers: as many rounds as the chain is long.
    while any(one.references for one in desired):
        filled, misfits = fill_in(desired, matching.pairs)
        if filled == desired:
            matching.misfits = misfits
            break
        desired = filled
        matching = match(desired, observations, facts)
    return matching, desired


def _plan_declared(one: Declared, matching: Matching, inputs: _Inputs, draft: _Draft) -> None:
    if inputs.mode == "drift" and not one.resource.only_seen and place(one) not in inputs.memory.applied:
        return
    seen = matching.pairs.get(place(one))
    container = Container(one.address.full_kind, one.resource.container())
    if seen is None:
        if (one.account, container) not in inputs.read:
            _say_unseen(one, container, inputs, draft)
        elif one.resource.only_seen:
            draft.gaps.append(_missing(one))
        elif not _blocked_by_reference(one, matching, inputs, draft):
            draft.changes.append(_create(one, inputs))
        return
    if one.resource.only_seen:
        return
    _plan_pair(one, seen, matching, inputs, draft)


def _missing(one: Declared) -> Gap:
    """What must be there and is not: a person's to make (16), or somebody else's (17)."""
    title, person = one.resource.title(), one.resource.by_hand()
    if person:
        return Gap(one.account, one.address.full_kind, title, f"{one.address} is not there: {person}", exit_code=PERSON)
    return Gap(one.account, one.address.full_kind, title, f"{title} is not in this account")


def _plan_pair(one: Declared, seen: Seen, matching: Matching, inputs: _Inputs, draft: _Draft) -> None:
    applied = inputs.memory.applied.get(place(one))
    found = differences(one.resource, seen.resource, applied, one.references)
    if not found and inputs.mode == "spec" and applied is not None and not remembers(applied, one):
        _agree(one, seen, matching)
    fields = _without_ignored(one, found, inputs, draft)
    left = tuple(item.name for item in found if item not in fields)
    if any(item.pending for item in fields) and _blocked_by_reference(one, matching, inputs, draft):
        return
    if place(one) not in matching.ours:
        change = _change(one, seen, fields, "adopt", "unknown" if applied is None else "drift", left)
        (draft.changes if fields else draft.adopt).append(change)
    elif fields:
        immutable = any(item.name in one.resource.having(Immutable) for item in fields)
        cause = "drift" if inputs.mode == "drift" else cause_of(fields, one.references, applied)
        draft.changes.append(_change(one, seen, fields, "replace" if immutable else "update", cause, left))


def _agree(one: Declared, seen: Seen, matching: Matching) -> None:
    """The stack and the platform came to the same without us: what was last applied is out of date."""
    told = any((owning.stack, owning.address) == place(one) for owning in matching.owning)
    if place(one) in matching.ours and not told:
        matching.owning.append(Owning(one.stack, one.account, one.address, seen, one, "agreed"))


def _say_unseen(one: Declared, container: Container, inputs: _Inputs, draft: _Draft) -> None:
    """A declared thing in a listing that was not read: the observation's gap says why, else we do."""
    for gap in inputs.gaps:
        if gap.account == one.account and gap.kind in (container.kind, "*") and gap.container in (container.name, "*"):
            return
    gap = Gap(one.account, container.kind, container.name, "not read")
    if gap not in draft.gaps:
        draft.gaps.append(gap)


def _blocked_by_reference(one: Declared, matching: Matching, inputs: _Inputs, draft: _Draft) -> bool:
    """Whether a field waits for an output that nothing in sight will give."""
    misfit = matching.misfits.get(place(one))
    if misfit:
        why = f"{one.address}: what it refers to does not fit: {misfit}"
        draft.gaps.append(Gap(one.account, one.address.full_kind, one.resource.container(), why))
        return True
    for name, text in one.references.items():
        value = getattr(one.resource, name)
        if not waits(value, text):
            continue
        for reference in references_in(value):
            where = one.target_of(reference)
            target = inputs.declared_at.get(where) if where is not None else None
            if target is None:
                continue
            paired = place(target) in matching.pairs
            readable = (
                target.account,
                Container(target.address.full_kind, target.resource.container()),
            ) in inputs.read
            # Paired but without a value: the platform has not given it yet. Absent and readable: this plan makes it.
            if not paired and readable and not target.resource.only_seen and target.stack in inputs.stacks:
                continue
            why = "has no value yet" if paired else "could not be seen"
            told = f"{one.address} waits: {reference} {why}"
            draft.gaps.append(Gap(one.account, one.address.full_kind, one.resource.container(), told))
            return True
    return False


def _create(one: Declared, inputs: _Inputs) -> Change:
    known = place(one) in inputs.memory.applied or place(one) in inputs.facts.owned_at
    kind = type(one.resource)
    mark = ""
    if kind.marker_field and getattr(one.resource, kind.marker_field) is None:
        mark = str(Mark.of(inputs.facts.project, one.stack, one.address))
    return Change(
        stack=one.stack,
        account=one.account,
        address=one.address,
        verb="create",
        cause="drift" if known else "git",
        key=one.resource.keys()[0],
        container=one.resource.container(),
        before=None,
        after=one.resource,
        fields=initial(one.resource, one.references),
        marker=mark,
        references=one.references,
        needs=one.needs,
        at=one.at,
    )


def _change(
    one: Declared,
    seen: Seen,
    fields: tuple[FieldChange, ...],
    verb: Literal["update", "replace", "adopt"],
    cause: str,
    left: tuple[str, ...],
) -> Change:
    return Change(
        stack=one.stack,
        account=one.account,
        address=one.address,
        verb=verb,
        cause=cause,  # type: ignore[arg-type]
        key=one.resource.keys()[0],
        container=one.resource.container(),
        before=seen.resource,
        after=one.resource,
        id=seen.id,
        fields=fields,
        references=one.references,
        managed=seen.managed,
        needs=one.needs,
        left=left,
        at=one.at,
    )


def _without_ignored(
    one: Declared, fields: tuple[FieldChange, ...], inputs: _Inputs, draft: _Draft
) -> tuple[FieldChange, ...]:
    spec = inputs.tree.stacks.get(one.stack)
    rules: dict[str, Ignore] = (
        {rule.field: rule for rule in spec.ignores if rule.address == one.address} if spec else {}
    )
    if not rules:
        return fields
    kept = []
    for item in fields:
        rule = rules.get(item.name)
        if rule is None:
            kept.append(item)
        elif inputs.today <= rule.expires.isoformat():
            draft.accepted.append(Accepted(one.stack, one.address, item, rule))
        else:
            draft.warnings.append(
                f"{rule.at}: the ignore rule for {one.address} field {item.name} ended on {rule.expires}; "
                f"the difference counts again (owner {rule.owner}: {rule.reason})"
            )
            kept.append(item)
    return tuple(kept)


def _plan_left(account: str, seen: Seen, inputs: _Inputs, draft: _Draft) -> None:
    """A live thing that nothing declares."""
    row = inputs.facts.owned_live.get((account, seen.kind, seen.id))
    if row is None:
        if seen.managed:
            return
        ours = seen.owner is not None and seen.owner.project == inputs.tree.project.name
        draft.unmanaged.append(Unmanaged(account, seen, f"carries the mark {seen.owner}" if ours else ""))
        return
    if row.stack not in inputs.tree.stacks:
        draft.unmanaged.append(Unmanaged(account, seen, f"owned by {row.address} of stack {row.stack}, which is gone"))
    elif row.stack in inputs.stacks and inputs.mode != "drift":
        address = inputs.facts.moved.get((row.stack, row.address), row.address)
        if (row.stack, address) in inputs.memory.applied or inputs.mode == "destroy":
            draft.changes.append(_delete(row.stack, row.address, account, seen, inputs))
        else:
            draft.unmanaged.append(Unmanaged(account, seen, f"owned by {row.address} without a history"))


def _delete(stack: str, address: Address, account: str, seen: Seen, inputs: _Inputs) -> Change:
    return Change(
        stack=stack,
        account=account,
        address=address,
        verb="delete",
        cause="git",
        key=seen.key,
        container=seen.resource.container(),
        before=seen.resource,
        after=None,
        id=seen.id,
        managed=seen.managed,
    )


def _plan_gone(matching: Matching, inputs: _Inputs, draft: _Draft) -> None:
    """Owned, undeclared, and no longer there: to be forgotten without a word to the platform."""
    left = {(account, seen.kind, seen.id) for account, seen in matching.left}
    for row in inputs.facts.owned_live.values():
        spec: Spec | None = inputs.tree.stacks.get(row.stack)
        if spec is None or row.stack not in inputs.stacks or (row.account, row.kind, row.id) in left:
            continue
        moved = inputs.facts.moved.get((row.stack, row.address), row.address)
        if moved in spec.declared:
            continue
        applied = inputs.memory.applied.get((row.stack, moved))
        resource = resource_of(applied, inputs.kinds) if applied else None
        if resource is not None and (row.account, Container(row.kind, resource.container())) in inputs.read:
            draft.gone.append((row.stack, row.address))


def _finish(inputs: _Inputs, draft: _Draft, matching: Matching, desired: Sequence[Declared], at: str) -> Plan:
    changes = in_waves(draft.changes, inputs.memory.applied)
    owned: dict[tuple[str, str], int] = {}
    for row in inputs.memory.owned:
        pair = (row.stack, row.address.platform)
        owned[pair] = owned.get(pair, 0) + 1
    wanted: dict[tuple[str, str], int] = {}
    for one in desired:
        if not one.resource.only_seen:
            pair = (one.stack, one.address.platform)
            wanted[pair] = wanted.get(pair, 0) + 1
    chosen: Mapping[Place, None] = {place(one): None for one in desired if one.stack in inputs.stacks}
    owning: tuple[Owning, ...] = tuple(one for one in matching.owning if (one.stack, one.address) in chosen)
    plan = Plan(
        stacks=inputs.stacks,
        revision=inputs.tree.revision,
        observed_at=at,
        changes=changes,
        adopt=tuple(sorted(draft.adopt, key=lambda change: (change.stack, change.address))),
        accepted=tuple(draft.accepted),
        unmanaged=tuple(draft.unmanaged),
        gaps=_once(inputs.gaps + tuple(draft.gaps)),
        owning=owning,
        gone=tuple(draft.gone),
        warnings=tuple(draft.warnings),
        # `destroy` is asked for by name: it is not the accident that the size rules are there for.
        owned_counts={} if inputs.mode == "destroy" else owned,
        declared_counts=wanted,
    )
    return replace(plan, digest=digest_of(plan))


def _once(gaps: Sequence[Gap]) -> tuple[Gap, ...]:
    return tuple(dict.fromkeys(gaps))
