"""Looking for drift: `trueup drift` beside `pulumi preview --refresh`. `make bench`, or `python bench/drift.py`.

Of bilko-production, and of 500 Railway resources in one stack, both built by Pulumi through our provider, on one
sandbox; the two take turns. Every figure is a whole command from its start to its end, with the calls that the sandbox
counted. The engine asks through our own provider, which reads a listing once: with a call a resource it would ask 500
times. Cloudflare goes through the sandbox's stand-in, which is not the vendor's plugin. Without a Pulumi CLI nothing
is measured, and it says so.
"""

import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

import yaml
from runs import HERE, Took, command_line, record, run, say
from worlds import Sandbox, sandbox

from reconcile.assemble import Workshop
from reconcile.cli.pulumi.writers import project_of
from reconcile.program.engine.find import find, version_of
from reconcile.settings import Settings

RUNS = 3
TIMES = 10
"""How many times faster than the engine we want to be."""
SERVICES = 50
"""Each with nine variables: 500 resources with the services' instances, less what they stand in."""
PROJECT = """project: bench
ledger: {id: 0a1b2c3d, home: .trueup/ledger.db}
accounts:
  acme:
    railway: {id: fef65949-87cf-45fa-a2db-f9616722e802, credentials: {token: ACME_RAILWAY_TOKEN}, tier: pro}
"""


@dataclass(frozen=True)
class Row:
    """One task done one way, over several runs."""

    task: str
    program: str
    resources: int
    runs: list[Took]

    @property
    def middle(self) -> float:
        return median(one.wall for one in self.runs)

    def line(self) -> str:
        """Its line of the table."""
        cells = (
            *(self.task, self.program, f"{self.resources:,}"),
            *(f"{min(one.wall for one in self.runs):.2f}", f"{self.middle:.2f}"),
            f"{median(one.cpu for one in self.runs):.2f}",
            f"{median(one.peak_mib for one in self.runs):.0f}",
            str(self.runs[-1].calls),
        )
        return f"| {' | '.join(cells)} |"


def runbooks(root: Path) -> None:
    """This repository's own stacks and program."""
    shutil.copytree(HERE.parent / "stacks", root / "stacks")


def railway(root: Path) -> None:
    """One stack of services with variables."""
    (root / "stacks").mkdir()
    (root / "stacks" / "_project.yaml").write_text(PROJECT)
    names = [f"s{number}" for number in range(SERVICES)]
    variables = {f"SETTING_{number}": f"value-{number}" for number in range(9)}
    held = {
        "project": {"shop": {"name": "shop"}},
        "environment": {"live": {"project": "shop"}},
        "service": {name: {"project": "shop"} for name in names},
        "instance": {
            name: {
                "service": name,
                "environment": "live",
                "source": {"image": f"example/{name}:1"},
                "variables": variables,
            }
            for name in names
        },
    }
    text = yaml.safe_dump({"account": "acme", "writer": "pulumi", "railway": held})
    (root / "stacks" / "shop.yaml").write_text(text)


@contextmanager
def built(write: Callable[[Path], None], *stacks: str) -> Iterator[tuple[Path, Sandbox]]:
    """A repository whose stacks Pulumi built, in a running world."""
    root = Path(tempfile.mkdtemp(prefix="trueup-bench-"))
    try:
        write(root)
        for name in ("Pulumi.yaml", "__main__.py"):
            shutil.copy2(HERE.parent / name, root / name)
        with sandbox(root, 0) as box:
            for stack in stacks:
                say(f"building {stack}")
                words = ["up", "--stack", stack, "--writer", "pulumi", "--yes", "--dir", str(root)]
                took = run(box, ["-m", "reconcile", *words], phases=False)
                # 16: what only a person can set is not set.
                if took.said["exit"] not in (0, 16):
                    raise SystemExit(f"{stack} was not built: {took.said['exit']}")
            yield root, box
    finally:
        shutil.rmtree(root, ignore_errors=True)


def engine_run(box: Sandbox, root: Path, stack: str) -> Took:
    """The engine's own check, as CI would run it."""
    with Workshop(Settings(root, sandbox=box.ready_file)) as shop:
        project = project_of(shop)
    found = find()
    assert found is not None
    os.environ.update(project.environment)
    words = ["preview", "--refresh", "--expect-no-changes", "--non-interactive", "--stack", stack]
    return run(box, [str(HERE / "other.py"), str(found.path), "-C", str(project.folder), *words], phases=False)


def compared(task: str, write: Callable[[Path], None], *stacks: str) -> list[Row]:
    """Both, in turns, on the last of the stacks."""
    say(task)
    ours: list[Took] = []
    theirs: list[Took] = []
    stack = stacks[-1]
    with built(write, *stacks) as (root, box):
        with Workshop(Settings(root)) as shop:
            count = len(shop.tree.stacks[stack].declared)
        for _ in range(RUNS):
            ours.append(command_line(box, root, "drift", stack))
            theirs.append(engine_run(box, root, stack))
    if {one.said["exit"] for one in ours} - {0, 16} or {one.said["exit"] for one in theirs} - {0}:
        raise SystemExit(f"{task}: something drifted, or failed")
    return [
        Row(task, "`trueup drift`", count, ours),
        Row(task, "`pulumi preview --refresh`", count, theirs),
    ]


def report(rows: list[Row], engine: str) -> str:
    """The results as Markdown."""
    lines = [
        "# Results of bench/drift.py",
        "",
        f"{time.strftime('%Y-%m-%d', time.gmtime())}, Python {platform.python_version()}, {os.cpu_count()} cores, "
        f"{platform.processor() or platform.machine()}, {platform.system()}; trueup {version('trueup')}, Pulumi CLI "
        f"{engine}, pulumi {version('pulumi')}; {RUNS} runs each, in turns; "
        f"load average at the end {os.getloadavg()[0]:.1f}.",
        "",
        "Is what Pulumi built still as it was? Nothing drifted, nothing is written. Whole commands, seconds from",
        "start to end; calls are those that the sandbox counted in one run. The engine asks our provider and, for DNS,",
        "the sandbox's stand-in, which is not the vendor's plugin; both read a listing once for all resources.",
        "",
        "| task | program | resources | min, s | median, s | CPU, s | peak, MiB | calls |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
        *(row.line() for row in rows),
        "",
        "| goal | wanted | got | |",
        "|---|--:|--:|---|",
    ]
    for ours, theirs in zip(rows[::2], rows[1::2], strict=True):
        times = theirs.middle / ours.middle
        met = "met" if times >= TIMES else "NOT met"
        lines.append(f"| {ours.task}: faster than the engine | {TIMES} × | {times:.1f} × | {met} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    found = find()
    if found is None:
        print("bench/drift.py: not run: no Pulumi CLI is found", file=sys.stderr)
        return
    rows = [
        *compared("bilko-production", runbooks, "bilko", "bilko-production"),
        *compared("500 resources", railway, "shop"),
    ]
    text = report(rows, version_of(found))
    print(text)
    record(text)


if __name__ == "__main__":
    main()
