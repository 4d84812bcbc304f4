"""What holds for every repository over Railway and DNS: it is applied and at rest, environments are apart, what a
hand edits is found and put back, and what refers to itself is listed."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from reconcile.loop import Consent, Run
from reconcile.model.errors import SpecError
from reconcile.platforms import issues, kinds
from reconcile.platforms.railway import Variable
from reconcile.steps.load import load, working_tree

from . import trees
from .estate import Runbooks, changed, proved, settled

FEW = settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    # Not made smaller where one fails: a tree is small as it is, and each takes a second.
    phases=[Phase.generate],
)
LONGER = 60
"""How many times as many examples `make proof` tries."""
THREE = trees.ENVIRONMENTS


def holds(few: settings = FEW, **drawn: SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A property, searched a little always and long with `make proof`."""

    def searched(body: Callable[..., None]) -> Callable[..., None]:
        some, more = (
            few(given(**drawn)(body)),
            settings(few, max_examples=LONGER * few.max_examples)(given(**drawn)(body)),
        )

        @pytest.mark.parametrize("search", [some, pytest.param(more, marks=pytest.mark.proof)], ids=["few", "many"])
        def test(search: Callable[[], None]) -> None:
            search()

        return test

    return searched


class Library(Runbooks):
    home = "acme"

    def declared_there(self, kind: str) -> list[str]:
        """The ids of what is declared of a kind of Railway's, and there."""
        owned = {one.id for one in self.memory().owned if one.kind == f"railway.{kind}"}
        return [one["id"] for one in self.shelf(kind) if any(one["id"] in id for id in owned)]


@contextmanager
def applied(declared: trees.Estate) -> Iterator[Library]:
    """A repository that was applied and is at rest. Whatever happens to it, the chain of its ledger must hold."""
    with tempfile.TemporaryDirectory() as folder:
        declared.write(Path(folder))
        estate = Library(Path(folder))
        proved(estate.apply())
        settled(estate.plan())
        yield estate
        estate.entries()


def agreed(estate: Library, *stacks: str, **options: Any) -> Run:
    return estate.apply(*stacks, consent=Consent(approve=True, confirm_destructive=True), **options)


def rest(estate: Library) -> None:
    """Approves what is left: Railway runs a new service in every environment, so an instance may live already when it
    is declared."""
    run = agreed(estate)
    assert run.exit_code() == 0, [(str(one.change.address), one.status, one.error) for one in run.outcomes]
    adopt = [str(one.address) for one in estate.plan().plan.adopt]
    if adopt:
        assert {one.rpartition(".")[0] for one in adopt} <= {"railway.instance"}
        estate.adopt(*adopt)
    settled(estate.plan())
    assert changed(estate.drift()) == []


@holds(before=trees.estates(), after=trees.estates())
def test_an_apply_makes_it_what_is_declared_and_then_there_is_nothing_to_do(
    before: trees.Estate, after: trees.Estate
) -> None:
    with applied(before) as estate:
        after.write(estate.root)
        deploys = estate.deploys()
        rest(estate)
        assert as_declared(estate) == declared_of(after)
        where = [(one["project"], one["environment"], one["service"]) for one in estate.shelf("deployment")[deploys:]]
        assert len(where) == len(set(where))


def declared_of(declared: trees.Estate) -> dict[tuple[str, ...], str]:
    found: dict[tuple[str, ...], str] = {}
    for place, one in declared.ran.items():
        told = {"PORT": str(one.domain or 80), "${shared}": "said once"}
        found |= {(*place, name): told.get(value, value) for name, value in one.variables.items()}
    return found


def as_declared(estate: Library) -> dict[tuple[str, ...], str]:
    return {
        (one["project"], one["environment"], one["service"], one["name"]): one["value"]
        for one in estate.shelf("variable")
    }


Kept = dict[str, list[dict[str, Any]]]


def copied(estate: Library, environment: str) -> Kept:
    """All that stands in an environment, its deployments too, and the records that lead there."""
    held: Any = estate.of_environment(environment)
    records = [one for one in estate.live() if environment in one["name"] or one["content"] == "192.0.2.9"]
    return {**held, "record": records}


@holds(before=trees.estates(THREE), after=trees.estates(THREE), turned=st.sampled_from(THREE), whole=st.booleans())
def test_a_change_in_one_environment_changes_nothing_of_another(
    before: trees.Estate, after: trees.Estate, turned: str, whole: bool
) -> None:
    """What is deleted there, too. `whole`: all stacks are applied, or those of the other environments are not."""
    with applied(before) as estate:
        others = {one: copied(estate, one) for one in THREE if one != turned}
        before.changed(turned, after).write(estate.root)
        if whole:
            rest(estate)
        else:
            # With the stack whose records lead to its domains: what is still referred to is not let go.
            assert agreed(estate, "shared", turned, "edge").exit_code() == 0
            assert changed(estate.plan()) == []
        assert {one: copied(estate, one) for one in others} == others


@holds(before=trees.estates(THREE), gone=st.sampled_from(THREE))
def test_an_environment_that_is_destroyed_takes_nothing_of_another(before: trees.Estate, gone: str) -> None:
    # The records of a stack beside must not refer to what goes.
    kept = {place: one for place, one in before.ran.items() if place[1:] != (gone, trees.EDGE)}
    with applied(trees.Estate(THREE, kept, before.common)) as estate:
        others = {one: copied(estate, one) for one in THREE if one != gone}
        run = agreed(estate, gone, mode="destroy")
        left = {one.change.address.kind for one in run.outcomes if one.status != "done"}
        assert left <= {"environment"}, "an environment is protected"
        assert not estate.shelf("variable", environment=gone)
        assert not estate.shelf("domain", environment=gone)
        assert {one: copied(estate, one) for one in others} == others
        assert changed(estate.plan("shared", "edge", *others)) == []


HANDS = ("value", "variable gone", "port", "domain gone", "target", "health", "shared", "record", "record gone")


def edited(estate: Library, hand: str, number: int) -> None:
    """A person's hand on the number-th thing that it can be laid on, if there is one."""
    kinds = {"value": "variable", "variable gone": "variable", "health": "instance", "shared": "shared-variable"}
    world = estate.world
    if hand.startswith("record"):
        id = estate.live()[number % len(estate.live())]["id"]
        if hand == "record":
            world.edit("cloudflare", "record", id, "acme", {"ttl": "1200"})
        else:
            world.delete("cloudflare", "record", id, "acme", {})
        return
    kind = kinds.get(hand, "domain")
    declared = estate.declared_there(kind)
    if not declared:
        return
    id = declared[number % len(declared)]
    fields = {
        "value": {"value": "by hand"},
        "shared": {"value": "by hand"},
        "port": {"targetPort": "9"},
        "target": {"target": "moved.up.railway.app"},
        "health": {"healthcheckPath": "/by-hand"},
    }
    if hand in fields:
        world.edit("railway", kind, id, "acme", fields[hand])
    else:
        world.delete("railway", kind, id, "acme", {})


def told(estate: Library) -> dict[str, list[tuple[Any, ...]]]:
    """What both platforms hold of what is declared, without what a thing made anew has of its own. `wrong`: the records
    that do not lead to their domain's target."""
    domains = {one["name"]: one["target"] for one in estate.shelf("domain")}
    return {
        "variables": sorted(
            (one["project"], one["environment"], one.get("service", ""), one["name"], one["value"])
            for one in [*estate.shelf("variable"), *estate.shelf("shared-variable")]
        ),
        "domains": sorted((one["name"], one["targetPort"]) for one in estate.shelf("domain")),
        "instances": sorted(
            (one["id"], one["config"].get("deploy", {}).get("healthcheckPath")) for one in estate.shelf("instance")
        ),
        "records": sorted(
            (one["name"], one["type"], "" if one["name"] in domains else one["content"], one["ttl"])
            for one in estate.live()
        ),
        "wrong": [one["name"] for one in estate.live() if domains.get(one["name"], one["content"]) != one["content"]],
    }


@holds(
    declared=trees.estates(),
    hands=st.lists(st.tuples(st.sampled_from(HANDS), st.integers(0, 9)), min_size=1, max_size=3),
    mode=st.sampled_from(["spec", "drift"]),
)
def test_what_a_hand_edits_is_found_and_put_back(
    declared: trees.Estate, hands: list[tuple[str, int]], mode: Any
) -> None:
    with applied(declared) as estate:
        before, deploys = told(estate), estate.deploys()
        for hand, number in hands:
            edited(estate, hand, number)
        # A target that moved is no drift: it is followed when the stack files are compared.
        now = told(estate) if mode == "spec" else {**told(estate), "wrong": []}
        judged = estate.plan(mode=mode)
        assert bool(judged.plan.changes) == (now != before)
        assert {cause for _, _, cause, _ in changed(judged)} <= {"drift", "reference"}
        assert agreed(estate, mode=mode).exit_code() == 0
        if mode == "drift":
            assert {**told(estate), "wrong": []} == before
            # What was last applied knows no later target: the record of a domain made anew follows the stack files.
            assert {cause for _, _, cause, _ in changed(estate.plan())} <= {"reference"}
            assert agreed(estate).exit_code() == 0
        assert told(estate) == before
        settled(estate.plan())
        where = [(one["project"], one["environment"], one["service"]) for one in estate.shelf("deployment")[deploys:]]
        assert len(where) == len(set(where))


PRODUCTION = """
account: acme
railway:
  project: {p: {name: p}}
  environment: {e: {project: p, name: production}}
  service: {s: {project: p}}
  instance:
    i:
      service: s
      environment: e
      variables:
"""
links = st.dictionaries(st.integers(0, 5), st.sets(st.integers(0, 5), max_size=2), max_size=6)


@holds(settings(FEW, max_examples=100), links=links)
def test_what_refers_to_itself_is_listed_and_all_else_is_resolved(links: dict[int, set[int]]) -> None:
    """Variables whose values refer to each other's, in any way."""
    refers = {one: sorted(links.get(one, ())) for one in range(6)}
    lines = [
        f"        V{one}: '({''.join(f'${{railway.variable.i/V{other}.value}}' for other in others)})'\n"
        for one, others in refers.items()
    ]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "stacks").mkdir()
        (Path(folder) / "stacks" / "_project.yaml").write_text(trees.PROJECT)
        (Path(folder) / "stacks" / "shop.yaml").write_text(PRODUCTION + "".join(lines))
        try:
            tree = load(working_tree(Path(folder)), kinds(), issues())
        except SpecError as error:
            circles = [one.message for one in error.problems]
        else:
            circles = []
            found = {one.address.leaf: one.resource for one in tree.declared() if isinstance(one.resource, Variable)}
            assert {name: one.value for name, one in found.items()} == {f"V{one}": meant(one, refers) for one in refers}
    assert bool(circles) == any(is_round(one, refers) for one in refers)
    for circle in circles:
        head, _, listed = circle.partition(": ")
        walk = [int(one.rpartition("/V")[2]) for one in listed.split(" -> ")]
        assert (head, walk[0]) == ("references in a circle", walk[-1])
        assert all(after in refers[before] for before, after in pairwise(walk))


def meant(one: int, refers: dict[int, list[int]]) -> str:
    return f"({''.join(meant(other, refers) for other in refers[one])})"


def is_round(one: int, refers: dict[int, list[int]]) -> bool:
    """Whether a walk from there comes back."""
    reached, open_ones = set[int](), list(refers[one])
    while open_ones:
        other = open_ones.pop()
        if other not in reached:
            reached.add(other)
            open_ones += refers[other]
    return one in reached
