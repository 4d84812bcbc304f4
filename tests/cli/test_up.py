"""`up`: a system from nothing."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconcile.sandbox.serve import serve
from tests.railway.estate import Runbooks
from tests.railway.estate import built as built

from .conftest import Command

STACK = "legacyvideo-production"
ACCOUNT = "legacyvideo"


@pytest.fixture
def estate(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runbooks]:
    """The stacks of this repository, applied and at rest, on a machine without a Pulumi CLI."""
    root = tmp_path / "runbooks"
    shutil.copytree(built, root)
    found = Runbooks(root)
    served = serve(found.world, ready_file=root / "ready.json", ledger=found.ledger_file)
    monkeypatch.setenv("TRUEUP_SANDBOX", str(root / "ready.json"))
    for name in ("PATH", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "nothing"))
    monkeypatch.delenv("TRUEUP_PULUMI", raising=False)
    monkeypatch.chdir(root)
    yield found
    served.stop()


def test_after_a_total_loss_the_whole_system_is_made_anew_and_its_names_follow(
    estate: Runbooks, trueup: Command
) -> None:
    old = estate.one("domain", ACCOUNT)
    estate.world.delete("railway", "project", "legacyvideo", ACCOUNT, {})
    assert not estate.shelf("project", ACCOUNT) and not estate.shelf("instance", ACCOUNT)

    told = trueup("up", "--stack", STACK, "--yes")
    assert told.code == 16, told.out + told.err  # what only a person can set is not set
    assert {one["service"] for one in estate.shelf("instance", ACCOUNT)} == {"api", "worker", "Redis", "Postgres"}
    assert estate.shelf("volume", ACCOUNT)
    new = estate.one("domain", ACCOUNT)
    assert new["id"] != old["id"]

    estate.by_hand(STACK)
    assert trueup("up", "--stack", STACK, "--yes").code == 0
    records = estate.world.shelf("cloudflare", ACCOUNT, "record").values()
    assert new["target"] in {one["content"] for one in records}
    assert trueup("drift", "--stack", STACK, "--detailed-exitcode").code == 0
