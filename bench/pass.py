"""A pass with nothing to do (observe and plan) over several platforms: `make bench`, or `python bench/pass.py`.

Of all stacks of this repository, and of 3,000 mixed resources of five accounts on Cloudflare, Railway and Better
Stack. Every figure is a whole run in a child process; the sandbox runs in another, so the child's processor time is
ours alone. No peer: nothing else that plans Railway's services, variables and domains runs against a sandbox of ours
(octoDNS, for the part that is DNS, is measured by bench/dns.py). The table is printed and kept as a section of
bench/RESULTS.md.
"""

import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from mixed import Mix, write_mixed
from runs import HERE, Took, command_line, our_pass, record, say
from worlds import Sandbox, sandbox

from reconcile.assemble import Workshop
from reconcile.sandbox import client
from reconcile.settings import Settings

RUNS = 5
LATENCY_MS = 100
"""What a call to a platform takes from afar, about."""
LIMIT_SECONDS = 1.0
"""Of our own, for observing and planning 3,000 mixed resources."""
PHASE = "observe + plan"
PLATFORMS = ("cloudflare", "railway", "betterstack", "vercel", "r2")
MIXED = "3,000 mixed resources"


@dataclass(frozen=True)
class Row:
    """One task done one way, over several runs. `resources`: how many are declared."""

    task: str
    program: str
    resources: int
    runs: list[Took]

    def middle(self, pick: Callable[[Took], float | None]) -> str:
        found = [value for value in map(pick, self.runs) if value is not None]
        return f"{median(found):.2f}" if found else "–"

    def line(self) -> str:
        """Its line of the table."""
        timed = bool(self.runs[0].phases)
        calls = self.runs[-1].by_platform
        cells = (
            *(self.task, self.program, f"{self.resources:,}"),
            *(f"{min(run.wall for run in self.runs):.2f} / {self.middle(lambda run: run.wall)}",),
            self.middle(lambda run: run.of(PHASE)) if timed else "–",
            self.middle(lambda run: run.said["cpu"][PHASE]) if timed else "–",
            *(self.middle(lambda run: run.cpu), self.middle(lambda run: run.sandbox_cpu)),
            f"{median(run.peak_mib for run in self.runs):.0f}",
            *(str(calls.get(name, 0)) for name in PLATFORMS),
        )
        return f"| {' | '.join(cells)} |"


def copy_of_ours(root: Path) -> None:
    """This repository's own stacks."""
    shutil.copytree(HERE.parent / "stacks", root / "stacks")


def at_rest(root: Path, box: Sandbox) -> None:
    """The world filled, and what only a person can set, set; ends where a second pass finds something to do."""
    say("filling the world")
    our_pass(box, root, "apply")
    by_hand(root, box)
    # Railway makes a project's first environment with it: to the stack that declares it, it was there before.
    our_pass(box, root, "apply")
    found = our_pass(box, root, "plan").said
    if found["changes"] or found["gaps"]:
        raise SystemExit(f"the world is not at rest: {found}")


def by_hand(root: Path, box: Sandbox) -> None:
    """Sets every variable that is declared as `{exists: true}`."""
    with Workshop(Settings(root)) as shop:
        declared = [one for one in shop.tree.declared() if getattr(one.resource, "exists", False)]
    for number, one in enumerate(declared):
        resource: Any = one.resource
        place = getattr(resource, "instance", "") or resource.environment
        where: Mapping[str, str] = dict(zip(("project", "environment", "service"), place.split("/"), strict=False))
        kind = resource.kind.partition(".")[2]
        fields = {**where, "value": f"by-hand-{number:04}{resource.ending or ''}"}
        client.create(box.ready, "railway", kind, resource.name, account=one.account, fields=fields)


@contextmanager
def world(write: Callable[[Path], None]) -> Iterator[Path]:
    """A repository whose world stands in `world.json` beside it, at rest."""
    root = Path(tempfile.mkdtemp(prefix="trueup-bench-"))
    try:
        write(root)
        with sandbox(root, 0, state=root / "world.json") as box:
            at_rest(root, box)
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


def nothing_to_do(task: str, write: Callable[[Path], None]) -> list[Row]:
    """A world at rest, looked at again and again; then from afar."""
    say(task)
    rows = []
    with world(write) as root:
        for latency_ms in (0, LATENCY_MS):
            with sandbox(root, latency_ms, state=root / "world.json", fresh=False) as box:
                inside = [our_pass(box, root, "plan") for _ in range(RUNS)]
                outside = [command_line(box, root, "plan") for _ in range(RUNS)]
            found = [run.said["changes"] + run.said["gaps"] for run in inside] + [run.said["exit"] for run in outside]
            if any(found):
                raise SystemExit(f"{task}: there is something to do")
            count = inside[0].said["resources"]
            named = f"{task}, {latency_ms} ms"
            rows += [Row(named, "in process", count, inside), Row(named, "`trueup plan`", count, outside)]
    return rows


def report(rows: list[Row]) -> str:
    """The results as Markdown."""
    (mixed,) = [row for row in rows if row.task == f"{MIXED}, 0 ms" and row.program == "in process"]
    wall = median(run.of(PHASE) for run in mixed.runs)
    own = median(run.said["cpu"][PHASE] for run in mixed.runs)
    lines = [
        "# Results of bench/pass.py",
        "",
        f"{time.strftime('%Y-%m-%d', time.gmtime())}, Python {platform.python_version()}, {os.cpu_count()} cores, "
        f"{platform.processor() or platform.machine()}, {platform.system()}; trueup {version('trueup')}; "
        f"{Settings(HERE).parallelism} calls at once; {RUNS} runs each; "
        f"load average at the end {os.getloadavg()[0]:.1f}.",
        "",
        "Observe and plan where nothing is to do; nothing is written. *Whole* is the process from its start to its",
        "end (min / median), the other seconds are medians: *observe + plan* is a part of it, *own* the processor time",
        "that this process spent in that part, *CPU* what it spent in all, *sandbox* what the sandbox spent meanwhile,",
        "on the same cores. Calls are those that the sandbox counted in one pass, by platform. There is no peer here:",
        "nothing else that plans Railway runs against the sandbox. For the part that is DNS, octoDNS is measured by",
        "bench/dns.py.",
        "",
        "| task | program | resources | whole, s | observe + plan | own | CPU | sandbox | peak, MiB "
        f"| {' | '.join(PLATFORMS)} |",
        f"|---|---|{'--:|' * (7 + len(PLATFORMS))}",
        *(row.line() for row in rows),
        "",
        "| target (median) | limit | got | |",
        "|---|--:|--:|---|",
        *(
            f"| 3,000 mixed resources, nothing to do: observe + plan, {what} | < {LIMIT_SECONDS:g} s | {got:.2f} s "
            f"| {'met' if got < LIMIT_SECONDS else 'NOT met'} |"
            for what, got in (("our own processor time", own), ("whole, the sandbox's time in it", wall))
        ),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    mix = Mix()
    assert mix.total == 3_000
    rows = [
        *nothing_to_do("all stacks of this repository", copy_of_ours),
        *nothing_to_do(MIXED, lambda root: write_mixed(root, mix)),
    ]
    text = report(rows)
    print(text)
    record(text)


if __name__ == "__main__":
    main()
