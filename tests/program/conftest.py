"""What the tests of the Pulumi side share."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.program.scenarios")

from . import scenarios  # noqa: E402
from .site import MiniSite, Site  # noqa: E402

DSN = "https://9f2c1e7ab4d84c6d8a3e@planted.sentry.example/4711"


@pytest.fixture(scope="module")
def mini(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniSite]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BILKO_SENTRY_DSN", DSN)
        yield MiniSite(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def site(mini: MiniSite) -> Iterator[Site]:
    """One world for all; each stack is built when it is first needed, those that it uses before it."""
    with mini.open() as site:
        yield site


@pytest.fixture
def copy(site: Site, mini: MiniSite, tmp_path: Path) -> Iterator[Callable[[str], Site]]:
    """Of a stack: a site of its own on which it is built."""
    opened = []

    def of(stack: str) -> Site:
        scenarios.stands(site, stack)
        context = mini.copy(tmp_path / "copy").open()
        opened.append(context)
        return context.__enter__()

    yield of
    for context in opened:
        context.__exit__(None, None, None)
