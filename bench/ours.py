"""One pass of ours in this process, its phases timed: `ours.py ROOT READY_FILE plan|apply SPAWNED_AT`, JSON out.

SPAWNED_AT is the parent's `time.time()` when it started this process, so that the interpreter and imports count.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from reconcile.assemble import Workshop
from reconcile.loop import Consent
from reconcile.model.verdict import Judged
from reconcile.settings import Settings


def main(root: str, ready_file: str, command: str, spawned_at: str) -> None:
    phases = {"start": time.time() - float(spawned_at)}
    cpu = {"start": time.process_time()}
    last, worked = time.perf_counter(), time.process_time()

    def done(phase: str) -> None:
        nonlocal last, worked
        now, work = time.perf_counter(), time.process_time()
        phases[phase], last = now - last, now
        cpu[phase], worked = work - worked, work

    with Workshop(Settings(Path(root), sandbox=Path(ready_file))) as shop:
        names = tuple(shop.tree.stacks)
        done("load")
        reconciler = shop.reconciler()
        done("open")
        if command == "plan":
            judged = reconciler.plan(names)
            done("observe + plan")
            plan = judged.plan
            result: dict[str, Any] = {
                "changes": len(plan.changes) + len(plan.adopt),
                "gaps": len(plan.gaps),
                "resources": sum(len(stack.declared) for stack in shop.tree.stacks.values()),
                "exit": 0,
            }
        else:

            def ask(judged: Judged) -> Consent:
                done("observe + plan")
                return Consent(approve=True)

            run = reconciler.apply(names, command="bench", ask=ask)
            done("apply")
            assert run is not None
            result = {"changes": len(run.outcomes), "gaps": len(run.judged.plan.gaps), "exit": run.exit_code()}
    print(json.dumps({"phases": phases, "cpu": cpu, **result}))


if __name__ == "__main__":
    main(*sys.argv[1:])
