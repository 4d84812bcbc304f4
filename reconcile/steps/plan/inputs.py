"""What a plan is made from, and what it is made of while it is in the making."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from ...model.change import Accepted, Change, Touched, Unmanaged
from ...model.memory import Memory, Sighting
from ...model.observation import Container, Gap, Observation
from ...model.spec import Declared, Place, Tree
from .applied import Kinds
from .match import Facts
from .refusals import with_moves
from .seen import Fingerprint, Sightings

Mode = Literal["spec", "drift", "destroy"]
"""Compare with the spec given, with what was last applied, or with nothing at all."""


@dataclass
class Draft:
    """What the plan will hold, as far as it is known."""

    changes: list[Change] = field(default_factory=list)
    adopt: list[Change] = field(default_factory=list)
    accepted: list[Accepted] = field(default_factory=list)
    unmanaged: list[Unmanaged] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    gone: list[Place] = field(default_factory=list)
    touched: list[Touched] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    let_go: list[Place] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Inputs:
    """Everything that is compared, indexed once. `at` is the latest observation's time (ISO 8601, UTC); "" for none."""

    tree: Tree
    stacks: tuple[str, ...]
    facts: Facts
    memory: Memory
    kinds: Kinds
    known: Sightings
    at: str
    read: frozenset[tuple[str, Container]]
    gaps: tuple[Gap, ...]
    mode: Mode

    @classmethod
    def gather(
        cls,
        tree: Tree,
        stacks: Sequence[str],
        observations: Sequence[Observation],
        memory: Memory,
        kinds: Kinds,
        mode: Mode,
        fingerprint: Fingerprint | None,
    ) -> "Inputs":
        at = max((one.at for one in observations), default=None)
        facts = Facts.gather(tree, memory)
        return cls(
            tree,
            tuple(stacks),
            facts,
            with_moves(memory, facts.moved),
            kinds,
            Sightings.of(memory, fingerprint),
            at.isoformat().replace("+00:00", "Z") if at else "",
            frozenset((one.account, container) for one in observations for container in one.read),
            tuple(gap for one in observations for gap in one.gaps),
            mode,
        )

    @property
    def today(self) -> str:
        return self.at[:10]

    @cached_property
    def declared_at(self) -> Mapping[Place, Declared]:
        """What the tree declares, by stack and address."""
        return {one.place: one for one in self.tree.declared()}

    @cached_property
    def rotated(self) -> frozenset[Place]:
        """Where the tree declares what moves by rotation alone."""
        return frozenset(place for place, one in self.declared_at.items() if one.resource.rotated)
