"""One pass of ours in this process, its phases timed: `ours.py ROOT READY_FILE plan|apply SPAWNED_AT`, JSON out.

SPAWNED_AT is the parent's `time.time()` when it started this process, so that the interpreter and imports count.
"""

import json
import sys
import time
from pathlib import Path

from reconcile.assemble import Workshop
from reconcile.loop import Consent
from reconcile.model.verdict import Judged
from reconcile.settings import Settings


def main(root: str, ready_file: str, command: str, spawned_at: str) -> None:
    phases = {"start": time.time() - float(spawned_at)}
    last = time.perf_counter()

    def done(phase: str) -> None:
        nonlocal last
        now = time.perf_counter()
        phases[phase], last = now - last, now

    with Workshop(Settings(Path(root), sandbox=Path(ready_file))) as shop:
        names = tuple(shop.tree.stacks)
        done("load")
        reconciler = shop.reconciler()
        done("open")
        if command == "plan":
            judged = reconciler.plan(names)
            done("observe + plan")
            result = {"changes": len(judged.plan.changes), "gaps": len(judged.plan.gaps), "exit": 0}
        else:

            def ask(judged: Judged) -> Consent:
                done("observe + plan")
                return Consent(approve=True)

            run = reconciler.apply(names, command="bench", ask=ask)
            done("apply")
            assert run is not None
            result = {"changes": len(run.outcomes), "gaps": len(run.judged.plan.gaps), "exit": run.exit_code()}
    print(json.dumps({"phases": phases, **result}))


if __name__ == "__main__":
    main(*sys.argv[1:])
