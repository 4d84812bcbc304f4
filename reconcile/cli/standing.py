"""What the ledger knows: where each stack stands, and what was done."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..model.errors import ReconcileError
from ..model.exits import strictest
from ..model.memory import Applied, Intent, Sighting
from ..model.spec import Tree, Writer
from ..store import Entry, Holder, Ledger, RunRow
from .plain import brief, plain
from .rotate import telling
from .running import Running, print_running, print_unseen, running_document

if TYPE_CHECKING:
    from rich.console import Console

RUNS = 1_000
"""How far back the last run of a stack is looked for."""


@dataclass(frozen=True)
class Standing:
    """One stack. `declared` None: no file of this revision declares the stack, and the ledger still knows it."""

    stack: str
    account: str
    writer: Writer | None
    declared: int | None
    owned: int
    applied: tuple[Applied, ...]
    last_run: RunRow | None
    intents: tuple[Intent, ...]
    sightings: tuple[Sighting, ...]
    """What is only seen, and was seen by an apply."""
    holder: Holder | None
    head: str | None

    @property
    def revisions(self) -> dict[str, int]:
        """Revision to how many addresses were last applied from it, newest first."""
        counted: dict[str, int] = {}
        for one in sorted(self.applied, key=lambda one: one.at, reverse=True):
            counted[one.revision] = counted.get(one.revision, 0) + 1
        return counted


def standings(tree: Tree, ledger: Ledger) -> list[Standing]:
    """Every stack that is declared or that the ledger knows."""
    memory, heads, runs = ledger.memory(), ledger.heads(), ledger.runs(RUNS)
    holders = {one.stack: one for one in ledger.leases()}
    known = {row.stack for row in memory.owned} | {one.stack for one in memory.intents} | holders.keys()
    found = []
    for name in sorted(tree.stacks.keys() | known):
        spec = tree.stacks.get(name)
        owned = [row for row in memory.owned if row.stack == name]
        found.append(
            Standing(
                stack=name,
                account=spec.account if spec else ", ".join(sorted({row.account for row in owned})),
                writer=spec.writer if spec else None,
                declared=len(spec.said) if spec else None,
                owned=len(owned),
                applied=tuple(one for (stack, _), one in memory.applied.items() if stack == name),
                last_run=next((run for run in runs if name in run.stacks), None),
                intents=tuple(one for one in memory.intents if one.stack == name),
                sightings=tuple(one for place, one in sorted(memory.sightings.items()) if place.stack == name),
                holder=holders.get(name),
                head=heads.get(name),
            )
        )
    return found


def exit_of(secrets: Sequence[telling.Told], now: Running | None) -> int:
    """What `status` leaves with: what secrets ask of a person, and what of the platforms was not seen."""
    return strictest([telling.exit_of(secrets), now.exit_code if now is not None else 0])


def status_document(
    ledger: Ledger, found: Sequence[Standing], secrets: Sequence[telling.Told], now: Running | None = None
) -> dict[str, Any]:
    """`trueup.status/1`. `now`: what the platforms say, where they were asked."""
    return {
        "schema": "trueup.status/1",
        "ledger": {"id": ledger.id, "location": ledger.location},
        "stacks": [
            {
                "stack": one.stack,
                "account": one.account,
                "writer": one.writer,
                "declared": one.declared,
                "owned": one.owned,
                "last_run": run_document(one.last_run) if one.last_run else None,
                "revisions": one.revisions,
                "open_intents": [{"address": str(open.address), "verb": open.verb} for open in one.intents],
                "only_seen": len(one.sightings),
                "touched": [
                    {"address": str(seen.address), "before": seen.touched or None, "after": seen.noticed}
                    for seen in one.sightings
                    if seen.noticed
                ],
                "lease": _lease(one.holder) if one.holder else None,
                "head": one.head,
                "secrets": [telling.document_of(told) for told in secrets if told.outlook.secret.stack == one.stack],
            }
            for one in found
        ],
        **(running_document(now, [one.stack for one in found]) if now is not None else {}),
        "exit": exit_of(secrets, now),
    }


def _lease(one: Holder) -> dict[str, Any]:
    return {"holder": one.holder, "host": one.host, "pid": one.pid, "since": one.since, "over": bool(one.over)}


def run_document(one: RunRow) -> dict[str, Any]:
    return {
        "id": one.id,
        "command": one.command,
        "stacks": list(one.stacks),
        "revision": one.revision,
        "who": one.who,
        "began": one.began,
        "ended": one.ended,
        "exit": one.exit_code,
        "summary": one.summary,
    }


def print_standings(
    screen: "Console",
    ledger: Ledger,
    found: Sequence[Standing],
    secrets: Sequence[telling.Told],
    now: Running | None = None,
) -> None:
    """`now`: what the platforms say, where they were asked."""
    screen.print(f"ledger {plain(ledger.id)} at {plain(ledger.location)}")
    for one in found:
        screen.print(f"[bold]{plain(one.stack)}[/]  account {plain(one.account)}, writer {one.writer or '?'}")
        declared = "no file declares this stack" if one.declared is None else f"{one.declared} declared"
        screen.print(f"  {declared}, {one.owned} owned")
        screen.print(f"  last run  {run_line(one.last_run) if one.last_run else 'none'}")
        for revision, count in one.revisions.items():
            screen.print(f"  applied   {count} from revision {brief(revision)}")
        for intent in one.intents:
            screen.print(
                f"  [yellow]open[/]      {plain(intent.verb)} {plain(intent.address)}: announced, no answer yet"
            )
        for seen in one.sightings:
            if seen.noticed:
                screen.print(f"  [red]touched[/]   {plain(seen.address)}: somebody wrote it, {plain(seen.noticed)}")
        for told in secrets:
            if told.outlook.secret.stack == one.stack:
                screen.print(f"  secret    {telling.line_of(told.outlook)}")
                if told.outlook.problem:
                    screen.print(f"            [red]{plain(told.outlook.problem)}[/]")
        if one.holder:
            over = ", no longer renewed" if one.holder.over else ""
            held = f"{plain(one.holder.holder)} (host {plain(one.holder.host)}, pid {one.holder.pid})"
            screen.print(f"  [yellow]held[/]      by {held} since {plain(one.holder.since)}{over}")
        screen.print(f"  head      {one.head or 'no history yet'}")
        if now is not None:
            print_running(screen, now, one.stack)
    if now is not None:
        print_unseen(screen, now)


def run_line(one: RunRow) -> str:
    """One run as markup."""
    end = f"exit {one.exit_code}" if one.exit_code is not None else "not ended: under way, or it died"
    counts = ", ".join(f"{value} {name}" for name, value in one.summary.items() if type(value) is int and value)
    done = f", {plain(counts)}" if counts else ""
    return (
        f"{plain(one.command)} at {plain(one.began)} by {plain(one.who)}, {end}{done}, revision {brief(one.revision)}"
    )


@dataclass(frozen=True)
class Past:
    """Runs and entries, newest first, and the head of each chain they stand in."""

    runs: tuple[RunRow, ...]
    entries: tuple[Entry, ...]
    heads: dict[str, str]


def past(ledger: Ledger, stacks: Sequence[str], limit: int) -> Past:
    """`stacks` empty: all of them. A stack that no file declares any more still has a past. Raises ReconcileError."""
    heads, runs = ledger.heads(), ledger.runs(RUNS)
    ran = {name for run in runs for name in run.stacks}
    for name in stacks:
        if name not in heads and name not in ran:
            known = ", ".join(sorted((heads.keys() | ran) - {""}))
            raise ReconcileError(f"the ledger has no history of a stack {name}", advice=f"it knows: {known or 'none'}")
    if not stacks:
        return Past(tuple(runs[:limit]), tuple(ledger.history(limit=limit)), heads)
    entries = [one for name in dict.fromkeys(stacks) for one in ledger.history(name, limit)]
    entries.sort(key=lambda one: (one.at, one.seq), reverse=True)
    return Past(
        tuple(run for run in runs if not set(stacks).isdisjoint(run.stacks))[:limit],
        tuple(entries[:limit]),
        {name: head for name, head in heads.items() if name in stacks},
    )


def history_document(ledger: Ledger, found: Past) -> dict[str, Any]:
    """`trueup.history/1`."""
    return {
        "schema": "trueup.history/1",
        "ledger": {"id": ledger.id, "location": ledger.location},
        "heads": found.heads,
        "runs": [run_document(one) for one in found.runs],
        "entries": [
            {
                "stack": one.stack,
                "seq": one.seq,
                "at": one.at,
                "what": one.what,
                "address": one.address or None,
                "detail": one.detail,
                "hash": one.hash,
            }
            for one in found.entries
        ],
    }


def print_past(screen: "Console", found: Past) -> None:
    screen.print("[bold]Runs[/]" if found.runs else "no run yet")
    for run in found.runs:
        screen.print(f"  #{run.id} {plain(', '.join(run.stacks))}: {run_line(run)}")
    screen.print("[bold]Entries[/]" if found.entries else "no entry yet")
    for one in found.entries:
        where = f"{plain(one.stack) or 'ledger'} {one.seq}"
        screen.print(f"  {plain(one.at)}  {where}  {plain(one.what)}  {plain(one.address)}{_why(one)}")
    if found.heads:
        screen.print("[bold]Heads[/] (write them down: `trueup ledger verify --head STACK=HASH` finds a cut history)")
    for stack, head in found.heads.items():
        screen.print(f"  {plain(stack) or 'ledger'}  {head}")


def _why(one: Entry) -> str:
    told = one.detail.get("error") or one.detail.get("reason") or one.detail.get("why")
    return f"  ({plain(told)})" if told else ""
