"""A ledger in PostgreSQL, as live runs have it, keeps no secret of Railway's variables, no key and no pepper."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from sqlalchemy import make_url

from reconcile.assemble import Workshop
from reconcile.loop import Consent
from reconcile.settings import Settings
from reconcile.store.vault import KEY_VARIABLE, PEPPER, Key, begin_vault

from .planted import leaks
from .planted_railway import FROM_ENV, PROJECT, Shop, locks

pytestmark = pytest.mark.tier("postgresql")


@pytest.fixture
def shop(tmp_path: Path, postgresql_schema: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """The shop, its ledger on a server and its credentials in the environment, as a live run has them."""
    estate = Shop(tmp_path)
    estate.write("_project", PROJECT.replace("home: .trueup/ledger.db", f'home: "{postgresql_schema}"'))
    for (account, platform), token in estate.tokens.items():
        monkeypatch.setenv(f"{account}_{platform}_TOKEN".upper(), token)
    for name, value in FROM_ENV.items():
        monkeypatch.setenv(name, value)
    yield estate


def live(shop: Shop) -> Workshop:
    """A live workshop, every call of which is answered in this process."""
    names = shop.world.platforms
    transports = {name: httpx.WSGITransport(app=shop.world.wsgi(name)) for name in names}
    return Workshop(Settings(shop.root), transports=transports, clock=shop.world.now, sleep=shop.slept.append)


def apply(shop: Shop) -> int:
    with live(shop) as opened:
        names = tuple(opened.tree.stacks)
        run = opened.reconciler().apply(names, command="apply", ask=lambda judged: Consent())
    assert run is not None
    return run.exit_code()


def kept(url: str) -> dict[str, bytes]:
    """Every row of every table, as text."""
    address = make_url(url).set(drivername="postgresql")
    with psycopg.connect(address.render_as_string(hide_password=False)) as connection:
        tables = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
        ).fetchall()
        return {
            name: "\n".join(
                row[0] for row in connection.execute(f'SELECT t::text FROM "{name}" t'.encode()).fetchall()
            ).encode()
            for (name,) in tables
        }


def test_no_secret_is_readable_in_a_ledger_on_a_server(
    shop: Shop, postgresql_schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, text = Key.fresh()
    monkeypatch.setenv(KEY_VARIABLE, text.reveal())
    with live(shop) as opened:
        ledger = opened.ledger(begin=True)
        recovery = begin_vault(ledger, key)
        sealed = ledger.sealed()[PEPPER]
    assert recovery is not None
    assert apply(shop) == 16
    shop.set_by_hand()
    assert apply(shop) == 0
    shop.typed_over()
    shop.fault("400 POST /graphql/v2?query=Apply times=1", "railway")
    shop.careless_vendor()
    assert apply(shop) != 0
    apply(shop)
    with live(shop) as opened:
        opened.ledger().backup(shop.root / "ledger.backup")
    tables = kept(postgresql_schema)
    planted = {**shop.planted, **locks(text.reveal(), sealed), "recovery key": recovery.reveal()}
    assert any(b"SENTRY_DSN" in rows for rows in tables.values())
    assert any(sealed.encode() in rows for rows in tables.values())
    assert leaks({**tables, "backup": (shop.root / "ledger.backup").read_bytes()}, planted) == []


def test_a_leak_into_a_ledger_on_a_server_is_seen(
    shop: Shop, postgresql_schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reconcile.store import owning, values

    whole = values.kept_fields
    monkeypatch.setattr(owning, "kept_fields", lambda one: {**whole(one), "cron": FROM_ENV["SHOP_SEALED"]})
    with live(shop) as opened:
        opened.ledger(begin=True)
    apply(shop)
    assert leaks(kept(postgresql_schema), shop.planted) == [("applied", "SHOP_SEALED of the environment")]
