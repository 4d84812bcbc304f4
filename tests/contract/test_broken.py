"""A question that no broken platform fails asks nothing: each must go red on the defects made for it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from reconcile.model.resource import Resource
from tests.sampled import first_of_each

from .broken import (
    DEFECTS,
    LEAKS,
    Broken,
    ForgetsAField,
    OnlySaysItUpdates,
    PatchesTheImmutable,
    ReadsUncanonical,
    RepeatsBlindly,
)
from .harness import Harness
from .questions import NOT_ASKED, QUESTIONS, check_no_secret_appears, never_edited
from .samples import samples, writable

NEEDS_IMMUTABLE = "an immutable change replaces"
HARMLESS: Mapping[tuple[str, type[Broken]], str] = {
    ("vercel.webhook", ForgetsAField): "it has nothing beside what it is known by",
    ("r2.bucket", RepeatsBlindly): "another name that is given here is none for a bucket",
    ("vercel.variable", RepeatsBlindly): "an upsert that is sent twice does what one does",
    ("railway.tcp-proxy", OnlySaysItUpdates): "no field of it is updated",
    ("railway.ssh-key", OnlySaysItUpdates): "no field of it is updated",
    ("railway.ssh-key", PatchesTheImmutable): "Railway has no update of a key: one that is sent makes it anew",
    ("railway.ssh-key", RepeatsBlindly): "Railway takes a key once, whatever its name",
    ("railway.tcp-proxy", PatchesTheImmutable): "Railway knows a proxy by its port: an update of it makes it anew",
    **{
        (f"github.{word}", defect): why
        for word in ("secret", "environment-secret")
        for defect, why in (
            (ReadsUncanonical, "GitHub keeps a secret's name in upper case"),
            (RepeatsBlindly, "another name that is given here is none for a secret"),
        )
    },
}
"""Kind and defect that does no harm there, with the reason."""
ONE_ANSWER = frozenset(
    {
        *("vercel.variable", "vercel.check", "vercel.webhook", "r2.bucket"),
        *("github.secret", "github.environment-secret"),
    }
)
"""Kinds whose listing comes whole, or goes on after the last name: no page of it can move."""


def can_have(kind: type[Resource], question: str, defect: type[Broken]) -> bool:
    """Whether the kind has what the defect spoils."""
    optional = any(not kind.model_fields[name].is_required() for name in kind.comparable())
    return (
        (kind.kind, defect) not in HARMLESS
        and (question != NEEDS_IMMUTABLE or bool(never_edited(kind)))
        and (question != "moving pages hide nothing" or kind.kind not in ONE_ANSWER)
        and (defect is not ForgetsAField or optional)
        and (defect is not RepeatsBlindly or "name" in kind.model_fields)
    )


PLANTED = [
    (kind, question, defect)
    for kind in writable()
    for question, defects in DEFECTS.items()
    for defect in defects
    if (kind.kind, question) not in NOT_ASKED and can_have(kind, question, defect)
]
LEAKING = [(kind, leak) for kind in writable() for leak in LEAKS]


def platform(kind: type[Resource], *more: object) -> tuple[object, ...]:
    """What `make test` asks one kind of: always the first of each platform."""
    return (kind.kind.partition(".")[0], *more)


@pytest.mark.parametrize(
    ("kind", "question", "defect"),
    first_of_each(platform, PLANTED),
    ids=[f"{k.kind}-{q}-{d.__name__}" for k, q, d in PLANTED],
)
def test_a_defect_turns_its_question_red(kind: type[Resource], question: str, defect: type[Broken]) -> None:
    with pytest.raises(AssertionError):
        QUESTIONS[question](Harness(kind, samples(kind)[:3], wrap=defect))


@pytest.mark.parametrize(
    ("kind", "leak"), first_of_each(platform, LEAKING), ids=[f"{k.kind}-{one.__name__}" for k, one in LEAKING]
)
def test_a_leak_is_found(kind: type[Resource], leak: type[Broken], tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"shows a secret|holds a secret"):
        check_no_secret_appears(Harness(kind, samples(kind)[:2], wrap=leak, echo=True), tmp_path)


@pytest.mark.parametrize(
    "kind", first_of_each(platform, [(kind,) for kind in writable()]), ids=[kind.kind for kind in writable()]
)
def test_a_platform_in_the_same_wrapping_without_a_defect_passes(kind: type[Resource], tmp_path: Path) -> None:
    """What turns the questions red is the defect, not the wrapping."""
    for question, check in QUESTIONS.items():
        paged = question in ("the second page is read", "moving pages hide nothing")
        if not paged and (kind.kind, question) not in NOT_ASKED:
            check(Harness(kind, samples(kind)[:3], wrap=Broken))
    check_no_secret_appears(Harness(kind, samples(kind)[:2], wrap=Broken, echo=True), tmp_path)


def test_every_question_has_a_platform_that_fails_it() -> None:
    assert DEFECTS.keys() == QUESTIONS.keys()
    assert {question for _, question, _ in PLANTED} == QUESTIONS.keys()
    assert {kind.kind.partition(".")[0] for kind, _, _ in PLANTED} == {
        kind.kind.partition(".")[0] for kind in writable()
    }
