"""What apply, up and destroy do once their options are read: plan, ask, act, report."""

import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from ..loop import Choice, Consent
from ..model import exits
from ..model.errors import ReconcileError
from .documents import plan_document, turn_document
from .leaving import Leave
from .plan_view import counted, show_outcomes, show_plan, show_turns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ..assemble import Workshop
    from ..loop import Run
    from ..model.change import Outcome
    from ..model.verdict import Judged
    from ..steps.plan import Mode
    from .screen import Spinner


@dataclass(frozen=True)
class Wish:
    """How somebody wants it done."""

    command: str
    mode: "Mode" = "spec"
    choice: Choice = field(default_factory=Choice)
    digest: str = ""
    approve: bool = False
    yes: bool = False
    confirm_destructive: bool = False
    writer: str | None = None
    """Who is to write, where that is open: in a pretend world."""
    lock_timeout: float = 0.0
    as_json: bool = False
    concise: bool = False
    no_color: bool = False

    @property
    def consent(self) -> Consent:
        return Consent(self.digest, self.approve, self.confirm_destructive)


@dataclass
class Act:
    """One command under way."""

    shop: "Workshop"
    wish: Wish
    screen: "Console"
    progress: "Spinner"
    seen: "list[Judged]" = field(default_factory=list)
    told: "list[Outcome]" = field(default_factory=list)

    def ask(self, judged: "Judged") -> Consent | None:
        """Shows a plan and asks for it; None where nobody agreed."""
        self.seen.append(judged)
        with self.progress.paused():
            if not self.wish.as_json:
                show_plan(self.screen, judged, concise=self.wish.concise)
            agreed = self.wish.yes or not judged.plan.changes or agrees(self.wish.command)
        return self.wish.consent if agreed else None

    def tell(self, outcome: "Outcome") -> None:
        self.told.append(outcome)
        self.progress.count(self.wish.command, len(self.told), len(self.seen[0].plan.changes) if self.seen else 0)


def report(
    run: "Run | None", judged: "Judged", shop: "Workshop", seconds: float, screen: "Console", *, as_json: bool
) -> NoReturn:
    """What became of it, and the exit code. `run` None: nobody agreed."""
    code = run.exit_code() if run is not None else exits.APPROVAL
    outcomes: Sequence[Outcome] = run.outcomes if run is not None else ()
    if run is None:
        disagreed()
    if as_json:
        document = plan_document(
            judged, calls_made=shop.calls.count(), seconds=seconds, exit_code=code, outcomes=outcomes
        )
        document["rotations"] = [turn_document(one) for one in run.turns] if run is not None else []
        print(json.dumps(document, indent=2, ensure_ascii=False))
    elif outcomes or (run is not None and run.turns):
        show_outcomes(screen, outcomes)
        show_turns(screen, run.turns if run is not None else ())
        closing_line(screen, shop, seconds)
    raise Leave(code)


def disagreed() -> None:
    print("nothing was changed: nobody agreed (give --yes where there is no terminal)", file=sys.stderr)


def agrees(command: str) -> bool:
    if not sys.stdin.isatty():
        return False
    answer = input(f"{command.capitalize()} these changes? Only 'yes' is accepted: ")
    return answer.strip() == "yes"


def refuse_dirty(shop: "Workshop", allowed: bool) -> None:
    """Raises ReconcileError where live accounts would be changed by what nobody could review."""
    if not allowed and shop.world is None and shop.tree.dirty:
        raise ReconcileError(
            "the stack files are not committed, so nobody could review them",
            advice="commit them, or give --allow-dirty; a sandbox world needs neither",
        )


def closing_line(screen: "Console", shop: "Workshop", seconds: float) -> None:
    screen.print(f"[dim]{counted(shop.calls.count(), 'API call')}, {seconds:.2f} s[/]")
