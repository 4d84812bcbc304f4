"""What an import did, for people and for programs."""

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from .leaving import Leave

if TYPE_CHECKING:
    from ..model.change import Change, Plan
    from ..model.observation import Gap
    from ..steps.draft import File

SCHEMA = "trueup.import/1"
_SHOWN = 20


@dataclass(frozen=True)
class Imported:
    """The files, where they were written (nowhere: printed), and the plan of them; None where nothing was found.

    `remarks` stand in the first file too; `findings` are what a person may want to do besides.
    """

    account: str
    files: "Sequence[File]"
    paths: Sequence[Path]
    plan: "Plan | None"
    remarks: Sequence[str]
    findings: Sequence[str]
    gaps: "Sequence[Gap]"
    printed: bool = False
    """Whether the files went to stdout."""

    @property
    def written(self) -> Mapping[str, int]:
        total: Counter[str] = Counter()
        for one in self.files:
            total.update(one.drafted.written)
        return total

    @property
    def left_out(self) -> list[str]:
        return [line for one in self.files for line in one.drafted.left_out]

    @property
    def changes(self) -> "Sequence[Change]":
        return self.plan.changes if self.plan is not None else ()


def tell(done: Imported, root: Path, calls: int, *, as_json: bool) -> NoReturn:
    """Says what was done, and leaves: 1 where the plan is not empty, 17 where something could not be read."""
    from ..model.exits import FAILED, NOTHING, strictest

    code = strictest([FAILED if done.changes else NOTHING, *(gap.exit_code for gap in done.gaps)])
    if as_json:
        print(json.dumps(_document(done, calls, code), indent=2, ensure_ascii=False))
    else:
        _say(done, [_shown(path, root) for path in done.paths])
    raise Leave(code)


def _document(done: Imported, calls: int, code: int) -> dict[str, Any]:
    paths = [str(path) for path in done.paths]
    return {
        "schema": SCHEMA,
        "account": done.account,
        "file": paths[0] if paths else None,
        "files": paths,
        "written": dict(done.written),
        "left_out": done.left_out,
        "remarks": list(done.remarks),
        "findings": list(done.findings),
        "plan": {
            "changes": [{"address": str(one.address), "verb": one.verb} for one in done.changes],
            "adopt": len(done.plan.adopt) if done.plan is not None else 0,
        },
        "calls": {"made": calls},
        "exit": code,
    }


def _shown(path: Path, root: Path) -> Path:
    """A path as a person in the repository would type it."""
    return path.relative_to(root) if path.is_relative_to(root) else path


def _say(done: Imported, paths: Sequence[Path]) -> None:
    stream = sys.stderr if done.printed else sys.stdout
    for line in _first([*(f"left out: {one}" for one in done.left_out), *done.remarks]):
        print(line, file=sys.stderr)
    for line in _first(list(done.findings)):
        print(f"to know: {line}", file=sys.stderr)
    if done.plan is None and not done.written:
        if done.gaps:
            print("nothing was imported: what lives there could not be read whole", file=sys.stderr)
        else:
            print("nothing to import: nothing lives there that no stack declares", file=stream)
        return
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(done.written.items()))
    wrote = f"wrote {', '.join(map(str, paths))}" if paths else "drafted"
    print(f"{wrote}: {counts}", file=stream)
    if done.plan is None:
        print("it loads; what lives was not asked: `trueup plan` compares", file=stream)
        return
    if not done.changes:
        print(f"plan: empty, {len(done.plan.adopt)} to adopt", file=stream)
        if paths:
            print(f"next: `trueup adopt {' '.join(f'--stack {one.stem}' for one in paths)}`", file=stream)
        return
    print(f"error: the plan is not empty, {len(done.changes)} differ:", file=sys.stderr)
    for line in _first([f"  {_difference(one)}" for one in done.changes]):
        print(line, file=sys.stderr)


def _difference(change: "Change") -> str:
    if change.verb == "create":
        title = change.after.title() if change.after is not None else ""
        return f"{change.address}: does not live ({title})"
    fields = ", ".join(
        f"{one.name} (hidden)" if one.hidden else f"{one.name} {one.before!r}, not {one.after!r}"
        for one in change.fields
    )
    return f"{change.address}: lives with {fields}"


def _first(lines: list[str]) -> list[str]:
    more = len(lines) - _SHOWN
    return lines if more <= 0 else [*lines[:_SHOWN], f"  … {more} more"]
