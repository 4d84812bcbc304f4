"""Shops on loopback, stopped when a test is over."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.rotation.live.shop import PROJECT, SHOP

from .stage import Stage

Open = Callable[..., Stage]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Opens a shop of a stack and a project; all are closed at the end."""
    stages: list[Stage] = []

    def open_one(stack: str = SHOP, project: str = PROJECT, **more: str) -> Stage:
        stage = Stage(tmp_path / f"shop-{len(stages)}", stack, project, more)
        stages.append(stage)
        return stage

    yield open_one
    for stage in stages:
        stage.close()


@pytest.fixture
def empty(opened: Open) -> Stage:
    """Declared, and nothing of it there."""
    return opened()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop that is applied, the first value in place, to be copied."""
    stage = Stage(tmp_path_factory.mktemp("built") / "shop").up()
    stage.close()
    return stage.root


@pytest.fixture
def shop(built: Path, tmp_path: Path) -> Iterator[Stage]:
    """Everything applied, the first value in place."""
    stage = Stage(Path(shutil.copytree(built, tmp_path / "shop")))
    yield stage
    stage.close()


@pytest.fixture(scope="module")
def calm(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The same, shared by tests that change nothing."""
    stage = Stage(Path(shutil.copytree(built, tmp_path_factory.mktemp("calm") / "shop")))
    yield stage
    stage.close()
