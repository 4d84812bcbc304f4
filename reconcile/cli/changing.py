"""plan, preview, apply, up, drift, destroy."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import options as opt
from .leaving import Leave
from .screen import console, waiting

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..assemble import Workshop
    from ..loop import Choice
    from ..steps.plan import Mode
    from .screen import Spinner

Here = Path()

Writer = Annotated[
    str | None,
    typer.Option("--writer", help="In a sandbox world: who writes, trueup or pulumi; the first apply decides."),
]
AllowDirty = Annotated[
    bool, typer.Option("--allow-dirty", help="Apply stack files that are not committed to live accounts.")
]


def add_to(app: typer.Typer) -> None:
    for command in (plan, preview, apply, up, drift, destroy):
        app.command()(command)


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
    program: Annotated[
        Path | None,
        typer.Option("--program", help="A Pulumi program of your own: compare with what it registers.", metavar="DIR"),
    ] = None,
    account: Annotated[
        str, typer.Option("--account", help="With --program: where its vendors' resources are.", metavar="NAME")
    ] = "",
    timeout: Annotated[
        float, typer.Option("--timeout", min=0.1, help="With --program: seconds that it may run.")
    ] = 120.0,
    directory: opt.Directory = Here,
) -> None:
    """Compare the live platforms with what was last applied, or with a Pulumi program. Never writes."""
    shop = opt.workshop(directory, parallelism=parallelism, max_calls=max_calls, log_file=log_file)
    if program is not None:
        from .foreign import Wish, drift_of_program, only_stack

        only = only_stack(stack, narrowed=bool(everything or target or exclude))
        drift_of_program(shop, Wish(program, only, account, timeout, as_json, concise, detailed, no_color))
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
    allow_dirty: AllowDirty = False,
    writer: Writer = None,
    as_json: opt.Json = False,
    concise: opt.Concise = False,
    parallelism: opt.Parallelism = 32,
    max_calls: opt.MaxCalls = None,
    lock_timeout: opt.LockTimeout = 0.0,
    log_file: opt.LogFile = None,
    no_color: opt.NoColor = False,
    directory: opt.Directory = Here,
) -> None:
    """Make the platforms match the stacks; of what Pulumi writes, put back what drifted."""
    from .acting import Wish, refuse_dirty
    from .plan_file import read_plan
    from .writing import act

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
        digest, stack, mode, choice = read_plan(planfile)
    elif approve:
        from ..model.errors import ReconcileError

        raise ReconcileError("--approve needs a PLANFILE", advice="make one with `trueup plan --out FILE`, read it")
    refuse_dirty(shop, allow_dirty or mode == "drift")
    wish = Wish(
        "apply",
        mode=mode,
        choice=choice,
        digest=digest,
        approve=approve,
        yes=yes or planfile is not None,
        confirm_destructive=confirm_destructive,
        writer=writer,
        lock_timeout=lock_timeout,
        as_json=as_json,
        concise=concise,
        no_color=no_color,
    )
    act(shop, stack, everything, wish)


def preview(
    stack: opt.Stacks = None,
    everything: opt.All = False,
    writer: Writer = None,
    as_json: opt.Json = False,
    concise: opt.Concise = False,
    detailed: opt.Detailed = False,
    parallelism: opt.Parallelism = 32,
    max_calls: opt.MaxCalls = None,
    log_file: opt.LogFile = None,
    no_color: opt.NoColor = False,
    directory: opt.Directory = Here,
) -> None:
    """Show what up would do: the gate's word on Pulumi's own preview, and what is ours beside it."""

    def beside_pulumi(names: tuple[str, ...], progress: "Spinner") -> None:
        from .pulumi.writers import writers_of

        writers = writers_of(shop, names, writer)
        if "pulumi" in writers.values():
            from .acting import Act, Wish
            from .pulumi.building import show_previews

            wish = Wish("preview", as_json=as_json, concise=concise, no_color=no_color)
            act = Act(shop, wish, console(no_color=no_color), progress)
            show_previews(act, writers, detailed=detailed, began=began)

    began = time.monotonic()
    shop = opt.workshop(directory, parallelism=parallelism, max_calls=max_calls, log_file=log_file)
    _look(
        shop,
        stack,
        everything,
        "spec",
        _choice(None, None),
        out=None,
        as_json=as_json,
        concise=concise,
        detailed=detailed,
        no_color=no_color,
        first=beside_pulumi,
    )


def up(
    stack: opt.Stacks = None,
    everything: opt.All = False,
    approve: Annotated[bool, typer.Option("--approve", help="A person read the preview: do what is held.")] = False,
    yes: opt.Yes = False,
    confirm_destructive: opt.ConfirmDestructive = False,
    allow_dirty: AllowDirty = False,
    writer: Writer = None,
    as_json: opt.Json = False,
    concise: opt.Concise = False,
    parallelism: opt.Parallelism = 32,
    max_calls: opt.MaxCalls = None,
    lock_timeout: opt.LockTimeout = 0.0,
    log_file: opt.LogFile = None,
    no_color: opt.NoColor = False,
    directory: opt.Directory = Here,
) -> None:
    """Build the stacks: the gate, `pulumi up` where Pulumi writes, then what is ours. What CI runs on merge."""
    from .acting import Wish, refuse_dirty
    from .writing import act

    shop = opt.workshop(directory, parallelism=parallelism, max_calls=max_calls, log_file=log_file)
    refuse_dirty(shop, allow_dirty)
    wish = Wish(
        "up",
        approve=approve,
        yes=yes,
        confirm_destructive=confirm_destructive,
        writer=writer,
        lock_timeout=lock_timeout,
        as_json=as_json,
        concise=concise,
        no_color=no_color,
    )
    act(shop, stack, everything, wish)


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
    from .acting import Wish
    from .writing import act

    wish = Wish(
        "destroy",
        mode="destroy",
        choice=_choice(target, exclude),
        approve=True,
        yes=yes,
        confirm_destructive=True,
        lock_timeout=lock_timeout,
        as_json=as_json,
        concise=concise,
        no_color=no_color,
    )
    act(opt.workshop(directory, log_file=log_file), stack, everything, wish)


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
    first: "Callable[[tuple[str, ...], Spinner], None] | None" = None,
) -> None:
    """Plans and tells. `first` hears which stacks are meant, and may tell in place of it."""
    from ..loop import plan_exit_code
    from .acting import closing_line
    from .documents import plan_document
    from .plan_view import show_plan
    from .pulumi.writers import refuse_unhanded

    began = time.monotonic()
    with shop, waiting(quiet=as_json, no_color=no_color) as progress:
        names = opt.chosen_stacks(shop, stack, everything=everything, writes=False)
        opt.check_choice(shop, choice)
        if mode == "spec":
            refuse_unhanded(shop, names)
        if first is not None:
            first(names, progress)
        judged = shop.reconciler(progress=progress).plan(names, mode=mode, choice=choice)
    code = plan_exit_code(judged, detailed=detailed)
    seconds = time.monotonic() - began
    document = plan_document(judged, calls_made=shop.calls.count(), seconds=seconds, exit_code=code)
    if out is not None:
        from .plan_file import write_plan

        write_plan(out, document, mode, choice)
    if as_json:
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        screen = console(no_color=no_color)
        show_plan(screen, judged, concise=concise, title="Drift" if mode == "drift" else "Plan")
        closing_line(screen, shop, seconds)
    raise Leave(code)


def _choice(target: list[str] | None, exclude: list[str] | None) -> "Choice":
    from ..loop import Choice

    return Choice(opt.addresses(target), opt.addresses(exclude))
