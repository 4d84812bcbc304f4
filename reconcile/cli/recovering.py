"""recover: a new ledger where the old one is lost, from the marks on the platforms and Pulumi's states."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from .screen import waiting

if TYPE_CHECKING:
    from ..assemble import Workshop
    from ..model.change import Plan
    from ..model.observation import Observation
    from ..program.handing import State
    from ..store import Ledger


def recover_in(shop: "Workshop", *, yes: bool, from_pulumi: Sequence[str] = ()) -> int:
    """Returns the exit code. `from_pulumi`: stacks whose state Pulumi has.

    Raises LedgerBroken where a ledger is there that the project does not name, EngineFailed where there is no state.
    """
    from ..model.exits import strictest
    from ..model.observation import Scope
    from ..steps.accounts import accounts_seen
    from ..steps.observe import observe
    from ..steps.plan import make_plan

    tree = shop.tree
    names = tuple(sorted(tree.stacks))
    states = _states(shop, from_pulumi)
    with ExitStack() as stack:
        ledger, begun = _opened(shop)
        if begun:
            stack.callback(ledger.close)
            _name_it(shop, ledger, yes=yes)
        stack.enter_context(ledger.lease(names, holder="recover"))
        with waiting() as progress:
            progress("reading every account")
            platforms, blind = shop.platforms()
            scopes = {pair: Scope(pair[0]) for pair in (*platforms, *blind)}
            observations = observe(platforms, scopes, shop.clock, blind)
        memory = ledger.memory()
        pins = accounts_seen(observations, tree.project, memory.pins)
        plan = make_plan(tree, names, observations, memory, shop.kinds)
        _keep(ledger, plan, pins, who_revision=tree.revision)
        for name, state in states.items():
            _keep_from(shop, ledger, name, state, observations)
    _tell(plan, len(memory.owned))
    return strictest(gap.exit_code for gap in plan.gaps)


def _opened(shop: "Workshop") -> "tuple[Ledger, bool]":
    """The ledger, and whether it had to be begun."""
    from ..model.errors import LedgerBroken
    from ..steps.begin import new_ledger_id
    from ..store import begin_ledger

    try:
        return shop.ledger(), False
    except LedgerBroken as lost:
        try:
            home, root = shop.project.ledger_home, shop.settings.root
            return begin_ledger(home, root, ledger_id=new_ledger_id(), clock=shop.clock), True
        except LedgerBroken:
            # Something is there after all: that it is another ledger, or broken, is what must be said.
            raise lost from None


def _name_it(shop: "Workshop", ledger: "Ledger", *, yes: bool) -> None:
    """The new id, in the project file with `yes`, else on the screen for a person to write there."""
    from ..steps.begin import PROJECT, with_ledger_id

    print(f"began ledger {ledger.id} at {ledger.location}; the one named before is lost")
    path = shop.settings.root / PROJECT
    if yes:
        path.write_bytes(with_ledger_id(path.read_bytes(), ledger.id))
        print(f"wrote its id into {PROJECT}: commit that line")
    else:
        print(f"write into {PROJECT}:\nledger: {{id: {ledger.id}, home: {shop.project.ledger_home}}}")


def _keep(ledger: "Ledger", plan: "Plan", pins: "dict[tuple[str, str], str]", *, who_revision: str) -> None:
    """Ownership without a history: what has none is never pruned, until it is adopted or applied."""
    from ..assemble import whoami
    from ..model.memory import Owned

    run = ledger.begin_run("recover", plan.stacks, who_revision, whoami())
    rows = [
        Owned(one.account, one.seen.kind, one.seen.key, one.seen.id, one.address, one.stack)
        for one in plan.owning
        if one.reason == "marker"
    ]
    if rows:
        ledger.own(rows, [], "recovered by its mark", run)
    for pair, id in pins.items():
        ledger.pin(*pair, id)
    ledger.end_run(run, 0, {"recovered": len(rows)})


def _states(shop: "Workshop", names: Sequence[str]) -> "dict[str, State]":
    """Read before anything is begun. Raises SpecError, EngineFailed."""
    if not names:
        return {}
    from ..program.handing import export
    from . import options as opt
    from .pulumi.writers import engine_of

    opt.chosen_stacks(shop, list(names), everything=False, writes=False)
    engine = engine_of(shop)
    return {name: export(engine, name) for name in dict.fromkeys(names)}


def _keep_from(
    shop: "Workshop", ledger: "Ledger", stack: str, state: "State", observations: "Sequence[Observation]"
) -> None:
    """Ownership and history from a state, of what the ledger does not have by now. Who wrote it goes on."""
    from ..assemble import whoami
    from ..program.handing import names, recovered
    from ..program.tokens import by_token
    from ..store.values import utc

    kinds = by_token({name: kind for name, kind in shop.kinds.items() if kind.in_pulumi})
    live = {(one.account, seen.kind, seen.id): seen for one in observations for seen in one.seen}
    domains = {seen.id: seen.resource.referred_as() for seen in live.values() if seen.kind.endswith(".zone")}
    found = recovered(state, kinds, shop.tree.stacks[stack], live, domains.__getitem__, utc(shop.clock()))
    memory = ledger.memory()
    places = {row.place for row in memory.owned}
    taken = {(row.account, row.kind, row.id): row.place for row in memory.owned}
    rows = [row for row in found.owned if row.place not in places and (row.account, row.kind, row.id) not in taken]
    ours = {(row.account, row.kind, row.id, row.place) for row in (*memory.owned, *rows)}
    agreed = {row.place for row in found.owned if (row.account, row.kind, row.id, row.place) in ours}
    told = [row for row in found.applied if row.place in agreed and row.place not in memory.applied]
    run = ledger.begin_run("recover", [stack], shop.tree.revision, whoami())
    if rows or told:
        ledger.own(rows, told, "recovered from Pulumi's state", run)
    if state.held and stack not in ledger.writers():
        ledger.choose_writer(stack, "pulumi")
    ledger.end_run(run, 0, {"recovered": len(rows)})
    print(f"recovered {len(rows)} things more, and {len(told)} histories, from Pulumi's state of {stack}")
    if found.amiss:
        print(f"not as Pulumi's state has it, so not taken: {names(found.amiss)}", file=sys.stderr)


def _tell(plan: "Plan", owned_before: int) -> None:
    found = [one for one in plan.owning if one.reason == "marker"]
    print(f"recovered {len(found)} things by their marks; {owned_before} were owned already")
    unmarked = [*plan.adopt, *(one for one in plan.changes if one.verb == "adopt")]
    absent = [one for one in plan.changes if one.verb == "create"]
    orphans = [one for one in plan.unmanaged if one.orphan]
    if unmarked:
        print(f"{len(unmarked)} declared things live without a mark of ours: `trueup adopt --all` takes them over")
    if found:
        print("what was recovered has no history, so nothing of it is pruned: `trueup adopt --all` gives it one")
    if absent:
        print(f"{len(absent)} declared things do not live: the next apply creates them")
    for one in orphans:
        print(f"not declared any more: {one.seen.resource.title()} {one.orphan}")
    for gap in plan.gaps:
        print(f"not seen: {gap.kind} {gap.container} of account {gap.account}: {gap.reason}", file=sys.stderr)
