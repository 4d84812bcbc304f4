"""preview and up of stacks that Pulumi writes: the gate, Pulumi, then a first pass of our own."""

import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ...loop import Choice, Run, plan_exit_code, turn_codes
from ...model import exits
from ...model.change import Change, Outcome
from ...model.few import few
from ...model.rotation import Step
from ...model.spec import Writer
from ...model.verdict import Judged
from ...program.engine.lock import free
from ...program.engine.preview import Preview
from ...program.engine.stack import ensure, preview, up
from ...program.gate import exit_code, judge_preview
from ...program.pack import said_in
from ..acting import agrees, closing_line, disagreed
from ..documents import plan_document, turn_document
from ..leaving import Leave
from ..plain import harmless
from ..plan_view import show_outcomes, show_plan, show_turns
from ..turning import turn_secrets
from .applying import built_by_pulumi, has_part, ours, refuse_dirty_program
from .coming import types_of, with_words
from .limits import limits_of
from .writers import engine_of, wait_for_ours

if TYPE_CHECKING:
    from ...assemble import Workshop
    from ...loop import Reconciler
    from ..acting import Act

SCHEMA = {"up": "trueup.up/1", "preview": "trueup.preview/1"}


@dataclass(frozen=True)
class Foreseen:
    """What would happen in one stack. `engine` None: Pulumi has no part in it."""

    stack: str
    writer: Writer
    engine: Judged | None
    ours: Judged
    drifted: tuple[Change, ...] = ()
    """What moved on the platform, and `up` leaves to `apply`."""

    @property
    def quiet(self) -> bool:
        return not self.ours.plan.changes and (self.engine is None or not self.engine.plan.changes)

    def code(self, *, approved: bool, detailed: bool) -> int:
        """What `preview` leaves with."""
        codes = [plan_exit_code(self.ours, detailed=detailed)]
        if self.engine is not None:
            codes.append(exit_code(self.engine, approved=approved))
            codes.extend([exits.CHANGES] if detailed and self.engine.plan.changes else [])
        return exits.strictest(codes)


@dataclass(frozen=True)
class Built:
    """What became of one stack. `run` None: nobody agreed, or the gate let nothing pass."""

    foreseen: Foreseen
    run: Run | None
    code: int


def foresee(one: "Act", reconciler: "Reconciler", stack: str, writer: Writer, save: Path | None = None) -> Foreseen:
    """Asks the engine and the platforms; writes nothing. `save`: where the engine is to keep its plan."""
    shop = one.shop
    if writer == "trueup" or not has_part(shop, stack):
        return Foreseen(stack, writer, None, reconciler.plan([stack]))
    engine = engine_of(shop)
    ensure(engine, stack)
    one.progress(f"pulumi previews {stack}")
    found = preview(engine, stack, environment=limits_of(one), save=save)
    one.progress(f"judging {stack}")
    whole = reconciler.plan([stack])
    built = built_by_pulumi(shop, stack)
    drifted = tuple(each for each in whole.plan.changes if each.cause == "drift" and each.address in built)
    beside = any(each.address in built for each in (*whole.plan.changes, *whole.plan.adopt))
    rest = reconciler.plan([stack], choice=Choice(excluded=built)) if beside else whole
    rest = with_words(rest, [each for each in rest.plan.changes if each.in_pulumi], {stack: writer})
    return Foreseen(stack, writer, _judged(shop, found, whole), rest, drifted)


def show_previews(one: "Act", writers: Mapping[str, Writer], *, detailed: bool, began: float) -> NoReturn:
    """`trueup preview`: every stack, used ones first."""
    shop, wish = one.shop, one.wish
    reconciler = shop.reconciler(progress=one.progress)
    found = []
    for stack in shop.tree.in_order(frozenset(writers)):
        each = foresee(one, reconciler, stack, writers[stack])
        found.append(each)
        _show(one, each)
    code = exits.strictest(each.code(approved=False, detailed=detailed) for each in found)
    if wish.as_json:
        _print(one, [_document(each, shop) for each in found], code, began)
    else:
        closing_line(one.screen, shop, time.monotonic() - began)
    raise Leave(code)


def build(one: "Act", writers: Mapping[str, Writer], began: float) -> NoReturn:
    """`trueup up`: every stack, used ones first; a stack that fails is the last one. Raises ReconcileError."""
    shop, wish = one.shop, one.wish
    refuse_dirty_program(shop, [name for name, writer in writers.items() if writer == "pulumi"])
    reconciler = shop.reconciler(progress=one.progress)
    done: list[Built] = []
    for stack in shop.tree.in_order(frozenset(writers)):
        done.append(_build(one, reconciler, stack, writers[stack]))
        if done[-1].code not in (exits.NOTHING, exits.PERSON, exits.INCOMPLETE):
            break
    turned = turn_secrets(one, [each.foreseen.stack for each in done if each.run is not None])
    code = exits.strictest([*(each.code for each in done), *turn_codes(turned)])
    if wish.as_json:
        _print(one, [_document(each.foreseen, shop, each) for each in done], code, began, turned)
    else:
        show_turns(one.screen, turned)
        closing_line(one.screen, shop, time.monotonic() - began)
    raise Leave(code)


def _build(one: "Act", reconciler: "Reconciler", stack: str, writer: Writer) -> Built:
    shop, wish = one.shop, one.wish
    with tempfile.TemporaryDirectory(prefix="trueup-up-") as folder:
        taken_over, engine = False, None
        plan = Path(folder, "plan.json")
        if writer == "pulumi" and has_part(shop, stack):
            engine = engine_of(shop)
            ensure(engine, stack)
            taken_over = free(engine, stack, timeout_seconds=wish.lock_timeout, say=_say)
            wait_for_ours(shop, stack, wish.lock_timeout)
        foreseen = foresee(one, reconciler, stack, writer, plan)
        _show(one, foreseen)
        stop = _stopped(one, foreseen)
        if stop:
            return Built(foreseen, None, stop)
        if engine is not None:
            one.progress(f"pulumi builds {stack}")
            with one.progress.paused():
                tell = None if wish.as_json else _telling(one)
                up(engine, stack, environment=limits_of(one), plan=plan, taken_over=taken_over, tell=tell)
    one.seen.append(foreseen.ours)
    built = built_by_pulumi(shop, stack) if engine is not None else frozenset()
    approved = wish.approve or foreseen.ours.plan.digest in shop.ledger().memory().approvals
    run = ours(one, reconciler, stack, foreseen.ours.plan.changes, built=built, approved=approved)
    if run.outcomes and not wish.as_json:
        show_outcomes(one.screen, run.outcomes)
    return Built(foreseen, run, run.exit_code())


def _stopped(one: "Act", foreseen: Foreseen) -> int:
    """The code to stop with before anything is written; 0: go on."""
    wish = one.wish
    if foreseen.engine is not None:
        code = exit_code(foreseen.engine, approved=wish.approve)
        if code:
            _say(f"{foreseen.stack}: nothing was changed: {_because(foreseen.engine)}")
            return code
        destructive = [str(each.address) for each in foreseen.engine.plan.changes if each.destructive]
        if destructive and not (wish.approve or wish.confirm_destructive):
            told = f"{few(destructive)}: destructive: needs --confirm-destructive"
            _say(f"{foreseen.stack}: nothing was changed: {told}")
            return exits.APPROVAL
    with one.progress.paused():
        if not (wish.yes or foreseen.quiet or agrees("up")):
            disagreed()
            return exits.APPROVAL
    return exits.NOTHING


def _because(judged: Judged) -> str:
    """What the gate has against it."""
    said = [(each, judged.of(each)) for each in judged.plan.changes]
    told = [
        f"{each.address}: {verdict.rule}: {verdict.reason}"
        for each, verdict in said
        if verdict is not None and verdict.decision in ("hold", "deny")
    ]
    return few(told, "; ") + ("" if _denies(judged) else "; `--approve` releases what is held")


def _denies(judged: Judged) -> bool:
    return any(judged.decision(each) == "deny" for each in judged.plan.changes)


def _judged(shop: "Workshop", found: Preview, plan: Judged) -> Judged:
    """The gate's word on what the engine would do, told as of when the platforms were read."""
    judged = judge_preview(found, types_of(shop), shop.rules, said_in(shop.source), "pulumi preview")
    told = replace(judged.plan, revision=plan.plan.revision, observed_at=plan.plan.observed_at)
    return replace(judged, plan=told)


def _show(one: "Act", foreseen: Foreseen) -> None:
    wish = one.wish
    if wish.as_json:
        return
    with one.progress.paused():
        if foreseen.engine is not None:
            show_plan(one.screen, foreseen.engine, concise=wish.concise, title=f"Pulumi, {foreseen.stack}")
        title = f"Trueup, {foreseen.stack}"
        show_plan(one.screen, foreseen.ours, concise=wish.concise, title=title)
        if foreseen.drifted:
            names = few([str(each.address) for each in foreseen.drifted])
            line = f"{foreseen.stack}: drifted too: {names}; `trueup apply -s {foreseen.stack}` puts it back"
            _say(line)


def _telling(one: "Act") -> Any:
    def tell(line: str) -> None:
        if line.strip():
            one.screen.print(f"  {harmless(line)}", markup=False, style="dim")

    return tell


def _say(text: str) -> None:
    print(harmless(text), file=sys.stderr)


def _document(foreseen: Foreseen, shop: "Workshop", built: Built | None = None) -> dict[str, Any]:
    engine = foreseen.engine
    code = built.code if built else foreseen.code(approved=False, detailed=False)

    def plan_of(judged: Judged, outcomes: Sequence[Outcome] = ()) -> dict[str, Any]:
        return plan_document(
            judged, calls_made=shop.calls.count(), seconds=0.0, exit_code=code, outcomes=tuple(outcomes)
        )

    return {
        "stack": foreseen.stack,
        "writer": foreseen.writer,
        "pulumi": plan_of(engine, _made(engine, built)) if engine is not None else None,
        "trueup": plan_of(foreseen.ours, built.run.outcomes if built and built.run else ()),
        "drifted": [str(each.address) for each in foreseen.drifted],
        "built": built.run is not None if built else None,
        "exit": code,
    }


def _made(engine: Judged, built: Built | None) -> list[Outcome]:
    """An `up` that ended well has done all of it."""
    return [Outcome(each, "done", id=each.id) for each in engine.plan.changes] if built and built.run else []


def _print(
    one: "Act", stacks: Sequence[Mapping[str, Any]], code: int, began: float, turned: Sequence[Step] = ()
) -> None:
    document = {
        "schema": SCHEMA[one.wish.command],
        "stacks": list(stacks),
        "rotations": [turn_document(each) for each in turned],
        "calls": {"made": one.shop.calls.count()},
        "seconds": round(time.monotonic() - began, 3),
        "exit": code,
    }
    print(json.dumps(document, indent=2, ensure_ascii=False))
