"""`trueup drift --program` as a process, against a served world."""

import json
import os
import subprocess
import sys
from pathlib import Path

from reconcile.sandbox.serve import serve

from .conftest import Theirs

SOURCE = Path(__file__).parents[3]


def _trueup(theirs: Theirs, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "TRUEUP_SANDBOX": str(theirs.shop.root / "ready.json")}
    order = [sys.executable, "-m", "reconcile", "drift", "-C", str(theirs.shop.root), *arguments]
    return subprocess.run(order, capture_output=True, text=True, cwd=SOURCE, env=environment)


def test_the_command_tells_one_document_and_begins_no_ledger(theirs: Theirs) -> None:
    theirs.say('print("from the program")\nrecord("www")\nrecord("gone")')
    ledger = theirs.shop.root / "served.db"
    served = serve(theirs.shop.world, ready_file=theirs.shop.root / "ready.json", ledger=ledger)
    try:
        options = ("--program", str(theirs.folder), "--stack", "dev", "--json")
        told = _trueup(theirs, *options, "--detailed-exitcode")
        assert told.returncode == 2, told.stderr
        document = json.loads(told.stdout)
        assert document["schema"] == "trueup.program-drift/1"
        assert document["counts"]["missing"] == document["counts"]["in line"] == 1
        assert "from the program" in told.stderr
        refused = _trueup(theirs, *options, "--all")
        assert (refused.returncode, json.loads(refused.stdout)["schema"]) == (1, "trueup.error/1")
        (theirs.folder / "Pulumi.yaml").unlink()
        lost = _trueup(theirs, *options)
        assert lost.returncode == 1
        assert "has no Pulumi.yaml" in lost.stderr and "what to do: give --program" in lost.stderr
    finally:
        served.stop()
    assert not ledger.exists()
