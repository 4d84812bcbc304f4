"""A repository with an estate that was made by hand, in a served world."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .repository import Repository


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    """A zone without records."""
    made = Repository(tmp_path / "shop", lambda ready: monkeypatch.setenv("TRUEUP_SANDBOX", str(ready)))
    yield made
    made.served.stop()


@pytest.fixture
def repository(empty: Repository) -> Repository:
    empty.stock()
    return empty
