"""The ten questions, asked of every writable kind of every platform that discovery finds."""

from pathlib import Path

import pytest

from reconcile.model.resource import Resource
from reconcile.platforms import issues, kinds, platforms, pretends

from .harness import Harness
from .questions import MODEL_TELLS_TOO_LITTLE, NOT_ASKED, QUESTIONS, check_no_secret_appears
from .samples import from_model, samples, writable

MODELLED = [kind for kind in writable() if kind.kind not in MODEL_TELLS_TOO_LITTLE]
BY_MODEL = [
    (kind, question)
    for kind in MODELLED
    for question in ("created is seen, equal", "a second pass plans nothing", "a hand edit is seen")
    if (kind.kind, question) not in NOT_ASKED
]
ASKED = [(kind, question) for kind in writable() for question in QUESTIONS if (kind.kind, question) not in NOT_ASKED]


@pytest.mark.parametrize(("kind", "question"), ASKED, ids=[f"{kind.kind}-{question}" for kind, question in ASKED])
def test_every_kind_answers(kind: type[Resource], question: str) -> None:
    QUESTIONS[question](Harness(kind))


@pytest.mark.parametrize(("kind", "question"), NOT_ASKED)
def test_a_question_that_is_not_asked_cannot_be_answered(kind: str, question: str) -> None:
    assert NOT_ASKED[kind, question]
    with pytest.raises(AssertionError):
        QUESTIONS[question](Harness(kinds()[kind]))


@pytest.mark.parametrize("kind", writable(), ids=lambda kind: kind.kind)
def test_no_secret_appears(kind: type[Resource], tmp_path: Path) -> None:
    check_no_secret_appears(Harness(kind, samples(kind)[:2], echo=True), tmp_path)


@pytest.mark.parametrize(("kind", "question"), BY_MODEL, ids=[f"{kind.kind}-{question}" for kind, question in BY_MODEL])
def test_a_kind_without_examples_is_asked_with_what_its_model_says(kind: type[Resource], question: str) -> None:
    assert from_model(kind)
    QUESTIONS[question](Harness(kind, from_model(kind)))


@pytest.mark.parametrize("kind", MODEL_TELLS_TOO_LITTLE)
def test_a_kind_whose_model_tells_too_little_needs_its_examples(kind: str) -> None:
    assert MODEL_TELLS_TOO_LITTLE[kind] and samples(kinds()[kind])
    with pytest.raises(AssertionError):
        QUESTIONS["created is seen, equal"](Harness(kinds()[kind], from_model(kinds()[kind])))


def test_every_platform_has_a_pretend_and_a_kind_to_ask_about_or_issues_credentials() -> None:
    assert platforms().keys() == pretends().keys()
    asked = {kind.kind.partition(".")[0] for kind in writable()}
    assert {kind.partition(".")[0] for kind in issues()} >= platforms().keys() - asked
