"""Drafting what stands inside other entries, and over several files: what is written loads back as what lives."""

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconcile.model.resource import Resource
from reconcile.model.secrecy import may_stand
from reconcile.model.secret import SecretText
from reconcile.model.spec import Tree
from reconcile.platforms import issues, kinds
from reconcile.steps.draft import File, Found, draft_files
from reconcile.steps.load import load, working_tree
from reconcile.steps.overlay import with_file
from tests.takeover.test_draft import TEXT, _Only

PROJECT = b"""\
project: library
ledger: {id: aa, home: .trueup/ledger.db}
accounts: {acme: {railway: {credentials: {token: A}}}}
"""
NAMES = st.one_of(
    st.sampled_from(["api", "web", "Postgres", "a b", "production", "shop"]), st.text("ab-é_", min_size=1)
)
VALUES = st.one_of(TEXT, st.sampled_from(["3000", "true", "0644", "", "${{shared.X}}", "$${{x}}", "production", "1e3"]))
INSTANCES = st.fixed_dictionaries(
    {},
    optional={
        "source": st.sampled_from([{"image": "redis:7"}, {"repo": "example/shop", "branch": "main"}]),
        "region": st.sampled_from(["europe-west4-drams3a", "us-west2", "us-west2+us-east4", "elsewhere"]),
        "replicas": st.integers(1, 5),
        "limits": st.fixed_dictionaries({}, optional={"cpu": st.sampled_from([0.5, 2.0])}),
        "builder": st.sampled_from(["RAILPACK", "DOCKERFILE"]),
        "start_command": TEXT,
        "sleep": st.booleans(),
    },
)
VARIABLES = st.dictionaries(st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,9}", fullmatch=True), VALUES, max_size=4)
PLACES = st.dictionaries(NAMES, st.dictionaries(NAMES, st.tuples(INSTANCES, VARIABLES), max_size=3), max_size=3)
"""Environment to service to what runs there."""
WORLDS = st.dictionaries(NAMES, st.tuples(PLACES, VARIABLES), min_size=1, max_size=2)


def answered(kind: str, **values: Any) -> Resource:
    return kinds()[f"railway.{kind}"].answered(values)


def world(drawn: dict[str, tuple[dict[str, Any], dict[str, str]]]) -> list[Resource]:
    found: dict[tuple[str, Any], Resource] = {}
    for project, (places, shared) in drawn.items():
        things = [answered("project", name=project)]
        for environment, services in places.items():
            path = f"{project}/{environment}"
            things.append(answered("environment", project=project, name=environment))
            things += [
                answered("shared-variable", environment=path, name=name, value=SecretText(value))
                for name, value in shared.items()
            ]
            for service, (fields, variables) in services.items():
                things.append(answered("service", project=project, name=service))
                things.append(answered("instance", service=f"{project}/{service}", environment=path, **fields))
                things += [
                    answered("variable", instance=f"{path}/{service}", name=name, value=SecretText(value), sealed=False)
                    for name, value in variables.items()
                ]
        found |= {(one.kind, one.keys()): one for one in things}
    return list(found.values())


def loaded(files: tuple[File, ...]) -> Tree:
    source = with_file(working_tree(Path("/nowhere-at-all")), "stacks/_project.yaml", PROJECT)
    for one in files:
        source = with_file(source, f"stacks/{one.stack}.yaml", one.drafted.text.encode())
    return load(_Only(source), kinds(), issues())


@settings(max_examples=50)
@given(WORLDS)
def test_what_is_drafted_loads_back_as_what_lives(drawn: dict[str, Any]) -> None:
    live = world(drawn)
    files = draft_files([Found(one) for one in live], account="acme", stack="acme", known={})

    declared = [one.resource for one in loaded(files).declared()]

    left_out = sum(len(one.drafted.left_out) for one in files)
    assert len(declared) + left_out == len(live), [one.drafted.text for one in files]
    by_key = {(one.kind, one.keys()[0]): one for one in live}
    for one in declared:
        seen: Any = by_key[one.kind, one.keys()[0]]
        for field in type(one).comparable():
            value, there = getattr(one, field), getattr(seen, field)
            if isinstance(there, SecretText):
                plain = may_stand(seen.name, there.reveal())
                assert value == (there.reveal() if plain else None)
                assert one.only_seen == (not plain)
            else:
                assert value in (None, there), field


@settings(max_examples=50)
@given(WORLDS)
def test_what_lives_in_an_environment_stands_in_its_file_where_there_are_several(drawn: dict[str, Any]) -> None:
    files = draft_files([Found(one) for one in world(drawn)], account="acme", stack="acme", known={})

    tree = loaded(files)

    several = {project for project, (places, _) in drawn.items() if len(places) > 1}
    for one in tree.declared():
        project, _, rest = one.resource.container().partition("/")
        if project in several and rest:
            (home,) = {
                other.stack
                for other in tree.declared()
                if other.resource.kind == "railway.environment" and other.resource.referred_as() == f"{project}/{rest}"
            }
            assert one.stack == home != "acme"


def test_the_order_of_what_was_seen_does_not_matter() -> None:
    places = {"production": {"api": ({}, {"A": "1"}), "web": ({}, {})}, "staging": {"api": ({}, {})}}
    several = [Found(one) for one in world({"shop": (places, {"X": "y"})})]
    texts = [
        {one.stack: one.drafted.text for one in draft_files(found, account="acme", stack="acme", known={})}
        for found in (several, several[::-1])
    ]

    assert texts[0] == texts[1]
    assert set(texts[0]) == {"acme", "acme-production", "acme-staging"}
