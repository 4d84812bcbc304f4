"""How far a pass sees: the listings that it must read, and what is ours and beyond them."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from ..model.change import Plan
from ..model.memory import Applied, Memory, Owned
from ..model.observation import Container, Observation, Scope
from ..model.resource import Resource
from ..model.spec import Declared, Place, Tree
from .observe import Pair
from .plan.applied import Kinds, resource_of


def scopes(tree: Tree, names: Sequence[str], memory: Memory, kinds: Kinds) -> dict[Pair, Scope]:
    """The listings that hold what some stacks declare or own."""
    found: dict[Pair, set[Container]] = {}

    def add(account: str, resource: Resource) -> None:
        pair = (account, resource.kind.partition(".")[0])
        found.setdefault(pair, set()).add(Container(resource.kind, resource.container()))

    grouped = [(kind.refers()[kind.group_by], kind.kind) for kind in kinds.values() if kind.group_by]
    needed: set[Place] = set()
    for name in names:
        for one in tree.stacks[name].declared.values():
            add(one.account, one.resource)
            needed.update(one.needs)
            for group, kind in grouped:
                if group == one.resource.kind:
                    pair = (one.account, one.address.platform)
                    found.setdefault(pair, set()).add(Container(kind, one.resource.contents()))
    for stack, address in needed:
        target = tree.stacks[stack].declared[address]
        add(target.account, target.resource)
    chosen = frozenset(names)
    for row in memory.owned:
        if row.stack not in chosen:
            continue
        history = memory.applied.get(row.place)
        declared = tree.stacks[row.stack].declared.get(row.address)
        if declared is not None and _in_one_listing(declared, row, history):
            continue
        resource = resource_of(history, kinds) if history else None
        if resource is not None:
            add(row.account, resource)
    known = holders(tree, memory, kinds)
    return {
        pair: Scope(pair[0], frozenset(containers), known.get(pair, frozenset())) for pair, containers in found.items()
    }


def holders(tree: Tree, memory: Memory, kinds: Kinds) -> dict[Pair, frozenset[tuple[str, str, str]]]:
    """The ids of what holds other things, by the names that the stacks have for it."""
    holding = {kind for one in kinds.values() for kind in one.refers().values()}
    holding |= {kind.kind for kind in kinds.values() if kind.standing}
    moved = {Place(spec.name, one.before): one.after for spec in tree.stacks.values() for one in spec.moved}
    found: dict[Pair, set[tuple[str, str, str]]] = {}
    for row in memory.owned if holding else ():
        spec = tree.stacks.get(row.stack) if row.kind in holding else None
        one = spec.declared.get(moved.get(row.place, row.address)) if spec is not None else None
        if one is not None and one.account == row.account:
            pair = (row.account, one.address.platform)
            found.setdefault(pair, set()).add((row.kind, one.resource.referred_as(), row.id))
    return {pair: frozenset(names) for pair, names in found.items()}


def beside(tree: Tree, names: Sequence[str], asked: Collection[Pair], kinds: Kinds) -> dict[Pair, Scope]:
    """What lists by account, where the project names an account on a platform and no stack uses it there: what somebody
    started there is shown. One or few calls each, and only where all stacks are looked at."""
    if frozenset(names) != frozenset(tree.stacks):
        return {}
    found = {}
    for account, by_platform in tree.project.accounts.items():
        for platform in by_platform:
            at_top = frozenset(
                Container(kind.kind)
                for kind in kinds.values()
                if kind.kind.partition(".")[0] == platform and kind.container is Resource.container
            )
            if at_top and (account, platform) not in asked:
                found[account, platform] = Scope(account, at_top)
    return found


def as_notes(observations: Sequence[Observation], aside: Collection[Pair]) -> list[Observation]:
    """The observations. Where nothing is declared, what could not be read blocks nothing: it is a warning, no gap."""
    found = []
    for one in observations:
        if (one.account, one.platform) in aside and one.gaps:
            why = ", ".join(dict.fromkeys(gap.reason for gap in one.gaps))
            text = f"account {one.account} on {one.platform}, which no stack uses, was not looked at: {why}"
            one = replace(one, gaps=(), notes=(*one.notes, text))
        found.append(one)
    return found


def unread(tree: Tree, plan: Plan, observations: Sequence[Observation], memory: Memory) -> list[str]:
    """What the ledger owns and this pass neither read nor could judge, one warning a stack."""
    live = {(one.account, seen.kind, seen.id) for one in observations for seen in one.seen}
    gone = frozenset(plan.gone)
    whole = frozenset(plan.stacks) == frozenset(tree.stacks)
    lost: dict[str, list[str]] = {}
    for row in memory.owned:
        spec = tree.stacks.get(row.stack)
        if spec is None and whole:
            lost.setdefault(row.stack, []).append(str(row.address))
        elif row.stack in plan.stacks and spec is not None and row.address not in spec.declared:
            unread = (row.account, row.kind, row.id) not in live and row.place not in gone
            if unread and row.place not in memory.applied:
                lost.setdefault(row.stack, []).append(str(row.address))
    return [_lost(stack, addresses, stack in tree.stacks) for stack, addresses in sorted(lost.items())]


def _lost(stack: str, addresses: Sequence[str], has_file: bool) -> str:
    """The warning about what is owned and beyond reach."""
    why = "no listing that was read holds them" if has_file else "no stack file declares this stack any more"
    shown = ", ".join(addresses[:3]) + (", …" if len(addresses) > 3 else "")
    return f"{stack} owns {len(addresses)} that are left alone, since {why} ({shown}): declare them, or `trueup forget`"


def _in_one_listing(declared: Declared, row: Owned, history: Applied | None) -> bool:
    """Whether a thing stands in the listing that its stack file names, told without reading its whole history."""
    kind = type(declared.resource)
    group = kind.group_by
    if not group and kind.container is not Resource.container:
        return False
    same = not group or history is None or history.fields.get(group) == getattr(declared.resource, group)
    return same and declared.account == row.account
