"""Everything the product does to a platform, once, in one process; the call log keeps what was asked and answered."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from reconcile.loop import Consent, Run
from reconcile.model.verdict import Judged
from reconcile.sandbox.serve import serve
from tests.stories.estate import Estate
from tests.vendor.samples import SAMPLES

ZONE = "types.example"
PROJECT = """
project: library
ledger: {id: 0a1b2c3d, home: .trueup/ledger.db}
accounts:
  acme:
    cloudflare: {id: a0000000000000000000000000000001, credentials: {token: ACME_CLOUDFLARE_TOKEN}, tier: free}
    betterstack: {credentials: {token: ACME_BETTERSTACK_TOKEN}}
  globex:
    cloudflare: {id: a0000000000000000000000000000002, credentials: {token: GLOBEX_CLOUDFLARE_TOKEN}, tier: pro}
"""
PAID: dict[str, Any] = {
    "account": "globex",
    "cloudflare": {
        "zone": {"paid": {"name": "paid.example"}},
        "records": {
            "paid": {
                "www": {"type": "A", "content": "192.0.2.7", "proxied": True, "settings": {"ipv4_only": True}},
                "flat": {"type": "CNAME", "content": "x.example.net", "settings": {"flatten_cname": True}},
                "tagged": {"type": "TXT", "content": "t", "tags": ["team:web", "a"], "comment": "written by hand"},
            }
        },
    },
}
BEATS: dict[str, Any] = {
    "nightly": {"name": "nightly", "period": 3600, "grace": 300},
    "hourly": {"name": "hourly", "period": 60, "call": True, "maintenance_days": ["sat", "sun"]},
}


def types_stack(**others: Any) -> dict[str, Any]:
    """A stack with one record of every type; `others` are records beside them, None leaves one of them out."""
    records = {name: dict(fields) for name, fields in {**SAMPLES, **others}.items() if fields is not None}
    return {
        "account": "acme",
        "cloudflare": {"zone": {"types": {"name": ZONE}}, "records": {"types": records}},
        "betterstack": {"heartbeat": BEATS},
    }


class Scripted:
    """One estate through its life: begun, edited by hand, healed, changed, refused, broken off, doctored."""

    def __init__(self, root: Path) -> None:
        self.estate = Estate(root, yaml.safe_dump(types_stack()), project=PROJECT)
        self.world = self.estate.world
        self._declare("paid", PAID)
        shop = self.estate.workshop()
        # The second stack brought a zone that was not there when the world began.
        self.world.begin(shop.tree.declared(), shop.project)

    def run(self) -> "Scripted":
        for step in (self.begin, self.heal, self.change, self.race, self.break_off, self.lock_out, self.doctor):
            step()
        return self

    def calls(self) -> list[dict[str, Any]]:
        return self.world.calls()

    def begin(self) -> None:
        """Everything created, then nothing to do."""
        assert self.estate.plan().plan.changes
        assert self._apply().exit_code() == 0
        assert not self.estate.plan().plan.changes

    def heal(self) -> None:
        """Hand edits and a hand delete are put back."""
        self.estate.edit(f"a.{ZONE}", "A", content="192.0.2.99")
        self.estate.edit(f"cname.{ZONE}", "CNAME", ttl="120")
        self.estate.delete(f"loc.{ZONE}", "LOC")
        self.world.edit("betterstack", "heartbeat", "nightly", "acme", {"period": "7200"})
        self.world.delete("betterstack", "heartbeat", "hourly", "acme", {})
        assert self.estate.heal().exit_code() == 0

    def change(self) -> None:
        """Content, type, a new one and an undeclared one, all in one pass."""
        cname = {"name": "a", "type": "CNAME", "content": "elsewhere.example.net"}
        more = {"name": "more", "type": "TXT", "content": "x" * 300}
        changed = types_stack(a=cname, more=more, uri=None, ptr={**SAMPLES["ptr"], "ttl": 900})
        changed["betterstack"]["heartbeat"] = {"nightly": {**BEATS["nightly"], "grace": 600}}
        self._declare("shop", changed)
        assert self._apply().exit_code() == 0
        assert self.estate.record(f"a.{ZONE}", "CNAME")["content"] == "elsewhere.example.net"

    def race(self) -> None:
        """Somebody else is quicker, between plan and apply: the vendor refuses in each of its ways."""
        refused: list[tuple[dict[str, Any], Callable[[], object]]] = [
            ({"twin": _text("same")}, lambda: self._by_hand("twin", type="TXT", content='"same"')),
            ({"one": _cname("one")}, lambda: self._by_hand("one", type="A", content="192.0.2.3")),
            ({"two": _address("two")}, lambda: self._by_hand("two", type="CNAME", content="x.example.net")),
            ({"cname": {**SAMPLES["cname"], "ttl": 900}}, lambda: self.estate.delete(f"cname.{ZONE}", "CNAME")),
            ({"tagged": {**_text("tagged"), "tags": ["quota:none"]}}, lambda: None),
            ({"worded": {**_text("worded"), "comment": "x" * 200}}, lambda: None),
            ({"kept": {"name": "delegated", "type": "TXT", "content": "beside an NS"}}, lambda: None),
            ({"ptr": {**SAMPLES["ptr"], "ttl": 1200}}, self._lock_ptr),
        ]
        for records, meanwhile in refused:
            self._declare("shop", types_stack(uri=None, **records))
            self._apply(meanwhile)
        self._declare("shop", types_stack(uri=None))
        self._apply()

    def break_off(self) -> None:
        """The platform fails in the middle; the next pass finds out what became of it."""
        for number, how in enumerate(("500 after", "502 before", "reset after")):
            self.world.fault("cloudflare", f"{how} POST **/batch")
            self._declare("shop", types_stack(uri=None, extra=_text(f"extra {number}")))
            self._apply()
        self.world.fault("cloudflare", "429 retry-after=1 GET /zones")
        self.world.fault("betterstack", "500 GET /api/v2/heartbeats")
        self.world.fault("betterstack", "429 retry-after=1 GET /api/v2/heartbeats")
        self._apply()
        assert not self.estate.plan().plan.gaps

    def lock_out(self) -> None:
        """A missing right, and a token that is none."""
        self.world.fault("cloudflare", "403 GET /zones/*/dns_records account=acme")
        assert self.estate.plan().plan.gaps
        kept = dict(self.estate.tokens)
        self.estate.tokens = dict.fromkeys(kept, "f" * 40)
        assert self.estate.plan().plan.gaps
        self.estate.tokens = kept

    def doctor(self) -> None:
        """The command itself, in a process of its own."""
        ready_file = self.estate.root / "ready.json"
        served = serve(self.world, ready_file=ready_file, ledger=self.estate.root / "served.ledger.db")
        try:
            asked = [sys.executable, "-m", "reconcile", "doctor", "--dir", str(self.estate.root)]
            environment = {**os.environ, "TRUEUP_SANDBOX": str(ready_file)}
            self.doctored = subprocess.run(asked, env=environment, capture_output=True, text=True, timeout=60)
        finally:
            served.stop()

    def _apply(self, meanwhile: Callable[[], object] = lambda: None) -> Run:
        def ask(judged: Judged) -> Consent:
            meanwhile()
            return Consent(approve=True, confirm_destructive=True)

        with self.estate.workshop() as shop:
            run = shop.reconciler().apply(tuple(shop.tree.stacks), command="apply", ask=ask)
        assert run is not None
        return run

    def _declare(self, stack: str, document: dict[str, Any]) -> None:
        self.estate.write(stack, yaml.safe_dump(document))

    def _by_hand(self, name: str, **fields: str) -> None:
        self.world.create("cloudflare", "record", f"{name}.{ZONE}", "acme", fields)

    def _lock_ptr(self) -> None:
        self.estate.edit(f"ptr.{ZONE}", "PTR", **{"meta.read_only": "true"})


def _text(content: str) -> dict[str, Any]:
    return {"type": "TXT", "content": content}


def _cname(name: str) -> dict[str, Any]:
    return {"name": name, "type": "CNAME", "content": "x.example.net"}


def _address(name: str) -> dict[str, Any]:
    return {"name": name, "type": "A", "content": "192.0.2.4"}
