"""What becomes of an order: a change to be sent, ownership to be told, or a refusal. By the rules of a plan.

                 absent            ours                       somebody else's
create           made              taken, brought to it       refused, with the line that imports it
update           refused: gone     changed where it differs   taken over, where the ledger has no other owner
delete           forgotten         deleted                    refused

What a Create of the same command took is not deleted by it: asked to make a thing anew (`--replace`), the engine makes
before it deletes, and what it then deletes is the very thing that it was given.
Ours is what the ledger says, our mark, or a written intent of this very place (`steps/plan/match.py`).
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ...model.change import Change, FieldChange
from ...model.errors import ReconcileError
from ...model.memory import Applied, Memory, Owned
from ...model.observation import Seen
from ...model.resource import Immutable
from ...model.spec import Declared, Place, Tree
from ...steps.plan.changes import changed, created, deleted
from ...steps.plan.diff import cause_of, differences
from ...steps.plan.match import Facts, Matching, match
from ...store import kept_fields, prints_of
from ..tokens import Urn, component_of
from .asked import Asked, pulumi_id
from .books import Given
from .desk import Made, Order
from .listing import Listing, container_of


@dataclass
class Decisions:
    """Of one wave: what is to be sent, with its order, and what only the ledger is to be told."""

    changes: list[tuple[Order, Change]] = field(default_factory=list)
    owned: list[Owned] = field(default_factory=list)
    applied: list[Applied] = field(default_factory=list)
    gone: list[Order] = field(default_factory=list)


@dataclass(frozen=True)
class Finder:
    """Decides over the orders of one stack, from one listing and the ledger."""

    listing: Listing
    tree: Tree
    memory: Memory
    given: Mapping[Place, Given]
    """What creates of this command gave."""
    quiet: bool
    """Whether what starts anew is left to a release."""
    revision: str
    at: str

    def decide(self, orders: Sequence[Order]) -> Decisions:
        """Every order is decided, or carries its error afterwards."""
        found = Decisions()
        matching = self._matched([one for one in orders if one.verb == "create"])
        for order in orders:
            try:
                self._one(order, matching, found)
            except ReconcileError as error:
                order.error = error
        return found

    def unanswered(self, orders: Sequence[Order]) -> bool:
        """Whether the making of one was announced before, has no answer, and does not show in this listing."""
        facts = Facts.gather(self.tree, self.memory)
        matching = self._matched([one for one in orders if one.verb == "create"])
        return any(one.declared.place in facts.creating and one.declared.place not in matching.pairs for one in orders)

    def _matched(self, creates: Sequence[Order]) -> Matching:
        facts = Facts.gather(self.tree, self.memory)
        observation = self.listing.look([container_of(one.declared.resource) for one in creates])
        return match([one.declared for one in creates], [observation], facts)

    def _one(self, order: Order, matching: Matching, found: Decisions) -> None:
        if order.verb == "create":
            self._create(order, matching, found)
        elif order.verb == "update":
            self._update(order, found)
        else:
            self._delete(order, found)

    def _create(self, order: Order, matching: Matching, found: Decisions) -> None:
        one = order.declared
        seen = matching.pairs.get(one.place)
        if seen is None:
            blind = self.listing.why_not(container_of(one.resource))
            if blind is not None:
                raise blind
            if one.pinned:
                raise ReconcileError(
                    f"{one.address} is to be {one.pinned}, which is not there, and is never made",
                    advice=f"put it back, or correct its id at {one.at}",
                )
            self._refuse_others(one)
            by_hand = one.resource.by_hand()
            if by_hand:
                raise ReconcileError(f"{one.address} is not there", advice=by_hand)
            known = one.place in self.memory.applied
            change = created(one, self.tree.project.name, known=known)
            found.changes.append((order, replace(change, quiet=self.quiet)))
        elif one.place in matching.ours or (one.pinned and not self._differs(one, seen)):
            # A stack file that says its id makes it ours by that word, where it lives as declared.
            self._bring(order, seen, found)
        else:
            raise foreign(order.asked, one, seen)

    def _update(self, order: Order, found: Decisions) -> None:
        one = order.declared
        self.listing.look([container_of(one.resource)])
        seen = standing(self.listing, self.memory, one.place, one.resource.kind, order.id)
        if seen is None:
            blind = self.listing.why_not(container_of(one.resource))
            raise blind or ReconcileError(
                f"{one.address} is gone: there is no {one.resource.kind} {order.id}",
                advice="`pulumi up --refresh` sees that and makes it again",
            )
        row = self._row(one, seen.id)
        if row is not None and row.stack != one.stack:
            raise _owned_elsewhere(one, row)
        if one.pinned and seen.id != one.pinned:
            raise ReconcileError(
                f"{one.address} is to be {one.pinned}, and Pulumi's state has {seen.id} there",
                advice=f"`pulumi state delete {shlex.quote(order.asked.urn)}`, then `pulumi up` takes the one meant; "
                f"or correct its id at {one.at}",
            )
        self._bring(order, seen, found)

    def _delete(self, order: Order, found: Decisions) -> None:
        one = order.declared
        kind = type(one.resource)
        self.listing.look([container_of(one.resource)])
        seen = standing(self.listing, self.memory, one.place, kind.kind, order.id)
        if seen is None:
            blind = self.listing.why_not(container_of(one.resource))
            if blind is not None:
                raise blind
            found.gone.append(order)
            return
        if self._was_given(order, seen) or self._lives_on(one):
            order.made = Made(order.id, None)
            return
        if kind.protected:
            raise ReconcileError(
                f"{one.address} holds what cannot be made again, and is deleted by hand only",
                advice=f"delete it in the console, then `pulumi state delete {shlex.quote(order.asked.urn)}`, "
                f"then `trueup forget {one.address} --stack {one.stack}`",
            )
        row = self._row(one, seen.id)
        if row is None or row.stack != one.stack:
            whose = f"{row.address} of stack {row.stack} owns it" if row is not None else "the ledger does not own it"
            raise ReconcileError(
                f"{one.address} is not deleted: {whose}",
                advice=f"`trueup adopt {one.address} --stack {one.stack}` makes it ours; "
                f"`pulumi state delete {shlex.quote(order.asked.urn)}` leaves it as it lives",
            )
        found.changes.append((order, deleted(one.stack, row.address, one.account, seen)))

    def _lives_on(self, one: Declared) -> bool:
        """Whether its stack says by now that its value is no business of Pulumi's: a rotation writes it, or a person.
        It leaves the state alone; what runs needs it."""
        spec = self.tree.stacks.get(one.stack)
        said = spec.declared.get(one.address) if spec is not None else None
        return said is not None and said.resource.only_seen

    def _was_given(self, order: Order, seen: Seen) -> bool:
        """Whether a create has just given it: taken as it stood, or made where another one is to go."""
        here = (order.declared.stack, seen.kind)
        given = (one for place, one in self.given.items() if (place.stack, place.address.full_kind) == here)
        return any(one.id == seen.id and (one.stood or one.id != order.id) for one in given)

    def _bring(self, order: Order, seen: Seen, found: Decisions) -> None:
        """A live thing of ours to what is declared; where nothing differs the ledger alone is told."""
        one = order.declared
        applied = self.memory.applied.get(one.place)
        differing = differences(one.resource, seen.resource, applied, one.references)
        spec = self.tree.stacks.get(one.stack)
        ignored = spec.ignored_at(one.address, self.at[:10]) if spec is not None else frozenset()
        fields = tuple(each for each in differing if each.name not in ignored)
        left = tuple(each.name for each in differing if each.name in ignored)
        kind = type(one.resource)
        if not fields:
            order.made = Made(seen.id, seen.resource)
            found.owned.append(Owned(one.account, seen.kind, seen.key, seen.id, one.address, one.stack))
            found.applied.append(self._history(one, seen))
            return
        verb = self._verb(order, fields)
        if verb == "replace" and kind.protected:
            named = ", ".join(each.name for each in fields)
            raise ReconcileError(
                f"{one.address} would have to be made anew ({named}), and it holds what cannot be made again",
                advice="put the declared values back, or delete it by hand in the console",
            )
        change = changed(one, seen, fields, verb, cause_of(fields, one.references, applied), left)
        found.changes.append((order, replace(change, quiet=self.quiet)))

    def _differs(self, one: Declared, seen: Seen) -> bool:
        return bool(differences(one.resource, seen.resource, None, one.references))

    def _verb(self, order: Order, fields: Sequence[FieldChange]) -> Literal["update", "replace"]:
        immutable = type(order.declared.resource).having(Immutable)
        return "replace" if any(each.name in immutable for each in fields) else "update"

    def _refuse_others(self, one: Declared) -> None:
        """What another place of the ledger owns is no match of a plan's, and would be made a second time."""
        key = one.resource.keys()[0]
        for row in self.memory.owned:
            if (row.account, row.kind) == (one.account, one.resource.kind) and row.place != one.place:
                seen = self.listing.by_id(row.kind, row.id)
                if seen is not None and seen.key == key:
                    raise _owned_elsewhere(one, row)

    def _row(self, one: Declared, id: str) -> Owned | None:
        wanted = (one.account, one.resource.kind, id)
        return next((row for row in self.memory.owned if (row.account, row.kind, row.id) == wanted), None)

    def _history(self, one: Declared, seen: Seen) -> Applied:
        resource = one.resource
        prints = prints_of(resource, seen.resource)
        return Applied(
            one.stack, one.address, self.revision, kept_fields(resource), dict(one.references), prints, self.at
        )


def standing(listing: Listing, memory: Memory, place: Place, kind: str, id: str) -> Seen | None:
    """The thing that a state means: the one of its id, else the one that the ledger has in this place by now. A
    platform may give a changed thing another id, and what was deleted may have been made again without the engine."""
    seen = listing.by_id(kind, id)
    if seen is not None:
        return seen
    account = listing.pair[0]
    rows = (row for row in memory.owned if row.place == place and (row.account, row.kind) == (account, kind))
    return next((seen for row in rows if (seen := listing.by_id(kind, row.id)) is not None), None)


def foreign(asked: Asked, one: Declared, seen: Seen) -> ReconcileError:
    """What is there and not ours, with the line that takes it into the state."""
    id = pulumi_id(one.account, seen.id)
    words = ["pulumi", "import", asked.token, Urn.parse(asked.urn).name, id, "--generate-code=false"]
    parent = component_of(asked.platform)
    if f"::{parent}$" in asked.urn:
        head = "::".join(asked.urn.split("::")[:2])
        words += ["--parent", f"{asked.platform}={head}::{parent}::{asked.platform}"]
    if not asked.kind.protected:
        words.append("--protect=false")
    return ReconcileError(
        f"{seen.resource.title()} is there already, and neither the ledger nor a mark says that it is ours",
        advice=f"to take it over as {one.address}: {shlex.join(words)}",
    )


def _owned_elsewhere(one: Declared, row: Owned) -> ReconcileError:
    if row.stack == one.stack:
        hint = f"say `moved: [{{from: {row.address}, to: {one.address}}}]` in the stack file"
    else:
        hint = f"`trueup forget {row.address} --stack {row.stack}` lets go of it there"
    return ReconcileError(f"{one.address} is there already, as {row.address} of stack {row.stack}", advice=hint)
