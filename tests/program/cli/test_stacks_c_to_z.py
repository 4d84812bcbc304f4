"""The other stacks of this repository, in a world of their own."""

import pytest

from tests.program import scenarios
from tests.program.site import Site
from tests.program.test_program import NAMES

from .site import ServedSite

pytestmark = pytest.mark.tier("pulumi CLI")
STACKS = [name for name in NAMES if name >= "c"]


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


@pytest.mark.parametrize(
    "scenario",
    [
        scenarios.what_is_edited_or_deleted_by_hand_is_seen_by_both_and_repaired,
        scenarios.what_is_protected_is_refused,
        *scenarios.OF_ONE_OF_A_SORT,
    ],
    ids=scenarios.name_of,
)
def test_it_does_as_the_engine_of_our_tests_does(site: Site, scenario: scenarios.Scenario) -> None:
    """On one stack the scenarios that elsewhere another engine plays on all."""
    scenarios.stands(site, "capliquify-production")
    scenario(site, "capliquify-production")
