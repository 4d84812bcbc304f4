"""Trueup and octoDNS against the same sandbox, measured in one run: `make bench`, or `python bench/dns.py [--quick]`.

Every figure is a whole run in a child process on a sandbox that runs in another (its vendor's side costs the same for
both): seconds of the process, peak memory of the child (rusage), API calls counted by the sandbox, and the phases
inside. Each is done three times, slow ones of octoDNS once with --quick; min and median are shown. Ours writes and
proves its ledger in every run. Targets are printed beside the results; a missed one fails nothing. The table is
printed and kept as a section of bench/RESULTS.md.
"""

import argparse
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

from runs import Took, command_line, our_pass, record, run, say
from worlds import STACK, Sandbox, Shape, sandbox, write_octodns, write_ours

from reconcile.settings import Settings

HERE = Path(__file__).resolve().parent
PHASES = ("start", "load", "open", "observe + plan", "apply")


@dataclass(frozen=True)
class Row:
    """One program on one task, over several runs. `note` says what was seen of the result."""

    task: str
    program: str
    runs: list[Took]
    note: str = ""

    def seconds(self, pick: Callable[[Took], float]) -> str:
        found = [pick(run) for run in self.runs]
        return f"{min(found):.2f} / {median(found):.2f}"


@dataclass(frozen=True)
class Target:
    """What we want to be under, and what came."""

    what: str
    limit: float
    unit: str
    got: float

    def line(self) -> str:
        met = "met" if self.got < self.limit else "NOT met"
        return f"| {self.what} | < {self.limit:g} {self.unit} | {self.got:.2f} {self.unit} | {met} |"


def _octodns(box: Sandbox, config: Path) -> Took:
    return run(box, [str(HERE / "theirs.py"), str(config)], phases=True)


@contextmanager
def _world(shape: Shape, latency_ms: int) -> Iterator[tuple[Path, Sandbox]]:
    root = Path(tempfile.mkdtemp(prefix="trueup-bench-"))
    try:
        write_ours(root, shape)
        with sandbox(root, latency_ms) as box:
            yield root, box
    finally:
        shutil.rmtree(root, ignore_errors=True)


def creates(task: str, shape: Shape, latency_ms: int, runs: int, workers: dict[int, int]) -> list[Row]:
    """An empty world filled. `workers`: for each number of octoDNS workers, how many runs."""

    def fill(work: Callable[[Path, Sandbox], Took]) -> Took:
        with _world(shape, latency_ms) as (root, box):
            took = work(root, box)
            if box.present() != (shape.total, 0):
                raise SystemExit(f"{task}: {box.present()} records and doubles, {shape.total} were asked for")
            return took

    rows = []
    for program, work in (
        ("trueup", lambda root, box: our_pass(box, root, "apply")),
        ("trueup, command line", lambda root, box: command_line(box, root, "apply", STACK)),
    ):
        say(f"{task}: {program}")
        rows.append(Row(task, program, [fill(work) for _ in range(runs)]))
    for count, times in workers.items():
        program = "octoDNS" if count == 1 else f"octoDNS, {count} workers"
        say(f"{task}: {program}, {times} times")

        def sync(root: Path, box: Sandbox, count: int = count) -> Took:
            return _octodns(box, write_octodns(root, shape, box.ready, workers=count, marks=False))

        rows.append(Row(task, program, [fill(sync) for _ in range(times)]))
    return rows


def nothing_to_do(task: str, shape: Shape, runs: int) -> list[Row]:
    """A world that holds everything already, looked at again."""
    with _world(shape, 0) as (root, box):
        say(f"{task}: filling the world")
        if our_pass(box, root, "apply").said["exit"] != 0:
            raise SystemExit(f"{task}: the world could not be filled")
        say(f"{task}: trueup")
        ours = Row(task, "trueup", [our_pass(box, root, "plan") for _ in range(runs)])
        line = Row(task, "trueup, command line", [command_line(box, root, "plan", STACK) for _ in range(runs)])
        say(f"{task}: octoDNS")
        config = write_octodns(root, shape, box.ready, workers=1, marks=True)
        theirs = Row(task, "octoDNS", [_octodns(box, config) for _ in range(runs)])
    for row in (ours, theirs):
        if any(run.said["changes"] for run in row.runs):
            raise SystemExit(f"{task}: {row.program} finds something to do")
    return [ours, line, theirs]


def broken(task: str, shape: Shape, when: str, runs: int) -> list[Row]:
    """An empty world filled while one call fails with 500, before or after its effect."""

    def fill(work: Callable[[Path, Sandbox], Took]) -> tuple[Took, str]:
        with _world(shape, 0) as (root, box):
            box.fault(f"500 {when} POST /zones/*/dns_records** times=1")
            took = work(root, box)
            first, doubles = box.present()
            if first == shape.total and not doubles and took.said["exit"] == 0:
                return took, "converged in the same run"
            again = work(root, box)
            second, doubles = box.present()
            return took, (
                f"{first} of {shape.total} after the run ({took.said.get('error') or took.said['exit']}); "
                f"a second run: {second}, {doubles} double, exit {again.said['exit']}"
            )

    rows = []
    for program, work in (
        ("trueup", lambda root, box: our_pass(box, root, "apply")),
        (
            "octoDNS",
            lambda root, box: _octodns(box, write_octodns(root, shape, box.ready, workers=1, marks=False)),
        ),
    ):
        say(f"{task}: {program}")
        found = [fill(work) for _ in range(runs)]
        rows.append(Row(task, program, [took for took, _ in found], "; ".join(sorted({note for _, note in found}))))
    return rows


def targets(rows: list[Row]) -> list[Target]:
    """DESIGN §7: in process from the first call to the proof, ledger included, against the median."""

    def ours(task: str, pick: Callable[[Took], float]) -> float:
        (row,) = [row for row in rows if row.program == "trueup" and row.task.startswith(task)]
        return median(pick(run) for run in row.runs)

    def acting(run: Took) -> float:
        return run.of("open", "observe + plan", "apply")

    return [
        Target("1,000 creates in one zone at 20 ms, free plan", 0.5, "s", ours("1,000 creates, free", acting)),
        Target("1,000 creates in one zone at 20 ms, paid plan", 0.5, "s", ours("1,000 creates, paid", acting)),
        Target("4,000 creates over 200 zones at 20 ms", 2.0, "s", ours("200 zones", acting)),
        Target(
            "10,000 records, nothing to do: observe + plan", 1.0, "s", ours("10,000", lambda run: run.of(PHASES[3]))
        ),
        Target("10,000 records, nothing to do: peak memory", 200, "MiB", ours("10,000", lambda run: run.peak_mib)),
    ]


def report(rows: list[Row], quick: bool) -> str:
    """The results as Markdown."""
    names = ("trueup", "octodns", "octodns-cloudflare")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    cores = os.cpu_count()
    lines = [
        "# Results of bench/dns.py",
        "",
        f"{time.strftime('%Y-%m-%d', time.gmtime())}, Python {platform.python_version()}, {cores} cores, "
        f"{platform.processor() or platform.machine()}, {platform.system()}; {versions}"
        f"; {Settings(HERE).parallelism} calls at once{'; --quick' if quick else ''}.",
        "",
        "Seconds are min / median. *Whole* is the process from its start to its end; the phases are parts of it (with",
        "several workers of octoDNS they overlap). Calls are those that the sandbox counted. It runs beside them on",
        "the same cores, so its work is in every figure.",
        "",
        "| task | program | runs | whole, s | start | load YAML | observe + plan | apply | calls | peak, MiB | seen |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|---|",
    ]
    for row in rows:
        shown = [
            row.seconds(lambda run, name=name: run.of(name)) if row.runs[0].phases else "–"  # type: ignore[misc]
            for name in ("start", "load", "observe + plan", "apply")
        ]
        calls = f"{median(run.calls for run in row.runs):g}"
        peak = f"{median(run.peak_mib for run in row.runs):.0f}"
        cells = (row.task, row.program, str(len(row.runs)), row.seconds(lambda run: run.wall), *shown, calls, peak)
        lines.append(f"| {' | '.join(cells)} | {row.note} |")
    lines += [
        "",
        "| target (median; ours, in process, ledger and proof included) | limit | got | |",
        "|---|--:|--:|---|",
    ]
    lines += [target.line() for target in targets(rows)]
    return "\n".join(lines) + "\n"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--quick", action="store_true", help="octoDNS' slow tasks once")
    quick = asked.parse_args().quick
    runs, slow = 3, 1 if quick else 3
    one, paid = Shape(1, 1_000), Shape(1, 1_000, "pro")
    rows = [
        *creates("1,000 creates, free plan, 20 ms", one, 20, runs, {1: slow}),
        *creates("1,000 creates, paid plan, 20 ms", paid, 20, runs, {}),
        *creates("200 zones × 20 creates, 20 ms", Shape(200, 20), 20, runs, {1: slow, 16: slow}),
        *nothing_to_do("10,000 records, nothing to do, 0 ms", Shape(1, 10_000), runs),
        *broken("400 creates, one 500 before its effect", Shape(1, 400), "before", runs),
        *broken("400 creates, one 500 after its effect", Shape(1, 400), "after", runs),
    ]
    text = report(rows, quick)
    print(text)
    record(text)


if __name__ == "__main__":
    main()
