"""drift --program: what a Pulumi program of a user's own registers beside what lives. Reads only, begins no ledger."""

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from .leaving import Leave
from .plain import plain
from .screen import Spinner, console, waiting

if TYPE_CHECKING:
    from rich.console import Console

    from ..assemble import Workshop
    from ..model.change import FieldChange
    from ..model.observation import Observation
    from ..program.foreign import Finding, Status
    from ..program.recorder import Program, Recording
    from ..program.spoken import Known

SCHEMA = "trueup.program-drift/1"
DNS = "cloudflare"
ZONE = f"{DNS}.zone"
ROUNDS = 5
"""Runs of a program at most: what lives gives it values, which may name other things."""
LONGEST = 120
"""Characters of a value that are shown."""
SAME = 10
"""Things that are shown where one reason hides many."""
GLYPH: "dict[Status, str]" = {"in line": "=", "drifted": "~", "missing": "+", "not seen": "?", "not observed": "·"}
COLOUR: "dict[Status, str]" = {
    "in line": "green",
    "drifted": "yellow",
    "missing": "red",
    "not seen": "red",
    "not observed": "dim",
}


@dataclass(frozen=True)
class Wish:
    """What the command was asked for."""

    program: Path
    stack: str | None = None
    account: str = ""
    timeout_seconds: float = 120.0
    as_json: bool = False
    concise: bool = False
    detailed: bool = False
    no_color: bool = False


@dataclass(frozen=True)
class Told:
    """All that is shown."""

    program: "Program"
    recording: "Recording"
    found: "Sequence[Finding]"
    rounds: int
    exit: int


def only_stack(stacks: Sequence[str] | None, *, narrowed: bool) -> str | None:
    """The one stack that is meant; None: the program's only one. Raises ReconcileError."""
    from ..model.errors import ReconcileError

    if narrowed or len(stacks or ()) > 1:
        raise ReconcileError(
            "--program takes one stack of the program, whole",
            advice="leave --all, --target and --exclude out, and give --stack once",
        )
    return stacks[0] if stacks else None


def drift_of_program(shop: "Workshop", wish: Wish) -> NoReturn:
    """Records, looks, compares, tells. Raises Leave, ReconcileError."""
    began = time.monotonic()
    with shop, waiting(quiet=wish.as_json, no_color=wish.no_color) as progress:
        told = look(shop, wish, progress)
    seconds, calls = time.monotonic() - began, shop.calls.count()
    if wish.as_json:
        print(json.dumps(document(told, calls=calls, seconds=seconds), indent=2, ensure_ascii=False))
    else:
        screen = console(no_color=wish.no_color)
        show(screen, told, concise=wish.concise)
        screen.print(f"[dim]{calls:,} API calls, {seconds:.2f} s[/]")
    raise Leave(told.exit)


def look(shop: "Workshop", wish: Wish, progress: Spinner) -> Told:
    """As many runs of the program as what lives tells it something new. Raises ReconcileError, WrongAccount."""
    from ..program.foreign import asked_scopes, exit_code, findings, living, waiting
    from ..program.recorder import Answers, Zone, read_program, record
    from ..program.spoken import spoken
    from ..steps.accounts import accounts_seen
    from ..steps.observe import observe

    program = read_program(wish.program, wish.stack)
    platforms, blind = shop.platforms()
    progress("reading zones")
    known = _known(shop, wish.account, platforms, blind)
    owners = known.account_ids
    zones = [Zone(id, name, owners.get((who, DNS), "")) for id, (who, name) in known.zones.items()]
    told: dict[str, tuple[str, dict[str, Any]]] = {}
    asked, observations, runs = None, list["Observation"](), 0
    for _ in range(ROUNDS):
        runs += 1
        progress(f"running {program.folder.name}")
        answers = Answers(zones, not known.unread, told)
        recording = record(program, tuple(known.kinds), answers, wish.timeout_seconds)
        heard = spoken(recording.registered, known, program.stack)
        wanted = asked_scopes(heard, known, shop.kinds)
        if wanted != asked:
            progress("reading " + ", ".join(sorted({platform for _, platform in wanted})))
            observations, asked = observe(platforms, wanted, shop.clock, blind), wanted
            if shop.world is None:
                accounts_seen(observations, known.project, {})
        found = findings(recording.registered, heard, observations, known)
        before, told = told, living(found, known)
        if not waiting(found, told, before):
            break
    return Told(program, recording, found, runs, exit_code(found, detailed=wish.detailed))


def _known(shop: "Workshop", account: str, platforms: Mapping[Any, Any], blind: Mapping[Any, str]) -> "Known":
    """Accounts, types and zones. Raises ReconcileError for an account that no project file names."""
    from ..declare import account_ids
    from ..model.errors import ReconcileError
    from ..model.observation import Container, Gap, Scope
    from ..program.spoken import Known
    from ..program.tokens import by_token
    from ..steps.observe import observe

    accounts = shop.project.accounts
    if account and account not in accounts:
        raise ReconcileError(
            f"stacks/_project.yaml has no account {account}", advice=f"give one of {', '.join(sorted(accounts))}"
        )
    wanted = {
        (name, DNS): Scope(name, frozenset({Container(ZONE)}))
        for name, by_platform in accounts.items()
        if DNS in by_platform and account in ("", name)
    }
    zones: dict[str, tuple[str, str]] = {}
    unread: list[Gap] = []
    for one in observe(platforms, wanted, shop.clock, blind):
        unread.extend(one.gaps)
        zones.update({seen.id: (one.account, seen.resource.referred_as()) for seen in one.seen if seen.kind == ZONE})
    ids = {(name, held): id for name in accounts for held, id in account_ids(shop, name).items()}
    return Known(shop.project, by_token(shop.kinds), ids, zones, tuple(unread), account)


def document(told: Told, *, calls: int, seconds: float) -> dict[str, Any]:
    """`trueup.program-drift/1`: everything registered is in it, secrets as hidden."""
    counts = counted(told.found)
    return {
        "schema": SCHEMA,
        "program": str(told.program.folder),
        "project": told.program.project,
        "stack": told.program.stack,
        "resources": [_resource(one) for one in told.found],
        "counts": counts,
        "not_observed": dict(Counter(one.registration.type for one in told.found if one.status == "not observed")),
        "looked_up": told.recording.looked_up,
        "warnings": list(told.recording.warnings),
        "runs": told.rounds,
        "calls": {"made": calls},
        "seconds": round(seconds, 3),
        "exit": told.exit,
    }


def _resource(one: "Finding") -> dict[str, Any]:
    from .documents import field_document

    told = one.registration
    return {
        "urn": told.urn,
        "type": told.type,
        "name": told.name,
        "status": one.status,
        "address": one.address or None,
        "account": one.declared.account if one.declared is not None else None,
        "id": one.id or None,
        "fields": {item.name: field_document(item) for item in one.fields},
        "accepted": {item.name: field_document(item) for item in one.accepted},
        "not_compared": [*one.waits, *one.unreadable],
        "why": one.why or None,
        "at": str(told.at) if told.at is not None else None,
    }


def show(screen: "Console", told: Told, *, concise: bool) -> None:
    """Everything but what is in line, line by line; a count of all of it last."""
    program = told.program
    screen.print(f"[bold]{plain(program.stack)}[/] [dim]of {plain(program.project)}, {plain(str(program.folder))}[/]")
    blind: Counter[str] = Counter()
    for one in told.found:
        blind[one.why] += one.status == "not seen"
        if blind[one.why] > SAME:
            continue
        if one.status not in ("in line", "not observed") or (one.accepted and not concise):
            screen.print("\n".join(_lines(one, concise)))
    for why, count in blind.items():
        if count > SAME:
            screen.print(f"    … and {count - SAME:,} more not seen: {plain(why)} (all of them with --json)")
    unknown = Counter((one.registration.type, one.why) for one in told.found if one.status == "not observed")
    for (type, why), count in sorted(unknown.items()):
        screen.print(f"    [dim]·[/] not observed: {plain(type)} × {count}  [dim]({plain(why)})[/]")
    partly = sum(1 for one in told.found if one.status == "in line" and (one.waits or one.unreadable))
    for warning in told.recording.warnings:
        screen.print(f"  [yellow]warning:[/] {plain(warning)}")
    if partly:
        screen.print(f"  [dim]{partly} in line as far as can be told: the rest of their fields is with --json[/]")
    told_counts = ", ".join(f"{count:,} {status}" for status, count in counted(told.found).items())
    screen.print(f"[bold]Drift:[/] {told_counts}")


def counted(found: "Sequence[Finding]") -> "dict[Status, int]":
    """How many there are of each status."""
    statuses = [one.status for one in found]
    return {status: statuses.count(status) for status in GLYPH}


def _lines(one: "Finding", concise: bool) -> Iterator[str]:
    told = one.registration
    name = one.address or f"{told.type} {told.name}"
    at = f"  [dim]{plain(str(told.at))}[/]" if told.at is not None else ""
    why = f": {plain(one.why)}" if one.why else ""
    yield f"  [{COLOUR[one.status]}]{GLYPH[one.status]:>3}[/] {plain(name)}  {one.status}{why}{at}"
    for item in () if concise else one.fields:
        yield f"        {plain(_field(item))}"
    for item in () if concise else one.accepted:
        yield f"        accepted by ignoreChanges: {plain(_field(item))}"
    if not concise and (one.waits or one.unreadable):
        yield f"        [dim]not compared: {', '.join((*one.waits, *one.unreadable))}[/]"


def _field(item: "FieldChange") -> str:
    if item.hidden:
        return f"{item.name}: «hidden»"
    return f"{item.name}: {_value(item.before)} → {_value(item.after)}"


def _value(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
