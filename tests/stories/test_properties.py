"""What holds for every pair of a declared and a live zone."""

import tempfile
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from reconcile.loop import Consent
from reconcile.model.errors import SpecError

from .estate import Estate, zone_of

CONTENTS = {
    "A": ("192.0.2.1", "192.0.2.2"),
    "AAAA": ("2001:db8::1",),
    "CNAME": ("one.example", "two.example"),
    "TXT": ('"v=1"', '"v=2"', '"long text; with, signs"'),
    "MX": ("mx.example",),
}
ALL_AT_A_NAME = {"A": "address", "AAAA": "address", "CNAME": "CNAME"}
STEADY = settings(
    max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)


def fits(rows: list[tuple[str, str, str, int]]) -> list[tuple[str, str, str, int]]:
    """Of some rows those that one zone can hold together: each once, and a CNAME beside no other address."""
    kept: list[tuple[str, str, str, int]] = []
    for row in rows:
        name, type, content, _ = row
        beside = [one for one in kept if one[0] == name]
        address = ALL_AT_A_NAME.get(type)
        taken = {ALL_AT_A_NAME[one[1]] for one in beside if one[1] in ALL_AT_A_NAME}
        alone = type == "CNAME" and taken
        if any(one[1:3] == (type, content) for one in beside) or alone or (address and "CNAME" in taken):
            continue
        kept.append(row)
    return kept


row = st.sampled_from(sorted(CONTENTS)).flatmap(
    lambda type: st.tuples(
        st.sampled_from(["a", "b", "c.d"]),
        st.just(type),
        st.sampled_from(CONTENTS[type]),
        st.sampled_from([1, 300]),
    )
)
rows = st.lists(row, max_size=6).map(fits)


def stack(declared: list[tuple[str, str, str, int]]) -> str:
    """The rows as a stack; the n-th of a name has always the same logical name. One record is always there, so that
    the stack is never empty."""
    counts: dict[str, int] = {}
    lines = ["keep: {type: A, content: 192.0.2.9}"]
    for name, type, content, ttl in declared:
        counts[name] = counts.get(name, 0) + 1
        priority = ", priority: 10" if type == "MX" else ""
        logical = f"{name.replace('.', '-')}-{counts[name]}"
        content = f"'{content}'" if type == "TXT" else content
        lines.append(f"{logical}: {{name: {name}, type: {type}, content: {content}, ttl: {ttl}{priority}}}")
    return zone_of(*lines)


def plain(estate: Estate) -> list[tuple[str, str, str, int]]:
    """The live zone as rows."""
    return sorted(
        (one["name"].removesuffix(".shop.example"), one["type"], one["content"], one["ttl"]) for one in estate.live()
    )


def all_approved(estate: Estate) -> Any:
    return estate.apply(consent=Consent(approve=True, confirm_destructive=True))


@STEADY
@given(
    before=rows,
    after=st.none() | rows,
    turn=st.randoms(),
    edits=st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=3),
)
def test_an_apply_makes_the_zone_what_is_declared_and_then_there_is_nothing_to_do(
    before: list[tuple[str, str, str, int]],
    after: list[tuple[str, str, str, int]] | None,
    turn: Random,
    edits: list[tuple[int, bool]],
) -> None:
    if after is None:
        # The same records under each other's names.
        after = turn.sample(before, len(before))
    with tempfile.TemporaryDirectory() as folder:
        estate = Estate(Path(folder), stack(before))
        assert all_approved(estate).exit_code() == 0
        assert plain(estate) == sorted([("keep", "A", "192.0.2.9", 1), *before])
        for number, gone in edits:
            live = estate.live()
            if live and gone:
                estate.world.delete("cloudflare", "record", live[number % len(live)]["id"], "acme", {})
            elif live:
                estate.world.edit("cloudflare", "record", live[number % len(live)]["id"], "acme", {"ttl": "1200"})
        estate.write("shop", stack(after))
        try:
            run = all_approved(estate)
        except SpecError as refused:
            assert "moved:" in str(refused)
            return
        assert run.exit_code() == 0
        assert plain(estate) == sorted([("keep", "A", "192.0.2.9", 1), *after])
        plan, drift = estate.plan().plan, estate.drift().plan
        assert (plan.changes, plan.adopt, plan.gaps, drift.changes) == ((), (), (), ())
        assert len(estate.memory().owned) == len(after) + 1
        estate.entries()


@STEADY
@given(foreign=rows, before=rows, after=rows)
def test_nothing_foreign_is_changed_or_deleted_without_a_persons_approval(
    foreign: list[tuple[str, str, str, int]],
    before: list[tuple[str, str, str, int]],
    after: list[tuple[str, str, str, int]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        estate = Estate(Path(folder), stack(before))
        for name, type, content, ttl in foreign:
            more = {"priority": "10"} if type == "MX" else {}
            estate.create(f"{name}.shop.example", type, content, ttl=str(ttl), **more)
        theirs = {one["id"]: one for one in estate.live()}

        def untouched() -> bool:
            return {one["id"]: one for one in estate.live() if one["id"] in theirs} == theirs

        estate.apply()
        assert untouched()
        estate.write("shop", stack(after))
        try:
            run = estate.apply()
        except SpecError as refused:
            assert "moved:" in str(refused)
            assert untouched()
            return
        assert untouched()
        left = {one.change.address for one in run.outcomes if one.status != "done"}
        assert {one.address for one in estate.plan().plan.changes} == left
        assert not {one["id"] for one in theirs.values()} & {one.id for one in estate.memory().owned}
        estate.entries()


FAULTS = (
    "500 after POST times=1",
    "500 after POST times=always",
    "500 before POST times=2",
    "reset after POST times=1",
    "truncate after POST times=2",
    "truncate=json after POST times=always",
    "400 before POST times=1",
    "403 before POST times=1",
    "429 before POST times=always retry-after=90",
    "stale=2",
)


@STEADY
@given(before=rows, after=rows, fault=st.sampled_from(FAULTS))
def test_whatever_breaks_once_the_next_run_makes_the_zone_what_is_declared(
    before: list[tuple[str, str, str, int]], after: list[tuple[str, str, str, int]], fault: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        estate = Estate(Path(folder), stack(before))
        assert all_approved(estate).exit_code() == 0
        estate.write("shop", stack(after))
        estate.fault(fault)
        try:
            all_approved(estate)
            estate.world.clear_faults()
            assert all_approved(estate).exit_code() == 0
        except SpecError as refused:
            event("a rename is refused")
            assert "moved:" in str(refused)
            return
        assert plain(estate) == sorted([("keep", "A", "192.0.2.9", 1), *after])
        plan, drift = estate.plan().plan, estate.drift().plan
        assert (plan.changes, plan.adopt, plan.gaps, drift.changes) == ((), (), (), ())
        assert len(estate.memory().owned) == len(after) + 1
        assert estate.memory().intents == ()
        estate.entries()
