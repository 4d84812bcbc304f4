"""Estates for the stories. Whatever a story did, the chain of every ledger it leaves must hold."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .estate import Estate

Begin = Callable[..., Estate]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Makes an estate: `begin(stack, project=…)`."""
    made: list[Estate] = []

    def make(*args: Any, **options: Any) -> Estate:
        made.append(Estate(tmp_path / f"estate{len(made)}", *args, **options))
        return made[-1]

    yield make
    for one in made:
        if one.ledger_file.exists():
            one.entries()


@pytest.fixture
def estate(begin: Begin) -> Estate:
    """The shop, before its first apply."""
    return begin()


@pytest.fixture
def applied(estate: Estate) -> Estate:
    """The shop as it was just applied, its call log empty."""
    assert estate.apply().exit_code() == 0
    estate.world.clear_calls()
    return estate
