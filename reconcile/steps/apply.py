"""Allowed changes to outcomes; intent and result to the ledger. No intent, no effect."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pydantic import ValidationError

from ..model.change import Change, Outcome, Status
from ..model.errors import PlatformError, StalePlan
from ..model.platform import Platform
from ..model.resource import Reference, Resource, references_in
from ..model.spec import Place, target_among
from ..model.verdict import Judged
from ..store import Ledger
from .observe import Pair
from .plan.resolve import misfit, output, resolved, waits
from .threads import side_by_side

FLUSH = 500
"""Outcomes per ledger transaction: few enough that a crash leaves little to find again, many enough to be quick."""


@dataclass
class Executor:
    """Applies one judged plan, wave by wave.

    `approved`: a person approved this plan's digest, which releases what is held. `guard` is called before every wave
    and raises when the lease is lost. `tell` hears each outcome as it comes.
    """

    platforms: Mapping[Pair, Platform]
    ledger: Ledger
    run: int
    project: str
    approved: bool
    confirm_destructive: bool
    guard: Callable[[], None]
    tell: Callable[[Outcome], None]
    _outputs: dict[Place, Resource] = field(default_factory=dict)
    _failed: set[Place] = field(default_factory=set)
    _done: set[Place] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def apply(self, judged: Judged) -> list[Outcome]:
        """One outcome for every change of the plan. A failure stops only what needs the failed thing."""
        outcomes: list[Outcome] = []
        for wave in _waves(judged.plan.changes):
            self.guard()
            ready: list[Change] = []
            for change in wave:
                stopped = self._stopped(change, judged) or self._resolve(change)
                if isinstance(stopped, Outcome):
                    self._note(stopped)
                    outcomes.append(stopped)
                else:
                    ready.append(stopped)
            outcomes.extend(self._send(ready, wave=wave[0].wave, revision=judged.plan.revision))
        return outcomes

    def _stopped(self, change: Change, judged: Judged) -> Outcome | None:
        """The outcome of a change that is not sent; the rules are asked again here, whatever the planner did."""
        verdict = judged.of(change)
        decision = verdict.decision if verdict else "allow"
        reason = f"{verdict.rule}: {verdict.reason}" if verdict else ""
        if decision == "deny":
            return Outcome(change, "denied", error=reason, exit_code=10)
        if decision == "hold" and not self.approved:
            return Outcome(change, "held", error=reason, exit_code=11)
        if change.destructive and not (self.confirm_destructive or self.approved):
            return Outcome(change, "held", error="destructive: needs --confirm-destructive", exit_code=11)
        waits_for = sorted(str(place) for place in change.needs if place in self._failed)
        if waits_for:
            return Outcome(change, "skipped", error=f"needs {', '.join(waits_for)}", exit_code=13)
        held_by = sorted(str(place) for place in change.held_by if place not in self._done)
        if held_by:
            return Outcome(change, "skipped", error=f"{', '.join(held_by)} still refers to it", exit_code=13)
        return None

    def _resolve(self, change: Change) -> Change | Outcome:
        """Fills in outputs of earlier waves; the outcome where one is still unknown, or does not fit."""
        after = change.after
        pending = {name: text for name, text in change.references.items() if waits(getattr(after, name, None), text)}
        if after is None or not pending:
            return change

        def lookup(reference: Reference) -> str | None:
            place = target_among(change.needs, reference)
            resource = self._outputs.get(place) if place is not None else None
            return output(resource, reference.field) if resource is not None else None

        known = {name: getattr(after, name) for name in pending}
        unknown = [text for text in known.values() if any(lookup(one) is None for one in references_in(text))]
        if unknown:
            why = f"refers to {', '.join(unknown)}, which gave no value"
            return Outcome(change, "skipped", error=why, exit_code=StalePlan.exit_code)
        try:
            after = resolved(after, known, lookup)
        except ValidationError as error:
            return Outcome(change, "failed", error=f"what it refers to does not fit: {misfit(error)}", exit_code=13)
        return replace(change, after=after, key=after.keys()[0])

    def _send(self, ready: Sequence[Change], *, wave: int, revision: str) -> list[Outcome]:
        if not ready:
            return []
        ids = dict(zip(map(id, ready), self.ledger.intend(self.run, wave, ready), strict=True))
        groups: dict[Pair, list[Change]] = defaultdict(list)
        for change in ready:
            groups[change.account, change.address.platform].append(change)
        collected: list[Outcome] = []

        def work(pair: Pair) -> None:
            for batch in _in_batches(self._outcomes(pair, groups[pair])):
                self._conclude([(ids[id(one.change)], one) for one in batch], revision)
                collected.extend(batch)

        side_by_side(work, groups, "apply")
        return collected

    def _outcomes(self, pair: Pair, changes: list[Change]) -> Iterator[Outcome]:
        """The platform's outcomes; whatever it raises becomes the outcome of those it did not report."""
        open_changes = {id(change): change for change in changes}
        try:
            sent = [_as_sent(change) for change in changes]
            original = {id(one): change for one, change in zip(sent, changes, strict=True)}
            for outcome in self.platforms[pair].apply(sent):
                change = original[id(outcome.change)]
                open_changes.pop(id(change), None)
                yield replace(outcome, change=change)
        except PlatformError as error:
            status: Status = "unsure" if getattr(error, "unsure", False) else "failed"
            for change in open_changes.values():
                yield Outcome(change, status, error=str(error), exit_code=error.exit_code)

    def _conclude(self, results: Sequence[tuple[int, Outcome]], revision: str) -> None:
        with self._lock:
            self.ledger.conclude(self.run, results, revision=revision, project=self.project)
            for _, outcome in results:
                self._note(outcome)

    def _note(self, outcome: Outcome) -> None:
        if outcome.status == "done":
            self._done.add(outcome.change.place)
            if outcome.resource is not None:
                self._outputs[outcome.change.place] = outcome.resource
        else:
            self._failed.add(outcome.change.place)
        self.tell(outcome)


def _as_sent(change: Change) -> Change:
    """For the platform an approved adoption of what differs is an update, and a field that is left is as it lives."""
    if change.left and change.after is not None:
        after = change.after.model_copy(update={name: getattr(change.before, name) for name in change.left})
        change = replace(change, after=after)
    return replace(change, verb="update") if change.verb == "adopt" else change


def _waves(changes: Sequence[Change]) -> Iterator[list[Change]]:
    numbered: dict[int, list[Change]] = defaultdict(list)
    for change in changes:
        numbered[change.wave].append(change)
    for number in sorted(numbered):
        yield numbered[number]


def _in_batches(outcomes: Iterator[Outcome]) -> Iterator[list[Outcome]]:
    batch: list[Outcome] = []
    for outcome in outcomes:
        batch.append(outcome)
        if len(batch) >= FLUSH:
            yield batch
            batch = []
    if batch:
        yield batch
