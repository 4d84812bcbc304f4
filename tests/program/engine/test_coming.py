"""Who may let come along what only Pulumi knows to follow."""

import pytest

from reconcile.cli.acting import Wish
from reconcile.cli.pulumi.coming import refused, with_along
from reconcile.model.change import Plan
from reconcile.model.verdict import Judged, Rule, rule
from reconcile.platforms import kinds
from reconcile.program.engine.preview import Preview, Step
from reconcile.program.gate import Types, judge_preview
from reconcile.program.tokens import by_token

OWN = "random:index/randomId:RandomId"


@rule
def nothing_of_others(plan: Plan):  # type: ignore[no-untyped-def]
    """For a test."""
    for change in plan.changes:
        yield "deny", change, "not here"


def along(op: str, *rules: Rule) -> Judged:
    step = Step(op, f"urn:pulumi:app::shop::{OWN}::mine", before={"a": 1}, after={"a": 2}, fields={"a": "update"})
    return judge_preview(Preview((step,)), Types(by_token(kinds())), rules, {}, "preview.json")


@pytest.mark.parametrize(
    ("op", "wish", "approved", "code"),
    [
        ("update", Wish("apply"), False, 0),
        ("update", Wish("apply", yes=True), False, 11),
        ("update", Wish("apply", yes=True, confirm_destructive=True), False, 11),
        ("update", Wish("apply", yes=True), True, 0),
        ("replace", Wish("apply"), False, 11),
        ("replace", Wish("apply", yes=True), False, 11),
        ("replace", Wish("apply", yes=True, confirm_destructive=True), False, 0),
        ("replace", Wish("apply", yes=True), True, 0),
        ("delete", Wish("apply"), False, 11),
        ("delete", Wish("apply", confirm_destructive=True), False, 0),
    ],
)
def test_an_update_needs_eyes_and_what_is_destroyed_a_word_for_that(
    op: str, wish: Wish, approved: bool, code: int
) -> None:
    why, found = refused(along(op), wish, approved)
    assert found == code
    assert bool(why) == bool(code) and (not code or f"{op} random.randomid.mine" in why)


def test_a_denial_is_released_by_nobody() -> None:
    why, code = refused(along("update", nothing_of_others), Wish("apply", confirm_destructive=True), True)
    assert code == 10 and "denied" in why


def test_nothing_that_comes_along_needs_nobody() -> None:
    assert refused(Judged(Plan(("app",), "", "", ())), Wish("apply", yes=True), False) == ("", 0)


def test_what_comes_along_keeps_its_verdict_and_moves_no_digest() -> None:
    plan = Judged(Plan(("app",), "", "", (), digest="d"))
    found = with_along(plan, [along("update", nothing_of_others)])
    (change,) = found.plan.along
    assert (found.decision(change), found.plan.digest, found.plan.changes) == ("deny", "d", ())
