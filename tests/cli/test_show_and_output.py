import json
from pathlib import Path

import pytest

from reconcile.cli.plain import harmless, plain
from reconcile.sandbox.world import World

from .conftest import WEB, WWW, Answer, Command, Repository


def test_show_tells_the_line_the_live_thing_the_last_apply_and_the_owner(applied: World, trueup: Command) -> None:
    told = trueup("show", WWW, "--json")
    assert told.code == 0
    one = told.json
    assert one["declared"]["at"] == "stacks/web.yaml:7"
    assert one["declared"]["covers"] == ["shop-001"]
    assert one["live"]["state"] == "present"
    assert one["live"]["fields"]["content"] == "192.0.2.1"
    assert one["applied"]["revision"].startswith("dirty:")
    assert one["owner"]["ledger"]["id"] == one["live"]["id"]
    assert one["owner"]["mark"] == f"trueup:shop/web/{WWW}"
    assert one["differences"] == []
    assert [rule["field"] for rule in one["ignore"]] == ["ttl"]


def test_show_names_the_cause_of_each_field_that_differs(
    applied: World, trueup: Command, repository: Repository
) -> None:
    applied.edit("cloudflare", "record", "www.shop.example", None, {"content": "192.0.2.9", "ttl": "300"})
    repository.write("stacks/web.yaml", WEB.replace("content: 192.0.2.1,", "content: 192.0.2.1, proxied: true,"))
    found = {one["field"]: one for one in trueup("show", WWW, "--json").json["differences"]}
    assert (found["content"]["cause"], found["content"]["before"]) == ("drift", "192.0.2.9")
    assert found["proxied"]["cause"] == "git"
    assert found["ttl"]["accepted"] is True
    lines = trueup("show", WWW).out.splitlines()
    assert "  differs       content: 192.0.2.9 → 192.0.2.1  (drift)" in lines
    assert "  differs       proxied: false → true  (git)" in lines
    assert "  differs       ttl: 300 → 1  (drift, accepted until 2099-01-31)" in lines


def test_show_reads_only_the_listing_that_it_needs(applied: World, trueup: Command) -> None:
    applied.clear_calls()
    trueup("show", WWW)
    asked = [call["path"] for call in applied.calls()]
    assert asked
    assert not [path for path in asked if "heartbeat" in path]


def test_show_of_a_deleted_thing_says_that_it_is_not_there(applied: World, trueup: Command) -> None:
    applied.delete("cloudflare", "record", "www.shop.example", None, {})
    told = trueup("show", WWW)
    assert told.code == 0
    assert "  live          not there" in told.out
    assert "  owner         ours, says the ledger" in told.out


def test_show_of_what_cannot_be_seen_says_so_and_leaves_with_its_code(applied: World, trueup: Command) -> None:
    applied.fault("cloudflare", "403 before GET /zones/*/dns_records times=always")
    told = trueup("show", WWW, "--json")
    assert told.json["live"] == {"state": "not seen"}
    assert told.json["gaps"]
    assert told.code == told.json["exit"] != 0
    assert told.json["applied"]["fields"]["content"] == "192.0.2.1"


def test_show_of_a_thing_that_is_owned_and_no_longer_declared(
    applied: World, trueup: Command, repository: Repository
) -> None:
    repository.write("stacks/web.yaml", WEB.replace("      note:", "      #"))
    told = trueup("show", "cloudflare.record.main/note", "--json")
    assert told.code == 0
    assert told.json["declared"] is None
    assert told.json["live"]["state"] == "present"
    assert told.json["owner"]["ledger"]["id"] == told.json["live"]["id"]


def test_show_of_a_thing_that_refers_reads_what_it_refers_to(
    world: World, trueup: Command, repository: Repository
) -> None:
    output = "${betterstack.heartbeat.job.status}"
    repository.write("stacks/web.yaml", WEB.replace('"[red]hello[/]"', f'"{output}"'))
    assert trueup("apply", "--all", "--yes").code == 0
    told = trueup("show", "cloudflare.record.main/note", "--json")
    assert (told.code, told.json["gaps"], told.json["differences"]) == (0, [], [])
    assert told.json["declared"]["references"] == {"content": output}
    assert told.json["declared"]["fields"]["content"] == told.json["live"]["fields"]["content"] == "pending"


@pytest.mark.parametrize("words", [("show", WWW), ("output",)], ids=" ".join)
def test_what_another_account_holds_is_not_told_as_ours(
    words: tuple[str, ...], applied: World, trueup: Command, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.json"
    trueup("ledger", "backup", str(kept))
    content = json.loads(kept.read_text())
    content["tables"]["pin"][0]["remote_id"] = "b" * 32
    kept.write_text(json.dumps(content))
    for file in tmp_path.glob("world.db*"):
        file.unlink()
    assert trueup("ledger", "restore", str(kept)).code == 0
    told = trueup(*words)
    assert told.code == 14
    assert "pinned to " + "b" * 32 in told.err
    assert not told.out


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (("show", "cloudflare.record.main/ww"), f"nearest: {WWW}"),
        (("show", "nonsense"), "addresses look like"),
        (("output", "cloudflare.zone.min"), "nearest: cloudflare.zone.main"),
        (("output", WWW), f"trueup show {WWW}"),
        (("output", "cloudflare.zone.main.nam"), "name_servers"),
        (("output", "--stack", "wep"), "known: web"),
    ],
)
def test_a_misspelling_leaves_with_1_and_what_is_near(
    words: tuple[str, ...], advice: str, applied: World, trueup: Command
) -> None:
    told = trueup(*words)
    assert told.code == 1
    assert advice in told.err


def test_output_lists_what_the_platforms_gave(applied: World, trueup: Command) -> None:
    told = trueup("output", "--json")
    assert told.code == 0
    assert set(told.json["stacks"]["web"]) == {"cloudflare.zone.main", "betterstack.heartbeat.job"}
    servers = told.json["stacks"]["web"]["cloudflare.zone.main"]["name_servers"]
    assert len(servers) == 2
    assert trueup("output", "cloudflare.zone.main.name_servers").out.splitlines() == servers


def test_a_secret_output_is_never_shown(applied: World, trueup: Command) -> None:
    (beat,) = applied.shelf("betterstack", "acme", "heartbeat").values()
    secret = str(beat["url"]).rpartition("/")[2]
    assert len(secret) > 8
    job = "betterstack.heartbeat.job"
    asked = [("output",), ("output", "--json"), ("output", f"{job}.url"), ("show", job), ("show", job, "--json")]
    told: list[Answer] = [trueup(*words) for words in (*asked, ("history", "--json"), ("status", "--json"))]
    assert not [one for one in told if secret in one.out + one.err]
    assert told[2].out == "«hidden»\n"
    assert told[4].json["live"]["fields"]["url"] == {"hidden": True}


def test_an_output_that_is_not_given_yet_leaves_with_17(world: World, trueup: Command) -> None:
    told = trueup("output", "betterstack.heartbeat.job.status")
    assert told.code == 17
    assert "has no value" in told.err


def test_what_others_wrote_neither_colours_nor_moves_the_cursor(applied: World, trueup: Command) -> None:
    hostile = "\x1b[31m\x9b2J[bold]gone[/]\u202e"
    (note,) = [one for one in applied.shelf("cloudflare", "acme", "record").values() if one["name"].startswith("note.")]
    note["comment"] = hostile
    told = trueup("show", "cloudflare.record.main/note").out
    assert "\\x1b[31m\\x9b2J[bold]gone[/]\\u202e" in told
    assert "content: [red]hello[/]" in told
    assert not {"\x1b", "\x9b", "\u202e"} & set(told)


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "\x07", "\x1b]0;title\x07", "\u2066", "\ud800"])
def test_harmless_text_is_one_line_of_printable_characters(text: str) -> None:
    assert harmless(text).isprintable()
    assert plain(text).isprintable()
