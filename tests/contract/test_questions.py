"""The ten questions, asked of every writable kind of every platform that discovery finds."""

from pathlib import Path

import pytest

from reconcile.model.resource import Resource
from reconcile.platforms import platforms, pretends

from .harness import Harness
from .questions import QUESTIONS, check_no_secret_appears
from .samples import from_model, samples, writable


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("kind", writable(), ids=lambda kind: kind.kind)
def test_every_kind_answers(kind: type[Resource], question: str) -> None:
    QUESTIONS[question](Harness(kind))


@pytest.mark.parametrize("kind", writable(), ids=lambda kind: kind.kind)
def test_no_secret_appears(kind: type[Resource], tmp_path: Path) -> None:
    check_no_secret_appears(Harness(kind, samples(kind)[:2], echo=True), tmp_path)


@pytest.mark.parametrize("question", ["created is seen, equal", "a second pass plans nothing", "a hand edit is seen"])
@pytest.mark.parametrize("kind", writable(), ids=lambda kind: kind.kind)
def test_a_kind_without_examples_is_asked_with_what_its_model_says(kind: type[Resource], question: str) -> None:
    assert from_model(kind)
    QUESTIONS[question](Harness(kind, from_model(kind)))


def test_every_platform_has_a_pretend_and_a_kind_to_ask_about() -> None:
    assert platforms().keys() == pretends().keys()
    assert {kind.kind.partition(".")[0] for kind in writable()} == platforms().keys()
