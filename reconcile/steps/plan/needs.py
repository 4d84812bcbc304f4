"""What must be there first: a place that lives or is made by this plan (DESIGN D14), and the value of a secret."""

from collections.abc import Collection, Mapping, Sequence

from ...model.change import Change
from ...model.exits import AUTH
from ...model.memory import TOUCHED, Applied
from ...model.observation import Gap
from ...model.spec import Place


def without_unmet(changes: Sequence[Change], living: Collection[Place]) -> tuple[list[Change], list[Gap]]:
    """The changes less the creates whose needs are not met, and why each was left out.

    As many rounds as a chain is long: what needs a thing that was left out is left out too.
    """
    kept, gaps = list(changes), list[Gap]()
    while True:
        there = {change.place for change in kept if change.verb == "create"} | set(living)
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


def _blocks(change: Change, need: Place, there: Collection[Place]) -> bool:
    return change.verb == "create" and need not in there


def without_unset(changes: Sequence[Change], applied: Mapping[Place, Applied]) -> tuple[list[Change], list[Gap]]:
    """The changes less the writes of a secret whose value nobody has here: nothing is ever sent empty in its place."""
    kept, gaps = list[Change](), list[Gap]()
    for change in changes:
        why = _unset(change, applied.get(change.place))
        if why:
            told = f"{change.address} is left as it is: {why}"
            gaps.append(Gap(change.account, change.address.full_kind, change.container, told, exit_code=AUTH))
        else:
            kept.append(change)
    return kept, gaps


def _unset(change: Change, applied: Applied | None) -> str:
    """Why the value is not here; "" where it is, or none is wanted."""
    if change.after is None:
        return ""
    for name, target in type(change.after).from_environment().items():
        if getattr(change.after, target) is not None:
            continue
        variable = getattr(change.after, name)
        if variable is not None:
            return f"environment variable {variable} is not set"
        # What was last applied is healed without its stack file's word for where the value comes from.
        if applied is not None and applied.prints.keys() & {target, TOUCHED}:
            return f"the {target} that was last applied is not known here"
    return ""
