import datetime as dt
import functools
from pathlib import Path

from reconcile.assemble import SANDBOX_LEDGER_ID
from reconcile.model.change import Change
from reconcile.model.resource import Address
from reconcile.platforms import kinds
from reconcile.sandbox.world import World
from reconcile.store import Ledger, open_ledger

from .conftest import WWW, Command, Repository


def the_ledger(folder: Path) -> Ledger:
    """The sandbox world's own, as another process would open it."""
    now = functools.partial(dt.datetime.now, dt.UTC)
    return open_ledger(str(folder / "world.db"), folder, expected_id=SANDBOX_LEDGER_ID, clock=now)


def test_status_before_the_first_apply(world: World, trueup: Command) -> None:
    told = trueup("status", "--json")
    assert told.code == 0
    assert told.json["ledger"]["id"] == SANDBOX_LEDGER_ID
    (web,) = told.json["stacks"]
    assert (web["stack"], web["account"], web["writer"], web["declared"], web["owned"]) == (
        "web",
        "acme",
        "trueup",
        4,
        0,
    )
    assert web["last_run"] is web["lease"] is web["head"] is None


def test_status_after_an_apply_asks_no_platform(applied: World, trueup: Command) -> None:
    applied.clear_calls()
    (web,) = trueup("status", "--json").json["stacks"]
    assert web["owned"] == 3
    assert (web["last_run"]["command"], web["last_run"]["exit"]) == ("apply", 0)
    assert list(web["revisions"].values()) == [3]
    assert web["open_intents"] == []
    assert len(web["head"]) == 64
    assert applied.calls() == []


def test_status_names_who_holds_a_stack(applied: World, trueup: Command, tmp_path: Path) -> None:
    with the_ledger(tmp_path) as ledger, ledger.lease(["web"], holder="apply of somebody"):
        (web,) = trueup("status", "--json").json["stacks"]
        assert web["lease"]["holder"] == "apply of somebody"
        assert web["lease"]["over"] is False
        assert "by apply of somebody (host " in trueup("status").out
        freed = trueup("unlock", "web", "--reason", "that machine burnt")
        assert freed.code == 0
        assert trueup("status", "--json").json["stacks"][0]["lease"] is None
    entry = trueup("history", "--stack", "web", "--json").json["entries"][0]
    assert entry["what"] == "unlocked"
    assert entry["detail"]["reason"] == "that machine burnt"


def test_status_still_tells_of_a_stack_whose_file_is_gone(
    applied: World, trueup: Command, repository: Repository
) -> None:
    (repository.root / "stacks" / "web.yaml").unlink()
    (web,) = trueup("status", "--json").json["stacks"]
    assert (web["stack"], web["account"], web["declared"], web["owned"]) == ("web", "acme", None, 3)
    assert "no file declares this stack, 3 owned" in trueup("status").out


def test_an_announced_change_without_an_answer_is_shown_as_open(
    applied: World, trueup: Command, tmp_path: Path
) -> None:
    address = Address.parse(WWW)
    record = kinds()["cloudflare.record"].declared(
        {"zone": "shop.example", "type": "A", "name": "www", "content": "192.0.2.9"}
    )
    change = Change("web", "acme", address, "update", "git", record.keys()[0], "shop.example", record, record)
    with the_ledger(tmp_path) as ledger:
        ledger.intend(ledger.begin_run("apply", ["web"], "abc", "somebody"), 0, [change])
    (web,) = trueup("status", "--json").json["stacks"]
    assert web["open_intents"] == [{"address": WWW, "verb": "update"}]
    assert web["last_run"]["exit"] is None
    told = trueup("status").out
    assert f"update {WWW}: announced, no answer yet" in told
    assert "by somebody, not ended: under way, or it died, revision abc" in told


def test_history_is_newest_first_and_ends_with_the_heads(applied: World, trueup: Command) -> None:
    applied.edit("cloudflare", "record", "www.shop.example", None, {"content": "192.0.2.9"})
    assert trueup("apply", "--all", "--yes").code == 0
    told = trueup("history", "--json").json
    assert [one["id"] for one in told["runs"]] == [2, 1]
    web = [one for one in told["entries"] if one["stack"] == "web"]
    assert [one["seq"] for one in web] == [4, 3, 2, 1]
    assert (web[0]["what"], web[0]["address"]) == ("update done", WWW)
    assert told["heads"]["web"] == web[0]["hash"]
    assert f"  web  {web[0]['hash']}" in trueup("history").out.splitlines()


def test_history_of_one_stack_is_limited_and_knows_no_other(applied: World, trueup: Command) -> None:
    told = trueup("history", "--stack", "web", "--limit", "2", "--json").json
    assert [one["stack"] for one in told["entries"]] == ["web", "web"]
    assert set(told["heads"]) == {"web"}
    wrong = trueup("history", "--stack", "wep")
    assert wrong.code == 1
    assert "it knows: web" in wrong.err


def test_without_a_ledger_status_says_how_to_get_one_and_makes_none(repository: Repository, trueup: Command) -> None:
    told = trueup("status")
    assert told.code == 1
    assert "trueup init" in told.err
    assert not (repository.root / ".trueup" / "ledger.db").exists()
