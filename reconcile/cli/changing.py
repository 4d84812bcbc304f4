"""plan, apply, drift, destroy."""

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from . import options as opt
from .leaving import Leave
from .screen import console, waiting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from ..assemble import Workshop
    from ..loop import Choice, Consent, Run
    from ..model.change import Outcome
    from ..model.verdict import Judged
    from ..steps.plan import Mode

Here = Path()


def add_to(app: typer.Typer) -> None:
    app.command()(plan)
    app.command("preview", hidden=True)(plan)
    app.command()(apply)
    app.command("up", hidden=True)(apply)
    app.command()(drift)
    app.command()(destroy)


def plan(
    stack: opt.Stacks = None,
    everything: opt.All = False,
    rev: opt.Rev = None,
    target: opt.Targets = None,
    exclude: opt.Excludes = None,
    drift_only: Annotated[bool, typer.Option("--drift-only", help="Compare with what was last applied.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Write the plan here, for `apply PLANFILE`.")] = None,
    as_json: opt.Json = False,
    concise: opt.Concise = False,
    detailed: opt.Detailed = False,
    parallelism: opt.Parallelism = 32,
    max_calls: opt.MaxCalls = None,
    log_file: opt.LogFile = None,
    no_color: opt.NoColor = False,
    directory: opt.Directory = Here,
) -> None:
    """Show what apply would change. Reads only."""
    shop = opt.workshop(directory, rev=rev, parallelism=parallelism, max_calls=max_calls, log_file=log_file)
    _look(
        shop,
        stack,
        everything,
        "drift" if drift_only else "spec",
        _choice(target, exclude),
        out=out,
        as_json=as_json,
        concise=concise,
        detailed=detailed,
        no_color=no_color,
    )


def drift(
    stack: opt.Stacks = None,
    everything: opt.All = False,
    target: opt.Targets = None,
    exclude: opt.Excludes = None,
    as_json: opt.Json = False,
    concise: opt.Concise = False,
    detailed: opt.Detailed = False,
    parallelism: opt.Parallelism = 32,
    max_calls: opt.MaxCalls = None,
    log_file: opt.LogFile = None,
    no_color: opt.NoColor = False,
    directory: opt.Directory = Here,
) -> None:
    """Compare the live platforms with what was last applied. Never writes."""
    shop = opt.workshop(directory, parallelism=parallelism, max_calls=max_calls, log_file=log_file)
    _look(
        shop,
        stack,
        everything,
        "drift",
        _choice(target, exclude),
        out=None,
        as_json=as_json,
        concise=concise,
        detailed=detailed,
        no_color=no_color,
    )


def apply(
    planfile: Annotated[Path | None, typer.Argument(help="A plan written by `plan --out`: apply exactly it.")] = None,
    stack: opt.Stacks = None,
    everything: opt.All = False,
    rev: opt.Rev = None,
    target: opt.Targets = None,
    exclude: opt.Excludes = None,
    drift_only: Annotated[bool, typer.Option("--drift-only", help="Heal to what was last applied.")] = False,
    approve: Annotated[bool, typer.Option("--approve", help="Release what PLANFILE holds.")] = False,
    yes: opt.Yes = False,
    confirm_destructive: opt.ConfirmDestructive = False,
    allow_dirty: Annotated[
        bool, typer.Option("--allow-dirty", help="Apply stack files that are not committed to live accounts.")
    ] = False,
    as_json: opt.Json = False,
    concise: opt.Concise = False,
    parallelism: opt.Parallelism = 32,
    max_calls: opt.MaxCalls = None,
    lock_timeout: opt.LockTimeout = 0.0,
    log_file: opt.LogFile = None,
    no_color: opt.NoColor = False,
    directory: opt.Directory = Here,
) -> None:
    """Make the platforms match the stacks."""
    shop = opt.workshop(directory, rev=rev, parallelism=parallelism, max_calls=max_calls, log_file=log_file)
    digest, choice = "", _choice(target, exclude)
    mode: Mode = "drift" if drift_only else "spec"
    if planfile is not None:
        if stack or everything or target or exclude or drift_only:
            from ..model.errors import ReconcileError

            raise ReconcileError(
                "a PLANFILE says itself what it is about",
                advice="leave --stack, --all, --target, --exclude and --drift-only out",
            )
        digest, stack, mode, choice = _read_plan(planfile)
    elif approve:
        from ..model.errors import ReconcileError

        raise ReconcileError("--approve needs a PLANFILE", advice="make one with `trueup plan --out FILE`, read it")
    _refuse_dirty(shop, allow_dirty or mode == "drift")
    _act(
        shop,
        "apply",
        stack,
        everything,
        mode,
        choice,
        digest=digest,
        approve=approve,
        yes=yes or planfile is not None,
        confirm_destructive=confirm_destructive,
        lock_timeout=lock_timeout,
        as_json=as_json,
        concise=concise,
        no_color=no_color,
    )


def destroy(
    stack: opt.Stacks = None,
    everything: opt.All = False,
    target: opt.Targets = None,
    exclude: opt.Excludes = None,
    yes: opt.Yes = False,
    confirm_destructive: opt.ConfirmDestructive = False,
    as_json: opt.Json = False,
    concise: opt.Concise = False,
    lock_timeout: opt.LockTimeout = 0.0,
    log_file: opt.LogFile = None,
    no_color: opt.NoColor = False,
    directory: opt.Directory = Here,
) -> None:
    """Delete everything a stack owns. Protected kinds stay."""
    from ..model.errors import ReconcileError

    if yes and not confirm_destructive:
        raise ReconcileError("--yes does not imply --confirm-destructive", advice="give both, or answer the question")
    shop = opt.workshop(directory, log_file=log_file)
    _act(
        shop,
        "destroy",
        stack,
        everything,
        "destroy",
        _choice(target, exclude),
        digest="",
        approve=True,
        yes=yes,
        confirm_destructive=True,
        lock_timeout=lock_timeout,
        as_json=as_json,
        concise=concise,
        no_color=no_color,
    )


def _look(
    shop: "Workshop",
    stack: list[str] | None,
    everything: bool,
    mode: "Mode",
    choice: "Choice",
    *,
    out: Path | None,
    as_json: bool,
    concise: bool,
    detailed: bool,
    no_color: bool,
) -> None:
    from ..loop import plan_exit_code
    from .documents import plan_document
    from .plan_view import show_plan

    began = time.monotonic()
    with shop, waiting(quiet=as_json, no_color=no_color) as progress:
        names = opt.chosen_stacks(shop, stack, everything=everything, writes=False)
        opt.check_choice(shop, choice)
        judged = shop.reconciler(progress=progress).plan(names, mode=mode, choice=choice)
    code = plan_exit_code(judged, detailed=detailed)
    seconds = time.monotonic() - began
    document = plan_document(judged, calls_made=shop.calls.count(), seconds=seconds, exit_code=code)
    if out is not None:
        _write_plan(out, document, mode, choice)
    if as_json:
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        screen = console(no_color=no_color)
        show_plan(screen, judged, concise=concise, title="Drift" if mode == "drift" else "Plan")
        _closing_line(screen, shop, seconds)
    raise Leave(code)


def _act(
    shop: "Workshop",
    command: str,
    stack: list[str] | None,
    everything: bool,
    mode: "Mode",
    choice: "Choice",
    *,
    digest: str,
    approve: bool,
    yes: bool,
    confirm_destructive: bool,
    lock_timeout: float,
    as_json: bool,
    concise: bool,
    no_color: bool,
) -> None:
    from ..loop import Consent
    from .plan_view import show_plan

    began = time.monotonic()
    screen = console(no_color=no_color, stderr=as_json)
    with shop, waiting(quiet=as_json, no_color=no_color) as progress:
        names = opt.chosen_stacks(shop, stack, everything=everything, writes=True)
        _refuse_other_writers(shop, names)
        opt.check_choice(shop, choice)
        consent = Consent(digest, approve, confirm_destructive)
        seen: list[Judged] = []
        told: list[Outcome] = []

        def ask(judged: "Judged") -> "Consent | None":
            seen.append(judged)
            with progress.paused():
                if not as_json:
                    show_plan(screen, judged, concise=concise)
                agreed = yes or not judged.plan.changes or _agrees(command)
            return consent if agreed else None

        def tell(outcome: "Outcome") -> None:
            told.append(outcome)
            progress.count(command, len(told), len(seen[0].plan.changes))

        run = shop.reconciler(progress=progress).apply(
            names, command=command, mode=mode, choice=choice, ask=ask, tell=tell, lock_timeout_seconds=lock_timeout
        )
    _report(run, seen[0], shop, time.monotonic() - began, screen, as_json=as_json)


def _report(
    run: "Run | None",
    judged: "Judged",
    shop: "Workshop",
    seconds: float,
    screen: "Console",
    *,
    as_json: bool,
) -> NoReturn:
    """What became of it, and the exit code. `run` None: nobody agreed."""
    from ..model.exits import APPROVAL
    from .documents import plan_document
    from .plan_view import show_outcomes

    code = run.exit_code() if run is not None else APPROVAL
    outcomes = run.outcomes if run is not None else ()
    if run is None:
        print("nothing was changed: nobody agreed (give --yes where there is no terminal)", file=sys.stderr)
    if as_json:
        document = plan_document(
            judged, calls_made=shop.calls.count(), seconds=seconds, exit_code=code, outcomes=outcomes
        )
        print(json.dumps(document, indent=2, ensure_ascii=False))
    elif outcomes:
        show_outcomes(screen, outcomes)
        _closing_line(screen, shop, seconds)
    raise Leave(code)


def _agrees(command: str) -> bool:
    if not sys.stdin.isatty():
        return False
    answer = input(f"{command.capitalize()} these changes? Only 'yes' is accepted: ")
    return answer.strip() == "yes"


def _refuse_dirty(shop: "Workshop", allowed: bool) -> None:
    from ..model.errors import ReconcileError

    if not allowed and shop.world is None and shop.tree.dirty:
        raise ReconcileError(
            "the stack files are not committed, so nobody could review them",
            advice="commit them, or give --allow-dirty; a sandbox world needs neither",
        )


def _refuse_other_writers(shop: "Workshop", names: "Iterable[str]") -> None:
    """Two writers on one object fight over it (DESIGN D2). Raises ReconcileError."""
    from ..model.errors import ReconcileError

    others = [name for name in names if shop.tree.stacks[name].writer != "trueup"]
    if others:
        raise ReconcileError(
            f"{', '.join(others)}: `writer: pulumi`, so nothing else may write there",
            advice="apply it with Pulumi, or say `writer: trueup` in a reviewed commit; plan and drift work",
        )


def _choice(target: list[str] | None, exclude: list[str] | None) -> "Choice":
    from ..loop import Choice

    return Choice(opt.addresses(target), opt.addresses(exclude))


def _write_plan(path: Path, document: dict[str, Any], mode: str, choice: "Choice") -> None:
    """The plan and how it was asked for; 0600, whole or not at all. Raises ReconcileError."""
    import os
    import tempfile

    from ..model.errors import ReconcileError

    whole = {
        **document,
        "mode": mode,
        "targets": sorted(map(str, choice.targets)),
        "excluded": sorted(map(str, choice.excluded)),
    }
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise ReconcileError(f"{path}: {error.strerror}", advice="choose another place with --out") from error
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(whole, file, indent=2, ensure_ascii=False)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _read_plan(path: Path) -> "tuple[str, list[str], Mode, Choice]":
    """Digest, stacks, mode and choice of a plan file. Raises ReconcileError."""
    from ..model.errors import ReconcileError
    from .documents import PLAN_SCHEMA

    try:
        found = json.loads(path.read_text())
        if found["schema"] != PLAN_SCHEMA or found["mode"] not in ("spec", "drift"):
            raise ValueError(f"schema {found['schema']}")
        choice = _choice(found["targets"], found["excluded"])
        return str(found["digest"]), [str(name) for name in found["stacks"]], found["mode"], choice
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReconcileError(
            f"{path}: not a plan of this product ({type(error).__name__}: {error})",
            advice="make one with `trueup plan --out FILE`",
        ) from error


def _closing_line(screen: "Console", shop: "Workshop", seconds: float) -> None:
    from .plan_view import counted

    screen.print(f"[dim]{counted(shop.calls.count(), 'API call')}, {seconds:.2f} s[/]")
