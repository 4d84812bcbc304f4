"""What the vendor's provider for Pulumi does not do is done by our own platform, and Pulumi's state stays right."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconcile.platforms import kinds
from reconcile.program.engine.find import VARIABLE
from reconcile.program.standin.shapes import SHAPES
from reconcile.sandbox.serve import serve
from tests.cli.conftest import Command
from tests.cli.conftest import trueup as trueup
from tests.program import scenarios
from tests.program.site import MiniSite, Site

PROJECT = """
project: shop
ledger: {id: 0f3c9a1e, home: .trueup/ledger.db}
accounts:
  acme:
    r2: {id: a0000000000000000000000000000001, credentials: {token: ACME_R2_TOKEN}}
"""
MEDIA: dict[str, Any] = {
    "account": "acme",
    "writer": "pulumi",
    "r2": {
        "bucket": {"media": {"name": "media"}},
        "public-access": {"media": {"bucket": "media", "enabled": False}},
        "lifecycle": {"media": {"bucket": "media", "rules": [{"id": "old", "delete_after": 2592000}]}},
        "lock": {"media": {"bucket": "media", "rules": [{"id": "all", "seconds": 86400}]}},
    },
}
ACCESS, LIFECYCLE, LOCK = (f"r2.{kind}.media" for kind in ("public-access", "lifecycle", "lock"))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A stack at rest that the engine of these tests built, and commands that talk to its world. No CLI is found."""
    root = tmp_path / "shop"
    (root / "stacks").mkdir(parents=True)
    (root / "stacks/_project.yaml").write_text(PROJECT)
    (root / "stacks/media.yaml").write_text(yaml.safe_dump(MEDIA))
    for name in ("PATH", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "nothing"))
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("TRUEUP_SANDBOX", str(root / "ready.json"))
    monkeypatch.chdir(root)
    with MiniSite(root).open() as site:
        served = serve(site.estate.world, ready_file=root / "ready.json", ledger=site.estate.ledger_file)
        with site.estate.workshop() as shop:
            shop.ledger().choose_writer("media", "pulumi")
        scenarios.stands(site, "media")
        yield site
        served.stop()


def is_open(site: Site) -> bool:
    (one,) = site.estate.world.shelf("r2", "acme", "public-access").values()
    return bool(one["enabled"])


def rules(site: Site, kind: str) -> list[str]:
    (one,) = site.estate.world.shelf("r2", "acme", kind).values()
    return [rule["id"] for rule in one["rules"]]


def owned(site: Site) -> set[str]:
    return {str(one.address) for one in site.estate.memory().owned}


def test_a_bucket_opened_by_hand_is_closed_by_apply_and_pulumi_has_nothing_to_do(site: Site, trueup: Command) -> None:
    told = trueup("sandbox", "edit", "r2", "public-access", "media", "enabled=true")
    assert (told.code, is_open(site)) == (0, True), told.err
    assert site.engine("media").preview(refresh=True, expect_no_changes=True).changes == ()
    assert site.drifted("media") == [ACCESS]
    before = site.estate.memory().applied
    told = trueup("apply", "-s", "media", "--yes", "--json")
    assert told.code == 0, told.err
    (change,) = told.json["changes"]
    assert (change["address"], change["verb"], change["outcome"]["verified"]) == (ACCESS, "update", True)
    assert any(ACCESS in line and "trueup itself writes this" in line for line in told.json["warnings"])
    assert not is_open(site)
    after = site.estate.memory().applied
    assert {place: row.revision for place, row in after.items()} == {
        place: row.revision for place, row in before.items()
    }
    scenarios.is_at_rest(site, "media")


def test_a_table_says_who_writes_what_pulumi_never_reads(site: Site, trueup: Command) -> None:
    assert trueup("sandbox", "edit", "r2", "public-access", "media", "enabled=true").code == 0
    told = trueup("apply", "-s", "media", "--drift-only", "--yes")
    assert told.code == 0, told.err
    assert "trueup itself writes this" in " ".join(told.out.split())
    assert not is_open(site)


def test_what_the_vendors_delete_leaves_stays_ours_until_our_pass_has_deleted_it(site: Site, trueup: Command) -> None:
    assert rules(site, "lifecycle") == ["old"]
    site.estate.change("media", lambda held: held["r2"].pop("lifecycle"))
    told = site.engine("media").up()
    assert (told.error, site.things(told.of("delete"))) == ("", [LIFECYCLE])
    assert rules(site, "lifecycle") == ["old"], "the vendor's provider forgot it, and did nothing"
    assert LIFECYCLE in owned(site)
    told = trueup("plan", "-s", "media", "--json", "--detailed-exitcode")
    assert [(one["address"], one["verb"]) for one in told.json["changes"]] == [(LIFECYCLE, "delete")]
    told = trueup("apply", "-s", "media", "--yes", "--json")
    assert told.code == 0, told.err
    assert [(one["address"], one["outcome"]["status"]) for one in told.json["changes"]] == [(LIFECYCLE, "done")]
    assert any(LIFECYCLE in line and "deletes nothing there" in line for line in told.json["warnings"])
    assert "old" not in rules(site, "lifecycle")
    assert LIFECYCLE not in owned(site)
    scenarios.is_at_rest(site, "media")
    assert trueup("plan", "-s", "media", "--detailed-exitcode").code == 0


def test_a_lock_that_is_said_no_more_waits_for_a_person(site: Site, trueup: Command) -> None:
    site.estate.change("media", lambda held: held["r2"].pop("lock"))
    assert site.engine("media").up().error == ""
    told = trueup("apply", "-s", "media", "--yes", "--json")
    assert told.code == 11, told.err
    assert [(one["address"], one["verdict"]) for one in told.json["changes"]] == [(LOCK, "hold")]
    assert rules(site, "lock") == ["all"] and LOCK in owned(site)
    assert trueup("plan", "-s", "media", "--out", "plan.json").code == 11
    told = trueup("apply", "plan.json", "--approve", "--yes")
    assert told.code == 0, told.err
    assert not site.estate.world.shelf("r2", "acme", "lock") and LOCK not in owned(site)


def test_what_git_moved_is_not_ours_to_write(site: Site, trueup: Command) -> None:
    site.estate.change("media", lambda held: held["r2"]["public-access"]["media"].update(enabled=True))
    told = trueup("apply", "-s", "media", "--yes")
    assert told.code == 1 and "trueup up -s media" in told.err
    assert not is_open(site)


def test_the_stand_in_has_the_vendors_defects_that_we_make_good() -> None:
    bridges = {name: kind.bridge for name, kind in kinds().items() if kind.bridge is not None}
    assert {name: (one.blind, one.stays) for name, one in bridges.items()} == {
        name: (SHAPES[name].blind, SHAPES[name].stays) for name in bridges
    }
