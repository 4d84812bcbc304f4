"""Where data may be under a value, one that is none of ours is overwritten by nobody but a person."""

from typing import Any

import pytest

from reconcile.steps.rotate import asking
from reconcile.steps.rotate.outlook import outlook
from tests.rotation.machine.books import print_of
from tests.rotation.machine.makers import Reencryption

from .shop import MINUTE, Shop

KEY: dict[str, Any] = {"irreplaceable": True, "hook": "reencrypt"}


def issued(strategy: str = "migrate", **fields: Any) -> Shop:
    shop = Shop(strategy, **(KEY | fields))
    shop.hook = Reencryption(shop.world)
    shop.ended()
    shop.quiet()
    return shop


def ask_now(shop: Shop) -> None:
    shop.says(lambda secret, state: asking.begin(secret, state, shop.now, "ann"))


def test_it_is_asked_about_once_and_stays_where_it_is() -> None:
    shop = issued()
    shop.put("worker", "by-hand")
    for _ in range(4):
        step = shop.turn()
        assert step.what == "held" and "worker/API_SECRET" in step.text and "rotate accept key" in step.text
        shop.wait(5 * MINUTE)
    assert shop.runs()["worker"] == "by-hand"
    (held,) = shop.history("held")
    assert held["pages"] and outlook(shop.secret, shop.state, shop.now).problem.startswith("held: none of ours")


def test_put_right_by_hand_nothing_is_asked_any_more() -> None:
    shop = issued()
    right = shop.runs()["api"]
    shop.put("worker", "by-hand")
    shop.turn()
    shop.put("worker", right)
    shop.quiet()
    assert not shop.state.foreign and outlook(shop.secret, shop.state, shop.now).problem == ""


def test_a_person_lets_it_go_and_the_next_one_is_asked_about_again() -> None:
    shop = issued()
    right = shop.runs()["api"]
    shop.put("worker", "by-hand")
    shop.turn()
    shop.says(asking.retry)
    shop.quiet()
    assert shop.runs() == {"api": right, "worker": right} and not shop.state.overwrite
    shop.put("worker", "by-hand")
    assert shop.turn().what == "held"


def test_a_person_gives_it_and_data_moves_to_it() -> None:
    shop = issued()
    shop.put("worker", "by-hand")
    shop.turn()
    ask_now(shop)
    shop.gives("by-hand")
    shop.ended()
    assert shop.how == "done" and shop.runs() == {"api": "by-hand", "worker": "by-hand"}
    assert {"value": "by-hand"} in shop.books.sealed.values()


@pytest.mark.parametrize("phase", ["accept", "switch", "migrate", "soak", "retire"])
def test_in_the_middle_of_a_rotation_it_is_kept_beside_before_it_is_overwritten(phase: str) -> None:
    shop = issued()
    ask_now(shop)
    shop.in_phase(phase)
    shop.put("worker", "by-hand")
    shop.turns(lambda step: step.what == "held")
    assert shop.holds()["worker"] == "by-hand"
    with pytest.raises(asking.NotNow, match="not the value that was asked about"):
        shop.gives("another")
    shop.gives("by-hand")
    shop.ended()
    assert shop.how == "done" and {"value": "by-hand"} in shop.books.sealed.values()
    assert len(set(shop.runs().values())) == 1 and "by-hand" not in shop.runs().values()


def test_a_replaceable_value_is_put_right_without_asking() -> None:
    shop = issued("overlap", irreplaceable=False)
    shop.put("worker", "by-hand")
    shop.quiet()
    assert "by-hand" not in shop.runs().values() and not shop.history("held")


def taken_over() -> Shop:
    shop = Shop("migrate", **KEY)
    shop.hook = Reencryption(shop.world)
    for unit in shop.world.units:
        shop.put(unit, "from-before")
    shop.world.rows = ["from-before"] * 4
    shop.quiet()
    return shop


def test_a_key_from_before_us_is_kept_before_the_first_rotation_changes_anything() -> None:
    shop = taken_over()
    ask_now(shop)
    step = shop.turns(lambda step: step.what == "held")
    assert "nobody keeps" in step.text and set(shop.holds().values()) == {"from-before"}
    with pytest.raises(asking.NotNow, match="that is another one"):
        shop.gives("mistyped")
    shop.gives("from-before")
    shop.ended()
    assert shop.how == "done" and "from-before" not in {*shop.runs().values(), *shop.world.rows}
    assert {"value": "from-before"} in shop.books.sealed.values()


def test_what_nobody_can_read_is_none_of_ours() -> None:
    shop = issued()
    shop.unreadable = frozenset({"worker"})
    shop.put("worker", "by-hand")
    assert shop.turn().what == "held"
    assert print_of("by-hand") not in shop.state.foreign[0]
