"""octoDNS works on the sandbox, and with trueup hands a zone over in both directions."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import yaml
from octodns.manager import Manager

from reconcile.sandbox.serve import Served, serve
from tests.stories.estate import Estate
from tests.vendor.samples import OCTODNS, SAMPLES, Fields, mixed, octodns_zone
from tests.vendor.scripted import PROJECT, types_stack

pytestmark = pytest.mark.tier("octodns")

ZONE = "mixed.example"
RECORDS = 700
LOOKED_UP = {"account": "acme", "cloudflare": {"zone": {"mixed": {"name": ZONE}}}}


def octodns(served: Served, root: Path, zone: str, records: Iterable[tuple[Fields, str]]) -> Manager:
    """octoDNS with a zone file of these records as its source and the sandbox as its target."""
    folder = root / "octodns"
    folder.mkdir(exist_ok=True)
    (folder / f"{zone}.yaml").write_text(yaml.safe_dump(octodns_zone(records)))
    key = served.ready.accounts["acme"]["cloudflare"]
    config = {
        "manager": {"max_workers": 1},
        "providers": {
            "files": {
                "class": "octodns.provider.yaml.YamlProvider",
                "directory": str(folder),
                "enforce_order": False,
                "escaped_semicolons": True,
            },
            "pretend": {
                "class": "octodns_cloudflare.CloudflareProvider",
                "token": key.token,
                "account_id": key.id,
                "api_url": served.platform_urls["cloudflare"],
                "pagerules": False,
                "min_ttl": 60,
                "retry_count": 1,
                "retry_period": 0,
            },
        },
        "zones": {f"{zone}.": {"sources": ["files"], "targets": ["pretend"]}},
    }
    (root / "octodns.yaml").write_text(yaml.safe_dump(config))
    return Manager(config_file=str(root / "octodns.yaml"))


def trueup(served: Served, root: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    assert served.ready_file is not None
    environment = {**os.environ, "TRUEUP_SANDBOX": str(served.ready_file)}
    asked = [sys.executable, "-m", "reconcile", *words, "--dir", str(root)]
    return subprocess.run(asked, env=environment, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Path]]:
    """A repository whose stack only looks a zone up, and its world on loopback, where octoDNS wrote that zone."""
    root = tmp_path_factory.mktemp("written")
    estate = Estate(root, yaml.safe_dump(LOOKED_UP), project=PROJECT)
    running = serve(estate.world, ready_file=root / "ready.json", ledger=root / "served.ledger.db")
    try:
        assert octodns(running, root, ZONE, mixed(RECORDS)).sync(dry_run=False, force=True)
        yield running, root
    finally:
        running.stop()


def test_octodns_writes_a_big_zone_and_then_finds_nothing_to_do(written: tuple[Served, Path]) -> None:
    served, root = written
    live = list(served.world.shelf("cloudflare", "acme", "record").values())
    assert len(live) == RECORDS
    assert {one["type"] for one in live} == OCTODNS
    assert sum(bool(one["comment"]) for one in live) > RECORDS / 4
    served.world.clear_calls()
    assert octodns(served, root, ZONE, mixed(RECORDS)).sync(dry_run=False, force=True) == 0
    assert {call["method"] for call in served.world.calls()} == {"GET"}
    assert {call["status"] for call in served.world.calls()} == {200}


def test_a_zone_that_octodns_wrote_is_imported_with_an_empty_plan(written: tuple[Served, Path]) -> None:
    served, root = written
    imported = trueup(served, root, "import", "cloudflare", "--account", "acme", "--zone", ZONE, "--json")
    assert imported.returncode == 0, imported.stderr[-2000:]
    planned = trueup(served, root, "plan", "--stack", "acme", "--json", "--detailed-exitcode")
    assert planned.returncode == 0, planned.stderr[-2000:]
    plan = json.loads(planned.stdout)
    assert plan["changes"] == [] and plan["gaps"] == []
    assert len(plan["adopt"]) == RECORDS


@pytest.mark.parametrize("marked", [True, False], ids=["our marks", "comments of their own"])
def test_octodns_finds_nothing_to_do_on_a_zone_that_trueup_wrote(tmp_path: Path, marked: bool) -> None:
    samples = {name: fields for name, fields in SAMPLES.items() if fields["type"] in OCTODNS}
    more = {f"m{number}": fields for number, (fields, _) in enumerate(mixed(120)) if fields not in samples.values()}
    records = {name: dict(fields) for name, fields in {**samples, **more}.items()}
    if not marked:
        records = {name: {**fields, "comment": f"the {fields['type']}"} for name, fields in records.items()}
    absent = dict.fromkeys(SAMPLES.keys() - samples.keys())
    estate = Estate(tmp_path, yaml.safe_dump(types_stack(**absent, **records)), project=PROJECT)
    assert estate.apply().exit_code() == 0
    assert len(estate.live()) == len(records)
    comments = {one["name"]: one["comment"] for one in estate.live()}
    if marked:
        assert all(comment.startswith("trueup:library/shop/cloudflare.record.types/") for comment in comments.values())
    running = serve(estate.world)
    try:
        source = [(fields, _comment_of(estate, fields)) for fields in records.values()]
        estate.world.clear_calls()
        # Not a dry run: that says 0 whatever it finds.
        assert octodns(running, tmp_path, "types.example", source).sync(dry_run=False, force=True) == 0
    finally:
        running.stop()
    assert not estate.writes()


def test_octodns_sees_a_comment_that_differs(tmp_path: Path) -> None:
    """The check above can fail: one comment off, and octoDNS would write."""
    only = {"account": "acme", "cloudflare": {"zone": {"types": {"name": "types.example"}}}}
    only["cloudflare"]["records"] = {"types": {"a": SAMPLES["a"]}}  # type: ignore[index]
    estate = Estate(tmp_path, yaml.safe_dump(only), project=PROJECT)
    assert estate.apply().exit_code() == 0
    running = serve(estate.world)
    try:
        source = [(SAMPLES["a"], "of another")]
        assert octodns(running, tmp_path, "types.example", source).sync(dry_run=False, force=True) == 1
    finally:
        running.stop()
    assert estate.record("a.types.example", "A")["comment"] == "of another"


def _comment_of(estate: Estate, fields: Fields) -> str:
    """The comment that octoDNS takes for a name and type: of the record that the vendor lists first."""
    name = "types.example" if fields["name"] == "@" else f"{fields['name']}.types.example"
    return next(
        str(one["comment"] or "") for one in estate.live() if (one["name"], one["type"]) == (name, fields["type"])
    )
