"""A ledger on R2 as the sandbox plays it: signed requests, and keys with the least right that serves."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from reconcile.platforms.r2.pretend_tokens import PERMISSIONS
from reconcile.sandbox.serve import Served
from reconcile.store import Ledger, begin_ledger, open_ledger
from reconcile.store.s3 import LedgerDenied
from tests.r2.conftest import ID, Shop
from tests.r2.conftest import served as served

from .conftest import clock
from .things import owned

BUCKET = "shop-receipts"
GROUP = {name: id for id, name in PERMISSIONS.items()}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture
def key(served: Served, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a new access key to that one bucket into the environment."""

    def make(group: str) -> None:
        one = f"com.cloudflare.edge.r2.bucket.{ID}_default_{BUCKET}"
        policy = {"effect": "allow", "permission_groups": [{"id": GROUP[group]}], "resources": {one: "*"}}
        answer = httpx.post(
            f"{served.platform_urls['r2']}/accounts/{ID}/tokens",
            json={"name": "ledger", "policies": [policy]},
            headers={"Authorization": f"Bearer {served.ready.accounts['acme']['r2'].token}"},
        )
        told = answer.json()["result"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", told["id"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", hashlib.sha256(told["value"].encode()).hexdigest())

    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    return make


@pytest.fixture
def home(served: Served) -> str:
    return f"s3://{BUCKET}/trueup/ledger.db?endpoint={served.ready.env['AWS_ENDPOINT_URL_S3']}&region=auto"


def opened(home: str, *, readonly: bool = False) -> Ledger:
    return open_ledger(home, Path(), expected_id="l1", clock=clock, readonly=readonly)


def test_a_key_that_writes_objects_of_one_bucket_is_enough(home: str, key: Callable[[str], None]) -> None:
    key("Workers R2 Storage Bucket Item Write")
    with begin_ledger(home, Path(), ledger_id="l1", clock=clock) as one, opened(home) as other:
        one.own([owned(1)], [], "adopt")
        other.own([owned(2)], [], "adopt")
        assert one.verify() == {"web": 2}
        with one.lease(["web"], holder="first run") as held:
            held.check()


def test_a_key_that_only_reads_shows_the_ledger_and_changes_nothing(home: str, key: Callable[[str], None]) -> None:
    key("Workers R2 Storage Bucket Item Write")
    begin_ledger(home, Path(), ledger_id="l1", clock=clock).close()
    key("Workers R2 Storage Bucket Item Read")
    with opened(home, readonly=True) as ledger:
        assert ledger.verify() == {}
    with opened(home) as ledger, pytest.raises(LedgerDenied, match=r"may not write the ledger .*403 AccessDenied"):
        ledger.own([owned(1)], [], "adopt")


def test_a_wrong_secret_is_told_as_a_refused_credential(
    home: str, key: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    key("Workers R2 Storage Bucket Item Write")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3same")
    with pytest.raises(LedgerDenied, match="403 SignatureDoesNotMatch") as caught:
        opened(home)
    assert "Object Read & Write" in caught.value.advice
    assert "s3same" not in str(caught.value)
