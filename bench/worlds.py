"""What is measured: repositories of so many records, and a sandbox in a process of its own to play the vendor."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from reconcile.sandbox import client
from reconcile.sandbox.ready import Ready

STACK = "bench"
PROJECT = """project: bench
ledger: {{id: 0a1b2c3d, home: .trueup/ledger.db}}
accounts:
  acme:
    cloudflare:
      id: a0000000000000000000000000000001
      credentials: {{token: ACME_CLOUDFLARE_TOKEN}}
      tier: {tier}
"""


@dataclass(frozen=True)
class Shape:
    """So many zones of so many records each, on a plan (free: 200 records a batch, pro: 3,500)."""

    zones: int
    records: int
    tier: str = "free"

    @property
    def total(self) -> int:
        return self.zones * self.records

    def names(self) -> list[str]:
        return [f"zone-{number}.example" for number in range(self.zones)]


def records(shape: Shape) -> Iterator[tuple[str, dict[str, Any]]]:
    """Logical names and fields: addresses, aliases, texts and mail, as zones have them."""
    for number in range(shape.records):
        name = f"r{number}"
        made: tuple[dict[str, Any], ...] = (
            {"type": "A", "content": f"192.0.2.{number % 250}", "ttl": 300},
            {"type": "A", "content": f"198.51.100.{number % 250}", "proxied": True},
            {"type": "CNAME", "content": f"host-{number}.example.net", "ttl": 300},
            {"type": "TXT", "content": f"v=DKIM1 k=rsa p={number:064x}", "ttl": 3600},
            {"type": "MX", "content": f"mx-{number}.example.net", "priority": 10, "ttl": 600},
        )
        yield name, made[number % len(made)]


def write_ours(root: Path, shape: Shape) -> None:
    """A repository of ours with one stack."""
    stacks = root / "stacks"
    stacks.mkdir(parents=True)
    (stacks / "_project.yaml").write_text(PROJECT.format(tier=shape.tier))
    lines = ["account: acme", "cloudflare:", "  zone:"]
    lines += [f"    {name.split('.')[0]}: {{name: {name}}}" for name in shape.names()]
    lines.append("  records:")
    one_zone = [f"      {name}: {json.dumps(fields)}" for name, fields in records(shape)]
    for zone in shape.names():
        lines += [f"    {zone.split('.')[0]}:", *one_zone]
    (stacks / f"{STACK}.yaml").write_text("\n".join(lines) + "\n")


def write_octodns(root: Path, shape: Shape, ready: Ready, *, workers: int, marks: bool) -> Path:
    """The same records as octoDNS has them, and its configuration. `marks`: with the comments that we leave."""
    folder = root / "octodns"
    folder.mkdir(exist_ok=True)
    for zone in shape.names():
        label = zone.split(".")[0]
        document = {name: _octodns(name, fields, label, marks) for name, fields in records(shape)}
        (folder / f"{zone}.yaml").write_text(yaml.dump(document, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper)))
    key = ready.accounts["acme"]["cloudflare"]
    target = {
        "class": "octodns_cloudflare.CloudflareProvider",
        "token": key.token,
        "account_id": key.id,
        "api_url": ready.platforms["cloudflare"],
        "pagerules": False,
        "min_ttl": 60,
    }
    source = {"class": "octodns.provider.yaml.YamlProvider", "directory": str(folder), "escaped_semicolons": False}
    config = {
        "manager": {"max_workers": workers},
        "providers": {"files": {**source, "enforce_order": False}, "sandbox": target},
        "zones": {f"{zone}.": {"sources": ["files"], "targets": ["sandbox"]} for zone in shape.names()},
    }
    path = root / f"octodns-{workers}.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


def _octodns(name: str, fields: Mapping[str, Any], label: str, marks: bool) -> dict[str, Any]:
    own: dict[str, Any] = {"comment": f"trueup:bench/{STACK}/cloudflare.record.{label}/{name}"} if marks else {}
    if fields.get("proxied"):
        own |= {"proxied": True, "auto-ttl": True}
    dotted = f"{fields['content']}."
    value = {
        "A": fields["content"],
        "CNAME": dotted,
        "MX": {"preference": fields.get("priority"), "exchange": dotted},
        "TXT": fields["content"],
    }[fields["type"]]
    return {"type": fields["type"], "ttl": fields.get("ttl", 300), "value": value, "octodns": {"cloudflare": own}}


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox."""

    ready: Ready
    ready_file: Path
    pid: int

    def calls(self, by: str = "method") -> Counter[str]:
        """API calls since they were last forgotten, by method or by platform."""
        return Counter(call[by] for call in client.calls(self.ready))

    def cpu(self) -> float | None:
        """Seconds of processor time that it took so far; None where the system does not tell."""
        try:
            told = Path(f"/proc/{self.pid}/stat").read_text()
        except OSError:
            return None
        user, system = told.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def forget(self) -> None:
        client.clear_calls(self.ready)

    def fault(self, text: str) -> None:
        client.fault(self.ready, "cloudflare", text)

    def present(self) -> tuple[int, int]:
        """How many records there are, and how many of them more than once."""
        held = client.things(self.ready, "cloudflare", "record")["cloudflare"].get("acme", {}).get("record", [])
        kept = Counter((one["zone_id"], one["name"], one["type"], one["content"]) for one in held)
        return len(held), sum(count - 1 for count in kept.values())


@contextmanager
def sandbox(root: Path, latency_ms: int, *, state: Path | None = None, fresh: bool = True) -> Iterator[Sandbox]:
    """`trueup sandbox` for a repository, from an empty world to its end. `state`: a file to begin from and to save to;
    `fresh`: the ledger that an earlier one left is taken away."""
    ready_file = root / "ready.json"
    ready_file.unlink(missing_ok=True)
    for left in root.glob("ready.ledger.db*") if fresh else ():
        left.unlink()
    asked = ["--latency", str(latency_ms), "--ready-file", str(ready_file), "--dir", str(root)]
    asked += ["--state", str(state)] if state else []
    command = [sys.executable, "-m", "reconcile", "sandbox", *asked]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while not ready_file.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("the sandbox did not start")
            time.sleep(0.02)
        yield Sandbox(Ready.read(ready_file), ready_file, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=10)
