"""What must be there first (DESIGN D14): a thing is not made in a place that neither lives nor is made by this plan."""

from collections.abc import Collection, Sequence

from ...model.change import Change
from ...model.observation import Gap
from ...model.resource import Address
from ...model.spec import Place


def without_unmet(changes: Sequence[Change], living: Collection[tuple[str, Address]]) -> tuple[list[Change], list[Gap]]:
    """The changes less the creates whose needs are not met, and why each was left out.

    As many rounds as a chain is long: what needs a thing that was left out is left out too.
    """
    kept, gaps = list(changes), list[Gap]()
    while True:
        there = {(change.stack, change.address) for change in kept if change.verb == "create"} | set(living)
        unmet = {id(change): need for change in kept for need in change.needs if _blocks(change, need, there)}
        if not unmet:
            return kept, gaps
        for change in kept:
            if id(change) in unmet:
                why = (
                    f"{change.address} needs {unmet[id(change)]}, which is not there or not seen; apply its stack first"
                )
                gaps.append(Gap(change.account, change.address.full_kind, change.container, why))
        kept = [change for change in kept if id(change) not in unmet]


def _blocks(change: Change, need: Place, there: Collection[tuple[str, Address]]) -> bool:
    return change.verb == "create" and need not in there
