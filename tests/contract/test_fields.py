"""Every field of every kind, edited behind our back: drift finds exactly that, heal puts it back, then all is quiet."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest

from reconcile.loop import Consent
from reconcile.model.resource import Immutable, Resource
from reconcile.platforms import kinds
from tests.stories.estate import Estate

from .edits import COUPLED, EXEMPT, Edit, cases, edits, exempt
from .examples_railway import living
from .repository import of_samples
from .samples import Sample, samples, writable


def all_cases() -> list[tuple[Sample, str]]:
    return [(sample, case) for kind in writable() for sample in samples(kind) for case in cases(sample)]


def can(sample: Sample, case: str) -> bool:
    return not exempt(sample.declared(), case.partition(".")[0])


EDITED = [(sample, case) for sample, case in all_cases() if can(sample, case)]
UNEDITED = [(sample, case) for sample, case in all_cases() if not can(sample, case)]


@dataclass(frozen=True)
class Found:
    """What one edit led to. `edit` None: the vendor takes none. `fields` are those that drift named."""

    edit: Edit | None
    verb: str = ""
    cause: str = ""
    fields: frozenset[str] = frozenset()
    healed: str = ""
    quiet: bool = False


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Found]:
    """Every case edited, found and healed. One case of every sample at a time: they are neighbours in one listing."""
    found: dict[str, Found] = {}
    for kind in writable():
        left = {
            sample.name: [(sample, case) for case in cases(sample) if can(sample, case)] for sample in samples(kind)
        }
        estate: Estate | None = None
        while any(left.values()):
            if estate is None:
                estate = of_samples(tmp_path_factory.mktemp("estate"), samples(kind))
                assert estate.apply().exit_code() == 0
            together = [waiting.pop(0) for waiting in left.values() if waiting]
            told = _edit_find_heal(estate, together)
            found.update(told)
            if not all(one.quiet for one in told.values()):
                estate = None  # what one case left in disorder is not blamed on the next
    return found


def _edit_find_heal(estate: Estate, together: Sequence[tuple[Sample, str]]) -> dict[str, Found]:
    ids = owned(estate, together[0][0].kind)
    edited = {sample.name: typed(estate, ids[sample.name], sample, case) for sample, case in together}
    drift = {change.address.leaf: change for change in estate.drift().plan.changes}
    # What is made anew is not put back before somebody says yes.
    yes = Consent(approve=True) if any(change.verb == "replace" for change in drift.values()) else None
    outcomes = estate.apply(mode="drift", consent=yes).outcomes
    healed = {one.change.address.leaf: f"{one.status} {one.error} {one.verified}" for one in outcomes}
    loud = {change.address.leaf for change in estate.drift().plan.changes}
    foreign = drift.keys() - edited.keys()
    assert not foreign, f"drift of what nobody edited: {sorted(foreign)}"
    found = {}
    for sample, case in together:
        name, edit = sample.name, edited[sample.name]
        change = drift.get(name)
        seen = frozenset(field.name for field in change.fields) if change else frozenset()
        verb, cause = (change.verb, change.cause) if change else ("", "")
        found[f"{sample}:{case}"] = Found(edit, verb, cause, seen, healed.get(name, ""), name not in loud)
    return found


@pytest.mark.parametrize("case", [f"{sample}:{case}" for sample, case in EDITED])
def test_an_edited_field_is_found_and_put_back(findings: Mapping[str, Found], case: str) -> None:
    found = findings[case]
    assert found.edit is not None, "no edit that the vendor takes: exempt it with a reason, or give an example"
    kind = kinds()[case.partition(":")[0].rpartition(".")[0]]
    immutable = found.edit.field in kind.having(Immutable)
    assert (found.verb, found.cause) == ("replace" if immutable else "update", "drift")
    assert found.fields == found.edit.differs
    assert found.healed == "done  True"
    assert found.quiet, "the next drift still finds it"


def test_an_edit_of_one_field_moves_no_other_that_is_not_coupled_with_it(findings: Mapping[str, Found]) -> None:
    for case, found in findings.items():
        if found.edit is not None and (case.rsplit(":", 1)[0].rpartition(".")[0], found.edit.field) not in COUPLED:
            assert found.edit.differs == {found.edit.field}, case


def owned(estate: Estate, kind: type[Resource]) -> dict[str, str]:
    """Logical name to the world's id."""
    platform, _, word = kind.kind.partition(".")
    shelf = dict(living(kind.kind, estate.world.shelf(platform, "acme", word)))
    return {row.address.leaf: shelf[row.id] for row in estate.memory().owned if row.address.full_kind == kind.kind}


def typed(estate: Estate, id: str, sample: Sample, case: str) -> Edit | None:
    """The first edit that the vendor takes."""
    platform, _, word = sample.kind.kind.partition(".")
    for edit in edits(sample, case):
        try:
            estate.world.edit(platform, word, id, "acme", edit.typed)
        except ValueError:
            continue
        return edit
    return None


@pytest.mark.parametrize("kind", writable(), ids=lambda kind: kind.kind)
def test_an_exempt_field_can_really_not_be_edited(kind: type[Resource], tmp_path: Path) -> None:
    """The vendor refuses every edit of it, or takes one and changes nothing."""
    estate = of_samples(tmp_path, samples(kind))
    assert estate.apply().exit_code() == 0
    ids = owned(estate, kind)
    for sample, case in UNEDITED:
        if sample.kind is kind:
            typed(estate, ids[sample.name], sample, case)
    assert estate.drift().plan.changes == ()


@pytest.mark.parametrize("word", ["variable", "shared-variable"])
def test_a_variable_sealed_by_hand_is_found_and_told_as_what_nobody_undoes(word: str, tmp_path: Path) -> None:
    kind = kinds()[f"railway.{word}"]
    estate = of_samples(tmp_path, [sample for sample in samples(kind) if sample.name == "OPEN"])
    assert estate.apply().exit_code() == 0
    estate.world.edit("railway", word, owned(estate, kind)["OPEN"], "acme", {"isSealed": "true"})
    (change,) = estate.drift().plan.changes
    assert "sealed" in {field.name for field in change.fields} and change.cause == "drift"
    (outcome,) = estate.heal().outcomes
    assert outcome.status == "failed" and "never unsealed" in outcome.error


def test_exemptions_name_fields_that_exist_and_are_compared_each_with_its_reason() -> None:
    for kind, field in (*EXEMPT, *COUPLED):
        assert field in kinds()[kind].comparable(), f"{kind}.{field}"
    assert all(one.why for one in EXEMPT.values()) and all(COUPLED.values())


def test_every_exemption_is_needed_and_nothing_else_is_left_out() -> None:
    used = {(sample.kind.kind, case.partition(".")[0]) for sample, case in UNEDITED}
    assert used == set(EXEMPT)
    assert len(EDITED) + len(UNEDITED) == len(all_cases())


def test_every_comparable_field_of_every_kind_is_edited_or_exempt() -> None:
    edited = {(sample.kind.kind, case.partition(".")[0]) for sample, case in EDITED}
    always = {place for place in EXEMPT if place not in edited}
    assert edited | always == {(kind.kind, name) for kind in writable() for name in kind.comparable()}


def test_every_word_of_every_choice_is_among_the_samples() -> None:
    """All 21 types of records, and whatever another kind's choices are."""
    for kind, name, words in choices():
        given = {getattr(sample.declared(), name) for sample in samples(kind)}
        assert given == set(words), f"{kind.kind}.{name} lacks {sorted(set(words) - given)}"


def choices() -> Iterator[tuple[type[Resource], str, tuple[str, ...]]]:
    for kind in writable():
        for name in kind.comparable():
            annotation = kind.model_fields[name].annotation
            if get_origin(annotation) is Literal:
                yield kind, name, get_args(annotation)
