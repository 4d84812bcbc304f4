"""The demo's figures are those of its run: a stack with one more zone changes them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from .conftest import Command, Repository

ROOT = Path(__file__).parents[2]

EXTRA = """
account: acme
cloudflare:
  zone: {side: {name: side.example}}
  records:
    side:
      apex: {name: "@", type: A, content: 192.0.2.60}
      www: {type: CNAME, content: side.example}
      mail: {name: "@", type: MX, content: mx.example.net, priority: 10}
      spf: {name: "@", type: TXT, content: "v=spf1 -all"}
"""


def _demo(repository: Repository, *words: str) -> str:
    command = [sys.executable, "-m", "reconcile", "demo", "--dir", str(repository.root), *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def _totals(told: dict[str, Any]) -> dict[str, int]:
    return {
        name: sum(row[name] for row in told["systems"].values()) for name in ("made_by_hand", "taken_over", "edits")
    }


def test_the_figures_follow_a_zone_that_is_added(repository: Repository) -> None:
    before = json.loads(_demo(repository, "--json"))
    repository.write("stacks/side.yaml", EXTRA)
    after = json.loads(_demo(repository, "--json"))
    assert before["ended_well"]
    assert after["ended_well"]
    assert _totals(before) == {"made_by_hand": 3, "taken_over": 3, "edits": 2}
    assert after["systems"]["web"] == before["systems"]["web"]
    assert after["systems"]["side"] == {
        "made_by_hand": 4,
        "taken_over": 4,
        "foreign": 1,
        "edits": 3,
        "drift": 3,
        "put_back": 3,
    }
    calls = [[act["calls"] for act in told["acts"]] for told in (before, after)]
    # One listing more in every act; the healing act writes one batch more and looks at the zone once more.
    assert [more - less for less, more in zip(*calls, strict=True)] == [1, 1, 1, 1, 3, 1, 1]
    assert after["writes"] == before["writes"] + 1


def test_the_screen_shows_the_figures_of_the_run(repository: Repository) -> None:
    repository.write("stacks/side.yaml", EXTRA)
    shown = _demo(repository)
    assert "The DNS of 2 systems" in shown
    assert "7 taken over, 5 of 5 hand edits found, 5 put back" in shown
    assert "2 unmanaged left alone" in shown
    assert shown.index("All is as declared.") > shown.index("API calls")


def test_where_nothing_is_declared_there_is_no_story(repository: Repository, trueup: Command) -> None:
    repository.write("stacks/web.yaml", "account: acme\n")
    told = trueup("demo")
    assert told.code == 1
    assert told.err.startswith("error: no stack here declares a DNS record")
