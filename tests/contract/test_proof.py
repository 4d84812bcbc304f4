"""The stacks of this repository, applied to a world, edited behind our back, and seen.

What is proved here is what counts as held: docs/coverage/proved.yaml must say exactly that. `make proof` proves all of
it, and writes the file with TRUEUP_WRITE_PROVED=1; `make test` proves one thing of each kind, and that the file names
what is covered. A thing is proved when a plan names it as drift, with exactly the fields that differ and nothing
beside, each time that somebody edits one part of it, and when somebody deletes it. Of what only has to be there a plan
must notice that somebody wrote it or deleted it. What is rotated is proved when a plan tells both, and the next turns
of its secret bring back the value that was there; a secret when that holds for each of its consumers.
"""

import os
import pickle
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from reconcile.loop import plan_exit_code
from reconcile.model.resource import Address
from reconcile.model.rotated import Secret
from reconcile.model.spec import Declared, Place, Tree
from reconcile.platforms.railway import SharedVariable, Variable
from reconcile.reference.coverage import FOLDER, PROVED, proof_of, read_proved
from tests.railway.estate import Runbooks, settled
from tests.railway.estate import bare as bare
from tests.railway.estate import built as built
from tests.rotation.live.hands import Passes

from .edits import Edit, cases, edits, exempt
from .examples_railway import living
from .samples import ROOT, Sample, plain

STACKS = sorted(path.stem for path in (ROOT / "stacks").glob("*.yaml") if not path.name.startswith("_"))
HEADING = """\
# Resources that a test edited behind our back and saw drift, by stack. Only what stands here can be held.
# Written by the tests: TRUEUP_WRITE_PROVED=1 make proof
"""
Proofs = Mapping[str, list[str]]


@pytest.fixture(scope="module")
def estate(bare: Path, tmp_path_factory: pytest.TempPathFactory) -> Runbooks:
    """The whole repository applied and at rest. Whoever edits it puts it back. Secrets come when they are proved."""
    root = tmp_path_factory.mktemp("proof") / "runbooks"
    shutil.copytree(bare, root)
    estate = Runbooks(root)
    # What a person set is taken as right by the next apply.
    assert estate.apply().exit_code() == 0
    return estate


@pytest.fixture(scope="module")
def tree(estate: Runbooks) -> Tree:
    with estate.workshop() as shop:
        return shop.tree


@pytest.fixture(scope="module")
def proofs(estate: Runbooks, tree: Tree) -> Proofs:
    """Stack to the addresses whose drift was seen, in the order of the stack file; a stack that covers nothing too."""
    person = Person(estate, tree)
    return {stack: [one for one, what in covering(tree, stack).items() if person.proves(what)] for stack in STACKS}


def covering(tree: Tree, stack: str) -> dict[str, Declared | Secret]:
    """What covers anything in a stack, by what proved.yaml calls it there."""
    found = {str(one.address): one for one in tree.stacks[stack].declared.values() if counts(one)}
    secrets = {f"secret.{one.name}": one for one in tree.secrets.values() if one.stack == stack and one.covers}
    return {**found, **secrets}


def everything(tree: Tree) -> set[str]:
    return {proof_of(one) for stack in STACKS for one in covering(tree, stack).values()}


def counts(one: Declared) -> bool:
    return bool(one.covers) and (one.resource.rotated or not one.resource.lookup)


class Person:
    """Edits one thing at a time, looks what a plan says, and puts it back."""

    def __init__(self, estate: Runbooks, tree: Tree) -> None:
        self.estate, self.tree = estate, tree
        self.memory = estate.memory()
        self.rotated: dict[Place, bool] = {}

    def proves(self, one: Declared | Secret) -> bool:
        """Whether a plan named every edit that can be made."""
        if isinstance(one, Secret):
            return all(self.put_right(self.declared(consumer.place)) for consumer in one.consumers)
        if one.resource.rotated:
            return self.put_right(one)
        if one.resource.only_seen:
            return self.misses(one)
        sample = self.sample(one)
        # What a stack leaves to a default is proved kind by kind, in test_fields.
        said = [case for case in cases(sample) if case.partition(".")[0] in sample.values]
        parts = [case for case in said if not exempt(one.resource, case.partition(".")[0])]
        # A name is what a thing is found by: edited where it has nothing else.
        valued = [case for case in parts if case not in ("name", "type")] or parts
        # What holds other things is edited only: nobody would delete it to see what a plan says.
        seen = [self.sees_gone(one)] if not one.resource.protected else []
        return all((*seen, *(self.sees(one, sample, case) for case in valued))) and bool(seen or valued)

    def sees(self, one: Declared, sample: Sample, case: str) -> bool:
        """Whether drift is told of one part: with these fields, and of nothing else."""
        with self.put_back(one):
            edit = self.edit(one, sample, case)
            plan = self.estate.drift(one.stack).plan
        found = {(change.place, change.cause): {field.name for field in change.fields} for change in plan.changes}
        return found == {(one.place, "drift"): edit.differs} and not plan.gaps

    def sees_gone(self, one: Declared) -> bool:
        """Whether a plan makes it again, and nothing but what stands in it, after somebody deleted it."""
        with self.put_back(one):
            self.delete(one)
            changes = self.estate.drift(one.stack).plan.changes
        told = {(change.place == one.place, change.verb, change.cause) for change in changes}
        below = all(change.place == one.place or self.is_below(change.place, one.place) for change in changes)
        return (True, "create", "drift") in told and below

    def misses(self, one: Declared) -> bool:
        """What only has to be there: deleted, a plan asks a person for it by its address; written, it is noticed."""
        with self.put_back(one):
            self.delete(one)
            gaps = self.estate.drift(one.stack).plan.gaps
        with self.put_back(one):
            typed = {"value": "written-by-somebody-else"}
            self.estate.world.edit(one.address.platform, one.address.kind, self.id_of(one), one.account, typed)
            plan = self.estate.drift(one.stack).plan
        asks = [(16, str(one.address))]
        wrong = asks if getattr(one.resource, "ending", None) else []
        told = [[(gap.exit_code, gap.reason.partition(" ")[0]) for gap in each] for each in (gaps, plan.gaps)]
        return told == [asks, wrong] and [(each.place, each.known) for each in plan.touched] == [(one.place, True)]

    def put_right(self, one: Declared) -> bool:
        """What a rotation wrote: a plan tells that somebody typed over it or deleted it, and turns bring it back."""
        if one.place not in self.rotated:
            self.first_value(self.secret_of(one))
            held = self.value(one)
            told = [self.astray_after(one, self.type_over), self.astray_after(one, self.take_away)]
            # What nobody reads back is known by who wrote it last.
            typed = "touched, value unknown" if one.address.platform == "github" else "another value"
            wanted = [{one.place: typed}, dict.fromkeys(self.along(one), "missing")]
            self.rotated[one.place] = (told, self.value(one)) == (wanted, held) and bool(held)
        return self.rotated[one.place]

    def astray_after(self, one: Declared, edit: Callable[[Declared], None]) -> dict[Place, str]:
        """What a plan says of the secret after an edit; then the secret is turned until nothing is left to do."""
        edit(one)
        told = self.estate.drift(one.stack).plan.astray
        self.turn(self.secret_of(one))
        assert self.secret_of(one).name not in {each.secret for each in self.estate.drift(one.stack).plan.astray}
        return {each.place: each.verdict for each in told if each.secret == self.secret_of(one).name}

    def type_over(self, one: Declared) -> None:
        platform, kind, typed = one.address.platform, one.address.kind, {"value": "written-by-somebody-else"}
        if kind == "host-variable":
            # Its workflow is another one now, so what it wrote may be anything.
            reads = self.reads(one)
            self.workflow(one, reads if reads.pop("OTHER", "") else {**reads, "OTHER": "OTHER"})
        else:
            self.estate.world.edit(platform, kind, self.id_of(one), one.account, typed)

    def take_away(self, one: Declared) -> None:
        if one.address.kind != "host-variable":
            self.delete(one)
            return
        reads = self.reads(one)
        self.workflow(one, {name: of for name, of in reads.items() if name != str(getattr(one.resource, "name", ""))})
        told = self.estate.drift(one.stack).plan.astray
        assert [each.verdict for each in told if each.place == one.place] == ["missing"]
        # What a workflow does is a person's to put back. What it reads is not.
        self.workflow(one, reads)
        (read,) = [place for place in self.along(one) if place != one.place]
        self.delete(self.declared(read))

    def along(self, one: Declared) -> list[Place]:
        """What is missing with it: an Actions secret, and what a workflow writes from it."""
        if one.address.platform != "github":
            return [one.place]
        return [consumer.place for consumer in self.secret_of(one).consumers]

    def reads(self, one: Declared) -> dict[str, str]:
        (does,) = self.estate.world.shelf("github", one.account, "workflow").values()
        return dict(does["reads"])

    def workflow(self, one: Declared, reads: Mapping[str, str]) -> None:
        said = ",".join(f"{name}={of}" for name, of in reads.items())
        self.estate.world.edit("github", "workflow", "deploy.yml", one.account, {"reads": said})

    def secret_of(self, one: Declared) -> Secret:
        return self.tree.secrets[str(getattr(one.resource, "secret", None))]

    def declared(self, place: Place) -> Declared:
        return self.tree.stacks[place.stack].declared[place.address]

    def value(self, one: Declared) -> str:
        """What a consumer holds; of a file on a host what its workflow wrote."""
        world, name = self.estate.world, str(getattr(one.resource, "name", ""))
        if one.address.kind == "host-variable":
            (unit,) = world.running()["github", one.account]
            return unit.values[name]
        shelf = world.shelf(one.address.platform, one.account, one.address.kind)
        return str(shelf[self.id_of(one)]["value"])

    def first_value(self, secret: Secret) -> None:
        """Where it has none; one that has is turned all the same, for its workflow may have been edited since."""
        with Passes(self.estate) as passes:
            begin = passes.first_value if passes.state(secret.name).current is None else passes.to_rest
            begin(secret.name)

    def turn(self, secret: Secret) -> None:
        with Passes(self.estate) as passes:
            passes.to_rest(secret.name)

    def sample(self, one: Declared) -> Sample:
        """What the stack says of it; what comes from elsewhere as it was applied."""
        resource = one.resource
        said = {name: getattr(resource, name) for name in resource.comparable() if name in resource.model_fields_set}
        said = {name: plain(value) for name, value in said.items() if value is not None}
        said |= {name: self.memory.applied[one.place].fields[name] for name in one.references}
        said |= {field: "issued" for name, field in resource.from_environment().items() if getattr(resource, name)}
        if one.address.full_kind != "cloudflare.record":
            # The console has no word for what a thing belongs to.
            said = {name: value for name, value in said.items() if name not in resource.refers()}
        return Sample(type(resource), one.address.leaf, said)

    def edit(self, one: Declared, sample: Sample, case: str) -> Edit:
        """Makes the first edit of a part that the vendor takes."""
        platform, kind, id = one.address.platform, one.address.kind, self.id_of(one)
        for edit in edits(sample, case):
            try:
                self.estate.world.edit(platform, kind, id, one.account, edit.typed)
            except ValueError:
                continue
            return edit
        raise AssertionError(f"{case} of {proof_of(one)} cannot be edited")

    def delete(self, one: Declared) -> None:
        self.estate.world.delete(one.address.platform, one.address.kind, self.id_of(one), one.account, {})

    @contextmanager
    def put_back(self, one: Declared) -> Iterator[None]:
        held = self.estate.world.mount(one.address.platform).place.held
        before = pickle.dumps(held[one.account])
        try:
            yield
        finally:
            held[one.account] = pickle.loads(before)

    def id_of(self, one: Declared) -> str:
        """The sandbox's id of a live thing."""
        shelf = self.estate.world.shelf(one.address.platform, one.account, one.address.kind)
        resource = one.resource
        if one.address.full_kind == "github.secret":
            return next(id for id, thing in shelf.items() if thing["name"] == getattr(resource, "name", ""))
        if isinstance(resource, Variable | SharedVariable) and resource.only_seen:
            place = resource.instance if isinstance(resource, Variable) else resource.environment
            words = {**dict(zip(("project", "environment", "service"), place.split("/"), strict=False))}
            wanted = {**words, "name": resource.name}
            return next(id for id, thing in shelf.items() if {name: thing[name] for name in wanted} == wanted)
        owned = next(row.id for row in self.memory.owned if (row.stack, row.address) == one.place)
        return dict(living(one.address.full_kind, shelf))[owned]

    def is_below(self, place: Place, top: Place) -> bool:
        """Whether a thing stands in another, directly or not."""
        needs = self.tree.stacks[place.stack].declared[place.address].needs
        return top in needs or any(self.is_below(each, top) for each in needs)


def test_one_thing_of_each_kind_is_seen_when_somebody_edits_it(estate: Runbooks, tree: Tree) -> None:
    person = Person(estate, tree)
    first: dict[tuple[str, bool, bool], Declared | Secret] = {}
    for stack in STACKS:
        for one in covering(tree, stack).values():
            if isinstance(one, Secret):
                first.setdefault(("secret", False, True), one)
            else:
                first.setdefault((one.address.full_kind, one.resource.only_seen, one.resource.rotated), one)
    assert len(first) > 10
    assert [proof_of(one) for one in first.values() if not person.proves(one)] == []
    settled(estate.plan())


def test_proved_yaml_names_what_is_covered_and_nothing_else(tree: Tree) -> None:
    assert read_proved(ROOT) == everything(tree)


@pytest.mark.proof
def test_every_covered_thing_is_seen_when_somebody_edits_it(proofs: Proofs, tree: Tree) -> None:
    wanted = everything(tree)
    assert {f"{stack}/{address}" for stack, found in proofs.items() for address in found} == wanted
    assert wanted


@pytest.mark.proof
def test_after_all_that_the_estate_is_as_it_was(proofs: Proofs, estate: Runbooks) -> None:
    assert proofs
    settled(estate.plan())
    settled(estate.drift())


@pytest.mark.proof
def test_proved_yaml_says_exactly_what_was_proved(proofs: Proofs) -> None:
    path = ROOT / FOLDER / PROVED
    written = HEADING + yaml.safe_dump({stack: found for stack, found in proofs.items() if found}, sort_keys=False)
    if os.environ.get("TRUEUP_WRITE_PROVED") == "1":
        path.write_text(written, encoding="utf-8")
    assert read_proved(ROOT) == {f"{stack}/{address}" for stack, found in proofs.items() for address in found}
    assert path.read_text(encoding="utf-8") == written
    for found in proofs.values():
        addresses = [one for one in found if not one.startswith("secret.")]
        assert [str(Address.parse(address)) for address in addresses] == addresses


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_applies_to_a_fresh_world_and_is_then_quiet(stack: str, tmp_path: Path) -> None:
    estate = Runbooks(tmp_path)
    with estate.workshop() as shop:
        used = shop.tree.stacks[stack].uses
        said = [one.resource for one in shop.tree.stacks[stack].declared.values()]
        asks = {one.only_seen and not one.lookup and not one.rotated for one in said}
    if used:
        assert estate.apply(*used).exit_code() == 0
    first = estate.plan(stack)
    waiting = 16 if True in asks else 0
    assert plan_exit_code(first, detailed=True) == (waiting or 2)
    assert {change.verb for change in first.plan.changes} <= {"create", "update"}

    assert estate.apply(stack).exit_code() == waiting
    estate.by_hand(stack)

    second = estate.plan(stack)
    assert (second.plan.changes, second.plan.gaps, second.plan.unmanaged) == ((), (), ())
    assert plan_exit_code(second, detailed=True) == 0


@pytest.mark.parametrize("stack", STACKS)
def test_a_hand_edit_of_a_stack_is_found_and_put_back(stack: str, built: Path, tree: Tree, tmp_path: Path) -> None:
    shutil.copytree(built, tmp_path / "runbooks")
    estate = Runbooks(tmp_path / "runbooks")
    person = Person(estate, tree)
    exits = [plan_exit_code(estate.plan(stack), detailed=True)]
    covered = [one for one in tree.stacks[stack].declared.values() if counts(one) and not one.resource.only_seen]
    one = next((one for one in covered if not one.resource.protected), covered[0])
    sample = person.sample(one)
    person.edit(one, sample, next(case for case in cases(sample) if not exempt(one.resource, case.partition(".")[0])))
    exits.append(plan_exit_code(estate.plan(stack), detailed=True))
    assert estate.apply(stack).exit_code() == 0
    exits.append(plan_exit_code(estate.plan(stack), detailed=True))
    assert exits == [0, 2, 0]


def test_a_stack_never_touches_anothers(estate: Runbooks) -> None:
    for stack in STACKS:
        plan = estate.plan(stack).plan
        assert (plan.changes, plan.unmanaged) == ((), ())
