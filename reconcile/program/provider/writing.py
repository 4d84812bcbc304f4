"""One wave of orders carried out: looked for, announced, sent, concluded. No intent, no effect."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from ...model.change import Change, Outcome, Plan
from ...model.memory import Owned
from ...model.platform import Starts
from ...model.resource import Address
from ...model.verdict import Judged
from ...steps.apply import Executor
from ...steps.observe import Pair
from ...steps.plan.changes import created
from ...steps.rotate.quiet import waiting
from ...store.rotations import Rotations
from ...store.values import utc
from .asked import pulumi_id
from .books import Books, Given, Run
from .desk import Made, Order
from .finding import Decisions, Finder
from .listing import Listing, container_of
from .parts import HOLDER, Parts
from .refusing import Partly, Unmade
from .told import outputs


@dataclass(frozen=True)
class Writing:
    """Works on the orders of a desk."""

    parts: Parts
    books: Books

    def work(self, listing: Listing, orders: Sequence[Order]) -> None:
        """Every order has a result or an error afterwards. Raises where none could be begun."""
        starts = [one for one in orders if one.verb == "start"]
        things = [one for one in orders if one.verb != "start"]
        run = self.books.run(orders[0].declared.stack)
        if things:
            listing.look([container_of(one.declared.resource) for one in things])
            self.books.pin(run, listing.pair, listing.account_id)
            self._carry_out(run, listing, things)
        if starts:
            self._start(run, listing, starts)

    def _carry_out(self, run: Run, listing: Listing, orders: Sequence[Order]) -> None:
        found = self._found(run, listing, orders)
        gone = self._addresses(found.gone)
        self.books.own(run, found.owned, found.applied, "found as declared")
        self.books.forget(run, gone, "no longer there")
        for order in found.gone:
            order.made = Made(order.id, None)
        try:
            if found.changes:
                self._send(run, listing, found.changes)
        finally:
            self._give(orders, found)

    def _give(self, orders: Sequence[Order], found: Decisions) -> None:
        """What the creates of a wave gave."""
        anew = {id(order) for order, change in found.changes if change.verb == "create"}
        for order in orders:
            if order.verb == "create" and order.made is not None:
                self.books.give(order.declared.place, Given(order.made.id, stood=id(order) not in anew))

    def _addresses(self, gone: Sequence[Order]) -> list[Address]:
        """Where the ledger has what is gone, which may be under a former name."""
        ids = {(one.account, one.declared.resource.kind, one.id): one for one in gone}
        rows = (row for row in self.books.memory().owned if (row.account, row.kind, row.id) in ids)
        here = {one.declared.address for one in gone}
        return sorted(here | {row.address for row in rows if row.stack == gone[0].declared.stack}) if gone else []

    def _found(self, run: Run, listing: Listing, orders: Sequence[Order]) -> Decisions:
        """What each order comes to. What was announced and never answered counts as made until a second listing,
        after a while, lacks it too."""
        finder = self._finder(run, listing)
        if finder.unanswered(orders):
            if self.parts.settle:
                self.parts.sleep(listing.platform.settle_seconds)
            listing.drop()
            finder = self._finder(run, listing)
        return finder.decide(orders)

    def _finder(self, run: Run, listing: Listing) -> Finder:
        quiet = bool(listing.platform.releases)
        at = utc(self.parts.clock())
        given = self.books.given()
        return Finder(listing, self.parts.tree(), self.books.memory(), given, quiet, run.revision, at)

    def _send(self, run: Run, listing: Listing, changes: Sequence[tuple[Order, Change]]) -> None:
        self.books.refuse_other_writer(run)
        by_change = {id(change): order for order, change in changes}
        outcomes = self._executor(run, listing).apply(Judged(_plan(run, [change for _, change in changes])))
        listing.written(outcomes)
        self.books.note(run, outcomes)
        for outcome in outcomes:
            order = by_change[id(outcome.change)]
            if outcome.status == "done":
                order.made = Made(outcome.id or outcome.change.id, outcome.resource)
            else:
                order.error = self._failed(run, listing, order, outcome)

    def _failed(self, run: Run, listing: Listing, order: Order, outcome: Outcome) -> Exception:
        """What is there though its making failed is ours, and the engine is to know its id."""
        change = outcome.change
        if change.verb != "create":
            return Unmade(outcome)
        one = order.declared
        id, live = outcome.id, outcome.resource
        if not id and outcome.status == "unsure":
            observation = listing.look([container_of(one.resource)])
            key = one.resource.keys()[0]
            seen = next((each for each in observation.seen if (each.kind, each.key) == (one.resource.kind, key)), None)
            id, live = (seen.id, seen.resource) if seen is not None else ("", None)
        if not id:
            return Unmade(outcome)
        key = live.keys()[0] if live is not None else one.resource.keys()[0]
        row = Owned(one.account, one.resource.kind, key, id, one.address, one.stack)
        self.books.own(run, [row], [], "made, but not whole")
        unmade = str(Unmade(outcome))
        properties = outputs(type(one.resource), order.inputs, live)
        return Partly(unmade, pulumi_id(one.account, id), properties, order.inputs)

    def _waits(self, run: Run, listing: Listing, order: Order) -> bool:
        """Whether it would start what never ran and waits for the first value of a secret."""
        tree, start = self.parts.tree(), order.declared.resource
        units = waiting(tree, Rotations(run.ledger, {}, key=None, vault=None).states()) if tree.secrets else ()
        resources = [tree.stacks[unit.stack].declared[unit.address].resource for unit in units]
        named = {name for field in type(start).refers() for name in start.named_by(field)}
        mine = [one for one in resources if one.referred_as() in named]
        if not mine or not hasattr(listing.platform, "running"):
            return bool(mine)
        found = cast(Starts, listing.platform).running(mine)
        return all(not one.id for one in found.values())

    def _start(self, run: Run, listing: Listing, orders: Sequence[Order]) -> None:
        """Starts what was written for. The ledger owns no start: it is announced, and closed with its result.

        What waits for the first value of a secret is left to the rotation, which starts it with that.
        """
        self.books.refuse_other_writer(run)
        left = [one for one in orders if self._waits(run, listing, one)]
        for one in left:
            # A start has no name of its own, and an id that says nothing is none.
            one.made = Made(one.declared.resource.referred_as() or one.declared.address.name, one.declared.resource)
        orders = [one for one in orders if one not in left]
        changes = [created(one.declared, self.parts.tree().project.name, known=False) for one in orders]
        run.lease.check()
        numbers = run.ledger.intend(run.number, 0, changes)
        by_change = dict(zip(map(id, changes), zip(orders, numbers, strict=True), strict=True))
        try:
            for outcome in listing.platform.apply(changes):
                order, number = by_change.pop(id(outcome.change))
                run.ledger.close_intents([number], outcome.status)
                self.books.note(run, [outcome])
                if outcome.status == "done":
                    order.made = Made(outcome.id or order.declared.resource.referred_as(), outcome.resource)
                else:
                    order.error = Unmade(outcome)
        finally:
            # An open intent of a start would wait for a thing that no listing shows.
            run.ledger.close_intents([number for _, number in by_change.values()], "unsure")
            listing.drop()

    def _executor(self, run: Run, listing: Listing) -> Executor:
        pair: Pair = listing.pair
        return Executor(
            platforms={pair: listing.platform},
            ledger=run.ledger,
            run=run.number,
            project=self.parts.tree().project.name,
            # Pulumi asked the person, and its plan was judged before.
            approved=True,
            confirm_destructive=True,
            guard=run.lease.check,
            tell=lambda outcome: None,
        )


def _plan(run: Run, changes: Sequence[Change]) -> Plan:
    return Plan((run.stack,), run.revision, HOLDER, tuple(changes))
