"""The product on a ledger in a bucket: what a pass costs, and every command that minds a ledger."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from reconcile.assemble import Workshop, begin_world
from reconcile.loop import Consent
from reconcile.model.errors import LedgerLocked
from reconcile.sandbox.world import World
from reconcile.settings import Settings
from reconcile.store.vault import KEY_VARIABLE
from tests.cli.conftest import PROJECT, Command, Repository
from tests.cli.conftest import repository as repository
from tests.cli.conftest import trueup as trueup
from tests.conftest import CLOSING

from .places import S3Place
from .s3_door import S3Door

QUIET_READS, QUIET_WRITES = 6, 4


@pytest.fixture
def shared(repository: Repository, s3_place: S3Place, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository whose ledger is in a bucket; no vendor's credential is in the environment."""
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    home = PROJECT.replace("home: .trueup/ledger.db", f'home: "{s3_place.home()}"')
    repository.write("stacks/_project.yaml", home)
    return repository


@pytest.fixture
def live(shared: Repository, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Workshop]:
    """A workshop as a live run has it, every call to a platform answered in this process."""
    world: World = begin_world(shared.root)
    for seed in world.seeds:
        monkeypatch.setenv(f"{seed.account}_{seed.platform}_TOKEN".upper(), seed.token.reveal())
    transports = {name: httpx.WSGITransport(app=world.wsgi(name)) for name in world.platforms}
    return lambda: Workshop(Settings(shared.root), transports=transports, clock=world.now, sleep=lambda seconds: None)


def apply(live: Callable[[], Workshop]) -> int:
    with live() as shop:
        run = shop.reconciler().apply(tuple(shop.tree.stacks), command="apply", ask=lambda judged: Consent())
    assert run is not None
    return run.exit_code()


def test_a_quiet_pass_reads_little_and_writes_only_that_it_ran(
    live: Callable[[], Workshop], s3_door: S3Door, record_property: Callable[[str, object], None]
) -> None:
    with live() as shop:
        shop.ledger(begin=True)
    assert apply(live) == 0
    s3_door.counts()
    assert apply(live) == 0
    whole = sum(one.method == "GET" and one.status == 200 for one in s3_door.asked)
    quiet = s3_door.counts()
    record_property(CLOSING, f"ledger in S3: a quiet pass takes {quiet['GET']} GET and {quiet['PUT']} PUT")
    assert whole == 1, "the ledger is fetched once; after that S3 is only asked whether it moved"
    assert quiet["GET"] <= QUIET_READS
    assert quiet["PUT"] <= QUIET_WRITES


def test_init_begins_it_once(shared: Repository, trueup: Command, s3_place: S3Place) -> None:
    told = trueup("init", "--json")
    assert told.code == 0, told.err
    where = f"the ledger, s3://{s3_place.bucket}/acme/ledger.db at {s3_place.door.url.removeprefix('http://')}"
    assert where in told.json["wrote"]
    key = (shared.root / ".trueup" / "key").read_text()
    assert not [word for word in key.split() if word.startswith("AGE-SECRET") and word.encode() in s3_place.content]
    assert told.json["recovery_key"].encode() not in s3_place.content
    assert b"s3same" not in s3_place.content
    before = s3_place.content
    again = trueup("init", "--json")
    assert again.code == 0, again.err
    assert where in again.json["kept"]
    assert s3_place.content == before
    assert not list(shared.root.rglob("*.db"))


def test_init_stops_where_the_bucket_is_missing_or_refused(
    shared: Repository, trueup: Command, s3_place: S3Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared.write(
        "stacks/_project.yaml", (shared.root / "stacks/_project.yaml").read_text().replace("ledgers-", "none-")
    )
    told = trueup("init")
    assert told.code == 1
    assert "there is no bucket none-" in told.err and "make the bucket" in told.err
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    told = trueup("init")
    assert told.code == 14
    assert "AWS_ACCESS_KEY_ID" in told.err


def test_a_backup_of_it_is_restored_verified_and_shown(
    shared: Repository, trueup: Command, s3_place: S3Place, tmp_path: Path
) -> None:
    assert trueup("init").code == 0
    before = trueup("ledger", "show", "--json").json
    assert before["location"].startswith(f"s3://{s3_place.bucket}/acme/ledger.db")
    kept = tmp_path / "kept.json"
    assert trueup("ledger", "backup", str(kept)).code == 0
    told = trueup("ledger", "restore", str(kept))
    assert (told.code, "already" in told.err) == (1, True)
    s3_place.door.remove(s3_place.bucket, s3_place.key)
    assert trueup("ledger", "verify").code == 1
    assert trueup("ledger", "restore", str(kept)).code == 0
    assert trueup("ledger", "show", "--json").json == before
    assert trueup("ledger", "verify", "--head", f"ledger={before['heads']['']}").code == 0


def test_doctor_tells_whether_it_can_be_used(
    shared: Repository, trueup: Command, s3_place: S3Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert trueup("init").code == 0
    puts = sum(one.method == "PUT" for one in s3_place.door.asked)
    told = trueup("doctor")
    assert f"s3://{s3_place.bucket}/acme/ledger.db" in told.out
    assert "the chain of 1 entries holds" in " ".join(told.out.split())
    assert sum(one.method == "PUT" for one in s3_place.door.asked) == puts
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    told = trueup("doctor")
    assert "no credential for the ledger" in told.out
    assert told.code != 0


def test_a_held_stack_is_told_with_its_own_code_and_unlocked_with_a_reason(
    live: Callable[[], Workshop], trueup: Command
) -> None:
    with live() as shop:
        ledger = shop.ledger(begin=True)
        with ledger.lease(["web"], holder="another runner"):
            with pytest.raises(LedgerLocked, match="another runner") as caught:
                apply(live)
            assert caught.value.exit_code == 12
            assert trueup("unlock", "web", "--reason", "its machine is gone").code == 0
        assert [one.what for one in ledger.history("web")] == ["unlocked"]


def test_recover_begins_it_anew_where_it_is_lost(shared: Repository, trueup: Command, s3_place: S3Place) -> None:
    told = trueup("recover", "--yes")
    assert "began ledger" in told.out
    assert trueup("ledger", "verify").code == 0
    assert f"id: {trueup('ledger', 'show', '--json').json['id']}" in (shared.root / "stacks/_project.yaml").read_text()
    before = s3_place.content
    shared.write(
        "stacks/_project.yaml", (shared.root / "stacks/_project.yaml").read_text().replace("id: ", "id: 0a", 1)
    )
    told = trueup("recover", "--yes")
    assert told.code == 1
    assert "and the project names" in told.err
    assert s3_place.content == before
