"""A served world whose secrets are known, every way our command has of saying something, and the search for them."""

import base64
import contextlib
import io
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from reconcile.cli import main
from reconcile.model.pretend import Told
from reconcile.sandbox.serve import serve
from tests.stories.estate import SHOP, Estate

VENDOR_KEY = "sk_live_4eC39HqLyjWDarjtT1zdp7dc"
"""What a careless vendor might put into an error."""
LOGGED = ("plan", "apply", "drift", "show", "import")
"""Commands that take a `--log-file`."""
JOBS = "\nbetterstack:\n  heartbeat:\n    job: {period: 60}\n    other: {period: 90}\n"


class Stage:
    """An estate on loopback, one `run` for a command line, and all that was ever said, by where it was said."""

    def __init__(self, estate: Estate) -> None:
        self.at = estate
        self.ready = estate.root / "ready.json"
        self.files = estate.root / "written"
        self.files.mkdir()
        self.served = serve(estate.world, ready_file=self.ready, ledger=estate.ledger_file)
        self.said: dict[str, bytes] = {}
        self.codes: list[tuple[str, int]] = []

    def close(self) -> None:
        self.served.stop()

    def run(self, *words: str, root: Path | None = None) -> int:
        """One command line in this process; what it says on either stream is kept under its words. `root`: another
        repository than the estate's."""
        out, err = io.StringIO(), io.StringIO()
        log = ["--log-file", str(self.files / "calls.log")] if words[0] in LOGGED else []
        where = ["--dir", str(root or self.at.root)] if words[0] != "sandbox" else []
        kept, sys.argv = sys.argv, ["trueup", *words, *where, *log]
        was = os.environ.get("TRUEUP_SANDBOX")
        os.environ["TRUEUP_SANDBOX"] = str(self.ready)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), no_terminal():
                main()
        except SystemExit as left:
            code = left.code
        finally:
            sys.argv = kept
            os.environ.pop("TRUEUP_SANDBOX") if was is None else os.environ.update(TRUEUP_SANDBOX=was)
        name = " ".join(words).replace(str(self.files), "")
        self.said[f"{name} (stdout)"] = self.said.get(f"{name} (stdout)", b"") + out.getvalue().encode()
        self.said[f"{name} (stderr)"] = self.said.get(f"{name} (stderr)", b"") + err.getvalue().encode()
        self.codes.append((name, int(code or 0)))
        return int(code or 0)

    def sinks(self) -> dict[str, bytes]:
        """Everything said and written; the ready file, the runner's key and the world's own state are what they are
        for."""
        found = dict(self.said)
        for path in (*self.files.iterdir(), *self.at.root.glob("world.ledger.db*")):
            if path.suffix != ".key":
                found[path.name] = path.read_bytes()
        return found


class ShopStage(Stage):
    """A shop on Cloudflare and Better Stack."""

    def __init__(self, root: Path) -> None:
        self.estate = Estate(root, SHOP + JOBS)
        super().__init__(self.estate)

    @property
    def planted(self) -> dict[str, str]:
        """Name to value of everything that must not be read anywhere."""
        found = {f"token of {platform}": token for (_, platform), token in self.estate.tokens.items()}
        for beat in self.estate.live("heartbeat", "betterstack"):
            found[f"address of {beat['name']}"] = str(beat["url"]).rpartition("/")[2]
        return found | {"key in an error": VENDOR_KEY, "control token": self.served.ready.control}

    def careless_vendors(self) -> None:
        """From now on every refusal quotes the caller's header and a key."""
        for platform in ("betterstack", "cloudflare"):
            pretend: Any = self.estate.world.mount(platform).pretend
            token = self.estate.tokens["acme", platform]
            words = (
                f"refused: Authorization: Bearer {token}; key {VENDOR_KEY}; https://x:{token}@api.example/?t={token}"
            )

            def refusal(status: int, reason: str, retry_after: float | None = None, words: str = words) -> Told:
                return Told(status, {"errors": [{"code": 1, "message": words}]})

            def refusal_text(status: int, reason: str, retry_after: float | None = None, words: str = words) -> Told:
                return Told(status, {"errors": words})

            pretend.refusal = refusal if platform == "cloudflare" else refusal_text

    def whole_day(self) -> None:
        """Every command that says anything, on a good day, after hand edits, and on a day of refusals."""
        estate, files = self.estate, self.files
        self.run("validate")
        self.run("validate", "--json")
        self.run("plan")
        self.run("plan", "--json", "--out", str(files / "first.plan"))
        self.run("apply", "--all", "--yes")
        estate.edit("api.shop.example", "A", ttl="600")
        estate.world.edit("betterstack", "heartbeat", "job", "acme", {"period": "120"})
        self.run("drift")
        self.run("drift", "--json")
        self.run("show", "betterstack.heartbeat.job")
        self.run("show", "betterstack.heartbeat.job", "--json")
        self.run("output")
        self.run("output", "--json")
        self.run("output", "betterstack.heartbeat.job.url")
        self.run("plan", "--out", str(files / "second.plan"))
        self.run("apply", str(files / "second.plan"), "--approve", "--json")
        for words in (("status",), ("history",), ("ledger", "show"), ("ledger", "verify"), ("doctor",)):
            self.run(*words)
            self.run(*words, "--json")
        self.run("adopt", "--all", "--yes")
        self.run("ledger", "backup", str(files / "ledger.backup"))
        self.careless_vendors()
        estate.write("shop", (SHOP + JOBS).replace("ttl: 300", "ttl: 900").replace("period: 60", "period: 70"))
        for fault in ("400 POST", "401 PATCH", "401 POST", "403 GET", "401 GET", "429 GET retry-after=900"):
            kind, method, *rest = fault.split()
            for platform in ("betterstack", "cloudflare"):
                estate.fault(f"{kind} {method} times=always {' '.join(rest)}".strip(), platform)
            self.run("apply", "--all", "--yes")
            self.run("apply", "--all", "--yes", "--json")
            self.run("plan")
            self.run("plan", "--json")
            self.run("doctor")
            self.run("show", "betterstack.heartbeat.job")
            estate.world.clear_faults()
        estate.fault("500 GET times=always", "betterstack")
        self.run("plan")
        estate.world.clear_faults()
        self.run("history")
        self.run("history", "--json")


@contextlib.contextmanager
def no_terminal() -> Iterator[None]:
    kept, sys.stdin = sys.stdin, io.StringIO()
    try:
        yield
    finally:
        sys.stdin = kept


def forms(value: str) -> set[bytes]:
    """The value as it might be met: plain, in a URL, in hex, in base64 wherever it begins."""
    found = {value.encode(), quote(value, safe="").encode(), value.encode().hex().encode(), value[::-1].encode()}
    for offset in range(3):
        inner = base64.b64encode(b"\0" * offset + value.encode()).decode()
        found.add(inner[4 if offset else 0 : -4].encode())
    return found


def leaks(sinks: Mapping[str, bytes], planted: Mapping[str, str]) -> list[tuple[str, str]]:
    """(sink, name) of every planted value that can be read somewhere. Lines that a screen wrapped are joined again."""
    found = []
    for sink, content in sinks.items():
        whole = content + re.sub(rb"\s+", b"", content)
        found += [(sink, name) for name, value in planted.items() if any(form in whole for form in forms(value))]
    return sorted(found)
