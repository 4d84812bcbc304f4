"""A value that is not ours and must end in a certain way: `{exists: true, ending: sslmode=require}`."""

from typing import Any

import pytest
from pydantic import ValidationError

from reconcile.loop import plan_exit_code
from reconcile.model.secret import SecretText
from reconcile.platforms.railway import Variable

from .estate import Runbooks, settled
from .estate import built as built
from .estate import runbooks as runbooks

URL = "postgresql://app:a-secret@host.example.net/db?sslmode={}"
ADDRESS = "railway.variable.app/DATABASE_URL"


def wanted(**said: Any) -> Variable:
    return Variable.declared({"name": "DATABASE_URL", "instance": "p/e/s", **said})


def lives(value: str | None) -> Variable:
    told = {"name": "DATABASE_URL", "instance": "p/e/s", "value": SecretText(value) if value is not None else None}
    return Variable.answered(told)


@pytest.mark.parametrize("said", [{"value": "x"}, {"from_env": "NAME"}, {"literal": "x", "because": "public"}])
def test_an_ending_is_only_for_what_must_exist(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="`ending` is for"):
        wanted(ending="sslmode=require", **said)


@pytest.mark.parametrize(
    ("value", "fits"), [(URL.format("require"), True), (URL.format("disable"), False), ("", False), (None, True)]
)
def test_the_ending_is_compared_where_the_value_can_be_read(value: str | None, fits: bool) -> None:
    why = wanted(exists=True, ending="sslmode=require").unfit(lives(value))
    assert bool(why) is not fits
    assert "a-secret" not in why
    assert wanted(exists=True).unfit(lives(value)) == ""


def test_a_wrong_ending_is_asked_of_a_person_until_it_is_right(runbooks: Runbooks) -> None:
    stack = "capliquify-testing"
    where = {"environment": "testing", "service": "sentia-manufacturing-testing", "name": "DATABASE_URL"}
    id = runbooks.one("variable", "capliquify", **where)["id"]

    def write(mode: str) -> None:
        runbooks.world.edit("railway", "variable", id, "capliquify", {"value": URL.format(mode)})

    write("disable")
    judged = runbooks.plan(stack)
    (gap,) = judged.plan.gaps
    assert (gap.exit_code, gap.reason.partition(" ")[0]) == (16, ADDRESS)
    assert "sslmode=require" in gap.reason and "a-secret" not in gap.reason
    assert plan_exit_code(judged, detailed=True) == 16
    run = runbooks.apply(stack)
    assert (run.outcomes, run.exit_code()) == ((), 16)
    write("require")
    settled(runbooks.plan(stack))
    write("disable")
    runbooks.world.edit("railway", "variable", id, "capliquify", {"isSealed": "true"})
    assert runbooks.plan(stack).plan.gaps == ()
