"""recover: a new ledger where the old one is lost, and what the marks on the platforms still tell."""

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from .screen import waiting

if TYPE_CHECKING:
    from ..assemble import Workshop
    from ..model.change import Plan
    from ..store import Ledger


def recover_in(shop: "Workshop", *, yes: bool) -> int:
    """Returns the exit code. Raises LedgerBroken where a ledger is there that the project does not name."""
    from ..model.exits import strictest
    from ..model.observation import Scope
    from ..steps.accounts import accounts_seen
    from ..steps.observe import observe
    from ..steps.plan import make_plan

    tree = shop.tree
    names = tuple(sorted(tree.stacks))
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
