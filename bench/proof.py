"""The table of what the proof of rotation came to, from the results that its runs left: `bench/proof.py FOLDER PAGE`.

`make proof` makes the runs (with $TRUEUP_PROOF as FOLDER) and calls this after them.
"""

import json
import platform
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HEAD = """# Proof of rotation: runs and violations

Printed by `bench/proof.py` from the runs of `make proof`; nothing here is typed by hand. Python {python}.

Every run is one rotation of one secret, by the product's own machine, in a world of plain Python that the machine
sees only through its ports. At every call and every transaction there is a numbered moment before and one after; there
a process can die, a request or its answer be lost, a call be refused, come late, be half done, or show old data. After
**each** effect the invariants I1 to I11 are checked against the world itself, and the end must be a good one within a
bounded number of turns: what goes on for ever is a violation too.
"""

MEANING = """
## What the rows mean

- **one fault at each point**: every kind of fault that leads to a state of its own, at every moment. *Of every kind*
  adds those that lead to a state another one leads to, and more circumstances: variables that nobody can read, secrets
  of two parts, a first value, an issuer that is full, emergencies, values that people bring.
- **two faults, all pairs**: after each first fault, each second one at every later moment.
- **foreign**: deploys and edits of people at every moment or before every turn, old values restored, deploys rolled
  back, consumers that come and go, leaks.
- **a runner frozen**: it stops at a moment, another one takes over for 3, 12 or all turns, the first one wakes.
- **on a ledger file**: the same machine with the real ledger under it, every transaction on disk.

## How to see one again

A run is named by its case and its faults, by the number of the moment: the name that a violation is printed with.

    python -m tests.rotation.machine.replay overlap healthy 113:crash 207:lost reply

tells it step by step: every moment, every effect, every line of the books, and what was broken. `frozen at 92 for 12`
after the case does the same for a frozen runner.

`tests/rotation/machine` has the world (`world.py`), the invariants (`invariants.py`) and the kinds of faults
(`points.py`).
"""


@dataclass
class Row:
    """One suite over all its cases."""

    cases: set[str] = field(default_factory=set)
    runs: int = 0
    broken: int = 0
    seconds: float = 0.0


def read(folder: Path) -> list[dict[str, Any]]:
    """What each part of a suite left behind."""
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]


def table(facts: list[dict[str, Any]]) -> list[str]:
    rows: dict[str, Row] = defaultdict(Row)
    for fact in facts:
        row = rows[fact["suite"]]
        row.cases.add(fact["case"])
        row.runs += fact["runs"]
        row.broken += len(fact["broken"])
        row.seconds += fact["seconds"]
    lines = ["| what | cases | runs | violations | seconds, all processes |", "|---|--:|--:|--:|--:|"]
    lines += [
        f"| {name} | {len(row.cases)} | {row.runs:,} | {row.broken} | {row.seconds:,.0f} |"
        for name, row in sorted(rows.items())
    ]
    total = [sum(getattr(row, name) for row in rows.values()) for name in ("runs", "broken", "seconds")]
    return [*lines, f"| **all** | | **{total[0]:,}** | **{total[1]}** | {total[2]:,.0f} |"]


def by_case(facts: list[dict[str, Any]], suite: str) -> list[str]:
    runs: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for fact in facts:
        if fact["suite"] == suite:
            runs[fact["case"]][0] += fact["runs"]
            runs[fact["case"]][1] += len(fact["broken"])
    lines = [f"| {suite}: case | runs | violations |", "|---|--:|--:|"]
    return [*lines, *(f"| {case} | {made:,} | {broken} |" for case, (made, broken) in sorted(runs.items()))]


def seeded(facts: list[dict[str, Any]]) -> list[str]:
    lines = ["| seeded bug | found by |", "|---|---|"]
    return [*lines, *(f"| {fact['case']} | `{fact['part']}.py` |" for fact in facts)]


def broken(facts: list[dict[str, Any]]) -> list[str]:
    found = [(name, texts) for fact in facts for name, texts in fact["broken"].items()]
    return [f"- `{name}`: {'; '.join(texts)[:300]}" for name, texts in found[:100]]


def page(facts: list[dict[str, Any]]) -> str:
    bugs = [one for one in facts if one["suite"] == "seeded bugs"]
    runs = [one for one in facts if one["suite"] != "seeded bugs"]
    parts = [HEAD.format(python=platform.python_version()), *table(runs)]
    pairs = "two faults, all pairs"
    if any(one["suite"] == pairs for one in runs):
        parts += ["", *by_case(runs, pairs)]
    if bugs:
        parts += [
            "",
            "## Is the net tight?",
            "",
            f"{len(bugs)} bugs put in on purpose; each was found.",
            "",
            *seeded(bugs),
        ]
    found = broken(runs)
    if found:
        parts += ["", "## Violations", "", *found]
    return "\n".join([*parts, MEANING])


def main() -> int:
    folder, target = Path(sys.argv[1]), Path(sys.argv[2])
    facts = read(folder)
    if not facts:
        print(f"{folder}: no results; run `make proof`", file=sys.stderr)
        return 1
    target.write_text(page(facts))
    print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
