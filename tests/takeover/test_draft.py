"""Drafting: what is written loads back as what lives."""

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from reconcile.model.resource import Resource
from reconcile.model.spec import Tree
from reconcile.platforms import issues, kinds
from reconcile.steps.draft import Drafted, Found, Known, draft, slug
from reconcile.steps.flow import flow
from reconcile.steps.load import load, working_tree
from reconcile.steps.load.problems import Problems
from reconcile.steps.load.tree import plain, read_map
from reconcile.steps.overlay import with_file

PROJECT = b"""\
project: library
ledger: {id: aa, home: .trueup/ledger.db}
accounts: {acme: {cloudflare: {credentials: {token: A}}, betterstack: {credentials: {token: B}}}}
"""
ZONE = kinds()["cloudflare.zone"]
RECORD = kinds()["cloudflare.record"]
HEARTBEAT = kinds()["betterstack.heartbeat"]
SHOP = ZONE.declared({"name": "shop.example"})


def record(**values: Any) -> Resource:
    return RECORD.declared({"zone": "shop.example", "comment": "", "tags": (), "settings": {}, **values})


def drafted(*resources: Resource, **options: Any) -> Drafted:
    return draft([Found(one) for one in (SHOP, *resources)], account="acme", **options)


def loaded(text: str, root: Path = Path("/nowhere-at-all")) -> Tree:
    source = with_file(working_tree(root), "stacks/_project.yaml", PROJECT)
    return load(_Only(with_file(source, "stacks/acme.yaml", text.encode())), kinds(), issues())


class _Only:
    """Files that are nowhere on disk: the folder's absence is no problem."""

    def __init__(self, source: Any) -> None:
        self.root, self.folder, self.files, self.revision = source.root, source.folder, source.files, source.revision

    def refused(self) -> tuple[()]:
        return ()


def names(done: Drafted) -> list[str]:
    """The logical names of the records."""
    return [one.address.leaf for one in loaded(done.text).declared() if one.address.kind == "record"]


LABEL = st.from_regex(r"[a-z0-9_*]([a-z0-9-]{0,6}[a-z0-9])?", fullmatch=True)
TEXT = st.text(
    st.one_of(st.sampled_from("${}\"\\';:#,[] @&*!|>%`-=~?"), st.characters(exclude_categories=["Cs"])),
    min_size=1,
    max_size=40,
)
NAME = st.one_of(st.just("@"), st.lists(LABEL, min_size=1, max_size=3).map(".".join))
RECORDS = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("TXT"), "name": NAME, "content": TEXT},
        optional={"ttl": st.integers(60, 86_400), "comment": TEXT, "tags": st.lists(TEXT, max_size=2).map(tuple)},
    ),
    st.fixed_dictionaries(
        {"type": st.just("A"), "name": NAME, "content": st.ip_addresses(v=4).map(str), "proxied": st.booleans()}
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("CAA"),
            "name": NAME,
            "data": st.fixed_dictionaries(
                {"flags": st.sampled_from([0, 128]), "tag": st.sampled_from(["issue", "iodef"]), "value": TEXT}
            ),
        }
    ),
    st.fixed_dictionaries(
        {"type": st.just("MX"), "name": NAME, "content": LABEL.map("{}.example".format), "priority": st.integers(0, 9)}
    ),
)


@given(st.lists(RECORDS, max_size=8))
def test_what_is_drafted_loads_back_as_what_lives(wanted: list[dict[str, Any]]) -> None:
    live = []
    for values in wanted:
        try:
            live.append(record(**values))
        except ValidationError:
            assume(False)
    done = drafted(*live)

    declared = [one.resource for one in loaded(done.text).declared() if isinstance(one.resource, RECORD)]

    assert len(declared) + len(done.left_out) == len(live), done.text
    by_key = {one.keys()[0]: one for one in live}
    for one in declared:
        seen = by_key[one.keys()[0]]
        for field in RECORD.comparable():
            assert getattr(one, field) in (None, getattr(seen, field)), (field, done.text)


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63), TEXT, st.floats(-1e9, 1e9))
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=6
)
WORDS = ("yes", "No", "null", "~", "-", "@", "...", "---", "?x", "${a}", "é", "a:b", "::1", "2001:db8::")
NUMBERS = ("1.0", "0x1f", "1e3", "12", "2026-01-01")
BLANKS = ("", " a", "a ", "- a", "a: b", "a #b", "--- a", "\u2028", "\ufeff", "\x85")


@given(VALUES)
def test_every_value_reads_back_as_itself_or_is_refused(value: Any) -> None:
    try:
        line = flow(value)
    except ValueError:
        return
    problems = Problems()

    root = read_map("x.yaml", f"key: {line}\n".encode(), problems)

    assert "\n" not in line
    problems.raise_all()
    assert root is not None
    assert plain(root) == {"key": value}


@pytest.mark.parametrize("text", WORDS + NUMBERS + BLANKS)
def test_texts_that_look_like_something_else_stay_texts(text: str) -> None:
    problems = Problems()
    root = read_map("x.yaml", f"key: {{inner: {flow(text)}}}\n".encode(), problems)
    problems.raise_all()
    assert root is not None
    assert plain(root) == {"key": {"inner": text}}


def test_logical_names_come_from_the_name_and_where_needed_the_type_and_a_number() -> None:
    done = drafted(
        record(type="A", name="@", content="192.0.2.1"),
        record(type="MX", name="@", content="a.example", priority=20),
        record(type="MX", name="@", content="b.example", priority=10),
        record(type="A", name="www", content="192.0.2.1"),
        record(type="A", name="www", content="192.0.2.2"),
        record(type="TXT", name="www", content="x"),
        record(type="TXT", name="_dmarc", content="x"),
        record(type="TXT", name="dmarc", content="x"),
        record(type="A", name="*.dev", content="192.0.2.1"),
        record(type="A", name="a.b", content="192.0.2.1"),
        record(type="A", name="a-b", content="192.0.2.1"),
    )

    expected = "apex-a apex-mx-1 apex-mx-2 www-a-1 www-a-2 www-txt dmarc dmarc-2 any-dev a-b a-b-2"
    assert sorted(names(done)) == sorted(expected.split())
    assert 'apex-mx-1: {name: "@", type: MX, content: b.example, priority: 10}' in done.text


def test_the_order_of_what_was_seen_does_not_matter() -> None:
    several = [record(type="TXT", name=f"n{index % 3}", content=f"v{index}") for index in range(9)]

    assert drafted(*several).text == drafted(*reversed(several)).text


def test_two_of_one_key_are_left_out_and_said() -> None:
    same = HEARTBEAT.declared({"name": "Nightly", "period": 60})

    done = drafted(same, same)

    assert "betterstack" not in done.text.split("# Not declared here:")[0]
    assert len(done.left_out) == 2
    assert "could not tell them apart" in done.left_out[0]


def test_what_a_stack_file_cannot_hold_is_left_out_and_said() -> None:
    done = drafted(record(type="TXT", name="odd", content="a\x07b"), record(type="A", name="www", content="192.0.2.1"))

    assert names(done) == ["www"]
    (said,) = done.left_out
    assert "control character" in said
    assert "\x07" not in done.text


def test_a_text_that_looks_like_a_reference_stays_a_text() -> None:
    done = drafted(record(type="TXT", name="t", content="${cloudflare.zone.x.name} ${{theirs}} $${ours}"))

    (one,) = [one for one in loaded(done.text).declared() if one.address.kind == "record"]
    assert one.resource.content == "${cloudflare.zone.x.name} ${{theirs}} $${ours}"  # type: ignore[attr-defined]
    assert one.references == {}


def test_a_name_that_ends_in_its_zone_twice_stays_itself() -> None:
    done = drafted(record(type="A", name="shop.example.shop.example", content="192.0.2.1"))

    (one,) = [one for one in loaded(done.text).declared() if one.address.kind == "record"]
    assert one.resource.name == "shop.example.shop.example"  # type: ignore[attr-defined]


def test_records_of_a_zone_that_nobody_declares_are_left_out() -> None:
    done = draft([Found(record(type="A", name="www", content="192.0.2.1"))], account="acme")

    assert done.written == {}
    assert "the zone shop.example is not declared" in done.left_out[0]


def test_a_zone_declared_elsewhere_is_used_by_its_logical_name() -> None:
    known = {("cloudflare.zone", "shop.example"): Known("base", "main")}

    done = draft([Found(record(type="A", name="www", content="192.0.2.1"))], account="acme", known=known)

    assert "uses: [base]" in done.text
    assert "    main:\n      www: {type: A, content: 192.0.2.1}\n" in done.text


@given(st.text(max_size=80))
def test_a_slug_is_a_logical_name_or_nothing(name: str) -> None:
    from reconcile.model.resource import LOGICAL_NAME

    made = slug(name)
    assert made == "" or LOGICAL_NAME.match(made)


def test_ten_thousand_records_are_drafted_in_two_seconds() -> None:
    many = [
        Found(record(type="A", name=f"host{index}.dc{index % 20}", content=f"192.0.2.{index % 250}", ttl=300))
        for index in range(10_000)
    ]
    began = time.process_time()

    done = draft([Found(SHOP), *many], account="acme")

    assert done.written["cloudflare.record"] == 10_000
    assert time.process_time() - began < 2
