"""A repository with accounts and no stack, in front of a world that holds everything the product's own stacks want."""

import copy
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from reconcile.model.spec import Declared
from reconcile.platforms import kinds
from reconcile.sandbox.serve import Served, serve
from tests.contract.edits import cases, edits, exempt
from tests.contract.examples_railway import living
from tests.contract.samples import Sample, plain
from tests.railway.estate import Runbooks, settled
from tests.takeover.repository import Said, trueup

ACCOUNTS = ("bilko", "bunty", "capliquify", "legacyvideo", "vendhub")


class Full(Runbooks):
    """Served, so that commands reach it."""

    def __init__(self, root: Path, built: Path) -> None:
        (root / "stacks").mkdir(parents=True)
        shutil.copy(built / "stacks" / "_project.yaml", root / "stacks" / "_project.yaml")
        shutil.copy(built / "world.json", root / "world.json")
        super().__init__(root)
        self.served: Served = serve(self.world, ready_file=root / "ready.json", ledger=self.ledger_file)

    def do(self, *arguments: str) -> Said:
        return trueup(*arguments, "--dir", str(self.root))

    def files(self) -> dict[str, str]:
        """Every stack file but the project's."""
        found = (self.root / "stacks").glob("[!_]*.yaml")
        return {path.stem: path.read_text() for path in sorted(found)}

    def edit_one(self, declared: Declared, id: str, case: str) -> bool:
        """Types another value for a field of what is declared, behind our back. False where the vendor takes none."""
        kind = kinds()[declared.address.full_kind]
        platform, _, word = kind.kind.partition(".")
        shelf = dict(living(kind.kind, self.world.shelf(platform, declared.account, word)))
        for edit in edits(sample_of(declared), case):
            try:
                self.world.edit(platform, word, shelf[id], declared.account, edit.typed)
            except ValueError:
                continue
            return True
        return False

    @contextmanager
    def put_back(self) -> Iterator[None]:
        """Whatever is done to the world meanwhile is undone."""
        places = [self.world.mount(platform).place for platform in self.world.platforms]
        kept = [copy.deepcopy(place.held) for place in places]
        yield
        for place, held in zip(places, kept, strict=True):
            for account, shelves in held.items():
                for kind, things in shelves.items():
                    place.held[account][kind].clear()
                    place.held[account][kind].update(things)


def edited_and_found(taken: Full, declared: Iterable[Declared]) -> int:
    """Edits each declared field behind our back, field by field of all things at once; after each round the world is
    as it was. Fails where an edit is refused or not found; returns how many there were."""
    ids = {row.place: row.id for row in taken.memory().owned}
    left = [(one, editable(one)) for one in declared]
    edited, refused = 0, []
    while any(cases for _, cases in left):
        typed = set()
        with taken.put_back():
            for one, case in [(one, cases.pop()) for one, cases in left if cases]:
                if taken.edit_one(one, ids[one.place], case):
                    typed.add((*one.place, case.partition(".")[0]))
                else:
                    refused.append(f"{one.address}:{case}")
            changes = taken.drift().plan.changes
        found = {(*one.place, field.name) for one in changes for field in one.fields}
        assert typed <= found, sorted(typed - found)
        edited += len(typed)
    assert refused == []
    settled(taken.drift())
    return edited


def sample_of(declared: Declared) -> Sample:
    """A declared thing, its references as the texts that they are."""
    kind = kinds()[declared.address.full_kind]
    values = {name: plain(getattr(declared.resource, name)) for name in kind.comparable() if name not in kind.refers()}
    said = {name: value for name, value in values.items() if value is not None}
    return Sample(kind, declared.address.leaf, said)


def editable(declared: Declared) -> list[str]:
    """What of a declared thing a person can edit: all that its entry says."""
    if declared.resource.only_seen:
        return []
    sample = sample_of(declared)
    return [case for case in cases(sample) if not exempt(declared.resource, case.partition(".")[0])]
