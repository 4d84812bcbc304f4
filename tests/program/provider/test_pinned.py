"""What a stack file names by its id: no other thing is changed for it, and it is never deleted to be made anew."""

import pytest

from .engine import STACK, Home, Refused, State, struct

PROJECT = "trueup:railway:Project"
SHOP = {"account": "acme", "name": "shop"}


def pinned(home: Home) -> str:
    """A project that a person made and the stack file names; its id."""
    home.world.create("railway", "project", "shop", "acme", {})
    (made,) = home.shelf("project")
    home.write(STACK, f"account: acme\nrailway:\n  project: {{shop: {{name: shop, id: {made['id']}}}}}\n")
    return str(made["id"])


def test_another_thing_in_the_state_is_not_changed_for_it(home: Home) -> None:
    meant = pinned(home)
    home.world.create("railway", "project", "other", "acme", {})
    (other,) = [one["id"] for one in home.shelf("project") if one["name"] == "other"]
    with home.engine() as engine:
        state = State(engine.urn(PROJECT, "shop"), f"acme/{other}", struct(SHOP), struct(SHOP))
        with pytest.raises(Refused, match=f"is to be {meant}, and Pulumi's state has {other}"):
            engine.update(state, SHOP)
    assert sorted(str(one["name"]) for one in home.shelf("project")) == ["other", "shop"]


def test_it_is_not_deleted_to_be_made_anew(home: Home) -> None:
    meant = pinned(home)
    with home.engine() as engine:
        state = engine.create(PROJECT, "shop", SHOP)
        assert state.remote == meant
        with pytest.raises(Refused, match=rf"anew \(account\), and it is to be {meant}"):
            engine.diff(state, {**SHOP, "account": "other"})
        assert not engine.diff(state, SHOP).replaces
