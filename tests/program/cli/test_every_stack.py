"""Every stack of this repository, built by the vendor's command line in one world, used ones first."""

from collections.abc import Callable, Iterator

import pytest

from tests.program import scenarios
from tests.program.site import Site
from tests.program.test_program import NAMES

from .site import ServedSite

pytestmark = pytest.mark.tier("pulumi CLI")
DSN = "https://9f2c1e7ab4d84c6d8a3e@planted.sentry.example/4711"
Scenario = Callable[[Site, str], None]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSite]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BILKO_SENTRY_DSN", DSN)
        yield ServedSite(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def site(served: ServedSite) -> Iterator[Site]:
    with served.open() as site:
        yield site


@pytest.mark.parametrize("stack", NAMES)
def test_it_comes_up_and_is_quiet_the_second_time(site: Site, stack: str) -> None:
    scenarios.stands(site, stack)
    scenarios.is_quiet_the_second_time(site, stack)


@pytest.mark.parametrize("stack", NAMES)
def test_what_is_edited_by_hand_is_put_back_by_trueup_and_pulumi_agrees(
    served: ServedSite, site: Site, stack: str
) -> None:
    def apply() -> None:
        done = served.trueup("apply", "-s", stack, "--yes", "--confirm-destructive")
        assert done.returncode == 0, done.stderr

    scenarios.stands(site, stack)
    scenarios.what_is_edited_by_hand_is_put_back_by(site, stack, apply)
