"""A user's own program in a folder, what it is about in a pretend world, and the command as it answers."""

import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reconcile.cli.foreign import Wish, drift_of_program
from reconcile.cli.leaving import Leave
from tests.r2.conftest import ID, Shop
from tests.stories.estate import Estate

STACK = """
account: acme
cloudflare:
  zone: {shop: {name: shop.example}}
"""
PROJECT = "name: theirs\nruntime: python\n"
PROGRAM = f"""
    import pulumi
    import pulumi_cloudflare as cloudflare

    zone = cloudflare.get_zone(filter={{"name": "shop.example"}}).zone_id
    print("a program may print what it likes")


    class RandomId(pulumi.CustomResource):
        def __init__(self, name: str) -> None:
            super().__init__("random:index/randomId:RandomId", name, {{"byteLength": 4, "hex": None}})


    suffix = RandomId("suffix")
    www = cloudflare.DnsRecord("www", zone_id=zone, name="www.shop.example", type="A", content="192.0.2.1", ttl=300)
    bucket = cloudflare.R2Bucket("photos", account_id="{ID}", name="shop-photos")
    cloudflare.DnsRecord(
        "token", zone_id=zone, name="_token.shop.example", type="TXT", ttl=300,
        content=pulumi.Output.secret('"hush-hush"'),
    )
"""

PLAIN = """
    import pulumi
    from pulumi import Output, ResourceOptions


    class Made(pulumi.CustomResource):
        def __init__(self, type, called, opts=None, /, **inputs):
            super().__init__(type, called, inputs, opts)


    def zone_id():
        answer = pulumi.runtime.invoke("cloudflare:index/getZone:getZone", {"filter": {"name": "shop.example"}})
        return answer.value["zoneId"]


    def record(called, opts=None, /, zone=None, **inputs):
        inputs = {"name": f"{called}.shop.example", "type": "A", "content": "192.0.2.1", "ttl": 300, **inputs}
        return Made("cloudflare:index/dnsRecord:DnsRecord", called, opts, zoneId=zone or zone_id(), **inputs)


    def bucket(name, opts=None, account="ACCOUNT", **inputs):
        return Made("cloudflare:index/r2Bucket:R2Bucket", name, opts, accountId=account, name=f"shop-{name}", **inputs)


""".replace("ACCOUNT", ID)
"""Resources as the vendor's package registers them, without its import, which takes seconds."""


@dataclass
class Told:
    """What one run of the command said; `document` is empty where it was asked to print."""

    document: dict[str, Any]
    printed: str
    code: int
    by_name: dict[str, dict[str, Any]] = field(default_factory=dict)

    def statuses(self) -> dict[str, str]:
        return {name: one["status"] for name, one in self.by_name.items()}


@dataclass
class Theirs:
    """The program, and the estate that it is about."""

    shop: Estate
    folder: Path
    capsys: pytest.CaptureFixture[str]

    def say(self, text: str, **more: Any) -> None:
        """The program's last lines, after those that define `record`, `bucket` and `Made`."""
        self.write(textwrap.dedent(PLAIN) + textwrap.dedent(text), **more)

    def write(self, text: str, *, project: str = PROJECT, **files: str) -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / "Pulumi.yaml").write_text(project)
        (self.folder / "__main__.py").write_text(textwrap.dedent(text))
        for name, content in files.items():
            (self.folder / f"Pulumi.{name}.yaml").write_text(textwrap.dedent(content))

    def drift(self, **wish: Any) -> Told:
        """Raises ReconcileError as the command does."""
        printed, code = self._said(Wish(self.folder, as_json=True, **{"stack": "dev", **wish}))
        told = json.loads(printed)
        assert told["exit"] == code
        return Told(told, printed, code, {one["name"]: one for one in told["resources"]})

    def printed(self, **wish: Any) -> str:
        return self._said(Wish(self.folder, no_color=True, **{"stack": "dev", **wish}))[0]

    def _said(self, wish: Wish) -> tuple[str, int]:
        self.capsys.readouterr()
        with pytest.raises(Leave) as left:
            drift_of_program(self.shop.workshop(), wish)
        return self.capsys.readouterr().out, left.value.code


@pytest.fixture
def theirs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Theirs]:
    """The program above, all of it built by somebody else. Nothing is written, whatever a test asks."""
    shop = Shop(tmp_path / "repository", STACK)
    shop.create("www.shop.example", "A", "192.0.2.1", ttl="300")
    shop.create("_token.shop.example", "TXT", '"hush-hush"', ttl="300")
    shop.world.create("r2", "bucket", "shop-photos", "acme", {})
    shop.world.clear_calls()
    made = Theirs(shop, tmp_path / "theirs", capsys)
    made.write(PROGRAM)
    yield made
    assert shop.writes() == []
    assert not shop.ledger_file.exists()
    assert not list(made.folder.rglob("__pycache__"))
