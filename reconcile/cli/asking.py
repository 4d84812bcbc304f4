"""validate, status, show, output, history, coverage, schema, docs: questions that change no platform."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options as opt
from .leaving import Leave
from .screen import console, waiting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from ..assemble import Workshop
    from ..model.errors import Problem
    from ..reference.coverage import Report

Here = Path()


def add_to(app: typer.Typer) -> None:
    for command in (validate, status, show, output, history, coverage, schema):
        app.command()(command)
    app.command(hidden=True)(docs)


def validate(
    rev: opt.Rev = None,
    as_json: opt.Json = False,
    no_color: opt.NoColor = False,
    directory: opt.Directory = Here,
) -> None:
    """Check every stack file: values, references, owners, rules. Asks nobody."""
    from ..rotation.reachable import unreachable
    from .plain import plain
    from .rotated_by import secret_lines, secrets_document

    with opt.workshop(directory, rev=rev) as shop:
        rules = _checked(shop)
        tree = shop.tree
        warnings = (*_wrong_claims(shop), *_findings(shop), *unreachable(shop.tree))
    stacks = {name: len(spec.said) for name, spec in tree.stacks.items()}
    ignores = sum(len(spec.ignores) for spec in tree.stacks.values())
    if as_json:
        _print_json(
            {
                "schema": "trueup.validate/1",
                "revision": tree.revision,
                "stacks": stacks,
                "resources": sum(stacks.values()),
                "ignore_rules": ignores,
                "secrets": secrets_document(tree),
                "rules": rules,
                "warnings": [str(warning) for warning in warnings],
            }
        )
        return
    screen = console(no_color=no_color)
    parts = [_count(len(stacks), "stack"), _count(sum(stacks.values()), "resource"), _count(ignores, "ignore rule")]
    parts += [_count(len(tree.secrets), "secret")] if tree.secrets else []
    screen.print(f"{', '.join(parts)}: all valid")
    for name, count in stacks.items():
        screen.print(f"  {plain(name)}  {_count(count, 'resource')}")
    for line in secret_lines(tree):
        screen.print(f"  {plain(line)}")
    _print_warnings(screen, warnings)


def _checked(shop: "Workshop") -> int:
    """How many rules there are. Raises SpecError with what is wrong in stack files and policies, all at once."""
    from ..model.errors import Problem, SpecError

    problems: list[Problem] = []
    rules = 0
    try:
        _ = shop.tree
    except SpecError as error:
        problems.extend(error.problems)
    try:
        rules = len(shop.rules)
    except SpecError as error:
        problems.extend(error.problems)
    if problems:
        raise SpecError(problems)
    return rules


def _wrong_claims(shop: "Workshop") -> "tuple[Problem, ...]":
    """`covers:` that cannot be what they say, where the repository has obligations. Raises SpecError."""
    from ..reference.coverage import coverage as counted
    from ..reference.coverage import read_obligations, read_procedures

    root = shop.settings.root
    obligations = read_obligations(root)
    return counted(obligations, shop.tree, frozenset(), read_procedures(root)).problems if obligations else ()


def _findings(shop: "Workshop") -> "Iterator[Problem]":
    """What the rules on a resource say of all that is declared, changed or not."""
    from ..model.errors import Problem
    from ..steps.judge import judge_one

    rules = shop.rules
    for one in shop.tree.declared():
        for name, decision, why in judge_one(one.resource, rules):
            if decision != "allow":
                yield Problem(one.at.file, one.at.line, str(one.address), f"{decision} by {name}: {why}")


def status(
    stack: opt.Stacks = None,
    live: Annotated[bool, typer.Option("--live", help="Ask the platforms too: what runs, and how it is.")] = False,
    as_json: opt.Json = False,
    log_file: opt.LogFile = None,
    no_color: opt.NoColor = False,
    directory: opt.Directory = Here,
) -> None:
    """Where each stack stands, by the ledger. Asks no platform, but with --live."""
    from .rotate.telling import outlooks
    from .running import running
    from .standing import exit_of, print_standings, standings, status_document

    with opt.workshop(directory, log_file=log_file) as shop, waiting(quiet=as_json or not live):
        # Not read-only: this is the command that brings an older ledger up to date.
        ledger = shop.ledger()
        chosen = opt.chosen_stacks(shop, stack, everything=False, writes=False)
        found = [one for one in standings(shop.tree, ledger) if not stack or one.stack in stack]
        secrets = outlooks(shop, chosen)
        now = running(shop, chosen) if live else None
    if as_json:
        _print_json(status_document(ledger, found, secrets, now))
    else:
        screen = console(no_color=no_color)
        print_standings(screen, ledger, found, secrets, now)
    raise Leave(exit_of(secrets, now))


def show(
    address: Annotated[
        str, typer.Argument(help="platform.kind.name, or its beginning: then all that is below it.", metavar="ADDRESS")
    ],
    stack: Annotated[str | None, typer.Option("--stack", "-s", help="Whose, where two stacks hold it.")] = None,
    rev: opt.Rev = None,
    as_json: opt.Json = False,
    log_file: opt.LogFile = None,
    no_color: opt.NoColor = False,
    directory: opt.Directory = Here,
) -> None:
    """All about one address: declared, live, last applied, owner, and why it differs. Or all that is below one."""
    from .listing import listed, listing_document, prefix_of, print_listed
    from .showing import print_shown, show_document, shown

    with opt.workshop(directory, rev=rev, log_file=log_file) as shop, waiting(quiet=as_json):
        prefix = prefix_of(shop, address)
        below = listed(shop, prefix, stack) if prefix is not None else None
        if below is None:
            (wanted,) = opt.addresses([address])
            found = shown(shop, wanted, stack)
    if below is not None:
        if as_json:
            _print_json(listing_document(below))
        else:
            print_listed(console(no_color=no_color), below)
        raise Leave(below.exit_code)
    if as_json:
        _print_json(show_document(found))
    else:
        print_shown(console(no_color=no_color), found)
    raise Leave(found.exit_code)


def output(
    name: Annotated[
        str | None, typer.Argument(help="One address, or one field of it.", metavar="[ADDRESS[.FIELD]]")
    ] = None,
    stack: opt.Stacks = None,
    everything: opt.All = False,
    as_json: opt.Json = False,
    log_file: opt.LogFile = None,
    no_color: opt.NoColor = False,
    directory: opt.Directory = Here,
) -> None:
    """What the platforms gave to what is declared: name servers, addresses, ids. Secret ones stay hidden."""
    from .outputs import one_field, output_document, outputs, split

    address, field = split(name) if name else (None, "")
    with opt.workshop(directory, log_file=log_file) as shop, waiting(quiet=as_json):
        stacks = opt.chosen_stacks(shop, stack, everything=everything, writes=False)
        found = outputs(shop, stacks, address)
    if address is not None and field:
        value = one_field(found, address, field)
        if as_json:
            _print_json({"schema": "trueup.output/1", "address": str(address), "field": field, "value": value})
        else:
            _print_value(value)
        return
    if as_json:
        _print_json(output_document(found))
    else:
        _print_outputs(console(no_color=no_color), found)
    raise Leave(found.exit_code)


def _print_value(value: str) -> None:
    """As it is for a program, harmless for a terminal."""
    import sys

    from .plain import harmless

    for line in value.split("\n"):
        print(harmless(line) if sys.stdout.isatty() else line)


def _print_outputs(screen: "Console", found: Any) -> None:
    from .plain import plain
    from .showing import told

    for (stack, address), fields in found.values.items():
        screen.print(f"[bold]{plain(address)}[/]  [dim]{plain(stack)}[/]")
        for field, value in fields.items():
            screen.print(f"  {plain(field)}: {'[dim](not known yet)[/]' if value is None else told(value)}")
    for gap in found.gaps:
        screen.print(
            f"[red]not seen:[/] {plain(gap.account)} {plain(gap.kind)} {plain(gap.container)}: {plain(gap.reason)}"
        )
    if not found.values:
        screen.print("nothing that is declared has outputs")


def history(
    stack: opt.Stacks = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="So many runs and entries.")] = 20,
    as_json: opt.Json = False,
    no_color: opt.NoColor = False,
    directory: opt.Directory = Here,
) -> None:
    """What was done, newest first, and the head of each chain. Asks no platform."""
    from .standing import history_document, past, print_past

    with opt.workshop(directory) as shop:
        ledger = shop.ledger(readonly=True)
        found = past(ledger, stack or (), limit)
    if as_json:
        _print_json(history_document(ledger, found))
    else:
        print_past(console(no_color=no_color), found)


def coverage(
    system: Annotated[str | None, typer.Option("--system", help="Of one system only.")] = None,
    open_only: Annotated[bool, typer.Option("--open", help="List what is not held, and why.")] = False,
    rev: opt.Rev = None,
    as_json: opt.Json = False,
    no_color: opt.NoColor = False,
    directory: opt.Directory = Here,
) -> None:
    """How much of the runbooks the stacks hold, by system."""
    from dataclasses import replace

    from ..model.errors import ReconcileError
    from ..reference.coverage import coverage as counted
    from ..reference.coverage import read_obligations, read_procedures, read_proved

    with opt.workshop(directory, rev=rev) as shop:
        root = shop.settings.root
        report = counted(read_obligations(root), shop.tree, read_proved(root), read_procedures(root))
    if system is not None:
        if system not in report.systems:
            known = ", ".join(report.systems) or "none"
            raise ReconcileError(f"docs/coverage has no system {system}", advice=f"it has: {known}")
        report = replace(report, systems={system: report.systems[system]})
    if as_json:
        _print_json(report.as_json())
        return
    screen = console(no_color=no_color)
    _print_counts(screen, report)
    if open_only:
        _print_open(screen, report)


def _print_counts(screen: "Console", report: "Report") -> None:
    from rich.table import Table

    from ..reference.coverage import STATUSES
    from .plain import plain

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("system")
    for title in (*STATUSES, "lines"):
        table.add_column(title, justify="right")
    for name, lines in report.systems.items():
        table.add_row(plain(name), *(str(count) for count in report.counts(name).values()), str(len(lines)))
    total = report.counts()
    table.add_row("all", *(str(count) for count in total.values()), str(sum(total.values())), style="bold")
    screen.print(table)
    _print_warnings(screen, report.problems)


def _print_warnings(screen: "Console", warnings: "Sequence[Problem]") -> None:
    from .plain import plain

    for warning in warnings:
        screen.print(f"[yellow]warning:[/] {plain(warning)}")


def _print_open(screen: "Console", report: "Report") -> None:
    from .plain import plain

    for lines in report.systems.values():
        for line in lines:
            if line.status in ("open", "claimed"):
                one = line.obligation
                screen.print(f"{plain(one.id)}  {line.status}  {plain(one.says)}  [dim]({plain(line.reason)})[/]")


def schema(
    out: Annotated[
        Path | None, typer.Option("--out", help="Write here; - is stdout.", show_default=".trueup/schema.json")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; leave with 1 where the file is stale.")
    ] = False,
    sdk: Annotated[
        Path | None,
        typer.Option("--sdk", help="Write the typed Pulumi classes into this folder instead.", file_okay=False),
    ] = None,
    directory: opt.Directory = Here,
) -> None:
    """Write the JSON schema of stack files, for completion in editors."""
    from ..model.errors import SpecError
    from ..reference.schema import schema as made

    with opt.workshop(directory) as shop:
        if sdk is not None:
            _write_sdk(shop, sdk, check=check)
            return
        try:
            accounts = tuple(shop.project.accounts)
        except SpecError:
            # A repository that is only begun gets its completion too.
            accounts = None
        text = json.dumps(made(shop.kinds, accounts, shop.issues), indent=2, ensure_ascii=False) + "\n"
    _write(out, directory / ".trueup" / "schema.json", text, check=check, again="trueup schema")


def _write_sdk(shop: "Workshop", folder: Path, *, check: bool) -> None:
    from ..program.package import ours
    from ..reference.sdk import sdk

    for name, text in sdk(ours(shop.kinds, shop.releases)).items():
        _write(folder / name, folder, text, check=check, again=f"trueup schema --sdk {folder}")


def docs(
    out: Annotated[Path | None, typer.Option("--out", help="Write here; - is stdout.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; leave with 1 where the page is stale.")
    ] = False,
    directory: opt.Directory = Here,
) -> None:
    """Write the reference page of every kind, made from the models."""
    from ..platforms import issues, kinds, platforms
    from ..reference.resources import resources

    text = resources(kinds(), platforms(), issues())
    _write(out, directory / "docs" / "resources.md", text, check=check, again="trueup docs")


def _write(out: Path | None, default: Path, text: str, *, check: bool, again: str) -> None:
    """A generated file: to stdout for `-`, else compared or written. Raises ReconcileError."""
    from ..model.errors import ReconcileError

    if out is not None and str(out) == "-":
        print(text, end="")
        return
    path = out or default
    try:
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            typer.echo(f"wrote {path}")
            return
        fresh = path.exists() and path.read_bytes() == text.encode()
    except OSError as error:
        raise ReconcileError(f"{path}: {error.strerror}", advice="choose another place with --out") from error
    if not fresh:
        raise ReconcileError(f"{path} is not what this version makes", advice=f"run `{again}` and commit the file")
    typer.echo(f"{path} is fresh")


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _print_json(document: dict[str, Any]) -> None:
    print(json.dumps(document, indent=2, ensure_ascii=False))
