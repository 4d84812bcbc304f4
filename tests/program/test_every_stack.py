"""Every stack of this repository, built by the engine of these tests through our provider and the stand-in."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from . import scenarios
from .site import MiniSite, Site
from .test_program import NAMES

DSN = "https://9f2c1e7ab4d84c6d8a3e@planted.sentry.example/4711"
ONE_OF_A_SORT = ("bilko-production", "bunty", "capliquify-production", "vendhub-production")
"""All platforms; Vercel and DNS; Railway under another stack's services; a whole estate in one stack."""
Scenario = Callable[[Site, str], None]


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


@pytest.mark.parametrize("stack", NAMES)
@pytest.mark.parametrize(
    "scenario",
    [
        scenarios.is_quiet_the_second_time,
        scenarios.what_is_edited_or_deleted_by_hand_is_seen_by_both_and_repaired,
        scenarios.what_is_protected_is_refused,
    ],
    ids=lambda scenario: scenario.__name__,
)
def test_of_every_stack(site: Site, scenario: Scenario, stack: str) -> None:
    scenarios.stands(site, stack)
    scenario(site, stack)


@pytest.mark.parametrize("stack", ONE_OF_A_SORT)
@pytest.mark.parametrize(
    "scenario",
    [
        scenarios.what_lives_is_taken_over_by_an_import,
        scenarios.what_the_engine_forgot_is_found_again_and_nothing_is_made_twice,
    ],
    ids=lambda scenario: scenario.__name__,
)
def test_of_one_stack_of_a_sort(site: Site, scenario: Scenario, stack: str) -> None:
    scenarios.stands(site, stack)
    scenario(site, stack)


@pytest.mark.parametrize(
    ("scenario", "stack"),
    [
        (scenarios.what_cannot_be_changed_is_replaced_with_all_that_follows, "vendhub-production"),
        (scenarios.a_name_of_another_type_takes_the_place_of_the_old_one, "bilko"),
        (scenarios.what_leaves_the_stack_file_is_deleted_and_forgotten, "legacyvideo-production"),
        (scenarios.a_thing_that_moved_stays, "bilko"),
        (scenarios.a_protected_thing_that_leaves_the_stack_file_is_refused, "legacyvideo-production"),
    ],
    ids=lambda one: getattr(one, "__name__", one),
)
def test_of_a_stack_file_that_changes(copy: Callable[[str], Site], scenario: Scenario, stack: str) -> None:
    scenario(copy(stack), stack)


def test_what_is_made_half_way_is_finished_by_the_next_up(tmp_path: Path) -> None:
    with MiniSite(tmp_path).open() as site:
        scenarios.what_is_made_half_way_is_finished_by_the_next_up(site, "legacyvideo-production")


def test_no_secret_is_read_anywhere(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the value that the runner has nor the token of any account."""
    stack = "bilko-production"
    scenarios.stands(site, stack)
    tokens = [seed.token.reveal() for seed in site.estate.world.seeds]
    assert DSN in {str(one["value"]) for one in site.estate.shelf("variable", "bilko", name="SENTRY_DSN")}
    scenarios.no_secret_is_read_anywhere(site, stack, [DSN, *tokens], caplog.text)
