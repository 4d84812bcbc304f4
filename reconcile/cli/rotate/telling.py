"""rotate status and rotate plan: they read."""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import options as opt
from ..leaving import Leave
from ..plain import plain
from ..screen import console, waiting

if TYPE_CHECKING:
    from rich.console import Console

    from ...assemble import Workshop
    from ...model.rotation import Astray, State
    from ...steps.rotate.outlook import Outlook

Here = Path()
STATUS = "trueup.rotate-status/1"
PLAN = "trueup.rotate-plan/1"


def status(
    stack: opt.Stacks = None,
    as_json: opt.Json = False,
    no_color: opt.NoColor = False,
    directory: opt.Directory = Here,
) -> None:
    """Age, due date, phase and proof of each secret, as the ledger has them. 16 where a person is needed."""
    with opt.workshop(directory) as shop:
        found = outlooks(shop, opt.chosen_stacks(shop, stack, everything=False, writes=False))
    code = exit_of(found)
    if as_json:
        document = {"schema": STATUS, "secrets": [document_of(one) for one in found], "exit": code}
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        screen = console(no_color=no_color)
        for one in found:
            show(screen, one.outlook)
        if not found:
            screen.print("no stack declares a secret that changes on schedule")
    raise Leave(code)


def plan(
    stack: opt.Stacks = None,
    as_json: opt.Json = False,
    detailed: opt.Detailed = False,
    no_color: opt.NoColor = False,
    directory: opt.Directory = Here,
) -> None:
    """What the next pass would do about each secret: the platforms are read, nothing is written."""
    from ...loop import plan_exit_code
    from ...model.exits import strictest
    from ..documents import astray_document, gap_document
    from ..plan_view import show_gaps

    with opt.workshop(directory) as shop, waiting(quiet=as_json, no_color=no_color) as progress:
        names = opt.chosen_stacks(shop, stack, everything=False, writes=False)
        found = outlooks(shop, names)
        judged = shop.reconciler(progress=progress).plan(names, mode="drift")
        now = shop.clock()
    stray = judged.plan.astray
    code = strictest([exit_of(found), plan_exit_code(judged, detailed=detailed)])
    if as_json:
        told = [{**document_of(one), "next": next_of(one.outlook, stray, now)} for one in found]
        document = {
            "schema": PLAN,
            "secrets": told,
            "astray": [astray_document(one) for one in stray],
            "gaps": [gap_document(one) for one in judged.plan.gaps],
            "exit": code,
        }
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        screen = console(no_color=no_color)
        for one in found:
            name, after = one.outlook.secret.name, next_of(one.outlook, stray, now)
            screen.print(f"[bold]{plain(name)}[/]  {plain(after)}")
        for each in stray:
            screen.print(f"  {plain(each.place)}  [yellow]{each.verdict}[/]")
        show_gaps(screen, judged.plan.gaps)
    raise Leave(code)


@dataclass(frozen=True)
class Told:
    """One secret today: what a person can act on, and what the books hold."""

    outlook: "Outlook"
    state: "State"


def outlooks(shop: "Workshop", stacks: Sequence[str]) -> list[Told]:
    """Every secret that some stacks declare, by name. No key is needed."""
    from ...model.rotation import State
    from ...rotation.turning import secrets_of
    from ...steps.rotate.outlook import outlook
    from ...store.rotations import Rotations

    states = Rotations(shop.ledger(), {}, key=None, vault=None).states()
    now = shop.clock()
    known = ((one, states.get(one.name, State(one.name))) for one in secrets_of(shop.tree.secrets, stacks))
    return [Told(outlook(one, state, now), state) for one, state in known]


def exit_of(found: Sequence[Told]) -> int:
    from ...model.exits import NOTHING, PERSON

    return PERSON if any(one.outlook.problem for one in found) else NOTHING


def next_of(one: "Outlook", stray: "Sequence[Astray]", now: dt.datetime) -> str:
    """What the next pass would do."""
    if one.problem:
        return one.problem
    if one.phase:
        until = f" until {one.until:%Y-%m-%d %H:%M} UTC" if one.until is not None and one.until > now else ""
        return f"goes on with {one.phase}{until}"
    mine = [each for each in stray if each.secret == one.secret.name]
    if mine:
        return f"puts right {', '.join(str(each.place) for each in mine)}"
    if one.due is None:
        return "nothing: it changes only when asked"
    return "begins, as soon as a window is open" if one.due <= now else f"nothing before {one.due:%Y-%m-%d}"


def show(screen: "Console", one: "Outlook") -> None:
    """The lines of one secret."""
    screen.print(line_of(one))
    for consumer in one.secret.consumers:
        proof = one.proof.get(str(consumer), "")
        screen.print(f"  {plain(consumer)}{f'  [dim]{plain(proof)}[/]' if proof else ''}")
    if one.why and not one.problem:
        screen.print(f"  [dim]{plain(one.why)}[/]")
    if one.problem:
        screen.print(f"  [red]{plain(one.problem)}[/]")
    for number, step in enumerate(one.steps, 1):
        screen.print(f"    {number}. {plain(step)}")


def line_of(one: "Outlook") -> str:
    """A secret's age, due date and phase, as markup."""
    age = f"{one.age.days} d old" if one.age is not None else "of unknown age"
    version = f"version {one.version}, {age}" if one.version is not None else "no value yet"
    due = f"due {one.due:%Y-%m-%d}" if one.due is not None else "due when asked"
    until = f" until {one.until:%Y-%m-%d %H:%M} UTC" if one.until is not None else ""
    phase = f", in [cyan]{one.phase}[/]{until}" if one.phase else ""
    return f"[bold]{plain(one.secret.name)}[/]  {one.secret.strategy}, {version}, {due}{phase}"


def document_of(told: Told) -> dict[str, Any]:
    one, versions = told.outlook, told.state.versions
    return {
        "secret": one.secret.name,
        "stack": one.secret.stack,
        "strategy": one.secret.strategy,
        "version": one.version,
        "age_days": one.age.days if one.age is not None else None,
        "due": one.due.isoformat() if one.due is not None else None,
        "phase": one.phase or None,
        "until": one.until.isoformat() if one.until is not None else None,
        "why": one.why or None,
        "problem": one.problem or None,
        "steps": list(one.steps),
        "consumers": [
            {"stack": each.stack, "address": str(each.address), "part": each.part, "proof": one.proof.get(str(each))}
            for each in one.secret.consumers
        ],
        "versions": [
            {"number": each.number, "status": each.status, "prints": {part: p[:6] for part, p in each.prints.items()}}
            for each in versions
        ],
    }
