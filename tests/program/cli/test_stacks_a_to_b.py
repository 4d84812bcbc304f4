"""The first stacks of this repository, built by the vendor's command line in one world, used ones first."""

import pytest

from tests.program import scenarios
from tests.program.site import Site
from tests.program.test_program import NAMES

from .site import ServedSite

pytestmark = pytest.mark.tier("pulumi CLI")
STACKS = [name for name in NAMES if name < "c"]


@pytest.mark.parametrize("stack", STACKS)
def test_it_comes_up_and_is_quiet_the_second_time(site: Site, stack: str) -> None:
    scenarios.stands(site, stack)
    scenarios.is_quiet_the_second_time(site, stack)


@pytest.mark.parametrize("stack", STACKS)
def test_what_is_edited_by_hand_is_put_back_by_trueup_and_pulumi_agrees(
    served: ServedSite, site: Site, stack: str
) -> None:
    scenarios.stands(site, stack)
    scenarios.what_is_edited_by_hand_is_put_back_by(site, stack, lambda: served.apply(stack))
