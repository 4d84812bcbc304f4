"""Platforms with one defect each: what the questions must find."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from reconcile.model.change import Change, Outcome
from reconcile.model.errors import Unavailable
from reconcile.model.observation import Observation, Scope, Seen
from reconcile.model.platform import Credential, Platform
from reconcile.model.resource import Resource

from .harness import TOKEN


class Broken:
    """A platform that works. Each heir has one defect, told by its docstring."""

    credentials: ClassVar[tuple[Credential, ...]] = ()
    settle_seconds: ClassVar[float] = 0.0

    def __init__(self, real: Platform) -> None:
        self.real: Any = real
        self.name = real.name
        self.kinds = real.kinds

    def observe(self, scope: Scope) -> Observation:
        observation: Observation = self.real.observe(scope)
        return observation

    def apply(self, wave: Sequence[Change]) -> Iterator[Outcome]:
        yield from self.real.apply(wave)

    def predict(self, wave: Sequence[Change]) -> int:
        return int(self.real.predict(wave))

    def changed(self, wave: Sequence[Change], change: Callable[[Change], Change]) -> Iterator[Outcome]:
        """Applies other changes than those it was given, and does not say so."""
        others = {id(one): change(one) for one in wave}
        given = {id(others[id(one)]): one for one in wave}
        for outcome in self.real.apply([others[id(one)] for one in wave]):
            yield replace(outcome, change=given[id(outcome.change)])


class SaysNotWhatItRead(Broken):
    """An empty listing does not count as read."""

    def observe(self, scope: Scope) -> Observation:
        found = super().observe(scope)
        full = {one.kind for one in found.seen}
        return replace(found, read=frozenset(one for one in found.read if one.kind in full))


class ForgetsAField(Broken):
    """A declared field is not sent."""

    def apply(self, wave: Sequence[Change]) -> Iterator[Outcome]:
        yield from self.changed(wave, _without_a_field)


class ReadsUncanonical(Broken):
    """What a person wrote in another form comes back as a difference."""

    def observe(self, scope: Scope) -> Observation:
        found = super().observe(scope)
        return replace(found, seen=tuple(_shouted(one) for one in found.seen))


class RemembersAListing(Broken):
    """What it once read it never reads again, unless there is more."""

    kept: Observation | None = None

    def observe(self, scope: Scope) -> Observation:
        found = super().observe(scope)
        if self.kept is None or len(found.seen) > len(self.kept.seen):
            self.kept = found
        return self.kept


class OnlySaysItUpdates(Broken):
    """An update is told as done and never sent."""

    def apply(self, wave: Sequence[Change]) -> Iterator[Outcome]:
        yield from self.real.apply([one for one in wave if one.verb != "update"])
        yield from (Outcome(one, "done", one.id, one.after) for one in wave if one.verb == "update")


class PatchesTheImmutable(Broken):
    """A replace is sent as an update."""

    def apply(self, wave: Sequence[Change]) -> Iterator[Outcome]:
        yield from self.changed(wave, lambda one: replace(one, verb="update") if one.verb == "replace" else one)


class FailsOnTheGone(Broken):
    """A thing that is gone already cannot be deleted."""

    def apply(self, wave: Sequence[Change]) -> Iterator[Outcome]:
        seen = super().observe(Scope(wave[0].account)).seen if wave else ()
        live = {(one.kind, one.id) for one in seen}
        for outcome in self.real.apply(wave):
            change = outcome.change
            gone = change.verb == "delete" and (change.address.full_kind, change.id) not in live
            yield replace(outcome, status="failed", error="404 not found") if gone else outcome


class DropsTheSecondPage(Broken):
    """A listing ends with its first page."""

    PAGE = 100

    def observe(self, scope: Scope) -> Observation:
        found = super().observe(scope)
        return replace(found, seen=found.seen[: self.PAGE])


class SeesNothingOnFailure(Broken):
    """A failed read is an empty listing."""

    def observe(self, scope: Scope) -> Observation:
        found = super().observe(scope)
        return replace(found, gaps=(), read=found.read | (scope.containers or frozenset()))


class RaisesOnFailure(Broken):
    """A failed read takes the whole pass down."""

    def observe(self, scope: Scope) -> Observation:
        found = super().observe(scope)
        if found.gaps:
            raise Unavailable(found.gaps[0].reason)
        return found


class CallsItDone(Broken):
    """A refused write is told as done."""

    def apply(self, wave: Sequence[Change]) -> Iterator[Outcome]:
        for outcome in self.real.apply(wave):
            yield replace(outcome, status="done")


class RepeatsBlindly(Broken):
    """A create is sent a second time, as a client does that repeats what got no answer."""

    def apply(self, wave: Sequence[Change]) -> Iterator[Outcome]:
        yield from self.real.apply(wave)
        again = [replace(one, after=_renamed(one.after)) for one in wave if one.verb == "create"]
        list(self.real.apply(again))


class LeavesItUnsure(Broken):
    """A write without an answer is never looked for."""

    def apply(self, wave: Sequence[Change]) -> Iterator[Outcome]:
        for outcome in self.real.apply(wave):
            yield replace(outcome, status="unsure")


class LosesTheExitCode(Broken):
    """Every failure looks alike to the shell."""

    def observe(self, scope: Scope) -> Observation:
        found = super().observe(scope)
        return replace(found, gaps=tuple(replace(gap, exit_code=17) for gap in found.gaps))


class PrintsItsToken(Broken):
    """The credential stands in the repr."""

    def __repr__(self) -> str:
        return f"Broken(token={TOKEN!r})"


class ComplainsWithItsToken(Broken):
    """The credential stands in the errors, as where a vendor's words are passed on unread."""

    def apply(self, wave: Sequence[Change]) -> Iterator[Outcome]:
        for outcome in self.real.apply(wave):
            yield replace(outcome, error=f"refused: Bearer {TOKEN}") if outcome.error else outcome


class GapsWithItsToken(Broken):
    """The credential stands in the reason of a gap."""

    def observe(self, scope: Scope) -> Observation:
        found = super().observe(scope)
        return replace(found, gaps=tuple(replace(gap, reason=f"{gap.reason} {TOKEN}") for gap in found.gaps))


class MakesAnIdOfItsToken(Broken):
    """The credential comes to the ledger, as the id of what was made."""

    def apply(self, wave: Sequence[Change]) -> Iterator[Outcome]:
        for outcome in self.real.apply(wave):
            yield replace(outcome, id=f"{outcome.id}-{TOKEN}")


class CountsWrong(Broken):
    """One call more than it says."""

    def predict(self, wave: Sequence[Change]) -> int:
        return super().predict(wave) - 1


def _without_a_field(change: Change) -> Change:
    """The first declared field that has a default falls back to it."""
    after = change.after
    if after is None or change.verb != "create":
        return change
    for name in after.comparable():
        info = type(after).model_fields[name]
        if (
            name not in after.decided_elsewhere()
            and not info.is_required()
            and getattr(after, name) not in (None, info.default)
        ):
            shorter = after.model_copy(update={name: info.default})
            if shorter.keys() == after.keys():
                return replace(change, after=shorter)
    return change


def _shouted(seen: Seen) -> Seen:
    name = getattr(seen.resource, "name", "")
    return replace(seen, resource=seen.resource.model_copy(update={"name": name.upper()}))


def _renamed(resource: Resource | None) -> Resource | None:
    if resource is None:
        return None
    return resource.model_copy(update={"name": f"again.{getattr(resource, 'name', '')}"})


DEFECTS: Mapping[str, tuple[type[Broken], ...]] = {
    "empty at first": (SaysNotWhatItRead,),
    "created is seen, equal": (ForgetsAField, ReadsUncanonical, RepeatsBlindly),
    "a second pass plans nothing": (ReadsUncanonical, ForgetsAField),
    "a hand edit is seen": (RemembersAListing,),
    "an update puts it back": (OnlySaysItUpdates,),
    "an immutable change replaces": (PatchesTheImmutable,),
    "a delete is harmless twice": (FailsOnTheGone,),
    "the second page is read": (DropsTheSecondPage,),
    "moving pages hide nothing": (SeesNothingOnFailure,),
    "failures are told": (
        SeesNothingOnFailure,
        RaisesOnFailure,
        CallsItDone,
        LeavesItUnsure,
        LosesTheExitCode,
        RepeatsBlindly,
    ),
    "the calls are foretold": (CountsWrong,),
}
"""Question to the defects that it must find."""
LEAKS: tuple[type[Broken], ...] = (PrintsItsToken, ComplainsWithItsToken, GapsWithItsToken, MakesAnIdOfItsToken)
