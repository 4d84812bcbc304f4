"""A small made-up platform, so that the steps are tested on the nouns alone."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Annotated, ClassVar

import pytest

from reconcile.model.memory import Applied, Intent, Memory, Owned
from reconcile.model.observation import Container, Gap, Mark, Observation, Seen
from reconcile.model.resource import Address, Immutable, Key, ReadOnly, RefersTo, Resource
from reconcile.model.spec import Declared, Ignore, Location, Moved, Place, Project, Spec, Tree

AT = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)


class Shelf(Resource):
    kind: ClassVar[str] = "toy.shelf"
    lookup: ClassVar[bool] = True
    protected: ClassVar[bool] = True
    name: str


class Book(Resource):
    kind: ClassVar[str] = "toy.book"
    group_by: ClassVar[str] = "shelf"
    marker_field: ClassVar[str] = "note"
    shelf: Annotated[str, RefersTo("toy.shelf")]
    name: str
    text: str = ""
    pages: int = 1
    binding: Annotated[str, Immutable] = "paper"
    note: str | None = None
    number: Annotated[str | None, ReadOnly] = None

    def container(self) -> str:
        return self.shelf

    def keys(self) -> tuple[Key, ...]:
        return ((self.shelf, self.name, self.text), (self.shelf, self.name))


class Vault(Resource):
    kind: ClassVar[str] = "toy.vault"
    protected: ClassVar[bool] = True
    name: str
    size: int = 1


KINDS = {one.kind: one for one in (Shelf, Book, Vault)}
BOOKS = Container("toy.book", "oak")
EVERYTHING = (Container("toy.shelf"), BOOKS, Container("toy.vault"))


class Toy:
    """Builds trees, observations and memories in a line each."""

    def declared(self, resource: "Shelf | Book | Vault", stack: str = "a", **more: object) -> Declared:
        kind = resource.kind.partition(".")[2]
        name = str(more.pop("logical", resource.name))
        group = "oak/" if resource.group_by else ""
        address = Address("toy", kind, group + name)
        needs = (Place("a", Address("toy", "shelf", "oak")),) if resource.group_by else ()
        return Declared(stack, "acme", address, resource, Location(f"stacks/{stack}.yaml", 7), needs=needs, **more)  # type: ignore[arg-type]

    def tree(
        self,
        *declared: Declared,
        ignores: Sequence[Ignore] = (),
        moved: Sequence[Moved] = (),
        stacks: Iterable[str] = ("a",),
        revision: str = "r2",
    ) -> Tree:
        shelf = self.declared(Shelf(name="oak"))
        specs = {}
        for name in stacks:
            own = {one.address: one for one in declared if one.stack == name}
            if name == "a":
                own[shelf.address] = shelf
            specs[name] = Spec(name, "acme", "trueup", (), own, tuple(ignores), tuple(moved))
        return Tree(Project("library", "id", "home", {}), specs, revision)

    def seen(self, resource: Resource, id: str, owner: Mark | None = None, managed: str = "") -> Seen:
        return Seen(resource.kind, id, resource.keys()[0], resource, owner, managed)

    def observation(
        self, *seen: Seen, gaps: Sequence[Gap] = (), read: Sequence[Container] = EVERYTHING, shelf: bool = True
    ) -> Observation:
        things = (*((self.seen(Shelf(name="oak"), "s1"),) if shelf else ()), *seen)
        return Observation("toy", "acme", AT, things, tuple(gaps), frozenset(read))

    def memory(
        self,
        *rows: tuple[Declared, str],
        intents: Sequence[Intent] = (),
        history: bool = True,
        was: dict[str, object] | None = None,
    ) -> Memory:
        """Owned things with the history of having been applied as declared, or as `was` says."""
        owned = tuple(
            Owned("acme", one.address.full_kind, one.resource.keys()[0], id, one.address, one.stack) for one, id in rows
        )
        applied = {
            (one.stack, one.address): Applied(
                one.stack,
                one.address,
                "r1",
                {**one.resource.model_dump(mode="json", exclude_none=True), **(was or {})},
                dict(one.references),
            )
            for one, _ in rows
        }
        return Memory(owned, applied if history else {}, tuple(intents))


@pytest.fixture
def toy() -> Toy:
    return Toy()
