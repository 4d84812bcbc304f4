"""The stacks of this repository, each applied to a fresh world, edited behind our back, and seen.

What is proved here is what counts as held: docs/coverage/proved.yaml must say exactly that. With TRUEUP_WRITE_PROVED=1
it is written.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from reconcile.loop import plan_exit_code
from reconcile.model.resource import Address
from reconcile.model.spec import Declared, Tree
from reconcile.reference.coverage import FOLDER, PROVED, proof_of, read_proved

from .edits import Edit, cases, edits, exempt
from .repository import Copied
from .samples import ROOT, Sample

STACKS = sorted(path.stem for path in (ROOT / "stacks").glob("*.yaml") if not path.name.startswith("_"))
HEADING = """\
# Resources that a test edited behind our back and saw drift, by stack. Only what stands here can be held.
# Written by the tests: TRUEUP_WRITE_PROVED=1 make test
"""
Proofs = Mapping[str, list[str]]


@pytest.fixture(scope="module")
def proofs(tmp_path_factory: pytest.TempPathFactory) -> Proofs:
    """Stack to the addresses whose drift was seen, in the order of the stack file."""
    return {stack: proved_in(Copied(tmp_path_factory.mktemp(stack)), stack) for stack in STACKS}


def proved_in(estate: Copied, stack: str) -> list[str]:
    with estate.workshop() as shop:
        tree = shop.tree
    assert estate.apply(stack).exit_code() == 0
    proved = []
    for one in tree.stacks[stack].declared.values():
        if not one.covers or one.resource.lookup:
            continue
        edit = edit_by_hand(estate, one, tree)
        changes = estate.drift(stack).plan.changes
        found = {change.address: {field.name for field in change.fields} for change in changes}
        if found == {one.address: set(edit.differs)} and changes[0].cause == "drift":
            proved.append(str(one.address))
        assert estate.apply(stack, mode="drift").exit_code() == 0, one.address
    return proved


def edit_by_hand(estate: Copied, one: Declared, tree: Tree) -> Edit:
    """Edits one thing in its console: its value rather than its name."""
    resource = one.resource
    said = {name: getattr(resource, name) for name in resource.model_fields_set if getattr(resource, name) is not None}
    sample = Sample(type(resource), one.address.leaf, said)
    id = next(row.id for row in estate.memory().owned if (row.stack, row.address) == (one.stack, one.address))
    for case in sorted(cases(sample), key=lambda case: case in ("name", "type")):
        if exempt(resource, case.partition(".")[0]):
            continue
        for edit in edits(sample, case):
            try:
                estate.world.edit(one.address.platform, one.address.kind, id, one.account, edit.typed)
            except ValueError:
                continue
            return edit
    raise AssertionError(f"nothing of {one.address} can be edited")


def test_every_covered_thing_is_seen_when_somebody_edits_it(proofs: Proofs, tmp_path: Path) -> None:
    with Copied(tmp_path).workshop() as shop:
        tree = shop.tree
    wanted = {proof_of(one) for one in tree.declared() if one.covers and not one.resource.lookup}
    assert {f"{stack}/{address}" for stack, found in proofs.items() for address in found} == wanted
    assert wanted


def test_proved_yaml_says_exactly_what_was_proved(proofs: Proofs) -> None:
    path = ROOT / FOLDER / PROVED
    written = HEADING + yaml.safe_dump(dict(proofs), sort_keys=False, width=120)
    if os.environ.get("TRUEUP_WRITE_PROVED") == "1":
        path.write_text(written, encoding="utf-8")
    assert read_proved(ROOT) == {f"{stack}/{address}" for stack, found in proofs.items() for address in found}
    assert path.read_text(encoding="utf-8") == written
    for found in proofs.values():
        assert [str(Address.parse(address)) for address in found] == found


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_applies_to_a_fresh_world_and_is_then_quiet(stack: str, tmp_path: Path) -> None:
    estate = Copied(tmp_path)
    first = estate.plan(stack)
    assert plan_exit_code(first, detailed=True) == 2
    assert {change.verb for change in first.plan.changes} == {"create"}

    assert estate.apply(stack).exit_code() == 0

    second = estate.plan(stack)
    assert (second.plan.changes, second.plan.adopt, second.plan.gaps, second.plan.unmanaged) == ((), (), (), ())
    assert plan_exit_code(second, detailed=True) == 0


@pytest.mark.parametrize("stack", STACKS)
def test_plan_exits_0_after_apply_2_after_a_hand_edit_0_after_apply(stack: str, tmp_path: Path) -> None:
    estate = Copied(tmp_path)
    with estate.workshop() as shop:
        tree = shop.tree
    one = next(one for one in tree.stacks[stack].declared.values() if one.covers and not one.resource.lookup)
    exits = []
    for step in (lambda: None, lambda: edit_by_hand(estate, one, tree), lambda: None):
        if step() is None:
            assert estate.apply(stack).exit_code() == 0
        exits.append(plan_exit_code(estate.plan(stack), detailed=True))
    assert exits == [0, 2, 0]


def test_all_stacks_apply_together_and_a_stack_never_touches_anothers(tmp_path: Path) -> None:
    estate = Copied(tmp_path)
    assert estate.apply().exit_code() == 0
    assert estate.plan().plan.changes == ()
    for stack in STACKS:
        plan = estate.plan(stack).plan
        assert (plan.changes, plan.unmanaged) == ((), ())
