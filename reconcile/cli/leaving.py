"""How a command ends: its code, and one clear error."""

import json
import sys

import typer

from ..model.errors import ReconcileError, SpecError
from ..model.exits import FAILED, INTERRUPTED
from .plain import harmless

MOST_PROBLEMS = 200
"""So many are told; a broken base may make a problem of every value in the tree."""


class Leave(Exception):
    """A command is done and leaves with a code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def leave_with(error: BaseException, *, as_json: bool) -> int:
    """Says what went wrong on stderr (and as a document on stdout for `--json`) and returns the exit code.

    An error outside the tree is a defect of ours: it keeps its traceback.
    """
    if isinstance(error, typer.Exit):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        print("interrupted; run the same command again, it resumes", file=sys.stderr)
        return INTERRUPTED
    if isinstance(error, ReconcileError):
        _tell(error, as_json)
        return error.exit_code
    if isinstance(error, BrokenPipeError):
        return FAILED
    show = getattr(error, "show", None)
    if callable(show):
        show()
        return FAILED
    raise error


def _tell(error: ReconcileError, as_json: bool) -> None:
    problems = error.problems if isinstance(error, SpecError) else ()
    if as_json:
        document = {
            "schema": "trueup.error/1",
            "error": type(error).__name__,
            "message": str(error),
            "advice": error.advice,
            "problems": [
                {"file": one.file, "line": one.line, "path": one.path, "message": one.message, "hint": one.hint}
                for one in problems[:MOST_PROBLEMS]
            ],
            "problem_count": len(problems),
            "exit": error.exit_code,
        }
        print(json.dumps(document, indent=2, ensure_ascii=False))
    for told in problems[:MOST_PROBLEMS] or (error,):
        print(f"error: {_lines(told)}", file=sys.stderr)
    if len(problems) > MOST_PROBLEMS:
        print(f"error: … and {len(problems) - MOST_PROBLEMS:,} more of {len(problems):,} problems", file=sys.stderr)
    print(f"  what to do: {_lines(error.advice)}", file=sys.stderr)


def _lines(told: object) -> str:
    """Harmless, with its own lines, set in: no line of a vendor's text can pass for one of ours."""
    return "\n    ".join(harmless(line) for line in str(told).split("\n"))
