"""The stand-in under the vendor's own command line: a program as a user would write it, from nothing to nothing."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from reconcile.assemble import begin_world
from reconcile.program.engine.find import find
from reconcile.program.standin import beside
from reconcile.sandbox.serve import Served, serve
from tests.r2.conftest import ID, PROJECT

FOUND = find()
pytestmark = [
    pytest.mark.tier("pulumi CLI"),
    pytest.mark.skipif(FOUND is None, reason="there is no Pulumi CLI here"),
]
PROGRAM = f'''
import pulumi
import pulumi_cloudflare as cloudflare

ACCOUNT = "{ID}"
zone = cloudflare.get_zone(filter={{"name": "shop.example", "match": "all"}})
cloudflare.DnsRecord(
    "mail", zone_id=zone.zone_id, name="@", type="MX", content="mx.example.net", priority=10, ttl=1, comment="mail"
)
cloudflare.DnsRecord(
    "spf", zone_id=zone.id, name="shop.example", type="TXT", content='"v=spf1 -all"', ttl=300, proxied=False
)
proof = pulumi.Output.secret('"proof=RATHER-SECRET"')
cloudflare.DnsRecord("proof", zone_id=zone.id, name="_proof", type="TXT", content=proof, ttl=1)
bucket = cloudflare.R2Bucket("receipts", account_id=ACCOUNT, name="receipts", location="weur")
place = dict(account_id=ACCOUNT, bucket_name=bucket.name)
rule = {{"id": "read", "allowed": {{"origins": ["https://shop.example"], "methods": ["GET"]}}, "max_age_seconds": 60}}
cloudflare.R2BucketCors("receipts", rules=[rule], **place)
ends = {{
    "id": "old",
    "enabled": True,
    "conditions": {{"prefix": "logs/"}},
    "delete_objects_transition": {{"condition": {{"type": "Age", "max_age": 86400}}}},
}}
cloudflare.R2BucketLifecycle("receipts", rules=[ends], **place)
access = cloudflare.R2ManagedDomain("receipts", enabled=True, **place)
pulumi.export("host", access.domain)
pulumi.export("servers", zone.name_servers)
'''
THERE_ALREADY = f'''
import pulumi_cloudflare as cloudflare

zone = cloudflare.get_zone(filter={{"name": "shop.example", "match": "all"}})
cloudflare.DnsRecord("a", zone_id=zone.id, name="a.shop.example", type="A", content="192.0.2.1", ttl=300)
cloudflare.R2Bucket("receipts", account_id="{ID}", name="receipts", jurisdiction="eu")
'''
STACK = """
account: acme
cloudflare: {zone: {shop: {name: shop.example}}}
"""
CHANGES_NOT_EXPECTED = 7
Pulumi = Callable[..., str]
"""Runs a command over a program; what it printed. Fails where its exit code is not `code`."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    stacks = tmp_path / "repository" / "stacks"
    stacks.mkdir(parents=True)
    (stacks / "_project.yaml").write_text(PROJECT)
    (stacks / "shop.yaml").write_text(STACK)
    running = serve(begin_world(stacks.parent), ready_file=tmp_path / "ready.json", beside=beside)
    yield running
    running.stop()


@pytest.fixture
def pulumi(tmp_path: Path, served: Served) -> Pulumi:
    assert FOUND is not None
    program = tmp_path / "program"
    program.mkdir()
    runtime = f"{{name: python, options: {{virtualenv: {sys.prefix}}}}}"
    (program / "Pulumi.yaml").write_text(f"name: shop\nruntime: {runtime}\n")
    for folder in ("state", "home"):
        (tmp_path / folder).mkdir()
    environment = {
        **os.environ,
        **served.ready.env,
        "PATH": f"{FOUND.path.parent}:{os.environ['PATH']}",
        "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "none",
        "PULUMI_HOME": str(tmp_path / "home"),
    }

    def run(source: str, *words: str, code: int = 0) -> str:
        assert FOUND is not None
        (program / "__main__.py").write_text(source)
        done = subprocess.run(
            [str(FOUND.path), *words, "--non-interactive"],
            cwd=program,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
            check=False,
        )
        assert done.returncode == code, done.stdout
        assert "warning" not in done.stdout, done.stdout
        return done.stdout

    return run


def secret_in(folder: Path) -> set[Path]:
    """The engine's own files that hold the secret in clear."""
    files = [file for part in ("state", "home") for file in (folder / part).rglob("*") if file.is_file()]
    assert files
    return {file for file in files if b"RATHER-SECRET" in file.read_bytes()}


def test_a_program_is_built_drifts_is_put_back_and_goes(tmp_path: Path, served: Served, pulumi: Pulumi) -> None:
    world, ran = served.world, partial(pulumi, PROGRAM)
    ran("stack", "init", "shop")
    # The stack itself is one of them.
    assert "+ 8 created" in ran("up", "--yes", "--skip-preview")
    assert {file.name for file in secret_in(tmp_path)} == set()
    (mail,) = [one for one in world.shelf("cloudflare", "acme", "record").values() if one["type"] == "MX"]
    assert (mail["name"], mail["priority"], mail["ttl"], mail["comment"]) == ("shop.example", 10, 1, "mail")
    assert "8 unchanged" in ran("preview", "--refresh", "--expect-no-changes")
    assert "8 unchanged" in ran("up", "--yes", "--skip-preview")

    world.edit("cloudflare", "record", str(mail["id"]), "acme", {"content": "mx.elsewhere.example"})
    world.edit("r2", "lifecycle", "receipts", "acme", {"rules": "[]"})
    ran("preview", "--refresh", "--expect-no-changes", code=CHANGES_NOT_EXPECTED)
    assert "~ 2 updated" in ran("up", "--refresh", "--yes", "--skip-preview")
    ran("preview", "--refresh", "--expect-no-changes")
    records = world.shelf("cloudflare", "acme", "record")
    assert records[str(mail["id"])]["content"] == "mx.example.net"

    ran("destroy", "--yes", "--skip-preview")
    assert not records
    assert not world.shelf("r2", "acme", "bucket")


def test_what_is_there_already_is_refused_and_can_be_imported(served: Served, pulumi: Pulumi) -> None:
    world, ran = served.world, partial(pulumi, THERE_ALREADY)
    fields = {"zone": "shop.example", "type": "A", "content": "192.0.2.1", "ttl": "300"}
    record = world.create("cloudflare", "record", "a.shop.example", "acme", fields)
    world.create("r2", "bucket", "receipts", "acme", {"jurisdiction": "eu"})
    (zone,) = world.shelf("cloudflare", "acme", "zone")
    ran("stack", "init", "shop")
    refused = ran("up", "--yes", "--skip-preview", code=1)
    assert "81058" in refused and "10004" in refused
    for token, name, id in (
        ("cloudflare:index/dnsRecord:DnsRecord", "a", f"{zone}/{record['id']}"),
        ("cloudflare:index/r2Bucket:R2Bucket", "receipts", f"{ID}/receipts/eu"),
    ):
        ran("import", token, name, id, "--yes", "--generate-code=false", "--protect=false")
    ran("preview", "--refresh", "--expect-no-changes")
