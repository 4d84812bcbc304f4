"""The small repository, empty or built; this repository, in one world a module."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program.conftest import DSN
from tests.program.site import Site

from .shop import Shop
from .site import ServedSite, needed


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSite]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BILKO_SENTRY_DSN", DSN)
        yield ServedSite(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def site(served: ServedSite) -> Iterator[Site]:
    """Each stack is built when it is first needed, those that it uses before it."""
    with served.open() as site:
        yield site


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Nothing of it is built."""
    with Shop(tmp_path / "shop", needed()).open() as shop:
        yield shop


@pytest.fixture(scope="session")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "shop"
    with Shop(folder, needed()).open() as shop:
        shop.up()
    return folder


@pytest.fixture
def built(_built: Path, tmp_path: Path) -> Iterator[Shop]:
    """A copy of one that was built, and is at rest."""
    shutil.copytree(_built, tmp_path / "shop", symlinks=True)
    with Shop(tmp_path / "shop", needed()).open() as shop:
        yield shop
