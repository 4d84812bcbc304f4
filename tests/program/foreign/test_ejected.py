"""The ejected program of a stack, without its stack file: the drift is the one that `trueup drift` finds."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reconcile.cli.eject import program
from reconcile.steps.reveal import pretend_value
from tests.r2.conftest import WHOLE, Shop
from tests.railway.estate import Runbooks
from tests.stories.estate import Estate

from ..mini import record
from .conftest import PROJECT, Theirs, Told

RECORDS = """
  records:
    shop:
      www: {type: A, content: 192.0.2.1}
      mail: {name: "@", type: MX, content: mx.example.net, priority: 10}
      spf: {name: "@", type: TXT, content: "v=spf1 -all"}
"""
STACK = WHOLE.replace("  zone: {shop: {name: shop.example}}\n", f"  zone: {{shop: {{name: shop.example}}}}{RECORDS}")
Ejected = Callable[[Estate, str], Theirs]


@pytest.fixture
def ejected(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ejected:
    def written(estate: Estate, stack: str) -> Theirs:
        with estate.workshop() as shop:
            text, variables = program(shop, stack)
        for variable in variables:
            monkeypatch.setenv(variable, pretend_value(variable).reveal())
        made = Theirs(estate, tmp_path / "ejected", capsys)
        made.folder.mkdir()
        (made.folder / "Pulumi.yaml").write_text(PROJECT)
        (made.folder / "__main__.py").write_text(text)
        return made

    return written


def _differing(told: Told) -> list[str]:
    """Addresses, sorted."""
    return sorted(one["address"] for one in told.document["resources"] if one["status"] in ("drifted", "missing"))


def _unseen(told: Told) -> list[str]:
    return [f"{one['urn']}: {one['why']}" for one in told.document["resources"] if one["status"] == "not seen"]


def _drifted(estate: Estate, stack: str) -> list[str]:
    plan = estate.drift(stack).plan
    assert plan.gaps == ()
    return sorted(str(one.address) for one in plan.changes)


def test_records_and_buckets(ejected: Ejected, tmp_path: Path) -> None:
    shop = Shop(tmp_path / "repository", STACK)
    assert shop.apply().exit_code() == 0
    theirs = ejected(shop, "shop")
    told = theirs.drift()
    assert (_differing(told), _unseen(told), told.code) == ([], [], 0)
    source = (theirs.folder / "__main__.py").read_text()
    running = compile(source, "__main__.py", "exec")
    zones = {"shop.example": str(shop.live("zone")[0]["id"])}
    built = record(lambda: exec(running, {"__name__": "__main__"}), project="theirs", stack="dev", zones=zones)
    custom = sorted(urn for urn, one in built.requests.items() if one.custom)
    assert sorted(one["urn"] for one in told.document["resources"]) == custom
    shop.edit("www.shop.example", "A", content="192.0.2.66")
    shop.delete("shop.example", "MX")
    shop.hand("public-access", "shop-receipts", enabled="true")
    told = theirs.drift(detailed=True)
    assert _differing(told) == _drifted(shop, "shop")
    assert len(_differing(told)) == 3
    assert (_unseen(told), told.code) == ([], 2)


def test_a_stack_on_railway(ejected: Ejected, tmp_path: Path) -> None:
    estate = Runbooks(tmp_path / "runbooks")
    estate.apply("bilko", "bilko-production")
    estate.by_hand("bilko-production")
    theirs = ejected(estate, "bilko-production")
    told = theirs.drift()
    assert (_differing(told), _unseen(told), told.code) == ([], [], 0)
    assert [one["not_compared"] for one in told.document["resources"] if one["not_compared"]] == []
    books = {one["type"] for one in told.document["resources"] if one["status"] == "not observed"}
    assert books == {"trueup:railway:Release", "trueup:index:Ownership"}
    estate.edit_variable("api", "NODE_ENV", value="development")
    estate.edit_variable("api", "SENTRY_DSN", value="of-somebody-else")
    told = theirs.drift(detailed=True)
    assert _differing(told) == _drifted(estate, "bilko-production")
    assert _differing(told) == ["railway.variable.api/NODE_ENV", "railway.variable.api/SENTRY_DSN"]
    assert (_unseen(told), told.code) == ([], 2)
    for text in (told.printed, theirs.printed()):
        assert "of-somebody-else" not in text
        assert pretend_value("BILKO_SENTRY_DSN").reveal() not in text
