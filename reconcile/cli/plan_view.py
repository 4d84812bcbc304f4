"""A plan as people read it: glyphs, fields, a count line, destructive lines repeated last."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console

from ..model.change import Change, FieldChange, Outcome, Plan
from ..model.observation import Gap
from ..model.resource import Resource
from ..model.rotation import Step
from ..model.secret import HIDDEN
from ..model.verdict import Judged
from .plain import plain

GLYPH = {"create": "+", "update": "~", "replace": "-/+", "delete": "-", "adopt": "="}
COLOUR = {"create": "green", "update": "yellow", "replace": "red", "delete": "red", "adopt": "cyan"}
MARK = {
    "done": "[green]✓[/]",
    "failed": "[red]✗[/]",
    "unsure": "[red]?[/]",
    "held": "[cyan]‖[/]",
    "denied": "[red]⊘[/]",
}


def show_plan(screen: Console, judged: Judged, *, concise: bool, title: str = "Plan") -> None:
    """Everything a plan says, changes first, what is destructive last."""
    plan = judged.plan
    for stack in plan.stacks:
        changes = [one for one in plan.changes if one.stack == stack]
        if changes:
            screen.print(f"[bold]{plain(stack)}[/]")
        for change in changes:
            _show_change(screen, change, judged, concise)
    if plan.along:
        screen.print("[bold]Comes along[/] (Pulumi would do this besides, because of the changes)")
        for change in plan.along:
            _show_change(screen, change, judged, concise)
    _show_rest(screen, plan, concise)
    screen.print(count_line(plan, title))
    destructive = [one for one in (*plan.changes, *plan.along) if one.destructive or one.verb == "delete"]
    if destructive:
        screen.print("[bold red]Destructive:[/]")
        for change in destructive:
            screen.print(f"  [red]{GLYPH[change.verb]}[/] {plain(str(change.address))}  {plain(_title(change))}")


def count_line(plan: Plan, title: str = "Plan") -> str:
    """`Plan: 1 to add, 0 to change, 0 to destroy.` and what else there is."""
    verbs = [change.verb for change in plan.changes]
    replaced = verbs.count("replace")
    parts = [
        f"{verbs.count('create') + replaced} to add",
        f"{verbs.count('update')} to change",
        f"{verbs.count('delete') + replaced} to destroy",
    ]
    if verbs.count("adopt"):
        parts.append(f"{verbs.count('adopt')} held until adopted")
    extra = [
        (len(plan.along), "come along"),
        (len(plan.adopt), "identical and not ours yet (trueup adopt)"),
        (len(plan.accepted), "accepted by ignore rules"),
        (len(plan.unmanaged), "unmanaged"),
        (len(plan.touched), "touched by others"),
        (len(plan.astray), "of secrets to put right"),
        (len(plan.gaps), "not seen"),
    ]
    more = "".join(f" · {count} {what}" for count, what in extra if count)
    calls = f" · {counted(plan.predicted_calls, 'API call')} to apply" if plan.predicted_calls else ""
    return f"[bold]{title}:[/] {', '.join(parts)}{more}{calls}"


def counted(number: int, word: str) -> str:
    """`1 API call`, `2 API calls`."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def show_outcomes(screen: Console, outcomes: Sequence[Outcome]) -> None:
    """One line for each change that was not simply done, and the totals."""
    for outcome in outcomes:
        if outcome.status != "done":
            mark = MARK.get(outcome.status, "·")
            screen.print(f"  {mark} {plain(str(outcome.change.address))}: {outcome.status}: {plain(outcome.error)}")
    done = [one for one in outcomes if one.status == "done"]
    verified = sum(1 for one in done if one.verified)
    verbs = [one.change.verb for one in done]
    counts = (
        f"{verbs.count('create')} added, {verbs.count('update') + verbs.count('adopt')} changed, "
        f"{verbs.count('replace')} replaced, {verbs.count('delete')} destroyed"
    )
    rest = len(outcomes) - len(done)
    screen.print(f"[bold]Applied:[/] {counts}; {verified} of {len(done)} seen on the platform afterwards")
    if rest:
        held = all(one.status == "held" for one in outcomes if one.status != "done")
        release = "to release: `trueup plan --out FILE`, read it, `trueup apply FILE --approve`"
        again = "run the same command again, or see the lines above"
        screen.print(f"[bold]{rest} not applied[/]; {release if held else again}")


def _show_change(screen: Console, change: Change, judged: Judged, concise: bool) -> None:
    colour = COLOUR[change.verb]
    verdict = judged.of(change)
    cause = change.cause + (", also drifted" if change.also_drifted else "")
    name, title = plain(str(change.address)), plain(_title(change))
    line = f"  [{colour}]{GLYPH[change.verb]:>3}[/] {name}  [dim]{title}[/]  ({cause})"
    if verdict and verdict.decision != "allow":
        line += f"  [bold]{verdict.decision}[/] {plain(verdict.rule)}: {plain(verdict.reason)}"
    fields = () if concise else change.fields
    # One print a change: the console lays out each call anew, and a first apply has tens of thousands of fields.
    screen.print("\n".join([line, *(f"        {plain(_field(item, change.verb))}" for item in fields)]))


def _field(item: FieldChange, verb: str) -> str:
    if item.hidden:
        return f"{item.name}: «hidden»" + (" (touched, value unknown)" if item.unknown else "")
    after = f"(known after {item.pending})" if item.pending else _value(item.after)
    if verb == "create":
        return f"{item.name}: {after}"
    drifted = "  (drifted)" if item.drifted else ""
    return f"{item.name}: {_value(item.before)} → {after}{drifted}"


def _value(value: Any) -> str:
    if value == HIDDEN:
        return "«hidden»"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 120 else text[:117] + "…"


def _title(change: Change) -> str:
    resource: Resource | None = change.after if change.after is not None else change.before
    return resource.title() if resource is not None else ""


def _show_rest(screen: Console, plan: Plan, concise: bool) -> None:
    if plan.adopt and not concise:
        screen.print("[bold]To adopt[/] (identical, not ours yet; no change)")
        for change in plan.adopt[:20]:
            screen.print(f"    = {plain(str(change.address))}  [dim]{plain(_title(change))}[/]")
        _more(screen, len(plan.adopt) - 20)
    for one in plan.accepted:
        rule = one.rule
        screen.print(
            f"  accepted: {plain(str(one.address))} {plain(_field(one.field, 'update'))}  "
            f"[dim](until {rule.expires}, {plain(rule.owner)}: {plain(rule.reason)})[/]"
        )
    if plan.unmanaged and not concise:
        screen.print("[bold]Unmanaged[/] (no stack declares it; never touched)")
        for thing in plan.unmanaged[:20]:
            orphan = f"  ({plain(thing.orphan)})" if thing.orphan else ""
            screen.print(f"    ? {thing.seen.kind}  {plain(thing.seen.resource.title())}{orphan}")
        _more(screen, len(plan.unmanaged) - 20)
    for move in plan.owning:
        if move.before is not None:
            screen.print(f"  moved: {plain(str(move.before))} → {plain(str(move.address))} (the next apply records it)")
    for stray in plan.astray:
        screen.print(
            f"[yellow]secret[/] {plain(stray.place)}  {stray.verdict}: {plain(stray.secret)} is put right by apply"
        )
    for touch in plan.touched:
        times = f" ({touch.before.touched or '?'} → {touch.now.touched or '?'})"
        screen.print(f"  [red]{touch.verdict}:[/] {plain(str(touch.place))}{plain(times)}")
        screen.print(f"    if that is right: `trueup adopt {plain(str(touch.place))} --stack {plain(touch.now.stack)}`")
    show_gaps(screen, plan.gaps)
    for warning in plan.warnings:
        screen.print(f"  [yellow]warning:[/] {plain(warning)}")


def _more(screen: Console, count: int) -> None:
    if count > 0:
        screen.print(f"    … and {count} more (all of them with --json)")


def show_gaps(screen: Console, gaps: Sequence[Gap]) -> None:
    """What could not be seen, and why."""
    for gap in gaps:
        right = f"  [dim](needs {plain(gap.right)})[/]" if gap.right else ""
        where = f"{gap.account} {gap.kind} {gap.container}".rstrip()
        screen.print(f"  [red]not seen:[/] {plain(where)}: {plain(gap.reason)}{right}")


def show_turns(screen: Console, turned: Sequence[Step]) -> None:
    """What became of each secret that something became of."""
    for one in turned:
        if one.what == "nothing":
            continue
        until = f" (until {one.at:%Y-%m-%d %H:%M} UTC)" if one.at is not None else ""
        text = one.text.removeprefix(f"{one.what} ")
        colour = "red" if one.what in ("held", "lost") or one.trouble else "green" if one.what == "ended" else "cyan"
        screen.print(f"secret [bold]{plain(one.secret)}[/]  [{colour}]{one.what}[/] {plain(text)}{until}")
