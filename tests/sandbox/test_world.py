"""What the world holds, its clock, its memory, and hands that reach into it."""

import datetime as dt
import json
from pathlib import Path

import pytest

from reconcile.model.errors import ReconcileError
from reconcile.model.pretend import Thing
from reconcile.model.resource import Address, Resource
from reconcile.model.spec import Access, Declared, Location, Project
from reconcile.sandbox.world import World

from .pretend_shop import SEEDS, Shop, in_process, stocked


class Died(BaseException):
    """The client's process ends here."""


def declared(account: str, name: str) -> Declared:
    address = Address.parse(f"shop.rack.{name}")
    return Declared("stack", account, address, Resource.model_construct(), Location("stacks/s.yaml", 1))


def project(pinned: str | None = None) -> Project:
    return Project("p", "0", "ledger.db", {"acme": {"shop": Access("shop", pinned, {})}})


def test_a_world_begins_with_what_each_account_declares_and_nothing_else() -> None:
    world = World({"shop": Shop}, SEEDS)
    world.begin([declared("acme", "r1"), declared("zeta", "z1")], project())
    held = world.things()["shop"]
    assert {account: list(kinds.get("rack", [])) for account, kinds in held.items()} == {
        "acme": [{"id": "r1", "name": "r1"}],
        "zeta": [{"id": "z1", "name": "z1"}],
    }


def test_a_seed_that_is_not_the_pinned_account_is_refused() -> None:
    with pytest.raises(ValueError, match="pinned to other"):
        World({"shop": Shop}, SEEDS).begin([], project(pinned="other"))


def test_ids_are_repeatable_from_the_seed_and_differ_between_seeds(boxes: str) -> None:
    def made(seed: int) -> list[str]:
        with in_process(stocked(seed=seed)) as client:
            return [client.post(boxes, json={"name": "x"}).json()["boxes"][0]["id"] for _ in range(3)]

    assert made(1) == made(1)
    assert len(set(made(1)) | set(made(2))) == 6


def test_the_clock_moves_on_and_never_back(world: World) -> None:
    before = world.now()
    assert dt.timedelta(days=30) <= world.advance(dt.timedelta(days=30)) - before < dt.timedelta(days=30, minutes=1)
    with pytest.raises(ValueError, match="only goes forward"):
        world.advance(dt.timedelta(seconds=-1))
    with pytest.raises(ValueError, match="year 9999"):
        world.advance(dt.timedelta(days=3_000_000))
    assert world.now() < before + dt.timedelta(days=31)


def test_a_thing_made_through_the_platform_bears_the_worlds_time(world: World, boxes: str) -> None:
    world.advance(dt.timedelta(days=400))
    with in_process(world) as client:
        made = client.post(boxes, json={"name": "x"}).json()["boxes"][0]["made"]
    assert dt.datetime.fromisoformat(made) > dt.datetime.now(dt.UTC) + dt.timedelta(days=399)


def test_a_world_goes_on_from_its_state_file(tmp_path: Path, boxes: str) -> None:
    state = tmp_path / "world.json"
    first = stocked(state=state)
    first.begin([declared("acme", "r2")], project())
    first.delete("shop", "rack", "r2", None, {})
    first.advance(dt.timedelta(days=30))
    with in_process(first) as client:
        made = client.post(boxes, json={"name": "kept"}).json()["boxes"][0]
    first.save()

    second = World({"shop": Shop}, SEEDS, state=state)
    second.begin([declared("acme", "r2"), declared("acme", "r3")], project())
    assert second.shelf("shop", "acme", "box")[made["id"]]["name"] == "kept"
    assert set(second.shelf("shop", "acme", "rack")) == {"r1", "r3"}, "what a person deleted is not seeded again"
    assert second.now() > dt.datetime.now(dt.UTC) + dt.timedelta(days=29)
    with in_process(second) as client:
        assert client.post(boxes, json={"name": "next"}).json()["boxes"][0]["id"] != made["id"]


def test_the_state_file_is_private_whole_and_written_only_after_a_change(tmp_path: Path) -> None:
    state = tmp_path / "deep" / "world.json"
    world = stocked(state=state)
    assert world.save() is False
    world.edit("shop", "box", "b1", None, {"name": "other"})
    assert world.save() is True
    assert world.save() is False
    assert state.stat().st_mode & 0o777 == 0o600
    assert json.loads(state.read_text())["platforms"]["shop"]["acme"]["box"]["b1"]["name"] == "other"
    assert [path.name for path in state.parent.iterdir()] == ["world.json"]


@pytest.mark.parametrize("content", ["", "[]", '{"format": 99}', '{"format": 1, "colour": 2}'])
def test_a_file_that_is_no_state_is_refused_and_kept(tmp_path: Path, content: str) -> None:
    state = tmp_path / "world.json"
    state.write_text(content)
    with pytest.raises(ReconcileError, match="does not hold a sandbox's state"):
        World({"shop": Shop}, SEEDS, state=state)
    assert state.read_text() == content


def twins(world: World) -> None:
    """Three boxes of one name: two of type A in acme, one of type MX in zeta."""
    for account, id, kind in (("acme", "t1", "A"), ("acme", "t2", "A"), ("zeta", "t3", "MX")):
        box: Thing = {"id": id, "rack": "r1", "name": "twin", "type": kind, "content": f"to-{id}"}
        world.shelf("shop", account, "box")[id] = box


def test_a_person_edits_by_id_by_name_and_by_what_the_console_shows(world: World) -> None:
    for name, written in (("r1", "by-id"), ("by-id", "by-name"), ("by-name!", "by-title")):
        assert world.edit("shop", "rack", name, None, {"name": written})["name"] == written


def test_an_ambiguous_edit_lists_the_ids_and_changes_nothing(world: World) -> None:
    twins(world)
    with pytest.raises(ValueError, match=r"(?s)3 of kind box.*t1.*t2.*t3"):
        world.edit("shop", "box", "twin", None, {"content": "moved"})
    assert all(box.get("content") != "moved" for box in world.shelf("shop", "acme", "box").values())


def test_selectors_and_accounts_say_which_is_meant(world: World) -> None:
    twins(world)
    assert world.edit("shop", "box", "twin", "zeta", {"content": "one"})["id"] == "t3"
    assert world.edit("shop", "box", "twin", None, {"where.content": "to-t2", "content": "two"})["id"] == "t2"
    assert world.edit("shop", "box", "twin", None, {"type": "MX", "content": "three"})["id"] == "t3"
    assert world.edit("shop", "box", "t1", None, {"type": "TXT"})["type"] == "TXT", "alone, a type is written"


def test_a_person_deletes_what_all_selectors_fit(world: World) -> None:
    twins(world)
    with pytest.raises(ValueError, match=r"2 of kind box"):
        world.delete("shop", "box", "twin", None, {"type": "A"})
    assert world.delete("shop", "box", "twin", None, {"type": "A", "content": "to-t1"})["id"] == "t1"
    assert "t1" not in world.shelf("shop", "acme", "box")


def test_a_person_creates_in_a_named_account(world: World) -> None:
    made = world.create("shop", "box", "by-hand", "zeta", {"rack": "z1"})
    assert world.shelf("shop", "zeta", "box")[made["id"]]["name"] == "by-hand"
    with pytest.raises(ValueError, match="acme, zeta"):
        world.create("shop", "box", "by-hand", None, {})


@pytest.mark.parametrize(
    ("platform", "kind", "name", "fields", "reason"),
    [
        ("moon", "box", "b1", {"name": "x"}, "there is shop"),
        ("shop", "crate", "b1", {"name": "x"}, "rack, box"),
        ("shop", "box", "nothing", {"name": "x"}, "holds no box 'nothing'"),
        ("shop", "box", "b1", {"colour": "red"}, "has no colour"),
        ("shop", "box", "b1", {}, "nothing to edit"),
    ],
)
def test_a_mistaken_edit_is_told_what_there_is(
    world: World, platform: str, kind: str, name: str, fields: dict[str, str], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        world.edit(platform, kind, name, None, fields)


def test_every_call_is_recorded_with_its_route(world: World, boxes: str) -> None:
    with in_process(world) as client:
        client.get(boxes, params={"page": 2})
        client.get("nothing", headers={"Authorization": "Bearer nobody"})
    told = [
        (call["n"], call["platform"], call["account"], call["method"], call["path"], call["route"], call["status"])
        for call in world.calls()
    ]
    assert told == [
        (1, "shop", "acme", "GET", "/api/v9/racks/r1/boxes?page=2", "/racks/{rack}/boxes", 200),
        (2, "shop", "", "GET", "/api/v9/nothing", "", 401),
    ]
    assert "request" not in world.calls()[0]
    world.clear_calls()
    assert world.calls() == []


def test_bodies_are_recorded_on_request_as_they_were(boxes: str) -> None:
    world = stocked(record_bodies=True)
    with in_process(world) as client:
        client.post(boxes, json={"name": "x"})
        made = world.calls()[0]["response"]["boxes"][0]["id"]
        client.patch(f"{boxes}/{made}", json={"name": "y"})
    assert world.calls()[0]["request"] == {"name": "x"}
    assert world.calls()[0]["response"]["boxes"][0]["name"] == "x"


@pytest.mark.parametrize(("moment", "made"), [("before", 0), ("after", 1)])
def test_a_client_can_be_made_to_die_before_or_after_the_effect_of_a_call(
    world: World, boxes: str, moment: str, made: int
) -> None:
    def die(n: int, when: str) -> None:
        if (n, when) == (2, moment):
            raise Died

    world.on_call = die
    with in_process(world) as client:
        client.get(boxes)
        with pytest.raises(Died):
            client.post(boxes, json={"name": "last"})
    assert [box["name"] for box in world.shelf("shop", "acme", "box").values()].count("last") == made


def test_ten_thousand_things_are_listed_and_a_thousand_made_without_being_held_up(world: World, boxes: str) -> None:
    shelf = world.shelf("shop", "acme", "box")
    with in_process(world) as client:
        client.post(boxes, json=[{"name": f"n{number}"} for number in range(1000)])
        for number in range(10_000):
            shelf[f"x{number}"] = {"id": f"x{number}", "rack": "r1", "name": f"x{number}.example.com", "tags": []}
        for _ in range(3):
            answer = client.get(boxes, params={"per_page": 100_000})
    assert len(answer.json()["boxes"]) == 11_005
    made, *listed = (call["seconds"] for call in world.calls())
    # The target is 0.12 s on an idle machine; the minimum of three, doubled, holds on a busy one.
    assert min(listed) < 0.24
    assert made < 0.5


def test_a_latency_is_waited_for_in_every_call(boxes: str) -> None:
    with in_process(stocked(latency_seconds=0.05)) as client:
        assert client.get(boxes).elapsed >= dt.timedelta(seconds=0.05)
