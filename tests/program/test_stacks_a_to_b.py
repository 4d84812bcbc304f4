"""The first stacks of this repository, built by the engine of these tests through our provider and the stand-in."""

from collections.abc import Callable

import pytest

from . import scenarios
from .conftest import DSN
from .scenarios import Scenario
from .site import Site
from .test_program import NAMES


@pytest.mark.parametrize(
    ("scenario", "stack"), scenarios.of_every_stack([name for name in NAMES if name < "c"]), ids=scenarios.name_of
)
def test_of_every_stack(site: Site, scenario: Scenario, stack: str) -> None:
    scenarios.stands(site, stack)
    scenario(site, stack)


@pytest.mark.parametrize("stack", ["bilko-production", "bunty"])
@pytest.mark.parametrize("scenario", scenarios.OF_ONE_OF_A_SORT, ids=scenarios.name_of)
def test_of_one_stack_of_a_sort(site: Site, scenario: Scenario, stack: str) -> None:
    """All platforms; Vercel and DNS."""
    scenarios.stands(site, stack)
    scenario(site, stack)


@pytest.mark.parametrize(
    "scenario",
    [scenarios.a_name_of_another_type_takes_the_place_of_the_old_one, scenarios.a_thing_that_moved_stays],
    ids=scenarios.name_of,
)
def test_of_a_stack_file_that_changes(copy: Callable[[str], Site], scenario: Scenario) -> None:
    scenario(copy("bilko"), "bilko")


def test_no_secret_is_read_anywhere(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the value that the runner has nor the token of any account."""
    stack = "bilko-production"
    scenarios.stands(site, stack)
    tokens = [seed.token.reveal() for seed in site.estate.world.seeds]
    assert DSN in {str(one["value"]) for one in site.estate.shelf("variable", "bilko", name="SENTRY_DSN")}
    scenarios.no_secret_is_read_anywhere(site, stack, [DSN, *tokens], caplog.text)
