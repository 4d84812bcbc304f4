"""A runner that has lost its key: nothing is made that it could not keep."""

from pathlib import Path

import pytest

from reconcile.model.errors import KeyRefused

from .shop import PROJECT, SHOP, Shop

MAIL = SHOP.replace(
    "strategy: overlap, generate: {bytes: 32, as: base64}", "strategy: two-key, issue: {sendgrid.api-key: {}}"
)
WITH_MAIL = PROJECT + "    sendgrid: {credentials: {token: ACME_SENDGRID_TOKEN}}\n"


def test_no_credential_is_made_that_nobody_could_seal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRUEUP_KEY", raising=False)
    shop = Shop(tmp_path, MAIL, WITH_MAIL)
    shop.apply()
    Path(f"{shop.ledger_file}.key").rename(tmp_path / "lost")
    assert [shop.rotate()["session"].text for _ in range(2)] == ["began: first", "issue"]
    for _ in range(2):
        with pytest.raises(KeyRefused, match="no key here"):
            shop.rotate()
        assert not shop.world.shelf("sendgrid", "acme", "api-key")
    (tmp_path / "lost").rename(f"{shop.ledger_file}.key")
    shop.rotate(until_quiet=True)
    assert len(shop.world.shelf("sendgrid", "acme", "api-key")) == 1
