"""Services that are made without being started: their first start is to have their secrets in place."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...model.change import Plan
from ...model.observation import Observation
from ...model.rotation import State
from ...model.spec import Place, Tree
from ...model.verdict import Judged
from .reading import live_in, seen_at


def waiting(tree: Tree, states: Mapping[str, State]) -> frozenset[Place]:
    """Units a secret of which has no value yet."""
    without = (one for one in tree.secrets.values() if states.get(one.name, State(one.name)).current is None)
    return frozenset(unit for one in without for unit in one.units)


def ran(tree: Tree, observations: Sequence[Observation]) -> frozenset[Place]:
    """Units of secrets whose listing tells of a start: what changes there is not kept from running."""
    live = live_in(observations)
    units = {unit for one in tree.secrets.values() for unit in one.units}
    found = ((unit, tree.stacks[unit.stack].declared.get(unit.address)) for unit in units)
    seen = ((unit, seen_at(one, live)) for unit, one in found if one is not None)
    return frozenset(unit for unit, one in seen if one is not None and getattr(one.resource, "deployment", None))


def unstarted(tree: Tree, plan: Plan, states: Mapping[str, State], ran: frozenset[Place]) -> frozenset[Place]:
    """Units that a plan makes, and those that wait for a first value and never ran."""
    made = {one.place for one in plan.changes if one.verb in ("create", "replace")}
    anew = {unit for secret in tree.secrets.values() for unit in secret.units if unit in made}
    return frozenset(anew | (waiting(tree, states) - ran))


def quietly(judged: Judged, units: frozenset[Place]) -> Judged:
    """The plan, with everything of these units written without starting them."""
    quiet = {
        id(one): replace(one, quiet=True)
        for one in judged.plan.changes
        if units and one.verb != "delete" and (one.place in units or not units.isdisjoint(one.needs))
    }
    changes = tuple(quiet.get(id(one), one) for one in judged.plan.changes)
    verdicts = tuple(
        replace(one, change=quiet.get(id(one.change), one.change)) if one.change is not None else one
        for one in judged.verdicts
    )
    return Judged(replace(judged.plan, changes=changes), verdicts)
