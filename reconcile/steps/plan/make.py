"""The plan itself: one verb for every difference, one reason for everything that is not a change.

                    seen, ours         seen, not ours          absent           not seen
declared            update or nothing  adopt                   create           nothing, and it says so
not declared, ours  delete (history)   unmanaged               forgotten        nothing
                    or orphan (none)
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...model.change import Accepted, FieldChange, Owning, Plan, Unmanaged
from ...model.memory import Memory
from ...model.observation import Container, Gap, Observation, Seen
from ...model.resource import Immutable, Resource, references_in
from ...model.spec import Declared, Ignore, Place, Spec, Tree
from .applied import Kinds, last_applied, remembers, resource_of
from .changes import changed, created, deleted, elsewhere, marked, missing, outdated, unfit, unknown
from .diff import cause_of, differences
from .digest import digest_of
from .inputs import Draft, Inputs, Mode
from .match import Facts, Matching, match
from .needs import without_unmet, without_unset
from .referrers import Held, absent, holders, referred, without_dangling
from .refusals import refuse_new_account, refuse_renames
from .renames import under_declared_names
from .resolve import fill_in, waits
from .seen import Fingerprint, is_rewritten, is_watched, let_go, unsighted
from .waves import in_waves


def make_plan(
    tree: Tree,
    stacks: Sequence[str],
    observations: Sequence[Observation],
    memory: Memory,
    kinds: Kinds,
    *,
    mode: Mode = "spec",
    fingerprint: Fingerprint | None = None,
) -> Plan:
    """Compares what some stacks want with what was seen. Without `fingerprint`, values of others by time alone.

    Matching runs over every stack of the tree, so one stack never takes another's thing. Raises SpecError for a
    delete and a create of one natural key, and for a stack that left an account where it owns things.
    """
    inputs = Inputs.gather(tree, stacks, observations, memory, kinds, mode, fingerprint)
    draft = Draft()
    if mode == "spec":
        refuse_new_account(tree, stacks, memory)
    desired = _desired(inputs, draft)
    before = {one.place: one.resource for one in desired if one.references} if mode == "drift" else {}
    observations = under_declared_names(desired, observations, inputs.facts.owned_at)
    matching, desired = match_with_references(desired, observations, inputs.facts)
    for one in desired:
        if one.stack in inputs.stacks:
            if one.place in before:
                one = _without_unknown(one, before[one.place], matching, inputs)
            _plan_declared(one, matching, inputs, draft)
    for account, seen in matching.left:
        _plan_left(account, seen, inputs, draft)
    if mode == "spec":
        _plan_gone(matching, inputs, draft)
        _plan_let_go(inputs, draft)
    held = holders(tree, inputs.memory, inputs.facts.moved)
    _leave_out(held, desired, matching, inputs, draft)
    return _finish(inputs, draft, matching, desired, held)


def _desired(inputs: Inputs, draft: Draft) -> list[Declared]:
    """What to compare with: other stacks always by their spec, the chosen ones by the mode."""
    others = [one for one in inputs.tree.declared() if one.stack not in inputs.stacks]
    if inputs.mode == "destroy":
        return others + [one for one in inputs.tree.declared() if _stays(one, inputs)]
    if inputs.mode == "spec":
        return list(inputs.tree.declared())
    targets = referred(inputs.tree, inputs.memory, inputs.facts.moved)
    found, gaps = last_applied(inputs.tree, inputs.memory, inputs.kinds, inputs.stacks, targets)
    draft.gaps.extend(gaps)
    # Its history is its rotations', which look after it themselves.
    found = {place: one for place, one in found.items() if place not in inputs.rotated}
    lookups = [one for one in inputs.tree.declared() if one.stack in inputs.stacks and one.resource.only_seen]
    unapplied = [
        one
        for one in inputs.tree.declared()
        if one.stack in inputs.stacks and not one.resource.only_seen and one.place not in found
    ]
    # Things declared and never applied are matched too, so that they do not show as unmanaged; they plan nothing.
    return others + [one for one in lookups if one.place not in found] + list(found.values()) + unapplied


def _stays(one: Declared, inputs: Inputs) -> bool:
    """Whether an end of the stack leaves a declared thing alone: what is only seen, but for what a rotation made."""
    mine = one.resource.rotated and one.place in inputs.facts.owned_at
    return one.stack in inputs.stacks and one.resource.only_seen and not mine


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


def _without_unknown(one: Declared, before: Resource, matching: Matching, inputs: Inputs) -> Declared:
    """What was last applied, with the values that it had for outputs that nothing gives now or will in this plan."""
    fields = {
        name: getattr(before, name)
        for name, text in one.references.items()
        if waits(getattr(one.resource, name), text)
        and not all(_is_made_here(one.target_of(each), matching, inputs) for each in references_in(text))
    }
    return replace(one, resource=one.resource.model_copy(update=fields)) if fields else one


def _is_made_here(where: Place | None, matching: Matching, inputs: Inputs) -> bool:
    """Whether a place is empty and this plan puts there what is declared."""
    target = inputs.declared_at.get(where) if where is not None else None
    if target is None or target.place in matching.pairs or target.resource.only_seen:
        return False
    if target.stack not in inputs.stacks or (inputs.mode == "drift" and target.place not in inputs.memory.applied):
        return False
    return (target.account, Container(target.address.full_kind, target.resource.container())) in inputs.read


def _plan_declared(one: Declared, matching: Matching, inputs: Inputs, draft: Draft) -> None:
    if inputs.mode == "drift" and not one.resource.only_seen and one.place not in inputs.memory.applied:
        return
    seen = matching.pairs.get(one.place)
    container = Container(one.address.full_kind, one.resource.container())
    if seen is None:
        if (one.account, container) not in inputs.read:
            _say_unseen(one, container, inputs, draft)
        elif one.pinned:
            draft.gaps.append(elsewhere(one))
        elif one.resource.only_seen:
            # What rotates is made by a rotation, not by a person.
            draft.gaps.extend([] if one.resource.rotated else [missing(one)])
        elif not _blocked_by_reference(one, matching, inputs, draft):
            known = one.place in inputs.memory.applied or one.place in inputs.facts.owned_at
            draft.changes.append(created(one, inputs.facts.project, known=known))
        return
    if one.resource.only_seen:
        _look_at(one, seen, inputs, draft)
        return
    _plan_pair(one, seen, matching, inputs, draft)


def _look_at(one: Declared, seen: Seen, inputs: Inputs, draft: Draft) -> None:
    if inputs.mode == "destroy" or not is_watched(one.resource):
        return
    why = one.resource.unfit(seen.resource)
    draft.gaps.extend([unfit(one, why)] if why else [])
    sighting, touched = inputs.known.look(one, seen, inputs.at)
    draft.sightings.extend([sighting] if sighting is not None else [])
    draft.touched.extend([touched] if touched is not None else [])


def _plan_pair(one: Declared, seen: Seen, matching: Matching, inputs: Inputs, draft: Draft) -> None:
    applied = inputs.memory.applied.get(one.place)
    found = differences(one.resource, seen.resource, applied, one.references)
    if inputs.mode == "drift" and applied and is_rewritten(one, seen.resource, applied, inputs.known.fingerprint):
        draft.gaps.append(unknown(one))
    if not found and inputs.mode == "spec" and applied is not None and not remembers(applied, one):
        _agree(one, seen, matching)
    fields = _without_ignored(one, found, inputs, draft)
    ours_by_spec = one.place in matching.ours and inputs.mode == "spec"
    mark = outdated(one, seen, inputs.facts.project, inputs.facts.moved) if ours_by_spec else None
    left = tuple(item.name for item in found if item not in fields)
    if any(item.pending for item in fields) and _blocked_by_reference(one, matching, inputs, draft):
        return
    if one.place not in matching.ours and one.pinned and not fields:
        matching.owning.append(Owning(one.stack, one.account, one.address, seen, one, "pinned"))
    elif one.place not in matching.ours:
        change = changed(one, seen, fields, "adopt", "unknown" if applied is None else "drift", left)
        (draft.changes if fields else draft.adopt).append(change)
    elif fields:
        immutable = any(item.name in one.resource.having(Immutable) for item in fields)
        cause = cause_of(fields, one.references, applied)
        if inputs.mode == "drift" and cause != "reference":
            cause = "drift"
        change = changed(one, seen, fields, "replace" if immutable else "update", cause, left)
        draft.changes.append(marked(change, mark))
    elif mark is not None:
        draft.changes.append(marked(changed(one, seen, (), "update", "git", left), mark))


def _agree(one: Declared, seen: Seen, matching: Matching) -> None:
    """The stack and the platform came to the same without us: what was last applied is out of date."""
    told = any((owning.stack, owning.address) == one.place for owning in matching.owning)
    if one.place in matching.ours and not told:
        matching.owning.append(Owning(one.stack, one.account, one.address, seen, one, "agreed"))


def _say_unseen(one: Declared, container: Container, inputs: Inputs, draft: Draft) -> None:
    """A declared thing in a listing that was not read: the observation's gap says why, else we do."""
    for gap in inputs.gaps:
        if gap.account == one.account and gap.kind in (container.kind, "*") and gap.container in (container.name, "*"):
            return
    gap = Gap(one.account, container.kind, container.name, "not read")
    if gap not in draft.gaps:
        draft.gaps.append(gap)


def _blocked_by_reference(one: Declared, matching: Matching, inputs: Inputs, draft: Draft) -> bool:
    """Whether a field waits for an output that nothing in sight will give."""
    misfit = matching.misfits.get(one.place)
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
            if _is_made_here(where, matching, inputs):
                continue
            why = "has no value yet" if target.place in matching.pairs else "could not be seen"
            told = f"{one.address} waits: {reference} {why}"
            draft.gaps.append(Gap(one.account, one.address.full_kind, one.resource.container(), told))
            return True
    return False


def _without_ignored(
    one: Declared, fields: tuple[FieldChange, ...], inputs: Inputs, draft: Draft
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


def _plan_left(account: str, seen: Seen, inputs: Inputs, draft: Draft) -> None:
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
        address = inputs.facts.moved.get(row.place, row.address)
        if (row.stack, address) in inputs.memory.applied or inputs.mode == "destroy":
            history = inputs.memory.applied.get(Place(row.stack, address))
            gone = deleted(row.stack, row.address, account, seen)
            draft.changes.append(replace(gone, rotated=history is not None and history.rotated))
        else:
            draft.unmanaged.append(Unmanaged(account, seen, f"owned by {row.address} without a history"))


def _plan_gone(matching: Matching, inputs: Inputs, draft: Draft) -> None:
    """Owned, undeclared, and no longer there: to be forgotten without a word to the platform."""
    left = {(account, seen.kind, seen.id) for account, seen in matching.left}
    for row in inputs.facts.owned_live.values():
        spec: Spec | None = inputs.tree.stacks.get(row.stack)
        if spec is None or row.stack not in inputs.stacks or (row.account, row.kind, row.id) in left:
            continue
        moved = inputs.facts.moved.get(row.place, row.address)
        if moved in spec.declared:
            continue
        applied = inputs.memory.applied.get(Place(row.stack, moved))
        resource = resource_of(applied, inputs.kinds) if applied else None
        if resource is not None and (row.account, Container(row.kind, resource.container())) in inputs.read:
            draft.gone.append(row.place)


def _leave_out(held: Held, desired: Sequence[Declared], matching: Matching, inputs: Inputs, draft: Draft) -> None:
    """What cannot be done yet, or must not, goes from the changes to the gaps. Raises SpecError for a rename."""
    draft.changes, unset = without_unset(draft.changes, inputs.memory.applied)
    draft.changes, unmet = without_unmet(draft.changes, matching.pairs)
    draft.gaps.extend(unset + unmet)
    refuse_renames(draft.changes, desired, matching.pairs)
    if held and any(change.verb == "delete" for change in draft.changes):
        loose = _loose(held, matching, inputs, draft)
        draft.changes, dangling = without_dangling(draft.changes, held, loose)
        draft.gaps.extend(dangling)


def _loose(held: Held, matching: Matching, inputs: Inputs, draft: Draft) -> set[Place]:
    """What refers to nothing any more: it is gone, or lives as its stack declares it by now."""
    accepted = {(one.stack, one.address) for one in draft.accepted}
    settled = {one for one in matching.pairs if one.stack in inputs.stacks and one not in accepted}
    return settled | absent(held, inputs.memory, inputs.kinds, matching.live(), inputs.read)


def _plan_let_go(inputs: Inputs, draft: Draft) -> None:
    """Ours so far, and only seen by its stack file now."""
    draft.let_go = let_go(inputs.memory, inputs.declared_at, inputs.stacks)
    for place in draft.let_go:
        draft.warnings.append(f"{place}: the next apply lets it go, since its value is not ours")


def _finish(inputs: Inputs, draft: Draft, matching: Matching, desired: Sequence[Declared], held: Held) -> Plan:
    changes = in_waves(draft.changes, held)
    owned: dict[tuple[str, str], int] = {}
    for row in inputs.memory.owned:
        pair = (row.stack, row.address.platform)
        owned[pair] = owned.get(pair, 0) + 1
    wanted: dict[tuple[str, str], int] = {}
    for one in desired:
        if one.resource.rotated or not one.resource.only_seen:
            pair = (one.stack, one.address.platform)
            wanted[pair] = wanted.get(pair, 0) + 1
    chosen: Mapping[Place, None] = {one.place: None for one in desired if one.stack in inputs.stacks}
    owning: tuple[Owning, ...] = tuple(one for one in matching.owning if one.place in chosen)
    plan = Plan(
        stacks=inputs.stacks,
        revision=inputs.tree.revision,
        observed_at=inputs.at,
        changes=changes,
        adopt=tuple(sorted(draft.adopt, key=lambda change: change.place)),
        accepted=tuple(draft.accepted),
        unmanaged=tuple(draft.unmanaged),
        gaps=_once(inputs.gaps + tuple(draft.gaps)),
        owning=owning,
        gone=tuple(draft.gone),
        touched=tuple(sorted(draft.touched, key=lambda touched: touched.place)),
        sightings=tuple(draft.sightings),
        unsighted=unsighted(inputs.memory, inputs.declared_at, inputs.stacks) if inputs.mode == "spec" else (),
        let_go=tuple(draft.let_go),
        warnings=tuple(draft.warnings),
        # `destroy` is asked for by name: it is not the accident that the size rules are there for.
        owned_counts={} if inputs.mode == "destroy" else owned,
        declared_counts=wanted,
    )
    return replace(plan, digest=digest_of(plan))


def _once(gaps: Sequence[Gap]) -> tuple[Gap, ...]:
    return tuple(dict.fromkeys(gaps))
