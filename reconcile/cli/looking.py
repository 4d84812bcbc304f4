"""One look at what lives: the listings that an answer needs, and no others."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..model import exits
from ..model.memory import Memory
from ..model.observation import Container, Gap, Observation, Scope, Seen
from ..model.spec import Declared, Place, Tree
from ..steps.accounts import accounts_seen
from ..steps.observe import observe
from ..steps.plan.make import match_with_references
from ..steps.plan.match import Facts, Matching
from ..steps.plan.renames import under_declared_names
from ..steps.reach import holders

if TYPE_CHECKING:
    from ..assemble import Workshop

Listing = tuple[str, Container]
"""(account, container)."""


@dataclass(frozen=True)
class Look:
    """What some listings hold, beside everything that is declared."""

    facts: Facts
    matching: Matching
    declared: dict[Place, Declared]
    """With the outputs filled in that live things already give."""
    observations: tuple[Observation, ...]

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return tuple(gap for one in self.observations for gap in one.gaps)

    @property
    def exit_code(self) -> int:
        return exits.strictest(gap.exit_code for gap in self.gaps)

    def was_read(self, listing: Listing) -> bool:
        account, container = listing
        return any(one.account == account and container in one.read for one in self.observations)

    def seen(self, account: str, kind: str, id: str) -> Seen | None:
        """A live thing by the platform's id."""
        found = (seen for one in self.observations if one.account == account for seen in one.seen)
        return next((seen for seen in found if (seen.kind, seen.id) == (kind, id)), None)


def listings_of(tree: Tree, one: Declared) -> set[Listing]:
    """The listing that a declared thing stands in, and those of all that it needs: what it is in may be renamed."""
    found: set[Listing] = set()
    left = [one]
    while left:
        each = left.pop()
        found.add((each.account, Container(each.resource.kind, each.resource.container())))
        left += [tree.stacks[place.stack].declared[place.address] for place in each.needs]
    return found


def look(shop: "Workshop", memory: Memory, listings: Iterable[Listing]) -> Look:
    """Reads the listings. Raises WrongAccount, SpecError."""
    wanted: dict[tuple[str, str], set[Container]] = {}
    for account, container in listings:
        wanted.setdefault((account, container.kind.partition(".")[0]), set()).add(container)
    known = holders(shop.tree, memory, shop.kinds)
    scopes = {
        pair: Scope(pair[0], frozenset(containers), known.get(pair, frozenset())) for pair, containers in wanted.items()
    }
    platforms, blind = shop.platforms()
    answered = observe(platforms, scopes, shop.clock, blind)
    accounts_seen(answered, shop.tree.project, memory.pins)
    facts = Facts.gather(shop.tree, memory)
    declared = list(shop.tree.declared())
    observations = under_declared_names(declared, answered, facts.owned_at)
    matching, declared = match_with_references(declared, observations, facts)
    return Look(facts, matching, {one.place: one for one in declared}, tuple(observations))
