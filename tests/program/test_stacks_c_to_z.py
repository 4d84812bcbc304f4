"""The other stacks of this repository, in a world of their own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from . import scenarios
from .scenarios import Scenario
from .site import MiniSite, Site
from .test_program import NAMES


@pytest.mark.parametrize(
    ("scenario", "stack"), scenarios.of_every_stack([name for name in NAMES if name >= "c"]), ids=scenarios.name_of
)
def test_of_every_stack(site: Site, scenario: Scenario, stack: str) -> None:
    scenarios.stands(site, stack)
    scenario(site, stack)


@pytest.mark.parametrize("stack", ["capliquify-production", "vendhub-production"])
@pytest.mark.parametrize("scenario", scenarios.OF_ONE_OF_A_SORT, ids=scenarios.name_of)
def test_of_one_stack_of_a_sort(site: Site, scenario: Scenario, stack: str) -> None:
    """Railway under another stack's services; a whole estate in one stack."""
    scenarios.stands(site, stack)
    scenario(site, stack)


@pytest.mark.parametrize(
    ("scenario", "stack"),
    [
        (scenarios.what_cannot_be_changed_is_replaced_with_all_that_follows, "vendhub-production"),
        (scenarios.what_leaves_the_stack_file_is_deleted_and_forgotten, "legacyvideo-production"),
        (scenarios.a_protected_thing_that_leaves_the_stack_file_is_refused, "legacyvideo-production"),
    ],
    ids=scenarios.name_of,
)
def test_of_a_stack_file_that_changes(copy: Callable[[str], Site], scenario: Scenario, stack: str) -> None:
    scenario(copy(stack), stack)


def test_what_is_made_half_way_is_finished_by_the_next_up(tmp_path: Path) -> None:
    with MiniSite(tmp_path).open() as site:
        scenarios.what_is_made_half_way_is_finished_by_the_next_up(site, "legacyvideo-production")
