"""A home and an engine for the provider's tests. The chain of every ledger they leave must hold."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .engine import Engine, Home


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path / "home")
    yield made
    if made.ledger_file.exists():
        made.entries()


@pytest.fixture
def engine(home: Home) -> Iterator[Engine]:
    with home.engine() as made:
        yield made
