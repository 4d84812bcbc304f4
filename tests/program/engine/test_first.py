"""Two first commands in one pretend world: one begins its ledger, and both work with it."""

import json
import subprocess
import sys
from pathlib import Path

from reconcile.sandbox.world import World

READY = """
import sys
from pathlib import Path
from reconcile.assemble import Workshop
from reconcile.settings import Settings

print("ready", flush=True)
for ready in sys.stdin:
    with Workshop(Settings(Path.cwd(), sandbox=Path(ready.strip()))) as shop:
        shop.ledger().choose_writer(f"stack-{sys.argv[1]}", "trueup")
        print(*sorted(shop.ledger().writers()), flush=True)
"""
WORLDS = 20
"""Both are let go at once in each; one pair alone may happen to come one after the other."""


def test_both_open_what_one_of_them_began(world: World, tmp_path: Path) -> None:
    told = json.loads((tmp_path / "ready.json").read_text())
    both = [
        subprocess.Popen(
            [sys.executable, "-c", READY, str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for number in range(2)
    ]
    for one in both:
        assert one.stdout is not None and one.stdout.readline() == "ready\n"
    for number in range(WORLDS):
        ready = tmp_path / f"ready-{number}.json"
        ready.write_text(json.dumps({**told, "ledger": str(tmp_path / f"worlds/{number}/world.db")}))
        for one in both:
            assert one.stdin is not None
            one.stdin.write(f"{ready}\n")
            one.stdin.flush()
        lines = [one.stdout.readline().split() for one in both if one.stdout is not None]
        assert ["stack-0", "stack-1"] in lines, (number, lines)
    for one in both:
        one.communicate()
        assert one.returncode == 0
    left = {path.name for path in (tmp_path / "worlds").rglob("*") if path.is_file()}
    assert left <= {"world.db", "world.db-wal", "world.db-shm"}
