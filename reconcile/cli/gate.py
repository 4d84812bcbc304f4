"""gate: Pulumi's own preview, judged before `pulumi up`."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from . import options as opt
from .leaving import Leave
from .screen import console


def add_to(app: typer.Typer) -> None:
    app.command()(gate)


def gate(
    preview: Annotated[
        str,
        typer.Argument(help="What `pulumi preview --json --show-sames` wrote; - is stdin.", metavar="PREVIEW.json"),
    ],
    approve: Annotated[bool, typer.Option("--approve", help="A person read this preview: let pass what is held.")] = (
        False
    ),
    concise: opt.Concise = False,
    as_json: opt.Json = False,
    no_color: opt.NoColor = False,
    directory: opt.Directory = Path(),
) -> None:
    """Judge Pulumi's own preview by the rules of plans: how much goes, what is protected, what is empty. Asks nobody.

    Leaves with 10 where a rule denies, with 11 where a person must approve, with 0 where `pulumi up` may follow.
    """
    from ..model.resource import Resource
    from ..platforms import kinds, platforms
    from ..program.gate import Types, exit_code, judge_preview, read
    from ..program.pack import said_in
    from ..program.tokens import OWNERSHIP, by_token, token_of

    text, file = _text(preview)
    releases: list[type[Resource]] = [kind for platform in platforms().values() for kind in platform.releases]
    types = Types(by_token(kinds()), frozenset({OWNERSHIP, *(token_of(kind.kind) for kind in releases)}))
    with opt.workshop(directory) as shop:
        judged = judge_preview(read(text, file), types, shop.rules, said_in(shop.source), file)
    code = exit_code(judged, approved=approve)
    if as_json:
        from .documents import plan_document

        document = plan_document(judged, calls_made=0, seconds=0.0, exit_code=code)
        told = {name: document[name] for name in ("stacks", "digest", "changes", "warnings")}
        print(
            json.dumps({"schema": "trueup.gate/1", "file": file, **told, "approved": approve, "exit": code}, indent=2)
        )
    else:
        _show(judged, code, approve, concise=concise, no_color=no_color)
    raise Leave(code)


def _text(preview: str) -> tuple[str, str]:
    """The file's text and its name. Raises ReconcileError."""
    from ..model.errors import ReconcileError

    if preview == "-":
        return sys.stdin.read(), "stdin"
    try:
        return Path(preview).read_text(encoding="utf-8"), preview
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "no UTF-8"
        raise ReconcileError(f"{preview}: {why}", advice="make it with `pulumi preview --json --show-sames`") from None


def _show(judged: Any, code: int, approved: bool, *, concise: bool, no_color: bool) -> None:
    from ..model.exits import APPROVAL, DENIED
    from .plan_view import show_plan

    screen = console(no_color=no_color)
    show_plan(screen, judged, concise=concise, title="Preview")
    decisions = [judged.decision(change) for change in judged.plan.changes]
    denied, held = decisions.count("deny"), decisions.count("hold")
    if code == DENIED:
        screen.print(f"[bold red]Refused:[/] {denied} denied, {held} held: the stack must say something else")
    elif code == APPROVAL:
        screen.print(f"[bold red]Held:[/] {held} of {len(decisions)} need a person: read it, then `--approve`")
    else:
        screen.print(
            f"[bold green]Passed[/]{f', {held} approved' if held and approved else ''}: `pulumi up` may follow"
        )
