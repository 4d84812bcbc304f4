"""What Pulumi would do besides, because of a repair: shown before anybody is asked, and done only where it is let."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ...model import exits
from ...model.change import Change
from ...model.few import few
from ...model.verdict import Judged
from ...program.engine.preview import Preview
from ...program.engine.repair import Repair, coming
from ...program.gate import Types, judge_preview, place_of
from ...program.pack import said_in
from ...program.tokens import OWNERSHIP, by_token, token_of

if TYPE_CHECKING:
    from ...assemble import Workshop
    from ...steps.load import Source
    from ..acting import Wish


def types_of(shop: "Workshop") -> Types:
    """What the types of a preview mean to us."""
    books = frozenset({OWNERSHIP, *(token_of(kind.kind) for kind in shop.releases)})
    return Types(by_token(shop.kinds), books)


@dataclass(frozen=True)
class Coming:
    """What comes along with one stack's repair. `ops`: what the engine calls doing it, by URN."""

    judged: Judged
    ops: Mapping[str, frozenset[str]] = field(default_factory=dict)


def coming_with(shop: "Workshop", source: "Source", repair: Repair, found: Preview, plan: Judged) -> Coming:
    """As changes with the rules' word on them. What the plan itself names comes by its own right, or is held by it."""
    types = types_of(shop)
    named = {change.place for change in plan.plan.changes}
    places = {step.urn: place_of(step, types) for step in found.changes if step.type not in types.books}
    ops = {urn: one for urn, one in coming(repair, found).items() if urn in places and places[urn] not in named}
    judged = judge_preview(found, types, shop.rules, said_in(source), "pulumi preview")
    wanted = {places[urn] for urn in ops}
    changes = {id(one): replace(one, cause="reference") for one in judged.plan.changes if one.place in wanted}
    verdicts = tuple(
        replace(verdict, change=changes[id(verdict.change)])
        for verdict in judged.verdicts
        if verdict.change is not None and id(verdict.change) in changes
    )
    return Coming(Judged(replace(judged.plan, changes=tuple(changes.values())), verdicts), ops)


def with_along(plan: Judged, found: Iterable[Judged]) -> Judged:
    """The plan, which tells what comes along with it."""
    every = tuple(found)
    changes = tuple(change for one in every for change in one.plan.changes)
    verdicts = tuple(verdict for one in every for verdict in one.verdicts)
    return Judged(replace(plan.plan, along=(*plan.plan.along, *changes)), (*plan.verdicts, *verdicts))


def with_words(plan: Judged, ours: Sequence[Change], writers: Mapping[str, str]) -> Judged:
    """The plan, which tells who writes `ours`: what Pulumi builds and cannot mend."""
    theirs = [one for one in ours if writers[one.stack] == "pulumi"]
    words = tuple(
        f"{one.address}: trueup itself writes this: the vendor's provider for Pulumi "
        + ("deletes nothing there" if one.verb == "delete" else "never reads it, so Pulumi sees no drift of it")
        for one in theirs
    )
    return replace(plan, plan=replace(plan.plan, warnings=(*plan.plan.warnings, *words)))


def refused(found: Judged, wish: "Wish", approved: bool) -> tuple[str, int]:
    """Why what comes along may not, and the exit code; "" and 0 where it may.

    It is held until somebody who saw it says so: at a terminal, or with `--approve`. What is destroyed needs that or
    `--confirm-destructive`, as everywhere.
    """
    changes = found.plan.changes
    denied = [one for one in changes if found.decision(one) == "deny"]
    if denied:
        return f"what comes along is denied: {_named(denied)}", exits.DENIED
    if approved or not changes:
        return "", exits.NOTHING
    destructive = [one for one in changes if one.destructive or one.verb == "delete"]
    if destructive and not wish.confirm_destructive:
        told = f"Pulumi would also {_named(destructive)}: needs --confirm-destructive or --approve"
        return told, exits.APPROVAL
    held = [one for one in changes if found.decision(one) == "hold"]
    unseen = [one for one in changes if one not in destructive] if wish.yes else []
    if held or unseen:
        return f"Pulumi would also {_named(held or unseen)}: needs --approve", exits.APPROVAL
    return "", exits.NOTHING


def _named(changes: Sequence[Change]) -> str:
    return few([f"{one.verb} {one.address}" for one in changes])
